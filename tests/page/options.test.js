import assert from "node:assert/strict";
import { test } from "node:test";
import * as placing from "../../visualizer/page/chart/layout.js";
import { PRESETS, isPreset, restored } from "../../visualizer/page/options.js";
import { PANELS, hidden, viewsOf } from "../../visualizer/page/panels/registry.js";
/** @import { DataReport } from "../../visualizer/page/types.d.ts" */

test("what was kept of a preset is taken as far as it is of the right kind", () => {
  const kept = JSON.stringify({ flow: { ratio: "4", bands: "many", panels: "price", ignoreZero: true, preset: "overview", odd: 1 } });
  const found = restored(kept, "flow");
  assert.deepEqual({ ...PRESETS.flow, ratio: "4", ignoreZero: true }, found);
  assert.deepEqual(restored("no JSON", "flow"), PRESETS.flow);
  assert.deepEqual(restored(null, "overview"), PRESETS.overview);
  assert.ok(isPreset("flow") && !isPreset("constructor"));
});

test("a panel that is not shown has no place, is pointed at nowhere, and leaves its height to the others", () => {
  const size = { width: 900, height: 700, ratio: 1 };
  const made = placing.layout(PANELS, size, [], { right: 76, bottom: 34 }, { hidden: ["volume", "obi"] });
  assert.deepEqual(made.panels.map(({ box }) => box.height > 0), PANELS.map(({ id }) => id !== "volume" && id !== "obi"));
  const shown = made.panels.filter(({ box }) => box.height > 0);
  assert.equal(shown.reduce((sum, { cell }) => sum + cell.height, 0), made.plot.height);
  for (let y = 0; y <= made.plot.height; y += 1) {
    const { panel } = placing.pointed(made, PANELS, [0, 1], { x: 10, y });
    assert.ok(panel === null || (panel.id !== "volume" && panel.id !== "obi"));
  }
});

test("only the views of what is shown are drawn from", () => {
  const data = { report: null };
  assert.ok(!viewsOf(PRESETS.overview, data).has("footprint"));
  const price = { ...PRESETS.overview, panels: ["price"] };
  assert.deepEqual([...viewsOf(price, data)], ["ohlc"]);
  assert.deepEqual([...viewsOf({ ...price, quotes: true }, data)], ["ohlc", "quotes"]);
  const bookOnly = { report: /** @type {DataReport} */ ({ trades: 0, book_events: 5 }) };
  assert.deepEqual([...viewsOf(price, bookOnly)], ["ohlc", "quotes"]);
  assert.deepEqual(hidden({ ...PRESETS.overview, panels: PANELS.map(({ id }) => id) }), []);
});
