/* The panels over one time axis: what is in view, and who decides about it, the page or its user. Along the axis everything
   is measured as the timeline does; times become places, and places times, only where they come in and go out. */
import { byId } from "../dom.js";
import * as format from "../format.js";
import { collapsedPanels } from "../panels/heights.js";
import { missing } from "../panels/missing.js";
import { PANELS, TABLES } from "../panels/registry.js";
import * as clockZone from "../playback/clock-zone.js";
import * as plot from "../plot.js";
import { empty } from "../store.js";
import * as zones from "../zone.js";
import * as bars from "./bars.js";
import * as figure from "./figure.js";
import * as ranges from "./ranges.js";
/** @import { About, Bar, Graph, Ranges, Row, Span, State, View } from "../types.d.ts" */

const FEWEST_BARS = 5;
const MARGIN = 0.05;
const RESTS = 4;
const SHOWN_SHARE = 0.4;
const REVEALED_AT = 0.8;

/** @type {View} */
export const view = { following: true, x: null, asked: null, y: {}, scaled: {}, cvdLine: false, shaded: true, collapsed: [] };
let timeline = bars.ofTime(60_000);
/** @type {State} */
let data = empty(); // with places for times
/** @type {{ before: About | null } | null} */
let entered = null; // a session that is not drawn yet
let margin = MARGIN;
/** @type {"now" | "later" | null} */
let scheduled = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let drawnAt = 0;
let costMs = 0;
/** @type {Graph | null} */
let heard = null; // the graph that is listened to
/** @type {{ ready: (gd: Graph) => void, changed: (gd: Graph) => void }} */
let overlay = { ready: () => {}, changed: () => {} };

/** What lies over the chart: `ready(gd)` is called once the graph is there, `changed(gd)` when what it shows has changed.
 * @param {typeof overlay} given */
export function connect(given) {
  overlay = given;
}

/* What the chart shows: it is told when one of these has changed. */
export const VIEWS = [...TABLES, "about", "report"];

export const graph = () => plot.graph("chart");

/** The tables of rows that the panels draw.
 * @param {State} state */
const tables = (state) => TABLES.map((name) => state[name]);

/** @param {boolean} all */
function refit(all) {
  if (!view.x) return;
  const { x } = view;
  /** @param {readonly Row[]} rows */
  const inView = (rows) => ranges.visible(rows, x, timeline.step);
  const visible = new Map(TABLES.map((name) => [name, inView(data[name])]));
  for (const { id, rows, extent } of PANELS) {
    const fitted = extent(visible.get(rows) ?? []);
    if (fitted && (all || !view.scaled[id])) view.y[id] = fitted;
  }
}

/* Follows the newest bars again, with all panels fitted to what is in view. */
export function follow() {
  view.following = true;
  view.scaled = {};
  schedule(true);
}

/** The user has moved something: from now on nothing moves by itself.
 * @param {Span | null} x
 * @param {Ranges | null} y */
function hold(x, y) {
  if (x) view.x = x;
  if (view.x && (x || view.following)) view.asked = [timeline.time(view.x[0]), timeline.time(view.x[1])];
  view.following = false;
  for (const [id, range] of Object.entries(y || {})) {
    view.y[id] = range;
    view.scaled[id] = true;
  }
  if (x) refit(false);
  schedule(true);
}

/** Draws at the next frame: at once what the user does, data only when the last drawing has been paid for.
 * @param {boolean} [urgent] */
function schedule(urgent) {
  if (scheduled === "now" || (scheduled && !urgent)) return;
  clearTimeout(timer);
  const waitMs = urgent ? 0 : Math.max(0, drawnAt + RESTS * costMs - performance.now());
  scheduled = waitMs > 0 ? "later" : "now";
  if (waitMs > 0) timer = setTimeout(() => requestAnimationFrame(draw), waitMs);
  else requestAnimationFrame(draw);
}

