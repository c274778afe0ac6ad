import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import * as frame from "../../visualizer/page/draw/frame.js";
import { empty } from "../../visualizer/page/store.js";
/** @import { About, Moment, State } from "../../visualizer/page/types.d.ts" */

/** @type {(() => void)[]} */
let waiting = [];
/** @type {string[]} */
let seen = [];

/* The next animation frame comes. */
function next() {
  const due = waiting;
  waiting = [];
  for (const run of due) run();
}

/** @param {string[]} changed
 * @param {Partial<Moment>} more
 * @returns {Moment} */
const moment = (changed, more = {}) => ({ state: empty(), changed: new Set(changed), reset: false, before: null, ...more });

beforeEach(() => {
  waiting = [];
  seen = [];
  Object.assign(globalThis, {
    document: { hidden: false, addEventListener: () => {} },
    requestAnimationFrame: (/** @type {() => void} */ run) => waiting.push(run),
    reportError: (/** @type {Error} */ error) => seen.push(error.message),
  });
  const parts = ["one", "other"].map((name) => ({
    views: [name, "both"],
    take: () => seen.push(`${name} takes`),
    paint: () => seen.push(`${name} paints`),
    show: () => seen.push(`${name} writes`),
    draw: () => seen.push(`${name} draws`),
  }));
  frame.connect(parts);
});

test("all take in a moment before any of them is painted, and nothing is written before all are, in one frame", () => {
  frame.show(moment(["both"]));
  assert.deepEqual(seen, []);
  next();
  assert.deepEqual(seen, ["one takes", "other takes", "one paints", "other paints", "one writes", "other writes", "one draws", "other draws"]);
});

test("of several moments before a frame the last is drawn, with what each of them has changed", () => {
  const before = /** @type {About} */ ({ dataset: "first" });
  const last = /** @type {State} */ ({ ...empty(), serverMs: 2 });
  /** @type {unknown[][]} */
  const taken = [];
  frame.connect([{ views: ["one"], show: (...given) => taken.push(given) }]);
  frame.show(moment(["one"], { reset: true, before }));
  frame.show(moment(["other"], { state: last, before: /** @type {About} */ ({ dataset: "second" }) }));
  assert.equal(waiting.length, 1);
  next();
  assert.deepEqual(taken, [[last, true, before]]);
  assert.equal(frame.state(), last);
});

test("what has not changed is not taken in again, and a gesture draws without any new data", () => {
  frame.show(moment(["one"]));
  next();
  assert.deepEqual(seen, ["one takes", "one paints", "other paints", "one writes", "one draws", "other draws"]);
  seen = [];
  frame.request();
  assert.equal(frame.isRequested(), true);
  next();
  assert.deepEqual(seen, ["one paints", "other paints", "one draws", "other draws"]);
  assert.equal(frame.isRequested(), false);
});

test("a part that fails leaves the others at the same moment", () => {
  const fails = () => {
    throw new Error("no canvas");
  };
  frame.connect([
    { views: ["both"], take: fails, draw: fails },
    { views: ["both"], take: () => seen.push("taken"), draw: () => seen.push("drawn") },
  ]);
  frame.show(moment(["both"]));
  next();
  assert.deepEqual(seen, ["no canvas", "taken", "no canvas", "drawn"]);
});

test("a part of another size is drawn again at once, from the moment that is drawn", () => {
  frame.show(moment(["one"]));
  frame.redraw();
  assert.deepEqual(seen, ["one paints", "other paints", "one draws", "other draws"]);
  next();
  assert.deepEqual(seen.slice(4), ["one takes", "one paints", "other paints", "one writes", "one draws", "other draws"]);
});
