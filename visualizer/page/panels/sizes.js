/* How sizes are labelled. Pure. */
import { sizeText } from "../draw/ticks.js";
import * as format from "../format.js";
/** @import { About } from "../types.d.ts" */

const MOST_DECIMALS = 4;

/* What the axes of sizes have in common. */
export const sizeAxis = { text: sizeText };

/** A size at the pointer, with no more decimals than anyone can point at.
 * @param {number} value
 * @param {About | null} about */
export const shortSize = (value, about) => format.exact(value, Math.min(about?.size_decimals ?? 2, MOST_DECIMALS));
