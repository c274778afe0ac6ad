import assert from "node:assert/strict";
import { test } from "node:test";
import { choiceOf } from "../../visualizer/page/playback/clock-zone.js";
import { written } from "../../visualizer/page/playback/address.js";

test("a time zone is UTC, that of the exchange or of the reader, or one with a name", () => {
  assert.deepEqual([" utc ", "", "Exchange", "LOCAL", "Europe/London"].map(choiceOf), ["UTC", "UTC", "exchange", "local", "Europe/London"]);
  assert.equal(choiceOf("Mars/Olympus"), null);
});

test("the address keeps the time zone, and says nothing of UTC", () => {
  const now = { instrument: "X", interval: "1m", t: "2024-08-09T00:01:00.000Z" };
  assert.equal(written("?tz=local", { ...now, tz: "America/New_York" }).split("&").at(-1), "tz=America%2FNew_York");
  assert.ok(!written("?tz=local", { ...now, tz: "" }).includes("tz"));
});
