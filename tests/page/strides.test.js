import assert from "node:assert/strict";
import { test } from "node:test";
import "./browser.js";
import { ofActivity } from "../../visualizer/page/chart/bars.js";
import * as breaks from "../../visualizer/page/chart/breaks.js";
import { described } from "../../visualizer/page/chart/drawings/described.js";
import { barsOf, barsOn, movedPoints, valueOn } from "../../visualizer/page/chart/drawings/strides.js";

const MINUTE = 60_000;

test("keys go from bar to bar, past a break at once and beyond the last one, and back again", () => {
  const times = [...Array.from({ length: 10 }, (_, bar) => bar * MINUTE), ...Array.from({ length: 10 }, (_, bar) => (600 + bar) * MINUTE)];
  const axis = breaks.ofTime(MINUTE, times, breaks.leastMs("60 min", MINUTE), null);
  assert.equal(axis.breaks.length, 1);
  let ms = 0;
  const seen = [];
  for (let bar = 0; bar < 22; bar += 1) {
    seen.push(ms / MINUTE);
    ms = barsOn(axis, ms, 1);
  }
  assert.deepEqual(seen, [...times.map((time) => time / MINUTE), 610, 611]);
  for (let bar = 21; bar > 0; bar -= 1) ms = barsOn(axis, ms, -1);
  assert.equal(ms, MINUTE);
  assert.equal(barsOn(axis, 0, 5), 5 * MINUTE);
  assert.equal(barsOf("far"), 10);
});

test("bars that are counted end where they end", () => {
  const axis = ofActivity([10, 20, 50], 70, null);
  assert.deepEqual([barsOn(axis, 10, 1), barsOn(axis, 20, 1), barsOn(axis, 50, 1), barsOn(axis, 10, -1)], [20, 50, 50, 10]);
});

test("a value moves by whole steps, as far as is seen, ten times so far, or by one", () => {
  const steps = { step: 0.1, decimals: 1 };
  assert.equal(valueOn(61_800, 1, { steps, perPixel: 0.01, reach: "seen" }), 61_800.1);
  assert.equal(valueOn(61_800, -1, { steps, perPixel: 1, reach: "seen" }), 61_798);
  assert.equal(valueOn(61_800, 1, { steps, perPixel: 1, reach: "far" }), 61_820);
  assert.equal(valueOn(61_800, 1, { steps, perPixel: 1, reach: "least" }), 61_800.1);
  assert.equal(valueOn(5, 1, { steps: null, perPixel: 0.5, reach: "seen" }), 6);
});

test("one point of a drawing moves, or all of them", () => {
  const points = [{ ms: 1, price: 1 }, { ms: 2, price: 2 }];
  const up = (/** @type {{ ms: number, price: number }} */ { ms, price }) => ({ ms, price: price + 1 });
  assert.deepEqual(movedPoints({ points }, 1, up).map(({ price }) => price), [1, 3]);
  assert.deepEqual(movedPoints({ points }, null, up).map(({ price }) => price), [2, 3]);
});

test("a drawing is told by what it is, its panel, its values and times, and what it says", () => {
  const words = { panel: "price", time: (/** @type {number} */ ms) => `12:0${ms}`, value: String, said: () => ["+1 · +10 %", "+1 min"] };
  const points = [{ ms: 1, price: 10 }, { ms: 2, price: 11 }];
  assert.equal(described({ id: 1, kind: "measure", points }, words), "Measure, price: 10 at 12:01 to 11 at 12:02, +1 · +10 %, +1 min");
  assert.equal(described({ id: 1, kind: "level", points: points.slice(1) }, words), "Horizontal line, price: 11");
  assert.equal(described({ id: 1, kind: "note", points: points.slice(1), text: "a\nb" }, words), "Note, price: 11 at 12:02, a b");
});
