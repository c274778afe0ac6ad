import assert from "node:assert/strict";
import { test } from "node:test";
import { barsInView } from "../../visualizer/page/chart/table.js";
import { PRESETS } from "../../visualizer/page/options.js";
import { empty } from "../../visualizer/page/store.js";
import "./browser.js";
/** @import { State } from "../../visualizer/page/types.d.ts" */

const MINUTE_MS = 60_000;
const bars = Array.from({ length: 300 }, (_, index) => [index * MINUTE_MS, 1, 2 + index, 0.5, 1.5, 10]);
const data = /** @type {State} */ (
  /** @type {unknown} */ ({ ...empty(), about: { price_decimals: 2, price_step: 0.01, size_decimals: 1 }, ohlc: bars, metrics: [[2 * MINUTE_MS, 0.1, 0.2, -0.1, 0.1, 1, 2, 0, -1]] })
);
const view = { step: MINUTE_MS, absent: ["statistics", "delta", "measures", "buckets"], label: String, options: PRESETS.overview };

test("the table has the bars in view, newest first, with the values of the read-out", () => {
  const { head, rows, count } = barsInView(data, { ...view, x: [0, 2 * MINUTE_MS] });
  assert.deepEqual(head.slice(0, 6), ["open", "high", "low", "close", "Volume", "OBI open"]);
  assert.equal(count, 3);
  assert.deepEqual(rows.map(({ name }) => Number(name) / MINUTE_MS), [2, 1, 0]);
  assert.deepEqual(rows[0].cells, ["1.00", "4.00", "0.50", "1.50", "10.0", "+0.1000", "+0.2000", "-0.1000", "+0.1000", "+1.0", "+2.0", "0.0", "-1.0"]);
  assert.deepEqual(rows[1].cells.slice(5), Array(8).fill("–"), "a bar without a book or a CVD has no number of them");
});

test("of more than two hundred bars it has the newest, and says how many there are", () => {
  const { rows, count } = barsInView(data, { ...view, x: [0, 400 * MINUTE_MS] });
  assert.deepEqual([rows.length, count, Number(rows[0].name)], [200, 300, 299 * MINUTE_MS]);
});
