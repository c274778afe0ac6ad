/* Which part of the data the chart shows. Pure: rows and places along the axis in, ranges out; `step` is from one bar to
   the next. */
/** @import { Row, Span } from "../types.d.ts" */

const FOLLOWED_BARS = 120;
const FEWEST_BARS = 8;
const FEWEST_KEPT = 20;
const AHEAD_SHARE = 1 / 24; // of the bars that are followed, but one bar at least

/** @param {readonly Row[]} rows */
const lastOf = (rows) => (rows.length ? rows[rows.length - 1][0] : -Infinity);
/** @param {readonly Row[]} rows */
const firstOf = (rows) => (rows.length ? rows[0][0] : Infinity);

/** The newest bars, right-aligned; while there are few, as many as there are, so that they fill the width. Null without any.
 * A share of the width, at the right, can be left free.
 * @param {readonly (readonly Row[])[]} tables
 * @param {number} step
 * @param {number} [free]
 * @returns {Span | null} */
export function follow(tables, step, free = 0) {
  const last = Math.max(...tables.map(lastOf));
  if (!Number.isFinite(last)) return null;
  const first = Math.min(...tables.map(firstOf));
  const bars = Math.min(FOLLOWED_BARS, Math.max(FEWEST_BARS, (last - first) / step + 2));
  const ahead = Math.max(1, Math.round(bars * AHEAD_SHARE), Math.ceil((bars * free) / (1 - free)));
  return [last - (bars - 1) * step, last + ahead * step];
}

/** A span that was in view under another interval, as far as it makes sense for the bars there are now: as many bars as
 * can be told apart, and not mostly beyond the first of them. `held` is from the first bar to the end of the last. Null
 * where there is nothing to see in it.
 * @param {Span} span
 * @param {Span | null} held
 * @param {number} step
 * @returns {Span | null} */
export function kept([from, to], held, step) {
  if (!held || to <= held[0] || from >= held[1]) return null;
  const least = FEWEST_KEPT * step;
  const most = Math.max(least, 1.5 * (held[1] - held[0]));
  const span = Math.min(most, Math.max(least, to - from));
  // Its end stays where it is, unless that lies far beyond the newest bar.
  const end = Math.min(to, held[1] + 0.5 * span);
  return [end - span, end];
}

/** Index of the first row at or after a place; `of` is where a row stands.
 * @template R
 * @param {readonly R[]} rows
 * @param {number} place
 * @param {(row: R) => number} of */
export function indexBy(rows, place, of) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (of(rows[middle]) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first row at or after a place.
 * @param {readonly Row[]} rows
 * @param {number} place */
export const indexAt = (rows, place) => indexBy(rows, place, (row) => row[0]);

/** The rows in a range, and half a step beside it.
 * @template {Row} R
 * @param {readonly R[]} rows
 * @param {Span} range
 * @param {number} step */
export function visible(rows, range, step) {
  const half = step / 2;
  return rows.slice(indexAt(rows, range[0] - half), indexAt(rows, range[1] + half));
}

/** The rows in a range, and one more on each side, so that a line reaches the edge.
 * @template {Row} R
 * @param {readonly R[]} rows
 * @param {Span} range
 * @param {number} step */
export function around(rows, range, step) {
  const half = step / 2;
  return rows.slice(Math.max(0, indexAt(rows, range[0] - half) - 1), indexAt(rows, range[1] + half) + 1);
}

/** A range scaled about one of its points.
 * @param {Span} range
 * @param {number} about
 * @param {number} factor
 * @returns {Span} */
export function zoom([low, high], about, factor) {
  return [about - (about - low) * factor, about + (high - about) * factor];
}
