import assert from "node:assert/strict";
import { test } from "node:test";
import { figure } from "../../visualizer/page/chart/figure.js";
import * as depth from "../../visualizer/page/panels/depth.js";
import { around } from "../../visualizer/page/panels/extent.js";
import * as heights from "../../visualizer/page/panels/heights.js";
import { PANELS } from "../../visualizer/page/panels/registry.js";
import { random } from "./random.js";
import { TOKENS } from "./browser.js";
/** @import { About, Row } from "../../visualizer/page/types.d.ts" */

const NOTHING = { loading: false, trades: "", book: "", cvd: "", settled: true };

/** @param {string} id */
function panel(id) {
  const found = PANELS.find((each) => each.id === id);
  assert.ok(found);
  return found;
}

test("only what the dataset is known to lack gives up its room", () => {
  /** @param {object} found */
  const collapsed = (found) => heights.collapsedPanels(PANELS, { ...NOTHING, ...found });
  assert.deepEqual(collapsed({ trades: "none" }), ["price", "volume", "cvd"]);
  assert.deepEqual(collapsed({ book: "none" }), ["obi"]);
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
    const [price, volume] = [panel("price").extent(bars), panel("volume").extent(bars)];
    assert.ok(price && volume);
    for (const [, , high, low, , size] of bars) {
      assert.ok(price[0] < Number(low) && Number(high) < price[1]);
      assert.ok(volume[0] === 0 && Number(size) <= volume[1]);
    }
  }
});

test("flat prices and no volume still have a range, OBI is shown evenly around zero in steps, and no rows have none", () => {
  const price = panel("price").extent([[0, 5, 5, 5, 5, 0]]);
  assert.ok(price && price[0] < 5 && price[1] > 5);
  assert.deepEqual(panel("volume").extent([[0, 5, 5, 5, 5, 0]]), [0, 1.12]);
  /** @type {Row[]} */
  const metrics = [[0, 0.1, 0.31, -0.2, 0.1, null, null, null, null]];
  assert.deepEqual(panel("obi").extent(metrics), [-1.2 * 0.4, 1.2 * 0.4]);
  assert.equal(panel("cvd").extent(metrics), null);
  for (const { extent } of PANELS) assert.equal(extent([]), null);
});

test("a reach widens at once and narrows late", () => {
  assert.equal(around(10, null), 11.5);
  assert.equal(around(10, 11.5), 11.5);
  assert.equal(around(12, 11.5), 12 * 1.15);
  assert.equal(around(7, 11.5), 11.5);
  assert.equal(around(6, 11.5), 6 * 1.15);
});

test("every panel fills exactly the traces that it has in the figure", () => {
  /** @type {Row[]} */
  const rows = [[0, 1, 2, 0.5, 1.5, 3, 4, 2, 3.5]];
  for (const { traces, columns } of PANELS) {
    assert.equal(columns({ rows, padded: rows, step: 1000, cvdLine: true }).length, traces().length);
  }
});

test("figures start empty, over one time axis, with fixed ranges", () => {
  for (const { data, layout } of [figure(), depth.figure()]) {
    for (const trace of data) assert.deepEqual(Reflect.get(trace, "x"), []);
    const axes = Object.entries(layout).filter(([name]) => /^[xy]axis/u.test(name));
    assert.ok(axes.length > 2);
    for (const [, axis] of axes) assert.equal(Reflect.get(/** @type {object} */ (axis), "autorange"), false);
  }
  const { data, layout } = figure();
  assert.equal(data.filter((trace) => "xaxis" in trace).length, 0);
  assert.equal(Object.keys(layout).filter((name) => name.startsWith("yaxis")).length, PANELS.length);
});

test("candles rise and fall in the same two colours everywhere, those of the style sheet", () => {
  const candles = figure().data.filter((trace) => Reflect.get(trace, "type") === "candlestick");
  assert.equal(candles.length, 3);
  for (const trace of candles) {
    assert.equal(Reflect.get(trace, "increasing").fillcolor, TOKENS.get("up"));
    assert.equal(Reflect.get(trace, "decreasing").fillcolor, TOKENS.get("down"));
  }
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
  const texts = (id, given) => panel(id).readout.cells.map(({ text }) => text(given, about));
  assert.deepEqual(texts("price", row), ["1.00", "-2.00", "3.00", "4.00"]);
  assert.deepEqual(texts("volume", row), ["5.000"]);
  assert.deepEqual(texts("obi", row), ["+1.0000", "-2.0000", "+3.0000", "+4.0000"]);
  assert.deepEqual(texts("cvd", row), ["+5.000", "+6.000", "+7.000", "-8.000"]);
  assert.deepEqual(texts("cvd", null), ["–", "–", "–", "–"]);
});
