/* The panels of the chart, from the top. A further one is a file, and its name here. */
import { drawingsOver } from "../chart/drawings/layer.js";
import { buckets } from "./buckets.js";
import { cvd } from "./cvd.js";
import { delta } from "./delta.js";
import { measures } from "./measures.js";
import { obi } from "./obi.js";
import { price } from "./price.js";
import { statistics } from "./statistics.js";
import { volume } from "./volume.js";
/** @import { BarTable, ChartPanel, Options, Row, State, Views } from "../types.d.ts" */

/** @type {ChartPanel[]} */
const FROM_THE_TOP = [price, volume, statistics, delta, obi, measures, cvd, buckets];

/** With what is drawn over them, where they have values to draw at.
 * @type {readonly ChartPanel[]} */
export const PANELS = FROM_THE_TOP.map((panel) => (panel.axis.rows ? panel : { ...panel, layers: [...panel.layers, drawingsOver(panel.axis)] }));

/** The tables of rows that the panels draw, each once. */
export const TABLES = [...new Set(PANELS.map(({ rows }) => rows))];

/* The panel whose axis has prices. */
export const PRICES = price.id;

/** All tables that have a row for each bar.
 * @type {BarTable[]} */
export const BAR_TABLES = ["ohlc", "metrics", "statistics", "footprint", "sizes", "measures", "quotes", "heatmap"];

/** The rows of a table; booleans in them are no numbers, and nothing that all tables have in common asks for one.
 * @param {State} state
 * @param {BarTable} name */
export const table = (state, name) => /** @type {readonly Row[]} */ (/** @type {unknown} */ (state[name]));

/** The panels that are not shown.
 * @param {Readonly<Options>} options */
export const hidden = ({ panels }) => PANELS.filter(({ id }) => !panels.includes(id)).map(({ id }) => id);

/** Heights of panels in pixels, where they have one of their own and their user has not chosen another.
 * @param {Readonly<Options>} options
 * @returns {Record<string, number>} */
export const fixedHeights = (options) =>
  Object.fromEntries(PANELS.flatMap(({ id, heightPx }) => (heightPx && !Object.hasOwn(options.heights, id) ? [[id, heightPx(options)]] : [])));

/** Where options have the panels of the chart: their order, and how high they are.
 * @param {Readonly<Options>} options */
export const placesOf = (options) => ({ order: options.panels, heights: options.heights, fixed: fixedHeights(options) });

/** The layers of a panel that are shown.
 * @param {ChartPanel} panel
 * @param {Readonly<Options>} options
 * @param {Pick<State, "report"> & Partial<Pick<State, "about">>} data */
export const layersOf = ({ layers }, options, data) => layers.filter(({ when }) => !when || when(options, data));

/** The views that what is shown draws from.
 * @param {Readonly<Options>} options
 * @param {Pick<State, "report"> & Partial<Pick<State, "about">>} data
 * @returns {Set<keyof Views>} */
export function viewsOf(options, data) {
  const shown = PANELS.filter(({ id }) => options.panels.includes(id));
  return new Set(shown.flatMap((panel) => [panel.rows, ...layersOf(panel, options, data).flatMap(({ views }) => views)]));
}
