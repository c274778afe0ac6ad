/* What lies over the chart: one crosshair through all panels, the last price, the panels' titles and why one is empty. */
import { byId, make, say, show } from "../dom.js";
import * as frame from "../draw/frame.js";
import { rises } from "../draw/commands.js";
import * as findings from "../findings.js";
import { options } from "../options.js";
import { missing } from "../panels/missing.js";
import { PANELS, PRICES, TABLES, layersOf, table } from "../panels/registry.js";
import * as pointedPrice from "../pointed.js";
import { token } from "../tokens.js";
import { css, within } from "../unit.js";
import * as chart from "./chart.js";
import * as cursor from "./cursor.js";
import * as gestures from "./gestures.js";
import * as ranges from "./ranges.js";
import * as readout from "./readout.js";
/** @import { Pointed, State } from "../types.d.ts" */

const FOUND_PX = 4;
const FOUND_LINES = 4;
/* The panels with a line at their newest value. */
const LAST = PANELS.flatMap(({ last, ...panel }, index) => (last ? [{ ...panel, last, index }] : []));
const PLACE = "chart";
/** @type {{ x: number, y: number } | null} */
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

/** A title, by which its panel is carried to another place.
 * @param {string} id
 * @param {Element} parent */
function titleOf(id, parent) {
  const part = element("panel-title", parent);
  part.dataset.panel = id;
  part.title = "drag to put the panel elsewhere";
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
    under: element("chip under", parent),
    titles: PANELS.map(({ id }) => titleOf(id, parent)),
    notes: perPanel("panel-note"),
  };
}

/* The parts, made where they are asked for first. */
const all = () => (overlay ??= made());

export function listen() {
  const panel = byId("chart-panel");
  panel.addEventListener("pointermove", (event) => {
    pointer = within(event, panel);
    if (event.movementX || event.movementY) cursor.drop(); // browsers tell of a pointer that rests where what is below it has moved
    frame.request();
  });
  panel.addEventListener("pointerleave", () => {
    pointer = null;
    frame.request();
  });
}

/** @param {HTMLElement} part
 * @param {number} x where its middle is
 * @param {number} most where its right edge is at most */
function across(part, x, most) {
  part.style.transform = `translateX(clamp(0px, ${css(x)} - 50%, ${css(most)} - 100%))`;
}

/** @param {HTMLElement} part
 * @param {number} y */
function down(part, y) {
  part.style.transform = `translateY(${css(y)})`;
}

/** The place of the bar nearest to another, of all tables; null without any bar.
 * @param {State} data
 * @param {number} place
 * @returns {number | null} */
function nearestBar(data, place) {
  let best = null;
  for (const rows of TABLES.map((name) => table(data, name))) {
    const index = ranges.indexAt(rows, place);
    for (const row of [rows[index - 1], rows[index]]) {
      if (row && (best === null || Math.abs(row[0] - place) < Math.abs(best - place))) best = row[0];
    }
  }
  return best;
}

/* Where the pointer is; null where it is not over the chart. */
export const pointed = () => pointer && chart.pointed(pointer);

/* Where the pointer, or the crosshair that keys move, is in the chart that has been painted: what is painted beside it shows a line at the same
   price. */
export function aim() {
  const at = cursor.pointed() ?? pointed();
  const panel = at && at.zone && at.panel && chart.hasValues(at.panel.id) ? at.panel : null;
  const value = at && panel ? chart.placed().scales[at.index].fromY(at.y) : null;
  pointedPrice.point(PLACE, at?.panel?.id === PRICES ? value : null);
  return { at, panel, value };
}

/* Crosshair and read-out for where the pointer is. */
function point() {
  const parts = all();
  const data = chart.data();
  const { at, panel, value } = aim();
  const { layout, scales } = chart.placed();
  const bar = at && at.zone === "plot" ? nearestBar(data, at.along) : null;
  const place = at && cursor.current() ? at.along : bar; // keys are told where they are, where there is no bar, too
  const x = place === null ? 0 : scales[0].toX(place);
  const isInside = place !== null && x >= 0 && x <= layout.plot.width;
  show(parts.vertical, isInside);
  show(parts.time, isInside);
  if (isInside) {
    parts.vertical.style.transform = `translateX(${css(x)})`;
    say(parts.time, chart.label(place));
    across(parts.time, x, layout.width);
  }
  showFound(at);
  if (at && panel && value !== null) level(at.y, panel.value(value, data.about, options()));
  else levelOf(pointedPrice.other(PLACE));
  showUnder(at, bar, value);
  readout.show(bar ?? newestBar(data));
}

/** What the layers of the panel say of the bar at a value.
 * @param {Pointed | null} at
 * @param {number | null} bar
 * @param {number | null} value */
