/* Which part of the data the chart shows. Pure: rows and places along the axis in, ranges out; `step` is from one bar to
   the next. */
/** @import { AxisName, Row, Span } from "../types.d.ts" */

const FOLLOWED_BARS = 120;
const FEWEST_BARS = 40;
const FEWEST_KEPT = 20;
const AHEAD_BARS = 5;
const PRICE_PADDING = 0.08;
const OBI_LEAST = 0.2;

/** @param {readonly Row[]} rows */
const lastOf = (rows) => (rows.length ? rows[rows.length - 1][0] : -Infinity);
/** @param {readonly Row[]} rows */
const firstOf = (rows) => (rows.length ? rows[0][0] : Infinity);

/** The newest bars, right-aligned; while there are few, as many as there are. Null without any.
 * @param {readonly Row[]} ohlc
 * @param {readonly Row[]} metrics
 * @param {number} step
 * @returns {Span | null} */
export function follow(ohlc, metrics, step) {
  const last = Math.max(lastOf(ohlc), lastOf(metrics));
  if (!Number.isFinite(last)) return null;
  const first = Math.min(firstOf(ohlc), firstOf(metrics));
  const bars = Math.min(FOLLOWED_BARS, Math.max(FEWEST_BARS, (last - first) / step + 2));
  return [last - (bars - 1) * step, last + AHEAD_BARS * step];
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

/** Lowest of one column and highest of another; null where neither has a number.
 * @param {readonly Row[]} rows
 * @param {number} lowColumn
 * @param {number} highColumn
 * @returns {Span | null} */
function extent(rows, lowColumn, highColumn) {
  let low = Infinity;
  let high = -Infinity;
  for (const row of rows) {
    const [least, greatest] = [row[lowColumn], row[highColumn]];
    if (least !== null && least < low) low = least;
    if (greatest !== null && greatest > high) high = greatest;
  }
  return low <= high ? [low, high] : null;
}

/** @param {Span} range
 * @param {number} share
 * @returns {Span} */
function padded([low, high], share) {
  const span = high - low;
  const pad = span > 0 ? span * share : Math.max(Math.abs(high) * 0.001, 1e-9);
  return [low - pad, high + pad];
}

/** Ranges of the four panels that fit the visible rows; a panel without any keeps null.
 * @param {readonly Row[]} ohlc
 * @param {readonly Row[]} metrics
 * @param {Span} range
 * @param {number} step
 * @returns {Record<AxisName, Span | null>} */
export function fit(ohlc, metrics, range, step) {
  const bars = visible(ohlc, range, step);
  const rows = visible(metrics, range, step);
  const price = extent(bars, 3, 2);
  const volume = extent(bars, 5, 5);
  const obi = extent(rows, 3, 2);
  const cvd = extent(rows, 7, 6);
  // In steps of a tenth and around zero, so that the scale rests while the book breathes.
  const reach = obi && Math.min(1, Math.max(OBI_LEAST, Math.ceil(10 * Math.max(-obi[0], obi[1])) / 10));
  return {
    yaxis: price && padded(price, PRICE_PADDING),
    yaxis2: volume && [0, (volume[1] || 1) * 1.12],
    yaxis3: reach ? [-1.2 * reach, 1.2 * reach] : null,
    yaxis4: cvd && padded(cvd, PRICE_PADDING),
  };
}

/** A range scaled about one of its points.
 * @param {Span} range
 * @param {number} about
 * @param {number} factor
 * @returns {Span} */
export function zoom([low, high], about, factor) {
  return [about - (about - low) * factor, about + (high - about) * factor];
}

/** The depth chart's price range: even around the mid, and calm: it widens at once and narrows late.
 * @param {number} reach
 * @param {number | null} held */
export function around(reach, held) {
  const enough = held !== null && reach <= held && reach >= 0.55 * held;
  return enough ? held : reach * 1.15;
}
