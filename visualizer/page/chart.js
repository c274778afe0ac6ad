/* The four panels over one axis: columns into traces, ranges, and who decides about them, the page or its user. Along it
   everything is measured as the timeline does; times become places, and places times, only where they come in and go out. */
import * as bars from "./bars.js";
import * as findings from "./findings.js";
import * as format from "./format.js";
import * as panels from "./panels.js";
import * as ranges from "./ranges.js";

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

/* The view: following until the user takes hold of it; `x` is the span along the axis, `asked` the times that the user
   set, which another interval may have to widen or to narrow, `scaled` are the price axes that they set. */
export const view = { following: true, x: null, asked: null, y: {}, scaled: {}, cvdLine: false, shaded: true, slim: [] };
let timeline = bars.ofTime(60_000);
let data = { ohlc: [], metrics: [], about: null, report: null }; // with places for times
let entered = null; // a session that is not drawn yet
let drawnShapes = "";
let marks = { key: "", shapes: [], text: "" };
let drawnRoom = "";
let margin = MARGIN;
let scheduled = null;
let timer = 0;
let drawnAt = 0;
let costMs = 0;
let heard = null; // the graph that is listened to
let overlay = { ready: () => {}, changed: () => {} };

/* What lies over the chart: `ready(gd)` is called once the graph is there, `changed(gd)` when what it shows has changed. */
export function connect(given) {
  overlay = given;
}

export const graph = () => {
  const found = document.querySelector("#chart .js-plotly-plot");
  return found && found._fullLayout && window.Plotly ? found : null;
};
const column = (rows, index) => rows.map((row) => row[index]);

/* The rows near the view, and two far beyond it, one step apart: from the smallest distance of two bars Plotly
   takes how wide a candle is, and there may be one bar only, or none without a gap beside it. */
function near(rows) {
  if (!view.x) return { rows: [], padded: [] };
  const span = view.x[1] - view.x[0];
  const kept = ranges.visible(rows, [view.x[0] - margin * span, view.x[1] + margin * span], timeline.step);
  const last = kept[kept.length - 1];
  if (!last) return { rows: kept, padded: kept };
  const beyond = last[0] + Math.ceil((10 * span) / timeline.step) * timeline.step;
  const pad = (place) => [place, ...last.slice(1)];
  return { rows: kept, padded: [...kept, pad(beyond), pad(beyond + timeline.step)] };
}

function traces() {
  const { rows: bars, padded: ohlc } = near(data.ohlc);
  const { rows, padded } = near(data.metrics);
  const shown = (axis, rows) => (view.slim.includes(axis) ? [] : rows);
  const [obi, cvd] = [shown("yaxis3", padded), shown("yaxis4", padded)];
  const candle = (rows, first) => ({
    x: column(rows, 0),
    open: column(rows, first),
    high: column(rows, first + 1),
    low: column(rows, first + 2),
    close: column(rows, first + 3),
  });
  return [
    candle(ohlc, 1),
    {
      x: column(bars, 0),
      y: column(bars, 5),
      width: timeline.step * 0.75,
      "marker.color": bars.map((row) => (row[4] >= row[1] ? UP : DOWN)),
    },
    candle(obi, 1),
    { ...candle(cvd, 5), visible: !view.cvdLine },
    { x: column(shown("yaxis4", rows), 0), y: column(shown("yaxis4", rows), 8), visible: view.cvdLine },
  ];
}

/* Per attribute one value for each trace, as Plotly.update wants them. */
function transposed(list) {
  const update = {};
  list.forEach((trace, index) => {
    for (const [name, value] of Object.entries(trace)) {
      update[name] = update[name] || new Array(list.length).fill(undefined);
      update[name][index] = value;
    }
  });
  return update;
}

function refit(all) {
  if (!view.x) return;
  const fitted = ranges.fit(data.ohlc, data.metrics, view.x, timeline.step);
  for (const axis of AXES) {
    if (fitted[axis] && (all || !view.scaled[axis])) view.y[axis] = fitted[axis];
  }
}

