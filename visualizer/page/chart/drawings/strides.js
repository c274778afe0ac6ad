/* How far keys move something: along the bars, and by values that can be. Pure. */
import { movedBy } from "../../draw/steps.js";
/** @import { Drawing, DrawnPoint, Steps, Timeline } from "../../types.d.ts" */

const SEEN_PX = 2; // a move by less is hardly seen
const FARTHER = 10;
const BREAK_BARS = 4; // a break is no wider

/** How far a key moves: as far as can be seen, ten times so far, or by the least that there is.
 * @typedef {"seen" | "far" | "least"} Reach */

/** The start of the bar so many bars on; a break is passed at once. At the end of bars that are counted it is the last one.
 * @param {Pick<Timeline, "place" | "time" | "bar" | "step">} timeline
 * @param {number} ms
 * @param {number} bars */
export function barsOn({ place, time, bar, step }, ms, bars) {
  const from = bar(place(ms));
  const way = Math.sign(bars);
  for (let more = 0; more <= BREAK_BARS; more += 1) {
    const to = bar(from + (bars + way * more) * step);
    if ((to - from) * way > 0) return Math.round(time(to));
  }
  return Math.round(time(from));
}

/** So many bars a key moves.
 * @param {Reach} reach */
export const barsOf = (reach) => (reach === "far" ? FARTHER : 1);

/** A value moved up (1) or down (-1).
 * @param {number} value
 * @param {1 | -1} way
 * @param {{ steps: Steps | null, perPixel: number, reach: Reach }} given where the values that can be are not known, a pixel is the least
 * @returns {number} */
export function valueOn(value, way, { steps, perPixel, reach }) {
  const least = steps?.step ?? perPixel;
  const many = reach === "least" ? 1 : Math.max(1, Math.ceil((SEEN_PX * perPixel) / least)) * barsOf(reach);
  return movedBy(value, way * many * least, steps);
}

/** The points of a drawing of which one, or all, have moved.
 * @param {Pick<Drawing, "points">} drawing
 * @param {number | null} which
 * @param {(point: DrawnPoint) => DrawnPoint} move
 * @returns {DrawnPoint[]} */
export const movedPoints = ({ points }, which, move) => points.map((point, index) => (which === null || which === index ? move(point) : point));
