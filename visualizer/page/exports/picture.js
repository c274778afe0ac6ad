/* A picture to be handed out: what of the page is in it, below lines that say what it shows. Pure. */
import { within } from "../draw/boxes.js";
import { TEXT_PX, widthOf } from "../draw/text.js";
import { areMoved, startOf } from "../sessions.js";
import { token } from "../tokens.js";
import * as zones from "../zone.js";
/** @import { About, Box, Options, Part, Print, Status } from "../types.d.ts" */

const LINE_PX = 16;
const PADDING_PX = 8;
const BETWEEN = " · ";
/** @type {Record<string, string>} */
const VIEWS = { overview: "Overview", flow: "Order flow", depth: "Depth" };

/** What a picture says of itself.
 * @param {About} about
 * @param {Status} status
 * @param {Readonly<Options>} options
 * @param {string} zone
 * @returns {string[]} */
export function headline(about, status, { preset }, zone) {
  const ms = status.event_time_ms;
  const time = ms === null ? "no time yet" : `${zones.dateTime(ms, zone)} ${zone}`;
  const levels = about.obi_levels ? `OBI of ${about.obi_levels} levels` : "OBI of the whole book";
  return [
    [about.instrument, time, `${about.interval} bars`, status.state].join(BETWEEN),
    [
      VIEWS[preset] ?? preset,
      `price rows ${about.row}`,
      levels,
      `CVD reset ${about.cvd_reset}`,
      ...(areMoved(about) ? [`sessions from ${startOf(about)} UTC`] : []),
      `${about.dataset}${about.format ? ` (${about.format})` : ""}`,
    ].join(BETWEEN),
  ];
}

/** What of some parts is in a box, with its corner at 0.
 * @param {readonly Part[]} parts
 * @param {Box} box
 * @returns {Part[]} */
export const cropped = (parts, box) =>
  within(parts, box).map((part) => ({ ...part, left: part.left - box.left, top: part.top - box.top }));

/** Stretches of parts, one below the other, each a box of them.
 * @param {readonly Part[]} parts
 * @param {readonly Box[]} boxes
 * @returns {Part[]} */
export function stacked(parts, boxes) {
  let down = 0;
  return boxes.flatMap((box) => {
    const moved = cropped(parts, box).map((part) => ({ ...part, top: part.top + down }));
    down += box.height;
    return moved;
  });
}

/** A line as several that fit a width: it is broken between its parts, and where one of these does not fit, within it.
 * @param {string} line
 * @param {number} width
 * @returns {string[]} */
function broken(line, width) {
  const most = Math.max(1, Math.floor(width / widthOf("0")));
  const fitting = line.split(BETWEEN).flatMap((part) => part.match(new RegExp(`.{1,${most}}`, "gu")) ?? []);
  /** @type {string[]} */
  const lines = [];
  for (const part of fitting) {
    const longer = lines.length ? `${lines[lines.length - 1]}${BETWEEN}${part}` : part;
    if (lines.length && longer.length <= most) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

/** The picture of some parts in a size, below its lines.
 * @param {readonly Part[]} parts
 * @param {{ width: number, height: number }} size
 * @param {readonly string[]} lines
 * @returns {Print} */
export function print(parts, { width, height }, lines) {
  const fitting = lines.flatMap((line) => broken(line, width - 2 * PADDING_PX));
  const head = fitting.length * LINE_PX + PADDING_PX;
  const texts = fitting.map((text, index) => ({ text, x: PADDING_PX, y: PADDING_PX / 2 + index * LINE_PX + LINE_PX / 2 }));
  /** @type {Part} */
  const above = {
    left: 0,
    top: 0,
    groups: [{ box: { left: 0, top: 0, width, height: head }, commands: [{ kind: "texts", colour: token("text"), align: "left", size: TEXT_PX, texts }] }],
  };
  return {
    width,
    height: height + head,
    ground: token("background"),
    font: token("mono"),
    title: lines.join("\n"),
    parts: [above, ...parts.map((part) => ({ ...part, top: part.top + head }))],
  };
}

/** The name of a file of what is shown.
 * @param {About} about
 * @param {number | null} ms
 * @param {string} what
 * @param {string} ending */
export function fileName({ instrument, interval }, ms, what, ending) {
  const time = ms === null ? "" : new Date(ms).toISOString().replaceAll(":", "-");
  return `${[instrument, interval, time, what].filter(Boolean).join("_").replace(/[^\p{L}\p{N}._-]+/gu, "-")}.${ending}`;
}
