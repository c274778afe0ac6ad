import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { scale } from "../../visualizer/page/draw/scale.js";
import { PRESETS } from "../../visualizer/page/options.js";
import { closeOf, measureOf, measuresOf, namesOf } from "../../visualizer/page/panels/measure-list.js";
import { measures } from "../../visualizer/page/panels/measures.js";
import { mids } from "../../visualizer/page/panels/mids.js";
import { layersOf, viewsOf } from "../../visualizer/page/panels/registry.js";
import { empty } from "../../visualizer/page/store.js";
import { TOKENS } from "./browser.js";
/** @import { About, MeasuresRow, Options, Picture } from "../../visualizer/page/types.d.ts" */

const ABOUT = /** @type {About} */ ({ price_decimals: 2, size_decimals: 1, price_step: 0.01 });
const MEASURES = measuresOf(null);
const NAMES = namesOf(null);
const WIDTH = Math.max(...MEASURES.map(closeOf)) + 3;

/** A row of which some columns have a value.
 * @param {number} place
 * @param {Record<number, number>} values
 * @returns {MeasuresRow} */
const row = (place, values) => [place, ...Array.from({ length: WIDTH - 1 }, (_, index) => values[index + 1] ?? null)];

/** @param {string} name */
const columnOf = (name) => measureOf(name, null).column;

/** What the panel draws, in a box of 100 pixels from -10 to 10.
 * @param {MeasuresRow[]} rows
 * @param {Partial<Options>} some */
function picture(rows, some) {
  const box = { left: 0, top: 0, width: 100, height: 100 };
  const within = scale({ x: [0, 10], y: [-10, 10], box, step: 1, ratio: 1 });
  /** @type {Picture} */
  const given = {
    options: { ...PRESETS.overview, ...some },
    data: { ...empty(), about: ABOUT, measures: rows },
    rows: /** @type {any} */ (() => rows),
    place: Number,
    time: Number,
    step: 1,
    label: String,
    cvdLine: false,
  };
  return { given, within };
}

/** @param {MeasuresRow[]} rows
 * @param {Partial<Options>} some */
function drawn(rows, some) {
  const { given, within } = picture(rows, some);
  return layersOf(measures, given.options, given.data).flatMap(({ commands }) => commands(given, within));
}

test("a measure has a name and columns of its own, and an unknown name means the first", () => {
  const columns = MEASURES.flatMap(({ column, hasCandles }) => (hasCandles ? [0, 1, 2, 3] : [0]).map((part) => column + part));
  assert.deepEqual(columns, columns.map((_, index) => index + 1));
  assert.equal(new Set(Object.values(NAMES)).size, MEASURES.length);
  assert.equal(measureOf("no such", null), MEASURES[0]);
});

