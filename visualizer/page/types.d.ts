/* What the modules hand to each other, and what they find in the browser. Only the type checker reads this. */

/** A bar's time in ms, or its place along the axis, and numbers; null where one is not published. */
export type Row = readonly [number, ...(number | null)[]];
/** Time, open, high, low, close, volume. */
export type OhlcRow = [number, number, number, number, number, number];
/** Time, then open, high, low and close of the OBI and of the CVD. */
export type MetricsRow = [number, number, number, number, number, ...([number, number, number, number] | [null, null, null, null])];
/** Number of an order's first trade, time, side (1, -1, 0), volume, trades, first and last price, distinct prices, whether it is large. */
export type TapeRow = [number, number, number, number, number, number, number, number, boolean?];
/** Lower edge of a price row, volumes bought, sold and of unknown side, and trades. */
export type PriceCell = [number, number, number, number, number];
/** A bar's start, the height of its price rows, and those with trades. */
export type FootprintRow = [number, number, PriceCell[]];
/** Time, height of the price rows, volumes bought, sold and of unknown side, trades, highest and lowest delta, POC, VAH, VAL,
 * VWAP, sigma, duration in ms, unfinished high and low, VWAP, sigma, POC, VAH and VAL of the session, VWAP and sigma of the
 * dataset. */
export type StatisticsRow = [
  ...[number, number, number, number, number, number, number, number],
  ...[number | null, number | null, number | null, number | null, number | null, number, boolean, boolean],
  ...[number | null, number | null, number | null, number | null, number | null, number | null, number | null],
];
export type EventKind = "absorption" | "divergence" | "large" | "sweep" | "wall";
/** When it became known, what, whose side, price, size, since when, and a detail. */
export type EventRow = [number, EventKind, string, number, number, number, string];
/** When it became known, since when it is true, its expression, value and price. */
export type AlertRow = [number, number, string, number | null, number | null];
/** Time, CVD of the orders of each size, and the sizes that part them; null for fewer. */
export type SizesRow = [number, number, ...(number | null)[]];
/** A bar's start, the height of its price rows, best bid and ask, the lower edge of the lowest row with a bid and sizes from there upwards,
 * and the same of the asks. */
export type HeatmapRow = [number, number, number | null, number | null, number | null, number[], number | null, number[]];
/** Time, best bid and best ask; null for an empty side. */
export type QuotesRow = [number, number | null, number | null];
/** Lower edge of a price row; bid, ask, bids in it and above, asks in it and below; bought, sold and of unknown side since the bar
 * began, and since the session began; what was stacked or pulled of the bids and of the asks. */
export type LadderRow = [
  ...[number, number, number, number, number],
  ...[number, number, number, number, number, number],
  ...[number, number],
];
/** The same as it is published: nothing can be stacked or pulled without a book. */
export type PublishedLadderRow = [
  ...[number, number, number, number, number],
  ...[number, number, number, number, number, number],
  ...([number, number] | [null, null]),
];
export interface LastOrder {
  first: number;
  time_ms: number;
  side: number;
  price: number;
  volume: number;
  trades: number;
}
export interface Ladder {
  row: number;
  bar_ms: number;
  session_ms: number | null;
  rows: PublishedLadderRow[];
  last: LastOrder | null;
}
/** Time, and the measures of the book in the order of `panels/measure-list.js`, with those of own parameters as a list at the end; null before a first value. */
export type MeasuresRow = [number, ...(number | null)[]];
export interface EarlierSession {
  start_ms: number;
  poc: number | null;
  vah: number | null;
  val: number | null;
  is_naked: boolean;
}
export interface Profile {
  start_ms: number;
  row: number;
  rows: PriceCell[];
  poc: number | null;
  vah: number | null;
  val: number | null;
  high_nodes: number[];
  low_nodes: number[];
  earlier: EarlierSession[];
}
/** What a volume profile is drawn from: the session's, or that of some bars. */
export type Profiled = Omit<Profile, "start_ms" | "earlier">;
/** Price and size. */
export type Level = [number, number];
/** From where to where, along one axis. */
export type Span = [number, number];

export interface Depth {
  bids: Level[];
  asks: Level[];
}

/** Fields of status.json that move. */
export interface Status {
  state: string;
  generation: number;
  published_at_ms: number;
  heartbeat_ms: number;
  event_time_ms: number | null;
  speed: number | null;
  progress: number | null;
  error: string | null;
  rows?: number;
}

