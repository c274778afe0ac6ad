/* How wide the axes of prices are: at least as style sheets say, and so wide that the longest price is there in whole. A price that
   is cut off reads like another. */
import { widthOf } from "../draw/text.js";
import * as format from "../format.js";
import { pixels, setPixels } from "../tokens.js";
/** @import { Shown, State } from "../types.d.ts" */

const WIDTH = "price-axis-width";
const PADDING_PX = 10;

/** The width that prices need. Pure. The mid has a decimal more than they.
 * @param {Pick<State, "about" | "ohlc" | "depth">} state */
export function neededPx({ about, ohlc, depth }) {
  const prices = [...ohlc.slice(-1).flatMap((row) => row.slice(1, 5)), ...depth.bids.slice(0, 1).map(([price]) => price)];
  prices.push(...depth.asks.slice(0, 1).map(([price]) => price));
  const decimals = format.priceDecimals(about) ?? format.decimalsOf(prices);
  return Math.ceil(Math.max(0, ...prices.map((price) => widthOf(format.exact(price, decimals + 1)))) + PADDING_PX);
}

/** @type {number | null} */
let least = null;

/** @param {State} state */
function take(state) {
  least ??= pixels(WIDTH);
  setPixels(WIDTH, Math.max(least, neededPx(state)));
}

/** @type {Shown} */
export const priceAxis = { views: ["about", "ohlc", "depth"], take };
