/* From which size to which the colours of the heatmap go: by quantiles of the sizes that the page holds, none of them later than the
   event clock, or by sizes that the user gives, for each instrument. Pure. */
import { BIDS, allSizes, gathered, sizeAt } from "./heat-cells.js";
/** @import { About, CutOff, HeatmapRow, HeatScale, Options } from "../types.d.ts" */

/** @type {Readonly<{ lower: CutOff, upper: CutOff }>} */
export const AUTOMATIC = Object.freeze({ lower: { quantile: 0.4 }, upper: { quantile: 0.99 } });
const MOST_DECIMALS = 12;

/** Decimals of sizes, as which they are whole numbers.
 * @param {About | null} about */
export const decimalsOf = (about) => Math.min(MOST_DECIMALS, about?.size_decimals ?? MOST_DECIMALS);

/** @typedef {{ sizes: Float64Array, known: Map<number, number> }} Sizes */
/** @type {{ from: readonly unknown[], value: Sizes }} */
let last = { from: [], value: { sizes: new Float64Array(0), known: new Map() } };

/** The sizes of all closed columns in gathered rows; those of the open one where there is no other. `known` has quantiles of them.
 * @param {readonly HeatmapRow[]} columns
 * @param {number} rows
 * @param {About | null} about
 * @returns {Sizes} */
export function sizesOf(columns, rows, about) {
  const closed = columns.length > 1 ? columns.slice(0, -1) : columns;
  const decimals = decimalsOf(about);
  const from = [rows, decimals, ...closed.map((column) => column[BIDS])];
  const isSame = from.length === last.from.length && from.every((each, index) => each === last.from[index]);
  if (!isSame) last = { from, value: { sizes: allSizes(closed.map((column) => gathered(column, rows, decimals))), known: new Map() } };
  return last.value;
}

/** What the user has chosen for an instrument.
 * @param {Readonly<Options>} options
 * @param {About | null} about
 * @returns {HeatScale} */
export const chosen = (options, about) => options.heatScales[about?.instrument ?? ""] ?? {};

/** A cut-off as a size.
 * @param {CutOff} cut
 * @param {Sizes} of */
function sizeOf(cut, { sizes, known }) {
  if ("size" in cut) return cut.size;
  const found = known.get(cut.quantile) ?? sizeAt(sizes, cut.quantile);
  known.set(cut.quantile, found);
  return found;
}

/** The sizes from which on something is seen, and from which on nothing gets stronger.
 * @param {HeatScale} scale
 * @param {Sizes} of
 * @returns {[number, number]} */
export function cutOffs(scale, of) {
  const lower = sizeOf(scale.lower ?? AUTOMATIC.lower, of);
  const upper = sizeOf(scale.upper ?? AUTOMATIC.upper, of);
  return [lower, Math.max(lower, upper)];
}

/** The options with another cut-off for an instrument; null for what is automatic.
 * @param {Readonly<Options>} options
 * @param {string} instrument
 * @param {"lower" | "upper"} end
 * @param {CutOff | null} cut
 * @returns {Pick<Options, "heatScales">} */
export function withCutOff(options, instrument, end, cut) {
  const scale = { ...options.heatScales[instrument] };
  if (cut) scale[end] = cut;
  else delete scale[end];
  return { heatScales: { ...options.heatScales, [instrument]: scale } };
}
