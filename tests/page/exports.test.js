import assert from "node:assert/strict";
import { test } from "node:test";
import "./browser.js";
import { aggregate } from "../../visualizer/page/exports/command.js";
import { cropped, fileName, headline, print, stacked } from "../../visualizer/page/exports/picture.js";
import { addressOf, csv, isAny, plain, tableOf } from "../../visualizer/page/exports/tables.js";
import { PRESETS } from "../../visualizer/page/options.js";
import { EMPTY, NAMES } from "../../visualizer/page/views.js";
/** @import { About, HeatmapRow, Part, Status } from "../../visualizer/page/types.d.ts" */

const ABOUT = /** @type {About} */ (/** @type {unknown} */ ({
  instrument: "BTC/USDT", interval: "1m", row: "0.5", obi_levels: 10, cvd_reset: "none", clock: "exchange", dataset: "some days", format: "tardis",
}));
const STATUS = /** @type {Status} */ (/** @type {unknown} */ ({ state: "paused", event_time_ms: 1_723_161_660_123 }));
const COLUMNS = {
  ohlc: ["timestamp_ms", "a", "b"], metrics: ["timestamp_ms", "a", "b", "c"], footprint: ["timestamp_ms", "row", "cells"], heatmap: ["timestamp_ms", "row"],
  cells: ["at", "buy", "sell"], levels: ["at", "bid"],
};

/** @param {number} left @param {number} top @param {number} width @param {number} height */
const box = (left, top, width, height) => ({ left, top, width, height });

test("a picture says what it shows: instrument, time and its zone, interval, state, view and settings, dataset", () => {
  assert.deepEqual(headline(ABOUT, STATUS, PRESETS.flow, "UTC"), [
    "BTC/USDT · 2024-08-09 00:01:00.123 UTC · 1m bars · paused",
    "Order flow · price rows 0.5 · OBI of 10 levels · CVD reset none · some days (tardis)",
  ]);
  assert.match(headline(ABOUT, STATUS, PRESETS.flow, "America/New_York")[0], /2024-08-08 20:01:00.123 America\/New_York/u);
  assert.match(headline({ ...ABOUT, obi_levels: 0 }, { ...STATUS, event_time_ms: null }, PRESETS.depth, "UTC").join(" "), /no time yet.*whole book/u);
  assert.equal(fileName(ABOUT, STATUS.event_time_ms, "cvd", "png"), "BTC-USDT_1m_2024-08-09T00-01-00.123Z_cvd.png");
});

test("a part of a picture is cut to a box, wherever it stands, and what is outside is left out", () => {
  /** @type {Part[]} */
  const parts = [
    { left: 10, top: 20, groups: [{ box: box(0, 0, 100, 100), commands: [] }, { box: box(0, 90, 100, 10), commands: [] }] },
    { left: 500, top: 0, groups: [{ box: box(0, 0, 10, 10), commands: [] }] },
  ];
  assert.deepEqual(cropped(parts, box(20, 30, 40, 50)), [{ left: -10, top: -10, groups: [{ box: box(10, 10, 40, 50), commands: [] }] }]);
  const twice = [{ left: 10, top: 0, scale: 2, groups: [{ box: box(0, 0, 100, 100), commands: [] }] }];
  assert.deepEqual(cropped(twice, box(20, 30, 40, 50)), [{ left: -10, top: -30, scale: 2, groups: [{ box: box(5, 15, 20, 25), commands: [] }] }]);
  const [upper, lower] = stacked(parts, [box(10, 20, 100, 10), box(10, 110, 100, 10)]);
  assert.deepEqual([upper.top, upper.groups[0].box], [0, box(0, 0, 100, 10)]);
  assert.deepEqual([lower.top, lower.groups.length, lower.groups[1].box], [-80, 2, box(0, 90, 100, 10)]);
});

test("the lines stand above what is shown", () => {
  const made = print([{ left: 0, top: 0, groups: [] }], { width: 300, height: 100 }, ["one", "two"]);
  assert.deepEqual([made.width, made.height, made.parts[1].top, made.title], [300, 140, 40, "one\ntwo"]);
  const [{ groups: [{ commands: [texts] }] }] = made.parts;
  assert.deepEqual(texts.kind === "texts" && texts.texts.map(({ text }) => text), ["one", "two"]);
  const narrow = print([], { width: 100, height: 10 }, ["one · two · three", "abcdefghijklmnopqrst"]);
  const [{ groups: [{ commands: [broken] }] }] = narrow.parts;
  assert.deepEqual(broken.kind === "texts" && broken.texts.map(({ text }) => text), ["one · two", "three", "abcdefghijkl", "mnopqrst"]);
  assert.equal(narrow.height, 10 + 4 * 16 + 8);
});

