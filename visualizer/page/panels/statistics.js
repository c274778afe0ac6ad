/* Statistics: a table under the chart with a column for each bar. Its colours are always there, its numbers where they fit. */
import { rects, snapped } from "../draw/commands.js";
import { widthOf } from "../draw/text.js";
import * as format from "../format.js";
import { token, translucent } from "../tokens.js";
import { KINDS, price } from "./statistics-rows.js";
/** @import { About, ChartPanel, Command, Options, Picture, Row, Scale, StatisticsRow } from "../types.d.ts" */
/** @typedef {import("./statistics-rows.js").Kind} Kind */

const ROW_PX = 16;
const PAD_PX = 4;
const STRENGTHS = [0.08, 0.16, 0.25, 0.35, 0.46, 0.58];

/** The rows that are shown.
 * @param {Readonly<Options>} options */
const kindsOf = ({ statistics: names }) => names.flatMap((name) => (Object.hasOwn(KINDS, name) ? [KINDS[name]] : []));

/** The coloured cells of a row of the table: the larger a value of those in view, the stronger.
 * @param {(number | null)[]} values
 * @param {Kind["tint"]} tint
 * @param {(index: number) => number[]} cell
 * @returns {Command[]} */
function coloured(values, tint, cell) {
  const most = Math.max(0, ...values.map((value) => Math.abs(value ?? 0)));
  if (tint === "none" || !most) return [];
  const colours = tint === "amount" ? { up: token("volume"), down: token("volume") } : { up: token("up-fill"), down: token("down-fill") };
  /** @type {Map<string, number[]>} */
  const found = new Map();
  for (const [index, value] of values.entries()) {
    if (!value) continue;
    const strength = Math.ceil((Math.abs(value) / most) * STRENGTHS.length) - 1;
    const colour = translucent(value > 0 ? colours.up : colours.down, STRENGTHS[strength]);
    const list = found.get(colour) ?? [];
    if (!list.length) found.set(colour, list);
    list.push(...cell(index));
  }
  return [...found].flatMap(([colour, list]) => rects(colour, list));
}

/** The table. A row of it has numbers where all of them in view fit.
 * @param {Picture} picture
 * @param {Scale} scale
 * @returns {Command[]} */
function commands({ rows, options, data: { about } }, { box, barPx, toX, ratio }) {
  const kinds = kindsOf(options);
  const bars = rows("statistics");
  const height = box.height / kinds.length;
  const gap = barPx >= 4 ? 1 : 0;
  const lefts = bars.map(([place]) => snapped(toX(place) - barPx / 2, ratio));
  const width = Math.max(1 / ratio, snapped(barPx, ratio) - gap);
  return kinds.flatMap(({ tint, value, text }, line) => {
    const values = bars.map((row) => value(row, about));
    const top = snapped(box.top + line * height, ratio);
    const found = coloured(values, tint, (index) => [lefts[index], top, width, snapped(height, ratio) - 1]);
    if (barPx < widthOf("0%") + PAD_PX) return found;
    const texts = values.map((each) => (each === null ? "" : text(each, about)));
    const hasRoom = texts.every((each) => widthOf(each) + PAD_PX <= barPx);
    if (!hasRoom) return found;
    const places = texts.map((each, index) => ({ text: each, x: toX(bars[index][0]), y: top + height / 2 }));
    return [...found, { kind: "texts", colour: token("strong"), align: "center", texts: places }];
  });
}

/* What the read-out has of them, in full. */
const READ = /** @type {{ id: string, label: string, kind: Kind, text(value: number, about: About | null): string }[]} */ ([
  { id: "percent", label: "Δ%", kind: KINDS.deltaPercent, text: (value) => format.signed(value, 1) },
  { id: "trades", label: "trades", kind: KINDS.trades, text: (value) => format.count(value) },
  { id: "vwap", label: "VWAP", kind: KINDS.vwap, text: price },
]);

/** @param {Row | null} row
 * @returns {StatisticsRow | null} */
const asStatistics = (row) => /** @type {StatisticsRow | null} */ (/** @type {unknown} */ (row));

/** @type {ChartPanel} */
export const statistics = {
  id: "statistics",
  name: "statistics",
  rows: "statistics",
  needs: "trades",
  share: 0.12,
  heightPx: (options) => ROW_PX * kindsOf(options).length,
  axis: { labels: 0, rows: (options) => kindsOf(options).map(({ label }) => label), text: () => () => "" },
  title: () => "",
  collapsedTitle: "Statistics",
  empty: ({ loading, statistics: reason }) => (loading ? "Loading ..." : reason),
  layers: [{ views: ["statistics"], commands }],
  extent: (rows) => (rows.length ? [0, 1] : null),
  value: () => "",
  readout: {
    title: "",
    cells: READ.map(({ id, label, kind, text }) => ({
      id,
      label,
      text: (row, about) => {
        const of = asStatistics(row);
        const value = of && kind.value(of, about);
        return value === null ? format.NONE : text(value, about);
      },
    })),
  },
};