function layoutUpdate(gd) {
  // New columns would make Plotly guess the axes' types again.
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
  for (const axis of ["yaxis2", "yaxis4"]) {
    const [low, high] = view.y[axis] || [0, 1];
    update[`${axis}.tickformat`] = Math.max(-low, high) >= 2000 ? "~s" : "";
  }
  return update;
}

/* No label between two prices that can be: it would read like one of them. */
function priceTicks(decimals) {
  const [low, high] = view.y.yaxis || [0, Infinity];
  const least = 10 ** -decimals;
  if (!Number.isInteger(decimals) || (high - low) / MOST_PRICES >= least) return { "yaxis.tickmode": "auto" };
  return { "yaxis.tickmode": "linear", "yaxis.tick0": 0, "yaxis.dtick": least };
}

/* Labels where the timeline says, or where Plotly finds round times. */
function ticks(gd) {
  const span = view.x && view.x[1] - view.x[0];
  const own = view.x && timeline.ticks(view.x, span / gd._fullLayout.xaxis._length);
  if (!own) return { "xaxis.tickmode": "auto" };
  return { "xaxis.tickmode": "array", "xaxis.tickvals": own.places, "xaxis.ticktext": own.texts };
}

/* What the report locates, as shapes. */
function shaded() {
  const key = view.shaded && data.report ? `${data.report.crc32} ${timeline.step} ${timeline.key}` : "";
  if (key !== marks.key) {
    const shapes = key ? findings.shapes(data.report, timeline) : [];
    marks = { key, shapes, text: JSON.stringify(shapes) };
  }
  return marks;
}

/* Room goes from panels without data to the others, and what the report locates is shaded. Both hardly ever change,
   and both cost a whole drawing. */
function rare(gd) {
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

/* The user has moved something: from now on nothing moves by itself. */
function hold(x, y) {
  if (x) view.x = x;
  if (view.x && (x || view.following)) view.asked = view.x.map(timeline.time);
  view.following = false;
  for (const [axis, range] of Object.entries(y || {})) {
    view.y[axis] = range;
    view.scaled[axis] = true;
  }
  if (x) refit(false);
  schedule(true);
}

/* Draws at the next frame: at once what the user does, data only when the last drawing has been paid for. */
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
  window.Plotly.update(gd, transposed(traces()), { ...layoutUpdate(gd), ...update });
  drawnAt = performance.now();
  costMs = drawnAt - begun;
  document.getElementById("app").dataset.following = String(view.following);
  overlay.changed(gd);
}

/* A drag moves what is drawn, and by at most the width of the plot: have that much at hand. */
export function beforeDrag() {
  margin = 1;
  draw();
  margin = MARGIN;
}

const toMs = (value) => (typeof value === "number" ? value : Date.parse(`${value.replace(" ", "T")}Z`));

function listen(gd) {
  heard = gd;
  gd.on("plotly_relayout", (event) => {
    const x = "xaxis.range[0]" in event ? [toMs(event["xaxis.range[0]"]), toMs(event["xaxis.range[1]"])] : null;
    const y = {};
    for (const axis of AXES) {
      const low = event[`${axis}.range[0]`];
      if (low !== undefined) y[axis] = [low, event[`${axis}.range[1]`]];
    }
    if (x || Object.keys(y).length) hold(x, y);
    else schedule(true);
  });
  // A panel that is but a line keeps the height of one.
  window.addEventListener("resize", () => view.slim.length && setTimeout(schedule, 200));
  overlay.ready(gd);
}

/* Zoom along the axis about a place; `factor` below 1 shows less. */
export function zoomTime(about, factor) {
  const bounds = held();
  if (!view.x || !bounds) return;
  const most = (bounds[1] - bounds[0]) * 1.5 + 60 * timeline.step;
  const range = ranges.zoom(view.x, about, factor);
  const span = range[1] - range[0];
  if (span < FEWEST_BARS * timeline.step || span > most) return;
  hold(range, null);
}

export function panTime(by) {
  if (view.x) hold([view.x[0] + by, view.x[1] + by], null);
}

export function scalePrice(axis, factor) {
  const range = view.y[axis];
  if (range) hold(null, { [axis]: ranges.zoom(range, (range[0] + range[1]) / 2, factor) });
}

