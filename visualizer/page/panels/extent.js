/* From where to where the values of rows reach. Pure. */
/** @import { Row, Span } from "../types.d.ts" */

const PADDING = 0.08;

/** Lowest of one column and highest of another; null where neither has a number.
 * @param {readonly Row[]} rows
 * @param {number} lowColumn
 * @param {number} highColumn
 * @returns {Span | null} */
export function extent(rows, lowColumn, highColumn) {
  let low = Infinity;
  let high = -Infinity;
  for (const row of rows) {
    const [least, greatest] = [row[lowColumn], row[highColumn]];
    if (least !== null && least < low) low = least;
    if (greatest !== null && greatest > high) high = greatest;
  }
  return low <= high ? [low, high] : null;
}

/** An extent with some room above and below it, even where it is a single value.
 * @param {Span | null} span
 * @returns {Span | null} */
export function padded(span) {
  if (!span) return null;
  const [low, high] = span;
  const pad = high > low ? (high - low) * PADDING : Math.max(Math.abs(high) * 0.001, 1e-9);
  return [low - pad, high + pad];
}

/** The depth chart's price range: even around the mid, and calm: it widens at once and narrows late.
 * @param {number} reach
 * @param {number | null} held */
export function around(reach, held) {
  const enough = held !== null && reach <= held && reach >= 0.55 * held;
  return enough ? held : reach * 1.15;
}
