/* How long a bar is, as one writes it: a time, or what has to be traded in it. Texts in, lengths and words out. */
import * as format from "../format.js";
import { limits } from "../limits.js";

export const EXAMPLES = "30s, 5m, 4h or 1d, or what is traded in a bar: 500t trades, 100v volume, 1000000q turnover";

/** "1m" → { ms: 60000 }, "500t" → { traded: "trades", amount: "500" }; null where it is neither. A turnover may have its old
 * spelling, "1000000d", unless that could mean days.
 * @param {string | null | undefined} text
 * @returns {{ ms: number, traded?: undefined } | { ms?: undefined, traded: string, amount: string } | null} */
export function parse(text) {
  const given = text || "";
  const { interval_units_ms: units, max_interval_ms: longest, activity_units: traded, max_activity_digits: most } = limits();
  const { old_turnover_unit: old, max_days_meant: days } = limits();
  const time = new RegExp(`^(\\d+)(${Object.keys(units).join("|")})$`, "u").exec(given);
  const ms = time ? Number(time[1]) * units[time[2]] : 0;
  if (ms > 0 && ms <= longest) return { ms };
  const [, amount, unit] = new RegExp(`^(\\d+|\\d*\\.\\d+)([${Object.keys(traded).join("")}${old}])$`, "u").exec(given) || [];
  if (!amount || amount.length > most || !(Number(amount) > 0)) return null;
  if (unit === old) return Number.isInteger(Number(amount)) && Number(amount) <= days ? null : { traded: traded.q, amount };
  return unit === "t" && amount.includes(".") ? null : { traded: traded[unit], amount };
}

/** What a bar is, in words.
 * @param {string} text */
export function words(text) {
  const length = parse(text);
  if (!length || !length.traded) return `bars of ${text}`;
  const { traded, amount } = length;
  const shown = amount.includes(".") ? amount : format.count(BigInt(amount));
  if (traded !== "trades") return `bars of ${shown} ${traded} each`;
  return `bars of ${shown} ${Number(amount) === 1 ? "trade" : "trades"} each`;
}
