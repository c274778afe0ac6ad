/* What lies between two points of the chart: sums of whole lots, and nothing where not all of it is at hand. Pure. */
import { priceSteps } from "../../draw/steps.js";
import * as format from "../../format.js";
import { written } from "../../numbers.js";
/** @import { About, DrawnPoint, DrawnValues, Picture, Row, StatisticsRow } from "../../types.d.ts" */
/** @typedef {Pick<Picture, "data" | "place" | "time" | "step" | "label">} Measured */

const [CVD_OPEN, CVD_CLOSE] = [5, 8];
const VOLUME = 5;
const [BUY, SELL] = [2, 3];

/** A size in whole lots, however many; null for what is no number of them.
 * @param {number} size
 * @param {number} decimals */
function lots(size, decimals) {
  const text = size.toFixed(Math.min(100, decimals));
  return /^-?\d+(\.\d+)?$/u.test(text) ? BigInt(text.replace(".", "")) : null;
}

/** Whole lots as a decimal.
 * @param {bigint} sum
 * @param {number} decimals */
function asText(sum, decimals) {
  const digits = String(sum < 0n ? -sum : sum).padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  return `${sum < 0n ? "-" : ""}${whole}${decimals ? `.${digits.slice(-decimals)}` : ""}`;
}

/** The sum of some sizes, each with its sign; null where one is not there.
 * @param {(number | null | undefined)[]} plus
 * @param {(number | null | undefined)[]} minus
 * @param {About | null} about */
function sumOf(plus, minus, about) {
  const all = [...plus, ...minus];
  if (all.some((size) => typeof size !== "number")) return null;
  const decimals = about?.size_decimals ?? format.decimalsOf(all.map(Number));
  let sum = 0n;
  for (const [index, size] of all.entries()) {
    const found = lots(Number(size), decimals);
    if (found === null) return null;
    sum += index < plus.length ? found : -found;
  }
  return asText(sum, decimals);
}

/** The rows of the bars from one place to another, each of which may lie within its bar.
 * @template {Row} R
 * @param {readonly R[]} rows
 * @param {number} from
 * @param {number} until
 * @param {number} step */
const between = (rows, from, until, step) => rows.filter(([place]) => place > from - step && place <= until);

/** What was bought less what was sold in some bars: by the steps of the CVD, or where it starts anew each day, by the
 * statistics. Null where not all of these are at hand.
 * @param {Measured} picture
 * @param {readonly Row[]} bars
 * @param {(rows: readonly Row[]) => readonly Row[]} within */
function deltaOf({ data: { about, metrics, statistics } }, bars, within) {
  const isDaily = about?.cvd_reset !== "none";
  const rows = within(isDaily ? asRows(statistics) : metrics);
  const held = new Set(rows.map(([place]) => place));
  if (!bars.every(([place]) => held.has(place))) return null;
  const [plus, minus] = isDaily ? [BUY, SELL] : [CVD_CLOSE, CVD_OPEN];
  return sumOf(rows.map((row) => row[plus]), rows.map((row) => row[minus]), about);
}

/** Booleans in them are no numbers, and nothing here asks for one.
 * @param {readonly StatisticsRow[]} rows */
const asRows = (rows) => /** @type {readonly Row[]} */ (/** @type {unknown} */ (rows));

/** Whether all bars since a moment are at hand: they are, too, where the replay starts within the first of them.
 * @param {Measured} picture
 * @param {number} ms */
function reachesBack({ data: { about, ohlc }, time }, ms) {
  if (!ohlc.length) return false;
  const firstMs = time(ohlc[0][0]);
  return ms >= firstMs || (about?.start_ms !== null && about?.start_ms !== undefined && about.start_ms >= firstMs);
}

/** Bars with a trade from one moment to another, both of them included, and the sums over them. `volume` and `delta` are null
 * where they cannot be told, and `missing` says why; `isOpen` is whether there may be more to come.
 * @param {Measured} picture
 * @param {number} fromMs
 * @param {number} untilMs */
