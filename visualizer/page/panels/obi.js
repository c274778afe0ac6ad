/* Order-book imbalance: a candle for each bar, around zero. */
import { candles } from "../draw/commands.js";
import * as format from "../format.js";
import { rising } from "./colours.js";
import { extent } from "./extent.js";
/** @import { ChartPanel, Row } from "../types.d.ts" */

const LEAST_REACH = 0.2;
const HEADROOM = 1.2;
const DECIMALS = 4;
const POINTED_DECIMALS = 3;
const LABEL_DECIMALS = 2;

/** The rows that a book was there for. Without one the imbalance is published as zero all through a bar; where it is so
 * in every row, there is a book of equal sides, or none at all, and then nothing is drawn anyway.
 * @param {readonly Row[]} rows
 * @param {boolean} hasBook whether there is a book now
 * @returns {readonly Row[]} */
export function withBook(rows, hasBook) {
  const found = rows.filter((row) => row[2] !== 0 || row[3] !== 0);
  return found.length || !hasBook ? found : rows;
}

/** @type {ChartPanel} */
export const obi = {
  id: "obi",
  name: "order-book imbalance",
  rows: "metrics",
  needs: "book",
  share: 0.175,
  axis: { labels: 5, zero: true, text: () => (value) => format.exact(Number(value.toFixed(LABEL_DECIMALS)), null) },
  title: ({ obi_levels: levels }, { sizesUnknown }) =>
    `OBI ${levels > 0 ? `top ${levels}` : "whole book"}${sizesUnknown ? " · counts quotes, sizes unknown" : ""}`,
  empty: ({ loading, book }) => (loading ? "Loading ..." : book),
  layers: [
    {
      views: ["metrics"], // which change with the book
      commands: ({ rows, data: { depth } }, scale) =>
        candles(withBook(rows("metrics"), depth.bids.length + depth.asks.length > 0), 1, scale, rising()),
    },
  ],
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
