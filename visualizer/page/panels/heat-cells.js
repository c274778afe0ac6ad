/* Cells of the heatmap: price rows gathered as the zoom needs, sizes by quantile, and an image with a pixel for each cell. What is made
   of a column is remembered as long as it is held. Pure. */
import { lotsOf } from "./sizes.js";
/** @import { HeatmapRow, Raster } from "../types.d.ts" */
/** The rows of one side of a column, gathered: the number of the lowest, sizes upwards, and their logarithms.
 * @typedef {{ first: number, sizes: Float64Array, logs: Float64Array }} Side */
/** A column in gathered rows.
 * @typedef {{ bids: Side, asks: Side }} Gathered */
/** Colours from the lower to the upper cut-off, as pixels.
 * @typedef {{ bids: Uint32Array, asks: Uint32Array }} Shades */

export const [TIME, ROW, BEST_BID, BEST_ASK, BID_ROW, BIDS, ASK_ROW, ASKS] = /** @type {const} */ ([0, 1, 2, 3, 4, 5, 6, 7]);
export const SHADES = 256;
const LADDER = [1, 2, 5];
const WIDEST = 8192; // pixels of an image
const MOST_HELD = 4; // heights of rows in which a column is remembered

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

/** @param {number} first
 * @param {Float64Array} sizes
 * @returns {Side} */
const made = (first, sizes) => ({ first, sizes, logs: sizes.map(Math.log) });

/** @param {number | null} edge
 * @param {readonly number[]} sizes
 * @param {number} height
 * @param {number} rows that become one
 * @param {number} decimals of sizes
 * @returns {Side} */
function side(edge, sizes, height, rows, decimals) {
  if (edge === null || !sizes.length) return made(0, new Float64Array(0));
  const lowest = Math.round(edge / height);
  const first = Math.floor(lowest / rows);
  if (rows === 1) return made(first, Float64Array.from(sizes));
  const lots = new Float64Array(Math.floor((lowest + sizes.length - 1) / rows) - first + 1);
  for (let at = 0; at < sizes.length; at += 1) lots[Math.floor((lowest + at) / rows) - first] += lotsOf(sizes[at], decimals);
  return made(first, lots.map((each) => each / 10 ** decimals));
}

/** @type {WeakMap<readonly number[], Map<string, Gathered>>} */
const gatheredOf = new WeakMap();

/** A column in rows of so many price rows; `decimals` are those of sizes, which are added in whole lots.
 * @param {HeatmapRow} column
 * @param {number} rows
 * @param {number} decimals
 * @returns {Gathered} */
export function gathered(column, rows, decimals) {
  const held = gatheredOf.get(column[BIDS]) ?? new Map();
  const key = `${rows} ${decimals}`;
  const known = held.get(key);
  if (known) return known;
  const value = {
    bids: side(column[BID_ROW], column[BIDS], column[ROW], rows, decimals),
    asks: side(column[ASK_ROW], column[ASKS], column[ROW], rows, decimals),
  };
  // While one zooms, the same few heights come again and again.
  if (held.size >= MOST_HELD) held.clear();
  gatheredOf.set(column[BIDS], held.set(key, value));
  return value;
}

/** All sizes of some columns, in no order.
 * @param {readonly Gathered[]} columns
 * @returns {Float64Array} */
export function allSizes(columns) {
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
  return all.subarray(0, count);
}

/** Puts the sizes between two places in such an order that the one at a place is the one that sorting would put there.
 * @param {Float64Array} sizes
 * @param {number} place */
function select(sizes, place) {
  let [from, to] = [0, sizes.length - 1];
  while (from < to) {
    const pivot = sizes[Math.floor((from + to) / 2)];
    let [low, high] = [from, to];
    while (low <= high) {
      while (sizes[low] < pivot) low += 1;
      while (sizes[high] > pivot) high -= 1;
      if (low <= high) {
        [sizes[low], sizes[high]] = [sizes[high], sizes[low]];
        low += 1;
        high -= 1;
      }
    }
    if (place <= high) to = high;
    else if (place >= low) from = low;
    else break;
  }
  return sizes[place];
}

/** The size of a quantile from 0 to 1, by nearest rank; NaN without any. The sizes come into another order.
 * @param {Float64Array} sizes
 * @param {number} quantile */
export function sizeAt(sizes, quantile) {
  if (!sizes.length) return Number.NaN;
  return select(sizes, Math.min(sizes.length - 1, Math.max(0, Math.ceil(quantile * sizes.length) - 1)));
}

/** The share of sizes that are below one.
 * @param {Float64Array} sizes
 * @param {number} size */
export function quantileOf(sizes, size) {
  let below = 0;
  for (const each of sizes) if (each < size) below += 1;
  return sizes.length ? below / sizes.length : 0;
}

/** How strong a size is, by its logarithm: 0 below the lower cut-off, 1 at it, up to SHADES - 1 from the upper one on.
 * @param {number} log
 * @param {number} lower as a logarithm
 * @param {number} upper
 * @param {number} per what the logarithm goes up by, from shade to shade */
const strength = (log, lower, upper, per) => (log < lower ? 0 : log >= upper ? SHADES - 1 : 1 + Math.floor((log - lower) / per));

/** @param {Uint32Array} pixels
 * @param {{ side: Side, over: Side | null, shades: Uint32Array }} of nothing is put where more is on the other side
 * @param {{ x: number, width: number, lowest: number, height: number, lower: number, upper: number }} where cut-offs as logarithms */
function put(pixels, { side: { first, logs }, over, shades }, { x, width, lowest, height, lower, upper }) {
  const per = (upper - lower) / (SHADES - 2);
  const end = Math.min(logs.length, lowest + height - first);
  const others = over && over.first < first + logs.length && first < over.first + over.logs.length ? over : null;
  for (let at = Math.max(0, lowest - first); at < end; at += 1) {
    const log = logs[at];
    if (log < lower || (others && others.logs[first + at - others.first] > log)) continue;
    pixels[(height - 1 - (first + at - lowest)) * width + x] = shades[strength(log, lower, upper, per)];
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
  const where = { x: 0, width, lowest, height, lower: Math.log(lower), upper: Math.log(upper) };
  for (const { place, column } of columns) {
    where.x = Math.floor((Math.round((place - from) / step) * width) / slots);
    put(pixels, { side: column.asks, over: null, shades: shades.asks }, where);
    put(pixels, { side: column.bids, over: column.asks, shades: shades.bids }, where);
  }
  return { width, height, pixels, slots };
}