export interface ControlAnswer {
  last_id: string | null;
  ok: boolean | null;
  error: string | null;
  listening: boolean;
}

/** Fields of status.json that hardly ever change. */
export interface About {
  crc32: number;
  session: string;
  dataset: string;
  format: string;
  instrument: string;
  instruments: string[];
  /** Paths that the command `dataset` may name, as far as they are listed. */
  datasets: string[];
  interval: string;
  start_ms: number | null;
  end_ms: number | null;
  loop_ms: Span | null;
  /** The exchange's, an IANA name. */
  timezone: string | null;
  /** The clock of the dataset that orders the events. */
  clock: string;
  obi_levels: number;
  cvd_reset: string;
  /** When sessions start, HH:MM of each UTC day; older processors have none. */
  session_start?: string;
  /** Height of price rows as a decimal, or auto. */
  row: string;
  /** The expressions of alerts; older processors have none. */
  alerts?: string[];
  /** The measures with parameters of the replay's own; older processors have none. */
  own_measures?: string[];
  price_decimals: number | null;
  /** Greatest number that all prices of the book are multiples of. */
  price_step: number | null;
  size_decimals: number | null;
  checks: Record<string, boolean | null>;
  control: ControlAnswer;
  notice: string | null;
  /** When this still picture was taken of a replay; null for one that has a processor. */
  still_ms?: number | null;
}

export interface Incident {
  file: string | null;
  line: number | null;
  time_ms: number | null;
  until_ms: number | null;
  detail: string;
}

export interface Finding {
  kind: string;
  meaning: string;
  count: number;
  incidents: Incident[];
}

export interface ReadFile {
  name: string;
  rows: number;
  malformed: number;
  first_ms: number | null;
  last_ms: number | null;
}

export interface DataReport {
  format: string;
  instrument: string;
  complete: boolean;
  trades: number;
  book_events: number;
  files: ReadFile[];
  file_count: number;
  ignored_files: string[];
  ignored_count: number;
  findings: Finding[];
}

export interface Overview {
  start_ms: number;
  bucket_ms: number;
  volumes: number[];
}

/** A value, and whether it is within its limit. */
export type Figure = [number, "ok" | "near" | "over"];

export type FileFigures = { name: string } & {
  [key in "hz" | "p99_ms" | "max_ms" | "bytes" | "parse_p99_ms" | "failed" | "partial" | "mixed"]?: Figure | null;
};

export interface Memory {
  name: string;
  rss_bytes: Figure;
  baseline_bytes: number;
  grows: boolean;
}

export interface Monitor {
  at_ms: number;
  level: string;
  files: FileFigures[];
  memory: Memory[];
  total_bytes: Figure;
  failed_writes: Figure;
  polls_hz: Figure | null;
  poll_p95_ms: Figure | null;
  advice: string[];
}

/** The views, by their names in the contract. */
export interface Views {
  ohlc: OhlcRow[];
  metrics: MetricsRow[];
  depth: Depth;
  report: DataReport | null;
  overview: Overview | null;
  tape: TapeRow[];
  footprint: FootprintRow[];
  statistics: StatisticsRow[];
  profile: Profile | null;
  sizes: SizesRow[];
  events: EventRow[];
  alerts: AlertRow[];
  heatmap: HeatmapRow[];
  ladder: Ladder | null;
  quotes: QuotesRow[];
  measures: MeasuresRow[];
}

/** Rows from the page's last one on, or all of them with `whole`; `total` is how many there are then. */
export interface RowsChange {
  rows: Row[];
  whole: boolean;
  total: number;
  crc32: number;
}

/** `crc32` is that of the file. */
export type ViewChange = RowsChange | { value: unknown; crc32: number };

/** What the server answers to a poll: what has changed. A view that is null is no longer published. */
export type Answer = {
  server_ms: number;
  control?: string;
  reset?: boolean;
  problem?: string | null;
  status?: Status;
  about?: About;
  monitor?: Monitor;
} & { [name in keyof Views]?: ViewChange | null };

/** What the page holds. `asked` names the views that it asks for, `crc32` has the checksums of those it holds whole. */
export interface State extends Views {
  status: Status | null;
  about: About | null;
  problem: string | null;
  monitor: Monitor | null;
  asked: readonly (keyof Views)[];
  crc32: { [name in keyof Views]?: number | null };
  offsetMs: number;
  serverMs: number;
}

/** From where to where the replay can be moved; its end may not be known. */
export interface Bounds {
  startMs: number;
  endMs: number;
  known: boolean;
}

