/* Sizes as whole lots, and how they are labelled. Pure. */
import { pixelSteps } from "../draw/steps.js";
import { sizeText, withUnit } from "../draw/ticks.js";
import * as format from "../format.js";
import { written } from "../numbers.js";
/** @import { About, Options, Steps } from "../types.d.ts" */

const MOST_DECIMALS = 4;

/** Sizes are whole lots, and no finer than a pixel tells.
 * @param {About | null} about
 * @param {Readonly<Options>} _
 * @param {number} perPixel
 * @returns {Steps | null} */
const steps = (about, _, perPixel) => pixelSteps(perPixel, about?.size_decimals);

/* What the axes of sizes have in common. */
export const sizeAxis = { text: sizeText, steps };

/** A size at the pointer, with no more decimals than anyone can point at.
 * @param {number} value
 * @param {About | null} about */
export const shortSize = (value, about) => format.exact(value, Math.min(about?.size_decimals ?? 2, MOST_DECIMALS));

/** A size in whole lots, which are added and compared exactly.
 * @param {number} size
 * @param {number} decimals */
export const lotsOf = (size, decimals) => Math.round(size * 10 ** decimals);

const HUNDREDTH = 0.01;
const TENTH = 0.1;

/** A size in few characters; beside sizes of 0.1 and more, hundredths are enough.
 * @param {number} value
 * @param {number} most the largest size that it stands beside */
export function abbreviatedBeside(value, most) {
  const size = Math.abs(value);
  if (most < TENTH || size >= 1 || value === 0) return abbreviated(value);
  return size < HUNDREDTH ? `${value < 0 ? "-" : ""}<${written("0.01").slice(1)}` : format.exact(Number(value.toFixed(2)), null);
}

/** A number in as few characters as tell its first two digits: 0.12, 1.23, 123, 1.2k, 123k.
 * @param {number} value */
export function abbreviated(value) {
  const size = Math.abs(value);
  if (size < 1) return format.exact(Number(value.toPrecision(2)), null);
  const leading = (Math.floor(Math.log10(size)) % 3) + 1;
  return withUnit(Number(value.toPrecision(size < 1000 ? 3 : Math.max(2, leading))));
}
