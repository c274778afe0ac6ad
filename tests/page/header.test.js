import assert from "node:assert/strict";
import { test } from "node:test";
import { condition } from "../../visualizer/page/header/header.js";
import { LIMITS } from "./browser.js";
/** @import { Status } from "../../visualizer/page/types.d.ts" */

/** @param {string} state */
const status = (state) => /** @type {Status} */ ({ state });

test("what is shown goes stale by the page's own clock, and what has ended does not", () => {
  assert.equal(condition(status("playing"), 5001, 0).name, "stale");
  assert.equal(condition(status("playing"), 4999, 0).name, "playing");
  assert.equal(condition(status("finished"), 60_000, 0).name, "finished");
  assert.equal(condition(null, 60_000, 0).name, "waiting");
});

test("a server that does not answer matters more than whatever was shown", () => {
  assert.equal(condition(status("finished"), 60_000, 3001).name, "disconnected");
  assert.equal(condition(null, 0, 3001).name, "disconnected");
});

test("data is old after as long as the server says", () => {
  const playing = /** @type {Status} */ ({ state: "playing" });
  const before = LIMITS.stale_after_ms;
  assert.equal(condition(playing, before, 0).name, "playing");
  LIMITS.stale_after_ms = before - 1;
  assert.equal(condition(playing, before, 0).name, "stale");
  LIMITS.stale_after_ms = before;
});
