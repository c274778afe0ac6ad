/* The chart by keys: zoom and pan in time, and what is in view then, for those who do not see it. */
import { announce } from "../announce.js";
import * as format from "../format.js";
import * as chart from "./chart.js";

const PAN_SHARE = 0.2; // of the span in view
const ZOOM_FACTOR = 1.25;

/** Shows less (1) or more (-1), about the middle of what is in view.
 * @param {1 | -1} direction */
export function zoom(direction) {
  const { x } = chart.view;
  if (!x) return;
  chart.zoomTime((x[0] + x[1]) / 2, ZOOM_FACTOR ** -direction);
  tell();
}

/** Moves to what is later (1) or earlier (-1).
 * @param {1 | -1} direction */
export function pan(direction) {
  const { x } = chart.view;
  if (!x) return;
  chart.panTime(direction * PAN_SHARE * (x[1] - x[0]));
  tell();
}

function tell() {
  const { x } = chart.view;
  if (!x) return;
  const [from, to] = x.map((place) => chart.barAt(place).label);
  announce("chart", `${format.counted(Math.round((x[1] - x[0]) / chart.timeline().step), "bar")} in view, from ${from} to ${to}`);
}
