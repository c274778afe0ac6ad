/* Delta: what was bought less what was sold in each bar, as a candle from zero whose wick reaches to the highest and the lowest
   value that it had while the bar ran. */
import { candles } from "../draw/commands.js";
import * as format from "../format.js";
import { deltaOf } from "./bar-delta.js";
import { rising } from "./colours.js";
import { extent, padded } from "./extent.js";
import { shortSize, sizeAxis } from "./sizes.js";
/** @import { About, ChartPanel, Row } from "../types.d.ts" */

const [BOUGHT, SOLD, MAX, MIN] = [2, 3, 6, 7];
const CELLS = /** @type {[string, string, (row: Row, about: About | null) => number | null][]} */ ([
  ["delta", "Δ", deltaOf],
  ["max", "max", (row) => row[MAX]],
  ["min", "min", (row) => row[MIN]],
]);

/** @type {ChartPanel} */
export const delta = {
  id: "delta",
  name: "delta of each bar",
  rows: "statistics",
  needs: "trades",
  share: 0.12,
  axis: { ...sizeAxis, labels: 4, zero: true },
  title: () => "Delta",
  empty: ({ loading, statistics }) => (loading ? "Loading ..." : statistics),
  layers: [
    {
      views: ["statistics"],
      commands: ({ data: { about }, rows }, scale) => {
        const some = /** @type {readonly Row[]} */ (/** @type {unknown} */ (rows("statistics")));
        return candles(some.map((row) => [row[0], 0, row[MAX], row[MIN], deltaOf(row, about)]), 1, scale, rising());
      },
    },
  ],
  extent: (rows) => padded(extent(rows, MIN, MAX)),
  value: shortSize,
  readout: {
    title: "",
    cells: CELLS.map(([id, label, of]) => ({ id, label, text: (row, about) => format.signed(row && of(row, about), about?.size_decimals ?? null) })),
    direction: { open: SOLD, close: BOUGHT },
  },
};
