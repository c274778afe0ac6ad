import assert from "node:assert/strict";
import { test } from "node:test";
import { scale } from "../../visualizer/page/draw/scale.js";
import { around } from "../../visualizer/page/panels/extent.js";
import * as heights from "../../visualizer/page/panels/heights.js";
import { withBook } from "../../visualizer/page/panels/obi.js";
import { byDelta } from "../../visualizer/page/panels/volume.js";
import { PANELS, layersOf } from "../../visualizer/page/panels/registry.js";
import { PRESETS } from "../../visualizer/page/options.js";
import { empty } from "../../visualizer/page/store.js";
import { translucent } from "../../visualizer/page/tokens.js";
import { NAMES } from "../../visualizer/page/views.js";
import { random } from "./random.js";
import { TOKENS } from "./browser.js";
/** @import { About, Picture, Row } from "../../visualizer/page/types.d.ts" */

const NOTHING = { loading: false, trades: "", prices: "", book: "", cvd: "", statistics: "", sizes: "", measures: "", settled: true };

/** @param {string} id */
function panel(id) {
  const found = PANELS.find((each) => each.id === id);
  assert.ok(found);
  return found;
}

test("a colour that is shone through has its parts, be it written short or long", () => {
  assert.deepEqual(["#fff", "#0a0d12"].map((colour) => translucent(colour, 0.7)), ["rgba(255, 255, 255, 0.7)", "rgba(10, 13, 18, 0.7)"]);
});

test("only what the dataset is known to lack gives up its room", () => {
  /** @param {object} found */
  const collapsed = (found) => heights.collapsedPanels(PANELS, { ...NOTHING, ...found });
  assert.deepEqual(collapsed({ trades: "none", prices: "none" }), ["price", "volume", "statistics", "delta", "cvd", "buckets"]);
  assert.deepEqual(collapsed({ trades: "none" }), ["volume", "statistics", "delta", "cvd", "buckets"]);
  assert.deepEqual(collapsed({ book: "none", measures: "none" }), ["obi", "measures"]);
  assert.deepEqual(collapsed({ book: "none", settled: false }), []);
  assert.deepEqual(collapsed({ book: "none", trades: "none" }), []);
});

test("panels share the whole height in their order, without overlap, and a line stands in each gap", () => {
  const more = [...PANELS, { ...panel("obi"), id: "further" }];
  const cases = [PANELS, more].flatMap((panels) =>
    [[], ["obi"], ["price", "volume", "cvd"]].map((collapsed) => ({ panels, collapsed })),
  );
  for (const { panels, collapsed } of cases) {
    const domains = heights.domains(panels, collapsed, 600);
    assert.equal(domains.length, panels.length);
    assert.equal(domains[0][1], 1);
    assert.ok(domains[panels.length - 1][0] < 1e-9);
    for (const [index, [low, high]] of domains.entries()) {
      assert.ok(low < high);
      if (index) assert.ok(high < domains[index - 1][0]);
    }
    for (const line of heights.boundaries(panels, collapsed, 600)) {
      assert.ok(domains.every(([low, high]) => line < low || line > high));
    }
  }
});

test("the axis of a panel holds all that is visible", () => {
  const next = random(2);
  for (let round = 0; round < 100; round += 1) {
    /** @type {Row[]} */
    const bars = Array.from({ length: 1 + next(30) }, (_, bar) => {
      const [low, high] = [next(100), 100 + next(100)];
      return [bar, low, high, low, high, next(50)];
    });
    const [price, volume] = [panel("price").extent(bars, PRESETS.overview), panel("volume").extent(bars, PRESETS.overview)];
    assert.ok(price && volume);
    for (const [, , high, low, , size] of bars) {
      assert.ok(price[0] < Number(low) && Number(high) < price[1]);
      assert.ok(volume[0] === 0 && Number(size) <= volume[1]);
    }
  }
});

