/* What can be drawn over a panel: each kind with its name, its key, how many points it has, what to do for it, and what keys do with it. */
/** @import { DrawingKind } from "../../types.d.ts" */

const ENDS = "click or drag from one point to the other, or arrow keys and enter · escape";
const MOVED = "arrow keys move it · enter: one end · delete · escape";

/** @type {Readonly<Record<DrawingKind, { name: string, key: string, points: 1 | 2, hint: string, moved: string }>>} */
export const KINDS = Object.freeze({
  measure: { name: "Measure", key: "1", points: 2, hint: `Measure: ${ENDS}`, moved: MOVED },
  level: { name: "Horizontal line", key: "2", points: 1, hint: "Horizontal line: click where it is, or arrow keys and enter · escape", moved: "↑ ↓ move it · delete · escape" },
  trend: { name: "Trend line", key: "3", points: 2, hint: `Trend line: ${ENDS}`, moved: MOVED },
  ray: { name: "Ray", key: "4", points: 2, hint: `Ray: ${ENDS}`, moved: MOVED },
  box: { name: "Rectangle", key: "5", points: 2, hint: `Rectangle: ${ENDS}`, moved: MOVED },
  note: { name: "Note", key: "6", points: 1, hint: "Note: click where it is, or arrow keys and enter · escape", moved: "arrow keys move it · enter: its text · delete · escape" },
});

/** @param {unknown} name
 * @returns {name is DrawingKind} */
export const isKind = (name) => typeof name === "string" && Object.hasOwn(KINDS, name);
