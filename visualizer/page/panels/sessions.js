/* Sessions are UTC days: where one ends and the next starts. Pure. */
import { upright } from "../draw/commands.js";
import { token } from "../tokens.js";
/** @import { Layer, StatisticsRow } from "../types.d.ts" */

const DAY_MS = 86_400_000;
const DURATION = 13;
const LEAST_PX = 24; // from one mark to the next

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

/** Marks between the bars of one session and of the next, where they are far enough apart to be told from bars.
 * @type {Layer} */
export const sessions = {
  views: ["ohlc"],
  commands({ time, place, step }, { x, toX, box, ratio }) {
    const [from, to] = [time(x[0] + step / 2), time(x[1] + step / 2)]; // a bar stands on its start, so half of it lies left of that
    const first = Math.ceil(from / DAY_MS);
    const count = Math.max(0, Math.ceil(to / DAY_MS) - first);
    if (count * LEAST_PX > box.width) return [];
    const xs = Array.from({ length: count }, (_, index) => toX(place((first + index) * DAY_MS) - step / 2));
    return upright(token("session-mark"), xs, box, ratio);
  },
};
