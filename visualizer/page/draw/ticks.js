/* Where the axis of values has labels, and what they say. Pure. */
import { written } from "../numbers.js";
/** @import { Span } from "../types.d.ts" */

const MANTISSAS = [1, 2, 5];
const MOST_DECIMALS = 22; // 10 to the power of more is no float
const ROUNDER = 3; // so many times as far apart as need be, for values that are rounder
const LARGE = 2000;
const UNITS = /** @type {[number, string][]} */ ([
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
]);

/** A number above 0 as whole units of 10**-decimals.
 * @param {number} value */
function asDecimal(value) {
  for (let decimals = 0; decimals <= MOST_DECIMALS; decimals += 1) {
    const units = Math.round(value * 10 ** decimals);
    if (Math.abs(value * 10 ** decimals - units) <= 1e-9 * units) return { units, decimals };
  }
  return roundedUp(value);
}

/** The least of 1, 2 and 5 times a power of ten that is not below a number.
 * @param {number} least */
function roundedUp(least) {
  const power = Math.floor(Math.log10(least));
  const mantissa = MANTISSAS.find((each) => each * 10 ** power >= least * (1 - 1e-9)) ?? 10;
  return power < 0 ? { units: mantissa, decimals: -power } : { units: mantissa * 10 ** power, decimals: 0 };
}

/** The distance between round values: 1, 2 or 5 times a power of ten; where there is a `step`, a multiple of it that is as round as may be.
 * @param {number} apart
 * @param {number} step 0 for none
 * @returns {{ units: number, decimals: number }} */
function roundDistance(apart, step) {
  if (!step) return roundedUp(apart);
  if (apart <= step * (1 + 1e-9)) return asDecimal(step);
  for (let least = apart; least <= apart * ROUNDER; ) {
    const found = roundedUp(least);
    const distance = found.units / 10 ** found.decimals;
    const steps = distance / step;
    if (Math.abs(steps - Math.round(steps)) < 1e-6) return found;
    least = distance * 1.01;
  }
  const steps = roundedUp(apart / step);
  return asDecimal(step * Math.max(1, Math.round(steps.units / 10 ** steps.decimals)));
}

/** Round values in a span: at most so many, with the decimals that tell them apart; multiples of a `step`, where there is one.
 * @param {Span} span
 * @param {number} most
 * @param {number} [step] */
export function valueTicks([low, high], most, step = 0) {
  const apart = Math.max((high - low) / Math.max(1, most), step);
  if (!(apart > 0) || !Number.isFinite(apart)) return { values: [], decimals: 0 };
  const { units, decimals } = roundDistance(apart, step);
  /** @param {number} index */
  const at = (index) => (index * units) / 10 ** decimals;
  const distance = at(1);
  const first = Math.ceil(low / distance - 1e-6) + 0; // -0 is another number to some
  const last = Math.floor(high / distance + 1e-6);
  // Counted, as numbers of values far from 0 may be too large to go up by one.
  const length = Math.max(0, Math.min(last - first, most) + 1);
  return { values: Array.from({ length }, (_, place) => at(first + place)), decimals };
}

/** Sizes as labels say them: large ones abbreviated, 12k for 12000.
 * @param {Span} span
 * @returns {(value: number, decimals: number) => string} */
export const sizeText = ([low, high]) =>
  Math.max(-low, high) < LARGE ? (value, decimals) => written(value.toFixed(decimals)) : withUnit;

/** A number with the letter of its thousands.
 * @param {number} value */
export function withUnit(value) {
  const [unit, letter] = UNITS.find(([least]) => Math.abs(value) >= least) ?? [1, ""];
  return `${written(String(Number((value / unit).toPrecision(12))))}${letter}`;
}
