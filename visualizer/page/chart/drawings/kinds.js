/* What can be drawn over a panel: each kind with its name, its key, how many points it has, and what to do for it. */
/** @import { DrawingKind } from "../../types.d.ts" */

const ENDS = "click or drag from one point to the other · escape";

/** @type {Readonly<Record<DrawingKind, { name: string, key: string, points: 1 | 2, hint: string }>>} */
export const KINDS = Object.freeze({
  measure: { name: "Measure", key: "1", points: 2, hint: `Measure: ${ENDS}` },
  level: { name: "Horizontal line", key: "2", points: 1, hint: "Click where the line is · escape" },
  trend: { name: "Trend line", key: "3", points: 2, hint: `Trend line: ${ENDS}` },
  ray: { name: "Ray", key: "4", points: 2, hint: `Ray: ${ENDS}` },
  box: { name: "Rectangle", key: "5", points: 2, hint: `Rectangle: ${ENDS}` },
  note: { name: "Note", key: "6", points: 1, hint: "Click where the note is · escape" },
});

/* The panel of what names none. */
export const USUAL_PANEL = "price";

/** @param {unknown} name
 * @returns {name is DrawingKind} */
export const isKind = (name) => typeof name === "string" && Object.hasOwn(KINDS, name);
