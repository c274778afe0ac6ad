/* The panels of the chart, from the top. A further one is a file, and its name here. */
import { cvd } from "./cvd.js";
import { obi } from "./obi.js";
import { price } from "./price.js";
import { volume } from "./volume.js";
/** @import { AxisName, ChartPanel, Panel } from "../types.d.ts" */

/** @type {ChartPanel[]} */
const FROM_THE_TOP = [price, volume, obi, cvd];

/** Each with Plotly's name for its axis: nothing else knows how Plotly numbers them.
 * @type {readonly Panel[]} */
export const PANELS = FROM_THE_TOP.map((panel, index) => ({
  ...panel,
  yaxis: /** @type {AxisName} */ (index ? `yaxis${index + 1}` : "yaxis"),
}));

/** The tables of rows that the panels draw, each once. */
export const TABLES = [...new Set(PANELS.map(({ rows }) => rows))];
