/* The seek slider: shows the clock in the whole range, seeks where it is clicked or dragged, loops with shift. */
import { byId, hide } from "../dom.js";
import * as findings from "../findings.js";
import { current } from "../state.js";
import { edition } from "../tokens.js";
import { unit } from "../unit.js";
import * as clockZone from "./clock-zone.js";
import * as control from "./control.js";
import * as loop from "./loop.js";
import * as overview from "./overview.js";
import * as replay from "./replay.js";
/** @import { Bounds, Span } from "../types.d.ts" */

const LOOP_AT_LEAST_PX = 4;
const PAGE_SHARE = 0.05;
const MARK_PX = 4;

let built = false;
/** @type {{ loops: boolean, fromMs: number, atMs: number, backMs: number | null, x: number } | null} */
let dragging = null;
/** @type {number | null} */
let hoveredX = null;
let drawn = "";

const bar = () => byId("seek");
/** @param {"canvas" | "done" | "loop" | "hover" | "handle" | "tip"} name */
const part = (name) => byId(`seek-${name}`);

function build() {
  if (!document.getElementById("seek")) return false;
  bar().addEventListener("pointerdown", begin);
  bar().addEventListener("pointermove", move);
  bar().addEventListener("pointerup", end);
  bar().addEventListener("pointercancel", cancel);
  bar().addEventListener("pointerleave", () => {
    hoveredX = null;
    showHover();
  });
  bar().addEventListener("keydown", pressed);
  new ResizeObserver(() => {
    measure();
    refresh();
  }).observe(bar());
  measure();
  return true;
}

/* From where to where it can be moved; null where it cannot. */
const usable = () => (replay.reason() ? null : replay.range());
/* Remembered, because asking for it makes the browser lay the page out at once. */
let sizePx = { width: 0, height: 0 };
const width = () => sizePx.width;

function measure() {
  const { clientWidth, clientHeight } = bar();
  sizePx = { width: clientWidth, height: clientHeight };
}

/** @param {number} clientX
 * @param {Bounds} range */
function msAt(clientX, range) {
  const box = bar().getBoundingClientRect();
  const share = Math.max(0, Math.min(1, (clientX - box.left) / box.width));
  return range.startMs + share * (range.endMs - range.startMs);
}

/** @param {number} ms
 * @param {Bounds} range */
function xOf(ms, range) {
  return Math.max(0, Math.min(1, (ms - range.startMs) / (range.endMs - range.startMs))) * width();
}

/** @param {PointerEvent} event */
function begin(event) {
  if (event.button !== 0) return;
  const range = usable();
  if (!range) {
    control.say(`This page cannot steer: ${replay.reason()}`, "info");
    return;
  }
  const atMs = msAt(event.clientX, range);
  dragging = { loops: event.shiftKey, fromMs: atMs, atMs, backMs: replay.clockMs(), x: event.clientX };
  bar().setPointerCapture(event.pointerId);
  show();
}

/** @param {PointerEvent} event */
function move(event) {
  hoveredX = event.clientX;
  const range = replay.range();
  if (dragging && range) {
    dragging.atMs = msAt(event.clientX, range);
    // A click is one seek, not two.
    if (!dragging.loops && Math.abs(event.clientX - dragging.x) > 2) void replay.seek(dragging.atMs);
    show();
  }
  showHover();
}

/** @param {PointerEvent} event */
function end(event) {
  const range = replay.range();
  if (!dragging || !range) return;
  const { loops, fromMs, x } = dragging;
  const atMs = msAt(event.clientX, range);
  dragging = null;
  if (!loops) void replay.seek(atMs);
  else if (Math.abs(event.clientX - x) >= LOOP_AT_LEAST_PX) void loop.over(...sorted(fromMs, atMs));
  show();
}

/** @param {number} one
 * @param {number} other
 * @returns {Span} */
const sorted = (one, other) => [Math.min(one, other), Math.max(one, other)];

