import assert from "node:assert/strict";
import { test } from "node:test";
import { store } from "../../visualizer/page/draw/stamps.js";
/** @import { Stamp } from "../../visualizer/page/types.d.ts" */

/** @param {number} [width] */
const stamp = (width = 10) => /** @type {Stamp} */ ({ box: { left: -1, top: 0, width, height: 10 }, commands: [] });

/** A store that tells what it made and what it gave up.
 * @param {Partial<{ mostMade: number, mostPixels: number }>} [limits] */
function made(limits) {
  /** @type {Stamp[]} */
  const closed = [];
  let count = 0;
  const held = store(
    (of) => {
      count += 1;
      return { of, close: () => closed.push(of) };
    },
    { mostMade: 2, mostPixels: 1000, ...limits },
  );
  return { ...held, closed, count: () => count };
}

/** @param {ReturnType<typeof made>["of"]} of
 * @param {Stamp} one */
const twice = (of, one) => [of(one, 1), of(one, 1)];

test("a stamp has a bitmap from when it is drawn again, and keeps it", () => {
  const { of, count } = made();
  const one = stamp();
  assert.equal(of(one, 1), null);
  const bitmap = of(one, 1);
  assert.equal(bitmap?.of, one);
  assert.equal(of(one, 1), bitmap);
  assert.equal(count(), 1);
});

test("on a finer screen a stamp is drawn again before it has another bitmap", () => {
  const { of, closed } = made();
  const one = stamp();
  twice(of, one);
  assert.equal(of(one, 2), null);
  assert.deepEqual(closed, [one]);
  assert.equal(of(one, 2)?.of, one);
});

test("a paint makes so many bitmaps and no more, the next one makes others", () => {
  const { begin, of } = made();
  const all = [stamp(), stamp(), stamp()];
  for (const each of all) of(each, 1);
  assert.deepEqual(all.map((each) => of(each, 1) !== null), [true, true, false]);
  begin();
  assert.deepEqual(all.map((each) => of(each, 1) !== null), [true, true, true]);
});

test("beyond so many pixels the bitmap that was used last the longest ago goes, and what is too large has none", () => {
  const { of, closed } = made({ mostMade: 9, mostPixels: 200 });
  const [one, other, third, huge] = [stamp(), stamp(), stamp(), stamp(21)];
  for (const each of [one, other, one]) twice(of, each);
  assert.deepEqual(closed, []);
  twice(of, third);
  assert.deepEqual(closed, [other]);
  assert.deepEqual(twice(of, huge), [null, null]);
});
