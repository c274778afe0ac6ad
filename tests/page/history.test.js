import assert from "node:assert/strict";
import { test } from "node:test";
import { NOTHING, beyond, isSame, recorded, redone, undone } from "../../visualizer/page/chart/drawings/history.js";
/** @import { Drawing } from "../../visualizer/page/types.d.ts" */

/** @param {...number} prices
 * @returns {Drawing[]} */
const list = (...prices) => prices.map((price, index) => ({ id: index + 1, kind: "level", points: [{ ms: 1, price }] }));

test("changes are undone from the last to the first, and done again in their order", () => {
  const [one, two, three] = [list(), list(1), list(1, 2)];
  const history = recorded(recorded(NOTHING, one), two);
  const back = undone(history, three);
  assert.equal(back?.list, two);
  const first = back && undone(back.history, back.list);
  assert.equal(first?.list, one);
  assert.equal(first && undone(first.history, first.list), null);
  const again = first && redone(first.history, first.list);
  assert.equal(again?.list, two);
  const last = again && redone(again.history, again.list);
  assert.equal(last?.list, three);
  assert.deepEqual(last?.history, history);
  assert.equal(redone(history, three), null);
});

test("a change after what was undone ends what could be done again", () => {
  const back = undone(recorded(NOTHING, list(1)), list(2));
  assert.ok(back);
  assert.equal(redone(recorded(back.history, back.list), list(3)), null);
});

test("a hundred changes are held, and what goes on with the last one is a part of it", () => {
  let history = NOTHING;
  for (let price = 0; price < 130; price += 1) history = recorded(history, list(price));
  assert.equal(history.past.length, 100);
  assert.equal(history.past[0][0].points[0].price, 30);
  assert.equal(recorded(history, list(7), true).past.length, 100);
  assert.deepEqual(recorded(history, list(7), true), history);
  assert.equal(recorded(NOTHING, list(7), true).past.length, 1);
  const back = undone(recorded(NOTHING, list(1)), list(2));
  assert.equal(back && recorded(back.history, back.list, true).past.length, 1);
});

test("what differs between two lists is told by what a drawing is, not by which object it is", () => {
  assert.ok(isSame(list(1, 2), list(1, 2)));
  assert.ok(!isSame(list(1, 2), list(1)));
  assert.ok(!isSame(list(1), [{ ...list(1)[0], panel: "cvd" }]));
  assert.deepEqual(beyond(list(1, 5), list(1, 2)).map(({ points: [{ price }] }) => price), [5]);
});
