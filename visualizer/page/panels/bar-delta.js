/* What a row of the statistics says of its bar's volume and delta, summed in whole lots. Pure. */
import * as format from "../format.js";
import { lotsOf } from "./sizes.js";
/** @import { About, Row, StatisticsRow } from "../types.d.ts" */

/** A sum of sizes; `signs` are those of what was bought, sold and of unknown side.
 * @param {Row | StatisticsRow} row
 * @param {About | null} about
 * @param {[number, number, number]} signs */
function summed(row, about, signs) {
  const sizes = [row[2], row[3], row[4]].map(Number);
  const decimals = about?.size_decimals ?? format.decimalsOf(sizes);
  return sizes.reduce((sum, size, index) => sum + signs[index] * lotsOf(size, decimals), 0) / 10 ** decimals;
}

/** @param {Row | StatisticsRow} row
 * @param {About | null} about */
export const volumeOf = (row, about) => summed(row, about, [1, 1, 1]);

/** What was bought less what was sold.
 * @param {Row | StatisticsRow} row
 * @param {About | null} about */
export const deltaOf = (row, about) => summed(row, about, [1, -1, 0]);
