import assert from "node:assert/strict";
import { test } from "node:test";
import { columns, ticks } from "../../visualizer/page/playback/overview.js";
import { random } from "./random.js";

test("the volume over all columns is that of the buckets in range, however wide a bucket is", () => {
  const next = random(4);
  for (let round = 0; round < 50; round += 1) {
    const volumes = Array.from({ length: 1 + next(60) }, () => next(9));
    const bucket = 1 + next(5000);
    const overview = { start_ms: 1000, bucket_ms: bucket, volumes };
    const sums = columns(overview, { startMs: 1000, endMs: 1000 + bucket * volumes.length }, 1 + next(500));
    const total = volumes.reduce((sum, volume) => sum + volume, 0);
    assert.ok(sums && Math.abs(sums.reduce((sum, volume) => sum + volume, 0) - total) < 1e-6);
  }
});

test("there is no picture without volumes or without a range", () => {
  assert.equal(columns(null, { startMs: 0, endMs: 10 }, 100), null);
  assert.equal(columns({ start_ms: 0, bucket_ms: 1, volumes: [1] }, { startMs: 10, endMs: 10 }, 100), null);
});

test("the scale has times that are round in the zone, over a change of its clocks, and weeks that begin on Monday", () => {
  const bounds = { startMs: Date.UTC(2024, 2, 9), endMs: Date.UTC(2024, 2, 12) };
  const days = ticks(bounds, 400, "America/New_York").filter(({ midnight }) => midnight);
  assert.deepEqual(days.map(({ ms, label }) => [label, new Date(ms).toISOString().slice(0, 16)]), [
    ["2024-03-09", "2024-03-09T05:00"],
    ["2024-03-10", "2024-03-10T05:00"],
    ["2024-03-11", "2024-03-11T04:00"],
  ]);
  const weeks = ticks({ startMs: Date.UTC(2024, 0, 1), endMs: Date.UTC(2024, 1, 28) }, 900, "UTC");
  assert.ok(weeks.length > 5 && weeks.every(({ ms }) => new Date(ms).getUTCDay() === 1));
});