function showUnder(at, bar, value) {
  const part = all().under;
  const picture = chart.picture();
  const isOver = at && at.panel && picture && bar !== null && value !== null && at.zone === "plot";
  const layers = isOver && at.panel ? layersOf(at.panel, picture.options, picture.data) : [];
  const said = isOver ? layers.flatMap(({ under }) => under?.(picture, chart.placed().scales[at.index], { place: bar, value }) || []) : [];
  show(part, said.length > 0);
  if (!at || !said.length) return;
  say(part, said.join("\n"));
  const { layout } = chart.placed();
  const x = `clamp(0px, ${css(at.x + 14)}, ${css(layout.plot.width)} - 100%)`;
  part.style.transform = `translate(${x}, ${css(at.y + (at.y > layout.height / 2 ? -26 : 10))})`;
}

/** The line across at a height, and what it says; null for none.
 * @param {number | null} y
 * @param {string} text */
function level(y, text) {
  const { horizontal, value } = all();
  show(horizontal, y !== null);
  show(value, y !== null);
  if (y === null) return;
  down(horizontal, y);
  down(value, y);
  say(value, text);
}

/** The line across at a price that is pointed at beside the chart.
 * @param {number | null} price */
function levelOf(price) {
  const axis = price === null ? null : chart.axisOf(PRICES);
  const panel = PANELS.find(({ id }) => id === PRICES);
  const y = axis?.toY(price ?? 0) ?? -1;
  const isInside = axis !== null && y >= axis.box.top && y <= axis.box.top + axis.box.height;
  level(isInside ? y : null, isInside && panel ? panel.value(price ?? 0, chart.data().about, options()) : "");
}

/** The place of the newest bar of all tables; null without any.
 * @param {State} data */
function newestBar(data) {
  const newest = Math.max(...TABLES.map((name) => table(data, name).at(-1)?.[0] ?? -Infinity));
  return Number.isFinite(newest) ? newest : null;
}

/** What the report locates under the pointer.
 * @param {Pointed | null} at */
function showFound(at) {
  const { report } = chart.data();
  const over = at && at.zone === "plot" && chart.view.shaded && report && !gestures.isDragging();
  const part = all().found;
  const found = over ? findings.at(report, at.along, FOUND_PX * at.perPixel, chart.timeline()) : [];
  show(part, found.length > 0);
  if (!at || !found.length) return;
  const lines = found.slice(0, FOUND_LINES).map(findings.words);
  if (found.length > lines.length) lines.push(`and ${found.length - lines.length} more`);
  say(part, lines.join("\n"));
  part.style.transform = `translateX(clamp(0px, ${css(at.x + 12)}, ${css(chart.placed().layout.plot.width)} - 100%))`;
}

/* The line at the newest value, of each panel that has one. */
function showLast() {
  const data = chart.data();
  const { layout, scales } = chart.placed();
  for (const [number, { id, rows, index, last }] of LAST.entries()) {
    const { line, chip } = all().last[number];
    const row = table(data, rows).at(-1);
    const { box } = layout.panels[index];
    const value = Number(row?.[last.close] ?? NaN);
    const y = scales[index].toY(value);
    const inside = y >= box.top && y <= box.top + box.height && chart.hasValues(id);
    show(line, inside);
    show(chip, inside);
    if (!inside) continue;
    for (const part of [line, chip]) {
      down(part, y);
      part.style.setProperty("--colour", token(rises(Number(row?.[last.open]), value) ? "up" : "down"));
    }
    say(chip, last.text(value, data.about));
  }
}

/** The titles of the panels, and why one is empty where one is.
 * @returns {{ title: string, note: string }[]} */
function texts() {
  const data = chart.data();
  const { about } = data;
  if (!about) return PANELS.map(() => ({ title: "", note: "" }));
  const facts = { sizesUnknown: findings.sizesAreUnknown(data.report) };
  const found = missing(data, byId("app").dataset.control === "off");
  return PANELS.map((panel, index) => {
    if (chart.view.hidden.includes(panel.id)) return { title: "", note: "" };
    const title = [panel.title(about, facts, options()), ...chart.notes(index)].filter(Boolean).join(" · ");
    const note = panel.empty(found);
    if (!chart.view.collapsed.includes(panel.id)) return { title, note };
    return { title: "", note: note && `${panel.collapsedTitle ?? panel.title(about, facts, options())} · ${note}` };
  });
}

/* Everything for what the chart shows now. */
export function refresh() {
  const parts = all();
  const { panels } = chart.placed().layout;
  for (const [index, { title, note }] of texts().entries()) {
    const { top, height } = panels[index].box;
    down(parts.titles[index], top);
    say(parts.titles[index], title);
    down(parts.notes[index], top + height / 2);
    say(parts.notes[index], note);
    show(parts.notes[index], Boolean(note));
  }
  showLast();
  point();
}
