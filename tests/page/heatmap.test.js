import assert from "node:assert/strict";
import { test } from "node:test";
import { cell } from "../../visualizer/page/chart/cells.js";
import { scale } from "../../visualizer/page/draw/scale.js";
import { PRESETS } from "../../visualizer/page/options.js";
import { SHADES, allSizes, gathered, gatheredRows, quantileOf, raster, sizeAt } from "../../visualizer/page/panels/heat-cells.js";
import { AUTOMATIC, chosen, cutOffs, sizesOf, withCutOff } from "../../visualizer/page/panels/heat-scale.js";
import { gradient, shades } from "../../visualizer/page/panels/heat-shades.js";
import { heatmap } from "../../visualizer/page/panels/heatmap.js";
import { price } from "../../visualizer/page/panels/price.js";
import { empty } from "../../visualizer/page/store.js";
import { TOKENS } from "./browser.js";
import { random } from "./random.js";
/** @import { About, HeatmapRow, Picture, Raster } from "../../visualizer/page/types.d.ts" */

const BOX = { left: 0, top: 0, width: 100, height: 100 };
const ABOUT = /** @type {About} */ ({ instrument: "X", size_decimals: 2, price_decimals: 1, price_step: 0.5 });

/** A column of rows that are half a unit high.
 * @param {number} place @param {number} bidRow @param {number[]} bids @param {number} askRow @param {number[]} asks
 * @returns {HeatmapRow} */
const column = (place, bidRow, bids, askRow, asks) => [place, 0.5, bidRow + bids.length / 2 - 0.5, askRow, bidRow, bids, askRow, asks];

const COLUMNS = [column(0, 10, [1, 0, 2.5], 11.5, [4, 8]), column(1, 10, [1, 3], 11, [0.25]), column(3, 10.5, [7], 11, [9])];

/** @param {HeatmapRow[]} columns @param {Partial<import("../../visualizer/page/types.d.ts").Options>} [options] */
function pictureOf(columns, options = {}) {
  const data = { ...empty(), heatmap: columns, about: ABOUT };
  return /** @type {Picture} */ (/** @type {unknown} */ ({ data, options: { ...PRESETS.depth, ...options }, step: 1, rows: () => columns }));
}

/** The strengths of an image, from the highest row.
 * @param {Raster} image @param {Uint32Array} of */
const read = ({ width, height, pixels }, of) =>
  Array.from({ length: height }, (_, y) => Array.from({ length: width }, (__, x) => of.indexOf(pixels[y * width + x])));

test("price rows are gathered by 1, 2, 5, 10 and so on, until one can be seen", () => {
  assert.deepEqual([5, 2, 1.5, 1, 0.5, 0.39, 0.1, 0.001].map((px) => gatheredRows(px, 2)), [1, 1, 2, 2, 5, 10, 20, 2000]);
  assert.equal(gatheredRows(0, 2), 1);
});

test("what is gathered is the exact sum of its price rows, also where an edge lies within it", () => {
  const { bids, asks } = gathered(column(0, 10.5, [0.1, 0.2, 0, 0.7], -1, [0.3]), 2, 2);
  assert.deepEqual([bids.first, [...bids.sizes]], [10, [0.1, 0.2, 0.7]]);
  assert.deepEqual([asks.first, [...asks.sizes]], [-1, [0.3]]);
  const below = random(1);
  for (let round = 0; round < 200; round += 1) {
    const sizes = Array.from({ length: 1 + below(30) }, () => below(1e6) / 100);
    const lowest = below(100) - 50;
    const rows = 1 + below(9);
    const made = gathered(column(0, lowest / 2, sizes, 90, []), rows, 2).bids;
    /** @type {Map<number, number>} */
    const wanted = new Map();
    sizes.forEach((size, at) => {
      const row = Math.floor((lowest + at) / rows);
      wanted.set(row, (wanted.get(row) ?? 0) + Math.round(size * 100));
    });
    assert.deepEqual([...made.sizes].map((size, at) => [made.first + at, size]), [...wanted].map(([row, lots]) => [row, lots / 100]));
  }
});

test("a column without one side has nothing there", () => {
  const found = gathered([0, 0.5, null, null, null, [], null, []], 1, 2);
  assert.equal(found.bids.sizes.length + found.asks.sizes.length, 0);
});

