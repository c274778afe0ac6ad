import assert from "node:assert/strict";
import { test } from "node:test";
import "./browser.js";
import * as measuring from "../../visualizer/page/chart/drawings/measure.js";
import { empty } from "../../visualizer/page/store.js";
import { random } from "./random.js";
/** @import { Picture, State } from "../../visualizer/page/types.d.ts" */

const MINUTE = 60_000;
const ABOUT = { price_step: 0.1, price_decimals: 1, size_decimals: 3, cvd_reset: "none", start_ms: 1 };

/** A picture of bars of a minute, from the given one on: each with its volume and its delta in thousandths.
 * @param {[number, number][]} bars @param {object} [about] @param {object} [state] */
function picture(bars, about = {}, state = {}) {
  let cvd = 0;
  const metrics = bars.map(([, delta], index) => {
    const open = cvd;
    cvd += delta;
    return [(index + 1) * MINUTE, 0, 0, 0, 0, open / 1000, 0, 0, cvd / 1000];
  });
  const ohlc = bars.map(([volume], index) => [(index + 1) * MINUTE, 1, 1, 1, 1, volume / 1000]);
  const data = { ...empty(), about: { ...ABOUT, ...about }, ohlc, metrics, status: { state: "paused" }, ...state };
  return /** @type {Picture} */ (/** @type {unknown} */ ({ data, place: Number, time: Number, step: MINUTE, label: String }));
}

/** @param {Picture} of @param {import("../../visualizer/page/types.d.ts").DrawnPoint[]} points */
const measured = (of, points) => measuring.measured(of, points, { hasTicks: true, hasShares: true });
const { told } = measuring;

/** @param {number} bar @param {number} price */
const at = (bar, price) => ({ ms: bar * MINUTE, price });

test("sums over the bars between two points are exact, both ends included, whichever comes first", () => {
  const next = random(3);
  for (let round = 0; round < 50; round += 1) {
    /** @type {[number, number][]} */
    const bars = Array.from({ length: 40 }, () => [next(1e9), next(2e9) - 1e9]);
    const [one, other] = [1 + next(40), 1 + next(40)];
    const inside = bars.slice(Math.min(one, other) - 1, Math.max(one, other));
    const sum = (/** @type {0 | 1} */ column) => inside.reduce((total, bar) => total + bar[column], 0);
    const found = measured(picture(bars, { start_ms: MINUTE }), [at(one, 10), at(other, 10.4)]);
    assert.equal(found.bars, inside.length);
    assert.equal(Math.round(Number(found.volume) * 1000), sum(0));
    assert.equal(Math.round(Number(found.delta) * 1000), sum(1));
    assert.equal(found.ms, (other - one) * MINUTE);
    assert.deepEqual([found.ticks, found.missing], [4, ""]);
  }
});

test("sums beyond what a float can count are exact, too", () => {
  const found = measured(picture([[2 ** 53, 0], [1, 0], [1, 0]].map(([volume]) => [volume, 0]), { size_decimals: 0, start_ms: MINUTE }, {
    ohlc: [[MINUTE, 1, 1, 1, 1, 2 ** 53], [2 * MINUTE, 1, 1, 1, 1, 1]],
  }), [at(1, 1), at(2, 1)]);
  assert.equal(found.volume, "9007199254740993");
});

test("a span whose first bars are not at hand has no sums, but one that starts with the replay has", () => {
  /** @type {[number, number][]} */
  const bars = [[5, 1], [6, -2]];
  const early = measured(picture(bars), [at(0, 1), at(2, 1)]);
  assert.deepEqual([early.bars, early.volume, early.delta, early.missing], [null, null, null, "not all of its bars are at hand"]);
  assert.match(told(early).join("\n"), /not all of its bars are at hand/u);
  assert.equal(measured(picture(bars, { start_ms: MINUTE + 5 }), [at(0, 1), at(2, 1)]).volume, "0.011");
  assert.equal(measured(picture(bars, { start_ms: null }), [at(0, 1), at(2, 1)]).volume, null);
  assert.equal(measured(picture([]), [at(0, 1), at(2, 1)]).volume, null);
});

