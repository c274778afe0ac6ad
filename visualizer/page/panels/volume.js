/* Traded volume: a column for each bar, in the colour of its candle. It belongs to the price. */
import * as format from "../format.js";
import * as plot from "../plot.js";
import { token } from "../tokens.js";
import { extent } from "./extent.js";
import { large, shortSize } from "./sizes.js";
/** @import { ChartPanel } from "../types.d.ts" */

const WIDTH_SHARE = 0.75;
const HEADROOM = 1.12;

/** @type {ChartPanel} */
export const volume = {
  id: "volume",
  name: "volume",
  rows: "ohlc",
  needs: "trades",
  partOf: "price",
  share: 0.09,
  axis: { nticks: 3 },
  ticks: large,
  title: () => "Volume",
  empty: () => "",
  traces: () => [
    { type: "bar", x: [], y: [], marker: { color: [], line: { width: 0 } }, opacity: 0.75, hoverinfo: "skip" },
  ],
  columns: ({ rows, step }) => [
    {
      x: plot.column(rows, 0),
      y: plot.column(rows, 5),
      width: step * WIDTH_SHARE,
      "marker.color": rows.map((row) => token(Number(row[4]) >= Number(row[1]) ? "up" : "down")),
    },
  ],
  extent: (rows) => {
    const found = extent(rows, 5, 5);
    return found && [0, (found[1] || 1) * HEADROOM];
  },
  value: shortSize,
  readout: {
    title: "",
    cells: [{ id: "v", label: "V", text: (row, about) => format.exact(row?.[5], about?.size_decimals) }],
  },
};
