import assert from "node:assert/strict";
import { test } from "node:test";
import * as orders from "../../visualizer/page/panels/orders.js";
import { empty } from "../../visualizer/page/store.js";
/** @import { About, State, TapeRow } from "../../visualizer/page/types.d.ts" */

const ABOUT = /** @type {About} */ ({ price_decimals: 1, size_decimals: 2, control: { listening: true } });
const NOON_MS = Date.UTC(2024, 6, 24, 12, 0, 0, 7);

/** An order of one trade at a price of 5.
 * @param {number} trade @param {number} volume @param {Partial<{ ms: number, side: number, last: number }>} [more]
 * @returns {TapeRow} */
const order = (trade, volume, { ms = NOON_MS, side = 1, last = 5 } = {}) => [trade, ms, side, volume, 1, 5, last, 1];
/** @param {number[]} volumes */
const ordersOf = (volumes) => volumes.map((volume, trade) => order(trade, volume));

test("an order is shown with its time of day, who took, its decimals, and the last price where that differs", () => {
  const rows = [order(0, 0.5), order(1, 2, { side: -1, last: 4.5 }), order(2, 3, { side: 0 })];
  const { lines } = orders.newest(rows, 0, ABOUT, "UTC");
  assert.deepEqual(
    lines.map(({ time, side, price, last, volume }) => [time, side.text, price, last, volume].join(" ")),
    ["12:00:00.007 · n/a 5.0  3.00", "12:00:00.007 ▼ sell 5.0 → 4.5 2.00", "12:00:00.007 ▲ buy 5.0  0.50"],
  );
});

test("a date stands above the first order and above each that is of another day", () => {
  const rows = [order(0, 1, { ms: NOON_MS - 86_400_000 }), order(1, 1), order(2, 1)];
  assert.deepEqual(orders.newest(rows, 0, ABOUT, "UTC").lines.map(({ day }) => day), ["2024-07-24", "", "2024-07-23"]);
});

test("the newest 60 orders of at least the volume are shown, and all of them are counted", () => {
  const rows = ordersOf(Array.from({ length: 200 }, (_, index) => (index % 2 ? 0.3 : 0.2)));
  const { lines, count } = orders.newest(rows, 0.3, ABOUT, "UTC");
  assert.equal(count, 100);
  assert.deepEqual(lines.map(({ trade }) => trade), Array.from({ length: 60 }, (_, index) => 199 - 2 * index));
  assert.equal(orders.summary(60, 100, 200), "60 shown, 100 found in the newest 200 orders");
  assert.equal(orders.summary(7, 7, 7), "newest 7 orders");
});

test("a volume is a plain number, and anything else is refused with an example while all are shown", () => {
  assert.deepEqual(["", " 2 ", "0.5", ".5", "3."].map((text) => orders.smallest(text).volume), [0, 2, 0.5, 0.5, 3]);
  for (const text of ["0,5", "-1", "1e3", "x", "."]) {
    assert.equal(orders.smallest(text).volume, 0);
    assert.equal(orders.smallest(text).error, `invalid volume '${text}': expected a number such as 0.5; all are shown`);
  }
});

test("an order is large where the processor says so", () => {
  /** @param {number} trade @param {boolean} large
   * @returns {TapeRow} */
  const judged = (trade, large) => [trade, NOON_MS, 1, 2, 1, 5, 5, 1, large];
  const { lines } = orders.newest([order(0, 1), judged(1, true), judged(2, false)], 0, ABOUT, "UTC");
  assert.deepEqual(lines.map(({ isLarge }) => isLarge), [false, true, false]);
});

test("the speed of the tape is what was traded in the 15 s before, and a lower bound where the tape is shorter", () => {
  const before = (/** @type {number} */ ms, /** @type {number} */ trade) => order(trade, 0.1, { ms: NOON_MS - ms });
  const rows = [before(15_001, 7), before(15_000, 8), before(1, 9), before(0, 10)];
  assert.equal(orders.speed(rows, NOON_MS, ABOUT), "Speed, 15 s: 2 trades, volume 0.20");
  assert.equal(orders.speed(rows.slice(1), NOON_MS, ABOUT), "Speed, 15 s: at least 2 trades, volume 0.20");
  assert.equal(orders.speed([before(5, 0)], NOON_MS, ABOUT), "Speed, 15 s: 1 trade, volume 0.10");
  assert.equal(orders.speed([], NOON_MS, ABOUT), "");
});

test("a tape that stands still says how many orders are newer", () => {
  assert.equal(orders.held(0), "Stands still while the pointer is over it");
  assert.equal(orders.held(3), "Stands still while the pointer is over it; 3 newer");
  assert.equal(orders.held(-1), "Stands still while the pointer is over it; more than 60 newer");
});

test("an empty tape says why it is empty", () => {
  /** @param {object} fields */
  const stateOf = (fields) => /** @type {State} */ ({ ...empty(), about: ABOUT, status: { state: "playing" }, ...fields });
  const deaf = { ...ABOUT, control: { listening: false } };
  assert.equal(orders.nothing(stateOf({}), 0, false), "Asked for; not published yet");
  assert.match(orders.nothing(stateOf({}), 0, true), /^Not published: this page is read-only/u);
  assert.match(orders.nothing(stateOf({ about: deaf }), 0, false), /^Not published: the replay takes no requests/u);
  assert.equal(orders.nothing(stateOf({ crc32: { tape: 5 } }), 0, true), "No trades so far");
  assert.equal(orders.nothing(stateOf({ crc32: { tape: 5 }, status: { state: "finished" } }), 0, true), "No trades in this replay");
  assert.equal(orders.nothing(stateOf({ tape: [order(0, 1)] }), 0, true), "No order is as large as that");
  assert.equal(orders.nothing(stateOf({ tape: [order(0, 1)] }), 1, true), "");
});
