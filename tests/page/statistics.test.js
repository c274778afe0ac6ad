import assert from "node:assert/strict";
import { test } from "node:test";
import * as heights from "../../visualizer/page/panels/heights.js";
import { PRESETS } from "../../visualizer/page/options.js";
import { scale } from "../../visualizer/page/draw/scale.js";
import { PANELS, fixedHeights } from "../../visualizer/page/panels/registry.js";
import { LABELS, duration } from "../../visualizer/page/panels/statistics-rows.js";
import { statistics } from "../../visualizer/page/panels/statistics.js";
import { empty } from "../../visualizer/page/store.js";
import "./browser.js";
/** @import { About, Picture, StatisticsRow } from "../../visualizer/page/types.d.ts" */

const ABOUT = /** @type {About} */ ({ size_decimals: 1, price_decimals: 2 });

/** @param {number} place
 * @param {number} buy
 * @param {number} sell
 * @returns {StatisticsRow} */
function bar(place, buy, sell) {
  const vwap = buy ? 100.126 : null;
  return [place, 1, buy, sell, 0.1, 7, 0.5, -2, 100, 101, 99, vwap, 1, 65_400, true, false, 100, 1, 100, 101, 99, 100, 1];
}

/** What the table draws of bars that are so wide.
 * @param {StatisticsRow[]} bars
 * @param {number} barPx
 * @param {string[]} names of its rows */
function drawn(bars, barPx, names) {
  const options = { ...PRESETS.flow, statistics: names };
  const picture = { data: { ...empty(), about: ABOUT }, options, place: Number, cvdLine: false, rows: () => bars };
  const box = { left: 0, top: 100, width: 10 * barPx, height: 16 * names.length };
  return statistics.layers[0].commands(/** @type {Picture} */ (/** @type {unknown} */ (picture)), scale({ x: [0, 10], y: [0, 1], box, step: 1, ratio: 1 }));
}

/** @param {ReturnType<typeof drawn>} commands */
const texts = (commands) => commands.flatMap((each) => (each.kind === "texts" ? each.texts.map(({ text }) => text) : []));

test("sums of sizes are those of whole lots, and shares of the volume", () => {
  const bars = [bar(1, 0.3, 0.1), bar(2, 0, 0.2)];
  assert.deepEqual(texts(drawn(bars, 60, ["volume", "delta", "deltaPercent"])), ["0.5", "0.3", "+0.2", "-0.2", "+40%", "-67%"]);
  assert.deepEqual(texts(drawn(bars, 60, ["vwap", "duration", "trades"])), ["100.13", "", "65s", "65s", "7", "7"]);
});

test("a row has numbers where all of them fit, and colours always: by sign, and the stronger the larger", () => {
  const bars = [bar(1, 3, 1), bar(2, 0, 9)];
  assert.deepEqual(texts(drawn(bars, 30, ["volume", "vwap"])), ["4.1", "9.1"]);
  const [up, down] = drawn(bars, 4, ["delta"]);
  assert.ok(up.kind === "rects" && down.kind === "rects");
  assert.deepEqual([up.rects, down.rects], [[2, 100, 3, 15], [6, 100, 3, 15]]);
  /** @param {string} colour */
  const alpha = (colour) => Number(/[\d.]+(?=\))/u.exec(colour)?.[0]);
  assert.ok(alpha(down.colour) > alpha(up.colour));
  assert.equal(drawn(bars, 4, ["vwap"]).length, 0);
});

test("its height is that of its rows, whatever that of the chart, and unknown rows are left out", () => {
  const options = { ...PRESETS.flow, statistics: ["volume", "odd", "constructor", "delta"] };
  const fixed = fixedHeights(options);
  assert.deepEqual(fixed, { statistics: 32 });
  const at = PANELS.findIndex(({ id }) => id === "statistics");
  for (const height of [400, 1000]) {
    const domains = heights.domains(PANELS, [], height, fixed);
    assert.ok(Math.abs((domains[at][1] - domains[at][0]) * height - 32) < 1e-9);
    assert.ok(Math.abs(domains[PANELS.length - 1][0]) < 1e-9);
  }
  const small = heights.domains(PANELS, [], 50, fixed)[at];
  assert.ok(Math.abs(small[1] - small[0] - 0.4) < 1e-9);
  assert.deepEqual(statistics.axis.rows?.(options), ["Volume", "Delta"]);
  assert.ok(PRESETS.flow.statistics.every((name) => name in LABELS));
});

test("the read-out says them in full, and a dash where there is none", () => {
  /** @param {StatisticsRow | null} row */
  const read = (row) => statistics.readout.cells.map(({ text }) => text(/** @type {any} */ (row), ABOUT, PRESETS.flow));
  assert.deepEqual(read(bar(1, 0.3, 0.1)), ["+40.0", "7", "100.13"]);
  assert.deepEqual(read(null), ["–", "–", "–"]);
});

test("a duration is told in one unit, rounded down", () => {
  const found = [0, 999, 1000, 99_999, 100_000, 5_999_999, 6_000_000, 360_000_000].map(duration);
  assert.deepEqual(found, ["0ms", "999ms", "1s", "99s", "1m", "99m", "1h", "4d"]);
});
