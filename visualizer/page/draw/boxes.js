/* Boxes. Pure. */
/** @import { Box, Group, Part } from "../types.d.ts" */

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

/** What of some parts is in a box; all stays where it is.
 * @param {readonly Part[]} parts
 * @param {Box} box
 * @returns {Part[]} */
export function within(parts, box) {
  return parts.flatMap((part) => {
    const { left, top, scale = 1 } = part;
    const own = { left: (box.left - left) / scale, top: (box.top - top) / scale, width: box.width / scale, height: box.height / scale };
    /** @type {Group[]} */
    const groups = part.groups.map((group) => ({ ...group, box: shared(group.box, own) })).filter(({ box: { width, height } }) => width > 0 && height > 0);
    return groups.length ? [{ ...part, groups }] : [];
  });
}
