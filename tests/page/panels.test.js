import assert from "node:assert/strict";
import { test } from "node:test";
import * as panels from "../../visualizer/page/panels/panels.js";
import { empty } from "../../visualizer/page/store.js";
/** @import { AxisName, State } from "../../visualizer/page/types.d.ts" */

/** @param {object} fields */
const stateOf = (fields) => /** @type {State} */ ({ ...empty(), about: {}, ...fields });
const BARS = [[0, 1, 1, 1, 1, 1]];
const METRICS = [[0, 0, 0.5, 0.5, 0, 0, 0, 0, 0]];
const DEPTH = { bids: [[1, 1]], asks: [] };

test("nothing is missing before anything is known, and nothing where all is there", () => {
  const all = { loading: false, trades: "", book: "", cvd: "", settled: false };
  assert.deepEqual(panels.missing(empty()), all);
  assert.deepEqual(panels.missing(stateOf({ ohlc: BARS, metrics: METRICS, depth: DEPTH })), all);
  assert.deepEqual(panels.missing(stateOf({ status: { state: "loading" } })), { ...all, loading: true });
});

test("a panel without data says so as surely as it is known", () => {
  const playing = stateOf({ status: { state: "playing" }, ohlc: BARS });
  assert.equal(panels.missing(playing).book, "No order book so far");
  assert.equal(panels.missing({ ...playing, status: stateOf({ status: { state: "finished" } }).status }).book, "No order book in this replay");
  const report = { trades: 5, book_events: 0 };
  assert.equal(panels.missing(stateOf({ ohlc: BARS, report: { ...report, complete: true } })).book, "This dataset holds no order book");
  assert.equal(panels.missing(stateOf({ ohlc: BARS, report })).book, "No order book in what has been read");
});

test("only what the dataset is known to lack gives up its room", () => {
  const none = { loading: false, trades: "", book: "", cvd: "", settled: true };
  assert.deepEqual(panels.collapsed({ ...none, trades: "none" }), ["yaxis", "yaxis2", "yaxis4"]);
  assert.deepEqual(panels.collapsed({ ...none, book: "none" }), ["yaxis3"]);
  assert.deepEqual(panels.collapsed({ ...none, book: "none", settled: false }), []);
  assert.deepEqual(panels.collapsed({ ...none, book: "none", trades: "none" }), []);
});

test("panels share the whole height in their order, without overlap, and a line stands in each gap", () => {
  for (const slim of /** @type {AxisName[][]} */ ([[], ["yaxis3"], ["yaxis", "yaxis2", "yaxis4"]])) {
    const domains = Object.values(panels.domains(slim, 600));
    assert.equal(domains[0][1], 1);
    assert.ok(domains[3][0] < 1e-9);
    for (const [index, [low, high]] of domains.entries()) {
      assert.ok(low < high);
      if (index) assert.ok(high < domains[index - 1][0]);
    }
    for (const line of panels.boundaries(slim, 600)) {
      assert.ok(domains.every(([low, high]) => line < low || line > high));
    }
  }
});
