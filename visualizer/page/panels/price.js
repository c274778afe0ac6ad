/* Price: a candle or a footprint for each bar, and a line at the last price. */
import { candles } from "../draw/commands.js";
import { priceSteps } from "../draw/steps.js";
import * as format from "../format.js";
import { alertMarks } from "./alert-marks.js";
import { bubbles } from "./bubbles.js";
import { risingOver } from "./colours.js";
import { developing, naked } from "./developing.js";
import { eventMarks } from "./event-marks.js";
import { extent, padded } from "./extent.js";
import { footprint } from "./footprint.js";
import { heatmap } from "./heatmap.js";
import { mids } from "./mids.js";
import { barsProfile, sessionProfile } from "./profile.js";
import { quotes, quotesExtent } from "./quotes.js";
import { vwap } from "./vwap.js";
/** @import { ChartPanel } from "../types.d.ts" */

/** @type {ChartPanel} */
export const price = {
  id: "price",
  name: "price",
  rows: "ohlc",
  needs: "prices",
  share: 0.525,
  axis: {
    labels: 12,
    // No label between two prices that can be: it would read like one of them.
    least: (about) => about.price_step ?? 10 ** -(about.price_decimals ?? 12),
    text: (_, about) => (value, decimals) => format.exact(value, format.priceDecimals(about) ?? decimals),
    steps: priceSteps,
    drawn: () => ({ hasTicks: true, hasShares: true }),
  },
  title: () => "",
  collapsedTitle: "Price, volume",
  empty: ({ loading, prices }) => (loading ? "Loading ..." : prices),
  layers: [
    heatmap,
    {
      views: ["ohlc"],
      when: (options) => options.price === "candles",
      commands: ({ rows }, scale) => candles(rows("ohlc"), 1, scale, risingOver()),
    },
    footprint,
    quotes,
    naked,
    developing,
    mids,
    vwap,
    bubbles,
    eventMarks,
    alertMarks,
    sessionProfile,
    barsProfile,
  ],
  extent: (rows) => padded(extent(rows, 3, 2)),
  otherwise: { rows: "quotes", extent: quotesExtent },
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
