/* The panels over one time axis: what is in view, and who decides about it, the page or its user. Along the axis everything
   is measured as the timeline does; times become places, and places times, only where they come in and go out. */
import { byId } from "../dom.js";
import * as frame from "../draw/frame.js";
import * as format from "../format.js";
import { missing } from "../panels/missing.js";
import { shareOf } from "../panels/profile.js";
import { BAR_TABLES, PANELS, TABLES, hidden, table } from "../panels/registry.js";
import { options } from "../options.js";
import * as clockZone from "../playback/clock-zone.js";
import { empty } from "../store.js";
import * as zones from "../zone.js";
import * as bars from "./bars.js";
import * as breaks from "./breaks.js";
import * as ranges from "./ranges.js";
import * as sheet from "./sheet.js";
/** @import { About, Bar, BarTable, Ranges, Row, Shown, Span, State, Timeline, View } from "../types.d.ts" */

const FEWEST_BARS = 5;
const SHOWN_SHARE = 0.4;
const REVEALED_AT = 0.8;
const LEAST_SHARE = 1e-12; // of a value, that an axis can be stretched to

/** @type {View} */
export const view = { following: true, x: null, asked: null, y: {}, scaled: {}, cvdLine: false, shaded: true, collapsed: [], hidden: [] };
let timeline = breaks.ofTime(60_000);
let { gap } = options(); // what makes a break of it
/** @type {State} */
let data = empty(); // with places for times
/** @type {State} */
let given = data; // as it came
/** @type {{ before: About | null } | null} */
let entered = null; // a session that is not drawn yet
let isWaiting = false; // for its first rows
/** @type {{ ready: () => void, painted: () => unknown, changed: () => void }} */
let overlay = { ready: () => {}, painted: () => {}, changed: () => {} };
let isPainted = false; // what the overlay lies over

/** What lies over the chart: `ready` is called once the chart is there; with every frame, `painted` before what is
 * beside it is painted, and `changed` after.
 * @param {typeof overlay} over */
export function connect(over) {
  overlay = over;
}

/** The tables of rows that the panels draw.
 * @param {State} state */
const tables = (state) => TABLES.map((name) => table(state, name));

/** @param {boolean} all */
function refit(all) {
  if (!view.x) return;
  const { x } = view;
  /** @param {readonly Row[]} rows */
  const inView = (rows) => ranges.visible(rows, x, timeline.step);
  const visible = new Map(TABLES.map((name) => [name, inView(table(data, name))]));
  for (const { id, rows, extent, otherwise } of PANELS) {
    const isWithout = otherwise && !table(data, rows).length;
    const fitted = isWithout ? otherwise.extent(inView(table(data, otherwise.rows))) : extent(visible.get(rows) ?? [], options(), data.about);
    if (fitted && (all || !view.scaled[id])) view.y[id] = fitted;
  }
}

/* Follows the newest bars again, with all panels fitted to what is in view. */
export function follow() {
  view.following = true;
  view.scaled = {};
  frame.request();
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
  frame.request();
}

function paint() {
  isPainted = sheet.isReady(overlay.ready);
  if (!isPainted) return;
  if (view.following) {
    view.x = ranges.follow(tables(data), timeline.step, shareOf(options(), sheet.placed().layout.plot.width));
    refit(true);
  }
  view.hidden = hidden(options());
  view.collapsed = sheet.collapsed(missing(data)).filter((id) => !view.hidden.includes(id));
  sheet.draw(view, { data, given, timeline, label });
  overlay.painted();
}

