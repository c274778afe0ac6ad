/* Price: a candle for each bar, and a line at the last price. */
import * as format from "../format.js";
import * as plot from "../plot.js";
import { extent, padded } from "./extent.js";
/** @import { ChartPanel } from "../types.d.ts" */

const MOST_LABELS = 12;

/** No label between two prices that can be: it would read like one of them.
 * @type {NonNullable<ChartPanel["ticks"]>} */
function ticks(range, about) {
  if (!about) return {};
  const decimals = format.priceDecimals(about);
  const tickformat = Number.isInteger(decimals) ? `.${decimals}f` : "";
  const [low, high] = range ?? [0, Infinity];
  const least = 10 ** -(decimals ?? 0);
  if (!Number.isInteger(decimals) || (high - low) / MOST_LABELS >= least) return { tickformat, tickmode: "auto" };
  return { tickformat, tickmode: "linear", tick0: 0, dtick: least };
}

/** @type {ChartPanel} */
export const price = {
  id: "price",
  name: "price",
  rows: "ohlc",
  needs: "trades",
  share: 0.525,
  axis: { nticks: 12 },
  ticks,
  title: () => "",
  collapsedTitle: "Price, volume",
  empty: ({ loading, trades }) => (loading ? "Loading ..." : trades),
  traces: () => [plot.candles()],
  columns: ({ padded: rows }) => [plot.candleColumns(rows, 1)],
  extent: (rows) => padded(extent(rows, 3, 2)),
  value: (value, about) => format.price(value, about),
  last: { open: 1, close: 4, text: (value, about) => format.price(value, about) },
  readout: {
    title: "",
    cells: ["O", "H", "L", "C"].map((label, index) => ({
      id: label.toLowerCase(),
      label,
      text: (row, about) => format.price(row?.[index + 1], about),
    })),
    direction: { open: 1, close: 4 },
  },
};
