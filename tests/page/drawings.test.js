import assert from "node:assert/strict";
import { test } from "node:test";
import { TOKENS } from "./browser.js";
import { belonging, belongingTo, partOf, placeOf } from "../../visualizer/page/chart/belonging.js";
import { distance, met, rayEnd } from "../../visualizer/page/chart/drawings/geometry.js";
import { drawingsOver } from "../../visualizer/page/chart/drawings/layer.js";
import { NONE, noteOf, sound, together } from "../../visualizer/page/chart/drawings/sound.js";
import { scale } from "../../visualizer/page/draw/scale.js";
import { movedBy, pixelSteps, priceSteps, snappedTo } from "../../visualizer/page/draw/steps.js";
import { PRESETS } from "../../visualizer/page/options.js";
import { PANELS } from "../../visualizer/page/panels/registry.js";
import { empty } from "../../visualizer/page/store.js";
/** @import { About, Drawing, Picture } from "../../visualizer/page/types.d.ts" */

/** @param {string} id */
const panel = (id) => PANELS[PANELS.findIndex((each) => each.id === id)];
const drawings = drawingsOver(panel("price").axis);
const BOX = { left: 0, top: 0, width: 100, height: 100 };
const WITHIN = scale({ x: [0, 10], y: [0, 100], box: BOX, step: 1, ratio: 1 });
const ABOUT = /** @type {About} */ (/** @type {unknown} */ ({ price_step: 0.25, price_decimals: 2 }));

/** @param {Drawing["kind"]} kind @param {number[][]} points @param {Partial<Drawing>} [more]
 * @returns {Drawing} */
const drawing = (kind, points, more = {}) => ({ id: 1, kind, points: points.map(([ms, price]) => ({ ms, price })), ...more });

/** @param {Drawing[]} list @param {number | null} [selected]
 * @returns {Picture} */
const picture = (list, selected = null) =>
  /** @type {Picture} */ (/** @type {unknown} */ ({
    data: { ...empty(), about: ABOUT }, place: Number, time: Number, step: 1, label: String, drawings: { list, selected, point: null, draft: null },
  }));

test("a price is the nearest one that can be, to the last decimal", () => {
  const steps = priceSteps(ABOUT);
  assert.deepEqual(steps, { step: 0.25, decimals: 2 });
  assert.equal(snappedTo(61_800.37, steps), 61_800.25);
  assert.equal(snappedTo(-0.13, steps), -0.25);
  assert.equal(snappedTo(0.3, { step: 0.1, decimals: 1 }), 0.3); // 3 * 0.1 is 0.30000000000000004
  assert.equal(snappedTo(0.123, priceSteps(null)), 0.123);
});

test("a value is as fine as a pixel tells, and a size no finer than a lot", () => {
  assert.deepEqual([pixelSteps(13), pixelSteps(0.02), pixelSteps(0.02, 1)], [
    { step: 10, decimals: 0, isOfPixels: true }, { step: 0.01, decimals: 2, isOfPixels: true }, { step: 0.1, decimals: 1, isOfPixels: true },
  ]);
  assert.equal(snappedTo(-2347.8, pixelSteps(13)), -2350);
  assert.equal(snappedTo(0.12345, pixelSteps(0.002)), 0.123);
  assert.deepEqual([pixelSteps(0), pixelSteps(NaN), pixelSteps(Infinity)], [null, null, null]);
  const about = /** @type {About} */ (/** @type {unknown} */ ({ ...ABOUT, size_decimals: 3 }));
  const of = (/** @type {string} */ id, /** @type {number} */ perPixel, options = PRESETS.overview) => panel(id).axis.steps?.(about, options, perPixel)?.step;
  assert.deepEqual([of("cvd", 250), of("volume", 1e-9), of("price", 250), of("obi", 0.01)], [100, 0.001, 0.25, undefined]);
  assert.deepEqual([of("measures", 9), of("measures", 9, PRESETS.depth), of("measures", 9, { ...PRESETS.depth, measure: "obi_5" })], [0.25, 1, 1]);
});

