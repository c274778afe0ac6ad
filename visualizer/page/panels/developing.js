/* The session's point of control and value area as they developed, and points of control of earlier sessions that are naked: layers
   of the price. Pure. */
import { rects, snapped } from "../draw/commands.js";
import * as format from "../format.js";
import { token } from "../tokens.js";
import { DAY_MS, runs, startMs } from "../sessions.js";
/** @import { Command, Layer, Picture, Scale, StatisticsRow } from "../types.d.ts" */

const HEIGHT = 1;
const POC = 18;
const EDGES = [19, 20];
const POC_PX = 2;
const EDGE_SHARE = 0.6; // of a bar: the edges of the value area are dashes
const DASH_PX = 6;
const DASH_GAP_PX = 4;
const LABEL_PX = 12;

/** A step for each bar; steps that touch are joined where `isJoined`.
 * @param {readonly StatisticsRow[]} rows of one session
 * @param {(row: StatisticsRow) => number | null} valueOf
 * @param {Scale} scale
 * @param {{ share: number, px: number, isJoined: boolean }} style
 * @returns {number[]} rectangles */
function steps(rows, valueOf, { toX, toY, barPx, ratio }, { share, px, isJoined }) {
  /** @type {number[]} */
  const found = [];
  let before = { right: Number.NaN, y: Number.NaN };
  for (const row of rows) {
    const value = valueOf(row);
    if (value === null) continue;
    const [left, right] = [-0.5, 0.5].map((by) => snapped(toX(row[0]) + by * barPx * share, ratio));
    const y = snapped(toY(value) - px / 2, ratio);
    found.push(left, y, Math.max(1 / ratio, right - left), px);
    // Bars without a trade are passed over: there the value stayed as it was.
    if (isJoined && left > before.right) found.push(before.right, before.y, left - before.right, px);
    if (isJoined && y !== before.y && !Number.isNaN(before.y)) found.push(left, Math.min(y, before.y), 1, Math.abs(y - before.y) + px);
    before = { right, y };
  }
  return found;
}

/** @type {Layer} */
export const developing = {
  views: ["statistics"],
  when: (options) => options.developing,
  commands({ rows, time, data }, scale) {
    const sessions = runs(rows("statistics"), time, startMs(data.about));
    const edge = { share: EDGE_SHARE, px: 1, isJoined: false };
    const point = { share: 1, px: POC_PX, isJoined: true };
    /** @param {StatisticsRow} row */
    const middle = (row) => (row[POC] === null ? null : Number(row[POC]) + row[HEIGHT] / 2);
    return [
      ...rects(
        token("developing-area"),
        EDGES.flatMap((column) =>
          sessions.flatMap((session) => steps(session, (row) => /** @type {number | null} */ (row[column]), scale, edge)),
        ),
      ),
      ...rects(token("developing-poc"), sessions.flatMap((session) => steps(session, middle, scale, point))),
    ];
  },
};

/** @param {number} ms */
const date = (ms) => new Date(ms).toUTCString().slice(5, 11);

/** @param {Picture} picture
 * @param {Scale} scale
 * @returns {Command[]} */
function nakedLines({ data: { profile, about }, place, step }, { toX, toY, box, ratio }) {
  if (!profile) return [];
  /** @type {number[]} */
  const dashes = [];
  /** @type {{ text: string, x: number, y: number }[]} */
  const texts = [];
  for (const { start_ms: beginMs, poc, is_naked: isNaked } of profile.earlier.toReversed()) {
    if (!isNaked || poc === null) continue;
    const y = toY(poc + profile.row / 2);
    const left = Math.max(box.left, toX(place(beginMs + DAY_MS) - step / 2));
    if (y < box.top || y > box.top + box.height) continue;
    const right = box.left + box.width;
    for (let x = left; x < right; x += DASH_PX + DASH_GAP_PX) dashes.push(x, snapped(y - 0.5, ratio), Math.min(DASH_PX, right - x), 1);
    const label = { text: `POC ${date(beginMs)} ${format.price(poc, about)}`, x: left + 4, y: y - LABEL_PX / 2 };
    if (texts.every((other) => Math.abs(other.y - label.y) >= LABEL_PX)) texts.push(label);
  }
  if (!dashes.length) return [];
  return [...rects(token("naked-poc"), dashes), { kind: "texts", colour: token("naked-poc"), align: "left", texts }];
}

/** @type {Layer} */
export const naked = { views: ["profile"], when: (options) => options.naked, commands: nakedLines };
