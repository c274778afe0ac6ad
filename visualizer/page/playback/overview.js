/* The picture in the seek slider: traded volume over the whole range, what the report locates, and a scale of times. */
import * as findings from "../findings.js";
import * as format from "../format.js";
import { token } from "../tokens.js";
import { unit } from "../unit.js";
import * as zones from "../zone.js";
/** @import { Bounds, Overview, State } from "../types.d.ts" */

const SCALE_PX = 13;
const LABEL_PX = 96;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/* The first Monday since the epoch. */
const MONDAY_MS = 4 * DAY_MS;
const STEPS_MS = [1, 5, 15, 30, 60, 300, 600, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800].map(
  (seconds) => seconds * 1000,
);
export const MARKED = ["gaps", "silences", "checksum_failures"];

/** Volume per pixel column; null where there is none at hand. Pure.
 * @param {Overview | null} overview
 * @param {{ startMs: number, endMs: number }} bounds
 * @param {number} widthPx */
export function columns(overview, { startMs, endMs }, widthPx) {
  if (!overview || !overview.volumes.length || endMs <= startMs) return null;
  const sums = new Float64Array(Math.max(1, Math.floor(widthPx)));
  const perMs = sums.length / (endMs - startMs);
  overview.volumes.forEach((volume, index) => {
    const from = (overview.start_ms + index * overview.bucket_ms - startMs) * perMs;
    const to = from + overview.bucket_ms * perMs;
    const first = Math.max(0, Math.floor(from));
    const last = Math.min(sums.length - 1, Math.ceil(to) - 1);
    // What spans several columns is spread evenly over them.
    for (let column = first; column <= last; column += 1) {
      const share = (Math.min(to, column + 1) - Math.max(from, column)) / (to - from);
      if (share > 0) sums[column] += volume * share;
    }
  });
  return sums;
}

/** Moments of the scale, at times that are round in a zone, with labels as fine as their distance. Pure.
 * @param {{ startMs: number, endMs: number }} bounds
 * @param {number} widthPx
 * @param {string} zone */
export function ticks({ startMs, endMs }, widthPx, zone) {
  const least = ((endMs - startMs) / widthPx) * LABEL_PX;
  const step = STEPS_MS.find((each) => each >= least) ?? Math.ceil(least / DAY_MS) * DAY_MS;
  const found = [];
  const [from, to] = [startMs, endMs].map((ms) => zones.wall(ms, zone));
  const origin = step % WEEK_MS === 0 ? MONDAY_MS : 0;
  for (let wallMs = origin + Math.ceil((from - origin) / step) * step; wallMs <= to; wallMs += step) {
    const text = format.dateTime(wallMs);
    const midnight = wallMs % DAY_MS === 0;
    const label = midnight ? text.slice(0, 10) : step % 60_000 === 0 ? text.slice(11, 16) : text.slice(11, 19);
    found.push({ ms: zones.moment(wallMs, zone), label, midnight });
  }
  return found;
}

/** @param {HTMLCanvasElement} canvas
 * @param {State} state
 * @param {Bounds | null} range
 * @param {string} zone */
export function draw(canvas, { overview, report }, range, zone) {
  const width = canvas.clientWidth / unit();
  const height = canvas.clientHeight / unit();
  const ratio = (window.devicePixelRatio || 1) * unit();
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(ratio, ratio);
  context.clearRect(0, 0, width, height);
  if (!range || width < 1) return;
  const floor = height - SCALE_PX;
  /** @param {number} ms */
  const x = (ms) => ((ms - range.startMs) / (range.endMs - range.startMs)) * width;
  drawTicks(context, ticks(range, width, zone), x, { width, height, floor });
  for (const { kind, fromMs, toMs } of findings.marks(report)) {
    if (!MARKED.includes(kind)) continue;
    context.fillStyle = findings.colour(kind, 0.55);
    context.fillRect(x(fromMs), 0, Math.max(1.5, x(toMs) - x(fromMs)), floor);
  }
  const sums = columns(overview, range, width);
  if (!sums) return;
  // The root shows quiet hours beside a burst.
  const most = Math.sqrt(Math.max(...sums)) || 1;
  context.fillStyle = token("volume");
  sums.forEach((sum, column) => {
    if (sum <= 0) return;
    const tall = Math.max(1, (Math.sqrt(sum) / most) * (floor - 4));
    context.fillRect(column, floor - tall, 1, tall);
  });
}

/** @param {CanvasRenderingContext2D} context
 * @param {ReturnType<typeof ticks>} list
 * @param {(ms: number) => number} x
 * @param {{ width: number, height: number, floor: number }} size */
function drawTicks(context, list, x, { width, height, floor }) {
  context.font = `10px ${token("mono")}`;
  context.textBaseline = "alphabetic";
  let taken = -Infinity;
  for (const { ms, label, midnight } of list) {
    const at = Math.round(x(ms));
    context.fillStyle = token(midnight ? "quiet" : "rule");
    context.fillRect(at, 0, 1, floor + 3);
    const half = context.measureText(label).width / 2;
    const left = Math.max(2, Math.min(at - half, width - 2 * half - 2));
    if (left < taken) continue;
    taken = left + 2 * half + 10;
    context.fillStyle = token("quiet");
    context.fillText(label, left, height - 3);
  }
  context.fillStyle = token("rule");
  context.fillRect(0, floor, width, 1);
}
