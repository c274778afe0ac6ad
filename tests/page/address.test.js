import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, written } from "../../visualizer/page/playback/address.js";

test("an address is read and written with what else was in it", () => {
  assert.deepEqual(asked("?interval=5m&t=2024-08-09T00:01:00Z&debug=1"), {
    instrument: null,
    interval: "5m",
    t: "2024-08-09T00:01:00Z",
  });
  assert.equal(asked("?debug=1"), null);
  const now = { instrument: "BTC-USDT 1/2", interval: "1m", t: "2024-08-09T00:01:00.123Z" };
  const search = "?instrument=BTC-USDT%201%2F2&interval=1m&t=2024-08-09T00:01:00.123Z&debug=1";
  assert.equal(written("?t=x&debug=1", now), search);
  assert.deepEqual(asked(search), now);
});
