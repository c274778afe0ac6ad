/* What lies over the chart: one crosshair through all panels, the last price, the panels' names and their excuses. */
import * as chart from "./chart.js";
import { byId, make } from "../dom.js";
import * as findings from "../findings.js";
import * as format from "../format.js";
import * as gestures from "./gestures.js";
import * as panels from "../panels/panels.js";
import * as ranges from "./ranges.js";
import * as readout from "./readout.js";
import { current } from "../state.js";
/** @import { About, AxisName, Graph, Pointed, Row, State } from "../types.d.ts" */

const FOUND_PX = 4;
const FOUND_LINES = 4;
/** @type {{ clientX: number, clientY: number } | null} */
let pointer = null;
/** @type {ReturnType<typeof made> | null} */
let overlay = null;

/** @param {string} name
 * @param {Element} parent */
function element(name, parent) {
  const part = make("div", { class: name });
  parent.append(part);
  return part;
}

function made() {
  const parent = byId("chart-overlay");
  /** @param {string} name */
  const perAxis = (name) => ({
    yaxis: element(name, parent),
    yaxis2: element(name, parent),
    yaxis3: element(name, parent),
    yaxis4: element(name, parent),
  });
  return {
    vertical: element("cross vertical", parent),
    horizontal: element("cross horizontal", parent),
    time: element("chip time", parent),
    value: element("chip value", parent),
    lastLine: element("last-line", parent),
    last: element("chip last", parent),
    found: element("chip found", parent),
    titles: perAxis("panel-title"),
    notes: perAxis("panel-note"),
  };
}

/* The parts, made where they are asked for first. */
const all = () => (overlay ??= made());

/** @param {Graph} gd */
export function listen(gd) {
  const panel = byId("chart-panel");
  panel.addEventListener("pointermove", (event) => {
    pointer = { clientX: event.clientX, clientY: event.clientY };
    point(gd);
  });
  panel.addEventListener("pointerleave", () => {
    pointer = null;
    point(gd);
  });
  gd.on("plotly_afterplot", () => refresh(gd));
  gd.on("plotly_relayouting", () => point(gd));
}

/** @param {Element} part
 * @param {boolean} visible */
const show = (part, visible) => part.classList.toggle("shown", visible);

/** @template {Row} R
 * @param {R[]} rows
 * @param {number} place
 * @returns {R | null} */
function rowAt(rows, place) {
  const row = rows[ranges.indexAt(rows, place)];
  return row && row[0] === place ? row : null;
}

/** The place of the bar nearest to another, from both tables; null without any bar.
 * @param {State} data
 * @param {number} place
 * @returns {number | null} */
function nearestBar(data, place) {
  let best = null;
  for (const rows of [data.ohlc, data.metrics]) {
    const index = ranges.indexAt(rows, place);
    for (const row of [rows[index - 1], rows[index]]) {
      if (row && (best === null || Math.abs(row[0] - place) < Math.abs(best - place))) best = row[0];
    }
  }
  return best;
}

/** @param {AxisName} axis
 * @param {number} value */
function axisText(axis, value) {
  const { about } = chart.data();
  if (axis === "yaxis") return format.exact(value, about?.price_decimals ?? 2);
  if (axis === "yaxis3") return format.signed(value, 3);
  return format.exact(value, Math.min(about?.size_decimals ?? 2, 4));
}

/** Crosshair and read-out for where the pointer is.
 * @param {Graph} gd */
function point(gd) {
  const parts = all();
  const data = chart.data();
  const at = pointer && gestures.place(gd, pointer);
  const full = gd._fullLayout;
  const bar = at && at.zone === "plot" ? nearestBar(data, at.along) : null;
  show(parts.vertical, bar !== null);
  show(parts.time, bar !== null);
  if (bar !== null) {
    const x = full.xaxis._offset + full.xaxis.l2p(bar);
    const inside = x >= full.xaxis._offset && x <= full.xaxis._offset + full.xaxis._length;
    show(parts.vertical, inside);
    show(parts.time, inside);
    parts.vertical.style.transform = `translateX(${Math.round(x)}px)`;
    parts.time.textContent = chart.label(bar);
    const half = parts.time.offsetWidth / 2;
    const left = Math.max(0, Math.min(x - half, full.width - 2 * half));
    parts.time.style.transform = `translateX(${Math.round(left)}px)`;
  }
  showFound(gd, at);
  const level = at && at.zone && at.axis && !chart.view.slim.includes(at.axis) ? at.axis : null;
  show(parts.horizontal, level !== null);
  show(parts.value, level !== null);
  if (at && level) {
    const axis = full[level];
    parts.horizontal.style.transform = `translateY(${Math.round(at.y)}px)`;
    parts.value.style.transform = `translateY(${Math.round(at.y)}px)`;
    parts.value.textContent = axisText(level, axis.p2l(at.y - axis._offset));
  }
  const newest = Math.max(
    data.ohlc.length ? data.ohlc[data.ohlc.length - 1][0] : -Infinity,
    data.metrics.length ? data.metrics[data.metrics.length - 1][0] : -Infinity,
  );
  const shown = bar ?? newest;
  const label = Number.isFinite(shown) ? chart.label(shown) : null;
  readout.show(label, rowAt(data.ohlc, shown), rowAt(data.metrics, shown), data.about);
}

