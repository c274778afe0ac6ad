import assert from "node:assert/strict";
import { test } from "node:test";
import { scale } from "../../visualizer/page/draw/scale.js";
import { PRESETS } from "../../visualizer/page/options.js";
import { bubbles, clusters } from "../../visualizer/page/panels/bubbles.js";
import { empty } from "../../visualizer/page/store.js";
import { TOKENS } from "./browser.js";
/** @import { OhlcRow, Picture, TapeRow } from "../../visualizer/page/types.d.ts" */

const BOX = { left: 0, top: 0, width: 100, height: 100 };
const WITHIN = scale({ x: [0, 10], y: [0, 100], box: BOX, step: 1, ratio: 1 });

/** A large order at a price.
 * @param {number} ms @param {number} side @param {number} volume @param {number} price
 * @returns {TapeRow} */
const order = (ms, side, volume, price) => [ms, ms, side, volume, 1, price, price, 1, true];

test("orders of one bar and side that would cover each other are one, at the price that their volumes weigh", () => {
  const radius = () => 5;
  const rows = [order(1, 1, 30, 50), order(1, 1, 10, 58), order(1, 1, 7, 80), order(1, -1, 9, 50), order(2, 1, 8, 50)];
  const found = clusters(rows, (each) => each[1], radius, WITHIN);
  assert.deepEqual(found.map(({ place, side, price, volume, orders }) => [place, side, price, volume, orders]), [
    [1, 1, 52, 40, 2],
    [1, 1, 80, 7, 1],
    [1, -1, 50, 9, 1],
    [2, 1, 50, 8, 1],
  ]);
});

test("one that has grown takes in the one below it", () => {
  const rows = [order(1, 1, 1, 40), order(1, 1, 1, 51), order(1, 1, 1, 55)];
  const found = clusters(rows, () => 1, (volume) => (volume > 1 ? 9 : 5), WITHIN);
  assert.deepEqual(found.map(({ volume, orders }) => [volume, orders]), [[3, 3]]);
});

test("the area of a circle is the volume, buyers are filled, sellers are rings, and orders without a bar in view are left out", () => {
  const bars = /** @type {OhlcRow[]} */ ([[2, 1, 1, 1, 1, 1], [3, 1, 1, 1, 1, 1]]);
  const tape = [order(1, 1, 99, 50), order(2.5, 1, 16, 50), order(3, -1, 99, 20), order(4, 1, 99, 20)];
  const ordinary = /** @type {TapeRow} */ ([...order(2, 1, 50, 90)].with(8, false));
  const data = { ...empty(), tape: [...tape, ordinary] };
  const picture = { data, options: PRESETS.flow, place: Number, step: 1, rows: () => bars };
  const drawn = bubbles.commands(/** @type {Picture} */ (/** @type {unknown} */ (picture)), WITHIN);
  const found = drawn.flatMap((each) => (each.kind === "circles" ? [[each.colour, each.width, each.circles]] : []));
  const [fill, outline, ring] = found;
  assert.equal(found.length, 3);
  assert.equal(fill[1], undefined);
  assert.deepEqual(outline, [TOKENS.get("bubble-buy"), 2, [20, 50, 16 * Math.sqrt(16 / 99)]]);
  assert.deepEqual(ring, [TOKENS.get("bubble-sell"), 2, [30, 80, 16]]);
});

test("of two volumes that would cover each other, the larger is told", () => {
  const bars = /** @type {OhlcRow[]} */ ([[2, 1, 1, 1, 1, 1]]);
  const tape = [order(2, 1, 98, 50), order(2, -1, 99, 52), order(2, 1, 97, 90)];
  const picture = { data: { ...empty(), tape }, options: PRESETS.flow, place: Number, step: 1, rows: () => bars };
  const drawn = bubbles.commands(/** @type {Picture} */ (/** @type {unknown} */ (picture)), WITHIN);
  assert.deepEqual(drawn.flatMap((each) => (each.kind === "texts" ? each.texts.map(({ text }) => text) : [])), ["99", "97"]);
});
