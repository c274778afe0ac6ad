/* Sessions of profiles and averages: they start at a time of each UTC day that the replay says. Pure. */
/** @import { About, StatisticsRow } from "./types.d.ts" */

export const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const MIDNIGHT = "00:00";
const DURATION = 13;

/** The time that sessions start at, as the replay says it; older processors know midnight alone. Pure.
 * @param {About | null | undefined} about */
export const startOf = (about) => about?.session_start ?? MIDNIGHT;

/** The same in ms after midnight.
 * @param {About | null | undefined} about */
export function startMs(about) {
  const [hours, minutes] = startOf(about).split(":").map(Number);
  return (hours * 60 + minutes) * MINUTE_MS;
}

/** Whether they start at another time than midnight.
 * @param {About} about */
export const areMoved = (about) => startOf(about) !== MIDNIGHT;

/** The number of the session that a moment is in: of the day that it starts on.
 * @param {number} ms
 * @param {number} start in ms after midnight */
export const sessionOf = (ms, start) => Math.floor((ms - start) / DAY_MS);

/** Rows in lists of one session each: a bar's is that of its last trade.
 * @param {readonly StatisticsRow[]} rows
 * @param {(place: number) => number} time
 * @param {number} start in ms after midnight
 * @returns {StatisticsRow[][]} */
export function runs(rows, time, start) {
  /** @type {StatisticsRow[][]} */
  const found = [];
  let held = Number.NaN;
  for (const row of rows) {
    const session = sessionOf(time(row[0]) + row[DURATION], start);
    if (session === held) found[found.length - 1].push(row);
    else found.push([row]);
    held = session;
  }
  return found;
}
