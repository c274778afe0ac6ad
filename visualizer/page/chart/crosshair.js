/* What lies over the chart: one crosshair through all panels, the last price, the panels' titles and why one is empty. */
import { byId, make } from "../dom.js";
import * as findings from "../findings.js";
import { missing } from "../panels/missing.js";
import { PANELS, TABLES } from "../panels/registry.js";
import { current } from "../state.js";
import { token } from "../tokens.js";
import * as chart from "./chart.js";
import * as gestures from "./gestures.js";
import * as ranges from "./ranges.js";
import * as readout from "./readout.js";
/** @import { Graph, Pointed, State } from "../types.d.ts" */

const FOUND_PX = 4;
const FOUND_LINES = 4;
/* The panels with a line at their newest value. */
const LAST = PANELS.flatMap(({ last, ...panel }) => (last ? [{ ...panel, last }] : []));
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
  const names = PANELS.map(({ name }) => name);
  byId("chart-panel").setAttribute("aria-label", `${names.slice(0, -1).join(", ")} and ${names.at(-1)} over time`);
  /** @param {string} name */
  const perPanel = (name) => PANELS.map(() => element(name, parent));
  return {
    vertical: element("cross vertical", parent),
    horizontal: element("cross horizontal", parent),
    time: element("chip time", parent),
    value: element("chip value", parent),
    last: LAST.map(() => ({ line: element("last-line", parent), chip: element("chip last", parent) })),
    found: element("chip found", parent),
    titles: perPanel("panel-title"),
    notes: perPanel("panel-note"),
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

/** The place of the bar nearest to another, of all tables; null without any bar.
 * @param {State} data
 * @param {number} place
 * @returns {number | null} */
function nearestBar(data, place) {
  let best = null;
  for (const rows of TABLES.map((name) => data[name])) {
    const index = ranges.indexAt(rows, place);
    for (const row of [rows[index - 1], rows[index]]) {
      if (row && (best === null || Math.abs(row[0] - place) < Math.abs(best - place))) best = row[0];
    }
  }
  return best;
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
  const panel = at && at.zone && at.panel && !chart.view.collapsed.includes(at.panel.id) ? at.panel : null;
  show(parts.horizontal, panel !== null);
  show(parts.value, panel !== null);
  if (at && panel) {
    const axis = full[panel.yaxis];
    parts.horizontal.style.transform = `translateY(${Math.round(at.y)}px)`;
    parts.value.style.transform = `translateY(${Math.round(at.y)}px)`;
    parts.value.textContent = panel.value(axis.p2l(at.y - axis._offset), data.about);
  }
  readout.show(bar ?? newestBar(data));
}

/** The place of the newest bar of all tables; null without any.
 * @param {State} data */
function newestBar(data) {
  const newest = Math.max(...TABLES.map((name) => data[name].at(-1)?.[0] ?? -Infinity));
  return Number.isFinite(newest) ? newest : null;
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

/** The line at the newest value, of each panel that has one.
 * @param {Graph} gd */
function showLast(gd) {
  const data = chart.data();
  for (const [index, { id, rows, yaxis, last }] of LAST.entries()) {
    const { line, chip } = all().last[index];
    const row = data[rows].at(-1);
    const axis = gd._fullLayout[yaxis];
    const value = Number(row?.[last.close] ?? NaN);
    const y = axis._offset + axis.l2p(value);
    const inside = y >= axis._offset && y <= axis._offset + axis._length && !chart.view.collapsed.includes(id);
    show(line, inside);
    show(chip, inside);
    if (!inside) continue;
    for (const part of [line, chip]) {
      part.style.transform = `translateY(${Math.round(y)}px)`;
      part.style.setProperty("--colour", token(value >= Number(row?.[last.open]) ? "up" : "down"));
    }
    chip.textContent = last.text(value, data.about);
  }
}

/** The titles of the panels, and why one is empty where one is.
 * @returns {{ title: string, note: string }[]} */
function texts() {
  const data = chart.data();
  const { about } = data;
  if (!about) return PANELS.map(() => ({ title: "", note: "" }));
  const facts = { sizesUnknown: findings.sizesAreUnknown(current().report) };
  const found = missing(data);
  return PANELS.map((panel) => {
    const title = panel.title(about, facts);
    const note = panel.empty(found);
    if (!chart.view.collapsed.includes(panel.id)) return { title, note };
    return { title: "", note: note && `${panel.collapsedTitle ?? title} · ${note}` };
  });
}

/** @param {Graph} gd */
export function refresh(gd) {
  const parts = all();
  for (const [index, { title, note }] of texts().entries()) {
    const { _offset: top, _length: height } = gd._fullLayout[PANELS[index].yaxis];
    parts.titles[index].style.transform = `translateY(${Math.round(top)}px)`;
    parts.titles[index].textContent = title;
    parts.notes[index].style.transform = `translateY(${Math.round(top + height / 2)}px)`;
    parts.notes[index].textContent = note;
    show(parts.notes[index], Boolean(note));
  }
  showLast(gd);
  point(gd);
}