/* Gives a drag up: the clock goes back to where it was. */
function cancel() {
  if (!dragging) return;
  const { loops, backMs, atMs, fromMs } = dragging;
  dragging = null;
  if (!loops && backMs !== null && atMs !== fromMs) void replay.seek(backMs);
  show();
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  const range = replay.range();
  const by = new Map([["PageUp", 1], ["PageDown", -1], ["ArrowUp", 0.2], ["ArrowDown", -0.2]]).get(event.key);
  if (event.key === "Escape" && dragging) {
    cancel();
  } else {
    if (by === undefined || !range || event.ctrlKey || event.altKey || event.metaKey) return;
    const fromMs = replay.targetMs() ?? range.startMs;
    void replay.seek(fromMs + by * PAGE_SHARE * (range.endMs - range.startMs));
  }
  event.preventDefault();
  event.stopPropagation();
}

/** The span of time under a pixel.
 * @param {Bounds} range */
const perPixel = (range) => (range.endMs - range.startMs) / Math.max(1, width());

/** The time of a place, as fine as a pixel of the slider.
 * @param {number} ms
 * @param {Bounds} range */
function label(ms, range) {
  const text = clockZone.dateTime(Math.round(ms));
  return perPixel(range) < 1000 ? text : text.slice(0, 19);
}

/** @param {number} ms
 * @param {Bounds} range */
function found(ms, range) {
  const slack = MARK_PX * perPixel(range);
  return findings
    .marks(current().report)
    .filter(({ kind, fromMs, toMs }) => overview.MARKED.includes(kind) && fromMs - slack <= ms && ms <= toMs + slack);
}

function showHover() {
  const range = replay.range();
  const at = range && hoveredX;
  hide(part("hover"), at === null);
  hide(part("tip"), at === null);
  if (range === null || at === null) return;
  const ms = msAt(at, range);
  const x = xOf(ms, range);
  const lines = [label(ms, range)];
  if (dragging && dragging.loops) {
    lines[0] = `loop ${sorted(dragging.fromMs, ms).map((each) => label(each, range)).join(" – ")}`;
  }
  for (const mark of found(ms, range).slice(0, 2)) lines.push(findings.words(mark));
  part("tip").textContent = lines.join("\n");
  part("hover").style.transform = `translateX(${Math.round(x)}px)`;
  const half = part("tip").offsetWidth / 2;
  part("tip").style.transform = `translateX(${Math.round(Math.max(0, Math.min(x - half, width() - 2 * half)))}px)`;
}

/** @returns {Span | null} */
function looped() {
  if (dragging && dragging.loops) return sorted(dragging.fromMs, dragging.atMs);
  const { start, end: stop } = loop.marks();
  const from = start ?? stop;
  const to = stop ?? start;
  return from === null || to === null ? (current().about?.loop_ms ?? null) : [from, to];
}

/* Where the clock stands, or is being sent to, and what is looped over. */
function show() {
  const range = replay.range();
  const ms = dragging && !dragging.loops ? dragging.atMs : replay.targetMs();
  const visible = range !== null && ms !== null;
  const span = looped();
  hide(part("handle"), !visible);
  hide(part("loop"), !visible || span === null);
  if (!visible) {
    part("done").style.width = "0";
    return;
  }
  const x = xOf(ms, range);
  part("handle").style.transform = `translateX(${x.toFixed(1)}px)`;
  part("done").style.width = `${x.toFixed(1)}px`;
  part("handle").dataset.pending = String(dragging !== null || ms !== replay.clockMs());
  if (span) {
    const [left, right] = span.map((each) => xOf(each, range));
    part("loop").style.transform = `translateX(${left.toFixed(1)}px)`;
    part("loop").style.width = `${Math.max(2, right - left).toFixed(1)}px`;
    part("loop").dataset.half = String(span[0] === span[1]);
  }
  const share = (100 * (ms - range.startMs)) / (range.endMs - range.startMs);
  bar().setAttribute("aria-valuenow", share.toFixed(1));
  bar().setAttribute("aria-valuetext", `${label(ms, range)} ${clockZone.abbreviation(ms)}`);
}

/* The picture under it, drawn again only when what it shows has changed. */
export function refresh() {
  built ||= build();
  if (!built) return;
  const state = current();
  const range = replay.range();
  const size = [sizePx.width, sizePx.height, window.devicePixelRatio, unit()];
  const key = [state.crc32.overview, state.crc32.report, range?.startMs, range?.endMs, clockZone.current(), edition(), ...size].join();
  if (key !== drawn) {
    drawn = key;
    overview.draw(/** @type {HTMLCanvasElement} */ (part("canvas")), state, range, clockZone.current());
  }
  bar().setAttribute("aria-disabled", String(!usable()));
  show();
  showHover();
}
