/* Behind all panels: breaks of the time axis as hatched bands with their lengths, and a line where a session starts. Pure. */
import { rects, upright } from "../draw/commands.js";
import { widthOf } from "../draw/text.js";
import * as format from "../format.js";
import { token } from "../tokens.js";
/** @import { Box, Break, Command, Scale } from "../types.d.ts" */

const HATCH_PX = 6;
const LEAST_HATCHED_PX = 4;
const LEAST_APART_PX = 24; // from one session to the next, where they are marked
const LINE_PX = 13;
const MARGIN_PX = 8;

/** The edges of the breaks in view, in pixels. A candle stands on its start, so half of it lies left of that.
 * @param {readonly Break[]} breaks
 * @param {Scale} scale */
const seen = (breaks, { x: [from, to], step, toX }) =>
  breaks
    .filter((each) => each.to >= from && each.from - step <= to)
    .map((each) => ({ lengthMs: each.toMs - each.fromMs, left: toX(each.from - step / 2), right: toX(each.to - step / 2) }));

/** Slanting lines over a band.
 * @param {{ left: number, right: number }} band
 * @param {{ top: number, height: number }} cell */
function hatched({ left, right }, { top, height }) {
  const points = [];
  for (let y = top - (right - left); y < top + height; y += HATCH_PX) points.push(left, y + right - left, right, y, 0, Number.NaN);
  return points;
}

/** @param {{ breaks: readonly Break[], sessions: readonly number[] }} axis
 * @param {Box} cell
 * @param {Scale} scale
 * @returns {Command[]} */
export function breaksAndSessions({ breaks, sessions }, cell, scale) {
  const { x, step, toX, box, ratio } = scale;
  const bands = seen(breaks, scale);
  const wide = bands.filter(({ left, right }) => right - left >= LEAST_HATCHED_PX);
  const starts = sessions.filter((place) => place - step / 2 >= x[0] && place - step / 2 <= x[1]);
  const marked = starts.length * LEAST_APART_PX > box.width ? [] : starts;
  const points = wide.flatMap((band) => hatched(band, cell));
  return [
    ...rects(token("break"), bands.flatMap(({ left, right }) => [left, cell.top, right - left, cell.height])),
    ...(points.length ? [/** @type {Command} */ ({ kind: "polyline", colour: token("break-hatch"), width: 1, points })] : []),
    ...upright(token("session-mark"), marked.map((place) => toX(place - step / 2)), cell, ratio),
  ];
}

/** How long breaks last, where there is room: across where they are wide, else from below.
 * @param {readonly Break[]} breaks
 * @param {Box} box
 * @param {Scale} scale
 * @returns {Command[]} */
export function breakLabels(breaks, box, scale) {
  const labels = seen(breaks, scale).map(({ lengthMs, left, right }) => {
    const text = format.duration(lengthMs);
    return { text, x: (left + right) / 2, room: right - left, long: widthOf(text) };
  });
  const across = labels.filter(({ room, long }) => room >= long + MARGIN_PX);
  const turned = labels.filter(({ room, long }) => room < long + MARGIN_PX && room >= LINE_PX && long + 2 * MARGIN_PX <= box.height);
  const middle = box.top + box.height / 2;
  /** @param {typeof labels} some
   * @param {boolean} isTurned
   * @returns {Command[]} */
  const texts = (some, isTurned) =>
    some.length
      ? [{ kind: "texts", colour: token("axis-text"), align: "center", turned: isTurned, texts: some.map(({ text, x }) => ({ text, x, y: middle })) }]
      : [];
  return [...texts(across, false), ...texts(turned, true)];
}
