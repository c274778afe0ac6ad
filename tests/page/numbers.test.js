import assert from "node:assert/strict";
import { test } from "node:test";
import "./browser.js";
import * as format from "../../visualizer/page/format.js";
import { CHOICES } from "../../visualizer/page/looks.js";
import { counted, plainOf, written } from "../../visualizer/page/numbers.js";
import { random } from "./random.js";
/** @typedef {"plain" | "comma" | "space" | "point"} Name */

const NAMES = /** @type {Name[]} */ (Object.keys(CHOICES.numbers));
const SPACE = "\u00A0";

/** A text in each form.
 * @param {(form: Name) => string | null} of */
const inEach = (of) => NAMES.map(of);

test("a decimal is written in the form that is chosen, and its label says how", () => {
  assert.deepEqual(inEach((form) => written("-1234567.05", form)), ["-1234567.05", "-1,234,567.05", `-1${SPACE}234${SPACE}567,05`, "-1.234.567,05"]);
  assert.deepEqual(inEach((form) => written("+999.5", form)), ["+999.5", "+999.5", "+999,5", "+999,5"]);
  assert.deepEqual(inEach((form) => counted("1234567", form)), ["1,234,567", "1,234,567", `1${SPACE}234${SPACE}567`, "1.234.567"]);
  for (const name of NAMES) assert.equal(written("1234.5", name), CHOICES.numbers[name].replace(" ", SPACE));
});

test("what is no decimal is written as it is", () => {
  for (const text of ["–", "", "1e+21", "auto", "max", "2024-08-09"]) assert.deepEqual(new Set(inEach((form) => written(text, form))), new Set([text]));
});

test("what is displayed can be typed, whatever the number and the form", () => {
  const next = random(11);
  for (let round = 0; round < 400; round += 1) {
    const plain = (next(10 ** (1 + (round % 8))) / 10 ** (round % 4)).toFixed(round % 5);
    for (const form of NAMES) {
      assert.equal(plainOf(written(plain, form), form), plain);
      assert.equal(plainOf(` ${written(plain, form).replaceAll(SPACE, " ")} `, form), plain);
    }
  }
});

test("what might be another number than was meant is none", () => {
  /** @type {[string, (string | null)[]][]} */
  const typed = [
    ["1.5", ["1.5", "1.5", "1.5", null]],
    ["1,5", [null, null, "1.5", "1.5"]],
    ["1,234", [null, "1234", "1.234", "1.234"]],
    ["1.234", ["1.234", "1.234", "1.234", "1234"]],
    ["0.500", ["0.500", "0.500", "0.500", null]],
    ["0,500", [null, null, "0.500", "0.500"]],
    ["12,34", [null, null, "12.34", "12.34"]],
    ["1 234", [null, null, "1234", null]],
    ["1,2345,678", [null, null, null, null]],
    ["1.234.567", [null, null, null, "1234567"]],
    ["1.5.5", [null, null, null, null]],
    [".5", [".5", ".5", ".5", null]],
    [",5", [null, null, ".5", ".5"]],
  ];
  for (const [text, wanted] of typed) assert.deepEqual(inEach((form) => plainOf(text, form)), wanted, text);
  for (const text of ["", " ", ".", ",", "-1", "+1", "1e5", "x", "1..5", "٣"]) assert.deepEqual(inEach((form) => plainOf(text, form)), NAMES.map(() => null), text);
});

test("a number between two prices has the decimal that it needs", () => {
  assert.deepEqual([1.25, 1.3, 100, 1234.05].map((value) => format.between(value, 1)), ["1.25", "1.3", "100.0", "1234.05"]);
  assert.deepEqual([100, 100.5].map((value) => format.between(value, 0)), ["100", "100.5"]);
  assert.equal(format.between(null, 1), "–");
});
