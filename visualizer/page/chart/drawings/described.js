/* A drawing in words, for those who do not see it. Pure. */
import { KINDS } from "./kinds.js";
/** @import { Drawing, DrawnPoint } from "../../types.d.ts" */

/** How its panel is called, and how that writes a time and a value; `said` is what a measuring tells.
 * @typedef {{ panel: string, time(ms: number): string, value(price: number): string, said(points: readonly DrawnPoint[]): string[] }} Words */

/** @param {Drawing} drawing
 * @param {Words} words */
export function described({ kind, points, text }, { panel, time, value, said }) {
  const places = points.map(({ ms, price }) => (kind === "level" ? value(price) : `${value(price)} at ${time(ms)}`));
  const more = kind === "measure" ? said(points) : text ? [text.replaceAll("\n", " ")] : [];
  return [`${KINDS[kind].name}, ${panel}: ${places.join(" to ")}`, ...more].join(", ");
}