test("quantiles are sizes that there are, by nearest rank, and empty rows do not count", () => {
  const sizes = allSizes(COLUMNS.map((each) => gathered(each, 1, 2)));
  assert.deepEqual([...sizes].sort((one, other) => one - other), [0.25, 1, 1, 2.5, 3, 4, 7, 8, 9]);
  assert.deepEqual([0, 0.1, 0.12, 0.5, 0.99, 1].map((quantile) => sizeAt(sizes, quantile)), [0.25, 0.25, 1, 3, 9, 9]);
  assert.deepEqual([0.2, 1, 3, 100].map((size) => quantileOf(sizes, size) * 9), [0, 1, 4, 9]);
  const below = random(2);
  for (let round = 0; round < 200; round += 1) {
    const some = Float64Array.from({ length: 1 + below(50) }, () => below(20));
    const place = below(some.length);
    assert.equal(sizeAt(some.slice(), (place + 0.5) / some.length), some.toSorted()[place]);
  }
  assert.ok(Number.isNaN(sizeAt(new Float64Array(0), 0.5)));
});

test("nothing is seen below the lower cut-off, and nothing is stronger than the upper one", () => {
  const of = shades("grey", 1);
  /** @param {number[]} sizes @param {number} lower @param {number} upper */
  const strengths = (sizes, lower, upper) => {
    const columns = [{ place: 0, column: gathered(column(0, 0, sizes, 90, []), 1, 2) }];
    return read(raster(columns, { step: 1, lowest: 0, height: sizes.length, lower, upper, shades: of }), of.bids).flat().reverse();
  };
  assert.deepEqual(strengths([1, 0, 0.9, 1, 10, 99.9, 100, 1e9], 1, 100), [1, 0, 0, 1, 128, 254, SHADES - 1, SHADES - 1]);
  assert.deepEqual(strengths([4, 0, 4, 5, 6], 5, 5), [0, 0, 0, SHADES - 1, SHADES - 1]);
});

test("an image has a pixel for each cell, the highest row at the top, and none where a bar is missing", () => {
  const of = shades("sides", 1);
  const columns = COLUMNS.map((each) => ({ place: each[0], column: gathered(each, 1, 2) }));
  const image = raster(columns, { step: 1, lowest: 20, height: 5, lower: 1, upper: 9, shades: of });
  assert.deepEqual([image.width, image.height, image.slots], [4, 5, 4]);
  const [bids, asks] = [of.bids, of.asks].map((each) => read(image, each).map((row) => row.map((strength) => strength > 0)));
  assert.deepEqual(bids.map((row) => row.map(Number)), [[0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 1], [1, 1, 0, 0]]);
  assert.deepEqual(asks.map((row) => row.map(Number)), [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]);
});

test("of both sides in one row the stronger one is seen", () => {
  const of = shades("sides", 1);
  const crossed = { place: 0, column: gathered(column(0, 10, [9, 1, 5], 10, [1, 9, 5]), 1, 2) };
  const image = raster([crossed], { step: 1, lowest: 20, height: 3, lower: 0.5, upper: 9, shades: of });
  const [bids, asks] = [of.bids, of.asks].map((each) => read(image, each).flat().map((strength) => strength > 0));
  assert.deepEqual(bids, [true, false, true]);
  assert.deepEqual(asks, [false, true, false]);
});

test("a palette goes between its colours, dimmed as chosen, and nothing is seen of strength 0", () => {
  for (const palette of ["heat", "grey", "sides"]) {
    const { bids, asks } = shades(palette, 0.5);
    assert.equal(bids[0] + asks[0], 0);
    assert.ok([...bids.subarray(1), ...asks.subarray(1)].every((pixel) => Math.floor(pixel / 2 ** 24) === 128));
  }
  const [, weakest] = shades("grey", 1).bids;
  const colour = `#${[0, 8, 16].map((bit) => (Math.floor(weakest / 2 ** bit) % 256).toString(16).padStart(2, "0")).join("")}`;
  assert.equal(colour, TOKENS.get("heat-grey-1"));
  assert.ok(gradient("grey").includes(TOKENS.get("heat-grey-2") ?? "?"));
});

test("the cut-offs are automatic by what has closed, until the user gives quantiles or sizes, for each instrument", () => {
  const of = sizesOf(COLUMNS, 1, ABOUT);
  const ascending = of.sizes.toSorted();
  assert.deepEqual([...ascending], [0.25, 1, 1, 2.5, 3, 4, 8]); // not those of the open column
  assert.equal(sizesOf([...COLUMNS], 1, ABOUT), of);
  assert.deepEqual(cutOffs({}, of), [sizeAt(ascending, 0.4), sizeAt(ascending, 0.99)]);
  assert.deepEqual(AUTOMATIC.lower, { quantile: 0.4 });
  let options = PRESETS.depth;
  options = { ...options, ...withCutOff(options, "X", "upper", { size: 5 }) };
  options = { ...options, ...withCutOff(options, "X", "lower", { quantile: 0 }) };
  assert.deepEqual(cutOffs(chosen(options, ABOUT), of), [0.25, 5]);
  assert.deepEqual(chosen(options, { ...ABOUT, instrument: "Y" }), {});
  options = { ...options, ...withCutOff(options, "X", "upper", null) };
  assert.deepEqual(chosen(options, ABOUT), { lower: { quantile: 0 } });
  assert.deepEqual(cutOffs({ lower: { size: 6 }, upper: { size: 2 } }, of), [6, 6]);
});

