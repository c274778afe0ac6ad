/* Traded volume: a column for each bar, in the colour of its candle, or of its delta. It belongs to the price. */
import { columns } from "../draw/commands.js";
import * as format from "../format.js";
import { deltaOf } from "./bar-delta.js";
import { rising } from "./colours.js";
import { extent } from "./extent.js";
import { shortSize, sizeAxis } from "./sizes.js";
/** @import { About, ChartPanel, OhlcRow, Row } from "../types.d.ts" */

const VOLUME = 5;
const COLUMNS = { value: VOLUME, open: 1, close: 4, share: 0.75 };
const ALPHA = 0.75;
const HEADROOM = 1.12;
/* How strong the colour is, by the share that the delta has of the volume: from nearly even to one side alone. */
const STRENGTHS = [0.3, 0.5, 0.75, 1];

/** The bars by the strength and the side of their delta, each with 0 and the delta as the columns that tell its colour; those
 * without statistics come last, as they are. Both are in order of time.
 * @param {readonly OhlcRow[]} bars
 * @param {readonly Row[]} statistics
 * @param {About | null} about */
export function byDelta(bars, statistics, about) {
  /** @type {Row[][]} */
  const found = STRENGTHS.map(() => []);
  /** @type {Row[]} */
  const others = [];
  let at = 0;
  for (const bar of bars) {
    while (at < statistics.length && statistics[at][0] < bar[0]) at += 1;
    const of = statistics[at];
    if (of && of[0] === bar[0] && bar[VOLUME] > 0) {
      const delta = deltaOf(of, about);
      const share = Math.min(1, Math.abs(delta) / bar[VOLUME]);
      const strength = Math.min(STRENGTHS.length - 1, Math.floor(share * STRENGTHS.length));
      found[strength].push([bar[0], 0, 0, 0, delta, bar[VOLUME]]);
    } else others.push(bar);
  }
  return { found, others };
}

/** @type {ChartPanel} */
export const volume = {
  id: "volume",
  name: "volume",
  rows: "ohlc",
  needs: "trades",
  partOf: "price",
  share: 0.09,
  axis: { ...sizeAxis, labels: 3, drawn: () => ({ hasShares: true }) },
  title: () => "Volume",
  empty: ({ trades, prices }) => (prices ? "" : trades), // which the panel that it is a part of says
  layers: [
    {
      views: ["ohlc"],
      when: ({ volumeByDelta }) => !volumeByDelta,
      commands: ({ rows }, scale) => columns(rows("ohlc"), COLUMNS, scale, rising(ALPHA)),
    },
    {
      views: ["ohlc", "statistics"],
      when: ({ volumeByDelta }) => volumeByDelta,
      commands: ({ data: { about }, rows }, scale) => {
        const statistics = /** @type {readonly Row[]} */ (/** @type {unknown} */ (rows("statistics")));
        const { found, others } = byDelta(rows("ohlc"), statistics, about);
        return [
          ...columns(others, COLUMNS, scale, rising(ALPHA)),
          ...found.flatMap((some, strength) => columns(some, COLUMNS, scale, rising(STRENGTHS[strength]))),
        ];
      },
    },
  ],
  extent: (rows) => {
    const found = extent(rows, VOLUME, VOLUME);
    return found && [0, (found[1] || 1) * HEADROOM];
  },
  value: shortSize,
  readout: {
    title: "",
    cells: [{ id: "v", label: "V", text: (row, about) => format.exact(row?.[VOLUME], about?.size_decimals) }],
  },
};
