import assert from "node:assert/strict";
import { test } from "node:test";
import { TOKENS } from "./browser.js";
import { scale } from "../../visualizer/page/draw/scale.js";
import { PRESETS } from "../../visualizer/page/options.js";
import { fault, fresh, newest, nothing, summary } from "../../visualizer/page/panels/alert-list.js";
import { alertMarks } from "../../visualizer/page/panels/alert-marks.js";
import { viewsOf } from "../../visualizer/page/panels/registry.js";
import { empty } from "../../visualizer/page/store.js";
/** @import { About, AlertRow, Picture, Status } from "../../visualizer/page/types.d.ts" */

const ABOUT = /** @type {About} */ (/** @type {unknown} */ ({ price_decimals: 1, price_step: 0.1, alerts: ["sweep", "delta < -5"] }));
const WITHIN = scale({ x: [0, 10], y: [0, 100], box: { left: 0, top: 0, width: 100, height: 100 }, step: 1, ratio: 1 });

/** @type {AlertRow[]} */
const ROWS = [
  [1000, 1000, "sweep", 2, 50],
  [7000, 2000, "delta < -5", -5.25, 20],
  [86_400_000, 86_400_000, "sweep", null, null],
];

/** @param {string} state @param {number | null} ms */
const status = (state, ms) => /** @type {Status} */ (/** @type {unknown} */ ({ state, event_time_ms: ms }));

test("the newest alerts come first, and those of one expression can be chosen", () => {
  const { lines, count } = newest(ROWS, "", ABOUT, "UTC");
  assert.equal(count, 3);
  assert.deepEqual(lines.map(({ expression, value, price }) => [expression, value, price]), [
    ["sweep", "–", "–"],
    ["delta < -5", "-5.25", "20.0"],
    ["sweep", "2", "50.0"],
  ]);
  assert.deepEqual(lines.map(({ day }) => day), ["1970-01-02", "1970-01-01", ""]);
  assert.match(lines[1].hint, /true since 1970-01-01 00:00:02/u);
  assert.deepEqual(newest(ROWS, "sweep", ABOUT, "UTC").lines.map(({ ms }) => ms), [86_400_000, 1000]);
});

test("the list says how much of what it shows, and why it shows nothing", () => {
  assert.equal(summary(3, 3, 3), "the newest 3 alerts");
  assert.equal(summary(100, 250, 1000), "100 of the newest 250 of this expression");
  assert.equal(summary(0, 0, 0), "");
  const state = { ...empty(), about: ABOUT, status: status("finished", 1), crc32: { alerts: 7 } };
  assert.equal(nothing(state, 0, false), "No alerts in this replay");
  assert.equal(nothing({ ...state, about: { ...ABOUT, alerts: [] } }, 0, false), "No alert is set");
  assert.equal(nothing({ ...state, alerts: ROWS }, 0, false), "None of this expression among the newest alerts");
  assert.equal(nothing(state, 2, false), "");
});

test("a refusal is told without the expression, and points at the word", () => {
  const error = "invalid alert 'obi10 > 0.6': unknown name 'obi10' at column 1: expected one of price (did you mean obi_10?)";
  assert.deepEqual(fault("obi10 > 0.6", error), {
    said: "unknown name 'obi10' at column 1: expected one of price (did you mean obi_10?)",
    from: 0,
    to: 5,
  });
  const signs = fault("price =< 1", "invalid alert 'price =< 1': unexpected '<' at column 8: expected a number");
  assert.deepEqual([signs.from, signs.to], [7, 8]);
  const end = fault("price >", "invalid alert 'price >': it ends at column 8: expected a number");
  assert.deepEqual([end.from, end.to], [7, 7]);
  const other = "invalid alert 'sweep': expected one that is not set yet";
  assert.deepEqual(fault("sweep", other), { said: other, from: 0, to: 5 });
});

test("alerts are new that came since the clock was looked at, while the replay plays", () => {
  const playing = { ...empty(), alerts: ROWS, status: status("playing", 7000) };
  assert.equal(fresh(playing, 1000), 1);
  assert.equal(fresh(playing, 999), 2);
  assert.equal(fresh(playing, 7000), 0);
  assert.equal(fresh(playing, 9000), 0);
  assert.equal(fresh(playing, null), 0);
  assert.equal(fresh({ ...playing, status: status("paused", 7000) }, 999), 0);
});

test("a ring stands at the bar and the price of each alert, once for those of one place", () => {
  const bars = [2, 3, 4].map((at) => [at, 1, 1, 1, 1, 1]);
  const options = { ...PRESETS.overview };
  /** @type {AlertRow[]} */
  const alerts = [
    [1, 1, "sweep", 1, 50],
    [3.5, 3.5, "sweep", 1, 50],
    [3.6, 3.6, "delta < -5", -6, 50],
    [4, 4, "sweep", 1, null],
  ];
  const data = { ...empty(), about: ABOUT, alerts };
  const picture = /** @type {Picture} */ (/** @type {unknown} */ ({ data, options, rows: () => bars, step: 1, place: Number }));
  const [rings, dots] = /** @type {any[]} */ (alertMarks.commands(picture, WITHIN));
  assert.deepEqual(rings.circles, [30, 50, 5]);
  assert.equal(rings.colour, TOKENS.get("amber"));
  assert.equal(dots.circles.length, 3);
  assert.deepEqual(alertMarks.commands({ ...picture, data: { ...data, alerts: [] } }, WITHIN), []);
});

test("alerts travel for the chart only where some are set and shall be marked", () => {
  assert.ok(viewsOf(PRESETS.overview, { ...empty(), about: ABOUT }).has("alerts"));
  assert.ok(!viewsOf(PRESETS.overview, { ...empty(), about: { ...ABOUT, alerts: [] } }).has("alerts"));
  assert.ok(!viewsOf({ ...PRESETS.overview, alerts: false }, { ...empty(), about: ABOUT }).has("alerts"));
});