test("flat prices and no volume still have a range, OBI is shown evenly around zero in steps, and no rows have none", () => {
  const price = panel("price").extent([[0, 5, 5, 5, 5, 0]], PRESETS.overview);
  assert.ok(price && price[0] < 5 && price[1] > 5);
  assert.deepEqual(panel("volume").extent([[0, 5, 5, 5, 5, 0]], PRESETS.overview), [0, 1.12]);
  /** @type {Row[]} */
  const metrics = [[0, 0.1, 0.31, -0.2, 0.1, null, null, null, null]];
  assert.deepEqual(panel("obi").extent(metrics, PRESETS.overview), [-1.2 * 0.4, 1.2 * 0.4]);
  assert.equal(panel("cvd").extent(metrics, PRESETS.overview), null);
  for (const { extent } of PANELS) assert.equal(extent([], PRESETS.overview), null);
});

test("a reach widens at once and narrows late", () => {
  assert.equal(around(10, null), 11.5);
  assert.equal(around(10, 11.5), 11.5);
  assert.equal(around(12, 11.5), 12 * 1.15);
  assert.equal(around(7, 11.5), 11.5);
  assert.equal(around(6, 11.5), 6 * 1.15);
});

/** What the layers of a panel draw.
 * @param {string} id
 * @param {Row[]} rows
 * @param {Partial<Picture>} [picture] */
function drawn(id, rows, picture = {}, width = 100) {
  const box = { left: 0, top: 0, width, height: 100 };
  const within = scale({ x: [0, 10], y: [-10, 10], box, step: 1, ratio: 1 });
  const shown = { options: PRESETS.overview, place: Number, time: Number, step: 1, label: String, cvdLine: false };
  const given = { ...shown, data: empty(), rows: /** @type {any} */ (() => rows), ...picture };
  return layersOf(panel(id), given.options, given.data).flatMap(({ commands }) => commands(given, within));
}

test("candles and columns rise and fall in the same two colours everywhere, and a bar that ends where it opens rises", () => {
  const [up, down] = [String(TOKENS.get("up")), String(TOKENS.get("down"))];
  /** @type {Row[]} */
  const rows = [
    [1, 1, 2, 0, 2, 1, 2, 0, 2],
    [2, 2, 2, 0, 1, 2, 2, 0, 1],
    [3, 1, 1, 1, 1, 1, 1, 1, 1],
  ];
  for (const id of ["price", "obi", "cvd"]) {
    const [rising, falling] = drawn(id, rows).slice(id === "price" ? 1 : 0); // which stand out from what may be below them
    assert.ok(rising.kind === "rects" && falling.kind === "rects");
    assert.deepEqual([rising.colour, falling.colour], [up, down], id);
    const lefts = rising.rects.filter((_, index) => index % 4 === 0);
    assert.equal(lefts.length, 6, id); // the four edges of a body and a wick, and a bar that is but a line
  }
  const [rising, falling] = drawn("volume", rows);
  assert.ok(rising.kind === "rects" && falling.kind === "rects");
  assert.deepEqual([rising.colour, falling.colour], [translucent(up, 0.75), translucent(down, 0.75)]);
  assert.deepEqual([rising.rects.length, falling.rects.length], [8, 4]);
});

/** A row of the statistics.
 * @param {number} place @param {number} buy @param {number} sell @param {[number, number]} extremes
 * @returns {Row} */
const traded = (place, buy, sell, extremes) => [place, 1, buy, sell, 0, 3, ...extremes];

test("the delta of a bar stands on zero with its highest and lowest value as a wick, and says it to the last decimal", () => {
  const about = /** @type {About} */ ({ size_decimals: 1 });
  const rows = [traded(2, 0.3, 0.1, [5, 0]), traded(4, 1, 3, [1, -4])];
  const [rising, falling] = drawn("delta", rows);
  assert.ok(rising.kind === "rects" && falling.kind === "rects");
  assert.deepEqual([rising.rects[1] + rising.rects[3], falling.rects[1]], [50, 50]);
  assert.deepEqual([rising.rects[5], falling.rects[5] + falling.rects[7]], [25, 70]);
  assert.deepEqual(panel("delta").readout.cells.map(({ text }) => text(rows[0], about, PRESETS.overview)), ["+0.2", "+5.0", "0.0"]);
  assert.deepEqual(panel("delta").readout.cells.map(({ text }) => text(rows[0], null, PRESETS.overview)), ["+0.2", "+5", "0"]);
});

