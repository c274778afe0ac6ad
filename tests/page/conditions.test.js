import assert from "node:assert/strict";
import { test } from "node:test";
import * as conditions from "../../visualizer/page/header/conditions.js";
import { said } from "../../visualizer/page/playback/answers.js";
import { warned } from "../../visualizer/page/panels/monitor.js";
import "./browser.js";

/** What is heard while these states last so many milliseconds each, looked at five times a second.
 * @param {[string, number][]} states */
function heard(states) {
  const sentences = [];
  let before = { heard: "", name: "", sinceMs: 0 };
  let nowMs = 0;
  for (const [name, lastsMs] of states) {
    for (const until = nowMs + lastsMs; nowMs < until; nowMs += 200) {
      const { next, sentence } = conditions.heard(before, name, nowMs);
      before = next;
      if (sentence) sentences.push(sentence);
    }
  }
  return sentences;
}

test("a state is heard once, when it has lasted, and what passes is not heard at all", () => {
  assert.deepEqual(heard([["playing", 60_000]]), ["playing"]);
  assert.deepEqual(heard([["playing", 3000], ["loading", 2000], ["playing", 3000], ["paused", 400], ["playing", 5000]]), ["playing"]);
  assert.deepEqual(heard([["playing", 3000], ["stale", 30_000], ["playing", 2000]]), [
    "playing",
    "prices are old: the processor is silent",
    "playing",
  ]);
  assert.deepEqual(heard([["loading", 5000]]), ["loading"]);
});

test("the reason why prices are old rests while its seconds run", () => {
  assert.match(conditions.because("stale", 12_300, 0), /silent for 10 s: what is shown is old/u);
  assert.equal(conditions.because("stale", 12_300, 0), conditions.because("stale", 14_900, 0));
  assert.match(conditions.because("disconnected", 500, 4200), /not answered for 4 s/u);
  assert.match(conditions.because("failed", 0, 0), /has failed/u);
  assert.equal(conditions.because("playing", 0, 0) + conditions.because("finished", 1e9, 0), "");
});

test("a page without a picture says in words what it waits for", () => {
  assert.match(conditions.awaited(null, "waiting"), /Looking/u);
  assert.match(conditions.awaited("status.json is missing", "waiting"), /starting, or it is not running/u);
  assert.match(conditions.awaited("ohlc_data.json is from another publication than status.json", "waiting"), /writing the first picture/u);
  assert.match(conditions.awaited("status.json cannot be read: Permission denied", "waiting"), /cannot be read from here/u);
  assert.match(conditions.awaited("status.json is missing", "disconnected"), /does not answer/u);
});

test("what a command has led to is told where the state does not tell it", () => {
  assert.equal(said("seek", { fraction: 1 }, "2024-08-09 00:01:00.000"), "2024-08-09 00:01:00.000");
  assert.deepEqual(
    [said("speed", { speed: 30 }, ""), said("speed", { speed: "max" }, ""), said("interval", { interval: "1t" }, ""), said("range", {}, "")],
    ["speed ×30", "speed: as fast as it goes", "bars of 1 trade each", "loops no more"],
  );
  assert.equal(said("play", {}, "x"), "");
});

test("the monitor warns only of what has been wrong for a while", () => {
  const wrong = { advice: ["do this"], level: /** @type {const} */ ("over") };
  const begun = warned(null, { ...wrong, at_ms: 1000 });
  assert.deepEqual(begun, { sinceMs: 1000, level: "ok" });
  assert.equal(warned(begun.sinceMs, { ...wrong, at_ms: 10_999 }).level, "ok");
  assert.equal(warned(begun.sinceMs, { ...wrong, at_ms: 11_000 }).level, "over");
  assert.deepEqual(warned(begun.sinceMs, { advice: [], level: "near", at_ms: 50_000 }), { sinceMs: null, level: "ok" });
});
