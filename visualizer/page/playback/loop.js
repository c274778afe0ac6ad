/* The span that is looped over: its start and its end are set one after the other, or together. */
import { current } from "../state.js";
import * as control from "./control.js";
import * as replay from "./replay.js";

let changed = () => {};
/** @type {number | null} */
let mark = null; // the start of a loop that has no end yet
/** @type {{ start: number | null, end: number | null }} */
let shown = { start: null, end: null }; // of a loop that is being set

/** @param {() => void} listener */
export function connect(listener) {
  changed = listener;
}

export const marks = () => shown;
export const isHalf = () => mark !== null;

/** @param {number | null} startMs
 * @param {number | null} endMs */
function setMarks(startMs, endMs) {
  shown = { start: startMs, end: endMs };
  changed();
}

/* Start a loop at a time, or at the event clock; it is looped once its end is set as well. */
export function start(ms = replay.clockMs()) {
  if (replay.reason() || ms === null) return;
  mark = ms;
  setMarks(ms, null);
  const { about } = current();
  if (about?.loop_ms && about.loop_ms[1] > ms) void over(ms, about.loop_ms[1]);
}

export function end(ms = replay.clockMs()) {
  const range = replay.range();
  if (replay.reason() || ms === null || !range) return;
  const { about } = current();
  const startMs = mark ?? about?.loop_ms?.[0] ?? range.startMs;
  if (startMs < ms) void over(startMs, ms);
  else control.say("A loop ends after its begin: go on to where it is to end, then set B", "info");
}

/** @param {number} startMs
 * @param {number} endMs */
export async function over(startMs, endMs) {
  const range = replay.range();
  if (!range) return;
  setMarks(startMs, endMs);
  await replay.loop(Math.max(startMs, range.startMs + 1), range.known ? Math.min(endMs, range.endMs) : endMs);
  forget();
}

export async function clear() {
  const { about } = current();
  const looping = Boolean(about && about.loop_ms);
  forget();
  if (looping) await replay.loop();
}

function forget() {
  mark = null;
  setMarks(null, null);
}
