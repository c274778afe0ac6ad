import assert from "node:assert/strict";
import { test } from "node:test";
import { search } from "../../visualizer/page/header/picker.js";

const NAMES = ["ADAUSDT", "BTC-USDT-SWAP", "BTCUSDT", "ETHBTC", "ETHUSDT"];

test("a search finds the names that hold every word of it, those that begin with it first", () => {
  assert.deepEqual(search(NAMES, "btc"), ["BTC-USDT-SWAP", "BTCUSDT", "ETHBTC"]);
  assert.deepEqual(search(NAMES, "usdt eth"), ["ETHUSDT"]);
  assert.deepEqual(search(NAMES, " "), NAMES);
  assert.deepEqual(search(NAMES, "xrp"), []);
});