function draw() {
  scheduled = null;
  const gd = graph();
  if (!gd || (gd !== heard && plot.isDrawing(gd))) {
    setTimeout(schedule, 50);
    return;
  }
  if (gd !== heard) listen(gd);
  if (gd._dragging) {
    setTimeout(schedule, 50);
    return;
  }
  if (view.following) {
    view.x = ranges.follow(tables(data), timeline.step);
    refit(true);
  }
  const startedAt = performance.now();
  view.collapsed = collapsedPanels(PANELS, missing(data));
  const layout = { ...figure.layoutUpdate(gd, view, data, timeline), ...figure.rareLayoutUpdate(gd, view, data, timeline) };
  window.Plotly?.update(gd, figure.tracesUpdate(view, data, timeline.step, margin), layout);
  drawnAt = performance.now();
  costMs = drawnAt - startedAt;
  byId("app").dataset.following = String(view.following);
  overlay.changed(gd);
}

/* A drag moves what is drawn, and by at most the width of the plot: have that much at hand. */
export function beforeDrag() {
  margin = 1;
  draw();
  margin = MARGIN;
}

/** @param {number | string} value */
const toMs = (value) => (typeof value === "number" ? value : Date.parse(`${value.replace(" ", "T")}Z`));

/** @param {Graph} gd */
function listen(gd) {
  heard = gd;
  gd.on("plotly_relayout", (event) => {
    /** @type {Span | null} */
    const x = "xaxis.range[0]" in event ? [toMs(event["xaxis.range[0]"]), toMs(event["xaxis.range[1]"])] : null;
    /** @type {Ranges} */
    const y = {};
    for (const { id, yaxis } of PANELS) {
      const low = event[`${yaxis}.range[0]`];
      if (low !== undefined) y[id] = [Number(low), Number(event[`${yaxis}.range[1]`])];
    }
    if (x || Object.keys(y).length) hold(x, y);
    else schedule(true);
  });
  // A panel that is but a line keeps the height of one.
  window.addEventListener("resize", () => view.collapsed.length && setTimeout(schedule, 200));
  overlay.ready(gd);
}

/** Zoom along the axis about a place; `factor` below 1 shows less.
 * @param {number} about
 * @param {number} factor */
export function zoomTime(about, factor) {
  const bounds = held();
  if (!view.x || !bounds) return;
  const most = (bounds[1] - bounds[0]) * 1.5 + 60 * timeline.step;
  const range = ranges.zoom(view.x, about, factor);
  const span = range[1] - range[0];
  if (span < FEWEST_BARS * timeline.step || span > most) return;
  hold(range, null);
}

/** @param {number} by */
export function panTime(by) {
  if (view.x) hold([view.x[0] + by, view.x[1] + by], null);
}

/** Stretch a panel's axis; `factor` below 1 shows less.
 * @param {string} id
 * @param {number} factor */
export function scalePanel(id, factor) {
  const range = view.y[id];
  if (range) hold(null, { [id]: ranges.zoom(range, (range[0] + range[1]) / 2, factor) });
}

/** Fit a panel's axis to what is in view again.
 * @param {string} id */
export function fitPanel(id) {
  delete view.scaled[id];
  refit(false);
  schedule(true);
}

/** `before` is what was shown until a new session (`reset`). The picture of a session that has nothing to show yet is
 * the last one, faded, so that a change of the interval never blanks the chart.
 * @param {State} state
 * @param {boolean} reset
 * @param {About | null} before */
export function setData(state, reset, before) {
  const hadRows = tables(data).some((rows) => rows.length);
  if (reset) entered = { before };
  takeIn(state);
  const waiting = !tables(state).some((rows) => rows.length) && Boolean(view.x) && state.status?.state === "loading";
  byId("app").dataset.faded = String(waiting && entered !== null);
  if (!(waiting && entered)) {
    if (entered) enter(entered.before);
    else if (hadRows && !view.following) comeBack();
    entered = null;
    schedule();
  }
  const gd = graph();
  if (gd) overlay.changed(gd);
}

/** The bars get their places. Where all of them are others than before, what is in view stays at its time. Without any,
 * the last timeline is that of what is drawn still.
 * @param {State} state */