test("numbers are written in whole, as the shortest decimals that read back", () => {
  for (const [value, text] of /** @type {[number, string][]} */ ([
    [0.1, "0.1"], [-1.5e-7, "-0.00000015"], [1e-7, "0.0000001"], [5e-324, `0.${"0".repeat(323)}5`], [1.25e22, "12500000000000000000000"], [0, "0"], [61_800.1, "61800.1"],
  ])) {
    assert.equal(plain(value), text);
    assert.equal(Number(plain(value)), value);
  }
});

test("a table has all of its columns, empty fields for what is not there, and quotes where it needs them", () => {
  const table = tableOf("metrics", [[1, 2, 3, 4, 5]].map((row) => /** @type {any} */ (row.slice(0, 3))), COLUMNS);
  assert.equal(table && csv(table), "timestamp_ms,a,b,c\r\n1,2,3,\r\n");
  assert.equal(csv({ header: ["x", "y"], rows: [["a,b", null], ['"', true]] }), 'x,y\r\n"a,b",\r\n"""",true\r\n');
});

test("a bar with several price rows has a line for each, at exact prices, without the empty ones", () => {
  /** @type {HeatmapRow} */
  const bar = [7, 0.1, 0.3, 0.5, 0.3, [1, 0, 2], null, []];
  assert.deepEqual(tableOf("heatmap", [bar], COLUMNS)?.rows, [[7, 0.1, "bid", 0.3, 1], [7, 0.1, "bid", 0.5, 2]]);
  const footprint = tableOf("footprint", [[7, 0.5, [[1, 2, 3, 0, 4], [1.5, 1, 0, 0, 1]]]], COLUMNS);
  assert.deepEqual(footprint, { header: ["timestamp_ms", "row", "at", "buy", "sell"], rows: [[7, 0.5, 1, 2, 3, 0, 4], [7, 0.5, 1.5, 1, 0, 0, 1]] });
  assert.deepEqual(tableOf("depth", { bids: [[1, 2]], asks: [[3, 4]] }, COLUMNS)?.rows, [["bid", 1, 2], ["ask", 3, 4]]);
});

test("measures with parameters of the replay's own are columns of their names", () => {
  const row = /** @type {any} */ ([7, 1, 2, [0.5, null]]);
  assert.deepEqual(tableOf("measures", [row], { measures: ["timestamp_ms", "samples", "trades", "own"] }, ["obi_50", "cost_buy_bp_2"]), {
    header: ["timestamp_ms", "samples", "trades", "obi_50", "cost_buy_bp_2"],
    rows: [[7, 1, 2, 0.5, null]],
  });
});

test("a Parquet file is asked for by the times of its first and last row, or with all rows", () => {
  assert.equal(addressOf("ohlc", [[60_000, 1], [120_000, 2]]), "tables/ohlc.parquet?from_ms=60000&until_ms=120001");
  assert.equal(addressOf("depth", null), "tables/depth.parquet");
});

test("there is no table of what there is nothing of", () => {
  for (const name of NAMES) {
    assert.equal(tableOf(name, EMPTY[name], COLUMNS), null);
    assert.ok(!isAny(EMPTY[name]));
  }
  assert.ok(isAny([[1, 2, 3]]) && isAny({ bids: [[1, 2]], asks: [] }));
});

test("the command for the whole history has the settings of what is shown, as a shell takes them", () => {
  assert.equal(
    aggregate("footprint", ABOUT),
    "processor aggregate DATASET --view footprint --interval 1m --instrument BTC/USDT --row 0.5 --out footprint.parquet",
  );
  assert.equal(
    aggregate("bars", { ...ABOUT, instrument: "a b's", clock: "local" }),
    "processor aggregate DATASET --view bars --interval 1m --instrument 'a b'\\''s' --obi-levels 10 --cvd-reset none --clock local --out bars.parquet",
  );
  assert.match(aggregate("profile", { ...ABOUT, session_start: "22:00" }), / --session-start 22:00 /u);
  assert.doesNotMatch(aggregate("profile", { ...ABOUT, session_start: "00:00" }), /session/u);
});