export function fitPrice(axis) {
  delete view.scaled[axis];
  refit(false);
  schedule(true);
}

/* `before` is what was shown until a new session (`reset`). The picture of a session that has nothing to show yet is
   the last one, faded, so that a change of the interval never blanks the chart. */
export function setData(state, reset, before) {
  const hadRows = data.ohlc.length + data.metrics.length > 0;
  if (reset) entered = { before };
  place(state);
  const empty = !state.ohlc.length && !state.metrics.length;
  const waiting = empty && Boolean(view.x) && Boolean(state.status) && state.status.state === "loading";
  document.getElementById("app").dataset.faded = String(waiting && entered !== null);
  if (!(waiting && entered)) {
    if (entered) enter(entered.before);
    else if (hadRows && !view.following) comeBack();
    entered = null;
    schedule();
  }
  const gd = graph();
  if (gd) overlay.changed(gd);
}

/* The bars get their places. Where all of them are others than before, what is in view stays at its time. Without any,
   the last timeline is that of what is drawn still. */
function place(state) {
  const last = timeline;
  if (state.ohlc.length || state.metrics.length) timeline = bars.timeline(state, entered ? null : last);
  data = { ...state, ohlc: timeline.put(state.ohlc), metrics: timeline.put(state.metrics) };
  if (timeline.anew && !entered && view.x) {
    const end = timeline.place(last.time(view.x[1]));
    view.x = [end - (view.x[1] - view.x[0]), end];
  }
}

/* Another session: a span that was held is kept where there is something to see in it; of another instrument nothing
   but the span in time, of another dataset not even that. */
function enter(before) {
  const { about } = data;
  const sameData = Boolean(before && about && before.dataset === about.dataset);
  const same = sameData && before.instrument === about.instrument;
  const kept = !view.following && sameData ? ranges.kept(view.asked.map(timeline.place), held(), timeline.step) : null;
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

/* Moves a held span, as little as need be, to where a moment is in it. */
export function reveal(ms) {
  if (!view.following && view.x && ms !== null) bring(timeline.place(ms));
}

function bring(place) {
  const span = view.x[1] - view.x[0];
  if (place >= view.x[0] && place <= view.x[1]) return;
  const begin = place - REVEALED_AT * span;
  hold([begin, begin + span], null);
}

/* From the first bar at hand to the end of the last; null without any. */
function held() {
  const ends = [data.ohlc, data.metrics].flatMap((rows) => (rows.length ? [rows[0][0], rows[rows.length - 1][0]] : []));
  return ends.length ? [Math.min(...ends), Math.max(...ends) + timeline.step] : null;
}

/* Whether there are bars at a moment, or might be. */
export function reaches(ms) {
  const bounds = held();
  const place = timeline.place(ms);
  return bounds !== null && place >= bounds[0] && place < bounds[1];
}

/* Go to a moment, or to a span that may be longer than what is in view; the bars keep their width if it is not.
   False where there are no bars to go to. */
export function show(fromMs, untilMs) {
  if (!view.x || !reaches(fromMs)) return false;
  const now = view.x[1] - view.x[0];
  const [from, until] = [fromMs, untilMs ?? fromMs].map(timeline.place);
  const width = Math.max(now, (until - from) / (1 - SHOWN_SHARE));
  const middle = (from + until) / 2 - timeline.step / 2;
  hold([middle - width / 2, middle + width / 2], null);
  return true;
}

export function setShaded(shaded) {
  view.shaded = shaded;
  schedule(true);
}

export function setCvdLine(isLine) {
  view.cvdLine = isLine;
  schedule(true);
}

/* The bar that a place belongs to, from when to when: a candle stands on its begin. */
export function barAt(along) {
  const place = timeline.bar(along);
  return { label: label(place), fromMs: timeline.time(place), untilMs: timeline.time(place + timeline.step) };
}

export const label = (place) => format.barTime(timeline.time(place), timeline.fineness);
export const isRested = () => scheduled === null;

const currentData = () => data;
const currentTimeline = () => timeline;
export { currentData as data, currentTimeline as timeline };
