/* The four panels over one axis: columns into traces, ranges, and who decides about them, the page or its user. Along it
   everything is measured as the timeline does; times become places, and places times, only where they come in and go out. */
import * as bars from "./bars.js";
import { byId } from "./dom.js";
import * as findings from "./findings.js";
import * as format from "./format.js";
import * as panels from "./panels.js";
import * as ranges from "./ranges.js";
import { empty } from "./store.js";
/** @import { About, AxisName, Bar, Graph, Ranges, Row, Span, State } from "./types.d.ts" */

/** @type {AxisName[]} */
export const AXES = ["yaxis", "yaxis2", "yaxis3", "yaxis4"];
export const UP = "#26a69a";
export const DOWN = "#ef5350";
const FEWEST_BARS = 5;
const MARGIN = 0.05;
const RESTS = 4;
const MOST_PRICES = 12;
const RULE = { color: "#232b37", width: 1 };
const SHOWN_SHARE = 0.4;
const REVEALED_AT = 0.8;

/** The view: following until the user takes hold of it; `x` is the span along the axis, `asked` the times that the user
 * set, which another interval may have to widen or to narrow, `scaled` are the price axes that they set.
 * @type {{ following: boolean, x: Span | null, asked: Span | null, y: Ranges, scaled: Partial<Record<AxisName, boolean>>,
 *   cvdLine: boolean, shaded: boolean, slim: AxisName[] }} */
export const view = { following: true, x: null, asked: null, y: {}, scaled: {}, cvdLine: false, shaded: true, slim: [] };
let timeline = bars.ofTime(60_000);
/** @type {State} */
let data = empty(); // with places for times
/** @type {{ before: About | null } | null} */
let entered = null; // a session that is not drawn yet
let drawnShapes = "";
/** @type {{ key: string, shapes: object[], text: string }} */
let marks = { key: "", shapes: [], text: "" };
let drawnRoom = "";
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

/** @returns {Graph | null} */
export const graph = () => {
  const found = /** @type {Graph | null} */ (document.querySelector("#chart .js-plotly-plot"));
  return found && found._fullLayout && window.Plotly ? found : null;
};
/** @param {readonly Row[]} rows
 * @param {number} index */
const column = (rows, index) => rows.map((row) => row[index]);

/** The rows near the view, and two far beyond it, one step apart: from the smallest distance of two bars Plotly
 * takes how wide a candle is, and there may be one bar only, or none without a gap beside it.
 * @template {Row} R
 * @param {R[]} rows
 * @returns {{ rows: R[], padded: R[] }} */
function near(rows) {
  if (!view.x) return { rows: [], padded: [] };
  const span = view.x[1] - view.x[0];
  const kept = ranges.visible(rows, [view.x[0] - margin * span, view.x[1] + margin * span], timeline.step);
  const last = kept[kept.length - 1];
  if (!last) return { rows: kept, padded: kept };
  const beyond = last[0] + Math.ceil((10 * span) / timeline.step) * timeline.step;
  /** @param {number} place */
  const pad = (place) => bars.moved(last, place);
  return { rows: kept, padded: [...kept, pad(beyond), pad(beyond + timeline.step)] };
}

function traces() {
  const { rows: volumes, padded: ohlc } = near(data.ohlc);
  const { rows, padded } = near(data.metrics);
  /** @template R
   * @param {AxisName} axis
   * @param {R[]} given */
  const shown = (axis, given) => (view.slim.includes(axis) ? [] : given);
  const [obi, cvd] = [shown("yaxis3", padded), shown("yaxis4", padded)];
  /** @param {readonly Row[]} table
   * @param {number} first */
  const candle = (table, first) => ({
    x: column(table, 0),
    open: column(table, first),
    high: column(table, first + 1),
    low: column(table, first + 2),
    close: column(table, first + 3),
  });
  return [
    candle(ohlc, 1),
    {
      x: column(volumes, 0),
      y: column(volumes, 5),
      width: timeline.step * 0.75,
      "marker.color": volumes.map((row) => (row[4] >= row[1] ? UP : DOWN)),
    },
    candle(obi, 1),
    { ...candle(cvd, 5), visible: !view.cvdLine },
    { x: column(shown("yaxis4", rows), 0), y: column(shown("yaxis4", rows), 8), visible: view.cvdLine },
  ];
}

