/* Boxes. Pure. */
/** @import { Box } from "../types.d.ts" */

/** What two boxes share; it has no width or no height where that is nothing.
 * @param {Box} one
 * @param {Box} other
 * @returns {Box} */
export function shared(one, other) {
  const [left, top] = [Math.max(one.left, other.left), Math.max(one.top, other.top)];
  const right = Math.min(one.left + one.width, other.left + other.width);
  const bottom = Math.min(one.top + one.height, other.top + other.height);
  return { left, top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}
