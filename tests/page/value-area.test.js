import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { nodes, valueArea } from "../../visualizer/page/panels/value-area.js";
import { random } from "./random.js";
/** @import { Traded } from "../../visualizer/page/panels/value-area.js" */

/* Results of an independent program over recorded days, where a machine has them. */
const DATA = process.env.SHARED_DATA ?? new URL("../../../shared/data", import.meta.url).pathname;
const EXPECTED = `${DATA}/expected`;

/** A profile from row numbers and lots in turn.
 * @param {(number | bigint)[]} flat
 * @returns {Traded[]} */
const profile = (...flat) =>
  Array.from({ length: flat.length / 2 }, (_, at) => ({ row: Number(flat[2 * at]), lots: BigInt(flat[2 * at + 1]) }));

/** The rule as it is written, a row at a time.
 * @param {Traded[]} rows */
function plain(rows) {
  const lots = new Map(rows.map((each) => [each.row, each.lots]));
  const [bottom, top] = [rows[0].row, rows[rows.length - 1].row];
  /** @param {number} row */
  const at = (row) => lots.get(row) ?? 0n;
  const all = rows.reduce((sum, each) => sum + each.lots, 0n);
  if (all === 0n) return null;
  const [{ row: poc }] = [...rows].sort(
    (one, other) =>
      Number(other.lots - one.lots) ||
      Math.abs(2 * one.row - bottom - top) - Math.abs(2 * other.row - bottom - top) ||
      one.row - other.row,
  );
  let [low, high, held] = [poc, poc, at(poc)];
  while (100n * held < 70n * all) {
    const [up, down] = [at(high + 1) + at(high + 2), at(low - 1) + at(low - 2)];
    const [canUp, canDown] = [high < top, low > bottom];
    if (canUp && (up >= down || !canDown)) {
      high = Math.min(top, high + 2);
      held += up;
    }
    if (canDown && (down >= up || !canUp)) {
      low = Math.max(bottom, low - 2);
      held += down;
    }
  }
  return { poc, low, high };
}

test("the point of control is the row of most volume, of several the one nearest to the middle, then the lower", () => {
  assert.equal(valueArea(profile(1, 5, 2, 9, 3, 1))?.poc, 2);
  assert.equal(valueArea(profile(1, 9, 2, 9, 3, 1, 9, 1))?.poc, 2);
  assert.equal(valueArea(profile(-2, 9, -1, 1, 0, 9))?.poc, -2);
});

test("the value area grows by the larger pair, by both where they are equal, and not beyond the traded rows", () => {
  assert.deepEqual(valueArea(profile(5, 10)), { poc: 5, low: 5, high: 5 });
  assert.deepEqual(valueArea(profile(1, 2, 2, 3, 3, 10, 4, 4, 5, 2)), { poc: 3, low: 3, high: 5 });
  assert.deepEqual(valueArea(profile(1, 3, 2, 3, 3, 10, 4, 3, 5, 3)), { poc: 3, low: 1, high: 5 });
  assert.deepEqual(valueArea(profile(1, 10, 2, 9, 3, 8, 4, 7)), { poc: 1, low: 1, high: 3 });
  assert.deepEqual(valueArea(profile(1, 70, 2, 30)), { poc: 1, low: 1, high: 1 });
});

test("a profile without volume has no value area", () => {
  assert.equal(valueArea([]), null);
  assert.equal(valueArea(profile(1, 0, 2, 0)), null);
  assert.deepEqual(nodes(profile(1, 0, 2, 0)), { high: [], low: [] });
});

test("lots beyond what floats hold are summed exactly", () => {
  const large = 2n ** 70n;
  assert.deepEqual(valueArea(profile(1, 3n * large, 2, 7n * large, 3, 1)), { poc: 2, low: 1, high: 2 });
  assert.deepEqual(valueArea(profile(1, 3n * large, 2, 7n * large)), { poc: 2, low: 2, high: 2 });
});

test("a value area is that of the rule as it is written, over gaps and ties too", () => {
  const next = random(7);
  for (let round = 0; round < 3000; round += 1) {
    let row = -next(50);
    const rows = Array.from({ length: 1 + next(12) }, () => {
      row += 1 + (next(3) ? 0 : next(9));
      return { row, lots: BigInt(next(6)) };
    });
    assert.deepEqual(valueArea(rows), plain(rows));
  }
});

test("one odd price far away does not cost time", () => {
  assert.deepEqual(valueArea(profile(-1e12, 1, 0, 1, 3, 1, 1e12 + 1, 1)), { poc: 0, low: -1e12, high: 1e12 + 1 });
});

test("nodes stand out from the two rows on either side, and are none of the outermost two", () => {
  assert.deepEqual(nodes(profile(1, 100, 2, 10, 3, 80, 4, 30, 5, 30, 6, 90, 7, 1, 8, 100)), { high: [], low: [] });
  assert.deepEqual(nodes(profile(1, 40, 2, 40, 3, 100, 4, 50, 5, 20, 6, 60, 7, 60, 8, 1)), { high: [3], low: [5] });
  assert.deepEqual(nodes(profile(1, 9, 2, 9, 4, 9, 8, 9, 9, 9)), { high: [4], low: [] });
});

for (const name of ["lobster-amzn_60s", "binance-btcusdt_60s", "binance-btcusdt_1s", "binance-nexousdt_60s"]) {
  const file = `${EXPECTED}/views_${name}.json.gz`;
  test(`a session's profile has the value area that ${name} ends with`, { skip: !existsSync(file) }, () => {
    const { row: height, profile: found, statistics } = JSON.parse(gunzipSync(readFileSync(file)).toString());
    const sizes = ["buy_volume", "sell_volume", "unknown_volume"];
    const last = found.session_ms.at(-1);
    const rows = found.session_ms.flatMap((/** @type {number} */ session, /** @type {number} */ at) => {
      if (session !== last) return [];
      const lots = sizes.reduce((sum, column) => sum + BigInt(Math.round(found[column][at] * 1e8)), 0n);
      return [{ row: Math.round(found.row_price[at] / height), lots }];
    });
    const area = valueArea(rows);
    assert.ok(area);
    const expected = ["poc", "val", "vah"].map((column) => statistics[`session_${column}`].at(-1));
    const edges = [area.poc, area.low, area.high + 1].map((row) => row * height);
    for (const [index, edge] of edges.entries()) assert.ok(Math.abs(edge - expected[index]) < height / 100);
  });
}
