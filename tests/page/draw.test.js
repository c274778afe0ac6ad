import assert from "node:assert/strict";
import { test } from "node:test";
import { candles, columns, line } from "../../visualizer/page/draw/commands.js";
import { scale } from "../../visualizer/page/draw/scale.js";
import { sizeText, valueTicks } from "../../visualizer/page/draw/ticks.js";
import { random } from "./random.js";
/** @import { Row, Span } from "../../visualizer/page/types.d.ts" */

const COLOURS = { up: "up", down: "down" };
const BOX = { left: 10, top: 20, width: 400, height: 200 };

/** @param {Span} x
 * @param {Span} y
 * @param {number} [ratio] */
const within = (x, y, ratio = 1) => scale({ x, y, box: BOX, step: 1, ratio });

/** @param {number[]} flat */
const each = (flat) => Array.from({ length: flat.length / 4 }, (_, index) => flat.slice(4 * index, 4 * index + 4));

test("a scale leads to pixels and back, prices upwards", () => {
  const { toX, toY, fromX, fromY, barPx } = within([100, 120], [-1, 1]);
  assert.deepEqual([toX(100), toX(120), toY(1), toY(-1)], [10, 410, 20, 220]);
  for (const value of [-3, 0, 0.25, 1]) assert.ok(Math.abs(fromY(toY(value)) - value) < 1e-12);
  for (const place of [90, 110, 119.5]) assert.ok(Math.abs(fromX(toX(place)) - place) < 1e-12);
  assert.equal(barPx, 20);
});

test("a wick stands in the middle of its body, on whole pixels of the screen", () => {
  const next = random(5);
  for (const ratio of [1, 1.5, 2]) {
    for (let round = 0; round < 50; round += 1) {
      const from = next(1000) / 7;
      /** @type {Row} */
      const row = [from + 3, 4, 9, 1, 6];
      const [{ rects, kind }] = /** @type {{ kind: "rects", rects: number[] }[]} */ (
        candles([row], 1, within([from, from + 4 + next(60)], [0, 10], ratio), COLOURS)
      );
      assert.equal(kind, "rects");
      const [body, wick] = each(rects);
      const whole = [...body, ...wick].map((px) => px * ratio);
      for (const px of whole) assert.ok(Math.abs(px - Math.round(px)) < 1e-6);
      assert.ok(Math.abs(body[0] + body[2] / 2 - (wick[0] + wick[2] / 2)) < 1e-6);
      assert.ok(wick[1] < body[1] && wick[1] + wick[3] > body[1] + body[3]);
    }
  }
});

test("a bar without a range is seen, one without values is a gap", () => {
  /** @type {Row[]} */
  const rows = [[1, 5, 5, 5, 5], [2, null, null, null, null]];
  const drawn = candles(rows, 1, within([0, 4], [0, 10]), COLOURS);
  assert.equal(drawn.length, 1);
  assert.deepEqual(drawn[0], { kind: "rects", colour: "up", rects: [85, 120, 51, 1] });
});

test("a hollow candle is an outline with its wick outside, where it has room for an inside", () => {
  /** @type {Row[]} */
  const rows = [[1, 2, 9, 1, 8]];
  const hollow = { ...COLOURS, isHollow: true };
  const [{ kind, ...drawn }] = candles(rows, 1, within([0, 40], [0, 10]), hollow);
  assert.equal(kind, "rects");
  const parts = each(/** @type {{ rects: number[] }} */ (/** @type {unknown} */ (drawn)).rects);
  assert.deepEqual(parts, [[18, 60, 5, 1], [18, 179, 5, 1], [18, 61, 1, 118], [22, 61, 1, 118], [20, 40, 1, 20], [20, 180, 1, 20]]);
  for (const [open, close, width] of [[8, 2, 40], [2, 8, 400], [5, 5, 40]]) {
    /** @type {Row} */
    const row = [1, open, 9, 1, close];
    const span = within([0, width], [0, 10]);
    assert.deepEqual(candles([row], 1, span, hollow), candles([row], 1, span, COLOURS));
  }
});

test("columns stand on zero, and a line breaks where a value is missing", () => {
  /** @type {Row[]} */
  const rows = [[1, 1, 0, 0, 2, 8], [2, 2, 0, 0, 1, null], [3, 2, 0, 0, 1, 4]];
  const drawn = columns(rows, { value: 5, open: 1, close: 4, share: 0.5 }, within([0, 4], [0, 10]), COLOURS);
  assert.deepEqual(drawn, [
    { kind: "rects", colour: "up", rects: [85, 60, 50, 160] },
    { kind: "rects", colour: "down", rects: [285, 140, 50, 80] },
  ]);
  const [through] = line(rows, 5, within([0, 4], [0, 10]), { colour: "blue", width: 1 });
  assert.deepEqual(through, { kind: "polyline", colour: "blue", width: 1, points: [110, 60, 210, Number.NaN, 310, 140] });
});

