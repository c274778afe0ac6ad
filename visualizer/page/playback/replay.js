/* What bar, keys, slider and chart ask for alike. A second wish of a kind waits for the answer to the first, so that
   none is lost by being overwritten and a held key does not pile up work. */
import { byId } from "../dom.js";
import { current } from "../state.js";
import * as control from "./control.js";
import { limits } from "../limits.js";
import { plainOf } from "../numbers.js";
import * as interval from "./interval.js";
/** @import { Bounds, EventKind, Reply, State } from "../types.d.ts" */

const PATIENCE_MS = 600;

let changed = () => {}; // shows what has been asked for
/** @type {(ms: number | null) => void} */
let moved = () => {}; // shows where the clock has been moved to
let reason = "no data yet";
let resting = false; // whether it was paused when it last told
let latestMs = -Infinity; // of this session's event clock, where the end is not known
let session = "";
/** @type {{ ms: number, next: boolean, hurry: () => void } | null} */
let sought = null;
/** @type {{ unit: "bar" | "event", count: number } | null} */
let stepping = null; // still to be sent
let stepsBusy = false;
/** @type {boolean | null} */
let playWanted = null;
/** @type {{ value: number | null } | null} */
let speedWanted = null; // until it is answered

/** `changed` is called when what is asked for has changed, `moved` with the event clock when a seek or a step has moved it.
 * @param {{ changed: () => void, moved: (ms: number | null) => void }} given */
export function connect(given) {
  ({ changed, moved } = given);
}

/** Why this page cannot steer now; empty where it can. `condition` is the state that the header shows.
 * @param {State} state
 * @param {string} condition */
function obstacle(state, condition) {
  const { control: allowed } = byId("app").dataset;
  if (allowed === "watch") return "read-only: the token you signed in with may only watch";
  if (allowed !== "on") return "read-only: VISUALIZER_CONTROL is off";
  if (!state.about || !state.status) return "no data yet";
  if (condition === "disconnected") return "the page's server does not answer";
  if (typeof state.about.still_ms === "number") return "read-only: it shows a still picture, which no processor steers";
  if (condition === "failed") return "the replay has failed";
  // As the server has seen it: a page that was busy has heard nothing, and that says nothing about the processor.
  if (state.serverMs - state.status.heartbeat_ms > limits().stale_after_ms) return "the processor does not answer";
  if (!state.about.control || !state.about.control.listening) {
    return "read-only: the processor takes no commands (it was started without --control)";
  }
  return state.status.event_time_ms === null ? "the dataset is being read" : "";
}

/** Takes in where the replay stands; returns whether the obstacle has changed.
 * @param {State} state
 * @param {string} condition */
export function observe(state, condition) {
  if (state.about && state.about.session !== session) {
    session = state.about.session;
    latestMs = -Infinity;
  }
  if (state.status) {
    latestMs = Math.max(latestMs, state.status.event_time_ms ?? -Infinity);
    if (["playing", "paused"].includes(state.status.state)) resting = state.status.state === "paused";
  }
  const found = obstacle(state, condition);
  const differs = found !== reason;
  reason = found;
  return differs;
}

/** From where to where the replay can be moved, in ms, and whether its end is known; null before anything is.
 * @returns {Bounds | null} */
export function range() {
  const { about } = current();
  if (!about || about.start_ms === null || about.start_ms === undefined) return null;
  const endMs = Math.max(about.start_ms + 1, about.end_ms ?? latestMs);
  return { startMs: about.start_ms, endMs, known: about.end_ms !== null };
}

/* Whether it may; if not, it says why. */
function may() {
  if (reason) control.say(`This page ${reason.startsWith("read-only") ? "is" : "cannot steer:"} ${reason}`, "info");
  return !reason;
}

/** @param {string} action
 * @param {Record<string, unknown>} args
 * @returns {Promise<Reply>} */
function send(action, args) {
  return may() ? control.send(action, args) : Promise.resolve({ ok: false });
}

export const clockMs = () => current().status?.event_time_ms ?? null;

/* Where the clock is meant to stand: where it is being sent to, else where it stands. */
export const targetMs = () => (sought ? sought.ms : clockMs());

/** A moment as the arguments of a seek. Both ends are exact to the nanosecond where the times here are not.
 * @param {number} ms
 * @param {Bounds} bounds
 * @returns {Record<string, number>} */
export function place(ms, { startMs, endMs, known }) {
  if (known && ms >= endMs) return { fraction: 1 };
  if (ms <= startMs) return known ? { fraction: 0 } : { time_ms: startMs + 1 };
  return { time_ms: Math.round(ms) };
}

/** Move the event clock; while one move is on its way only the last of the later ones is made, once the first is
 * there, or at once where it takes long.
 * @param {number} ms */
