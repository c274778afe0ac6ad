/* An axis of time on which long stretches without any bar take no room: each is as wide as two bars, however long it lasts.
   Pure: the starts of bars in, places, times and labels out. */
import { DAY_MS, sessionOf } from "../sessions.js";
import * as zones from "../zone.js";
import * as clock from "./clock.js";
import { moved } from "./moved.js";
import * as ranges from "./ranges.js";
/** @import { Break, Span, Timeline } from "../types.d.ts" */

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * DAY_MS;
/* Weeks begin on Mondays; the first one since the epoch. */
const MONDAY_MS = 4 * DAY_MS;
const WIDTH_BARS = 2;
/* Quiet markets have no trade for many bars of a second: a break by itself is an hour, and some bars, too. */
const AUTO_MS = HOUR_MS;
const AUTO_BARS = 4;
/* Marks between days that follow each other are too dense beyond it. */
const LONGEST_MARKED_MS = HOUR_MS;

/** The shortest stretch without bars that is a break.
 * @param {string} gap "auto", "never" or minutes, as in "15 min"
 * @param {number} intervalMs
 * @returns {number} */
export function leastMs(gap, intervalMs) {
  if (gap === "never") return Infinity;
  const minutes = Number.parseFloat(gap);
  if (!(minutes > 0)) return Math.max(AUTO_MS, AUTO_BARS * intervalMs);
  return Math.max(minutes * MINUTE_MS, (WIDTH_BARS + 1) * intervalMs); // none that would be wider than it lasts
}

/** The stretches between bars that are breaks: from when to when.
 * @param {readonly number[]} times
 * @param {number} intervalMs
 * @param {number} least
 * @returns {Span[]} */
function stretches(times, intervalMs, least) {
  /** @type {Span[]} */
  const found = [];
  for (let bar = 1; bar < times.length; bar += 1) {
    const endMs = times[bar - 1] + intervalMs;
    if (times[bar] - endMs >= least) found.push([endMs, times[bar]]);
  }
  return found;
}

/** Index of the last one that starts at or before a value; -1 for none.
 * @param {readonly Break[]} breaks
 * @param {number} value
 * @param {"fromMs" | "from"} key */
function before(breaks, value, key) {
  const index = ranges.indexBy(breaks, value, (each) => each[key]);
  return breaks[index]?.[key] === value ? index : index - 1;
}

/** The newest of `later` that is one of `times`; null without any.
 * @param {readonly number[]} times
 * @param {readonly number[]} later */
function newestShared(times, later) {
  for (let index = later.length - 1; index >= 0; index -= 1) {
    const ms = later[index];
    if (times[ranges.indexBy(times, ms, (time) => time)] === ms) return ms;
  }
  return null;
}

/** The axis of bars of a length, those that start at `times`; `least` is that of a break. Bars that `last`, the timeline until
 * now, knows as well keep their places.
 * @param {number} intervalMs
 * @param {readonly number[]} [times]
 * @param {number} [least]
 * @param {Timeline | null} [last]
 * @param {number} [sessionMs] when sessions start, in ms after midnight
 * @returns {Timeline} */
