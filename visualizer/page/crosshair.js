/* What lies over the chart: one crosshair through all panels, the last price, the panels' names and their excuses. */
import * as chart from "./chart.js";
import * as findings from "./findings.js";
import * as format from "./format.js";
import * as gestures from "./gestures.js";
import * as panels from "./panels.js";
import * as ranges from "./ranges.js";
import * as readout from "./readout.js";
import { current } from "./state.js";

const FOUND_PX = 4;
const FOUND_LINES = 4;
let pointer = null;
let parts = null;

function element(className, parent) {
  const made = document.createElement("div");
  made.className = className;
  parent.append(made);
  return made;
}

function build() {
  const overlay = document.getElementById("chart-overlay");
  parts = {
    vertical: element("cross vertical", overlay),
    horizontal: element("cross horizontal", overlay),
    time: element("chip time", overlay),
    value: element("chip value", overlay),
    lastLine: element("last-line", overlay),
    last: element("chip last", overlay),
    found: element("chip found", overlay),
    titles: {},
    notes: {},
  };
  for (const axis of chart.AXES) {
    parts.titles[axis] = element("panel-title", overlay);
    parts.notes[axis] = element("panel-note", overlay);
  }
}

export function listen(gd) {
  const panel = document.getElementById("chart-panel");
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

const show = (part, visible) => part.classList.toggle("shown", visible);

function rowAt(rows, place) {
  const row = rows[ranges.indexAt(rows, place)];
  return row && row[0] === place ? row : null;
}

/* The place of the bar nearest to another, from both tables; null without any bar. */
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

function axisText(axis, value) {
  const about = chart.data().about || {};
  if (axis === "yaxis") return format.exact(value, about.price_decimals ?? 2);
  if (axis === "yaxis3") return format.signed(value, 3);
  return format.exact(value, Math.min(about.size_decimals ?? 2, 4));
}

/* Crosshair and read-out for where the pointer is. */
function point(gd) {
  if (!parts) build();
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
  const level = Boolean(at && at.zone && at.axis && !chart.view.slim.includes(at.axis));
  show(parts.horizontal, level);
  show(parts.value, level);
  if (level) {
    const axis = full[at.axis];
    parts.horizontal.style.transform = `translateY(${Math.round(at.y)}px)`;
    parts.value.style.transform = `translateY(${Math.round(at.y)}px)`;
    parts.value.textContent = axisText(at.axis, axis.p2l(at.y - axis._offset));
  }
  const newest = Math.max(
    data.ohlc.length ? data.ohlc[data.ohlc.length - 1][0] : -Infinity,
    data.metrics.length ? data.metrics[data.metrics.length - 1][0] : -Infinity,
  );
  const shown = bar ?? newest;
  const label = Number.isFinite(shown) ? chart.label(shown) : null;
  readout.show(label, rowAt(data.ohlc, shown), rowAt(data.metrics, shown), data.about);
}

/* What the report locates under the pointer. */
function showFound(gd, at) {
  const { report } = chart.data();
  const over = at && at.zone === "plot" && chart.view.shaded && report && !gd._dragging;
  const found = over ? findings.at(report, at.along, FOUND_PX * at.perPixel, chart.timeline()) : [];
  show(parts.found, found.length > 0);
  if (!found.length) return;
  const lines = found.slice(0, FOUND_LINES).map(({ kind, detail }) => `${findings.label(kind)}: ${detail}`);
  if (found.length > lines.length) lines.push(`and ${found.length - lines.length} more`);
  parts.found.textContent = lines.join("\n");
  const most = gd._fullLayout.xaxis._offset + gd._fullLayout.xaxis._length - parts.found.offsetWidth;
  parts.found.style.transform = `translateX(${Math.round(Math.max(0, Math.min(at.x + 12, most)))}px)`;
}

function lastPrice(gd) {
  const { ohlc, about } = chart.data();
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

function titlesOf(about) {
  const levels = about.obi_levels > 0 ? `top ${about.obi_levels}` : "whole book";
  const counted = findings.sizesAreUnknown(current().report) ? " · counts quotes, sizes unknown" : "";
  const reset = about.cvd_reset === "day" ? "daily" : "";
  return { yaxis: "", yaxis2: "Volume", yaxis3: `OBI ${levels}${counted}`, yaxis4: `CVD ${reset}` };
}

/* Names of the panels, and why one is empty where one is. */
export function texts() {
  const data = chart.data();
  if (!data.about) return { titles: {}, notes: {} };
  const titles = titlesOf(data.about);
  const { loading, trades, book, cvd } = panels.missing(data);
  if (loading) return { titles, notes: { yaxis: "Loading ...", yaxis3: "Loading ..." } };
  const notes = { yaxis: trades, yaxis2: "", yaxis3: book, yaxis4: trades || cvd };
  for (const axis of chart.view.slim) {
    const title = axis === "yaxis" ? "Price, volume" : titles[axis];
    if (notes[axis]) notes[axis] = `${title} · ${notes[axis]}`;
    titles[axis] = "";
  }
  return { titles, notes };
}

export function refresh(gd) {
  if (!parts) build();
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
