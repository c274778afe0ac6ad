import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "../../visualizer/page/format.js";

test("a number is written with the instrument's decimals, or without any as the shortest that reads back", () => {
  assert.equal(format.exact(0.1 + 0.2, 2), "0.30");
  assert.equal(format.exact(0.1, null), "0.1");
  assert.equal(format.exact(1e-7, null), "0.0000001");
  assert.equal(format.exact(null, 2), "–");
  assert.equal(format.exact(0, 2), "0.00");
});

/** @param {number} step
 * @param {number} decimals */
const about = (step, decimals) => /** @type {any} */ ({ price_step: step, price_decimals: decimals });

test("a price has the decimals of the price step, and those it needs where it lies between two steps", () => {
  const lobster = about(0.01, 4);
  assert.deepEqual([223.95, 223.955, 224, -0.01, -0.0049].map((value) => format.price(value, lobster)), [
    "223.95",
    "223.955",
    "224.00",
    "-0.01",
    "-0.0049",
  ]);
  assert.equal(format.price(5012.25, about(0.25, 2)), "5012.25");
  assert.equal(format.price(98_765_432.1, about(0.1, 1)), "98765432.1");
  assert.equal(format.price(0.00000123, about(1e-8, 8)), "0.00000123");
  assert.equal(format.price(-37.63, about(0.01, 2)), "-37.63");
  assert.equal(format.price(1500, about(50, 0)), "1500");
  assert.equal(format.price(null, lobster), "–");
});

test("a price without a known step has the decimals of the prices, or those that it needs", () => {
  assert.equal(format.price(1.5, /** @type {any} */ ({ price_step: null, price_decimals: 3 })), "1.500");
  assert.equal(format.price(1.5, null), "1.5");
});

test("a spread is a distance of two prices, without the noise of floats and without a minus before zero", () => {
  const spreads = [0.3 - 0.1, 0.1 - 0.3, 0.1 + 0.2 - 0.3, 0.3 - 0.1 - 0.2].map((value) => format.price(value, about(0.1, 1)));
  assert.deepEqual(spreads, ["0.2", "-0.2", "0.0", "0.0"]);
});

test("a spread is measured against the distance of the mid price from zero", () => {
  assert.deepEqual([format.relativeSpread(0.01, -37), format.relativeSpread(-1, 2), format.relativeSpread(1, 0)], ["2.70 bp", "-5000.00 bp", ""]);
});

test("a sign stands before what is above zero, and before nothing else but a minus", () => {
  assert.deepEqual([1.5, 0, -1.5, null].map((value) => format.signed(value, 1)), ["+1.5", "0.0", "-1.5", "–"]);
});

test("the decimals of a list tell all of it apart, and are at most twelve", () => {
  assert.equal(format.decimalsOf([]), 0);
  assert.equal(format.decimalsOf([1, 2.5, 0.125]), 3);
  assert.equal(format.decimalsOf([1e-7]), 7);
  assert.equal(format.decimalsOf([0.1 + 0.2]), 12);
});

test("a time is as fine as the distance of the bars needs", () => {
  const ms = Date.UTC(2024, 7, 9, 1, 2, 3, 45);
  assert.deepEqual(
    [60_000, 300_000, 1000, 250].map((fineness) => format.barTime(ms, fineness)),
    ["2024-08-09 01:02", "2024-08-09 01:02", "2024-08-09 01:02:03", "2024-08-09 01:02:03.045"],
  );
  assert.equal(format.dateTime(undefined), "–");
});

test("an age is told as coarsely as it is long", () => {
  const ages = [-5, 0, 9949, 10_000, 119_999, 7_199_999, 86_400_000, 3 * 86_400_000];
  assert.deepEqual(ages.map(format.age), ["0.0 s", "0.0 s", "9.9 s", "10 s", "119 s", "119 min", "24 h", "3 days"]);
});

test("a share has two digits at least that say something", () => {
  const shares = [0, 1.6e-7, 1.55e-6, 2e-5, 0.000123456, 0.05, -1.6e-7, 1e-30].map(format.basisPoints);
  const numbers = ["0.00", "0.0016", "0.015", "0.20", "1.23", "500.00", "-0.0016", "0.0000000000"];
  assert.deepEqual(shares, numbers.map((number) => `${number} bp`));
});

test("a speed without a number is as fast as it goes", () => {
  assert.deepEqual([null, 1, 0.1, 10_000].map(format.speed), ["max", "×1", "×0.1", "×10000"]);
});

test("sizes and counts are grouped and rounded for reading", () => {
  assert.deepEqual([null, 999, 1000, 999_999, 2_500_000].map(format.bytes), ["–", "999 B", "1.0 kB", "1000.0 kB", "2.5 MB"]);
  assert.equal(format.count(1_234_567), "1,234,567");
  assert.equal(format.count(900_719_925_474_099_312n), "900,719,925,474,099,312");
});

test("a length of time is told in its two largest units", () => {
  const minute = 60_000;
  const lengths = [17.5 * 60 * minute, 65 * 60 * minute, 45 * minute, 120 * minute, 90_000, 48 * 60 * minute, 400];
  assert.deepEqual(lengths.map(format.duration), ["17 h 30 min", "2 days 17 h", "45 min", "2 h", "1 min 30 s", "2 days", ""]);
});

test("one of something is not several", () => {
  assert.deepEqual([0, 1, 2, 1200].map((count) => format.counted(count, "row")), ["0 rows", "1 row", "2 rows", "1,200 rows"]);
  assert.equal(format.counted(2n, "entry", "entries"), "2 entries");
  assert.deepEqual([86_400_000 * 2, 86_400_000 * 192].map(format.age), ["2 days", "192 days"]);
});

test("a long name is cut in its middle, as names differ at their ends", () => {
  assert.equal(format.middle("BTCUSDT", 7), "BTCUSDT");
  assert.equal(format.middle("BTCUSDT-240927-PERP", 9), "BTCU…PERP");
  assert.equal(format.middle("BTCUSDT-240927-PERP", 8), "BTCU…ERP");
  assert.equal([...format.middle("🙂".repeat(30), 9)].length, 9);
});
