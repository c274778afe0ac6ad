/* Where bars stand along the chart's axis, and what time it is there. Bars of a time stand on their starts: the axis is
   time itself, less its breaks. Bars of activity last as long as they take; each has one place on an axis that counts bars, and its time is
   but its label. Pure: rows and times in, places, times and labels out. */
import * as format from "../format.js";
import * as interval from "../playback/interval.js";
import * as sessions from "../sessions.js";
import * as breaks from "./breaks.js";
import * as clock from "./clock.js";
import { moved } from "./moved.js";
import * as ranges from "./ranges.js";
import * as zones from "../zone.js";
/** @import { MetricsRow, OhlcRow, Span, State, Timeline } from "../types.d.ts" */

/* From one place to the next, in what the axis counts in. */
const STEP = 60_000;
const LABEL_PX = 84;
const DAY_MS = 86_400_000;
/* What a label may stand at, the most telling first: the first bar of a day, of a half of it, and so on. */
const ROUND_MS = [24, 12, 6, 3, 1]
  .map((hours) => hours * 3_600_000)
  .concat([30, 15, 5, 1].map((minutes) => minutes * 60_000))
  .concat([30_000, 15_000, 5000, 1000, 1]);

/** The bars that start at `times`, the last of which has come as far as `nowMs`. Bars that `before`, the timeline until now,
 * knows as well keep their places; where there are none, `unrelated` is true.
 * @param {number[]} times
 * @param {number | null} nowMs
 * @param {Timeline | null} before
 * @returns {Timeline} */
export function ofActivity(times, nowMs, before) {
  const found = before && before.numbered ? before.numbered(times) : null;
  const first = found ?? 0;
  const count = times.length;
  const edges = [...times, Math.max(nowMs ?? 0, times[count - 1]) + 1];
  const mean = (edges[count] - edges[0]) / count;
  /** @param {number} index */
  const at = (index) => (first + index) * STEP;
  /** @param {number} there */
  const index = (there) => there / STEP - first;

  /** Evenly within a bar; beyond the bars as if all were as long as these on average.
   * @param {number} ms
   * @returns {number} */
  function place(ms) {
    if (ms <= edges[0]) return at((ms - edges[0]) / mean);
    if (ms >= edges[count]) return at(count + (ms - edges[count]) / mean);
    const bar = indexBefore(edges, ms);
    return at(bar + (ms - edges[bar]) / (edges[bar + 1] - edges[bar]));
  }

  /** @param {number} there
   * @returns {number} */
  function time(there) {
    const exact = index(there);
    if (exact <= 0) return edges[0] + exact * mean;
    if (exact >= count) return edges[count] + (exact - count) * mean;
    const bar = Math.floor(exact);
    return edges[bar] + (exact - bar) * (edges[bar + 1] - edges[bar]);
  }

  return {
    step: STEP,
    fineness: times.some((ms, bar) => bar && second(ms) === second(times[bar - 1])) ? 1 : 1000,
    key: `${times[0]} ${times[count - 1]} ${first}`,
    fromMs: edges[0],
    untilMs: edges[count],
    unrelated: found === null,
    breaks: [],
    sessions: times.flatMap((ms, bar) => (bar && day(ms) !== day(times[bar - 1]) ? [at(bar)] : [])),
    place,
    time,
    bar: (there) => at(Math.max(0, Math.min(count - 1, Math.round(index(there))))),
    put: (rows) => rows.map((row) => moved(row, at(indexBefore(times, row[0])))),
    ticks: ([from, to], perPixel, zone) => {
      const shown = times.map((ms) => zones.wall(ms, zone));
      return ticks(shown, first, [index(from), index(to)], Math.ceil((LABEL_PX * perPixel) / STEP), at);
    },
    numbered: (later) => numbered(times, first, later),
  };
}

/** @param {number} ms */
const second = (ms) => Math.floor(ms / 1000);

/** @param {number} ms */
const day = (ms) => Math.floor(ms / DAY_MS);

