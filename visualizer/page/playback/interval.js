/* How long a bar is, as one writes it: a time, or what has to be traded in it. Pure: texts in, lengths and words out. */
import * as format from "../format.js";

/** @type {Record<string, number>} */
const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const LONGEST_MS = 7 * UNITS_MS.d;
/** @type {Record<string, string>} */
const TRADED = { t: "trades", v: "volume", d: "turnover" };
const MOST_DIGITS = 15;
export const EXAMPLES = "30s, 5m, 4h or 1d, or what is traded in a bar: 500t trades, 100v volume, 1000000d turnover";

/** "1m" → { ms: 60000 }, "500t" → { traded: "trades", amount: "500" }; null where it is neither. What is both, a whole
 * number of d, are days up to a week.
 * @param {string | null | undefined} text
 * @returns {{ ms: number, traded?: undefined } | { ms?: undefined, traded: string, amount: string } | null} */
export function parse(text) {
  const time = /^(\d+)(ms|[smhd])$/u.exec(text || "");
  const ms = time ? Number(time[1]) * UNITS_MS[time[2]] : 0;
  if (ms > 0 && ms <= LONGEST_MS) return { ms };
  const [, amount, unit] = /^(\d+|\d*\.\d+)([tvd])$/u.exec(text || "") || [];
  if (!amount || amount.length > MOST_DIGITS || !(Number(amount) > 0)) return null;
  return unit === "t" && amount.includes(".") ? null : { traded: TRADED[unit], amount };
}

/** What a bar is, in words.
 * @param {string} text */
export function words(text) {
  const length = parse(text);
  if (!length || !length.traded) return `bars of ${text}`;
  const { traded, amount } = length;
  const shown = amount.includes(".") ? amount : format.count(BigInt(amount));
  if (traded !== "trades") return `bars of ${shown} ${traded} each`;
  return `bars of ${shown} trade${Number(amount) === 1 ? "" : "s"} each`;
}