test("what is moved keeps the digits that it was drawn with, and a price stays one that can be", () => {
  assert.equal(movedBy(-8.26, 10, pixelSteps(13)), 1.74);
  assert.equal(movedBy(0.1, 0.2, pixelSteps(0.1)), 0.3);
  assert.equal(movedBy(10.1, 0.25, priceSteps(ABOUT)), 10.25);
  assert.equal(movedBy(1, 0.5, null), 1.5);
});

test("a drawing belongs to one panel, and over measures to what was measured", () => {
  const about = ABOUT;
  const spread = { ...PRESETS.depth, measure: "spread" };
  assert.deepEqual(belongingTo(panel("price"), spread, about), {});
  assert.deepEqual(belongingTo(panel("cvd"), spread, about), { panel: "cvd" });
  const where = belongingTo(panel("measures"), spread, about);
  assert.deepEqual(where, { panel: "measures", measure: "spread" });
  const line = drawing("level", [[1, 2]], where);
  assert.ok(belonging(panel("measures"), spread, about)(line));
  assert.ok(!belonging(panel("measures"), PRESETS.depth, about)(line));
  assert.ok(!belonging(panel("price"), spread, about)(line));
  assert.ok(belonging(panel("price"), spread, about)(drawing("level", [[1, 2]])));
});

test("the drawings of a panel are the same ones until one of them changes", () => {
  const [one, other] = [drawing("level", [[1, 2]], { id: 1, panel: "cvd" }), drawing("level", [[1, 2]], { id: 2 })];
  const isOf = (/** @type {Drawing} */ each) => each.panel === "cvd";
  const first = partOf({ list: [one, other], selected: 2, point: 1, draft: null }, isOf);
  assert.deepEqual(first, { list: [one], selected: null, point: null, draft: null });
  assert.equal(partOf({ list: [one, { ...other }], selected: null, point: null, draft: other }, isOf, first), first);
  assert.notEqual(partOf({ list: [one], selected: 1, point: null, draft: null }, isOf, first), first);
  assert.notEqual(partOf({ list: [{ ...one }], selected: null, point: null, draft: null }, isOf, first), first);
});

test("a ray ends at the edge of its box, in the way of its points, and steep ones too", () => {
  assert.deepEqual(rayEnd([10, 50], [20, 60], BOX), [60, 100]);
  assert.deepEqual(rayEnd([50, 50], [40, 50], BOX), [0, 50]);
  assert.deepEqual(rayEnd([50, 50], [50, 40], BOX), [50, 0]);
  assert.deepEqual(rayEnd([50, 50], [50, 50], BOX), [50, 50]);
});

test("how far a point is from a line ends at its ends", () => {
  assert.equal(distance(5, 3, [0, 0, 10, 0]), 3);
  assert.equal(distance(13, 4, [0, 0, 10, 0]), 5);
  assert.equal(distance(3, 4, [0, 0, 0, 0]), 5);
});

test("the topmost drawing is met, by one of its points or as a whole; a rectangle is open in its middle", () => {
  const line = drawing("trend", [[1, 20], [9, 20]], { id: 1 });
  const box = drawing("box", [[2, 10], [6, 90]], { id: 2 });
  /** @param {number} x @param {number} y */
  const at = (x, y) => {
    const found = met([line, box], picture([]), WITHIN, { x, y });
    return found && [found.drawing.id, found.point];
  };
  assert.deepEqual(at(10, 80), [1, 0]);
  assert.deepEqual(at(50, 81), [1, null]);
  assert.deepEqual(at(20, 80), [2, null]); // over the line
  assert.deepEqual(at(60, 10), [2, 1]);
  assert.equal(at(40, 40), null);
  const [level, note] = [drawing("level", [[3, 50]]), drawing("note", [[3, 50]], { text: "a note" })];
  assert.deepEqual(met([level], picture([]), WITHIN, { x: 99, y: 52 })?.point, null);
  assert.equal(met([note], picture([]), WITHIN, { x: 50, y: 40 })?.drawing.kind, "note");
});

