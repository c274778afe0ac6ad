import assert from "node:assert/strict";
import { test } from "node:test";
import { neededPx } from "../../visualizer/page/panels/price-axis.js";
import { empty } from "../../visualizer/page/store.js";
import "./browser.js";
/** @import { About } from "../../visualizer/page/types.d.ts" */

test("an axis of prices has room for the longest one, below zero and with many decimals", () => {
  /** @param {number} price
   * @param {number} decimals */
  const needed = (price, decimals) =>
    neededPx({
      ...empty(),
      about: /** @type {About} */ ({ price_decimals: decimals }),
      ohlc: [[0, price, price, price, price, 1]],
      depth: { bids: [[price, 1]], asks: [] },
    });
  assert.ok(needed(224.35, 2) < 76);
  assert.ok(needed(0.00000123, 11) >= 13 * 6.6 + 10);
  assert.ok(needed(98_765_432.1, 1) > 76);
  assert.ok(needed(-37.63, 2) > needed(37.63, 2));
  assert.equal(neededPx(empty()), 10);
});
