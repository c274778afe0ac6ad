/* What the modules hand to each other, and what they find in the browser. Only the type checker reads this. */

/** A bar's time in ms, or its place along the axis, and numbers; null where one is not published. */
export type Row = readonly [number, ...(number | null)[]];
/** Time, open, high, low, close, volume. */
export type OhlcRow = [number, number, number, number, number, number];
/** Time, then open, high, low and close of the OBI and of the CVD. */
export type MetricsRow = [number, number, number, number, number, ...([number, number, number, number] | [null, null, null, null])];
/** Number of an order's first trade, time, side (1, -1, 0), volume, trades, first and last price, distinct prices. */
export type TapeRow = [number, number, number, number, number, number, number, number];
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
  interval: string;
  start_ms: number | null;
  end_ms: number | null;
  loop_ms: Span | null;
  obi_levels: number;
  cvd_reset: string;
  price_decimals: number | null;
  size_decimals: number | null;
  checks: Record<string, boolean | null>;
  control: ControlAnswer;
  notice: string | null;
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
  /** Characters of an amount that is traded in a bar. */
  max_activity_digits: number;
  /** What the bar offers. */
  speeds: string[];
  intervals: string[];
  activities: string[];
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
  place(ms: number): number;
  time(place: number): number;
  bar(place: number): number;
  put<R extends Row>(rows: R[]): R[];
  ticks(range: Span, perPixel: number): { places: number[]; texts: string[] } | null;
  /** The number of the first of later bars; null where none is known. */
  numbered?(later: number[]): number | null;
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
  book: string;
  cvd: string;
  settled: boolean;
}

/** Plotly's name of a panel's axis. */
export type AxisName = "yaxis" | `yaxis${number}`;
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
}

/** The rows that a panel draws. */
export interface Drawn {
  /** Near the view. */
  rows: readonly Row[];
  /** The same and two far beyond it, so that Plotly finds how wide a candle is. */
  padded: readonly Row[];
  /** From one bar to the next along the axis. */
  step: number;
  cvdLine: boolean;
}

/** A panel of the chart: all that is known of it. It does nothing by itself. */
export interface ChartPanel {
  id: string;
  /** For those who do not see the chart. */
  name: string;
  /** The table that it draws. */
  rows: "ohlc" | "metrics";
  /** Without which the dataset has nothing for it. */
  needs: "trades" | "book";
  /** The panel above it that it belongs to, whose line in the read-out and whose note it shares. */
  partOf?: string;
  /** The part of the height it asks for, where all are shown. */
  share: number;
  /** What its axis has beside that of others. */
  axis: Record<string, unknown>;
  /** How its axis is labelled for a span. */
  ticks?(range: Span | undefined, about: About | null): Record<string, unknown>;
  title(about: About, facts: { sizesUnknown: boolean }): string;
  /** The title where it is but a line. */
  collapsedTitle?: string;
  /** What it says when there is nothing to draw. */
  empty(missing: Missing): string;
  /** Its traces without data, in Plotly's terms, and what changes in each of them. */
  traces(): object[];
  columns(drawn: Drawn): Record<string, unknown>[];
  /** The span of its axis that shows all of some rows; null where they have no value. */
  extent(rows: readonly Row[]): Span | null;
  /** A value of its axis at the pointer. */
  value(value: number, about: About | null): string;
  /** The columns of the newest row whose value a line shows. */
  last?: { open: number; close: number; text(value: number, about: About | null): string };
  /** Keys of its own. */
  keys?: Record<string, (view: View) => void>;
  /** Its cells above the chart. */
  readout: { title: string; cells: Cell[]; direction?: { open: number; close: number } };
}

export interface Cell {
  id: string;
  label: string;
  text(row: Row | null, about: About | null): string;
}

export interface Panel extends ChartPanel {
  yaxis: AxisName;
}

/** A panel beside the chart. */
export interface SidePanel {
  /** It is told when one of these parts of an answer has come. */
  views: string[];
  /** `reset` is whether the data is another session's. */
  show(state: State, reset: boolean): void;
}

/** One that is opened and closed. */
export interface OpenablePanel extends SidePanel {
  /** Of its element; its button is called so, too. */
  id: string;
  key: string;
  toggle(): void;
}

/** What Plotly knows of an axis that it has drawn. */
export interface Axis {
  _offset: number;
  _length: number;
  l2p(value: number): number;
  p2l(pixel: number): number;
}

/** What Plotly makes of its element. */
export interface Graph extends HTMLElement {
  _dragging?: boolean;
  data: object[];
  _fullLayout: { width: number; height: number; margin: { t: number; b: number }; xaxis: Axis } & Record<AxisName, Axis>;
  on(event: string, listener: (event: Record<string, number | string>) => void): void;
}

/** Where a pointer is over the chart. */
export interface Pointed {
  x: number;
  y: number;
  panel: Panel | null;
  zone: "plot" | "scale" | null;
  along: number;
  perPixel: number;
}

declare global {
  interface Window {
    Plotly?: { update(graph: Graph, traces: object, layout: object): void };
    DashRenderer: new () => object;
    dash_clientside: {
      no_update: object;
      set_props(id: string, properties: Record<string, unknown>): void;
      orderflow?: object;
    };
    orderflow?: object;
  }
}
