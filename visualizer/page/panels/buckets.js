/* CVD by order size: a line for the orders of each size, the largest the strongest, and its sizes above in its colour. */
import { line, rects } from "../draw/commands.js";
import { grounded, widthOf } from "../draw/text.js";
import * as format from "../format.js";
import { token } from "../tokens.js";
import { padded } from "./extent.js";
import { shortSize, sizeAxis } from "./sizes.js";
/** @import { About, ChartPanel, Command, Row, Scale, Span } from "../types.d.ts" */

const FIRST_EDGE = 5;
/* Each with its column; told apart by width as well as by colour. */
const BUCKETS = [
  { column: 1, name: "smallest", colour: () => token("size-1"), width: 1 },
  { column: 2, name: "small", colour: () => token("size-2"), width: 1.5 },
  { column: 3, name: "large", colour: () => token("size-3"), width: 2 },
  { column: 4, name: "largest", colour: () => token("size-4"), width: 3 },
];
const LEGEND_LEFT_PX = 100; // beside the title
const LEGEND_TOP_PX = 9;
const GAP_PX = 16;

/** The sizes of the orders of a bucket: from one edge to below the next.
 * @param {Row} row
 * @param {number} bucket
 * @param {About | null} about */
function sizes(row, bucket, about) {
  const [from, to] = [bucket && row[FIRST_EDGE + bucket - 1], row[FIRST_EDGE + bucket] ?? null].map((edge) =>
    edge === null ? null : format.exact(edge, about?.size_decimals),
  );
  if (bucket === 0) return `< ${to}`;
  return to === null ? `≥ ${from}` : `${from} – ${to}`;
}

/** The sizes of each line in its colour, side by side over all lines; those for which there is no room are not told.
 * @param {readonly Row[]} rows
 * @param {About | null} about
 * @param {Scale} scale
 * @returns {Command[]} */
function legend(rows, about, { box }) {
  const last = rows.at(-1);
  let x = box.left + LEGEND_LEFT_PX;
  const y = box.top + LEGEND_TOP_PX;
  const named = BUCKETS.flatMap(({ column, colour }, bucket) => {
    if (!last || (last[column] ?? null) === null) return [];
    const text = sizes(last, bucket, about);
    const left = x;
    x += widthOf(text) + GAP_PX;
    return left + widthOf(text) <= box.left + box.width ? [{ text, x: left, y, colour: colour() }] : [];
  });
  return [
    ...rects(token("title-background"), named.flatMap(({ text, x: left }) => grounded(text, left, y))),
    ...named.map(({ colour, ...text }) => /** @type {Command} */ ({ kind: "texts", colour, align: "left", texts: [text] })),
  ];
}

/** @param {readonly Row[]} rows
 * @param {About | null} about
 * @param {Scale} scale
 * @returns {Command[]} */
function lines(rows, about, scale) {
  const last = rows.at(-1);
  const there = BUCKETS.filter(({ column }) => last && (last[column] ?? null) !== null);
  return [
    ...there.flatMap(({ column, colour, width }) => line(rows, column, scale, { colour: colour(), width })),
    ...legend(rows, about, scale),
  ];
}

/** With zero, so that both sides are seen.
 * @param {readonly Row[]} rows
 * @returns {Span | null} */
function extent(rows) {
  let [low, high] = [0, 0];
  for (const row of rows) {
    for (const { column } of BUCKETS) {
      low = Math.min(low, row[column] ?? 0);
      high = Math.max(high, row[column] ?? 0);
    }
  }
  return rows.length ? padded([low, high]) : null;
}

/** @type {ChartPanel} */
export const buckets = {
  id: "buckets",
  name: "cumulative volume delta by order size",
  rows: "sizes",
  needs: "trades",
  share: 0.15,
  axis: { ...sizeAxis, labels: 4, zero: true },
  title: () => "CVD by size",
  empty: ({ loading, sizes: none }) => (loading ? "Loading ..." : none),
  layers: [{ views: ["sizes"], commands: ({ rows, data: { about } }, scale) => lines(rows("sizes"), about, scale) }],
  extent,
  value: shortSize,
  readout: {
    title: "CVD by size",
    cells: BUCKETS.map(({ column, name }) => ({
      id: name,
      label: name,
      text: (row, about) => format.signed(row?.[column] ?? null, about?.size_decimals ?? null),
    })),
  },
};
