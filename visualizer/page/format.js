/* Numbers and times as text, in the form that is chosen (numbers.js). Values in, strings out. */
import { counted as grouped, written } from "./numbers.js";

export const NONE = "–";

/** @import { About } from "./types.d.ts" */

/** A published number with the instrument's decimals; without any, the shortest decimal that reads back.
 * @param {number | null | undefined} value
 * @param {number | null} [decimals] */
export const exact = (value, decimals) => written(plain(value, decimals));

/** The same as programs write it, in whatever form numbers are shown.
 * @param {number | null | undefined} value
 * @param {number | null} [decimals] */
export function plain(value, decimals) {
  if (value === null || value === undefined) return NONE;
  if (typeof decimals === "number" && Number.isInteger(decimals)) return withoutMinusZero(value.toFixed(Math.min(100, decimals)));
  const text = String(value);
  return text.includes("e-") ? value.toFixed(20).replace(/0+$/u, "") : text;
}

/** @param {string} text */
const withoutMinusZero = (text) => text.replace(/^-(?=[0.]+$)/u, "");

/** Decimals of the price step, or those of the prices where it is not known; null without either.
 * @param {About | null} about
 * @returns {number | null} */
export function priceDecimals(about) {
  return about?.price_step ? decimalsOf([about.price_step]) : (about?.price_decimals ?? null);
}

/** A price, or a distance of two prices, with the decimals of the price step. What lies between two steps, as hidden executions
 * do, has the decimals that it needs.
 * @param {number | null | undefined} value
 * @param {About | null} about */
export function price(value, about) {
  const decimals = priceDecimals(about);
  if (value === null || value === undefined || decimals === null) return exact(value, decimals);
  const all = value.toFixed(Math.min(100, about?.price_decimals ?? decimals));
  const text = plain(value, decimals);
  return written(Number(all) === Number(text) ? text : withoutMinusZero(all.replace(/0+$/u, "")));
}

/** The spread as a share of the mid price, whose sign does not matter; empty where the mid price is 0.
 * @param {number} spread
 * @param {number} mid */
export function relativeSpread(spread, mid) {
  return mid === 0 ? "" : basisPoints(spread / Math.abs(mid));
}

/** @param {number | null} value
 * @param {number | null} decimals */
export function signed(value, decimals) {
  const text = exact(value, decimals);
  return value !== null && value > 0 ? `+${text}` : text;
}

/** @param {number | bigint} value */
export const count = (value) => grouped(String(value));

/** A number between two prices, with a decimal more than they where it needs one.
 * @param {number | null} value
 * @param {number | null} decimals of prices */
export function between(value, decimals) {
  return decimals === null ? exact(value, null) : written(plain(value, decimals + 1).replace(/\.?0$/u, ""));
}

/** A count and what is counted, as people write it: "1 row", "1,200 rows".
 * @param {number | bigint} number
 * @param {string} one
 * @param {string} [several] */
export const counted = (number, one, several = `${one}s`) => `${count(number)} ${Number(number) === 1 ? one : several}`;

/** A name that is too long, cut in its middle: names differ at their ends.
 * @param {string} name
 * @param {number} most how many characters it may have */
export function middle(name, most) {
  const letters = [...name];
  if (letters.length <= most) return name;
  const head = Math.ceil((most - 1) / 2);
  return `${letters.slice(0, head).join("")}…${letters.slice(letters.length - (most - 1 - head)).join("")}`;
}

/** Decimals that tell every price of a list apart, for instruments that do not say theirs.
 * @param {number[]} values */
export function decimalsOf(values) {
  let most = 0;
  for (const value of values) {
    const text = plain(value, null);
    const point = text.indexOf(".");
    if (point >= 0) most = Math.max(most, text.length - point - 1);
  }
  return Math.min(most, 12);
}

/** @param {number | null | undefined} ms */
export function dateTime(ms) {
  return ms === null || ms === undefined ? NONE : new Date(ms).toISOString().slice(0, 23).replace("T", " ");
}

/** The label of a bar, as fine as the distances between bars need.
 * @param {number} ms
 * @param {number} finenessMs */
export function barTime(ms, finenessMs) {
  const text = dateTime(ms);
  if (finenessMs % 60_000 === 0) return text.slice(0, 16);
  return finenessMs % 1000 === 0 ? text.slice(0, 19) : text;
}

/** @param {number} ms */
export function age(ms) {
  const s = Math.max(0, ms) / 1000;
  if (s < 10) return `${exact(s, 1)} s`;
  if (s < 120) return `${Math.floor(s)} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h`;
  return counted(Math.floor(s / 86_400), "day");
}

const SPANS_MS = /** @type {[number, string][]} */ ([
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
]);

/** How long something lasts, in the two largest units that say something: 17 h 30 min, 2 days 17 h.
 * @param {number} ms */
export function duration(ms) {
  const first = Math.max(0, SPANS_MS.findIndex(([length]) => ms >= length));
  const parts = SPANS_MS.slice(first, first + 2).map(([length, unit], index) => {
    const within = index ? ms % SPANS_MS[first][0] : ms;
    return [Math.floor(within / length), unit];
  });
  return parts
    .filter(([number]) => number !== 0)
    .map(([number, unit]) => (unit === "d" ? counted(Number(number), "day") : `${number} ${unit}`))
    .join(" ");
}

/** @param {number | null | undefined} size */
export function bytes(size) {
  if (size === null || size === undefined) return NONE;
  if (size < 1000) return `${size} B`;
  return size < 1_000_000 ? `${exact(size / 1000, 1)} kB` : `${exact(size / 1_000_000, 1)} MB`;
}

/** A share in hundredths of a percent, with two digits at least that say something.
 * @param {number} share */
export function basisPoints(share) {
  const points = share * 10_000;
  const leading = Math.floor(Math.log10(Math.abs(points)));
  const decimals = Number.isFinite(leading) ? Math.min(10, Math.max(2, 1 - leading)) : 2;
  return `${exact(points, decimals)} bp`;
}

/** @param {number | null | undefined} value */
export function speed(value) {
  if (value === null || value === undefined) return "max";
  return `×${exact(Number(value.toPrecision(6)), null)}`;
}