test("labels are round, evenly apart, in the span, and no more than asked for", () => {
  const next = random(11);
  for (let round = 0; round < 300; round += 1) {
    const low = (next(2000) - 1000) / 10 ** next(6);
    const high = low + (1 + next(5000)) / 10 ** next(6);
    const most = 1 + next(15);
    const { values, decimals } = valueTicks([low, high], most);
    assert.ok(values.length <= most + 1);
    assert.equal(new Set(values.map((value) => value.toFixed(decimals))).size, values.length);
    for (const value of values) {
      assert.ok(value >= low - 1e-6 * (high - low) && value <= high + 1e-6 * (high - low));
      assert.ok(Math.abs(Number(value.toFixed(decimals)) - value) <= 1e-9 * Math.max(1, Math.abs(value)));
    }
  }
  assert.deepEqual(valueTicks([1.2271, 1.2358], 12, 0.001).values.slice(0, 2), [1.228, 1.229]);
  assert.deepEqual(valueTicks([1, 1], 5), { values: [], decimals: 0 });
});

test("labels of prices are multiples of the instrument's step", () => {
  assert.deepEqual(valueTicks([5528.98, 5529.27], 16, 0.25), { values: [5529, 5529.25], decimals: 2 });
  assert.deepEqual(valueTicks([5528, 5529.6], 5, 0.25).values, [5528, 5528.5, 5529, 5529.5]);
  assert.deepEqual(valueTicks([0, 10], 5, 0.25).values, [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(valueTicks([0, 0.2], 5, 1 / 64).values, [0, 0.078125, 0.15625]);
  const next = random(13);
  for (let round = 0; round < 300; round += 1) {
    const step = [0.25, 0.5, 0.01, 0.03, 1 / 32, 12.5, 1e-8][next(7)];
    const low = step * (next(100_000) - 50_000);
    const most = 1 + next(15);
    const { values, decimals } = valueTicks([low, low + step * (1 + next(5000))], most, step);
    assert.ok(values.length <= most + 1);
    for (const value of values) assert.ok(Math.abs(value / step - Math.round(value / step)) < 1e-6);
    for (const value of values) assert.equal(Number(value.toFixed(decimals)), value);
  }
});

test("a step is one however small it is, and what no float tells apart ends", () => {
  assert.deepEqual(valueTicks([1e-16, 4e-16], 16, 1e-16).values, [1e-16, 2e-16, 3e-16, 4e-16]);
  assert.deepEqual(valueTicks([0, 4e-30], 4, 2e-30).values.length, 3);
  assert.ok(valueTicks([98_765_432.1, 98_765_432.1 + 1e-8], 16, 1e-9).values.length <= 17);
  assert.ok(valueTicks([1e300, 1.0000001e300], 5, 1).values.length <= 6);
});

test("large sizes are abbreviated as soon as one of the axis is large", () => {
  assert.deepEqual([0, 500, 1000].map((value) => sizeText([0, 1200])(value, 0)), ["0", "500", "1000"]);
  assert.deepEqual([20e9, -3e12].map((value) => sizeText([-3e12, 20e9])(value, 0)), ["20B", "-3T"]);
  assert.deepEqual([0, 500, 12_000, -1_500_000].map((value) => sizeText([-2e6, 12_000])(value, 0)), ["0", "500", "12k", "-1.5M"]);
});

test("where bars are dense, a candle is one line", () => {
  const rows = /** @type {Row[]} */ (Array.from({ length: 500 }, (_, bar) => [bar, 5, 9, 1, 6]));
  const [drawn] = candles(rows, 1, within([0, 400], [0, 10]), COLOURS);
  assert.ok(drawn.kind === "rects");
  assert.equal(drawn.rects.length, 4 * rows.length);
  assert.deepEqual(drawn.rects.slice(1, 4), [40, 1, 160]);
});

test("a body is wider than its wick as soon as there is room for it, and never as wide as its bar", () => {
  /** @param {number} barPx */
  const bodyPx = (barPx) => {
    const [drawn] = candles([[1, 4, 9, 1, 6]], 1, within([0, 400 / barPx], [0, 10]), COLOURS);
    assert.ok(drawn.kind === "rects");
    return drawn.rects[2];
  };
  assert.deepEqual([1, 2, 3, 4, 6, 8].map(bodyPx), [1, 1, 1, 3, 3, 5]);
});
