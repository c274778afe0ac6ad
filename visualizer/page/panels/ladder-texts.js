/* What the ladder says of a row and of the last order. Pure. */
import * as format from "../format.js";
/** @import { About, LadderRow, LastOrder } from "../types.d.ts" */

/** Numbers of a row that the read-out tells: what it is, its place, whether it has a sign.
 * @type {[string, number, boolean?][]} */
const TOLD = [
  ["bid", 1],
  ["ask", 2],
  ["Σ bid", 3],
  ["Σ ask", 4],
  ["± bid", 11, true],
  ["± ask", 12, true],
  ["sold", 6],
  ["bought", 5],
  ["of unknown side", 7],
  ["session sold", 9],
  ["session bought", 8],
  ["session unknown", 10],
];

/** The price of a row, with the decimals of all of them.
 * @param {number} number
 * @param {number} height
 * @param {About | null} about */
export const price = (number, height, about) =>
  format.exact(number * height, Math.max(format.priceDecimals(about) ?? 0, format.decimalsOf([height])));

/** The exact numbers of a row, but for zeros.
 * @param {LadderRow | null} row
 * @param {string} priceText
 * @param {About | null} about */
export function readout(row, priceText, about) {
  const decimals = about?.size_decimals ?? null;
  const texts = TOLD.filter(([, at]) => row && row[at] !== 0).map(
    ([name, at, sign]) => `${name} ${sign ? format.signed(row?.[at] ?? 0, decimals) : format.exact(row?.[at], decimals)}`,
  );
  return `${priceText}: ${texts.join("  ") || "nothing"}`;
}

/** The last order.
 * @param {LastOrder} order
 * @param {About | null} about */
export function last({ side, price: at, volume, trades }, about) {
  const what = side === 1 ? "bought" : side === -1 ? "sold" : "traded";
  const parts = trades > 1 ? ` in ${trades} trades` : "";
  return `last: ${what} ${format.exact(volume, about?.size_decimals ?? null)} at ${format.price(at, about)}${parts}`;
}
