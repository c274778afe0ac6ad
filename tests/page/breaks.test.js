import assert from "node:assert/strict";
import { test } from "node:test";
import * as breaks from "../../visualizer/page/chart/breaks.js";
import { random } from "./random.js";
import "./browser.js";
/** @import { Timeline } from "../../visualizer/page/types.d.ts" */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const OPEN_MS = Date.UTC(2012, 5, 21, 13, 30);

/** The bars of some trading days of six and a half hours each.
 * @param {number} days
 * @param {number} [intervalMs] */
const daysOf = (days, intervalMs = MINUTE_MS) =>
  Array.from({ length: days }, (_, day) =>
    Array.from({ length: (6.5 * HOUR_MS) / intervalMs }, (__, bar) => OPEN_MS + day * DAY_MS + bar * intervalMs),
  ).flat();

/** @param {number[]} times
 * @param {{ intervalMs?: number, gap?: string, last?: Timeline | null }} [how] */
const axisOf = (times, { intervalMs = MINUTE_MS, gap = "auto", last = null } = {}) =>
  breaks.ofTime(intervalMs, times, breaks.leastMs(gap, intervalMs), last);

test("a night without bars is as wide as two bars, and the days fill the axis", () => {
  const times = daysOf(2);
  const axis = axisOf(times);
  assert.deepEqual(axis.breaks.map(({ fromMs, toMs }) => (toMs - fromMs) / HOUR_MS), [17.5]);
  assert.equal(axis.place(times[390]) - axis.place(times[389]), 3 * MINUTE_MS);
  assert.equal((axis.place(times[779]) - axis.place(times[0])) / MINUTE_MS, 779 + 2);
  assert.equal(axis.place(OPEN_MS), OPEN_MS);
});

test("places and times are each other's inverse and never go back, within breaks too", () => {
  const next = random(5);
  for (let round = 0; round < 40; round += 1) {
    let ms = OPEN_MS;
    const times = Array.from({ length: 60 }, () => (ms += MINUTE_MS * (1 + (next(6) ? 0 : next(900)))));
    const axis = axisOf(times, { gap: "30 min" });
    let before = -Infinity;
    for (let at = times[0] - HOUR_MS; at < ms + HOUR_MS; at += 77_777) {
      const place = axis.place(at);
      assert.ok(place > before);
      assert.ok(Math.abs(axis.time(place) - at) < 1);
      before = place;
    }
    for (const [index, each] of times.entries()) {
      if (index) assert.ok(axis.place(each) - axis.place(times[index - 1]) >= MINUTE_MS);
      assert.equal(axis.time(axis.bar(axis.place(each))), each);
    }
  }
});

test("bars keep their places while bars come and go, forwards and backwards, over breaks", () => {
  const times = daysOf(4);
  /** @type {Timeline | null} */
  let last = null;
  const seen = new Map();
  const windows = [...Array.from({ length: 50 }, (_, index) => 400 + 23 * index), 900, 500, 1200];
  for (const end of windows) {
    const held = times.slice(Math.max(0, end - 400), end);
    last = axisOf(held, { last });
    if (last.unrelated) seen.clear();
    for (const ms of held) {
      const place = last.place(ms);
      assert.equal(seen.get(ms) ?? place, place);
      seen.set(ms, place);
    }
  }
});

test("where no bar is known from before, the axis says so, unless it is plain time in both", () => {
  const [first, , third] = [0, 1, 2].map((day) => daysOf(3).slice(390 * day, 390 * (day + 1)));
  assert.equal(axisOf(third, { last: axisOf(first) }).unrelated, false);
  assert.equal(axisOf(third, { last: axisOf(daysOf(2)) }).unrelated, true);
});

test("what a break is: an hour and four bars by itself, never, or from so many minutes on", () => {
  assert.deepEqual([1000, MINUTE_MS, HOUR_MS].map((each) => breaks.leastMs("auto", each) / HOUR_MS), [1, 1, 4]);
  assert.equal(breaks.leastMs("never", MINUTE_MS), Infinity);
  assert.deepEqual([1000, HOUR_MS].map((each) => breaks.leastMs("30 min", each) / MINUTE_MS), [30, 180]);
  assert.equal(axisOf(daysOf(2, 4 * HOUR_MS), { intervalMs: 4 * HOUR_MS }).breaks.length, 1);
  assert.equal(axisOf(daysOf(2), { gap: "never" }).breaks.length, 0);
});

test("a place in a break belongs to the nearer of the bars beside it", () => {
  const axis = axisOf(daysOf(2));
  const [{ from, to, fromMs, toMs }] = axis.breaks;
  assert.equal(axis.time(axis.bar(from - 0.4 * MINUTE_MS)), fromMs - MINUTE_MS);
  assert.equal(axis.time(axis.bar(from + 0.3 * MINUTE_MS)), fromMs - MINUTE_MS);
  assert.equal(axis.time(axis.bar(to - 0.7 * MINUTE_MS)), toMs);
});

test("sessions start after breaks, and at their time of days that follow each other without one", () => {
  const axis = axisOf(daysOf(2));
  assert.deepEqual(axis.sessions.map(axis.time), [OPEN_MS + DAY_MS]);
  const times = Array.from({ length: 48 }, (_, hour) => OPEN_MS + hour * HOUR_MS);
  const through = axisOf(times, { intervalMs: HOUR_MS });
  assert.deepEqual(through.sessions, [22, 23].map((day) => Date.UTC(2012, 5, day)));
  const late = breaks.ofTime(HOUR_MS, times, Infinity, null, 22.5 * HOUR_MS);
  assert.deepEqual(late.sessions, [21, 22].map((day) => Date.UTC(2012, 5, day, 22, 30)));
});

test("labels on both sides of a break are round and right in a zone, and the start after it has one with its date", () => {
  const times = daysOf(2);
  const axis = axisOf(times);
  const span = /** @type {[number, number]} */ ([axis.place(times[300]), axis.place(times[480])]);
  for (const [zone, open] of [["UTC", "13:30"], ["America/New_York", "09:30"]]) {
    const { places, texts } = axis.ticks(span, (span[1] - span[0]) / 1200, zone);
    const start = texts.indexOf(`${open}\n22 Jun 2012`);
    assert.equal(axis.time(places[start]), OPEN_MS + DAY_MS);
    assert.ok(places.length > 6);
    const shift = zone === "UTC" ? 0 : 4 * HOUR_MS;
    for (const [index, place] of places.entries()) {
      const clock = new Date(axis.time(place) - shift).toISOString();
      assert.equal(texts[index].slice(0, 5), clock.slice(11, 16));
      if (index) assert.ok(place - places[index - 1] >= (92 * (span[1] - span[0])) / 1200);
    }
  }
});

test("of many days in view the labels are days, the same ones while the chart is panned", () => {
  const times = daysOf(60, 30 * MINUTE_MS);
  const axis = axisOf(times, { intervalMs: 30 * MINUTE_MS });
  const width = axis.place(times[400]) - axis.place(times[0]);
  /** @param {number} from */
  const labels = (from) => axis.ticks([axis.place(times[from]), axis.place(times[from]) + width], width / 1000, "UTC").texts;
  assert.ok(labels(100).every((text) => /^\d\d (?:Jun|Jul)(?:\n2012)?$/u.test(text)));
  assert.deepEqual(labels(100).slice(3, 7), labels(103).slice(3, 7));
});