/** What the report locates under the pointer.
 * @param {Graph} gd
 * @param {Pointed | null} at */
function showFound(gd, at) {
  const { report } = chart.data();
  const over = at && at.zone === "plot" && chart.view.shaded && report && !gd._dragging;
  const parts = all();
  const found = over ? findings.at(report, at.along, FOUND_PX * at.perPixel, chart.timeline()) : [];
  show(parts.found, found.length > 0);
  if (!at || !found.length) return;
  const lines = found.slice(0, FOUND_LINES).map(({ kind, detail }) => `${findings.label(kind)}: ${detail}`);
  if (found.length > lines.length) lines.push(`and ${found.length - lines.length} more`);
  parts.found.textContent = lines.join("\n");
  const most = gd._fullLayout.xaxis._offset + gd._fullLayout.xaxis._length - parts.found.offsetWidth;
  parts.found.style.transform = `translateX(${Math.round(Math.max(0, Math.min(at.x + 12, most)))}px)`;
}

/** @param {Graph} gd */
function lastPrice(gd) {
  const { ohlc, about } = chart.data();
  const parts = all();
  const row = ohlc[ohlc.length - 1];
  const axis = gd._fullLayout.yaxis;
  const y = row ? axis._offset + axis.l2p(row[4]) : NaN;
  const inside = y >= axis._offset && y <= axis._offset + axis._length && !chart.view.slim.includes("yaxis");
  show(parts.last, inside);
  show(parts.lastLine, inside);
  if (!inside) return;
  const colour = row[4] >= row[1] ? chart.UP : chart.DOWN;
  for (const part of [parts.last, parts.lastLine]) {
    part.style.transform = `translateY(${Math.round(y)}px)`;
    part.style.setProperty("--colour", colour);
  }
  parts.last.textContent = format.exact(row[4], about && about.price_decimals);
}

/** @param {About} about
 * @returns {Record<AxisName, string>} */
function titlesOf(about) {
  const levels = about.obi_levels > 0 ? `top ${about.obi_levels}` : "whole book";
  const counted = findings.sizesAreUnknown(current().report) ? " · counts quotes, sizes unknown" : "";
  const reset = about.cvd_reset === "day" ? "daily" : "";
  return { yaxis: "", yaxis2: "Volume", yaxis3: `OBI ${levels}${counted}`, yaxis4: `CVD ${reset}` };
}

/** Names of the panels, and why one is empty where one is.
 * @returns {{ titles: Partial<Record<AxisName, string>>, notes: Partial<Record<AxisName, string>> }} */
function texts() {
  const data = chart.data();
  if (!data.about) return { titles: {}, notes: {} };
  const titles = titlesOf(data.about);
  const { loading, trades, book, cvd } = panels.missing(data);
  if (loading) return { titles, notes: { yaxis: "Loading ...", yaxis3: "Loading ..." } };
  /** @type {Record<AxisName, string>} */
  const notes = { yaxis: trades, yaxis2: "", yaxis3: book, yaxis4: trades || cvd };
  for (const axis of chart.view.slim) {
    const title = axis === "yaxis" ? "Price, volume" : titles[axis];
    if (notes[axis]) notes[axis] = `${title} · ${notes[axis]}`;
    titles[axis] = "";
  }
  return { titles, notes };
}

/** @param {Graph} gd */
export function refresh(gd) {
  const parts = all();
  const { titles, notes } = texts();
  for (const axis of chart.AXES) {
    const { _offset: top, _length: height } = gd._fullLayout[axis];
    parts.titles[axis].style.transform = `translateY(${Math.round(top)}px)`;
    parts.titles[axis].textContent = titles[axis] || "";
    parts.notes[axis].style.transform = `translateY(${Math.round(top + height / 2)}px)`;
    parts.notes[axis].textContent = notes[axis] || "";
    show(parts.notes[axis], Boolean(notes[axis]));
  }
  lastPrice(gd);
  point(gd);
}
