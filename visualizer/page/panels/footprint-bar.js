/* What follows from the price rows of a bar's footprint: the point of control, imbalances and unfinished auctions. Sizes are compared
   as whole lots, so that nothing depends on how a float is rounded. Pure. */
import * as format from "../format.js";
import { lotsOf } from "./sizes.js";
import { mostTraded } from "./value-area.js";
/** @import { About, PriceCell } from "../types.d.ts" */

/** Price rows from the lowest: the number of each (its lower edge in heights), and lots by aggressor.
 * @typedef {{ decimals: number, numbers: number[], buy: number[], sell: number[], total: number[] }} Bar */
/** A row is imbalanced above `over` : `under`, from so many lots.
 * @typedef {{ over: number, under: number, least: number, ignoreZero: boolean, key: string }} Rule */
/** Adjacent rows, by their places in a bar.
 * @typedef {{ side: "buy" | "sell", first: number, last: number }} Stack */

const LEAST_STACK = 3;

/** Remembers what was made of each bar, as long as its cells are held and the key is the same.
 * @template T
 * @template {string | number} K
 * @template {unknown[]} A
 * @param {(cells: readonly PriceCell[], key: K, ...more: A) => T} made
 * @returns {(cells: readonly PriceCell[], key: K, ...more: A) => T} */
export function remembered(made) {
  /** @type {WeakMap<readonly PriceCell[], { key: K, value: T }>} */
  const known = new WeakMap();
  return (cells, key, ...more) => {
    const held = known.get(cells);
    if (held && held.key === key) return held.value;
    const value = made(cells, key, ...more);
    known.set(cells, { key, value });
    return value;
  };
}

/** Decimals of all sizes: the instrument's, or those that these need.
 * @param {readonly PriceCell[]} cells
 * @param {About | null} about */
const decimalsOf = (cells, about) => about?.size_decimals ?? format.decimalsOf(cells.flatMap(([, buy, sell, unknown]) => [buy, sell, unknown]));

/** The rows of a bar in whole lots; rows are `height` high.
 * @param {readonly PriceCell[]} cells
 * @param {number} height
 * @param {About | null} about
 * @returns {Bar} */
export function bar(cells, height, about) {
  const decimals = decimalsOf(cells, about);
  /** @param {number} size */
  const lots = (size) => lotsOf(size, decimals);
  return {
    decimals,
    numbers: cells.map(([price]) => Math.round(price / height)),
    buy: cells.map(([, buy]) => lots(buy)),
    sell: cells.map(([, , sell]) => lots(sell)),
    total: cells.map(([, buy, sell, unknown]) => lots(buy) + lots(sell) + lots(unknown)),
  };
}

/** Place of the row with the greatest volume; null without volume.
 * @param {Bar} bar */
export function pointOfControl({ numbers, total }) {
  if (!total.some((lots) => lots > 0)) return null;
  return mostTraded(numbers.map((row, place) => ({ row, lots: total[place] })));
}

/** The rule of imbalances as a user gives it; null where the ratio is no decimal above 0.
 * @param {string} ratio
 * @param {number} least as a size
 * @param {boolean} ignoreZero
 * @param {number} decimals of sizes
 * @returns {Rule | null} */
export function rule(ratio, least, ignoreZero, decimals) {
  const found = /^(\d{0,6})\.?(\d{0,6})$/u.exec(ratio);
  const over = found ? Number(found[1] + found[2]) : 0;
  if (!found || !over) return null;
  const lots = Math.ceil(Number(`${format.plain(least, null)}e${decimals}`));
  return { over, under: 10 ** found[2].length, least: lots, ignoreZero, key: `${ratio} ${lots} ${ignoreZero} ${decimals}` };
}

/** Whether a side is more than the ratio times the opposite; products beyond what a float holds exactly are multiplied as integers.
 * @param {number} lots
 * @param {number} opposite
 * @param {Rule} rule */
function isImbalance(lots, opposite, { over, under, least, ignoreZero }) {
  if (!(lots >= least) || (ignoreZero && opposite === 0)) return false;
  const [one, other] = [lots * under, opposite * over];
  if (one <= Number.MAX_SAFE_INTEGER && other <= Number.MAX_SAFE_INTEGER) return one > other;
  return BigInt(lots) * BigInt(under) > BigInt(opposite) * BigInt(over);
}

/** Which rows have an imbalance: bought more than was sold one row below, sold more than was bought one row above. A row without a
 * trade between the lowest and the highest counts as zero.
 * @param {Bar} bar
 * @param {Rule} given */
export function imbalances({ numbers, buy, sell }, given) {
  const last = numbers.length - 1;
  /** The lots of a neighbour.
   * @param {number[]} lots
   * @param {number} place
   * @param {1 | -1} step */
  const beside = (lots, place, step) => (numbers[place + step] === numbers[place] + step ? lots[place + step] : 0);
  return {
    buy: numbers.map((_, place) => place > 0 && isImbalance(buy[place], beside(sell, place, -1), given)),
    sell: numbers.map((_, place) => place < last && isImbalance(sell[place], beside(buy, place, 1), given)),
  };
}

/** Runs of at least three adjacent rows with an imbalance of one side.
 * @param {number[]} numbers
 * @param {boolean[]} marked
 * @param {"buy" | "sell"} side
 * @returns {Stack[]} */
export function stacks(numbers, marked, side) {
  /** @type {Stack[]} */
  const found = [];
  let first = 0;
  for (let place = 0; place <= numbers.length; place += 1) {
    const goesOn = marked[place] && place > first && marked[place - 1] && numbers[place] === numbers[place - 1] + 1;
    if (goesOn) continue;
    if (marked[first] && place - first >= LEAST_STACK) found.push({ side, first, last: place - 1 });
    first = place;
  }
  return found;
}

/** Whether both sides traded at the highest row of a closed bar, and at its lowest.
 * @param {Bar} bar */
export function unfinished({ buy, sell }) {
  /** @param {number} place */
  const both = (place) => buy[place] > 0 && sell[place] > 0;
  return { high: both(buy.length - 1), low: both(0) };
}
