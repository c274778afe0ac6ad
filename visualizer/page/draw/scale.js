/* From values to pixels and back. Pure. */
/** @import { Box, Scale, Span } from "../types.d.ts" */

/** How places along the axis and values of a panel lie in a box, in units of the page. `step` is from one bar to the next,
 * `ratio` is how many pixels of the screen make a unit.
 * @param {{ x: Span, y: Span, box: Box, step: number, ratio: number }} given
 * @returns {Scale} */
export function scale({ x, y, box, step, ratio }) {
  const perPlace = box.width / (x[1] - x[0]);
  const perValue = box.height / (y[1] - y[0]);
  return {
    x,
    y,
    box,
    step,
    ratio,
    barPx: step * perPlace,
    toX: (place) => box.left + (place - x[0]) * perPlace,
    toY: (value) => box.top + (y[1] - value) * perValue,
    fromX: (px) => x[0] + (px - box.left) / perPlace,
    fromY: (px) => y[1] - (px - box.top) / perValue,
  };
}