/** Per attribute one value for each trace, as Plotly.update wants them.
 * @param {Record<string, unknown>[]} list */
function transposed(list) {
  /** @type {Record<string, unknown[]>} */
  const update = {};
  list.forEach((trace, index) => {
    for (const [name, value] of Object.entries(trace)) {
      update[name] ||= new Array(list.length).fill(undefined);
      update[name][index] = value;
    }
  });
  return update;
}

/** @param {boolean} all */
function refit(all) {
  if (!view.x) return;
  const fitted = ranges.fit(data.ohlc, data.metrics, view.x, timeline.step);
  for (const axis of AXES) {
    if (fitted[axis] && (all || !view.scaled[axis])) view.y[axis] = fitted[axis];
  }
}

/** @param {Graph} gd */
function layoutUpdate(gd) {
  // New columns would make Plotly guess the axes' types again.
  /** @type {Record<string, unknown>} */
  const update = { "xaxis.type": "date", ...ticks(gd) };
  for (const axis of AXES) update[`${axis}.type`] = "linear";
  if (view.x) update["xaxis.range"] = view.x.slice();
  update["xaxis.showticklabels"] = view.x !== null;
  for (const axis of AXES) {
    if (view.y[axis]) update[`${axis}.range`] = view.y[axis].slice();
    update[`${axis}.showticklabels`] = Boolean(view.y[axis]) && !view.slim.includes(axis);
    update[`${axis}.fixedrange`] = !view.scaled[axis];
  }
  if (data.about) {
    const decimals = data.about.price_decimals;
    update["yaxis.tickformat"] = Number.isInteger(decimals) ? `.${decimals}f` : "";
    Object.assign(update, priceTicks(decimals));
  }
  for (const axis of /** @type {AxisName[]} */ (["yaxis2", "yaxis4"])) {
    const [low, high] = view.y[axis] || [0, 1];
    update[`${axis}.tickformat`] = Math.max(-low, high) >= 2000 ? "~s" : "";
  }
  return update;
}

/** No label between two prices that can be: it would read like one of them.
 * @param {number | null} decimals */
function priceTicks(decimals) {
  const [low, high] = view.y.yaxis || [0, Infinity];
  const least = 10 ** -(decimals ?? 0);
  if (!Number.isInteger(decimals) || (high - low) / MOST_PRICES >= least) return { "yaxis.tickmode": "auto" };
  return { "yaxis.tickmode": "linear", "yaxis.tick0": 0, "yaxis.dtick": least };
}

/** Labels where the timeline says, or where Plotly finds round times.
 * @param {Graph} gd */
function ticks(gd) {
  const own = view.x && timeline.ticks(view.x, (view.x[1] - view.x[0]) / gd._fullLayout.xaxis._length);
  if (!own) return { "xaxis.tickmode": "auto" };
  return { "xaxis.tickmode": "array", "xaxis.tickvals": own.places, "xaxis.ticktext": own.texts };
}

/* What the report locates, as shapes. */
function shaded() {
  const key = view.shaded && data.report ? `${data.crc32.report} ${timeline.step} ${timeline.key}` : "";
  if (key !== marks.key) {
    const shapes = key ? findings.shapes(data.report, timeline) : [];
    marks = { key, shapes, text: JSON.stringify(shapes) };
  }
  return marks;
}

/** Room goes from panels without data to the others, and what the report locates is shaded. Both hardly ever change,
 * and both cost a whole drawing.
 * @param {Graph} gd */