/** Index of the last of them at or before a moment; -1 where there is none.
 * @param {number[]} times
 * @param {number} ms */
function indexBefore(times, ms) {
  const index = ranges.indexBy(times, ms, (time) => time);
  return times[index] === ms ? index : index - 1;
}

/** The number of the first of `later` bars, by one that both know; null without any.
 * @param {number[]} times
 * @param {number} first
 * @param {number[]} later
 * @returns {number | null} */
function numbered(times, first, later) {
  for (let index = later.length - 1; index >= 0; index -= 1) {
    const known = indexBefore(times, later[index]);
    if (known >= 0 && times[known] === later[index]) return first + known - index;
  }
  return null;
}

/** How telling a bar's start is: the coarsest round time between the start of the bar before and it.
 * @param {number[]} times
 * @param {number} bar */
const rank = (times, bar) =>
  bar === 0
    ? ROUND_MS.length - 1
    : ROUND_MS.findIndex((length) => Math.floor(times[bar] / length) !== Math.floor(times[bar - 1] / length));

/** Labels, at least so many bars apart: the most telling bars have them. Which of equals does is settled by their
 * numbers alone, so that a label stays where it is while bars come and go. Some are beyond the view; the date is told
 * where it changes, and by the first label that is whole in view.
 * @param {number[]} times
 * @param {number} first
 * @param {Span} span
 * @param {number} apart
 * @param {(index: number) => number} at */
function ticks(times, first, [from, to], apart, at) {
  /** @param {number} number */
  const roundness = (number) => (number === 0 ? 31 : 31 - Math.clz32(number & -number));
  const bars = times.map((_, bar) => ({ bar, rank: rank(times, bar), even: roundness(first + bar) }));
  bars.sort((one, other) => one.rank - other.rank || other.even - one.even || one.bar - other.bar);
  const taken = new Uint8Array(times.length);
  /** @type {number[]} */
  const chosen = [];
  for (const each of bars) {
    if (taken[each.bar]) continue;
    taken.fill(1, Math.max(0, each.bar - apart + 1), each.bar + apart);
    chosen.push(each.bar);
  }
  const near = chosen.filter((bar) => bar >= 2 * from - to && bar <= 2 * to - from).sort((one, other) => one - other);
  const leading = near.find((bar) => bar >= from + apart / 2);
  const texts = near.map((bar, index) => label(times[bar], times[near[index - 1]] ?? -Infinity, bar === leading));
  return { places: near.map(at), texts };
}

/** As fine as it takes to tell it from the label before.
 * @param {number} ms
 * @param {number} before
 * @param {boolean} dated */
function label(ms, before, dated) {
  /** @param {number} length */
  const differs = (length) => Math.floor(ms / length) !== Math.floor(before / length);
  const text = format.dateTime(ms).slice(11, differs(60_000) ? 16 : differs(1000) ? 19 : 23);
  return dated || differs(DAY_MS) ? `${text}\n${clock.date(ms)}` : text;
}

/** All times of both tables, each once.
 * @param {OhlcRow[]} ohlc
 * @param {MetricsRow[]} metrics */
function timesOf(ohlc, metrics) {
  const all = new Set(metrics.map((row) => row[0]));
  const more = ohlc.filter((row) => !all.has(row[0])).map((row) => row[0]);
  return more.length ? [...all, ...more].sort((one, other) => one - other) : [...all];
}

/** The timeline of what the page holds, some bar at least; `before` is the one until now, if it is of the same session, and
 * `gap` what makes a break.
 * @param {State} state
 * @param {Timeline | null} before
 * @param {string} gap */
export function timeline({ about, status, ohlc, metrics }, before, gap) {
  const length = interval.parse(about && about.interval);
  const times = timesOf(ohlc, metrics);
  if (length && !length.ms) return ofActivity(times, status && status.event_time_ms, before);
  const intervalMs = length ? length.ms : STEP;
  return breaks.ofTime(intervalMs, times, breaks.leastMs(gap, intervalMs), before, sessions.startMs(about));
}
