/* Time zones: from a moment to the time that clocks show in a zone, and back. Pure. A zone is an IANA name, such as "UTC" or
   "America/New_York". What clocks show, the wall time, is written as the ms of a moment at which clocks in UTC show the same. */
import * as format from "./format.js";

const DAY_MS = 86_400_000;
/* Clocks are set at times that divide by it. */
const QUARTER_MS = 900_000;
const MOST_HELD = 2000;
/** What can be chosen besides the name of a zone. */
export const UTC = "UTC";
export const EXCHANGE = "exchange";
export const LOCAL = "local";

/** @type {Map<string, Intl.DateTimeFormat>} */
const clocks = new Map();

/** @param {string} zone */
function clockOf(zone) {
  const known = clocks.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  clocks.set(zone, made);
  return made;
}

/** @type {Map<string, number>} */
const offsets = new Map();

/** By how much clocks in a zone are ahead of UTC at a moment, in ms.
 * @param {number} ms
 * @param {string} zone */
function offset(ms, zone) {
  if (zone === UTC) return 0;
  const quarter = Math.floor(ms / QUARTER_MS) * QUARTER_MS;
  const key = `${zone} ${quarter}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const found = Object.fromEntries(clockOf(zone).formatToParts(quarter).map(({ type, value }) => [type, Number(value)]));
  const ahead = Date.UTC(found.year, found.month - 1, found.day, found.hour, found.minute, found.second) - quarter;
  if (offsets.size >= MOST_HELD) offsets.clear();
  offsets.set(key, ahead);
  return ahead;
}

/** What clocks in a zone show at a moment.
 * @param {number} ms
 * @param {string} zone */
export const wall = (ms, zone) => ms + offset(ms, zone);

/** The moment at which clocks in a zone show a wall time: the first of two where they are set back, and where they are set
 * forward and never show it, the moment at which clocks that were not set would.
 * @param {number} wallMs
 * @param {string} zone */
export function moment(wallMs, zone) {
  const [before, after] = [wallMs - DAY_MS, wallMs + DAY_MS].map((ms) => offset(ms, zone));
  const found = [wallMs - before, wallMs - after].filter((ms) => wall(ms, zone) === wallMs);
  return found.length ? Math.min(...found) : wallMs - before;
}

/** A moment as text, to the millisecond.
 * @param {number | null | undefined} ms
 * @param {string} zone */
export const dateTime = (ms, zone) => format.dateTime(ms === null || ms === undefined ? ms : wall(ms, zone));

/** The days and the times of some moments, as a list has them: the day is empty where it is that of the moment before in the list.
 * @param {readonly number[]} moments
 * @param {string} zone */
export function daysAndTimes(moments, zone) {
  let before = "";
  return moments.map((ms) => {
    const [day, time] = dateTime(ms, zone).split(" ");
    const shown = day === before ? "" : day;
    before = day;
    return { day: shown, time };
  });
}

/** Whether there is a zone of this name.
 * @param {string} name */
export function exists(name) {
  try {
    clockOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The zone that is meant by a choice: UTC where the exchange's is not known, and where there is none of that name.
 * @param {string} choice
 * @param {string | null} exchange
 * @returns {string} */
export function zoneOf(choice, exchange) {
  const wanted = choice === EXCHANGE ? exchange : choice === LOCAL ? new Intl.DateTimeFormat().resolvedOptions().timeZone : choice;
  return wanted && exists(wanted) ? wanted : UTC;
}

/** What clocks in a zone are called at a moment: "UTC", "EDT" or "GMT+9".
 * @param {number} ms
 * @param {string} zone */
export function abbreviation(ms, zone) {
  if (zone === UTC) return UTC;
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "short" }).formatToParts(ms);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? zone;
}
