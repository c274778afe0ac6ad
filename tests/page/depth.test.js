import assert from "node:assert/strict";
import { test } from "node:test";
import * as books from "../../visualizer/page/panels/book.js";
import { TOKENS } from "./browser.js";
/** @import { Command, Depth } from "../../visualizer/page/types.d.ts" */

const { nearest, quotes } = books;
const BOOK = /** @type {Depth} */ ({ bids: [[99, 1], [98, 2]], asks: [[101, 5], [103, 1]] });

test("quotes are the best of each side, and what follows from them where both are there", () => {
  assert.equal(quotes({ bids: [[101, 1]], asks: [[100, 1]] }).spread, -1);
  assert.deepEqual(quotes({ bids: [[101, 1]], asks: [] }), { bid: [101, 1], ask: null, mid: 101, spread: null });
  assert.deepEqual(quotes({ bids: [], asks: [] }), { bid: null, ask: null, mid: null, spread: null });
});

test("the nearest level of both sides is told with the sum up to it", () => {
  assert.deepEqual(nearest(BOOK, 98.2), { price: 98, size: 2, sum: 3, side: "bid" });
  assert.equal(nearest({ bids: [], asks: [] }, 1), null);
});

test("the axes of the depth hold all of the book, widen at once and narrow late", () => {
  const first = books.extentOf(BOOK, null, 2);
  assert.deepEqual(first, { mid: 100, reach: 3 * 1.15, sum: 6 * 1.15, size: 5 * 1.15 });
  const smaller = books.extentOf({ bids: [[98, 1]], asks: [[103, 5]] }, first, 2);
  assert.deepEqual(smaller, { ...first, mid: 100.5 });
  assert.equal(books.extentOf({ bids: [], asks: [] }, first, 2), null);
});

test("the depth is steps from the axis on either side, and a bar for each level that is never too thin to be seen", () => {
  const extent = books.extentOf(BOOK, null, 2);
  assert.ok(extent);
  const size = { width: 276, height: 234, ratio: 1 };
  const within = books.scale(extent, size, { right: 76, bottom: 34 });
  const commands = books
    .commands(BOOK, extent, within, { area: { left: 0, top: 0, ...size }, decimals: 2, step: 0.01 })
    .flatMap((group) => group.commands);
  /** @template {Command["kind"]} K
   * @param {K} kind
   * @returns {Extract<Command, { kind: K }>[]} */
  const all = (kind) => /** @type {any} */ (commands.filter((each) => each.kind === kind));
  const [bids, asks] = all("polyline");
  assert.deepEqual([bids.colour, asks.colour], [TOKENS.get("up"), TOKENS.get("down")]);
  assert.deepEqual(bids.points, [
    within.toX(0), within.toY(99),
    within.toX(0), within.toY(99), within.toX(1), within.toY(99),
    within.toX(1), within.toY(98), within.toX(3), within.toY(98),
  ]);
  const bars = all("rects").slice(-2);
  assert.deepEqual(bars.map(({ rects }) => rects.length), [8, 8]);
  for (const { rects } of bars) assert.ok(rects[3] >= 2 && Math.abs(rects[0] + rects[2] - 200) < 1e-9);
  const [prices, sums] = all("texts");
  assert.deepEqual(prices.texts.map(({ text }) => text).slice(0, 2), ["97.00", "97.50"]);
  assert.deepEqual(sums.texts.map(({ text }) => text), ["2", "4", "6"]);
});