test("volume by delta has the side of the delta as its colour and its share as the strength, where it is known", () => {
  /** @type {import("../../visualizer/page/types.d.ts").OhlcRow[]} */
  const bars = [[1, 2, 2, 1, 1, 10], [2, 1, 2, 1, 2, 10], [3, 1, 2, 1, 2, 10], [4, 2, 2, 1, 1, 0]];
  const statistics = [traded(1, 10, 0, [0, 0]), traded(3, 4, 6, [0, 0]), traded(4, 0, 0, [0, 0])];
  const { found, others } = byDelta(bars, statistics, null);
  assert.deepEqual(found.map((some) => some.map(([place]) => place)), [[3], [], [], [1]]);
  assert.deepEqual(others, [bars[1], bars[3]]);
  const options = { ...PRESETS.overview, volumeByDelta: true };
  const rows = /** @type {any} */ ((/** @type {string} */ name) => (name === "ohlc" ? bars.slice(0, 1) : statistics));
  const [column] = drawn("volume", [], { options, rows });
  assert.equal(column.colour, String(TOKENS.get("up"))); // of a bar that falls
});

test("the CVD of each size is a line, named by its sizes, and there are as many as sizes", () => {
  const about = /** @type {About} */ ({ size_decimals: 1 });
  /** @type {Row[]} */
  const rows = [[1, 1, 2, 3, 4, 0.5, 2, 10], [2, 2, -3, 4, 5, 0.5, 2, 10]];
  const data = { ...empty(), about };
  const commands = drawn("buckets", rows, { data }, 500);
  const lines = commands.filter(({ kind }) => kind === "polyline");
  assert.equal(new Set(lines.map(({ colour }) => colour)).size, 4);
  assert.deepEqual(commands.flatMap((each) => (each.kind === "texts" ? each.texts.map(({ text }) => text) : [])), [
    "< 0.5", "0.5 – 2.0", "2.0 – 10.0", "≥ 10.0",
  ]);
  assert.deepEqual(panel("buckets").readout.cells.map(({ text }) => text(rows[1], about, PRESETS.overview)), ["+2.0", "-3.0", "+4.0", "+5.0"]);
  const few = drawn("buckets", [[1, 1, 2, null, null, 5, null, null], [2, 1, 2, null, null, 5, null, null]], { data }, 500);
  assert.deepEqual(few.map(({ kind }) => kind), ["polyline", "polyline", "rects", "texts", "texts"]);
  assert.deepEqual(few.flatMap((each) => (each.kind === "texts" ? each.texts.map(({ text }) => text) : [])), ["< 5.0", "≥ 5.0"]);
  const narrow = drawn("buckets", rows, { data }, 250);
  assert.deepEqual(narrow.flatMap((each) => (each.kind === "texts" ? each.texts.map(({ text }) => text) : [])), ["< 0.5", "0.5 – 2.0"]);
  assert.equal(panel("buckets").extent([], PRESETS.overview), null);
});

test("the CVD is candles or a line, and neither where it is not published", () => {
  /** @type {Row[]} */
  const rows = [[1, 0, 0, 0, 0, 1, 2, 0, 2], [2, 0, 0, 0, 0, null, null, null, null], [3, 0, 0, 0, 0, 2, 2, 0, 1]];
  assert.deepEqual(drawn("cvd", rows).map(({ kind }) => kind), ["rects", "rects"]);
  const [line] = drawn("cvd", rows, { cvdLine: true });
  assert.ok(line.kind === "polyline");
  assert.deepEqual(line.points, [10, 40, 20, Number.NaN, 30, 45]);
  assert.deepEqual(drawn("cvd", [rows[1]]), []);
});

