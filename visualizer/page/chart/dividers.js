/* Between two panels of the chart is a border that a pointer and the arrow keys move, and the title of a panel is where a pointer takes
   it to another place. */
import { byId, make, show } from "../dom.js";
import { arranged, borderPx, resized } from "../panels/heights.js";
import { moved } from "../panels/columns.js";
import { PANELS, placesOf } from "../panels/registry.js";
import * as options from "../options.js";
import { css, within } from "../unit.js";
import * as chart from "./chart.js";
/** @import { Box } from "../types.d.ts" */
/** The two panels that a border is between, and where it is.
 * @typedef {{ above: string, below: string, top: number }} Border */

const STEP_PX = 8;
const BIG_STEP_PX = 40;
const LEAST_DRAG_PX = 4;

/** @type {HTMLElement[]} */
const made = [];
/** @type {Border[]} */
let borders = [];
/** @type {{ id: string, startY: number, to: number | null } | null} */
let carried = null; // a panel by its title
/** @type {HTMLElement | null} */
let target = null; // where it would go

/** The panels that are more than a line, from the top, and their boxes.
 * @returns {{ id: string, box: Box }[]} */
function placed() {
  const { panels } = chart.placed().layout;
  const { collapsed, hidden } = chart.view;
  return panels.filter(({ id }) => !collapsed.includes(id) && !hidden.includes(id)).sort((one, other) => one.box.top - other.box.top);
}

/** Moves a border by so many pixels, or to a height in the chart. It is taken where the options have it by now: several moves may
 * come before one is drawn.
 * @param {Border} border
 * @param {{ by: number } | { to: number }} way */
function move({ above, below }, way) {
  const { order, heights, fixed } = placesOf(options.options());
  const panels = arranged(PANELS, order, heights);
  const { height } = chart.placed().layout.plot;
  const { collapsed } = chart.view;
  const px = "by" in way ? way.by : way.to - borderPx(panels, collapsed, height, { fixed, above });
  options.set({ heights: { ...heights, ...resized(panels, collapsed, height, { fixed, above, below, px }) } });
}

/** @param {string} id */
const nameOf = (id) => PANELS.find((panel) => panel.id === id)?.name ?? id;

function build() {
  const index = made.length;
  const element = make("div", { class: "divider", role: "separator", tabindex: "0", "aria-orientation": "horizontal", "aria-valuemin": "0", "aria-valuemax": "100" });
  let lastY = 0;
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    lastY = event.clientY;
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (!element.hasPointerCapture(event.pointerId) || event.clientY === lastY) return;
    lastY = event.clientY;
    move(borders[index], { to: within(event, byId("chart-panel")).y });
  });
  element.addEventListener("keydown", (event) => {
    const direction = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    event.stopPropagation(); // it is no key of the replay here
    move(borders[index], { by: direction * (event.shiftKey ? BIG_STEP_PX : STEP_PX) });
  });
  return element;
}

/* Puts the borders where the panels meet. */
export function refresh() {
  const overlay = document.getElementById("chart-overlay");
  if (!overlay) return;
  const panels = placed();
  const { height } = chart.placed().layout.plot;
  borders = panels.slice(1).map(({ id, box }, index) => {
    const { id: above, box: upper } = panels[index];
    return { above, below: id, top: Math.round((upper.top + upper.height + box.top) / 2) };
  });
  while (made.length < borders.length) made.push(/** @type {HTMLElement} */ (overlay.appendChild(build())));
  for (const [index, element] of made.entries()) {
    const border = borders[index];
    show(element, border !== undefined);
    if (!border) continue;
    element.style.transform = `translateY(${css(border.top)})`;
    const share = String(Math.round((100 * panels[index].box.height) / height));
    if (element.getAttribute("aria-valuenow") === share && element.dataset.panels === `${border.above} ${border.below}`) continue;
    element.dataset.panels = `${border.above} ${border.below}`;
    element.setAttribute("aria-valuenow", share);
    element.setAttribute("aria-valuetext", `${nameOf(border.above)}: ${share} % of the height`);
    element.setAttribute("aria-label", `border between ${nameOf(border.above)} and ${nameOf(border.below)}`);
  }
}

/** At which place among the shown panels one would be that is put down at a height.
 * @param {number} y */
function placeAt(y) {
  const panels = placed();
  const at = panels.findIndex(({ box }) => y < box.top + box.height / 2);
  return at === -1 ? panels.length : at;
}

/** @param {PointerEvent} event */
function carry(event) {
  if (!carried) return;
  if (carried.to === null && Math.abs(event.clientY - carried.startY) < LEAST_DRAG_PX) return;
  carried.to = placeAt(within(event, byId("chart-panel")).y);
  target ??= byId("chart-overlay").appendChild(make("div", { class: "drop-line" }));
  const panels = placed();
  const next = panels[carried.to];
  const last = panels.at(-1)?.box;
  const y = next ? next.box.top : last ? last.top + last.height : 0;
  target.style.transform = `translateY(${css(y)})`;
  show(target, true);
}

/** @param {boolean} isDone */
function putDown(isDone) {
  const given = carried;
  carried = null;
  if (target) show(target, false);
  if (!isDone || !given || given.to === null) return;
  const ids = placed().map(({ id }) => id);
  const after = ids[given.to];
  const { panels } = options.options();
  const rest = panels.filter((id) => id !== given.id);
  const to = after === given.id ? panels.indexOf(given.id) : after ? rest.indexOf(after) : rest.length;
  options.set({ panels: moved(panels, given.id, to - panels.indexOf(given.id)) });
}

/* A pointer on a border or on a title moves that, and not the chart below. */
export function listen() {
  const overlay = byId("chart-overlay");
  overlay.addEventListener("pointerdown", (event) => {
    const { target: at } = event;
    if (!(at instanceof HTMLElement) || !at.matches(".divider, .panel-title")) return;
    event.stopPropagation();
    if (!at.matches(".panel-title") || event.button !== 0 || !at.dataset.panel) return;
    carried = { id: at.dataset.panel, startY: event.clientY, to: null };
    at.setPointerCapture(event.pointerId);
  });
  overlay.addEventListener("pointermove", carry);
  overlay.addEventListener("pointerup", () => putDown(true));
  overlay.addEventListener("pointercancel", () => putDown(false));
}
