/* The heatmap behind the price: what rested in each price row at the end of each bar, the stronger the more; and the best bid and ask
   as lines. A layer of the price panel. */
import * as format from "../format.js";
import { token } from "../tokens.js";
import { ASKS, ASK_ROW, BEST_ASK, BEST_BID, BIDS, BID_ROW, ROW, gathered, gatheredRows, raster } from "./heat-cells.js";
import { chosen, cutOffs, decimalsOf, sizesOf } from "./heat-scale.js";
import { shades } from "./heat-shades.js";
/** @import { Command, HeatmapRow, Layer, Picture, Raster, Scale } from "../types.d.ts" */

const LEAST_ROW_PX = 2;
const LINE_PX = 1;
const LEAST_APART = 8; // columns from one edge that the image may have to the next

/** How many price rows are one on the screen.
 * @param {readonly HeatmapRow[]} columns at least one
 * @param {Scale} scale */
export const rowsOf = (columns, { toY }) => gatheredRows(Math.abs(toY(columns[columns.length - 1][ROW]) - toY(0)), LEAST_ROW_PX);

/** @type {{ from: readonly unknown[], image: Raster } | null} */
let last = null;

/** The image, the same one as long as it is made from the same.
 * @param {readonly unknown[]} from
 * @param {() => Raster} made */
function remembered(from, made) {
  const isSame = last !== null && from.length === last.from.length && from.every((each, index) => each === last?.from[index]);
  if (!isSame || !last) last = { from, image: made() };
  return last.image;
}

/** The columns of the image: those in view and some beside them, the same ones until so many others are, so that the image need not be made
 * again with every bar that is panned into view.
 * @param {readonly HeatmapRow[]} columns
 * @param {Scale} scale */
function columnsOf(columns, { x: [from, to], step }) {
  const bars = Math.max(LEAST_APART, Math.round((to - from) / step) / 4);
  const apart = step * 2 ** Math.floor(Math.log2(bars));
  // Half of a column that is just beyond an edge is in view.
  const [left, right] = [Math.floor(from / apart) * apart - step, Math.ceil(to / apart) * apart + step];
  return columns.filter(([place]) => place >= left && place <= right);
}

/** @param {Picture} picture
 * @param {Scale} scale
 * @returns {Command[]} */
function below({ data, options, rows: inView, step }, scale) {
  if (!inView("heatmap").length) return [];
  const columns = columnsOf(data.heatmap, scale);
  const rows = rowsOf(data.heatmap, scale);
  const [lower, upper] = cutOffs(chosen(options, data.about), sizesOf(data.heatmap, rows, data.about));
  const height = columns[0][ROW] * rows;
  const lowest = Math.floor(scale.y[0] / height);
  const count = Math.floor(scale.y[1] / height) - lowest + 1;
  const decimals = decimalsOf(data.about);
  const colours = shades(options.heatPalette, options.heatOpacity);
  const from = [rows, lower, upper, lowest, count, decimals, colours, step, columns[0][0], ...columns.map((column) => column[BIDS])];
  const image = remembered(from, () =>
    raster(
      columns.map((column) => ({ place: column[0], column: gathered(column, rows, decimals) })),
      { step, lowest, height: count, lower, upper, shades: colours },
    ),
  );
  const top = scale.toY((lowest + count) * height);
  return [
    {
      kind: "raster",
      image,
      left: scale.toX(columns[0][0]) - scale.barPx / 2,
      top,
      width: image.slots * scale.barPx,
      height: scale.toY(lowest * height) - top,
    },
  ];
}

/** A line of steps through the best prices of one side; it breaks where the side is empty, and where bars are missing.
 * @param {readonly HeatmapRow[]} columns
 * @param {typeof BEST_BID | typeof BEST_ASK} column
 * @param {Scale} scale
 * @param {number} step */
function steps(columns, column, { toX, toY, barPx }, step) {
  /** @type {number[]} */
  const points = [];
  let before = Number.NaN;
  for (const each of columns) {
    const price = each[column];
    const x = toX(each[0]);
    if (price === null || each[0] - before > 1.5 * step) points.push(x, Number.NaN);
    if (price !== null) points.push(x - barPx / 2, toY(price), x + barPx / 2, toY(price));
    before = each[0];
  }
  return points;
}

/** @param {Picture} picture
 * @param {Scale} scale
 * @returns {Command[]} */
function commands({ options, rows, step }, scale) {
  const columns = rows("heatmap");
  if (!options.heatLines || !columns.length) return [];
  return [
    { kind: "polyline", colour: token("best-bid"), width: LINE_PX, points: steps(columns, BEST_BID, scale, step) },
    { kind: "polyline", colour: token("best-ask"), width: LINE_PX, points: steps(columns, BEST_ASK, scale, step) },
  ];
}

/** The exact sizes in the row at a price, and which row that is.
 * @param {Picture} picture
 * @param {Scale} scale
 * @param {{ place: number, value: number }} at
 * @returns {string} */
function under({ data, rows: inView }, scale, { place, value }) {
  const column = inView("heatmap").find((each) => each[0] === place);
  if (!column) return "";
  const rows = rowsOf(data.heatmap, scale);
  const height = column[ROW] * rows;
  const number = Math.floor(value / height);
  const { bids, asks } = gathered(column, rows, decimalsOf(data.about));
  /** @param {string} name
   * @param {{ first: number, sizes: Float64Array }} side */
  const said = (name, { first, sizes }) => (sizes[number - first] > 0 ? [`${name} ${format.exact(sizes[number - first], null)}`] : []);
  const found = [...said("bid", bids), ...said("ask", asks)];
  if (!found.length && !isListed(column, value)) return "";
  const edges = [number * height, (number + 1) * height].map((edge) => format.price(edge, data.about));
  const isOnePrice = data.about?.price_step !== null && height === data.about?.price_step;
  return `${isOnePrice ? edges[0] : `${edges[0]} to ${edges[1]}`}: ${found.join(", ") || "nothing"}`;
}

/** Whether a column tells what rests at a price.
 * @param {HeatmapRow} column
 * @param {number} value */
function isListed(column, value) {
  const from = column[BID_ROW] ?? column[ASK_ROW];
  if (from === null) return false;
  const sizes = column[ASK_ROW] === null ? column[BIDS] : column[ASKS];
  return value >= from && value < (column[ASK_ROW] ?? from) + sizes.length * column[ROW];
}

/** The height of the rows.
 * @param {Picture} picture
 * @param {Scale} scale */
function note({ data }, scale) {
  if (!data.heatmap.length) return "";
  const height = data.heatmap[data.heatmap.length - 1][ROW] * rowsOf(data.heatmap, scale);
  return `heatmap rows ${format.price(height, data.about)}`;
}

/** @type {Layer} */
export const heatmap = { views: ["heatmap"], when: (options) => options.heatmap, below, commands, under, note };
