/* Sessions of profiles and averages are UTC days. Pure. */
/** @import { StatisticsRow } from "../types.d.ts" */

const DAY_MS = 86_400_000;
const DURATION = 13;

/** Rows in lists of one session each: a bar's is that of its last trade.
 * @param {readonly StatisticsRow[]} rows
 * @param {(place: number) => number} time
 * @returns {StatisticsRow[][]} */
export function runs(rows, time) {
  /** @type {StatisticsRow[][]} */
  const found = [];
  let held = Number.NaN;
  for (const row of rows) {
    const day = Math.floor((time(row[0]) + row[DURATION]) / DAY_MS);
    if (day === held) found[found.length - 1].push(row);
    else found.push([row]);
    held = day;
  }
  return found;
}
