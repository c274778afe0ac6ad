import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest, quotes } from "../../visualizer/page/panels/depth.js";

test("quotes are the best of each side, and what follows from them where both are there", () => {
  assert.equal(quotes({ bids: [[101, 1]], asks: [[100, 1]] }).spread, -1);
  assert.deepEqual(quotes({ bids: [[101, 1]], asks: [] }), { bid: [101, 1], ask: null, mid: 101, spread: null });
  assert.deepEqual(quotes({ bids: [], asks: [] }), { bid: null, ask: null, mid: null, spread: null });
});

test("the nearest level of both sides is told with the sum up to it", () => {
  const book = { bids: [[99, 1], [98, 2]], asks: [[101, 5]] };
  assert.deepEqual(nearest(/** @type {any} */ (book), 98.2), { price: 98, size: 2, sum: 3, side: "bid" });
  assert.equal(nearest({ bids: [], asks: [] }, 1), null);
});
