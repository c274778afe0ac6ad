import assert from "node:assert/strict";
import { test } from "node:test";
import * as store from "../../visualizer/page/store.js";
import { heldBack } from "../../visualizer/page/views.js";

/** @param {object} fields */
const answer = (fields) => ({ server_ms: 0, ...fields });
/** @param {number[]} times @param {number} crc32 */
const rows = (times, crc32, fields = {}) => ({ rows: times.map((time) => [time, crc32]), whole: false, total: times.length, crc32, ...fields });
/** @param {import("../../visualizer/page/types.d.ts").State} state */
const timesAndMakers = (state) => state.ohlc.map(([time, maker]) => `${time} ${maker}`);

test("rows take the place of those from the first of them on, and the earliest go where there are too many", () => {
  const first = store.receive(store.empty(), answer({ ohlc: rows([1, 2, 3], 7, { whole: true }) }), 0);
  const next = store.receive(first, answer({ ohlc: rows([3, 4], 8, { total: 3 }) }), 0);
  assert.deepEqual(timesAndMakers(next), ["2 7", "3 8", "4 8"]);
  assert.deepEqual(store.known(next).views.ohlc, { crc32: 8, first: 2, last: 4 });
});

test("rows that leave a hole are asked for again, all of them", () => {
  const first = store.receive(store.empty(), answer({ ohlc: rows([1], 7, { whole: true }) }), 0);
  const holed = store.receive(first, answer({ ohlc: rows([8, 9], 8, { total: 9 }) }), 0);
  assert.deepEqual(store.known(holed).views.ohlc, { crc32: null });
});

test("a view that is replaced whole is held with its checksum until it is no longer published", () => {
  const held = store.receive(store.empty(), answer({ overview: { value: { volumes: [1] }, crc32: 5 } }), 0);
  assert.deepEqual(held.overview, { volumes: [1] });
  assert.deepEqual(store.known(held).views.overview, { crc32: 5 });
  const gone = store.receive(held, answer({ overview: null }), 0);
  assert.equal(gone.overview, null);
  assert.deepEqual(store.known(gone).views.overview, { crc32: null });
});

test("another session leaves nothing of the one before but what is asked for", () => {
  const held = { ...store.receive(store.empty(), answer({ ohlc: rows([1], 7, { whole: true }) }), 0), asked: /** @type {"ohlc"[]} */ (["ohlc"]) };
  const other = store.receive(held, answer({ reset: true }), 0);
  assert.deepEqual(other.ohlc, []);
  assert.deepEqual(store.known(other).views, { ohlc: { crc32: null } });
});

test("what cannot be read holds the picture back, and a view only itself", () => {
  assert.equal(heldBack("ohlc_data.json is missing"), "picture");
  assert.equal(heldBack("status.json is missing"), "picture");
  assert.equal(heldBack("report_data.json is missing"), "report");
  assert.equal(heldBack("tape_data.json is missing"), "tape");
});

test("a view on request is not asked for before something shows it", () => {
  assert.ok(!("tape" in store.known(store.empty()).views));
  assert.deepEqual(store.known({ ...store.empty(), asked: ["tape"] }).views, { tape: { crc32: null } });
});

test("a view that is asked for no more is forgotten, and an answer that still brings it is not kept", () => {
  const asking = store.ask(store.empty(), "tape", true);
  const held = store.receive(asking, answer({ tape: rows([1, 2], 7, { whole: true }) }), 0);
  assert.deepEqual(store.known(held).views.tape, { crc32: 7, first: 1, last: 2 });
  const closed = store.ask(held, "tape", false);
  assert.ok(!("tape" in store.known(closed).views));
  const late = store.receive(closed, answer({ tape: rows([2, 3], 8, { total: 3 }) }), 0);
  assert.deepEqual(late.tape, []);
  assert.deepEqual(store.known(store.ask(late, "tape", true)).views.tape, { crc32: null });
});