export async function seek(ms) {
  const bounds = range();
  if (!bounds || !may()) return;
  const goal = Math.max(bounds.startMs, Math.min(ms, bounds.known ? bounds.endMs : ms));
  if (sought) {
    Object.assign(sought, { ms: goal, next: true });
    sought.hurry();
    return;
  }
  const going = { ms: goal, next: true, hurry: () => {} };
  sought = going;
  changed();
  while (going.next) {
    going.next = false;
    const patience = performance.now() + PATIENCE_MS;
    /** @type {Promise<Reply>} */
    const overtaken = new Promise((resolve) => {
      going.hurry = () => setTimeout(() => resolve({ ok: null }), Math.max(0, patience - performance.now()));
    });
    const { ok } = await Promise.race([control.send("seek", place(going.ms, range() ?? bounds)), overtaken]);
    if (ok === false) break;
    moved(clockMs());
  }
  sought = null;
  changed();
}

/** Steps that are asked for while one is on its way are taken together after it; those of a key that is `held` are not,
 * so that nothing goes on once it is released.
 * @param {"bar" | "event"} unit
 * @param {number} count
 * @param {boolean} held */
export async function step(unit, count, held = false) {
  if (!may() || (held && stepsBusy)) return;
  stepping = stepping && stepping.unit === unit ? { unit, count: stepping.count + count } : { unit, count };
  if (stepsBusy) return;
  stepsBusy = true;
  while (stepping && stepping.count !== 0) {
    const next = stepping;
    stepping = null;
    const { ok } = await control.send("step", next);
    if (ok === false) break;
    moved(clockMs());
  }
  stepping = null;
  stepsBusy = false;
}

/** To the nearest gap in the data, start of a session, alert or event of a kind after here (1) or before (-1).
 * @param {"gap" | "session" | "alert" | EventKind} landmark
 * @param {1 | -1} direction */
export async function seekLandmark(landmark, direction) {
  const { ok } = await send("seek", { [direction > 0 ? "next" : "previous"]: landmark });
  if (ok) moved(clockMs());
}

/* Whether it plays, or will once it has got where it is going. A step ends in a pause. */
export function playing() {
  const state = current().status?.state;
  return playWanted ?? (!stepsBusy && (state === "playing" || (state === "loading" && !resting)));
}

export async function toggle() {
  if (!may()) return;
  const wanted = !playing();
  playWanted = wanted;
  changed();
  await control.send(wanted ? "play" : "pause");
  if (playWanted === wanted) playWanted = null;
  resting = !wanted;
  changed();
}

/** Text as typed or null for as fast as it goes; an error as a sentence, or null.
 * @param {string} text */
export function speed(text) {
  const typed = text.trim().toLowerCase();
  const value = typed === "max" ? "max" : Number(plainOf(typed.replace(/^[x×]\s*|\s*[x×]$/gu, "")) ?? NaN);
  const { min_speed: slowest, max_speed: fastest } = limits();
  if (value !== "max" && !(value >= slowest && value <= fastest)) {
    return `"${text.trim()}" is no speed: from ${slowest} to ${fastest} times real time, or max`;
  }
  void accelerate(value);
  return null;
}

/** @param {number | "max"} value */
async function accelerate(value) {
  if (!may()) return;
  const wanted = { value: value === "max" ? null : value };
  speedWanted = wanted;
  await control.send("speed", { speed: value });
  if (speedWanted === wanted) speedWanted = null;
}

/** The next of the usual speeds, faster (1) or slower (-1).
 * @param {1 | -1} direction */
export function nextSpeed(direction) {
  const usual = limits().speeds;
  /** @param {string} text */
  const worth = (text) => (text === "max" ? Infinity : Number(text));
  const now = (speedWanted ? speedWanted.value : current().status?.speed) ?? Infinity;
  const there = direction > 0 ? usual.find((text) => worth(text) > now) : usual.findLast((text) => worth(text) < now);
  if (there) speed(there);
}

/** @param {string} text */
export function chooseInterval(text) {
  const typed = text.trim().toLowerCase().replace(/\s+/gu, "");
  if (!interval.parse(typed)) return `"${text.trim()}" is no interval: a time up to a week, like ${interval.EXAMPLES}`;
  const { about } = current();
  if (about && about.interval !== typed) void send("interval", { interval: typed });
  return null;
}

/** Loop between two times, or without them no more.
 * @param {number} [startMs]
 * @param {number} [endMs] */
export function loop(startMs, endMs) {
  if (startMs === undefined || endMs === undefined) return send("range", {});
  return send("range", { start_ms: Math.round(startMs), end_ms: Math.round(endMs) });
}

const currentReason = () => reason;
export { currentReason as reason };
