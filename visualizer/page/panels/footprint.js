/* Footprints in the place of candles: what was bought and sold at each price row of a bar. Its colours are always there, its numbers
   where they fit. A layer of the price panel. Pure. */
import { addCandle, candles, hairline, rects, rises, snapped } from "../draw/commands.js";
import * as format from "../format.js";
import { token, translucent } from "../tokens.js";
import { rising, risingOver } from "./colours.js";
import { imbalances, pointOfControl, remembered, rule, stacks, unfinished } from "./footprint-bar.js";
import { STRENGTHS, faceOf } from "./footprint-cells.js";
/** @import { Command, FootprintRow, Layer, OhlcRow, Options, Picture, Scale } from "../types.d.ts" */
/** @typedef {ReturnType<typeof faceOf>} Face */
/** @typedef {NonNullable<ReturnType<typeof rule>>} Rule */
/** @typedef {ReturnType<typeof marksOf>} Marks */
/** Where the parts of a bar stand, in pixels from its middle.
 * @typedef {{ left: number, candle: number, cells: number, width: number, edge: number }} Columns */

const LEAST_BAR_PX = 8; // narrower ones are candles, even by choice
const FITTING_SHARE = 0.9;
const NUMBER_PX = 11; // rows are so high where they have numbers
const FRAME_PX = 5; // and so high where a frame is told from its inside
const STACK_PX = 2;
const GROUND = 0.7; // of the page's, between numbers and the heatmap, from which they would not be told
const INDENTS_PX = { left: 3, center: 0, right: -3 };

const marksOf = remembered((_, /** @type {string} */ __, /** @type {Face["bar"]} */ bar, /** @type {Rule} */ given) => {
  const marked = imbalances(bar, given);
  return { ...marked, stacks: [...stacks(bar.numbers, marked.buy, "buy"), ...stacks(bar.numbers, marked.sell, "sell")] };
});
const pointOf = remembered((_, /** @type {number} */ __, /** @type {Face["bar"]} */ bar) => pointOfControl(bar));

/** Where the parts of a bar stand.
 * @param {number} barPx
 * @param {number} ratio
 * @returns {Columns} */
export function columnsOf(barPx, ratio) {
  const pad = Math.max(1, Math.round(barPx * 0.03));
  const candle = barPx >= 40 ? 5 : barPx >= 16 ? 3 : 1;
  const edge = barPx >= 24 ? 2 : 1;
  const left = snapped(pad - barPx / 2, ratio);
  const stack = barPx >= 40 ? STACK_PX : 0; // narrower bars have theirs over what is beside them
  const cells = left + candle + 1 + stack + edge;
  return { left, candle, cells, edge, width: Math.max(1, barPx / 2 - pad - stack - edge - cells) };
}

/** Whether numbers have room in cells.
 * @param {number} widestPx of the longest number
 * @param {Options["cells"]} cells
 * @param {Columns} columns */
export const fits = (widestPx, cells, { width }) => width >= (cells === "sides" ? 2 : 1) * (widestPx + 3);

/** Whether footprints are drawn rather than candles: by choice where anything of them can be seen, else where the numbers of nearly all
 * bars that are held fit, so that nothing changes while one pans.
 * @param {Picture} picture
 * @param {Scale} scale */
function isShown({ data, options }, { barPx, ratio }) {
  if (barPx < LEAST_BAR_PX || !data.footprint.length) return false;
  if (options.price === "footprint") return true;
  const widths = data.footprint.map((row) => faceOf(row, options.cells, data.about).widestPx).sort((one, other) => one - other);
  return fits(widths[Math.floor(FITTING_SHARE * (widths.length - 1))], options.cells, columnsOf(barPx, ratio));
}

/** A thin candle at the left edge of each bar.
 * @param {OhlcRow[]} bars
 * @param {Columns} columns
 * @param {Scale} scale */
function thinCandles(bars, { left, candle }, { toX, toY, ratio }) {
  const wick = hairline(ratio);
  /** @type {{ up: number[], down: number[] }} */
  const found = { up: [], down: [] };
  const colours = rising();
  for (const [place, open, high, low, close] of bars) {
    const x = snapped(toX(place) + left, ratio);
    const [top, bottom] = [snapped(toY(Math.max(open, close)), ratio), snapped(toY(Math.min(open, close)), ratio)];
    const line = { left: snapped(x + (candle - wick) / 2, ratio), px: wick, highest: snapped(toY(high), ratio), lowest: snapped(toY(low), ratio) };
    const isUp = rises(open, close);
    addCandle(isUp ? found.up : found.down, { left: x, body: candle, top, bottom }, line, isUp && colours.isHollow);
  }
  return [...rects(colours.up, found.up), ...rects(colours.down, found.down)];
}

