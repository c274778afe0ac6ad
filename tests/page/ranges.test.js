import assert from "node:assert/strict";
import { test } from "node:test";
import * as ranges from "../../visualizer/page/chart/ranges.js";
import { random } from "./random.js";
/** @import { Row } from "../../visualizer/page/types.d.ts" */

test("the index of a place is that of the first row at or after it, as a plain search finds it", () => {
  const next = random(1);
  for (let round = 0; round < 300; round += 1) {
    /** @type {Row[]} */
    const rows = Array.from({ length: next(12) }, () => next(20))
      .sort((one, other) => one - other)
      .map((place) => [place]);
    const place = next(22) - 1;
    const found = rows.findIndex(([each]) => each >= place);
    assert.equal(ranges.indexAt(rows, place), found < 0 ? rows.length : found);
  }
});

test("the newest bars are followed: as many as there are, but neither less than 8 nor more than 120, and a little room", () => {
  /** @param {number} count */
  const shown = (count) => {
    /** @type {Row[]} */
    const rows = Array.from({ length: count }, (_, bar) => [bar * 60_000]);
    const range = ranges.follow([rows, []], 60_000);
    const ahead = range && range[1] / 60_000 - (count - 1);
    return range && [(range[1] - range[0]) / 60_000 + 1 - Number(ahead), ahead];
  };
  assert.equal(shown(0), null);
  assert.deepEqual([1, 10, 60, 500].map(shown), [
    [8, 1],
    [11, 1],
    [61, 3],
    [120, 5],
  ]);
});

test("a share of the width is left free beside the newest bars", () => {
  /** @type {Row[]} */
  const rows = Array.from({ length: 60 }, (_, bar) => [bar * 60_000]);
  const range = ranges.follow([rows], 60_000, 0.25);
  assert.ok(range);
  const [from, to] = range;
  assert.ok((to - 59 * 60_000) / (to - from) >= 0.25);
});

test("a span held is kept as far as the bars of another interval allow", () => {
  assert.deepEqual(ranges.kept([1000, 2000], [0, 5000], 10), [1000, 2000]);
  assert.deepEqual(ranges.kept([1000, 2000], [0, 5000], 100), [0, 2000]);
  assert.equal(ranges.kept([1000, 2000], [3000, 5000], 10), null);
  assert.equal(ranges.kept([1000, 2000], null, 10), null);
  assert.deepEqual(ranges.kept([0, 100_000], [90_000, 91_000], 10), [91_750 - 1500, 91_750]);
});

test("zooming keeps the place under the pointer where it is", () => {
  assert.deepEqual(ranges.zoom([0, 100], 25, 0.5), [12.5, 62.5]);
  assert.deepEqual(ranges.zoom([0, 100], 0, 2), [0, 200]);
});