test("the imbalance is a gap where there was no book, and a line at zero where its sides are always equal", () => {
  /** @type {Row[]} */
  const rows = [
    [1, 0, 0, 0, 0, 1, 1, 1, 1],
    [2, 0, 0.5, 0, 0.25, 1, 1, 1, 1],
  ];
  assert.deepEqual(withBook(rows, true), [rows[1]]);
  assert.deepEqual(withBook([rows[0]], true), [rows[0]]);
  assert.deepEqual(withBook([rows[0]], false), []);
  const [candle] = drawn("obi", rows);
  assert.ok(candle.kind === "rects");
  assert.ok(candle.rects.every((left, index) => index % 4 > 0 || left > 15));
});

test("a layer names views that the page holds", () => {
  for (const { layers } of PANELS) for (const { views } of layers) for (const view of views) assert.ok(NAMES.includes(view));
});

test("a panel is told apart by its id, and a part follows the panel whose cells it joins", () => {
  assert.equal(new Set(PANELS.map(({ id }) => id)).size, PANELS.length);
  PANELS.forEach(({ partOf }, index) => {
    if (partOf) assert.equal(PANELS[index - 1].id, partOf);
  });
});

test("the read-out has an exact text for each cell, and a dash where there is no row", () => {
  const about = /** @type {About} */ ({ price_decimals: 2, size_decimals: 3 });
  /** @type {Row} */
  const row = [0, 1, -2, 3, 4, 5, 6, 7, -8];
  /** @param {string} id
   * @param {Row | null} given */
  const texts = (id, given) => panel(id).readout.cells.map(({ text }) => text(given, about, PRESETS.overview));
  assert.deepEqual(texts("price", row), ["1.00", "-2.00", "3.00", "4.00"]);
  assert.deepEqual(texts("volume", row), ["5.000"]);
  assert.deepEqual(texts("obi", row), ["+1.0000", "-2.0000", "+3.0000", "+4.0000"]);
  assert.deepEqual(texts("cvd", row), ["+5.000", "+6.000", "+7.000", "-8.000"]);
  assert.deepEqual(texts("cvd", null), ["–", "–", "–", "–"]);
});

test("without trades the price is the best bid and ask of each bar, with the mid between them, broken where a side is empty", () => {
  const quotes = [[0, 99, 101], [1, 98, null], [2, 100, 102]];
  const { otherwise } = panel("price");
  const span = otherwise?.extent(/** @type {Row[]} */ (/** @type {unknown} */ (quotes)));
  assert.ok(span && span[0] < 98 && span[1] > 102 && span[0] > 97 && span[1] < 103);
  assert.equal(otherwise?.extent([]), null);
  const report = { trades: 0, book_events: 9 };
  const within = scale({ x: [-1, 3], y: [90, 110], box: { left: 0, top: 0, width: 100, height: 100 }, step: 1, ratio: 1 });
  /** @param {object} given
   * @param {boolean} [shown] */
  const lines = (given, shown = false) => {
    const picture = /** @type {Picture} */ (/** @type {unknown} */ ({
      data: { ...empty(), quotes, ...given },
      rows: (/** @type {string} */ name) => (name === "quotes" ? quotes : []),
      options: { ...PRESETS.overview, quotes: shown },
    }));
    return layersOf(panel("price"), picture.options, picture.data)
      .flatMap(({ commands }) => commands(picture, within))
      .flatMap((each) => (each.kind === "polyline" ? [{ colour: each.colour, ys: each.points.filter((_, index) => index % 2) }] : []));
  };
  const found = lines({ report });
  assert.deepEqual(found.map(({ colour }) => colour), ["axis-text", "up", "down"].map((name) => TOKENS.get(name)));
  assert.deepEqual(found.map(({ ys }) => ys.map((y) => (Number.isNaN(y) ? null : within.fromY(y)))), [
    [100, null, 101],
    [99, 98, 100],
    [101, null, 102],
  ]);
  assert.equal(lines({ report: { ...report, trades: 1 } }).length, 0);
  assert.equal(lines({}, true).length, 3);
});