test("each is read from the column that it is published in", () => {
  const contract = readFileSync(new URL("../../docs/contract.md", import.meta.url), "utf8");
  const published = contract.match(/`measures_data\.json` \|[^`]*`\[\[([^\]]*)\]/u)?.[1].split(", ") ?? [];
  const read = MEASURES.flatMap(({ name, hasCandles }) => (hasCandles ? ["open", "high", "low", "close"].map((part) => `${name}_${part}`) : [name]));
  assert.deepEqual(published, ["timestamp_ms", ...read, "samples", "trades", "own"]);
});

test("candles are those of the measure that is chosen, and rise and fall", () => {
  const column = columnOf("obi_5");
  const rows = [
    row(2, { [column]: -1, [column + 1]: 2, [column + 2]: -2, [column + 3]: 1 }),
    row(4, { [column]: 1, [column + 1]: 1, [column + 2]: 0, [column + 3]: 0 }),
    row(6, {}),
  ];
  const [rising, falling, ...more] = drawn(rows, { measure: "obi_5" });
  assert.ok(rising.kind === "rects" && falling.kind === "rects" && !more.length);
  assert.deepEqual([rising.colour, falling.colour], [TOKENS.get("up"), TOKENS.get("down")]);
  assert.deepEqual([rising.rects[1], rising.rects[5] + rising.rects[7]], [45, 55]); // the upper and the lower edge
  const [lines] = drawn(rows, { measure: "obi_5", measureAs: "line" });
  assert.ok(lines.kind === "polyline");
  assert.deepEqual([lines.points[1], lines.points[3], lines.points[5]], [45, 50, Number.NaN]);
});

test("a sum over a bar stands on zero, in the colour of its side, however it is to be shown", () => {
  const column = columnOf("ofi_3");
  for (const measureAs of /** @type {const} */ (["candles", "line"])) {
    const [rising, falling] = drawn([row(2, { [column]: 4 }), row(4, { [column]: -2 })], { measure: "ofi_3", measureAs });
    assert.ok(rising.kind === "rects" && falling.kind === "rects");
    assert.equal(rising.rects[1] + rising.rects[3], 50);
    assert.deepEqual([falling.rects[1], falling.rects[1] + falling.rects[3]], [60, 50]);
    assert.deepEqual([rising.colour, falling.colour], [TOKENS.get("up"), TOKENS.get("down")]);
  }
});

test("the axis holds what is shown, with zero unless it is one of prices, and nothing for no rows", () => {
  const [spread, depth] = [columnOf("spread"), columnOf("depth_bid_bp_10")];
  const rows = [row(1, { [spread]: 4, [spread + 1]: 9, [spread + 2]: 3, [spread + 3]: 5, [depth]: 70 })];
  /** @param {Partial<Options>} some */
  const span = (some) => measures.extent(rows, { ...PRESETS.overview, ...some }, ABOUT);
  const candles = span({ measure: "spread" });
  assert.ok(candles && candles[0] < 3 && candles[0] > 0 && candles[1] > 9);
  const line = span({ measure: "spread", measureAs: "line" });
  assert.ok(line && line[0] > 4 && line[1] < 6);
  const sizes = span({ measure: "depth_bid_bp_10" });
  assert.ok(sizes && sizes[0] < 0 && sizes[1] > 70);
  assert.equal(span({ measure: "obi_0" }), null);
});

test("the read-out says the values of the measure with the decimals of its kind", () => {
  const [obi, flow, weighted] = [columnOf("obi_1"), columnOf("ofi_1"), columnOf("weighted_mid")];
  const values = row(1, { [obi]: 0.25, [obi + 1]: 0.5, [obi + 2]: -0.123456, [obi + 3]: 0.1, [flow]: 3, [weighted]: 1, [weighted + 3]: 1.23456 });
  /** @param {string} measure */
  const said = (measure) => measures.readout.cells.map(({ text }) => text(values, ABOUT, { ...PRESETS.overview, measure }));
  assert.deepEqual(said("obi_1"), ["+0.2500", "+0.5000", "-0.1235", "+0.1000"]);
  assert.deepEqual(said("ofi_1"), ["–", "–", "–", "+3.0"]);
  assert.deepEqual(said("weighted_mid"), ["1.0000", "–", "–", "1.2346"]);
  assert.deepEqual(measures.readout.cells.map(({ text }) => text(null, ABOUT, PRESETS.overview)), ["–", "–", "–", "–"]);
});

test("measures with parameters of the replay's own are offered by their names, drawn as lines and read out in basis points", () => {
  const about = { ...ABOUT, own_measures: ["obi_50", "cost_buy_bp_0.5", "cost_sell_bp_0.5"] };
  assert.deepEqual(measuresOf(about).slice(MEASURES.length).map(({ title }) => title), ["OBI top 50", "Cost of buying 0.5", "Cost of selling 0.5"]);
  const rows = /** @type {MeasuresRow[]} */ (/** @type {unknown} */ ([[...row(2, {}), [0.5, 4, 6]], [...row(4, {}), [-0.5, null, 7]]]));
  const options = { ...PRESETS.overview, measure: "cost_buy_bp_0.5" };
  const { given, within } = picture(rows, options);
  const [line] = layersOf(measures, given.options, { ...given.data, about }).flatMap(({ commands }) => commands({ ...given, data: { ...given.data, about } }, within));
  assert.ok(line.kind === "polyline");
  assert.deepEqual([line.points[1], line.points[3]], [30, Number.NaN]);
  assert.deepEqual(measures.readout.cells.map(({ text }) => text(rows[0], about, options)), ["–", "–", "–", "4.0000"]);
  assert.equal(measures.title(about, { sizesUnknown: false }, options), "Cost of buying 0.5, basis points");
  const span = measures.extent(rows, { ...options, measure: "obi_50" }, about);
  assert.ok(span && span[0] < -0.5 && span[1] > 0.5);
});

test("the title names the measure, and that sizes are unknown where they count", () => {
  /** @param {string} measure */
  const title = (measure) => measures.title(ABOUT, { sizesUnknown: true }, { ...PRESETS.overview, measure });
  assert.deepEqual([title("spread"), title("obi_20")], ["Spread", "OBI top 20 · counts quotes, sizes unknown"]);
});

test("mid and weighted mid are lines over the price while they are chosen, and nothing is asked for while they are not", () => {
  const [mid, weighted] = [columnOf("mid"), columnOf("weighted_mid")];
  const rows = [row(2, { [mid + 3]: 0, [weighted + 3]: 5 }), row(4, { [mid + 3]: 10, [weighted + 3]: -5 })];
  /** @param {Options["mids"]} chosen */
  const lines = (chosen) => {
    const { given, within } = picture(rows, { mids: chosen });
    return mids.commands(given, within).map((each) => [each.colour, each.kind === "polyline" && each.points[1]]);
  };
  assert.deepEqual(lines("mid"), [[TOKENS.get("mid-price"), 50]]);
  assert.deepEqual(lines("both"), [[TOKENS.get("mid-price"), 50], [TOKENS.get("weighted-mid"), 25]]);
  assert.ok(!viewsOf({ ...PRESETS.overview, mids: "off" }, empty()).has("measures"));
  assert.ok(viewsOf({ ...PRESETS.overview, mids: "mid" }, empty()).has("measures"));
  const { given } = picture(rows, { mids: "mid" });
  assert.deepEqual(mids.readout?.cells.map(({ text }) => text(given, 4)), ["10.0000", "-5.0000"]);
});
