import assert from "node:assert/strict";
import { test } from "node:test";
import * as bars from "../../visualizer/page/chart/bars.js";
import * as breaks from "../../visualizer/page/chart/breaks.js";
import { random } from "./random.js";
import { empty } from "../../visualizer/page/store.js";
import "./browser.js";
/** @import { MetricsRow, OhlcRow, State, Timeline } from "../../visualizer/page/types.d.ts" */

/** What tests draw from: bars of activity that begin at these times.
 * @param {number[]} times
 * @param {Timeline | null} before */
const ofActivity = (times, before = null) => bars.ofActivity(times, times[times.length - 1] + 4000, before);

test("bars of a time stand on their begins", () => {
  const minute = breaks.ofTime(60_000);
  assert.deepEqual([minute.place(90_000), minute.time(90_000), minute.bar(95_000)], [90_000, 90_000, 120_000]);
});

test("places and times are each other's inverse, within the bars and beyond them", () => {
  const timeline = ofActivity([1000, 1500, 9000, 9001, 20_000]);
  const moments = [-5000, 1000, 1250, 9000, 9000.5, 20_000, 22_000, 24_001, 90_000];
  const places = moments.map(timeline.place);
  for (const [index, ms] of moments.entries()) assert.ok(Math.abs(timeline.time(places[index]) - ms) < 0.01);
  assert.deepEqual(places, [...places].sort((one, other) => one - other));
  const begins = [1000, 1500, 9000, 9001, 20_000].map(timeline.place);
  assert.deepEqual(begins.slice(1).map((place, index) => place - begins[index]), Array(4).fill(timeline.step));
});

test("bars that two timelines know keep their places, and without any the later one is new", () => {
  const first = ofActivity([1000, 1500, 9000, 9001, 20_000]);
  const later = ofActivity([9000, 9001, 20_000, 24_100, 30_000], first);
  const back = ofActivity([500, 1000, 1500, 9000], later);
  const elsewhere = ofActivity([70_000, 80_000], back);
  for (const ms of [9000, 9001, 20_000]) assert.equal(later.place(ms), first.place(ms));
  for (const ms of [1000, 1500, 9000]) assert.equal(back.place(ms), first.place(ms));
  assert.deepEqual([first, later, back, elsewhere].map(({ unrelated }) => unrelated), [true, false, false, true]);
});

test("rows are put on their bars, and a place belongs to the nearest bar", () => {
  const timeline = ofActivity([1000, 1500, 9000, 9001, 20_000]);
  const put = timeline.put([
    [1500, 7],
    [20_000, 8],
  ]);
  assert.deepEqual(put.map(([place, value]) => [timeline.time(place), value]), [
    [1500, 7],
    [20_000, 8],
  ]);
  assert.equal(timeline.time(timeline.bar(timeline.place(9001) + timeline.step / 3)), 9001);
  assert.equal(timeline.time(timeline.bar(timeline.place(20_000) + 15 * timeline.step)), 20_000);
});

test("labels have milliseconds only where bars share a second", () => {
  assert.equal(ofActivity([0, 1000, 2999, 3000]).fineness, 1000);
  assert.equal(ofActivity([0, 1000, 1999, 3000]).fineness, 1);
});

test("labels stay where they are while bars come and go", () => {
  let ms = Date.UTC(2024, 0, 2);
  const all = Array.from({ length: 1300 }, (_, bar) => (ms += 500 + ((bar * 7919) % 9000)));
  /** @type {Timeline | null} */
  let axis = null;
  const seen = new Set();
  for (let count = 1000; count <= 1300; count += 7) {
    axis = ofActivity(all.slice(count - 1000, count), axis);
    seen.add(axis.ticks([axis.place(all[700]), axis.place(all[800])], 10_000, "UTC").texts.slice(3, -3).join());
  }
  assert.ok(seen.size <= 2);
});

test("labels are never closer than asked for, and tell the times of their bars", () => {
  const next = random(3);
  let ms = Date.UTC(2024, 0, 2, 23, 50);
  const all = Array.from({ length: 400 }, () => (ms += 1 + next(9000)));
  const timeline = ofActivity(all);
  const perPixel = 10_000;
  const ticks = timeline.ticks([timeline.place(all[100]), timeline.place(all[200])], perPixel, "UTC");
  assert.ok(ticks.places.length > 3);
  const apart = Math.ceil((84 * perPixel) / timeline.step) * timeline.step;
  for (const [index, place] of ticks.places.entries()) {
    if (index) assert.ok(place - ticks.places[index - 1] >= apart);
    const time = new Date(timeline.time(place)).toISOString().slice(11, 23);
    assert.ok(time.startsWith(ticks.texts[index].split("\n")[0]));
  }
});

test("the timeline of a state is that of its interval, over the bars of both tables", () => {
  /** @param {Partial<State>} fields */
  const stateOf = (fields) => /** @type {State} */ ({ ...empty(), ...fields });
  const ohlc = /** @type {OhlcRow[]} */ ([[1000, 1, 1, 1, 1, 1]]);
  const metrics = /** @type {MetricsRow[]} */ ([[500, 0, 0, 0, 0, 0, 0, 0, 0]]);
  const about = /** @type {NonNullable<State["about"]>} */ (/** @type {unknown} */ ({ interval: "5t" }));
  const timeline = bars.timeline(stateOf({ about, ohlc, metrics }), null, "auto");
  assert.equal(timeline.place(1000) - timeline.place(500), timeline.step);
  assert.equal(bars.timeline(stateOf({ about: { ...about, interval: "5m" } }), null, "auto").step, 300_000);
  assert.equal(bars.timeline(empty(), null, "auto").step, 60_000);
});

test("the bars of a week stand on Mondays", () => {
  const week = breaks.ofTime(604_800_000);
  assert.equal(new Date(week.bar(Date.UTC(2024, 7, 7))).getUTCDay(), 1);
});
