/* Footprints in the place of candles: what was bought and sold at each price row of a bar. Its colours are always there, its numbers
   where they fit. A layer of the price panel. Pure. */
import { addCandle, candles, hairline, rects, rises, snapped } from "../draw/commands.js";
import * as format from "../format.js";
import { looks } from "../looks.js";
import { rising, risingOver } from "./colours.js";
import { faceOf } from "./footprint-cells.js";
import { STACK_PX, stamps } from "./footprint-stamps.js";
/** @import { About, Command, FootprintRow, Layer, OhlcRow, Options, Picture, Scale } from "../types.d.ts" */
/** @typedef {import("./footprint-stamps.js").Columns} Columns */

const LEAST_BAR_PX = 8; // narrower ones are candles, even by choice
const FITTING_SHARE = 0.9;

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

/** The width of the longest number of nearly all bars; it is the same until they or their looks are others. */
const mostWidest = (() => {
  /** @type {{ from: readonly unknown[], px: number }} */
  let last = { from: [], px: 0 };
  return (/** @type {FootprintRow[]} */ rows, /** @type {Options["cells"]} */ cells, /** @type {About | null} */ about) => {
    const from = [rows, cells, about?.size_decimals, looks().numbers];
    if (from.some((each, index) => each !== last.from[index])) {
      const widths = rows.map((row) => faceOf(row, cells, about).widestPx).sort((one, other) => one - other);
      last = { from, px: widths[Math.floor(FITTING_SHARE * (widths.length - 1))] };
    }
    return last.px;
  };
})();

/** Whether footprints are drawn rather than candles: by choice where anything of them can be seen, else where the numbers of nearly all
 * bars that are held fit, so that nothing changes while one pans.
 * @param {Picture} picture
 * @param {Scale} scale */
function isShown({ data, options }, { barPx, ratio }) {
  if (barPx < LEAST_BAR_PX || !data.footprint.length) return false;
  if (options.price === "footprint") return true;
  return fits(mostWidest(data.footprint, options.cells, data.about), options.cells, columnsOf(barPx, ratio));
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
  const stampOf = stamps(options, data.about, scale, columns);
  const found = [...held.values()].map((row) => {
    const face = faceOf(row, options.cells, data.about);
    const isClosed = row[0] !== newest || (now !== null && picture.place(now) >= row[0] + scale.step);
    const stamp = stampOf({ row, face, isClosed, hasNumbers: fits(face.widestPx, options.cells, columns) });
    return /** @type {Command} */ ({ kind: "stamp", stamp, left: snapped(scale.toX(row[0]) + columns.cells, scale.ratio) });
  });
  const without = bars.filter(([place]) => !held.has(place));
  const within = bars.filter(([place]) => held.has(place));
  return [...candles(without, 1, scale, risingOver()), ...thinCandles(within, columns, scale), ...found];
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