test("the image stands where its columns and rows are, below what is shaded, and is the same one while nothing has changed", () => {
  const within = scale({ x: [0, 4], y: [9.7, 12.3], box: BOX, step: 1, ratio: 1 });
  const picture = pictureOf(COLUMNS);
  const [command] = heatmap.below?.(picture, within) ?? [];
  assert.ok(command?.kind === "raster");
  assert.deepEqual([command.left, command.width, command.image.slots, command.image.height], [-12.5, 100, 4, 6]);
  assert.ok(Math.abs(command.top - within.toY(12.5)) < 1e-9 && Math.abs(command.top + command.height - within.toY(9.5)) < 1e-9);
  const [again] = heatmap.below?.(pictureOf([...COLUMNS]), within) ?? [];
  assert.ok(again?.kind === "raster" && again.image === command.image);
  const [other] = heatmap.below?.(pictureOf(COLUMNS, { heatPalette: "grey" }), within) ?? [];
  assert.ok(other?.kind === "raster" && other.image !== command.image);
  const behind = { bands: [{ kind: "gaps", fill: "f", edge: "e", spans: /** @type {[number, number][]} */ ([[1, 2]]) }], columns: [], breaks: [], sessions: [] };
  const place = { id: "price", box: BOX, cell: BOX, rule: null };
  const groups = cell(price, place, within, { ...picture, ...behind, isTold: false, isEmpty: false });
  const drawn = groups.flatMap(({ commands }) => commands);
  assert.equal(drawn[0].kind, "raster");
  assert.ok(drawn.findIndex((each) => each.colour === "f") > 0);
});

test("the image stays the same one while bars are panned into view, and has all that are", () => {
  const columns = Array.from({ length: 400 }, (_, place) => column(place, 10, [1, 2], 11, [3]));
  const picture = pictureOf(columns);
  const images = new Set();
  for (let from = 100; from < 200; from += 0.7) {
    const of = scale({ x: [from, from + 100], y: [9.7, 12.3], box: BOX, step: 1, ratio: 1 });
    const [command] = heatmap.below?.(picture, of) ?? [];
    assert.ok(command?.kind === "raster");
    images.add(command.image);
    const at = command.left + of.barPx / 2; // of the first column
    const first = Math.round(of.fromX(at));
    assert.ok(Math.abs(of.toX(first) - at) < 1e-9 && command.left <= 0 && command.left + command.width >= BOX.width);
    assert.ok(Math.abs(command.width / command.image.slots - of.barPx) < 1e-9);
  }
  assert.ok(images.size <= 14, String(images.size));
});

test("the best bid and ask are lines of steps that break where bars are missing", () => {
  const within = scale({ x: [0, 4], y: [9.5, 12], box: BOX, step: 1, ratio: 1 });
  const [bid, ask] = heatmap.commands(pictureOf(COLUMNS), within);
  assert.ok(bid.kind === "polyline" && ask.kind === "polyline");
  assert.deepEqual(bid.points.filter((_, index) => index % 2 === 0), [-12.5, 12.5, 12.5, 37.5, 75, 62.5, 87.5]);
  assert.equal(bid.points.filter(Number.isNaN).length, 1);
  assert.deepEqual(heatmap.commands(pictureOf(COLUMNS, { heatLines: false }), within), []);
  assert.deepEqual(heatmap.below?.(pictureOf([]), within), []);
});

test("under the pointer is the exact size of the row that is seen there, and nothing outside of what a column tells", () => {
  const within = scale({ x: [0, 4], y: [9.5, 12.5], box: BOX, step: 1, ratio: 1 });
  /** @param {number} place @param {number} value @param {HeatmapRow[]} [columns] @param {import("../../visualizer/page/types.d.ts").Scale} [of] */
  const said = (place, value, columns = COLUMNS, of = within) => heatmap.under?.(pictureOf(columns), of, { place, value });
  assert.equal(said(0, 11.2), "11.0: bid 2.5");
  assert.equal(said(0, 10.6), "10.5: nothing");
  assert.equal(said(0, 12.3), "12.0: ask 8");
  assert.deepEqual([said(0, 9.9), said(0, 12.6), said(2, 11)], ["", "", ""]);
  const far = scale({ x: [0, 4], y: [0, 100], box: BOX, step: 1, ratio: 1 });
  assert.equal(said(0, 11.2, COLUMNS, far), "10.0 to 12.5: bid 3.5, ask 12");
});
