/* Where the axis of values has labels, and what they say. Pure. */
/** @import { Span } from "../types.d.ts" */

const MANTISSAS = [1, 2, 5, 10];
const LARGE = 2000;
const UNITS = /** @type {[number, string][]} */ ([
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
]);

/** Round values in a span: at most so many, at least `least` apart, with the decimals that tell them apart.
 * @param {Span} span
 * @param {number} most
 * @param {number} [least] */
export function valueTicks([low, high], most, least = 0) {
  const apart = Math.max((high - low) / Math.max(1, most), least);
  if (!(apart > 0) || !Number.isFinite(apart)) return { values: [], decimals: 0 };
  let exponent = Math.floor(Math.log10(apart));
  let mantissa = MANTISSAS.find((each) => each * 10 ** exponent >= apart * (1 - 1e-9)) ?? 10;
  if (mantissa === 10) [mantissa, exponent] = [1, exponent + 1];
  /** @param {number} index */
  const at = (index) => (exponent < 0 ? (index * mantissa) / 10 ** -exponent : index * mantissa * 10 ** exponent);
  const step = at(1);
  const values = [];
  for (let index = Math.ceil(low / step - 1e-6); index <= Math.floor(high / step + 1e-6); index += 1) values.push(at(index));
  return { values, decimals: Math.max(0, -exponent) };
}

/** Sizes as labels say them: large ones abbreviated, 12k for 12000.
 * @param {Span} span
 * @returns {(value: number, decimals: number) => string} */
export const sizeText = ([low, high]) =>
  Math.max(-low, high) < LARGE ? (value, decimals) => value.toFixed(decimals) : withUnit;

/** A number with the letter of its thousands.
 * @param {number} value */
export function withUnit(value) {
  const [unit, letter] = UNITS.find(([least]) => Math.abs(value) >= least) ?? [1, ""];
  return `${Number((value / unit).toPrecision(12))}${letter}`;
}
