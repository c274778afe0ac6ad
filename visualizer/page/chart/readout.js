/* The line of exact values above the chart. */
import * as chart from "./chart.js";
import * as format from "../format.js";
import * as write from "../write.js";
/** @import { About, AxisName, MetricsRow, OhlcRow, Row } from "../types.d.ts" */

const OBI_DECIMALS = 4;
/** @type {["ohlc" | "obi" | "cvd", string[]][]} */
const GROUPS = [
  ["ohlc", ["o", "h", "l", "c", "v"]],
  ["obi", ["o", "h", "l", "c"]],
  ["cvd", ["o", "h", "l", "c"]],
];

/** @type {[string, AxisName][]} */
const AXES = [
  ["ohlc", "yaxis"],
  ["obi", "yaxis3"],
  ["cvd", "yaxis4"],
];

/** The texts of one bar: `bar` and `metrics` are its rows, either may be null.
 * @param {OhlcRow | null} bar
 * @param {MetricsRow | null} metrics
 * @param {About | null} about */
function values(bar, metrics, about) {
  const price = about ? about.price_decimals : null;
  const size = about ? about.size_decimals : null;
  /** @param {Row | null} row
   * @param {number} index
   * @param {typeof format.exact | typeof format.signed} spell
   * @param {number | null} decimals */
  const cell = (row, index, spell, decimals) => spell(row ? row[index] : null, decimals);
  return {
    ohlc: [1, 2, 3, 4].map((index) => cell(bar, index, format.exact, price)).concat(cell(bar, 5, format.exact, size)),
    obi: [1, 2, 3, 4].map((index) => cell(metrics, index, format.signed, OBI_DECIMALS)),
    cvd: [5, 6, 7, 8].map((index) => cell(metrics, index, format.signed, size)),
  };
}

/** @param {string | null} time
 * @param {OhlcRow | null} bar
 * @param {MetricsRow | null} metrics
 * @param {About | null} about */
export function show(time, bar, metrics, about) {
  const { slim } = chart.view;
  for (const [group, axis] of AXES) write.hide(`read-${group}`, slim.includes(axis));
  write.text("read-time", time ?? format.NONE);
  const texts = values(bar, metrics, about);
  for (const [group, columns] of GROUPS) {
    columns.forEach((column, index) => write.text(`read-${group}-${column}`, texts[group][index]));
  }
  write.mark("read-ohlc", "direction", direction(bar, 1, 4));
  write.mark("read-obi", "direction", direction(metrics, 1, 4));
  write.mark("read-cvd", "direction", direction(metrics, 5, 8));
}

/** @param {Row | null} row
 * @param {number} open
 * @param {number} close */
function direction(row, open, close) {
  return row ? (Number(row[close]) >= Number(row[open]) ? "up" : "down") : "";
}
