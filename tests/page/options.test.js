import assert from "node:assert/strict";
import { test } from "node:test";
import * as placing from "../../visualizer/page/chart/layout.js";
import * as options from "../../visualizer/page/options.js";
import { PRESETS, freeName, isPreset, nameOf, restored } from "../../visualizer/page/options.js";
import { PANELS, hidden, viewsOf } from "../../visualizer/page/panels/registry.js";
/** @import { DataReport } from "../../visualizer/page/types.d.ts" */

test("what was kept of a preset is taken as far as it is of the right kind", () => {
  const kept = { ratio: "4", bands: "many", panels: "price", ignoreZero: true, preset: "overview", beside: ["tape"], odd: 1 };
  const found = restored(kept, "flow");
  assert.deepEqual({ ...PRESETS.flow, ratio: "4", ignoreZero: true, beside: ["tape"] }, found);
  assert.deepEqual(restored("none", "flow"), PRESETS.flow);
  assert.deepEqual(restored(null, "overview"), PRESETS.overview);
  assert.ok(isPreset("flow") && !isPreset("constructor"));
});

test("a layout of one's own has a name in one line that no other has", () => {
  assert.deepEqual(nameOf("  Scalping ", []), { name: "Scalping", error: "" });
  for (const typed of ["", "   ", "x".repeat(41), "two\nlines"]) assert.match(nameOf(typed, []).error, /expected 1 to 40 in one line/u);
  assert.match(nameOf("Scalping", ["Scalping"]).error, /There is a layout "Scalping"/u);
  assert.match(nameOf("one more", Array.from({ length: 50 }, (_, number) => `${number}`)).error, /as many as are kept/u);
  assert.deepEqual(["Scalping", "", "a\nb", "x".repeat(60)].map((name) => freeName(name, ["Scalping", "Imported"])), ["Scalping 2", "Imported 2", "a b", "x".repeat(36)]);
});

test("a layout of one's own is kept, chosen, renamed and removed, and leaves the bar and the range of its preset alone", () => {
  /** @type {Map<string, string>} */
  const kept = new Map();
  const localStorage = { getItem: (/** @type {string} */ key) => kept.get(key) ?? null, setItem: (/** @type {string} */ key, /** @type {string} */ text) => kept.set(key, text) };
  Object.assign(globalThis, { window: { localStorage } });
  options.choose("flow");
  options.saveAs("Mine");
  options.set({ ratio: "7" });
  options.choose("flow");
  options.set({ vwap: "anchor", anchor: 5 });
  assert.ok(options.chooseOwn("Mine"));
  assert.deepEqual([options.options().ratio, options.options().vwap, options.options().anchor], ["7", "session", 5]);
  options.rename("Ours");
  assert.deepEqual([options.ownNames(), options.shownFrom().own], [["Ours"], "Ours"]);
  assert.ok(!options.chooseOwn("Mine") && !options.chooseOwn("constructor"));
  options.remove();
  assert.deepEqual([options.ownNames(), options.shownFrom().own, options.options().preset], [[], "", "flow"]);
  const before = JSON.stringify([...kept]);
  options.showLinked({ ...PRESETS.depth, ratio: "9" });
  options.set({ ratio: "8" });
  assert.equal(JSON.stringify([...kept]), before);
  options.choose("overview");
  Reflect.deleteProperty(globalThis, "window");
});

test("a panel that is not shown has no place, is pointed at nowhere, and leaves its height to the others", () => {
  const size = { width: 900, height: 700, ratio: 1 };
  const made = placing.layout(PANELS, size, [], { right: 76, bottom: 34 }, { order: PANELS.map(({ id }) => id).filter((id) => id !== "volume" && id !== "obi") });
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
