/* Cumulative volume delta: a candle for each bar, or a line through their closes. */
import { candles, line } from "../draw/commands.js";
import * as format from "../format.js";
import * as radios from "../radios.js";
import { token } from "../tokens.js";
import { rising } from "./colours.js";
import { divergencesOfCvd } from "./event-marks.js";
import { extent, padded } from "./extent.js";
import { shortSize, sizeAxis } from "./sizes.js";
/** @import { ChartPanel } from "../types.d.ts" */

const LINE_PX = 1.5;

/** @type {ChartPanel} */
export const cvd = {
  id: "cvd",
  name: "cumulative volume delta",
  rows: "metrics",
  needs: "trades",
  share: 0.18,
  axis: { ...sizeAxis, labels: 5, zero: true },
  title: ({ cvd_reset: reset }) => `CVD ${reset === "day" ? "daily" : ""}`,
  empty: ({ trades, cvd: none }) => trades || none,
  layers: [
    {
      views: ["metrics"],
      commands: ({ rows, cvdLine }, scale) =>
        cvdLine
          ? line(rows("metrics"), 8, scale, { colour: token("blue"), width: LINE_PX })
          : candles(rows("metrics"), 5, scale, rising()),
    },
    divergencesOfCvd,
  ],
  extent: (rows) => padded(extent(rows, 7, 6)),
  value: shortSize,
  keys: {
    l: ({ cvdLine }) => radios.choose("cvd-style", cvdLine ? "candles" : "line"),
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