function rare(gd) {
  /** @type {Record<string, unknown>} */
  const update = {};
  view.slim = panels.collapsed(panels.missing(data));
  const { t: top, b: bottom } = gd._fullLayout.margin;
  const height = gd._fullLayout.height - top - bottom;
  const room = view.slim.length ? `${view.slim} ${height}` : "";
  const { shapes, text } = shaded();
  const shapesKey = `${room} ${text}`;
  if (room !== drawnRoom) {
    const domains = panels.domains(view.slim, height);
    for (const axis of AXES) {
      update[`${axis}.domain`] = domains[axis];
      update[`${axis}.showgrid`] = !view.slim.includes(axis);
      update[`${axis}.zeroline`] = !view.slim.includes(axis) && (axis === "yaxis3" || axis === "yaxis4");
    }
    drawnRoom = room;
  }
  if (shapesKey !== drawnShapes) {
    const rules = panels
      .boundaries(view.slim, height)
      .map((y) => ({ type: "line", xref: "paper", yref: "paper", x0: 0, x1: 1, y0: y, y1: y, line: RULE, layer: "below" }));
    update.shapes = [...rules, ...shapes];
    drawnShapes = shapesKey;
  }
  return update;
}

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
  for (const [axis, range] of /** @type {[AxisName, Span][]} */ (Object.entries(y || {}))) {
    view.y[axis] = range;
    view.scaled[axis] = true;
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
  if (!gd) {
    setTimeout(schedule, 50);
    return;
  }
  if (gd !== heard) listen(gd);
  if (gd._dragging) {
    setTimeout(schedule, 50);
    return;
  }
  if (view.following) {
    view.x = ranges.follow(data.ohlc, data.metrics, timeline.step);
    refit(true);
  }
  const begun = performance.now();
  const update = rare(gd);
  window.Plotly?.update(gd, transposed(traces()), { ...layoutUpdate(gd), ...update });
  drawnAt = performance.now();
  costMs = drawnAt - begun;
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
    for (const axis of AXES) {
      const low = event[`${axis}.range[0]`];
      if (low !== undefined) y[axis] = [Number(low), Number(event[`${axis}.range[1]`])];
    }
    if (x || Object.keys(y).length) hold(x, y);
    else schedule(true);
  });
  // A panel that is but a line keeps the height of one.
  window.addEventListener("resize", () => view.slim.length && setTimeout(schedule, 200));
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

/** @param {AxisName} axis
 * @param {number} factor */
export function scalePrice(axis, factor) {
  const range = view.y[axis];
  if (range) hold(null, { [axis]: ranges.zoom(range, (range[0] + range[1]) / 2, factor) });
}

/** @param {AxisName} axis */
export function fitPrice(axis) {
  delete view.scaled[axis];
  refit(false);
  schedule(true);
}

/** `before` is what was shown until a new session (`reset`). The picture of a session that has nothing to show yet is
 * the last one, faded, so that a change of the interval never blanks the chart.
 * @param {State} state
 * @param {boolean} reset
 * @param {About | null} before */
export function setData(state, reset, before) {
  const hadRows = data.ohlc.length + data.metrics.length > 0;
  if (reset) entered = { before };
  takeIn(state);
  const waiting = !state.ohlc.length && !state.metrics.length && Boolean(view.x) && state.status?.state === "loading";
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
  if (state.ohlc.length || state.metrics.length) timeline = bars.timeline(state, entered ? null : last);
  data = { ...state, ohlc: timeline.put(state.ohlc), metrics: timeline.put(state.metrics) };
  if (timeline.anew && !entered && view.x) {
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
  const begin = place - REVEALED_AT * span;
  hold([begin, begin + span], null);
}

/** From the first bar at hand to the end of the last; null without any.
 * @returns {Span | null} */
function held() {
  const ends = [data.ohlc, data.metrics].flatMap((rows) => (rows.length ? [rows[0][0], rows[rows.length - 1][0]] : []));
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

/** The bar that a place belongs to, from when to when: a candle stands on its begin.
 * @param {number} along
 * @returns {Bar} */
export function barAt(along) {
  const place = timeline.bar(along);
  return { label: label(place), fromMs: timeline.time(place), untilMs: timeline.time(place + timeline.step) };
}

/** @param {number} place */
export const label = (place) => format.barTime(timeline.time(place), timeline.fineness);
export const isRested = () => scheduled === null;

const currentData = () => data;
const currentTimeline = () => timeline;
export { currentData as data, currentTimeline as timeline };