/** What a command came to: `ok` is null where a later one took its place. */
export interface Reply {
  ok: boolean | null;
  error?: string | null;
  id?: string;
}

/** What the server says of speeds, intervals and times. */
export interface Limits {
  /** A heartbeat older than this is of a processor that is gone or stuck. */
  stale_after_ms: number;
  /** Times real time. */
  min_speed: number;
  max_speed: number;
  interval_units_ms: Record<string, number>;
  max_interval_ms: number;
  activity_units: Record<string, string>;
  /** How a turnover was written before; so many of it or fewer mean days. */
  old_turnover_unit: string;
  max_days_meant: number;
  /** Characters of an amount that is traded in a bar. */
  max_activity_digits: number;
  /** What the bar offers. */
  speeds: string[];
  intervals: string[];
  activities: string[];
}

/** A stretch without any bar that takes no room along the axis: when it is, and where. */
export interface Break {
  fromMs: number;
  toMs: number;
  from: number;
  to: number;
}

/** Where bars stand along the chart's axis. */
export interface Timeline {
  step: number;
  fineness: number;
  key: string;
  fromMs: number;
  untilMs: number;
  /** Whether it shares no bar with the timeline before. */
  unrelated?: boolean;
  breaks: readonly Break[];
  /** Where sessions start. */
  sessions: readonly number[];
  place(ms: number): number;
  time(place: number): number;
  bar(place: number): number;
  put<R extends Row>(rows: R[]): R[];
  ticks(range: Span, perPixel: number, zone: string): { places: number[]; texts: string[] };
  /** The number of the first of later bars; null where none is known. */
  numbered?(later: number[]): number | null;
  /** The newest of later bars that it knows; null without any. */
  shared?(later: readonly number[]): number | null;
}

export interface Bar {
  label: string;
  fromMs: number;
  untilMs: number;
}

/** Something that the report locates. */
export interface Mark {
  kind: string;
  fromMs: number;
  toMs: number;
  detail: string;
}

/** Why panels stay empty; empty texts where they do not. */
export interface Missing {
  loading: boolean;
  trades: string;
  /** Neither trades nor quotes. */
  prices: string;
  book: string;
  cvd: string;
  statistics: string;
  sizes: string;
  measures: string;
  settled: boolean;
}

/** By panel, the span of its axis in view. */
export type Ranges = Record<string, Span>;

/** What the chart shows, and who decides about it. */
export interface View {
  /** Until the user takes hold of it. */
  following: boolean;
  /** The span along the time axis. */
  x: Span | null;
  /** The times that the user set, which another interval may have to widen or to narrow. */
  asked: Span | null;
  y: Ranges;
  /** The panels whose axis the user has stretched. */
  scaled: Record<string, boolean>;
  cvdLine: boolean;
  /** Whether what the report locates is shaded. */
  shaded: boolean;
  /** The panels that are but a line, as the dataset has nothing for them. */
  collapsed: string[];
  /** The panels that are not shown at all. */
  hidden: string[];
}