test("each kind is drawn within its panel, and the selected one has handles", () => {
  const all = [
    drawing("level", [[3, 50]], { id: 1 }), drawing("trend", [[1, 20], [9, 30]], { id: 2 }), drawing("ray", [[1, 20], [2, 30]], { id: 3 }),
    drawing("box", [[2, 10], [6, 90]], { id: 4 }), drawing("note", [[3, 50]], { id: 5, text: "two\nlines" }),
  ];
  const of = (/** @type {number | null} */ selected) => drawings.commands(picture(all, selected), WITHIN);
  const texts = of(null).flatMap((each) => (each.kind === "texts" ? each.texts.map(({ text }) => text) : []));
  assert.deepEqual(texts, ["50.00", "two", "lines"]);
  const lines = of(null).filter(({ kind }) => kind === "polyline");
  assert.deepEqual(lines.map((line) => (line.kind === "polyline" ? line.points.slice(0, 4) : [])), [[0, 50, 100, 50], [10, 80, 90, 70], [10, 80, 90, 0], [20, 90, 60, 90]]);
  const handles = of(2).filter((each) => each.kind === "rects" && each.colour === TOKENS.get("strong"));
  assert.deepEqual(handles.map((each) => (each.kind === "rects" ? each.rects.length : 0)), [8]);
  assert.deepEqual(drawings.commands({ ...picture([]), drawings: undefined }, WITHIN), []);
});

test("what was kept is taken as far as it is sound, and what is not is counted", () => {
  const good = { kind: "trend", points: [{ ms: 1, price: 2 }, { ms: 3, price: 4.5 }], odd: 1 };
  const bad = [
    null, { kind: "constructor", points: [] }, { ...good, points: good.points.slice(1) }, { ...good, points: [{ ms: 1.5, price: 2 }, good.points[1]] },
    { ...good, points: [{ ms: 1, price: null }, good.points[1]] }, { kind: "note", points: [good.points[0]], text: " " },
  ];
  const found = sound({ version: 1, drawings: [good, ...bad], views: { flow: { anchor: 5, range: [3, 1] }, depth: 7 } }, placeOf);
  assert.deepEqual(found?.kept.drawings, [{ id: 1, kind: "trend", points: good.points }]);
  assert.equal(found?.refused, bad.length);
  assert.deepEqual(found?.kept.views, { flow: { anchor: 5, range: null }, depth: { anchor: null, range: null } });
  /** @param {object} where */
  const placed = (where) => sound({ version: 1, drawings: [{ ...good, ...where }], views: {} }, placeOf)?.kept.drawings;
  assert.deepEqual(placed({ panel: "cvd", measure: "spread" }), [{ id: 1, kind: "trend", points: good.points, panel: "cvd" }]);
  assert.deepEqual(placed({ panel: "measures", measure: "obi_3" }), [{ id: 1, kind: "trend", points: good.points, panel: "measures", measure: "obi_3" }]);
  assert.deepEqual(placed({ panel: "price" }), [{ id: 1, kind: "trend", points: good.points }]);
  for (const where of [{ panel: "measures" }, { panel: "gone" }, { panel: "statistics" }, { panel: 5 }]) assert.deepEqual(placed(where), []);
  for (const odd of [null, 7, [], { version: 2, drawings: [] }, { version: 1 }]) assert.equal(sound(odd, placeOf), null);
  assert.deepEqual(sound({ ...NONE }, placeOf)?.kept, NONE);
});

test("drawings that are there already are not added again, others get numbers of their own, and what has no room is counted", () => {
  const held = [drawing("level", [[3, 50]], { id: 7 })];
  const { list, added, left } = together(held, [drawing("level", [[3, 50]]), drawing("level", [[3, 50]], { panel: "cvd" })]);
  assert.deepEqual([list.map(({ id }) => id), added, left], [[7, 8], 1, 0]);
  const many = Array.from({ length: 600 }, (_, index) => drawing("level", [[index, 1]]));
  assert.deepEqual([together(held, many).list.length, together(held, many).added, together(held, many).left], [500, 499, 101]);
});

test("the text of a note has lines, and no other characters that control", () => {
  assert.equal(noteOf(" a\r\nb\u0000c\td "), "a\nb c d");
  assert.equal(noteOf("x".repeat(900)).length, 500);
});
