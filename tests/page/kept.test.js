import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import "./browser.js";
import { placeOf } from "../../visualizer/page/chart/belonging.js";
import * as options from "../../visualizer/page/options.js";
import * as kept from "../../visualizer/page/chart/drawings/kept.js";
/** @import { About, Drawing } from "../../visualizer/page/types.d.ts" */

/** @type {Map<string, string>} */
const storage = new Map();
/** @type {string[]} */
const complaints = [];
let isFull = false;
/** @type {((event: { key: string }) => void)[]} */
const listeners = [];
Object.assign(globalThis, {
  requestAnimationFrame: () => {},
  window: {
    addEventListener: (/** @type {string} */ _, /** @type {(event: { key: string }) => void} */ act) => listeners.push(act),
    localStorage: {
      getItem: (/** @type {string} */ key) => storage.get(key) ?? null,
      setItem: (/** @type {string} */ key, /** @type {string} */ value) => {
        if (isFull) throw new Error("full");
        storage.set(key, value);
      },
      removeItem: (/** @type {string} */ key) => storage.delete(key),
    },
  },
});

/** @param {string} instrument @param {object} [more] */
const about = (instrument, more = {}) => /** @type {About} */ (/** @type {unknown} */ ({ instrument, start_ms: 1e12, end_ms: 2e12, ...more }));
/** @param {number} price
 * @returns {Drawing} */
const level = (price) => ({ id: 0, kind: "level", points: [{ ms: 1, price }] });
const prices = () => kept.current().list.map(({ points: [{ price }] }) => price);

kept.start((sentence) => complaints.push(sentence), placeOf);
let number = 0;
/** @type {string} */
let own;

beforeEach(() => {
  [isFull, complaints.length] = [false, 0];
  number += 1;
  own = `X${number}`;
  options.reset();
  kept.enter(about(own));
});

test("drawings are kept by instrument, and are there again with it", () => {
  kept.put(level(1));
  kept.put(level(2));
  kept.save();
  kept.enter(about("other"));
  assert.deepEqual([prices(), kept.current().selected], [[], null]);
  kept.enter(about(own));
  assert.deepEqual(prices(), [1, 2]);
  kept.select(kept.current().list[0].id);
  assert.ok(kept.removeSelected());
  assert.ok(!kept.removeSelected());
  kept.enter(about("other"));
  kept.enter(about(own));
  assert.deepEqual(prices(), [2]);
});

test("the start of the VWAP and the bars of the profile are kept by view, and are forgotten where the user takes them away", () => {
  options.set({ vwap: "anchor", anchor: 1.5e12, profile: "range", range: [1.2e12, 1.3e12] });
  kept.enter(about("another"));
  assert.deepEqual([options.options().vwap, options.options().anchor, options.options().range], ["off", null, null]);
  kept.enter(about(own));
  assert.deepEqual([options.options().vwap, options.options().anchor, options.options().range], ["anchor", 1.5e12, [1.2e12, 1.3e12]]);
  options.choose("flow");
  assert.deepEqual([options.options().vwap, options.options().anchor], ["session", null]);
  options.choose("overview");
  assert.deepEqual([options.options().vwap, options.options().profile], ["anchor", "range"]);
  options.set({ vwap: "off" });
  kept.enter(about("another"));
  kept.enter(about(own));
  assert.deepEqual([options.options().vwap, options.options().range], ["off", [1.2e12, 1.3e12]]);
});

test("a start that lies in another dataset is not shown, and is not forgotten", () => {
  options.set({ vwap: "anchor", anchor: 1.5e12 });
  kept.enter(about("another"));
  kept.enter(about(own, { start_ms: 1.8e12 }));
  assert.equal(options.options().vwap, "off");
  options.set({ bands: 1 });
  kept.enter(about("another"));
  kept.enter(about(own));
  assert.equal(options.options().anchor, 1.5e12);
});

test("what is exported is imported again, elsewhere and without doubles, and what is none says what would be right", () => {
  kept.put(level(1));
  kept.save();
  const handed = JSON.parse(JSON.stringify(kept.exported(own)));
  assert.deepEqual([handed.version, handed.instrument, handed.drawings.length], [1, own, 1]);
  handed.drawings.push({ kind: "level", points: [{ ms: 5, price: 9 }] }, { kind: "odd" });
  assert.deepEqual(kept.imported(handed), { instrument: own, added: 1, refused: 1 });
  assert.deepEqual(prices(), [1, 9]);
  assert.deepEqual(kept.imported({ ...handed, instrument: `${own} elsewhere` }), { instrument: `${own} elsewhere`, added: 2, refused: 1 });
  assert.equal(kept.exported(`${own} elsewhere`).drawings.length, 2);
  for (const odd of [null, {}, { ...handed, version: 9 }, { ...handed, instrument: 7 }]) {
    assert.match(/** @type {any} */ (kept.imported(odd)).error, /expected an object with "version": 1/u);
  }
});

test("what another tab has drawn is shown, and a browser that keeps nothing says so", () => {
  storage.set(`orderflow.drawings:${own}`, JSON.stringify({ version: 1, drawings: [level(7)], views: {} }));
  for (const listener of listeners) listener({ key: `orderflow.drawings:${own}` });
  assert.deepEqual(prices(), [7]);
  isFull = true;
  kept.put(level(8));
  kept.save();
  assert.match(complaints.join(), /does not keep the drawings/u);
});

test("there are no more drawings than can be drawn", () => {
  for (let price = 0; price < 500; price += 1) assert.ok(kept.put(level(price)));
  assert.ok(!kept.put(level(501)));
  assert.match(complaints.join(), /500 drawings/u);
});

test("every change is undone and done again, by instrument, and is kept so; a held key is one change", () => {
  kept.put(level(1));
  kept.save();
  kept.put(level(2));
  kept.save();
  const [, second] = kept.current().list;
  for (const price of [3, 4, 5]) {
    kept.put({ ...second, points: [{ ms: 1, price }] });
    kept.save(price > 3);
  }
  kept.save();
  kept.clear();
  kept.imported({ version: 1, instrument: own, drawings: [level(9)], views: {} });
  const seen = [];
  for (let step = kept.undo(); step; step = kept.undo()) seen.push(prices());
  assert.deepEqual(seen, [[], [1, 5], [1, 2], [1], []]);
  assert.deepEqual(kept.could(), { undo: false, redo: true });
  assert.deepEqual(kept.redo()?.come.length, 1);
  kept.redo();
  assert.deepEqual(prices(), [1, 2]);
  kept.enter(about("another"));
  assert.equal(kept.undo(), null);
  kept.enter(about(own));
  assert.deepEqual(prices(), [1, 2]);
  assert.equal(kept.undo()?.gone.length, 1);
  assert.deepEqual(prices(), [1]);
});

test("what was changed here is not undone over what another tab has drawn since", () => {
  kept.put(level(1));
  kept.save();
  storage.set(`orderflow.drawings:${own}`, JSON.stringify({ version: 1, drawings: [level(1), level(7)], views: {} }));
  for (const listener of listeners) listener({ key: `orderflow.drawings:${own}` });
  assert.equal(kept.undo(), null);
  assert.deepEqual(prices(), [1, 7]);
});