/** What is drawn, by kind; a kind has one colour. */
function made() {
  return {
    /** @type {number[][]} */ buy: STRENGTHS.map(() => []),
    /** @type {number[][]} */ sell: STRENGTHS.map(() => []),
    /** @type {number[][]} */ total: STRENGTHS.map(() => []),
    /** @type {number[]} */ ground: [],
    /** @type {number[]} */ point: [],
    /** @type {number[]} */ buyMark: [],
    /** @type {number[]} */ sellMark: [],
    /** @type {number[]} */ unfinished: [],
    /** @type {Record<string, { text: string, x: number, y: number }[]>} */ texts: {},
  };
}

/** @param {number[]} into
 * @param {{ x: number, y: number, width: number, height: number }} box */
function frame(into, { x, y, width, height }) {
  into.push(x, y, width, 1, x, y + height - 1, width, 1, x, y, 1, height, x + width - 1, y, 1, height);
}

/** Acts for each row of a bar that is in view, where it stands. There are thousands in a frame, so none is made an object of its own.
 * @param {FootprintRow} row
 * @param {Face} face
 * @param {Scale} scale
 * @param {(at: { place: number, y: number, height: number }) => void} act what it is given is another row the next time */
function eachPlaced([, height], { bar: { numbers } }, { toY, box, ratio }, act) {
  const least = 1 / ratio;
  const at = { place: 0, y: 0, height: 0 };
  for (; at.place < numbers.length; at.place += 1) {
    at.y = snapped(toY((numbers[at.place] + 1) * height), ratio);
    const bottom = snapped(toY(numbers[at.place] * height), ratio);
    if (bottom < box.top || at.y > box.top + box.height) continue;
    const gap = bottom - at.y >= 4 ? 1 : 0;
    at.height = Math.max(least, bottom - at.y - gap);
    act(at);
  }
}

/** The colours, marks and frame of a row.
 * @param {ReturnType<typeof made>} into
 * @param {{ place: number, y: number, height: number }} at
 * @param {{ face: Face, marks: Marks | null, point: number | null }} of
 * @param {{ left: number, width: number, edge: number }} where */
function addRow(into, { place, y, height }, { face, marks, point }, { left, width, edge }) {
  for (const { colour, strength, from, to } of face.parts[place]) {
    const parting = from === 0 && to === 0.5 ? 1 : 0;
    into[colour][strength].push(left + from * width, y, Math.max(1, (to - from) * width - parting), height);
  }
  if (marks?.buy[place]) into.buyMark.push(left + width, y, edge, height);
  if (marks?.sell[place]) into.sellMark.push(left - edge, y, edge, height);
  if (place !== point) return;
  if (height >= FRAME_PX) frame(into.point, { x: left, y, width, height });
  else into.point.push(left, y, width, Math.min(2, height));
}

/** The numbers of a row; those of an imbalance stand out.
 * @param {ReturnType<typeof made>} into
 * @param {{ place: number, y: number, height: number }} at
 * @param {{ face: Face, marks: Marks | null }} of
 * @param {{ left: number, width: number }} where */
function addNumbers(into, { place, y, height }, { face, marks }, { left, width }) {
  for (const { text, side, align, at } of face.texts[place]) {
    const isMarked = side !== "" && marks?.[side][place];
    const tone = isMarked ? side : text === "0" ? "zero" : "text";
    (into.texts[`${tone} ${align}`] ??= []).push({ text, x: left + at * width + INDENTS_PX[align], y: y + height / 2 });
  }
}

/** What is said of a closed bar: stacked imbalances beside it, unfinished auctions above and below it.
 * @param {ReturnType<typeof made>} into
 * @param {{ face: Face, marks: Marks | null, height: number }} of
 * @param {{ left: number, width: number, edge: number }} where
 * @param {Scale} scale */
function addClosed(into, { face: { bar }, marks, height }, { left, width, edge }, { toY }) {
  const { numbers } = bar;
  /** @param {number} place */
  const top = (place) => toY((numbers[place] + 1) * height);
  /** @param {number} place */
  const bottom = (place) => toY(numbers[place] * height);
  for (const { side, first, last } of marks?.stacks ?? []) {
    const [list, x] = side === "buy" ? [into.buyMark, left + width] : [into.sellMark, left - edge - STACK_PX];
    list.push(x, top(last), edge + STACK_PX, bottom(first) - top(last));
  }
  const open = unfinished(bar);
  if (open.high) into.unfinished.push(left + width / 3, top(numbers.length - 1) - 3, width / 3, 2);
  if (open.low) into.unfinished.push(left + width / 3, bottom(0) + 2, width / 3, 2);
}

