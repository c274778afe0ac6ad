/* Which values can be drawn at: prices are multiples of their step, and other values are as fine as a pixel tells. Pure. */
import * as format from "../format.js";
/** @import { About, Steps } from "../types.d.ts" */

const MOST_DECIMALS = 12;

/** The smallest distance of two prices, and the decimals that tell them apart; null where it is not known.
 * @param {Pick<About, "price_step" | "price_decimals"> | null} about
 * @returns {Steps | null} */
export function priceSteps(about) {
  const decimals = format.priceDecimals(/** @type {About | null} */ (about));
  if (decimals === null) return null;
  return { step: about?.price_step ?? 10 ** -decimals, decimals };
}

/** The greatest power of ten that is no more than a pixel is high; null where values cannot be told apart.
 * @param {number} perPixel so much a pixel is high
 * @param {number | null} [most] decimals that values can have
 * @returns {Steps | null} */
export function pixelSteps(perPixel, most = MOST_DECIMALS) {
  if (!(perPixel > 0) || !Number.isFinite(perPixel)) return null;
  const decimals = Math.min(most ?? MOST_DECIMALS, MOST_DECIMALS, -Math.floor(Math.log10(perPixel)));
  return { step: 10 ** -decimals, decimals: Math.max(0, decimals), isOfPixels: true };
}

/** The nearest value that can be drawn at; as it is where it is not known which can.
 * @param {number} value
 * @param {Steps | null} steps */
export const snappedTo = (value, steps) =>
  steps ? Number((Math.round(value / steps.step) * steps.step).toFixed(Math.min(100, steps.decimals))) : value;

/** A value moved by some steps. What is as fine as pixels tell keeps the digits that it was drawn with where they were smaller.
 * @param {number} value
 * @param {number} by
 * @param {Steps | null} steps */
export function movedBy(value, by, steps) {
  if (!steps?.isOfPixels) return snappedTo(value + by, steps);
  return Number((value + by).toFixed(Math.max(steps.decimals, format.decimalsOf([value]))));
}
