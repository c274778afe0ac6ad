/* How the axes of sizes are labelled. Pure. */
import * as format from "../format.js";
/** @import { About, Span } from "../types.d.ts" */

const LARGE = 2000;
const MOST_DECIMALS = 4;

/** Ticks that abbreviate large sizes: 12k for 12000.
 * @param {Span | undefined} range */
export function large(range) {
  const [low, high] = range ?? [0, 1];
  return { tickformat: Math.max(-low, high) >= LARGE ? "~s" : "" };
}

/** A size at the pointer, with no more decimals than anyone can point at.
 * @param {number} value
 * @param {About | null} about */
export const shortSize = (value, about) => format.exact(value, Math.min(about?.size_decimals ?? 2, MOST_DECIMALS));
