/* Typed times. Pure: texts and milliseconds in, milliseconds or a sentence out. They are those that clocks in a zone show, unless
   they end in Z or UTC. */
import * as zones from "../zone.js";
/** @import { Bounds } from "../types.d.ts" */

const DAY_MS = 86_400_000;
/** @type {Record<string, number>} */
const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS };
const DURATION = /^([+-])\s*((?:\d+(?:\.\d+)?\s*(?:ms|[smhd])\s*)+)$/u;
const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:(?:t|\s+)(.+))?$/u;
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?$/u;
const IN_UTC = /\s*(?:z|utc)$/u;
const EXAMPLES = "try 2024-08-09 00:01, 00:01:30, +5m, -1h or 50%";

/** "00:01:30.5" → 90500, or null.
 * @param {string} text */
function ofDay(text) {
  const match = CLOCK.exec(text);
  if (!match) return null;
  const [hours, minutes, seconds] = [match[1], match[2], match[3] || 0].map(Number);
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + Math.floor(Number(`0.${match[4] || 0}`) * 1000);
}

/** @param {RegExpExecArray} match */
function ofDate(match) {
  const [year, month, day] = match.slice(1, 4).map(Number);
  const midnight = Date.UTC(year, month - 1, day);
  const time = match[4] === undefined ? 0 : ofDay(match[4]);
  const isThere = new Date(midnight).getUTCMonth() === month - 1;
  return isThere && time !== null ? midnight + time : null;
}

/** A time without a date is that of the event clock's day, or of the nearest day on which it lies within the range.
 * @param {number} time
 * @param {number} nowMs
 * @param {Bounds} bounds
 * @param {string} zone */
function nearest(time, nowMs, { startMs, endMs }, zone) {
  const today = Math.floor(zones.wall(nowMs, zone) / DAY_MS) * DAY_MS + time;
  /** @param {number} ms */
  const inside = (ms) => ms >= startMs && ms <= endMs;
  const found = [today, today + DAY_MS, today - DAY_MS].map((wallMs) => zones.moment(wallMs, zone));
  return found.find(inside) ?? found[0];
}

/** @param {string} text
 * @param {number} nowMs
 * @param {Bounds} range
 * @param {string} zone */
function moment(text, nowMs, range, zone) {
  const typed = text.trim().toLowerCase();
  const duration = DURATION.exec(typed);
  if (duration) {
    const parts = [...duration[2].matchAll(/([\d.]+)\s*(ms|[smhd])/gu)];
    const length = parts.reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit], 0);
    return Math.round(nowMs + (duration[1] === "-" ? -length : length));
  }
  const share = /^(\d+(?:\.\d+)?)\s*%$/u.exec(typed);
  if (share) return Math.round(range.startMs + (Number(share[1]) / 100) * (range.endMs - range.startMs));
  const [shown, given] = IN_UTC.test(typed) ? [typed.replace(IN_UTC, ""), zones.UTC] : [typed, zone];
  const date = DATE.exec(shown);
  const wallMs = date ? ofDate(date) : ofDay(shown);
  if (wallMs === null) return null;
  return date ? zones.moment(wallMs, given) : nearest(wallMs, nowMs, range, given);
}

/** What was typed as { ms }, or { error } with what would be right.
 * @param {string} text
 * @param {number} nowMs
 * @param {Bounds} range
 * @param {string} zone
 * @returns {{ ms: number, error?: undefined } | { ms?: undefined, error: string }} */
export function parse(text, nowMs, range, zone) {
  const ms = moment(text, nowMs, range, zone);
  if (ms === null) return { error: `"${text.trim()}" is no time: ${EXAMPLES}` };
  // What is typed has no more digits than what is shown.
  const early = ms < Math.floor(range.startMs / 1000) * 1000;
  if (early || (range.known && ms > range.endMs + 999)) {
    /** @param {number} at */
    const shown = (at) => zones.dateTime(at, zone).slice(0, 19);
    const until = range.known ? ` until ${shown(range.endMs)}` : "";
    return { error: `outside of the replay, which goes from ${shown(range.startMs)}${until}` };
  }
  return { ms };
}
