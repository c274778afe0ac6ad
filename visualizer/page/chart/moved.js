/* Rows of bars, put on their places along the axis. */
/** @import { Row } from "../types.d.ts" */

/** @type {WeakMap<Row, Row>} */
const made = new WeakMap();

/** A row at a place: the same one each time, as long as the place is the same, so that what is drawn of it can be kept.
 * @template {Row} R
 * @param {R} row
 * @param {number} place
 * @returns {R} */
export function moved(row, place) {
  const known = /** @type {R | undefined} */ (made.get(row));
  if (known?.[0] === place) return known;
  const found = /** @type {R} */ (/** @type {unknown} */ ([place, ...row.slice(1)]));
  made.set(row, found);
  return found;
}
