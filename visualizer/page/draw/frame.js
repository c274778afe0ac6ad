/* One animation frame, one moment: all that shows data takes it in and is drawn in the same frame, from the same state. Canvases are
   painted before anything is written into the page: for a text on a canvas, browsers lay out at once what was written until then. */
import { empty } from "../store.js";
/** @import { Moment, Shown } from "../types.d.ts" */

const HIDDEN_MS = 1000;

/** @type {readonly Shown[]} */
let parts = [];
/** @type {Moment} */
let drawn = { state: empty(), changed: new Set(), reset: false, before: null };
/** @type {Moment | null} */
let next = null;
let requested = false;

/** @param {readonly Shown[]} given in the order in which they are drawn */
export function connect(given) {
  parts = given;
  document.addEventListener("visibilitychange", () => requested && run());
}

/** Shows a moment with the next frame. Of several until then only the last is drawn, with what all of them have changed.
 * @param {Moment} moment */
export function show(moment) {
  next = next ? merged(next, moment) : moment;
  request();
}

/** @param {Moment} one
 * @param {Moment} later
 * @returns {Moment} */
const merged = (one, later) => ({
  state: later.state,
  changed: new Set([...one.changed, ...later.changed]),
  reset: one.reset || later.reset,
  before: one.reset ? one.before : later.before,
});

/* Draws what has changed with the next frame. */
export function request() {
  if (requested) return;
  requested = true;
  // There are no frames while nobody can see the page.
  if (document.hidden) setTimeout(run, HIDDEN_MS);
  else requestAnimationFrame(run);
}

function run() {
  requested = false;
  const moment = next;
  next = null;
  if (moment) drawn = moment;
  const told = moment ? parts.filter(({ views }) => moment.reset || views.some((view) => moment.changed.has(view))) : [];
  if (moment) for (const { take } of told) if (take) attempt(() => take(moment.state, moment.reset, moment.before));
  paint();
  if (moment) for (const { show: write } of told) if (write) attempt(() => write(moment.state, moment.reset, moment.before));
  draw();
}

/* Draws the same moment again at once, in a frame that has begun: where a part has got another size. */
export function redraw() {
  paint();
  draw();
}

function paint() {
  for (const part of parts) if (part.paint) attempt(part.paint);
}

function draw() {
  for (const part of parts) if (part.draw) attempt(part.draw);
}

/** One part that fails leaves the others at the same moment.
 * @param {() => void} act */
function attempt(act) {
  try {
    act();
  } catch (error) {
    reportError(error);
  }
}

/* The state that is drawn. */
export const state = () => drawn.state;
export const isRequested = () => requested;
