/* The labels of an axis that is time itself: times that are round in a zone, as fine as their distance. Pure. */
import * as zones from "../zone.js";
/** @import { Span } from "../types.d.ts" */

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const MONTH_MS = 28 * DAY_MS;
const MONDAY_MS = 4 * DAY_MS; // the first of 1970
/* From one label to the next, at least. */
export const LABEL_PX = 92;
/* From one label to the next. */
const STEPS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500]
  .concat([1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND_MS))
  .concat([1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS))
  .concat([1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS))
  .concat([1, 2, 7, 14].map((days) => days * DAY_MS));
const STEPS_MONTHS = [1, 3, 6, 12, 24, 60, 120];

/** A date as labels say it: 02 Jan 2024.
 * @param {number} ms */
export const date = (ms) => new Date(ms).toUTCString().slice(5, 16);

/** @param {Span} span
 * @param {number} stepMs */
function multiples([from, to], stepMs) {
  const offset = stepMs % (7 * DAY_MS) === 0 ? MONDAY_MS : 0;
  const times = [];
  for (let ms = Math.ceil((from - offset) / stepMs) * stepMs + offset; ms <= to; ms += stepMs) times.push(ms);
  return times;
}

/** The starts of months.
 * @param {Span} span
 * @param {number} step how many months from one to the next */
function months([from, to], step) {
  const first = new Date(from);
  const times = [];
  for (let month = Math.floor((first.getUTCFullYear() * 12 + first.getUTCMonth()) / step) * step; ; month += step) {
    const ms = Date.UTC(Math.floor(month / 12), month % 12);
    if (ms > to) return times;
    if (ms >= from) times.push(ms);
  }
}

/** What a label says where its neighbour is so far away, and the line below it, which stands only where it changes.
 * @param {number} ms
 * @param {number} stepMs */
function lines(ms, stepMs) {
  const clock = new Date(ms).toISOString();
  const day = date(ms);
  if (stepMs >= DAY_MS) return [day.slice(0, 6), day.slice(7)];
  /** @param {number} unit */
  const isWhole = (unit) => stepMs % unit === 0 && ms % unit === 0;
  return [clock.slice(11, isWhole(MINUTE_MS) ? 16 : isWhole(SECOND_MS) ? 19 : 23), day];
}

/** Times of a span that are round in a zone, at least so many ms apart, each with what clocks show then.
 * @param {Span} span
 * @param {number} leastMs
 * @param {string} zone */
export function round(span, leastMs, zone) {
  const step = STEPS_MS.find((ms) => ms >= leastMs);
  const monthly = STEPS_MONTHS.find((count) => count * MONTH_MS >= leastMs) ?? Math.ceil(leastMs / MONTH_MS / 120) * 120;
  const shown = /** @type {Span} */ (span.map((ms) => zones.wall(ms, zone)));
  const times = (step ? multiples(shown, step) : months(shown, monthly)).map((wallMs) => ({ wallMs, ms: zones.moment(wallMs, zone) }));
  // Clocks that are set forward skip times.
  return { times: times.filter(({ wallMs, ms }) => zones.wall(ms, zone) === wallMs), stepMs: step ?? MONTH_MS };
}

/** What labels say; the `leading` one, the first that is whole in view, has both lines.
 * @template {{ wallMs: number }} T
 * @param {readonly T[]} times
 * @param {number} stepMs
 * @param {T | undefined} leading */
export function texts(times, stepMs, leading) {
  let above = "";
  return times.map((time) => {
    const [text, below] = lines(time.wallMs, stepMs);
    const isTold = time === leading || (above !== "" && below !== above);
    above = below;
    return isTold ? `${text}\n${below}` : text;
  });
}

/** Round times of a span, and what their labels say.
 * @param {Span} span
 * @param {number} perPixel
 * @param {string} zone */
export function ticks(span, perPixel, zone) {
  const leastMs = LABEL_PX * perPixel;
  const { times, stepMs } = round(span, leastMs, zone);
  const leading = times.find(({ ms }) => ms >= span[0] + leastMs / 2);
  return { places: times.map(({ ms }) => ms), texts: texts(times, stepMs, leading) };
}
