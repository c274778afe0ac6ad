import assert from "node:assert/strict";
import { test } from "node:test";
import { columns } from "../../visualizer/page/playback/overview.js";
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
