/* What was traded at each price in some bars, as the session's profile is published. Pure: rows of the footprint in, a profile out. */
import { lotsOf } from "./sizes.js";
import { nodes, valueArea } from "./value-area.js";
/** @import { FootprintRow, OhlcRow, PriceCell, Profiled, Span } from "../types.d.ts" */
/** @import { Traded } from "./value-area.js" */

/** @typedef {{ price: number, sizes: bigint[], trades: number }} Sum */

/* The lots of each cell, as long as it is held: bars that stay as they are are summed up again and again. */
/** @type {WeakMap<readonly PriceCell[], { decimals: number, lots: bigint[][] }>} */
const converted = new WeakMap();

/** The sizes of cells in whole lots.
 * @param {readonly PriceCell[]} cells
 * @param {number} decimals */
function lotsIn(cells, decimals) {
  const known = converted.get(cells);
  if (known?.decimals === decimals) return known.lots;
  /** @param {number} size */
  const whole = (size) => (size === 0 ? 0n : BigInt(lotsOf(size, decimals)));
  const lots = cells.map(([, buy, sell, unknown]) => [whole(buy), whole(sell), whole(unknown)]);
  converted.set(cells, { decimals, lots });
  return lots;
}

/** The profile of bars whose price rows are of one height; null without any.
 * @param {readonly FootprintRow[]} bars
 * @param {number} decimals of sizes
 * @returns {Profiled | null} */
export function profileOf(bars, decimals) {
  if (!bars.length) return null;
  const [[, height]] = bars;
  /** @type {Map<number, Sum>} */
  const sums = new Map();
  for (const [, , cells] of bars) {
    const lots = lotsIn(cells, decimals);
    for (const [index, [price, , , , trades]] of cells.entries()) {
      const row = Math.round(price / height);
      const sum = sums.get(row);
      if (sum) {
        for (let at = 0; at < 3; at += 1) sum.sizes[at] += lots[index][at];
        sum.trades += trades;
      } else sums.set(row, { price, sizes: [...lots[index]], trades });
    }
  }
  const all = [...sums].sort(([one], [other]) => one - other);
  /** @type {Traded[]} */
  const traded = all.map(([row, { sizes }]) => ({ row, lots: sizes[0] + sizes[1] + sizes[2] }));
  const area = valueArea(traded);
  const { high, low } = nodes(traded);
  /** @param {number} row */
  const priceOf = (row) => sums.get(row)?.price ?? row * height;
  return {
    row: height,
    rows: all.map(([, { price, sizes, trades }]) => {
      const [buy, sell, unknown] = sizes.map((lots) => Number(lots) / 10 ** decimals);
      return [price, buy, sell, unknown, trades];
    }),
    poc: area && priceOf(area.poc),
    vah: area && (area.high + 1) * height,
    val: area && priceOf(area.low),
    high_nodes: high.map(priceOf),
    low_nodes: low.map(priceOf),
  };
}

/** The bars of a span of places, up to, but not at, its end; `older` is how many with a trade are before those that are held.
 * @param {readonly FootprintRow[]} footprint
 * @param {readonly OhlcRow[]} ohlc
 * @param {Span} span */
export function within(footprint, ohlc, [from, until]) {
  const bars = footprint.filter(([place]) => place >= from && place < until);
  const first = bars.length ? bars[0][0] : until;
  return { bars, older: ohlc.filter(([place]) => place >= from && place < first).length };
}