function draw() {
  if (!isPainted) return;
  byId("app").dataset.following = String(view.following);
  byId("app").dataset.faded = String(isWaiting && entered !== null);
  overlay.changed();
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

/** @param {number} from the place at the left edge */
export function panTo(from) {
  if (view.x) panTime(from - view.x[0]);
}

/** Stretch a panel's axis; `factor` below 1 shows less.
 * @param {string} id
 * @param {number} factor */
export function scalePanel(id, factor) {
  const range = view.y[id];
  if (!range || hasRows(id)) return;
  const [low, high] = ranges.zoom(range, (range[0] + range[1]) / 2, factor);
  if (isAxis(low, high)) hold(null, { [id]: [low, high] });
}

/** Whether an axis has rows instead of values.
 * @param {string | null} id */
const hasRows = (id) => PANELS.some((panel) => panel.id === id && panel.axis.rows);

/** Whether there are values on a panel's axis.
 * @param {string} id */
export const hasValues = (id) => view.y[id] !== undefined && !hasRows(id) && !view.collapsed.includes(id) && !view.hidden.includes(id);

/** How the values of a panel lie in its box; null where it shows none.
 * @param {string} id */
export const axisOf = (id) => (hasValues(id) ? sheet.placed().scales[PANELS.findIndex((panel) => panel.id === id)] : null);

/** Whether values between two can be told apart.
 * @param {number} low
 * @param {number} high */
const isAxis = (low, high) => high - low > LEAST_SHARE * Math.max(Math.abs(low), Math.abs(high)) && Number.isFinite(high - low);

/** Zoom to a box: a span along the axis, or one of a panel's values, or both.
 * @param {Span | null} x
 * @param {string | null} id
 * @param {Span | null} y */
export function zoomBox(x, id, y) {
  const least = FEWEST_BARS * timeline.step;
  const middle = x && (x[0] + x[1]) / 2;
  /** @type {Span | null} */
  const span = x && middle !== null && x[1] - x[0] < least ? [middle - least / 2, middle + least / 2] : x;
  hold(span, id && y && isAxis(...y) && !hasRows(id) ? { [id]: y } : null);
}

/** Fit a panel's axis to what is in view again.
 * @param {string} id */
export function fitPanel(id) {
  delete view.scaled[id];
  refit(false);
  frame.request();
}

/** `before` is what was shown until a new session (`reset`). The picture of a session that has nothing to show yet is
 * the last one, faded, so that a change of the interval never blanks the chart.
 * @param {State} state
 * @param {boolean} reset
 * @param {About | null} before */
function setData(state, reset, before) {
  const hadRows = tables(data).some((rows) => rows.length);
  if (reset) entered = { before };
  takeIn(state);
  isWaiting = !tables(state).some((rows) => rows.length) && Boolean(view.x) && state.status?.state === "loading";
  if (!(isWaiting && entered)) {
    if (entered) enter(entered.before);
    else if (hadRows && !view.following) comeBack();
    entered = null;
  }
}

/** The bars get their places. Where all of them are others than before, what is in view stays at its time. Without any,
 * the last timeline is that of what is drawn still.
 * @param {State} state */
function takeIn(state) {
  const last = timeline;
  put(state, entered ? null : last);
  if (timeline.unrelated && !entered && view.x) {
    const end = timeline.place(last.time(view.x[1]));
    view.x = [end - (view.x[1] - view.x[0]), end];
  }
}

/** @param {State} state
 * @param {Timeline | null} before */
function put(state, before) {
  if (tables(state).some((rows) => rows.length)) timeline = bars.timeline(state, before, gap);
  given = state;
  data = { ...state, ...Object.fromEntries(BAR_TABLES.map((name) => [name, timeline.put([...table(state, name)])])) };
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

/* Other options: what is shown newly gets its span, and what is in view stays at its time. */
export function optionsChanged() {
  const last = timeline;
  if (options().gap !== gap) {
    ({ gap } = options());
    put(given, null);
    if (view.x) view.x = [timeline.place(last.time(view.x[0])), timeline.place(last.time(view.x[1]))];
  }
  refit(false);
  frame.request();
}

/** @param {boolean} isShaded */
export function setShaded(isShaded) {
  view.shaded = isShaded;
  frame.request();
}

/** @param {boolean} isLine */
export function setCvdLine(isLine) {
  view.cvdLine = isLine;
  frame.request();
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
export const isRested = () => !frame.isRequested();
/* What is drawn. */
export const drawn = () => sheet.drawn();

/* All that the canvas shows now, as drawing commands. */
export const printed = () => sheet.printed();

/** What a point of the chart is over.
 * @param {{ x: number, y: number }} point */
export const pointed = (point) => sheet.pointed(view.x ?? [0, 1], point);

/* What the layers were drawn from. */
export const picture = () => sheet.drawnFrom();

/** What the layers of a panel say in its title.
 * @param {number} index */
export const notes = (index) => sheet.notes(index);

/* Where the panels are, and how values lie in them. */
export const placed = () => sheet.placed();

/** @type {Shown} */
export const shown = { views: [...TABLES, "about", "report", "status", ...PANELS.flatMap(({ layers }) => layers.flatMap(({ views }) => views))], take: setData, paint, draw };

/** The rows of a table that are in view, as they came.
 * @param {BarTable} name */
export function rowsInView(name) {
  const rows = table(data, name);
  const { x } = view;
  if (!x || !rows.length) return [];
  const half = timeline.step / 2;
  return table(given, name).slice(ranges.indexAt(rows, x[0] - half), ranges.indexAt(rows, x[1] + half));
}

const currentData = () => data;
const currentTimeline = () => timeline;
export { currentData as data, currentTimeline as timeline };