export function ofTime(intervalMs, times = [], least = Infinity, last = null, sessionMs = 0) {
  const width = WIDTH_BARS * intervalMs;
  const originMs = intervalMs === WEEK_MS ? MONDAY_MS : 0;
  const shared = last?.shared?.(times) ?? null;
  const spans = stretches(times, intervalMs, least);
  // How much later than its place a moment is: before the first break, and after each.
  const lags = [0];
  for (const [fromMs, toMs] of spans) lags.push(lags[lags.length - 1] + toMs - fromMs - width);
  if (last && shared !== null) {
    const lag = lags[spans.filter(([, toMs]) => toMs <= shared).length];
    const differs = shared - last.place(shared) - lag;
    for (const index of lags.keys()) lags[index] += differs;
  }
  /** @type {Break[]} */
  const breaks = spans.map(([fromMs, toMs], index) => ({ fromMs, toMs, from: fromMs - lags[index], to: toMs - lags[index + 1] }));
  const isMoved = lags.some((lag) => lag !== 0);

  /** @param {number} ms
   * @returns {number} */
  function place(ms) {
    const index = before(breaks, ms, "fromMs");
    const found = breaks[index];
    if (!found || ms >= found.toMs) return ms - lags[index + 1];
    return found.from + ((ms - found.fromMs) / (found.toMs - found.fromMs)) * width;
  }

  /** @param {number} at
   * @returns {number} */
  function time(at) {
    const index = before(breaks, at, "from");
    const found = breaks[index];
    if (!found || at >= found.to) return at + lags[index + 1];
    return found.fromMs + ((at - found.from) / width) * (found.toMs - found.fromMs);
  }

  /** @param {number} at
   * @returns {number} */
  function bar(at) {
    const near = Math.round((at - originMs) / intervalMs) * intervalMs + originMs;
    const found = breaks[before(breaks, near, "from")];
    if (!found || near >= found.to) return near;
    const earlier = found.from - intervalMs;
    return at - earlier <= found.to - at ? earlier : found.to;
  }

  const sessions = sessionStarts(times, intervalMs, breaks, sessionMs).map(place);
  return {
    step: intervalMs,
    fineness: intervalMs,
    key: [lags, sessions, breaks.map(({ from }) => from)].join(),
    fromMs: -Infinity,
    untilMs: Infinity,
    breaks,
    sessions,
    unrelated: last !== null && shared === null && (isMoved || last.breaks.length > 0 || last.place(0) !== 0),
    place,
    time,
    bar,
    put: (rows) => (isMoved ? rows.map((row) => moved(row, place(row[0]))) : rows),
    ticks: isMoved ? (span, perPixel, zone) => ticks({ breaks, place, time }, span, perPixel, zone) : clock.ticks,
    shared: (later) => newestShared(times, later),
  };
}

/** When sessions start: after each break, and at their time of each UTC day that follows on another without one.
 * @param {readonly number[]} times
 * @param {number} intervalMs
 * @param {readonly Break[]} breaks
 * @param {number} sessionMs */
function sessionStarts(times, intervalMs, breaks, sessionMs) {
  const after = new Set(breaks.map(({ toMs }) => toMs));
  if (intervalMs > LONGEST_MARKED_MS) return [...after];
  return times.flatMap((ms, index) => {
    if (after.has(ms)) return [ms];
    const session = sessionOf(ms, sessionMs);
    return index && session !== sessionOf(times[index - 1], sessionMs) ? [session * DAY_MS + sessionMs] : [];
  });
}

/** Labels on both sides of breaks: where a break ends, and at round times that are far enough from those.
 * @param {Pick<Timeline, "breaks" | "place" | "time">} axis
 * @param {Span} span
 * @param {number} perPixel
 * @param {string} zone */
function ticks({ breaks, place, time }, span, perPixel, zone) {
  const apart = clock.LABEL_PX * perPixel;
  const seen = breaks.filter(({ from, to }) => to >= span[0] - apart && from <= span[1] + apart);
  const edges = [time(span[0] - apart), ...seen.flatMap(({ fromMs, toMs }) => [fromMs, toMs]), time(span[1] + apart)];
  const stretched = Array.from({ length: seen.length + 1 }, (_, index) => /** @type {Span} */ ([edges[2 * index], edges[2 * index + 1]]));
  const round = stretched.flatMap((each) => clock.round(each, apart, zone).times);
  const starts = seen.map(({ toMs: ms }) => ({ ms, wallMs: zones.wall(ms, zone) }));
  /** @type {{ ms: number, wallMs: number, at: number }[]} */
  const chosen = [];
  for (const each of [...starts.sort(evenFirst), ...round]) {
    const at = place(each.ms);
    if (chosen.every((other) => Math.abs(other.at - at) >= apart)) chosen.push({ ...each, at });
  }
  chosen.sort((one, other) => one.at - other.at);
  const leading = chosen.find(({ at }) => at >= span[0] + apart / 2);
  return { places: chosen.map(({ at }) => at), texts: clock.texts(chosen, clock.round([0, 0], apart, zone).stepMs, leading) };
}

/** Which of too many starts have labels: those of even days, so that they stay where they are while the chart is panned.
 * @param {{ wallMs: number }} one
 * @param {{ wallMs: number }} other */
const evenFirst = (one, other) => evenness(other.wallMs) - evenness(one.wallMs) || one.wallMs - other.wallMs;

/** By what power of two the number of a day divides.
 * @param {number} wallMs */
function evenness(wallMs) {
  const day = Math.floor(wallMs / DAY_MS);
  return 31 - Math.clz32(day & -day);
}
