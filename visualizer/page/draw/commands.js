/* What is drawn, as plain commands. Pure: rows and a scale in, rectangles, lines and texts of one colour each out. */
/** @import { Command, Row, Scale } from "../types.d.ts" */

const BODY_SHARE = 0.5;

/** A place on a whole pixel of the screen.
 * @param {number} px
 * @param {number} ratio */
export const snapped = (px, ratio) => Math.round(px * ratio) / ratio;

/** Whether a bar is one that rises; one that ends where it opens is, everywhere on the page.
 * @param {number} open
 * @param {number} close */
export const rises = (open, close) => close >= open;

/** Rectangles in one colour; none where there are none.
 * @param {string} colour
 * @param {number[]} list left, top, width and height of each
 * @returns {Command[]} */
export const rects = (colour, list) => (list.length ? [{ kind: "rects", colour, rects: list }] : []);

/** Rising and falling rectangles, in their colours.
 * @param {{ up: string, down: string }} colours
 * @param {number[]} up
 * @param {number[]} down */
const twoColours = (colours, up, down) => [...rects(colours.up, up), ...rects(colours.down, down)];

/** How wide a body is, in pixels of the screen: a wick stands in the middle of it, and a gap between two.
 * @param {number} bar
 * @param {number} wick */
function bodyPx(bar, wick) {
  const wanted = Math.round(bar * BODY_SHARE);
  const odd = (wanted - wick) & 1;
  return Math.max(wick, wanted + odd < bar ? wanted + odd : wanted - odd);
}

/** Adds a candle; its body is an outline where it is hollow and has room for an inside, so that it is told from others without colours.
 * @param {number[]} into
 * @param {{ left: number, body: number, top: number, bottom: number }} box of the body
 * @param {{ left: number, px: number, highest: number, lowest: number }} wick
 * @param {boolean} isHollow */
export function addCandle(into, { left, body, top, bottom }, { left: at, px, highest, lowest }, isHollow) {
  const height = Math.max(px, bottom - top);
  if (isHollow && body >= 3 * px && height >= 3 * px) {
    into.push(left, top, body, px, left, bottom - px, body, px);
    into.push(left, top + px, px, height - 2 * px, left + body - px, top + px, px, height - 2 * px);
    if (highest < top) into.push(at, highest, px, top - highest);
    if (lowest > bottom) into.push(at, bottom, px, lowest - bottom);
    return;
  }
  // Where bars are dense a body is as wide as its wick, and both are one.
  if (body > px || lowest - highest <= bottom - top) into.push(left, top, body, height);
  if (lowest - highest > bottom - top) into.push(at, highest, px, lowest - highest);
}

/** Candles: open, high, low and close from a column of the rows on; nothing where one is null.
 * @param {readonly Row[]} rows
 * @param {number} first
 * @param {Scale} scale
 * @param {{ up: string, down: string, isHollow?: boolean, ground?: string }} colours `ground` is put into hollow ones
 * @returns {Command[]} */
export function candles(rows, first, { toX, toY, barPx, ratio }, colours) {
  const wick = hairline(ratio);
  const body = bodyPx(barPx * ratio, Math.round(wick * ratio)) / ratio;
  /** @type {number[]} */
  const up = [];
  /** @type {number[]} */
  const down = [];
  /** @type {number[]} */
  const inside = [];
  for (const row of rows) {
    const open = row[first];
    const high = row[first + 1];
    const low = row[first + 2];
    const close = row[first + 3];
    if (open === null || high === null || low === null || close === null) continue;
    const isUp = rises(open, close);
    const left = snapped(toX(row[0]) - body / 2, ratio);
    const top = snapped(toY(Math.max(open, close)), ratio);
    const bottom = snapped(toY(Math.min(open, close)), ratio);
    const highest = snapped(toY(high), ratio);
    const lowest = snapped(toY(low), ratio);
    const thin = { left: left + (body - wick) / 2, px: wick, highest, lowest };
    const isHollow = isUp && colours.isHollow === true;
    if (isHollow) inside.push(left, top, body, bottom - top);
    addCandle(isUp ? up : down, { left, body, top, bottom }, thin, isHollow);
  }
  return [...(colours.ground ? rects(colours.ground, inside) : []), ...twoColours(colours, up, down)];
}

/** Columns from zero, each in the colour of its bar.
 * @param {readonly Row[]} rows
 * @param {{ value: number, open: number, close: number, share: number }} columns what is drawn, and how wide
 * @param {Scale} scale
 * @param {{ up: string, down: string }} colours
 * @returns {Command[]} */
export function columns(rows, { value, open, close, share }, { toX, toY, barPx, ratio }, colours) {
  const width = Math.max(1, Math.round(barPx * share * ratio)) / ratio;
  const base = snapped(toY(0), ratio);
  /** @type {number[]} */
  const up = [];
  /** @type {number[]} */
  const down = [];
  for (const row of rows) {
    const size = row[value];
    if (size === null) continue;
    const top = snapped(toY(size), ratio);
    const into = rises(Number(row[open]), Number(row[close])) ? up : down;
    into.push(snapped(toX(row[0]) - width / 2, ratio), top, width, base - top);
  }
  return twoColours(colours, up, down);
}

/** A line through a column of the rows; it breaks where a value is null.
 * @param {readonly Row[]} rows
 * @param {number} column
 * @param {Scale} scale
 * @param {{ colour: string, width: number }} style
 * @returns {Command[]} */
export function line(rows, column, { toX, toY }, { colour, width }) {
  const points = rows.flatMap((row) => {
    const value = row[column];
    return [toX(row[0]), value === null ? Number.NaN : toY(value)];
  });
  return points.length ? [{ kind: "polyline", colour, width, points }] : [];
}

/** How thick a thin line is: whole pixels of the screen, about as many as a unit has.
 * @param {number} ratio */
export const hairline = (ratio) => Math.max(1, Math.round(ratio)) / ratio;

/** Thin lines across a box.
 * @param {string} colour
 * @param {number[]} ys
 * @param {Scale} scale
 * @returns {Command[]} */
export const across = (colour, ys, { box, ratio }) =>
  rects(colour, ys.flatMap((y) => [box.left, snapped(y - 0.5, ratio), box.width, hairline(ratio)]));

/** Thin lines from top to bottom of a stretch.
 * @param {string} colour
 * @param {number[]} xs
 * @param {{ top: number, height: number }} stretch
 * @param {number} ratio
 * @returns {Command[]} */
export const upright = (colour, xs, { top, height }, ratio) =>
  rects(colour, xs.flatMap((x) => [snapped(x - 0.5, ratio), top, hairline(ratio), height]));
