/* The crosshair that keys move: it stands at a bar and a value of a panel, wherever these come to be while the market moves on. A pointer
   that moves takes its place. */
import * as frame from "../draw/frame.js";
import { options } from "../options.js";
import { PANELS, TABLES, table } from "../panels/registry.js";
import * as chart from "./chart.js";
import { panelBy, stepsOf } from "./values.js";
import { snappedTo } from "../draw/steps.js";
import { barsOf, barsOn, valueOn } from "./drawings/strides.js";
/** @import { Pointed } from "../types.d.ts" */
/** @typedef {import("./drawings/strides.js").Reach} Reach */

const MARGIN_BARS = 5; // in view beyond it

/** @type {{ id: string, ms: number, value: number } | null} */
let held = null;

/* The panels that have values, from the top. */
const withValues = () => options().panels.filter(chart.hasValues);

/* Where it is; null where there is none. */
export const current = () => (held && chart.hasValues(held.id) ? held : null);

/* The same as a pointer would be there; null where there is none. */
export function pointed() {
  const at = current();
  const axis = at && chart.axisOf(at.id);
  if (!axis) return null;
  const index = PANELS.findIndex(({ id }) => id === at.id);
  const place = chart.pointed({ x: axis.toX(chart.timeline().place(at.ms)), y: axis.toY(at.value) });
  return /** @type {Pointed} */ ({ ...place, panel: PANELS[index], index, zone: "plot" });
}

/* Gives it up. */
export function drop() {
  held = null;
  frame.request();
}

/** Begins where a pointer is, or at the newest bar in view.
 * @param {Pointed | null} pointer */
function begin(pointer) {
  if (pointer?.zone === "plot" && pointer.panel && chart.hasValues(pointer.panel.id)) {
    const { id } = pointer.panel;
    const value = chart.axisOf(id)?.fromY(pointer.y) ?? 0;
    held = { id, ms: Math.round(chart.barAt(pointer.along).fromMs), value: snappedTo(value, stepsOf(id).steps) };
    return;
  }
  const [id] = withValues();
  const [from, to] = chart.view.x ?? [0, 0];
  if (!id || !(to > from)) return;
  const { step } = chart.timeline();
  const newest = Math.max(...TABLES.map((name) => table(chart.data(), name).findLast(([place]) => place <= to)?.[0] ?? -Infinity));
  held = { id, ms: Math.round(chart.barAt(newest >= from ? newest : to - step).fromMs), value: middleOf(id) };
}

/** The newest value of a panel if that is in view, or else what is in its middle.
 * @param {string} id */
function middleOf(id) {
  const [low, high] = chart.view.y[id];
  const { last, rows } = panelBy(id);
  const newest = last && table(chart.data(), rows).at(-1)?.[last.close];
  const isSeen = typeof newest === "number" && newest >= low && newest <= high;
  return snappedTo(isSeen ? newest : (low + high) / 2, stepsOf(id).steps);
}

/** Whether it is there now; it begins where it was not.
 * @param {Pointed | null} pointer */
export function isThere(pointer) {
  if (!current()) begin(pointer);
  frame.request();
  return current() !== null;
}

/** Moves it by bars, and up or down by values that can be, within its panel.
 * @param {{ right?: number, up?: 1 | -1 | 0, reach: Reach }} by */
export function move({ right = 0, up = 0, reach }) {
  const at = current();
  if (!at) return;
  const timeline = chart.timeline();
  const ms = right ? barsOn(timeline, at.ms, right * barsOf(reach)) : at.ms;
  const [low, high] = chart.view.y[at.id];
  const value = up ? valueOn(at.value, up, { ...stepsOf(at.id), reach }) : at.value;
  held = { ...at, ms, value: value >= low && value <= high ? value : at.value };
  bringInView(timeline.place(ms), timeline.step);
  frame.request();
}

/** Goes to the panel with values below (1) or above (-1).
 * @param {1 | -1} by */
export function toPanel(by) {
  const at = current();
  const ids = withValues();
  const id = at && ids[ids.indexOf(at.id) + by];
  if (at && id) held = { ...at, id, value: middleOf(id) };
  frame.request();
}

/** Pans as far as it takes to have a place in view.
 * @param {number} place
 * @param {number} step */
function bringInView(place, step) {
  const { x } = chart.view;
  if (!x) return;
  const margin = Math.min(MARGIN_BARS * step, (x[1] - x[0]) / 4);
  if (place < x[0]) chart.panTime(place - margin - x[0]);
  else if (place > x[1]) chart.panTime(place + margin - x[1]);
}
