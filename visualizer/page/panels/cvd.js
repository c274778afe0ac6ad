/* Cumulative volume delta: a candle for each bar, or a line through their closes. */
import * as format from "../format.js";
import * as plot from "../plot.js";
import { token } from "../tokens.js";
import { extent, padded } from "./extent.js";
import { large, shortSize } from "./sizes.js";
/** @import { ChartPanel } from "../types.d.ts" */

/** @type {ChartPanel} */
export const cvd = {
  id: "cvd",
  name: "cumulative volume delta",
  rows: "metrics",
  needs: "trades",
  share: 0.18,
  axis: { nticks: 5, zeroline: true },
  ticks: large,
  title: ({ cvd_reset: reset }) => `CVD ${reset === "day" ? "daily" : ""}`,
  empty: ({ trades, cvd: none }) => trades || none,
  traces: () => [
    plot.candles(),
    {
      type: "scatter",
      mode: "lines",
      x: [],
      y: [],
      line: { color: token("blue"), width: 1.5 },
      hoverinfo: "skip",
      visible: false,
    },
  ],
  columns: ({ rows, padded: more, cvdLine }) => [
    { ...plot.candleColumns(more, 5), visible: !cvdLine },
    { x: plot.column(rows, 0), y: plot.column(rows, 8), visible: cvdLine },
  ],
  extent: (rows) => padded(extent(rows, 7, 6)),
  value: shortSize,
  keys: {
    l: ({ cvdLine }) => window.dash_clientside.set_props("cvd-style", { value: cvdLine ? "candles" : "line" }),
  },
  readout: {
    title: "CVD",
    cells: ["o", "h", "l", "c"].map((label, index) => ({
      id: label,
      label,
      text: (row, about) => format.signed(row?.[index + 5] ?? null, about?.size_decimals ?? null),
    })),
    direction: { open: 5, close: 8 },
  },
};
