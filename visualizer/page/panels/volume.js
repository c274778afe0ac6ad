/* Traded volume: a column for each bar, in the colour of its candle. It belongs to the price. */
import { columns } from "../draw/commands.js";
import * as format from "../format.js";
import { rising } from "./colours.js";
import { extent } from "./extent.js";
import { shortSize, sizeAxis } from "./sizes.js";
/** @import { ChartPanel } from "../types.d.ts" */

const COLUMNS = { value: 5, open: 1, close: 4, share: 0.75 };
const ALPHA = 0.75;
const HEADROOM = 1.12;

/** @type {ChartPanel} */
export const volume = {
  id: "volume",
  name: "volume",
  rows: "ohlc",
  needs: "trades",
  partOf: "price",
  share: 0.09,
  axis: { ...sizeAxis, labels: 3 },
  title: () => "Volume",
  empty: () => "",
  layers: [{ views: ["ohlc"], commands: ({ rows }, scale) => columns(rows("ohlc"), COLUMNS, scale, rising(ALPHA)) }],
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
