import assert from "node:assert/strict";
import { test } from "node:test";
import { isBookOnly, missing } from "../../visualizer/page/panels/missing.js";
import { empty } from "../../visualizer/page/store.js";
/** @import { State } from "../../visualizer/page/types.d.ts" */

/** @param {object} fields */
const stateOf = (fields) => /** @type {State} */ ({ ...empty(), about: { control: { listening: true } }, ...fields });
const BARS = [[0, 1, 1, 1, 1, 1]];
const METRICS = [[0, 0, 0.5, 0.5, 0, 0, 0, 0, 0]];
const DEPTH = { bids: [[1, 1]], asks: [] };

test("nothing is missing before anything is known, and nothing where all is there", () => {
  const all = { loading: false, trades: "", prices: "", book: "", cvd: "", statistics: "", sizes: "", measures: "", settled: false };
  assert.deepEqual(missing(empty()), all);
  assert.deepEqual(missing(stateOf({ ohlc: BARS, metrics: METRICS, depth: DEPTH })), all);
  assert.deepEqual(missing(stateOf({ status: { state: "loading" } })), { ...all, loading: true });
});

test("prices are missing where there are neither trades nor quotes", () => {
  const report = { trades: 0, book_events: 5, complete: true };
  const bookOnly = stateOf({ metrics: METRICS, depth: DEPTH, report });
  assert.deepEqual([missing(bookOnly).prices, missing(bookOnly).trades].map((text) => text), Array(2).fill("This dataset holds no trades"));
  const quoted = { ...bookOnly, quotes: [[0, 1, 2]] };
  assert.deepEqual([missing(/** @type {State} */ (quoted)).prices, missing(/** @type {State} */ (quoted)).trades], ["", "This dataset holds no trades"]);
  assert.ok(isBookOnly(bookOnly));
  assert.ok(!isBookOnly(stateOf({ ohlc: BARS, report: { trades: 5, book_events: 0 } })) && !isBookOnly(stateOf({})));
});

test("a panel without data says so as surely as it is known", () => {
  const playing = stateOf({ status: { state: "playing" }, ohlc: BARS });
  assert.equal(missing(playing).book, "No order book so far");
  assert.equal(missing({ ...playing, status: stateOf({ status: { state: "finished" } }).status }).book, "No order book in this replay");
  const failed = missing(stateOf({ status: { state: "failed" } }));
  assert.deepEqual([failed.trades, failed.book], Array(2).fill("The replay failed before there was anything to see"));
  assert.equal(missing(playing).statistics, "Asked for; not published yet");
  assert.match(missing(playing, true).statistics, /read-only/u);
  assert.equal(missing({ ...playing, crc32: { statistics: 7 } }).statistics, "");
  const still = { ...playing, about: /** @type {any} */ ({ ...playing.about, still_ms: 1 }) };
  assert.match(missing(still, true).statistics, /Not in this still picture/u);
  assert.equal(missing({ ...playing, crc32: { sizes: 7 } }).sizes, "Starts once the sizes of the first 10,000 orders are known");
  const report = { trades: 5, book_events: 0 };
  assert.equal(missing(stateOf({ ohlc: BARS, report: { ...report, complete: true } })).book, "This dataset holds no order book");
  assert.equal(missing(stateOf({ ohlc: BARS, report })).book, "No order book in what has been read");
});