/** In pixels of the page; `ratio` is how many pixels of the screen make one of them. */
export interface Size {
  width: number;
  height: number;
  ratio: number;
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** How places along an axis and values lie in a box. */
export interface Scale {
  x: Span;
  y: Span;
  box: Box;
  /** From one bar to the next along the axis, and in pixels. */
  step: number;
  barPx: number;
  ratio: number;
  toX(place: number): number;
  toY(value: number): number;
  fromX(px: number): number;
  fromY(px: number): number;
}

/** What is drawn, in one colour. Rectangles are left, top, width and height of each; points are x and y of each, and a line
 * breaks where y is NaN; circles are x, y and radius of each, and rings where they have a width. Texts that are turned read from
 * below. */
export type Command =
  | { kind: "rects"; colour: string; rects: number[] }
  | { kind: "polyline"; colour: string; width: number; points: number[] }
  | { kind: "polygon"; colour: string; points: number[] }
  | { kind: "circles"; colour: string; circles: number[]; width?: number }
  | { kind: "raster"; colour?: undefined; image: Raster; left: number; top: number; width: number; height: number }
  | { kind: "stamp"; colour?: undefined; stamp: Stamp; left: number }
  | {
      kind: "texts";
      colour: string;
      align: "left" | "center" | "right";
      turned?: boolean;
      /** Their height in pixels, where it is not that of all others. */
      size?: number;
      texts: { text: string; x: number; y: number }[];
    };

/** Commands around 0 across, which are the same for as long as the stamp is, and the box that all of them are in. Its edges, and where it is put,
 * are on whole pixels of the screen. */
export interface Stamp {
  box: Box;
  commands: Command[];
}

/** An image that is drawn without smoothing: pixels from the top, red in the lowest byte. It is as wide as so many slots. */
export interface Raster {
  width: number;
  height: number;
  pixels: Uint32Array<ArrayBuffer>;
  slots: number;
}

/** Commands that draw nothing outside of a box. */
export interface Group {
  box: Box;
  commands: Command[];
}

/** What a canvas shows, and how wide it is in what that is measured in. */
export interface Printed {
  width: number;
  groups: Group[];
}

/** Groups that are drawn from a place on, so many times as large; 1 where it is not there. */
export interface Part {
  left: number;
  top: number;
  scale?: number;
  groups: Group[];
}

/** A picture to be handed out. */
export interface Print {
  width: number;
  height: number;
  /** Its colour where nothing is. */
  ground: string;
  /** Of all texts. */
  font: string;
  /** For those who do not see it. */
  title: string;
  parts: Part[];
}

/** What is drawn on. */
export interface Surface {
  readonly size: Size;
  /** Draws an area again. */
  paint(area: Box, groups: Group[]): void;
}

/** Where the panels of the chart are. */
export interface Layout extends Size {
  plot: Box;
  panels: { id: string; box: Box; cell: Box; rule: number | null }[];
  /** Where the labels of times are. */
  times: Box;
}

/** What is shaded along the axis. */
export interface Band {
  kind: string;
  fill: string;
  edge: string;
  spans: Span[];
}

export type DrawingKind = "measure" | "level" | "trend" | "ray" | "box" | "note";

/** A moment, that at which a bar starts, and a price, or in another panel a value of its axis. */
export interface DrawnPoint {
  ms: number;
  price: number;
}

/** Something that the user has drawn over a panel; its number is 0 while it has none. */
export interface Drawing {
  id: number;
  kind: DrawingKind;
  points: DrawnPoint[];
  /** The panel; the price if it is not there. */
  panel?: string;
  /** What that showed, of a panel whose options choose it. */
  measure?: string;
  /** Of a note. */
  text?: string;
}

/** The drawings, from below, the number of the selected one, which of its points keys move (null for the whole), and what is being drawn. */
export interface Drawings {
  list: readonly Drawing[];
  selected: number | null;
  point: number | null;
  draft: Drawing | null;
}

/** What is kept of an instrument: its drawings, and by view the start of the VWAP and the bars of the profile. */
export interface KeptDrawings {
  version: number;
  drawings: readonly Drawing[];
  views: Record<string, { anchor: number | null; range: Span | null }>;
}

/** What the layers of a panel draw from. */
export interface Picture {
  /** All that the page holds, with places for times. */
  data: State;
  /** The rows of a table that are in view, and one more on each side. */
  rows<T extends BarTable>(table: T): Views[T];
  cvdLine: boolean;
  options: Readonly<Options>;
  /** From a time in ms to a place along the axis, and back. */
  place(ms: number): number;
  time(place: number): number;
  /** From one bar to the next along the axis. */
  step: number;
  /** What the bar at a place is called. */
  label(place: number): string;
  /** What the user has drawn over the panel. */
  drawings?: Readonly<Drawings>;
}

/** A part of what a panel draws: candles, or what lies over or below them. */
export interface Layer {
  /** It is drawn again when one of these has changed; while it is shown they are asked for. */
  views: (keyof Views)[];
  /** Whether it is shown; always if this is not there. */
  when?(options: Readonly<Options>, data: Pick<State, "report"> & Partial<Pick<State, "about">>): boolean;
  commands(picture: Picture, scale: Scale): Command[];
  /** What it draws below what is shaded, and below the grid. */
  below?(picture: Picture, scale: Scale): Command[];
  /** What it says of a bar at a value; empty for nothing. */
  under?(picture: Picture, scale: Scale, at: { place: number; value: number }): string;
  /** What the panel's title says of it; empty for nothing. */
  note?(picture: Picture, scale: Scale): string;
  /** Its cells above the chart, after those of its panel. */
  readout?: { id: string; title: string; cells: LayerCell[] };
}

export interface LayerCell {
  id: string;
  label: string;
  /** `place` is that of the bar whose values are read; null for none. */
  text(picture: Picture, place: number | null): string;
}

export type PresetName = "overview" | "flow" | "depth" | "research";

/** A size, or the share of all sizes that are no greater. */
export type CutOff = { quantile: number } | { size: number };

/** What is not there is automatic. */
export interface HeatScale {
  lower?: CutOff;
  upper?: CutOff;
}

/** How this browser shows the page, by the choices of `looks.js`. */
export interface Looks {
  theme: "dark" | "light" | "auto";
  palette: "teal-red" | "blue-orange" | "green-purple";
  /** Percent. */
  type: "100" | "125" | "150" | "175" | "200";
  numbers: "plain" | "comma" | "space" | "point";
  candles: "hollow" | "filled";
}

/** What a page shows, and how. */
export interface Options {
  preset: PresetName;
  /** The panels of the chart that are shown, by their ids, from the top. */
  panels: string[];
  /** By panel of the chart, the part of the height that it asks for, where its user has chosen one. */
  heights: Readonly<Record<string, number>>;
  /** What stands beside the chart, from the left; null for what suits the preset and the window. */
  beside: string[] | null;
  /** By panel beside the chart, its width in pixels, where its user has chosen one. */
  widths: Readonly<Record<string, number>>;
  /** Footprints instead of candles: never, always, or where there is room for their numbers. */
  price: "candles" | "footprint" | "auto";
  /** What a cell of a footprint says. */
  cells: "sides" | "delta" | "total" | "profile";
  /** Diagonal imbalance: a decimal that has to be exceeded, the least size, and whether an empty opposite counts for nothing. */
  ratio: string;
  least: number;
  ignoreZero: boolean;
  /** Since when the VWAP is counted; `anchor` is a time in ms. */
  vwap: "off" | "session" | "dataset" | "anchor";
  anchor: number | null;
  /** So many standard deviations beside it, 0 to 3. */
  bands: number;
  /** Of what the profile is; `range` is from and until, in ms. */
  profile: "off" | "session" | "visible" | "range";
  range: Span | null;
  /** The session's point of control and value area as they developed, and points of control of earlier sessions. */
  developing: boolean;
  naked: boolean;
  /** The rows of the statistics, from the top. */
  statistics: string[];
  /** Large orders over the price. */
  bubbles: boolean;
  /** The kinds of events that are marked. */
  events: string[];
  /** Alerts over the price. */
  alerts: boolean;
  /** Columns of volume in the colour of the delta. */
  volumeByDelta: boolean;
  /** The measure of the book that is shown, and as what where it has all four values of a bar. */
  measure: string;
  measureAs: "candles" | "line";
  /** Lines over the price. */
  mids: "off" | "mid" | "weighted" | "both";
  /** What rested over time, behind the price; its palette, how opaque it is, from 0 to 1, and whether the best prices are lines. */
  heatmap: boolean;
  heatPalette: "heat" | "grey" | "sides";
  heatOpacity: number;
  heatLines: boolean;
  /** By instrument, from which size to which the palette goes. */
  heatScales: Readonly<Record<string, HeatScale>>;
  /** From how long on a time without bars takes no room on the axis: "auto", "never", or minutes, as in "15 min". */
  gap: string;
  /** Best bid, ask and mid over the price. */
  quotes: boolean;
  /** The groups of columns that the ladder shows. */
  ladder: string[];
  /** So many price rows make a row of the ladder; 0 for as many as suit it. */
  ladderRows: number;
  /** Whether its rows stand at the prices of the chart's axis. */
  ladderAligned: boolean;
  /** Whether it stands in the place of the book's depth. */
  ladderAlone: boolean;
}

/** The tables that have a row for each bar. */
export type BarTable = "ohlc" | "metrics" | "statistics" | "footprint" | "sizes" | "measures" | "quotes" | "heatmap";

/** Values that can be are so far apart, and have so many decimals. */
export interface Steps {
  step: number;
  decimals: number;
  /** Whether they are but as fine as pixels tell. */
  isOfPixels?: boolean;
}

/** How a panel's axis is labelled, and what can be drawn at it. */
export interface ValueAxis {
  /** So many labels at most. */
  labels: number;
  /** Whether the line at zero stands out. */
  zero?: boolean;
  /** The smallest distance of two labels. */
  least?(about: About): number;
  /** Rows of equal height from the top that are labelled instead of values; such an axis is not stretched. */
  rows?(options: Readonly<Options>): string[];
  /** What the labels of a span say; `decimals` tell them apart. */
  text(span: Span, about: About, options: Readonly<Options>): (value: number, decimals: number) => string;
  /** The values that can be drawn at, where a pixel is so high; as fine as that tells, if this is not there. */
  steps?(about: About | null, options: Readonly<Options>, perPixel: number): Steps | null;
  /** What its values are to drawings. */
  drawn?(options: Readonly<Options>, about: About | null): DrawnValues;
}

/** Whether differences of values are told in ticks of the price, and in per cent; and what they measure, where the options choose that:
 * drawings belong to it. */
export interface DrawnValues {
  hasTicks?: boolean;
  hasShares?: boolean;
  measure?: string;
}

/** A panel of the chart: all that is known of it. It does nothing by itself. */
export interface ChartPanel {
  id: string;
  /** For those who do not see the chart. */
  name: string;
  /** The table that it draws. */
  rows: "ohlc" | "metrics" | "statistics" | "sizes" | "measures";
  /** Without which the dataset has nothing for it. */
  needs: "trades" | "book" | "prices";
  /** The panel above it that it belongs to, whose line in the read-out and whose note it shares. */
  partOf?: string;
  /** The part of the height it asks for, where all are shown. */
  share: number;
  /** Its height in pixels, where that does not depend on the chart's. */
  heightPx?(options: Readonly<Options>): number;
  axis: ValueAxis;
  title(about: About, facts: { sizesUnknown: boolean }, options: Readonly<Options>): string;
  /** The title where it is but a line. */
  collapsedTitle?: string;
  /** What it says when there is nothing to draw. */
  empty(missing: Missing): string;
  /** What it draws, from below. */
  layers: Layer[];
  /** The span of its axis that shows all of some rows; null where they have no value. */
  extent(rows: readonly Row[], options: Readonly<Options>, about?: About | null): Span | null;
  /** What its axis shows all of while its table has no row. */
  otherwise?: { rows: BarTable; extent(rows: readonly Row[]): Span | null };
  /** A value of its axis at the pointer. */
  value(value: number, about: About | null, options: Readonly<Options>): string;
  /** The columns of the newest row whose value a line shows. */
  last?: { open: number; close: number; text(value: number, about: About | null): string };
  /** Keys of its own. */
  keys?: Record<string, (view: View) => void>;
  /** Its cells above the chart. */
  readout: {
    title: string;
    cells: Cell[];
    direction?: { open: number; close: number };
    /** Whether the last cell alone has something to say. */
    isSingle?(options: Readonly<Options>, about: About | null): boolean;
  };
}

export interface Cell {
  id: string;
  label: string;
  text(row: Row | null, about: About | null, options: Readonly<Options>): string;
}

/** What shows data. */
export interface Shown {
  /** It is told when one of these parts of an answer has come. */
  views: string[];
  /** Takes in the data, and writes nothing into the page; `reset` is whether it is another session's, and `before` is then what was shown
   * until now. */
  take?(state: State, reset: boolean, before: About | null): void;
  /** Paints its canvas with every frame, after all have taken in the data of it; what has not changed is left as it is. */
  paint?(): void;
  /** Writes the data into the page, after all have painted. */
  show?(state: State, reset: boolean, before: About | null): void;
  /** Puts what lies over its canvas, or follows what is drawn, where it belongs, with every frame. */
  draw?(): void;
}

/** The data of a frame, and what of it has changed since the frame before. */
export interface Moment {
  state: State;
  changed: ReadonlySet<string>;
  reset: boolean;
  before: About | null;
}

/** A panel beside the chart. */
export type SidePanel = Shown;

/** One that is opened and closed. */
export interface OpenablePanel extends SidePanel {
  /** Of its element; its button is called so, too. */
  id: string;
  key: string;
  /** Opens or closes it; where a layout does that (`isQuiet`), the focus stays where it is. */
  toggle(isQuiet?: boolean): void;
}

/** The bars in view as texts; `count` is how many there are, and `rows` has the newest of them. */
export interface BarsTable {
  head: string[];
  rows: { name: string; cells: string[] }[];
  count: number;
}

/** Where a pointer is over the chart. */
export interface Pointed {
  x: number;
  y: number;
  panel: ChartPanel | null;
  /** The number of the panel; -1 for none. */
  index: number;
  zone: "plot" | "scale" | null;
  along: number;
  perPixel: number;
}

/** What a pointer does while it is down. */
export interface Drag {
  move(at: Pointed): void;
  end(at: Pointed): void;
}

declare global {
  interface Window {
    DashRenderer: new () => object;
    dash_clientside: {
      no_update: object;
      orderflow?: object;
    };
    orderflow?: object;
  }
}