test("a delta is told only where every bar of it is at hand, and never across a CVD that starts anew", () => {
  /** @type {[number, number][]} */
  const bars = [[5, 1], [6, -2], [7, 3]];
  const whole = picture(bars, { start_ms: MINUTE });
  const { data } = whole;
  const short = { ...whole, data: /** @type {State} */ ({ ...data, metrics: data.metrics.slice(1) }) };
  assert.deepEqual([measured(short, [at(1, 1), at(3, 1)]).volume, measured(short, [at(1, 1), at(3, 1)]).delta], ["0.018", null]);
  assert.equal(measured(short, [at(2, 1), at(3, 1)]).delta, "0.001");
  const daily = picture(bars, { start_ms: MINUTE, cvd_reset: "day" });
  assert.equal(measured(daily, [at(1, 1), at(3, 1)]).missing, "delta is not at hand");
  const statistics = [1, 2, 3].map((bar) => [bar * MINUTE, 1, 0.005, 0.002, 0, 1]);
  assert.equal(measured(picture(bars, { start_ms: MINUTE, cvd_reset: "day" }, { statistics }), [at(1, 1), at(3, 1)]).delta, "0.009");
});

test("what may still grow says so, and what is over does not", () => {
  /** @type {[number, number][]} */
  const bars = [[5, 1], [6, -2]];
  const about = { start_ms: MINUTE };
  const last = (/** @type {object} */ state) => told(measured(picture(bars, about, state), [at(1, 1), at(2, 1)])).at(-1);
  assert.equal(last({}), "volume 0.011 · delta -0.001 so far");
  assert.equal(last({ status: { state: "finished" } }), "volume 0.011 · delta -0.001");
  assert.ok(!measured(picture(bars, about), [at(1, 1), at(1, 1)]).isOpen);
});

test("a point within a bar, as one of another interval may be, means that bar", () => {
  const found = measured(picture([[1, 1], [2, 1], [4, 1]], { start_ms: MINUTE }), [at(1.5, 1), at(2.9, 1)]);
  assert.deepEqual([found.bars, found.volume], [2, "0.003"]);
});

test("the figures are told with their signs, steps and shares", () => {
  const lines = told(measured(picture([[5, 1], [6, -2]], { start_ms: MINUTE }, { status: { state: "finished" } }), [at(2, 200), at(1, 199.5)]));
  assert.deepEqual(lines, ["-0.5 · -5 ticks · -0.25 %", "-1 min · 2 bars with trades", "volume 0.011 · delta -0.001"]);
  const free = told(measured(picture([[5, 1]], { price_step: null, price_decimals: null }), [at(1, 0), at(1, 2.5)]));
  assert.deepEqual(free.slice(0, 2), ["+2.5", "0 ms · 1 bar with trades"]);
});

test("in another panel the difference of values is exact, and neither ticks, shares nor what was traded are told where they mean nothing", () => {
  const of = picture([[5, 1], [6, -2]], { start_ms: MINUTE });
  const points = [at(1, 0.1), at(2, 0.3)];
  const lines = (/** @type {object} */ values) => measuring.told(measuring.measured(of, points, values));
  assert.deepEqual(lines({}), ["+0.2", "+1 min · 2 bars with trades"]);
  assert.deepEqual(lines({ hasShares: true }), ["+0.2 · +200.00 %", "+1 min · 2 bars with trades"]);
  assert.deepEqual(lines({ hasTicks: true, hasShares: true, measure: "spread" }), ["+0.2 · +2 ticks · +200.00 %", "+1 min · 2 bars with trades"]);
  assert.deepEqual(measuring.told(measuring.measured(picture([]), points, {})), ["+0.2", "+1 min", "not all of its bars are at hand"]);
});
