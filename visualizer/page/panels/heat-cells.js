/* Cells of the heatmap: price rows gathered as the zoom needs, sizes by quantile, and an image with a pixel for each cell. What is made
   of a column is remembered as long as it is held. Pure. */
import { lotsOf } from "./sizes.js";
/** @import { HeatmapRow, Raster } from "../types.d.ts" */
/** The rows of one side of a column, gathered: the number of the lowest, and sizes upwards.
 * @typedef {{ first: number, sizes: Float64Array }} Side */
/** A column in gathered rows.
 * @typedef {{ bids: Side, asks: Side }} Gathered */
/** Colours from the lower to the upper cut-off, as pixels.
 * @typedef {{ bids: Uint32Array, asks: Uint32Array }} Shades */

export const [TIME, ROW, BEST_BID, BEST_ASK, BID_ROW, BIDS, ASK_ROW, ASKS] = /** @type {const} */ ([0, 1, 2, 3, 4, 5, 6, 7]);
export const SHADES = 256;
const LADDER = [1, 2, 5];
const WIDEST = 8192; // pixels of an image

/** How many price rows are one on the screen: the first of 1, 2, 5, 10 and so on with which it is so many pixels high.
 * @param {number} rowPx
 * @param {number} leastPx */
export function gatheredRows(rowPx, leastPx) {
  if (!(rowPx > 0)) return 1;
  for (let scale = 1; ; scale *= 10) {
    const found = LADDER.find((factor) => factor * scale * rowPx >= leastPx);
    if (found) return found * scale;
  }
}

/** @param {number | null} edge
 * @param {readonly number[]} sizes
 * @param {number} height
 * @param {number} rows that become one
 * @param {number} decimals of sizes
 * @returns {Side} */
function side(edge, sizes, height, rows, decimals) {
  if (edge === null || !sizes.length) return { first: 0, sizes: new Float64Array(0) };
  const lowest = Math.round(edge / height);
  const first = Math.floor(lowest / rows);
  if (rows === 1) return { first, sizes: Float64Array.from(sizes) };
  const lots = new Float64Array(Math.floor((lowest + sizes.length - 1) / rows) - first + 1);
  for (let at = 0; at < sizes.length; at += 1) lots[Math.floor((lowest + at) / rows) - first] += lotsOf(sizes[at], decimals);
  return { first, sizes: lots.map((each) => each / 10 ** decimals) };
}

/** @type {WeakMap<readonly number[], { key: string, value: Gathered }>} */
const gatheredOf = new WeakMap();

/** A column in rows of so many price rows; `decimals` are those of sizes, which are added in whole lots.
 * @param {HeatmapRow} column
 * @param {number} rows
 * @param {number} decimals
 * @returns {Gathered} */
export function gathered(column, rows, decimals) {
  const key = `${rows} ${decimals}`;
  const held = gatheredOf.get(column[BIDS]);
  if (held?.key === key) return held.value;
  const value = {
    bids: side(column[BID_ROW], column[BIDS], column[ROW], rows, decimals),
    asks: side(column[ASK_ROW], column[ASKS], column[ROW], rows, decimals),
  };
  gatheredOf.set(column[BIDS], { key, value });
  return value;
}

/** All sizes of some columns, ascending.
 * @param {readonly Gathered[]} columns
 * @returns {Float64Array} */
export function sorted(columns) {
  const parts = columns.flatMap(({ bids, asks }) => [bids.sizes, asks.sizes]);
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let count = 0;
  for (const part of parts) {
    for (const size of part) {
      if (size > 0) {
        all[count] = size;
        count += 1;
      }
    }
  }
  return all.subarray(0, count).sort();
}

/** The size of a quantile from 0 to 1, by nearest rank; NaN without any.
 * @param {Float64Array} ascending
 * @param {number} quantile */
export const sizeAt = (ascending, quantile) =>
  ascending[Math.min(ascending.length - 1, Math.max(0, Math.ceil(quantile * ascending.length) - 1))] ?? Number.NaN;

/** The share of sizes that are below one.
 * @param {Float64Array} ascending
 * @param {number} size */
export function quantileOf(ascending, size) {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (ascending[middle] < size) low = middle + 1;
    else high = middle;
  }
  return ascending.length ? low / ascending.length : 0;
}

/** @type {WeakMap<Float64Array, { key: string, value: Uint8Array }>} */
const strengthsOf = new WeakMap();

/** How strong each size is: 0 for what is below the lower cut-off, 1 for it, up to SHADES - 1 from the upper one on, by the logarithm.
 * @param {Float64Array} sizes
 * @param {number} lower
 * @param {number} upper
 * @returns {Uint8Array} */
export function strengths(sizes, lower, upper) {
  const key = `${lower} ${upper}`;
  const held = strengthsOf.get(sizes);
  if (held?.key === key) return held.value;
  const from = Math.log(lower);
  const per = upper > lower ? (SHADES - 2) / (Math.log(upper) - from) : Infinity;
  const value = Uint8Array.from(sizes, (size) => {
    if (!(size >= lower) || size <= 0) return 0;
    return size >= upper ? SHADES - 1 : 1 + Math.floor((Math.log(size) - from) * per);
  });
  strengthsOf.set(sizes, { key, value });
  return value;
}

/** @param {Uint32Array} pixels
 * @param {{ first: number, strong: Uint8Array, shades: Uint32Array }} of
 * @param {{ x: number, width: number, lowest: number, height: number }} where */
function put(pixels, { first, strong, shades }, { x, width, lowest, height }) {
  for (let at = 0; at < strong.length; at += 1) {
    const row = first + at - lowest;
    if (strong[at] && row >= 0 && row < height) pixels[(height - 1 - row) * width + x] = shades[strong[at]];
  }
}

/** An image with a pixel for each cell, the highest row at the top: of columns that stand `step` apart, and of `height` gathered rows
 * from number `lowest` on. Where both sides are in one row, the greater is seen.
 * @param {readonly { place: number, column: Gathered }[]} columns at least one
 * @param {{ step: number, lowest: number, height: number, lower: number, upper: number, shades: Shades }} how
 * @returns {Raster} */
export function raster(columns, { step, lowest, height, lower, upper, shades }) {
  const from = columns[0].place;
  const slots = Math.round((columns[columns.length - 1].place - from) / step) + 1;
  const width = Math.min(WIDEST, slots);
  const pixels = new Uint32Array(width * height);
  for (const { place, column } of columns) {
    const x = Math.floor((Math.round((place - from) / step) * width) / slots);
    const [bids, asks] = [column.bids, column.asks].map(({ first, sizes }) => ({ first, strong: strengths(sizes, lower, upper) }));
    const where = { x, width, lowest, height };
    put(pixels, { ...bids, shades: shades.bids }, where);
    put(pixels, { ...over(asks, bids), shades: shades.asks }, where);
  }
  return { width, height, pixels, slots };
}

/** The asks without those that a stronger bid is in one row with: only a crossed book, or a high row, has such.
 * @param {{ first: number, strong: Uint8Array }} asks
 * @param {{ first: number, strong: Uint8Array }} bids */
function over(asks, bids) {
  if (asks.first >= bids.first + bids.strong.length || !bids.strong.length) return asks;
  const strong = asks.strong.map((each, at) => (each >= (bids.strong[asks.first + at - bids.first] ?? 0) ? each : 0));
  return { first: asks.first, strong };
}