function takeIn(state) {
  const last = timeline;
  if (tables(state).some((rows) => rows.length)) timeline = bars.timeline(state, entered ? null : last);
  data = { ...state, ohlc: timeline.put(state.ohlc), metrics: timeline.put(state.metrics) };
  if (timeline.unrelated && !entered && view.x) {
    const end = timeline.place(last.time(view.x[1]));
    view.x = [end - (view.x[1] - view.x[0]), end];
  }
}

/** Another session: a span that was held is kept where there is something to see in it; of another instrument nothing
 * but the span in time, of another dataset not even that.
 * @param {About | null} before */
function enter(before) {
  const { about } = data;
  const sameData = before?.dataset === about?.dataset && Boolean(before);
  const same = sameData && before?.instrument === about?.instrument;
  const span = !view.following && sameData && view.asked;
  const kept = span ? ranges.kept([timeline.place(span[0]), timeline.place(span[1])], held(), timeline.step) : null;
  if (!same || !kept) {
    view.scaled = {};
    view.y = {};
  }
  view.following = kept === null;
  view.x = kept;
  if (kept) refit(false);
}

/* Where everything in view has vanished, as after a move back, the span goes to where the bars end. */
function comeBack() {
  const bounds = held();
  if (bounds && view.x && view.x[0] > bounds[1]) bring(bounds[1] - 1);
  else refit(false);
}

/** Moves a held span, as little as need be, to where a moment is in it.
 * @param {number | null} ms */
export function reveal(ms) {
  if (!view.following && view.x && ms !== null) bring(timeline.place(ms));
}

/** @param {number} place */
function bring(place) {
  if (!view.x) return;
  const span = view.x[1] - view.x[0];
  if (place >= view.x[0] && place <= view.x[1]) return;
  const from = place - REVEALED_AT * span;
  hold([from, from + span], null);
}

/** From the first bar at hand to the end of the last; null without any.
 * @returns {Span | null} */
function held() {
  const ends = tables(data).flatMap((rows) => (rows.length ? [rows[0][0], rows[rows.length - 1][0]] : []));
  return ends.length ? [Math.min(...ends), Math.max(...ends) + timeline.step] : null;
}

/** Whether there are bars at a moment, or might be.
 * @param {number} ms */
export function reaches(ms) {
  const bounds = held();
  const place = timeline.place(ms);
  return bounds !== null && place >= bounds[0] && place < bounds[1];
}

/** Go to a moment, or to a span that may be longer than what is in view; the bars keep their width if it is not.
 * False where there are no bars to go to.
 * @param {number} fromMs
 * @param {number | null} untilMs */
export function show(fromMs, untilMs) {
  if (!view.x || !reaches(fromMs)) return false;
  const now = view.x[1] - view.x[0];
  const [from, until] = [fromMs, untilMs ?? fromMs].map(timeline.place);
  const width = Math.max(now, (until - from) / (1 - SHOWN_SHARE));
  const middle = (from + until) / 2 - timeline.step / 2;
  hold([middle - width / 2, middle + width / 2], null);
  return true;
}

/** @param {boolean} isShaded */
export function setShaded(isShaded) {
  view.shaded = isShaded;
  schedule(true);
}

/** @param {boolean} isLine */
export function setCvdLine(isLine) {
  view.cvdLine = isLine;
  schedule(true);
}

/** The bar that a place belongs to, from when to when: a candle stands on its start.
 * @param {number} along
 * @returns {Bar} */
export function barAt(along) {
  const place = timeline.bar(along);
  return { label: label(place), fromMs: timeline.time(place), untilMs: timeline.time(place + timeline.step) };
}

/** @param {number} place */
export const label = (place) => format.barTime(zones.wall(timeline.time(place), clockZone.current()), timeline.fineness);
export const isRested = () => scheduled === null;

export { figure } from "./figure.js";

const currentData = () => data;
const currentTimeline = () => timeline;
export { currentData as data, currentTimeline as timeline };
