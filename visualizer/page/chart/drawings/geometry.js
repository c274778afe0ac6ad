/* Drawings as lines on the screen, and what of them is near a point. Pure. */
import { TEXT_PX, widthOf } from "../../draw/text.js";
/** @import { Box, Drawing, Picture, Scale } from "../../types.d.ts" */
/** Where a drawing is: its points, the lines of its shape as x and y of both ends, and the box of a note's text.
 * @typedef {{ points: number[][], lines: number[][], text: Box | null }} Placed */
/** What of a drawing was met: one of its points, by its number, or null for the whole.
 * @typedef {{ drawing: Drawing, point: number | null }} Met */

const NEAR_PX = 6;
const POINT_PX = 8;
const PADDING_PX = 5;
const LINE_PX = 15;

/** How far a line from one point through another reaches: as far as the farthest edge of a box.
 * @param {number[]} one
 * @param {number[]} other
 * @param {Box} box
 * @returns {number[]} */
export function rayEnd([x, y], [throughX, throughY], { left, top, width, height }) {
  const [alongX, alongY] = [throughX - x, throughY - y];
  const edges = [
    alongX ? ((alongX > 0 ? left + width : left) - x) / alongX : Infinity,
    alongY ? ((alongY > 0 ? top + height : top) - y) / alongY : Infinity,
  ];
  const times = Math.max(1, Math.min(...edges));
  return Number.isFinite(times) ? [x + alongX * times, y + alongY * times] : [throughX, throughY];
}

/** @param {number[]} one
 * @param {number[]} other */
function edgesOf([left, top], [right, bottom]) {
  return [
    [left, top, right, top],
    [right, top, right, bottom],
    [right, bottom, left, bottom],
    [left, bottom, left, top],
  ];
}

/** The lines of a note.
 * @param {string} text */
export const linesOf = (text) => text.split("\n");

/** The box of some lines of text, right of and above a point.
 * @param {string[]} lines
 * @param {number} x
 * @param {number} y
 * @returns {Box} */
export function textBox(lines, x, y) {
  const height = lines.length * LINE_PX + PADDING_PX;
  return { left: x + PADDING_PX, top: y - PADDING_PX - height, width: Math.max(...lines.map(widthOf)) + 2 * PADDING_PX, height };
}

/** Where each line of a text in its box stands.
 * @param {string[]} lines
 * @param {Box} box */
export const textPlaces = (lines, { left, top }) =>
  lines.map((text, index) => ({ text, x: left + PADDING_PX, y: top + PADDING_PX / 2 + index * LINE_PX + TEXT_PX * 0.7 }));

/** The box of a note: below the upper edge of its panel where its point is.
 * @param {string[]} lines
 * @param {number[]} point
 * @param {Box} panel
 * @returns {Box} */
function noteBox(lines, [x, y], panel) {
  const box = textBox(lines, x, y);
  return y < panel.top ? box : { ...box, top: Math.max(box.top, panel.top) };
}

/** @param {Drawing} drawing
 * @param {Pick<Picture, "place">} picture
 * @param {Scale} scale
 * @returns {Placed} */
export function placed({ kind, points: given, text }, { place }, { toX, toY, box }) {
  const points = given.map(({ ms, price }) => [toX(place(ms)), toY(price)]);
  const [one, other] = points;
  if (kind === "level") return { points: [[box.left + box.width / 2, one[1]]], lines: [[box.left, one[1], box.left + box.width, one[1]]], text: null };
  if (kind === "note") return { points, lines: [], text: noteBox(linesOf(text ?? ""), one, box) };
  if (kind === "trend") return { points, lines: [[...one, ...other]], text: null };
  if (kind === "ray") return { points, lines: [[...one, ...rayEnd(one, other, box)]], text: null };
  return { points, lines: edgesOf(one, other), text: null };
}

/** How far a point is from a line between two.
 * @param {number} x
 * @param {number} y
 * @param {number[]} line */
export function distance(x, y, [fromX, fromY, toX, toY]) {
  const [alongX, alongY] = [toX - fromX, toY - fromY];
  const length = alongX ** 2 + alongY ** 2;
  const share = length ? Math.max(0, Math.min(1, ((x - fromX) * alongX + (y - fromY) * alongY) / length)) : 0;
  return Math.hypot(x - fromX - share * alongX, y - fromY - share * alongY);
}

/** @param {Box} box
 * @param {number} x
 * @param {number} y */
const isIn = ({ left, top, width, height }, x, y) => x >= left && x <= left + width && y >= top && y <= top + height;

/** The topmost drawing at a point of the screen; its own points come before its lines. Null for none.
 * @param {readonly Drawing[]} drawings from below
 * @param {Pick<Picture, "place">} picture
 * @param {Scale} scale
 * @param {{ x: number, y: number }} at
 * @returns {Met | null} */
export function met(drawings, picture, scale, { x, y }) {
  for (let index = drawings.length - 1; index >= 0; index -= 1) {
    const drawing = drawings[index];
    const { points, lines, text } = placed(drawing, picture, scale);
    const point = drawing.kind === "level" ? -1 : points.findIndex((each) => Math.hypot(x - each[0], y - each[1]) <= POINT_PX);
    if (point >= 0) return { drawing, point };
    if ((text && isIn(text, x, y)) || lines.some((line) => distance(x, y, line) <= NEAR_PX)) return { drawing, point: null };
  }
  return null;
}
