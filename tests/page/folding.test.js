import assert from "node:assert/strict";
import { test } from "node:test";
import { folded } from "../../visualizer/page/header/folding.js";
import "./browser.js";

const SHOWN = ["view", "follow", "report-button", "options-button", "bars-button", "monitor-button", "cvd-style", "keys-button"].map((id) => ({ id, width: 50 }));

/** @param {number} excess */
const gone = (excess) => [...folded(SHOWN, excess)];

test("what is needed the least goes into the menu first, and no more than has to", () => {
  assert.deepEqual(gone(0), []);
  assert.deepEqual(gone(1), ["cvd-style"]);
  assert.deepEqual(gone(50), ["cvd-style"]);
  assert.deepEqual(gone(51), ["cvd-style", "monitor-button"]);
  assert.deepEqual(gone(151), ["cvd-style", "monitor-button", "bars-button", "keys-button"]);
  assert.deepEqual(gone(300).at(-1), "options-button");
  assert.equal(gone(399).at(-1), "follow");
  assert.equal(gone(9999).length, SHOWN.length);
});
