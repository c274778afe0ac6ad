import assert from "node:assert/strict";
import { test } from "node:test";
import * as interval from "../../visualizer/page/playback/interval.js";
import { LIMITS } from "./browser.js";

test("an interval is a time up to a week, or an amount of what is traded", () => {
  const times = { "250ms": 250, "1s": 1000, "15m": 900_000, "4h": 14_400_000, "1d": 86_400_000, "7d": 604_800_000, "1w": 604_800_000 };
  for (const [text, ms] of Object.entries(times)) assert.deepEqual(interval.parse(text), { ms });
  const traded = { "500t": "trades", "100v": "volume", ".5v": "volume", "8q": "turnover", "0.5q": "turnover", "0.5d": "turnover", "367d": "turnover" };
  for (const [text, kind] of Object.entries(traded)) {
    assert.deepEqual(interval.parse(text), { traded: kind, amount: text.slice(0, -1) });
  }
  for (const text of ["nonsense", "", "0t", "1.5t", "2w", "1.5m", "8d", "366d", "365.0d", "-5v", null]) assert.equal(interval.parse(text), null);
});

test("a bar is told in words", () => {
  assert.deepEqual(["5m", "1t", "1000000q", "0.5v"].map(interval.words), [
    "bars of 5m",
    "bars of 1 trade each",
    "bars of 1,000,000 turnover each",
    "bars of 0.5 volume each",
  ]);
});

test("how long a bar may be, and in what units, is what the server says", () => {
  const before = { ...LIMITS };
  Object.assign(LIMITS, { max_interval_ms: 5000, interval_units_ms: { w: 2000 }, activity_units: { q: "quotes" }, max_activity_digits: 2 });
  assert.deepEqual(["1w", "3w", "1s", "99q", "100q", "5t"].map(interval.parse), [
    { ms: 2000 },
    null,
    null,
    { traded: "quotes", amount: "99" },
    null,
    null,
  ]);
  Object.assign(LIMITS, before);
  assert.deepEqual(interval.parse("1s"), { ms: 1000 });
});
