/* Order-book imbalance: a candle for each bar, around zero. */
import * as format from "../format.js";
import * as plot from "../plot.js";
import { extent } from "./extent.js";
/** @import { ChartPanel } from "../types.d.ts" */

const LEAST_REACH = 0.2;
const HEADROOM = 1.2;
const DECIMALS = 4;
const POINTED_DECIMALS = 3;

/** @type {ChartPanel} */
export const obi = {
  id: "obi",
  name: "order-book imbalance",
  rows: "metrics",
  needs: "book",
  share: 0.175,
  axis: { nticks: 5, tickformat: ".2~f", zeroline: true },
  title: ({ obi_levels: levels }, { sizesUnknown }) =>
    `OBI ${levels > 0 ? `top ${levels}` : "whole book"}${sizesUnknown ? " · counts quotes, sizes unknown" : ""}`,
  empty: ({ loading, book }) => (loading ? "Loading ..." : book),
  traces: () => [plot.candles()],
  columns: ({ padded: rows }) => [plot.candleColumns(rows, 1)],
  // In steps of a tenth and around zero, so that the scale rests while the book breathes.
  extent: (rows) => {
    const found = extent(rows, 3, 2);
    if (!found) return null;
    const reach = Math.min(1, Math.max(LEAST_REACH, Math.ceil(10 * Math.max(-found[0], found[1])) / 10));
    return [-HEADROOM * reach, HEADROOM * reach];
  },
  value: (value) => format.signed(value, POINTED_DECIMALS),
  readout: {
    title: "OBI",
    cells: ["o", "h", "l", "c"].map((label, index) => ({
      id: label,
      label,
      text: (row) => format.signed(row?.[index + 1] ?? null, DECIMALS),
    })),
    direction: { open: 1, close: 4 },
  },
};
