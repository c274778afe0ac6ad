/* A measure of the book that the options choose: candles or a line, or columns from zero for what is summed over a bar. */
import { candles, columns, line } from "../draw/commands.js";
import { pixelSteps, priceSteps } from "../draw/steps.js";
import * as format from "../format.js";
import { token } from "../tokens.js";
import { rising } from "./colours.js";
import { padded, extent as reach } from "./extent.js";
import { closeOf, measureOf, rowsWith } from "./measure-list.js";
import { shortSize, sizeAxis } from "./sizes.js";
/** @import { About, ChartPanel, Command, Options, Row, Scale, Span } from "../types.d.ts" */
/** @typedef {import("./measure-list.js").Measure} Measure */

const LINE_PX = 1.5;
const COLUMN_SHARE = 0.6;
const FINER = 2; // decimals that a mean of prices has more than they
const SHARE_DECIMALS = 4;
const POINTED_DECIMALS = 3;
const POINTS_DECIMALS = 4;
const LABEL_DECIMALS = 2;

/** Whether all four values of a bar are shown.
 * @param {Measure} measure
 * @param {Readonly<Options>} options */
const hasCandles = (measure, { measureAs }) => measure.hasCandles && measureAs === "candles";

/** @param {readonly Row[]} given
 * @param {Readonly<Options>} options
 * @param {About | null} about
 * @param {Scale} scale
 * @returns {Command[]} */
function commands(given, options, about, scale) {
  const measure = measureOf(options.measure, about);
  const rows = rowsWith(given, measure);
  if (hasCandles(measure, options)) return candles(rows, measure.column, scale, rising());
  const column = closeOf(measure);
  if (measure.kind !== "flow") return line(rows, column, scale, { colour: token("blue"), width: LINE_PX });
  /** @type {Row[]} */
  const fromZero = rows.map((row) => [row[0], row[column], 0]);
  return columns(fromZero, { value: 1, open: 2, close: 1, share: COLUMN_SHARE }, scale, rising());
}

/** With zero where a value is so much of something, or more of one side than of the other.
 * @param {readonly Row[]} given
 * @param {Readonly<Options>} options
 * @param {About | null} [about]
 * @returns {Span | null} */
function extent(given, options, about = null) {
  const measure = measureOf(options.measure, about);
  const rows = rowsWith(given, measure);
  const close = closeOf(measure);
  const found = hasCandles(measure, options) ? reach(rows, measure.column + 2, measure.column + 1) : reach(rows, close, close);
  if (!found || measure.kind === "prices") return padded(found);
  return padded([Math.min(0, found[0]), Math.max(0, found[1])]);
}

/** A value to the last digit that matters.
 * @param {Measure} measure
 * @param {number | null} value
 * @param {About | null} about */
function exact({ name, kind }, value, about) {
  if (kind === "share") return format.signed(value, SHARE_DECIMALS);
  if (kind === "points") return format.exact(value, POINTS_DECIMALS);
  if (kind === "flow") return format.signed(value, about?.size_decimals ?? null);
  if (kind === "size") return format.exact(value, about?.size_decimals);
  const decimals = format.priceDecimals(about);
  return name === "spread" || decimals === null ? format.price(value, about) : format.exact(value, decimals + FINER);
}

/** @type {ChartPanel} */
export const measures = {
  id: "measures",
  name: "measure of the book",
  rows: "measures",
  needs: "book",
  share: 0.15,
  axis: {
    labels: 4,
    zero: true,
    text: (span, about, { measure }) => {
      const { kind } = measureOf(measure, about);
      if (kind === "share" || kind === "points") return (value) => format.exact(Number(value.toFixed(LABEL_DECIMALS)), null);
      return kind === "prices" ? (value, decimals) => format.exact(value, decimals) : sizeAxis.text(span);
    },
    steps: (about, { measure }, perPixel) => {
      const { name, kind } = measureOf(measure, about);
      if (name === "spread") return priceSteps(about);
      return pixelSteps(perPixel, kind === "size" || kind === "flow" ? about?.size_decimals : null);
    },
    drawn: ({ measure }, about) => {
      const { name, kind } = measureOf(measure, about);
      return { measure: name, hasTicks: name === "spread", hasShares: kind === "prices" || kind === "size" };
    },
  },
  title: (about, { sizesUnknown }, { measure }) => {
    const { title, kind } = measureOf(measure, about);
    return `${title}${kind === "points" ? ", basis points" : ""}${sizesUnknown && kind !== "prices" ? " · counts quotes, sizes unknown" : ""}`;
  },
  collapsedTitle: "Measures of the book",
  empty: ({ loading, measures: none }) => (loading ? "Loading ..." : none),
  layers: [{ views: ["measures"], commands: ({ data, rows, options }, scale) => commands(rows("measures"), options, data.about, scale) }],
  extent,
  value: (value, about, { measure }) => {
    const { kind } = measureOf(measure, about);
    if (kind === "share") return format.signed(value, POINTED_DECIMALS);
    if (kind === "points") return format.exact(value, POINTED_DECIMALS);
    return kind === "prices" ? format.price(value, about) : shortSize(value, about);
  },
  readout: {
    title: "Measure",
    isSingle: ({ measure }, about) => !measureOf(measure, about).hasCandles,
    cells: ["o", "h", "l", "c"].map((label, index) => ({
      id: label,
      label,
      text: (row, about, options) => {
        const measure = measureOf(options.measure, about);
        if (!row || (!measure.hasCandles && index < 3)) return format.NONE;
        const [values] = rowsWith([row], measure);
        return exact(measure, values[measure.hasCandles ? measure.column + index : measure.column] ?? null, about);
      },
    })),
  },
};