function summed(picture, fromMs, untilMs) {
  const { data, place, step } = picture;
  const { about, ohlc, status } = data;
  if (!reachesBack(picture, fromMs)) return { bars: null, volume: null, delta: null, missing: "not all of its bars are at hand", isOpen: false };
  const [from, until] = [place(fromMs), place(untilMs)];
  const bars = between(ohlc, from, until, step);
  const volume = sumOf(bars.map((row) => row[VOLUME]), [], about);
  const delta = deltaOf(picture, bars, (rows) => between(rows, from, until, step));
  const missing = volume === null ? "volume is not at hand" : delta === null ? "delta is not at hand" : "";
  const isOver = status?.state === "finished";
  return { bars: bars.length, volume, delta, missing, isOpen: !isOver && until >= ohlc[ohlc.length - 1][0] };
}

/** All that is told of two points, from the first to the second. What was traded between them is told where the price is measured: its
 * values are not those of another panel.
 * @param {Measured} picture
 * @param {readonly DrawnPoint[]} points
 * @param {DrawnValues} values */
export function measured(picture, [one, other], { hasTicks = false, hasShares = false, measure }) {
  const steps = hasTicks ? priceSteps(picture.data.about) : null;
  const decimals = steps?.decimals ?? (hasTicks ? null : format.decimalsOf([one.price, other.price]));
  const difference = decimals === null ? other.price - one.price : Number((other.price - one.price).toFixed(Math.min(100, decimals)));
  const sums = summed(picture, Math.min(one.ms, other.ms), Math.max(one.ms, other.ms));
  const isOfPrices = hasTicks && measure === undefined;
  const reason = sums.bars === null ? sums.missing : "";
  return {
    ms: other.ms - one.ms,
    difference,
    decimals,
    ticks: steps && Math.round(difference / steps.step),
    percent: hasShares && one.price !== 0 ? (100 * difference) / Math.abs(one.price) : null,
    ...(isOfPrices ? sums : { ...sums, volume: null, delta: null, missing: reason }),
  };
}

/** @param {number} value
 * @param {(size: number) => string} text */
const signed = (value, text) => `${value > 0 ? "+" : value < 0 ? "-" : ""}${text(Math.abs(value))}`;

/** @param {number} percent */
const share = (percent) => (percent === 0 || percent >= 1 ? format.exact(percent, 2) : format.exact(Number(percent.toPrecision(3)), null));

/** @param {number} ms */
const span = (ms) => format.duration(ms) || `${Math.round(ms)} ms`;

/** A value that something is drawn at.
 * @param {number} value
 * @param {DrawnValues} values of its panel
 * @param {About | null} about */
export const valueText = (value, { hasTicks }, about) => (hasTicks ? format.price(value, about) : format.exact(value, null));

/** The same as lines of text.
 * @param {ReturnType<typeof measured>} found
 * @returns {string[]} */
export function told({ ms, difference, decimals, ticks, percent, bars, volume, delta, missing, isOpen }) {
  const parts = [
    ...(ticks === null ? [] : [`${signed(ticks, format.count)} ticks`]),
    ...(percent === null ? [] : [`${signed(percent, share)} %`]),
  ];
  const price = signed(difference, (size) => format.exact(size, decimals));
  const sums = [
    ...(volume === null ? [] : [`volume ${written(volume)}`]),
    ...(delta === null ? [] : [`delta ${delta.startsWith("-") || Number(delta) === 0 ? "" : "+"}${written(delta)}`]),
  ];
  return [
    [price, ...parts].join(" · "),
    [signed(ms, span), ...(bars === null ? [] : [`${format.count(bars)} ${bars === 1 ? "bar" : "bars"} with trades`])].join(" · "),
    ...(sums.length ? [`${sums.join(" · ")}${isOpen ? " so far" : ""}`] : []),
    ...(missing ? [missing] : []),
  ];
}
