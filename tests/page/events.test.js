import assert from "node:assert/strict";
import { test } from "node:test";
import { TOKENS } from "./browser.js";
import { scale } from "../../visualizer/page/draw/scale.js";
import { PRESETS } from "../../visualizer/page/options.js";
import { newest, nothing, summary } from "../../visualizer/page/panels/event-list.js";
import { divergencesOfCvd, eventMarks } from "../../visualizer/page/panels/event-marks.js";
import { empty } from "../../visualizer/page/store.js";
/** @import { About, EventKind, EventRow, Picture, Status } from "../../visualizer/page/types.d.ts" */

const BOX = { left: 0, top: 0, width: 100, height: 100 };
const WITHIN = scale({ x: [0, 10], y: [0, 100], box: BOX, step: 1, ratio: 1 });
const ABOUT = /** @type {About} */ (/** @type {unknown} */ ({ price_decimals: 1, size_decimals: 2, price_step: 0.1 }));

/** A row; what is not given does not matter.
 * @param {number} ms @param {EventKind} kind @param {string} side @param {number} price
 * @param {{ size?: number, from?: number, detail?: string }} more
 * @returns {EventRow} */
const event = (ms, kind, side, price, { size = 1, from = ms, detail = "" } = {}) => [ms, kind, side, price, size, from, detail];

/** A picture of bars 2 to 5, in which events of some kinds are marked.
 * @param {EventRow[]} events
 * @param {string[]} kinds */
function picture(events, kinds) {
  const bars = [2, 3, 4, 5].map((at) => [at, 1, 1, 1, 1, 1]);
  const metrics = [2, 3, 4, 5].map((at) => [at, 0, 0, 0, 0, 0, 0, 0, at * 10]);
  const tables = { ohlc: bars, metrics };
  const rows = (/** @type {"ohlc" | "metrics"} */ name) => tables[name];
  const options = { ...PRESETS.overview, events: kinds };
  return /** @type {Picture} */ (/** @type {unknown} */ ({ data: { ...empty(), events }, options, rows, step: 1, place: Number }));
}

/** What is drawn in a colour.
 * @param {ReturnType<typeof eventMarks.commands>} commands @param {string} token */
const inColour = (commands, token) => commands.filter(({ colour }) => colour === TOKENS.get(token));

test("a mark stands at the bar in which its event became known, and none at a bar out of view or of a kind not chosen", () => {
  const rows = [event(1, "sweep", "buy", 50), event(3.5, "sweep", "buy", 50), event(4, "absorption", "sell", 20), event(6, "sweep", "sell", 50)];
  const sweeps = eventMarks.commands(picture(rows, ["sweep"]), WITHIN);
  assert.equal(sweeps.length, 1);
  const [{ kind, points }] = /** @type {any[]} */ (inColour(sweeps, "bubble-buy"));
  assert.equal(kind, "polyline");
  const xs = points.filter((/** @type {number} */ value, /** @type {number} */ index) => index % 2 === 0 && !Number.isNaN(value));
  assert.deepEqual([Math.min(...xs), Math.max(...xs)], [26, 34]);
  assert.equal(eventMarks.commands(picture(rows, ["absorption"]), WITHIN).length, 1);
  assert.equal(eventMarks.commands(picture(rows, []), WITHIN).length, 0);
  assert.equal(eventMarks.when?.({ ...PRESETS.overview, events: [] }, empty()), false);
});

test("a wall is a line since it counts, with a square where it was consumed and a bar across where it was pulled", () => {
  const lines = (/** @type {string} */ detail) => {
    const drawn = eventMarks.commands(picture([event(4, "wall", "bid", 50, { from: 2, detail })], ["wall"]), WITHIN);
    return /** @type {any} */ (inColour(drawn, "bubble-buy")[0]).rects;
  };
  assert.deepEqual(lines("started"), [20, 49, 20, 2]);
  assert.deepEqual(lines("faded"), lines("started"));
  assert.deepEqual(lines("consumed").slice(4), [37.5, 47.5, 5, 5]);
  assert.deepEqual(lines("pulled").slice(4), [39, 45, 2, 10]);
});

test("a divergence is drawn at the end of the third bar after its pivot and points back to it", () => {
  // Known when bar 4 ends, which is when bar 5 starts.
  const row = event(5, "divergence", "high", 60, { from: 2 });
  const [{ points }] = /** @type {any[]} */ (inColour(eventMarks.commands(picture([row], ["divergence"]), WITHIN), "bubble-sell"));
  assert.deepEqual(points.slice(0, 4), [20, 40, 40, 40]);
});

test("over the CVD a divergence stands at the value of its pivot", () => {
  const row = event(4.5, "divergence", "low", 60, { from: 2 });
  const drawn = divergencesOfCvd.commands(picture([row], ["divergence"]), WITHIN);
  const [{ points }] = /** @type {any[]} */ (inColour(drawn, "bubble-buy"));
  assert.deepEqual(points.slice(0, 4), [20, 80, 30, 80]);
});

test("the newest events come first, each named with its detail, and a kind can be chosen", () => {
  const rows = [
    event(0, "sweep", "buy", 1.5, { size: 2, detail: "4" }),
    event(1000, "wall", "ask", 1.6, { size: 900, detail: "pulled" }),
    event(2000, "divergence", "low", 1, { size: 2.5 }),
    event(86_400_000, "large", "unknown", 1, { size: 7, detail: "1" }),
  ];
  const { lines, count } = newest(rows, "", ABOUT, "UTC");
  assert.equal(count, 4);
  assert.deepEqual(lines.map(({ name }) => name), ["large order, 1 trade", "divergence", "wall pulled", "sweep, 4 prices"]);
  assert.deepEqual(lines.map(({ day }) => day), ["1970-01-02", "1970-01-01", "", ""]);
  assert.deepEqual(lines.map(({ size }) => size), ["7.00", "CVD +2.50", "900.00", "2.00"]);
  assert.deepEqual(newest(rows, "wall", ABOUT, "UTC").lines.map(({ side, price }) => [side.text, price]), [["ask", "1.6"]]);
});

test("the list says how much of what it shows, and why it shows nothing", () => {
  assert.equal(summary(3, 3, 3), "the newest 3 events");
  assert.equal(summary(100, 250, 1000), "100 of the newest 250 of this kind");
  assert.equal(summary(0, 0, 0), "");
  const status = /** @type {Status} */ (/** @type {unknown} */ ({ state: "finished", event_time_ms: 1 }));
  const state = { ...empty(), about: ABOUT, status, crc32: { events: 7 } };
  assert.equal(nothing(state, 0, false), "No events in this replay");
  assert.equal(nothing({ ...state, events: [event(1, "sweep", "buy", 1)] }, 0, false), "None of this kind among the newest events");
  assert.equal(nothing(state, 2, false), "");
});
