import assert from "node:assert/strict";
import { test } from "node:test";
import * as replay from "../../visualizer/page/playback/replay.js";
import { LIMITS } from "./browser.js";

test("a speed beyond what the server says is refused with its bounds", () => {
  assert.equal(replay.speed("0.05"), '"0.05" is no speed: from 0.1 to 10000 times real time, or max');
  assert.match(replay.speed("x") ?? "", /is no speed/u);
  const before = { ...LIMITS };
  Object.assign(LIMITS, { min_speed: 0.5, max_speed: 2 });
  assert.equal(replay.speed("3"), '"3" is no speed: from 0.5 to 2 times real time, or max');
  assert.match(replay.speed("0.4") ?? "", /from 0.5 to 2 /u);
  Object.assign(LIMITS, before);
});
