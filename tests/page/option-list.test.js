import assert from "node:assert/strict";
import { test } from "node:test";
import { PRESETS } from "../../visualizer/page/options.js";
import { OPTIONS, several, typedValue } from "../../visualizer/page/panels/option-list.js";
import { PANELS } from "../../visualizer/page/panels/registry.js";
import { levelsOf, nameOfPath, timeOfDay } from "../../visualizer/page/panels/replay-options.js";
import "./browser.js";

test("every option that is offered is one of the page, once, and of its kind, and offers what is chosen at first", () => {
  assert.equal(new Set(OPTIONS.map(({ name }) => name)).size, OPTIONS.length);
  for (const preset of Object.values(PRESETS)) {
    for (const { name, kind, choicesOf, choices = choicesOf?.(null) } of OPTIONS) {
      const value = preset[name];
      if (kind === "choice") assert.ok(choices && String(value) in choices, name);
      if (kind === "switch") assert.equal(typeof value, "boolean", name);
      if (kind === "number" || kind === "decimal") assert.equal(typedValue(kind, String(value)), value, name);
      if (kind === "several") assert.ok(Array.isArray(value) && choices, name);
      if (kind === "ordered") assert.ok((Array.isArray(value) || name === "beside") && choices, name);
    }
  }
});

test("the panels that are offered are those that there are", () => {
  const offered = OPTIONS.find(({ name }) => name === "panels")?.choices ?? {};
  assert.deepEqual(Object.keys(offered), PANELS.map(({ id }) => id));
});

test("a number is taken as soon as it is one, and a decimal as it was typed", () => {
  assert.deepEqual(["3", " 2.50 ", ".5", "0", "", ".", "-1", "1e3", "3,5"].map((text) => typedValue("decimal", text)), ["3", "2.50", ".5", null, null, null, null, null, null]);
  assert.deepEqual(["3", "2.50", "0", "x"].map((text) => typedValue("number", text)), [3, 2.5, 0, null]);
});

test("levels are a whole number up to a million, and a dataset is called as its folder", () => {
  assert.deepEqual(["10", " 0 ", "1000000", "1000001", "1.5", "-1", "ten", ""].map(levelsOf), [10, 0, 1_000_000, null, null, null, null, null]);
  assert.deepEqual(["22:00", " 9:05 ", "24:00", "9:5", "now", ""].map(timeOfDay), ["22:00", "09:05", null, null, null, null]);
  assert.deepEqual(["/data/one", "/data/two/", "C:\\data\\three", "/"].map(nameOfPath), ["one", "two", "three", "/"]);
});

test("several are chosen in the order in which they are offered, and one at least, unless there may be none", () => {
  const choices = { one: "1", two: "2", three: "3" };
  assert.deepEqual(several(["three", "one"], "two", true, choices), ["one", "two", "three"]);
  assert.deepEqual(several(["three", "one"], "one", false, choices), ["three"]);
  assert.deepEqual(several(["three"], "three", false, choices), ["three"]);
  assert.deepEqual(several(["three"], "three", false, choices, true), []);
});
