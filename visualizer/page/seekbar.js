/* The seek slider: shows the clock in the whole range, seeks where it is clicked or dragged, loops with shift. */
import * as control from "./control.js";
import * as findings from "./findings.js";
import * as format from "./format.js";
import * as loop from "./loop.js";
import * as overview from "./overview.js";
import * as steer from "./steer.js";
import { current } from "./state.js";

const LOOP_AT_LEAST_PX = 4;
const PAGE_SHARE = 0.05;
const MARK_PX = 4;

let parts = null;
let dragging = null; // { loops, fromMs, atMs, backMs, x }
let hoveredX = null;
let drawn = "";

function build() {
  const bar = document.getElementById("seek");
  if (!bar) return false;
  const part = (name) => document.getElementById(`seek-${name}`);
  const names = ["canvas", "done", "loop", "hover", "handle", "tip"];
  parts = { bar, ...Object.fromEntries(names.map((name) => [name, part(name)])) };
  bar.addEventListener("pointerdown", begin);
  bar.addEventListener("pointermove", move);
  bar.addEventListener("pointerup", end);
  bar.addEventListener("pointercancel", cancel);
  bar.addEventListener("pointerleave", () => {
    hoveredX = null;
    showHover();
  });
  bar.addEventListener("keydown", pressed);
  new ResizeObserver(() => refresh()).observe(bar);
  return true;
}

const usable = () => !steer.reason() && steer.range() !== null;
const width = () => parts.bar.clientWidth;

function msAt(clientX) {
  const range = steer.range();
  const box = parts.bar.getBoundingClientRect();
  const share = Math.max(0, Math.min(1, (clientX - box.left) / box.width));
  return range.startMs + share * (range.endMs - range.startMs);
}

function xOf(ms) {
  const range = steer.range();
  return Math.max(0, Math.min(1, (ms - range.startMs) / (range.endMs - range.startMs))) * width();
}

function begin(event) {
  if (event.button !== 0) return;
  if (!usable()) {
    control.say(`This page cannot steer: ${steer.reason()}`, "info");
    return;
  }
  const atMs = msAt(event.clientX);
  dragging = { loops: event.shiftKey, fromMs: atMs, atMs, backMs: steer.clockMs(), x: event.clientX };
  parts.bar.setPointerCapture(event.pointerId);
  show();
}

function move(event) {
  hoveredX = event.clientX;
  if (dragging) {
    dragging.atMs = msAt(event.clientX);
    // A click is one seek, not two.
    if (!dragging.loops && Math.abs(event.clientX - dragging.x) > 2) void steer.seek(dragging.atMs);
    show();
  }
  showHover();
}

function end(event) {
  if (!dragging) return;
  const { loops, fromMs, x } = dragging;
  const atMs = msAt(event.clientX);
  dragging = null;
  if (!loops) void steer.seek(atMs);
  else if (Math.abs(event.clientX - x) >= LOOP_AT_LEAST_PX) void loop.over(...sorted(fromMs, atMs));
  show();
}

const sorted = (one, other) => [Math.min(one, other), Math.max(one, other)];

/* Gives a drag up: the clock goes back to where it was. */
function cancel() {
  if (!dragging) return;
  const { loops, backMs, atMs, fromMs } = dragging;
  dragging = null;
  if (!loops && atMs !== fromMs) void steer.seek(backMs);
  show();
}

function pressed(event) {
  const range = steer.range();
  const by = { PageUp: 1, PageDown: -1, ArrowUp: 0.2, ArrowDown: -0.2 }[event.key];
  if (event.key === "Escape" && dragging) {
    cancel();
  } else {
    if (by === undefined || !range || event.ctrlKey || event.altKey || event.metaKey) return;
    const fromMs = steer.targetMs() ?? range.startMs;
    void steer.seek(fromMs + by * PAGE_SHARE * (range.endMs - range.startMs));
  }
  event.preventDefault();
  event.stopPropagation();
}

/* The time of a place, as fine as a pixel of the slider. */
function label(ms) {
  const range = steer.range();
  const text = format.dateTime(Math.round(ms));
  return (range.endMs - range.startMs) / Math.max(1, width()) < 1000 ? text : text.slice(0, 19);
}

function found(ms) {
  const range = steer.range();
  const slack = (MARK_PX * (range.endMs - range.startMs)) / Math.max(1, width());
  return findings
    .marks(current().report)
    .filter(({ kind, fromMs, toMs }) => overview.MARKED.includes(kind) && fromMs - slack <= ms && ms <= toMs + slack);
}

function showHover() {
  const range = steer.range();
  const visible = hoveredX !== null && range !== null;
  parts.hover.hidden = parts.tip.hidden = !visible;
  if (!visible) return;
  const ms = msAt(hoveredX);
  const x = xOf(ms);
  const lines = [label(ms)];
  if (dragging && dragging.loops) lines[0] = `loop ${sorted(dragging.fromMs, ms).map(label).join(" – ")}`;
  for (const { kind, detail } of found(ms).slice(0, 2)) lines.push(`${findings.label(kind)}: ${detail}`);
  parts.tip.textContent = lines.join("\n");
  parts.hover.style.transform = `translateX(${Math.round(x)}px)`;
  const half = parts.tip.offsetWidth / 2;
  parts.tip.style.transform = `translateX(${Math.round(Math.max(0, Math.min(x - half, width() - 2 * half)))}px)`;
}

function looped() {
  if (dragging && dragging.loops) return sorted(dragging.fromMs, dragging.atMs);
  const { about } = current();
  const set = about && about.loop_ms;
  const { start, end } = loop.marks();
  if (start === null && end === null) return set || null;
  return [start ?? end, end ?? start];
}

/* Where the clock stands, or is being sent to, and what is looped over. */
function show() {
  const range = steer.range();
  const ms = dragging && !dragging.loops ? dragging.atMs : steer.targetMs();
  const visible = range !== null && ms !== null;
  parts.handle.hidden = !visible;
  parts.loop.hidden = !visible || looped() === null;
  if (!visible) {
    parts.done.style.width = "0";
    return;
  }
  const x = xOf(ms);
  parts.handle.style.transform = `translateX(${x.toFixed(1)}px)`;
  parts.done.style.width = `${x.toFixed(1)}px`;
  parts.handle.dataset.pending = String(dragging !== null || ms !== steer.clockMs());
  const span = looped();
  if (span) {
    const [left, right] = span.map(xOf);
    parts.loop.style.transform = `translateX(${left.toFixed(1)}px)`;
    parts.loop.style.width = `${Math.max(2, right - left).toFixed(1)}px`;
    parts.loop.dataset.half = String(span[0] === span[1]);
  }
  const share = (100 * (ms - range.startMs)) / (range.endMs - range.startMs);
  parts.bar.setAttribute("aria-valuenow", share.toFixed(1));
  parts.bar.setAttribute("aria-valuetext", `${label(ms)} UTC`);
}

/* The picture under it, drawn anew only when what it shows has changed. */
export function refresh() {
  if (!parts && !build()) return;
  const state = current();
  const range = steer.range();
  const crc32 = (part) => (part ? part.crc32 : null);
  const size = [width(), parts.bar.clientHeight, window.devicePixelRatio];
  const key = [crc32(state.overview), crc32(state.report), range && range.startMs, range && range.endMs, ...size].join();
  if (key !== drawn) {
    drawn = key;
    overview.draw(parts.canvas, state, range);
  }
  parts.bar.setAttribute("aria-disabled", String(!usable()));
  show();
  showHover();
}
