/* The measures of the book: where each stands in a row, and how it is shown. Pure. */
/** @import { About, Row } from "../types.d.ts" */
/** As what a measure is read: a price or a distance of prices, a share from -1 to 1, a size, a size that came or went, or basis points.
 * @typedef {"prices" | "share" | "size" | "flow" | "points"} Kind
 * @typedef {{ name: string, title: string, kind: Kind, column: number, hasCandles: boolean }} Measure */

/* In the order of measures_data.json: first those with an open, high, low and close, then those with one value. */
const CANDLES = ["spread", "mid", "weighted_mid", "obi_1", "obi_5", "obi_10", "obi_20", "obi_bp_10"];
const LINES = ["obi_0", "obi_bp_5", "obi_bp_25", "obi_bp_100"]
  .concat([5, 10, 25, 100].flatMap((points) => [`depth_bid_bp_${points}`, `depth_ask_bp_${points}`]))
  .concat(Array.from({ length: 10 }, (_, index) => `ofi_${index + 1}`))
  .concat(["trade_flow"]);

/** @param {string} name
 * @returns {{ title: string, kind: Kind }} */
function described(name) {
  const number = name.split("_").at(-1);
  if (name === "spread") return { title: "Spread", kind: "prices" };
  if (name === "mid") return { title: "Mid", kind: "prices" };
  if (name === "weighted_mid") return { title: "Weighted mid", kind: "prices" };
  if (name === "obi_0") return { title: "OBI of the whole book", kind: "share" };
  if (name.startsWith("obi_bp_")) return { title: `OBI within ${number} bp`, kind: "share" };
  if (name.startsWith("obi_")) return { title: `OBI top ${number}`, kind: "share" };
  if (name.startsWith("depth_bid_")) return { title: `Bids within ${number} bp`, kind: "size" };
  if (name.startsWith("depth_ask_")) return { title: `Asks within ${number} bp`, kind: "size" };
  if (name === "ofi_1") return { title: "Order flow imbalance", kind: "flow" };
  if (name.startsWith("cost_buy_")) return { title: `Cost of buying ${number}`, kind: "points" };
  if (name.startsWith("cost_sell_")) return { title: `Cost of selling ${number}`, kind: "points" };
  if (name.startsWith("ofi_")) return { title: `Order flow imbalance, level ${number}`, kind: "flow" };
  return { title: "Trade flow", kind: "flow" };
}

/** @type {readonly Measure[]} */
const ALWAYS = [
  ...CANDLES.map((name, index) => ({ name, ...described(name), column: 1 + 4 * index, hasCandles: true })),
  ...LINES.map((name, index) => ({ name, ...described(name), column: 1 + 4 * CANDLES.length + index, hasCandles: false })),
];
/* The column of the list with the values of measures with parameters of the replay's own; samples and trades are before it. */
const OWN = 1 + 4 * CANDLES.length + LINES.length + 2;

/* What a replay with parameters of its own may have besides. */
const OWN_NAME = /^(?:obi_[1-9]\d*|cost_(?:buy|sell)_bp_\d+(?:\.\d+)?)$/u;

/** Whether a measure of some replay can be called so.
 * @param {unknown} value */
export const isMeasure = (value) => typeof value === "string" && (OWN_NAME.test(value) || ALWAYS.some(({ name }) => name === value));

/** The measures that there are: those of the replay's own parameters are columns behind all that are published, see `rowsWith`.
 * @param {About | null} about
 * @returns {readonly Measure[]} */
export const measuresOf = (about) => [
  ...ALWAYS,
  ...(about?.own_measures ?? []).map((name, index) => ({ name, ...described(name), column: OWN + index, hasCandles: false })),
];

/** What each is called, by its name.
 * @param {About | null} about */
export const namesOf = (about) => Object.fromEntries(measuresOf(about).map(({ name, title }) => [name, title]));

/** Rows in which a measure has its column: those of the replay's own parameters are a list in each row as it is published.
 * @param {readonly Row[]} rows
 * @param {Measure} measure
 * @returns {readonly Row[]} */
export const rowsWith = (rows, { column }) => (column < OWN ? rows : rows.map((row) => /** @type {Row} */ (/** @type {unknown} */ (row.flat()))));

/** The column of a measure's close, or of its only value.
 * @param {Measure} measure */
export const closeOf = ({ column, hasCandles }) => (hasCandles ? column + 3 : column);

/** The measure of a name; the first one for a name that there is not.
 * @param {string} name
 * @param {About | null} about */
export const measureOf = (name, about) => measuresOf(about).find((each) => each.name === name) ?? ALWAYS[0];
