/* The rows of the table of statistics: what each says of a bar. Pure. */
import * as format from "../format.js";
import { deltaOf, volumeOf } from "./bar-delta.js";
import { abbreviated } from "./sizes.js";
/** @import { About, StatisticsRow } from "../types.d.ts" */
/** A row of the table: `tint` says by what its cells are coloured.
 * @typedef {{ label: string, tint: "amount" | "signed" | "none", value(row: StatisticsRow, about: About | null): number | null, text(value: number, about: About | null): string }} Kind */

/** @param {StatisticsRow} row
 * @param {About | null} about */
function percentOf(row, about) {
  const volume = volumeOf(row, about);
  return volume > 0 ? (100 * deltaOf(row, about)) / volume : null;
}

/** A duration in its largest unit, rounded down.
 * @param {number} ms */
export function duration(ms) {
  if (ms < 1000) return `${ms}ms`;
  if (ms < 100_000) return `${Math.floor(ms / 1000)}s`;
  if (ms < 6_000_000) return `${Math.floor(ms / 60_000)}m`;
  return ms < 360_000_000 ? `${Math.floor(ms / 3_600_000)}h` : `${Math.floor(ms / 86_400_000)}d`;
}

/** @param {number} value */
const signed = (value) => `${value > 0 ? "+" : ""}${abbreviated(value)}`;

/** @param {number} value */
const percent = (value) => `${value > 0.5 ? "+" : ""}${format.exact(value, 0)}%`;

/** A mean or a level, with the decimals of prices.
 * @param {number} value
 * @param {About | null} about */
export const price = (value, about) => format.exact(value, format.priceDecimals(about));

/** By the names in the options.
 * @type {Readonly<Record<string, Kind>>} */
export const KINDS = {
  volume: { label: "Volume", tint: "amount", value: volumeOf, text: abbreviated },
  buy: { label: "Bought", tint: "amount", value: (row) => row[2], text: abbreviated },
  sell: { label: "Sold", tint: "amount", value: (row) => row[3], text: abbreviated },
  delta: { label: "Delta", tint: "signed", value: deltaOf, text: signed },
  deltaPercent: { label: "Delta %", tint: "signed", value: percentOf, text: percent },
  deltaMax: { label: "Max delta", tint: "signed", value: (row) => row[6], text: signed },
  deltaMin: { label: "Min delta", tint: "signed", value: (row) => row[7], text: signed },
  trades: { label: "Trades", tint: "amount", value: (row) => row[5], text: abbreviated },
  duration: { label: "Duration", tint: "amount", value: (row) => row[13], text: duration },
  vwap: { label: "VWAP", tint: "none", value: (row) => row[11], text: price },
  poc: { label: "POC", tint: "none", value: (row) => row[8], text: price },
  vah: { label: "VAH", tint: "none", value: (row) => row[9], text: price },
  val: { label: "VAL", tint: "none", value: (row) => row[10], text: price },
};

/* What there is to choose from, by name. */
export const LABELS = Object.freeze(Object.fromEntries(Object.entries(KINDS).map(([name, { label }]) => [name, label])));