/** Adds a bar to what is drawn.
 * @param {ReturnType<typeof made>} into
 * @param {{ row: FootprintRow, face: Face, isClosed: boolean, hasNumbers: boolean }} given
 * @param {{ picture: Picture, scale: Scale, columns: Columns }} where */
function add(into, { row, face, isClosed, hasNumbers }, { picture: { options }, scale, columns }) {
  const [along, height, cells] = row;
  const given = rule(options.ratio, options.least, options.ignoreZero, face.bar.decimals);
  const marks = given && marksOf(cells, given.key, face.bar, given);
  const point = pointOf(cells, face.bar.decimals, face.bar);
  const where = { left: snapped(scale.toX(along) + columns.cells, scale.ratio), width: columns.width, edge: columns.edge };
  const of = { face, marks, point };
  eachPlaced(row, face, scale, (at) => {
    if (hasNumbers && options.heatmap) into.ground.push(where.left, at.y, where.width, at.height);
    addRow(into, at, of, where);
    if (hasNumbers && at.height >= NUMBER_PX - 1) addNumbers(into, at, of, where);
  });
  if (isClosed) addClosed(into, { face, marks, height }, where, scale);
}

/** @param {ReturnType<typeof made>} found
 * @returns {Command[]} */
function commandsOf(found) {
  const colours = { buy: token("up-fill"), sell: token("down-fill"), total: token("volume") };
  const tones = { text: token("strong"), zero: token("quiet"), buy: token("buy-bright"), sell: token("sell-bright") };
  const filled = /** @type {(keyof typeof colours)[]} */ (Object.keys(colours)).flatMap((kind) =>
    found[kind].flatMap((list, strength) => rects(translucent(colours[kind], STRENGTHS[strength]), list)),
  );
  const written = Object.entries(found.texts).map(([key, texts]) => {
    const [tone, align] = key.split(" ");
    const colour = tones[/** @type {keyof typeof tones} */ (tone)];
    return /** @type {Command} */ ({ kind: "texts", colour, align, texts });
  });
  return [
    ...rects(translucent(token("background"), GROUND), found.ground),
    ...filled,
    ...rects(token("point-of-control"), found.point),
    ...rects(token("buy-bright"), found.buyMark),
    ...rects(token("sell-bright"), found.sellMark),
    ...rects(token("unfinished"), found.unfinished),
    ...written,
  ];
}

/** @param {Picture} picture
 * @param {Scale} scale
 * @returns {Command[]} */
function commands(picture, scale) {
  const bars = picture.rows("ohlc");
  if (!isShown(picture, scale)) return candles(bars, 1, scale, risingOver());
  const { data, options } = picture;
  const held = new Map(picture.rows("footprint").map((row) => [row[0], row]));
  const newest = data.footprint[data.footprint.length - 1][0];
  const now = data.status?.event_time_ms ?? null;
  const columns = columnsOf(scale.barPx, scale.ratio);
  const found = made();
  for (const row of held.values()) {
    const face = faceOf(row, options.cells, data.about);
    const isClosed = row[0] !== newest || (now !== null && picture.place(now) >= row[0] + scale.step);
    const hasNumbers = fits(face.widestPx, options.cells, columns);
    add(found, { row, face, isClosed, hasNumbers }, { picture, scale, columns });
  }
  const without = bars.filter(([place]) => !held.has(place));
  const within = bars.filter(([place]) => held.has(place));
  return [...candles(without, 1, scale, risingOver()), ...thinCandles(within, columns, scale), ...commandsOf(found)];
}

/** The height of the price rows, or why there are candles.
 * @param {Picture} picture
 * @param {Scale} scale */
function note(picture, scale) {
  const { data, options } = picture;
  const newest = data.footprint[data.footprint.length - 1];
  if (!newest) return options.price === "footprint" ? "no footprint so far" : "";
  return isShown(picture, scale) ? `footprint rows ${format.price(newest[1], data.about)}` : "footprints: zoom in";
}

/** @type {Layer} */
export const footprint = { views: ["ohlc", "footprint"], when: ({ price }) => price !== "candles", commands, note };
