/* The panels of the chart, from the top. A further one is a file, and its name here. */
import { cvd } from "./cvd.js";
import { obi } from "./obi.js";
import { price } from "./price.js";
import { volume } from "./volume.js";
/** @import { ChartPanel } from "../types.d.ts" */

/** @type {ChartPanel[]} */
const FROM_THE_TOP = [price, volume, obi, cvd];

/** @type {readonly ChartPanel[]} */
export const PANELS = FROM_THE_TOP;

/** The tables of rows that the panels draw, each once. */
export const TABLES = [...new Set(PANELS.map(({ rows }) => rows))];
