import assert from "node:assert/strict";
import { test } from "node:test";
import { scale } from "../../visualizer/page/draw/scale.js";
import { PRESETS } from "../../visualizer/page/options.js";
import { bar, imbalances, pointOfControl, rule, stacks, unfinished } from "../../visualizer/page/panels/footprint-bar.js";
import { faceOf } from "../../visualizer/page/panels/footprint-cells.js";
import { columnsOf, fits, footprint } from "../../visualizer/page/panels/footprint.js";
import { abbreviated } from "../../visualizer/page/panels/sizes.js";
import { empty } from "../../visualizer/page/store.js";
import { TOKENS } from "./browser.js";
import { random } from "./random.js";
/** @import { About, Command, FootprintRow, OhlcRow, Options, Picture, PriceCell, Scale, Span, Status } from "../../visualizer/page/types.d.ts" */

const ABOUT = /** @type {About} */ ({ size_decimals: 1 });

/** Cells of a bar with rows one high: price, bought, sold, and unknown, in lots of a tenth.
 * @param {...number[]} rows
 * @returns {PriceCell[]} */
const cells = (...rows) => rows.map(([price, buy, sell, unknown = 0]) => [price, buy / 10, sell / 10, unknown / 10, 1]);

/** @param {...number[]} rows */
const made = (...rows) => bar(cells(...rows), 1, ABOUT);

/** @param {string} ratio
 * @param {number} [least]
 * @param {boolean} [ignoreZero] */
function ruled(ratio, least = 0, ignoreZero = false) {
  const found = rule(ratio, least, ignoreZero, 1);
  assert.ok(found);
  return found;
}

test("sizes are whole lots, and a row is numbered by its lower edge in heights", () => {
  const found = bar([[0.3, 0.3, 0.1, 0.2, 2], [0.7, 1, 0, 0, 1]], 0.1, ABOUT);
  assert.deepEqual(found, { decimals: 1, numbers: [3, 7], buy: [3, 10], sell: [1, 0], total: [6, 10] });
  assert.equal(bar([[1, 0.25, 0, 0, 1]], 1, null).decimals, 2);
});

test("an imbalance is strictly more than the ratio times what traded diagonally, in whole lots", () => {
  const three = made([1, 0, 1], [2, 3, 0], [3, 4, 1]);
  assert.deepEqual(imbalances(three, ruled("3")), { buy: [false, false, true], sell: [false, false, false] });
  assert.deepEqual(imbalances(three, ruled("2.9")).buy, [false, true, true]);
  assert.deepEqual(imbalances(three, ruled("3", 0.5)).buy, [false, false, false]);
  assert.deepEqual(imbalances(three, ruled("3", 0, true)).buy, [false, false, false]);
  const sold = made([1, 0, 7], [2, 2, 9], [3, 2, 5]);
  assert.deepEqual(imbalances(sold, ruled("3")).sell, [true, true, false]); // the highest has nothing above it
});

test("a row without a trade between two counts as zero, and none does below the lowest", () => {
  const found = imbalances(made([1, 5, 0], [3, 2, 4], [4, 0, 0]), ruled("3"));
  assert.deepEqual(found, { buy: [false, true, false], sell: [false, true, false] });
});

test("imbalances of the largest sizes are exact", () => {
  const large = 2 ** 51;
  const found = bar([[1, 0, large / 4 - 1, 0, 1], [2, large, 0, 0, 1], [3, 0, 1, 0, 1]], 1, /** @type {About} */ ({ size_decimals: 0 }));
  const exact = rule("4.000001", 0, false, 0);
  assert.ok(exact);
  assert.equal(imbalances(found, exact).buy[1], BigInt(large) * 1_000_000n > BigInt(large / 4 - 1) * 4_000_001n);
});

test("imbalances agree with the definition row by row", () => {
  const next = random(7);
  for (let round = 0; round < 300; round += 1) {
    const count = 2 + next(8);
    const all = Array.from({ length: count }, () => [next(12), next(12)]);
    const traded = all.map(([buy, sell], row) => ({ row, buy, sell, isIn: row === 0 || row === count - 1 || buy + sell > 0 }));
    const found = made(...traded.filter(({ isIn }) => isIn).map(({ row, buy, sell }) => [row, buy, sell]));
    const [least, ignoreZero] = [next(4), next(2) === 1];
    const { buy, sell } = imbalances(found, ruled("1.5", least / 10, ignoreZero));
    for (const [place, row] of found.numbers.entries()) {
      const [[bought, sold], below, above] = [all[row], all[row - 1], all[row + 1]];
      const isBuy = Boolean(below) && 2 * bought > 3 * below[1] && bought >= least && !(ignoreZero && below[1] === 0);
      const isSell = Boolean(above) && 2 * sold > 3 * above[0] && sold >= least && !(ignoreZero && above[0] === 0);
      assert.deepEqual([buy[place], sell[place]], [isBuy, isSell]);
    }
  }
});

test("a ratio that is no decimal above zero marks nothing", () => {
  for (const text of ["", ".", "0", "0.0", "-3", "3,5", "many", "1e3"]) assert.equal(rule(text, 0, false, 1), null, text);
  assert.deepEqual([ruled("2.5").over, ruled("2.5").under], [25, 10]);
  assert.equal(ruled("3", 1e-7).least, 1);
});

test("imbalances are stacked from three adjacent rows of one side on", () => {
  const numbers = [1, 2, 3, 4, 6, 7, 8];
  assert.deepEqual(stacks(numbers, [true, true, true, false, true, true, true], "buy"), [
    { side: "buy", first: 0, last: 2 },
    { side: "buy", first: 4, last: 6 },
  ]);
  assert.deepEqual(stacks(numbers, [false, true, true, false, true, true, false], "sell"), []);
  assert.deepEqual(stacks(numbers, [false, false, true, true, true, true, false], "sell"), []); // nothing traded at 5
});

test("the point of control is the greatest volume, of equals the one nearest to the middle, then the lower", () => {
  assert.equal(pointOfControl(made([1, 5, 0], [2, 1, 5], [3, 0, 0, 4])), 1);
  assert.equal(pointOfControl(made([1, 5, 0], [2, 0, 5], [9, 1, 0])), 1);
  assert.equal(pointOfControl(made([1, 1, 0], [2, 5, 0], [4, 5, 0], [5, 1, 0])), 1);
  assert.equal(pointOfControl(made([1, 0, 0])), null);
});

test("an auction is unfinished where both sides traded at the end of a bar", () => {
  assert.deepEqual(unfinished(made([1, 1, 1], [2, 5, 0])), { high: false, low: true });
  assert.deepEqual(unfinished(made([1, 1, 0, 3], [2, 5, 1])), { high: true, low: false });
});

test("numbers are abbreviated to two digits and no fewer", () => {
  const texts = [0, 0.001, 0.0123, 0.999, 1.234, 12.34, 123.4, 999.9, 1234, 12_345, 123_456, -1_250_000].map(abbreviated);
  assert.deepEqual(texts, ["0", "0.001", "0.012", "1", "1.23", "12.3", "123", "1k", "1.2k", "12k", "123k", "-1.3M"]);
});

test("cells say both sides, their difference or their sum, and are colours by size", () => {
  /** @type {FootprintRow} */
  const row = [0, 1, cells([1, 0, 40], [2, 10, 20, 5])];
  /** @param {Options["cells"]} look */
  const texts = (look) => faceOf(row, look, ABOUT).texts.map((each) => each.map(({ text }) => text));
  assert.deepEqual(texts("sides"), [["4", "0"], ["2", "1"]]);
  assert.deepEqual(texts("delta"), [["-4"], ["-1"]]);
  assert.deepEqual(texts("total"), [["4"], ["3.5"]]);
  const fine = /** @type {About} */ ({ size_decimals: 4 });
  const small = faceOf([0, 1, [[1, 0.0004, 0, 0, 1], [2, 1, 0.0149, 0, 1]]], "sides", fine).texts;
  assert.deepEqual(small.map((each) => each.map(({ text }) => text)), [["0", "<.01"], ["0.01", "1"]]);
  const [[whole], parts] = faceOf(row, "profile", ABOUT).parts;
  assert.deepEqual([whole.colour, whole.from, whole.to], ["sell", 0, 1]);
  assert.deepEqual(parts.map(({ colour, from, to }) => [colour, from, to]), [["sell", 0, 0.5], ["buy", 0.5, 0.75], ["total", 0.75, 0.875]]);
  const [[strong], [weak, weaker]] = faceOf(row, "sides", ABOUT).parts;
  assert.ok(strong.strength > weak.strength && weak.strength > weaker.strength);
  assert.equal(faceOf(row, "sides", ABOUT), faceOf([9, 1, row[2]], "sides", ABOUT)); // bars that move keep what was made of them
});

/** What the layer draws for bars a minute apart, of which the footprint has the newest.
 * @param {{ price?: Options["price"], span?: Span, held?: number, now?: number, rows?: PriceCell[] }} of */
function given({ price = "auto", span = [0, 10], held = 2, now = 3.5, rows = cells([1, 9, 9], [2, 90, 0], [3, 90, 0], [4, 90, 0]) } = {}) {
  const bars = /** @type {OhlcRow[]} */ ([1, 2, 3].map((place) => [place, 1, 4, 1, 4, 30]));
  const data = { ...empty(), about: ABOUT, status: /** @type {Status} */ ({ event_time_ms: now }), ohlc: bars };
  data.footprint = bars.slice(3 - held).map(([place]) => [place, 1, rows.map((cell) => /** @type {PriceCell} */ ([...cell]))]);
  const picture = { data, options: { ...PRESETS.flow, price }, place: Number, time: Number, step: 1, label: String, cvdLine: false, rows: (/** @type {keyof typeof data} */ name) => data[name] };
  const within = scale({ x: span, y: [0, 6], box: { left: 0, top: 0, width: 1000, height: 120 }, step: 1, ratio: 1 });
  return { picture: /** @type {Picture} */ (picture), scale: within };
}

/** The same as commands, those of the stamps in their places.
 * @param {Parameters<typeof given>[0]} [of]
 * @returns {Command[]} */
function drawn(of) {
  const { picture, scale: within } = given(of);
  return footprint.commands(picture, within).flatMap((each) => {
    if (each.kind !== "stamp") return [each];
    return each.stamp.commands.map((command) => (command.kind === "rects" ? { ...command, rects: command.rects.map((px, at) => (at % 4 ? px : px + each.left)) } : command));
  });
}

/** The rectangles of a colour.
 * @param {ReturnType<typeof drawn>} commands
 * @param {string} name */
function rectsOf(commands, name) {
  const found = commands.filter(({ kind, colour }) => kind === "rects" && colour === TOKENS.get(name));
  return found.flatMap((each) => (each.kind === "rects" ? Array.from({ length: each.rects.length / 4 }, (_, at) => each.rects.slice(4 * at, 4 * at + 4)) : []));
}

/** @param {ReturnType<typeof drawn>} commands */
const textsOf = (commands) => commands.flatMap((each) => (each.kind === "texts" ? each.texts.map(({ text }) => text) : []));

test("footprints take the place of candles where their numbers fit, or by choice", () => {
  assert.equal(textsOf(drawn()).length, 2 * 2 * 4);
  assert.deepEqual(textsOf(drawn({ span: [0, 40] })), []);
  assert.deepEqual(rectsOf(drawn({ span: [0, 40] }), "point-of-control"), []); // candles
  assert.deepEqual(textsOf(drawn({ span: [0, 40], price: "footprint" })), []);
  assert.ok(rectsOf(drawn({ span: [0, 40], price: "footprint" }), "point-of-control").length > 0);
  assert.ok(footprint.when && !footprint.when({ ...PRESETS.flow, price: "candles" }, { report: null }));
  assert.ok(fits(26, "sides", columnsOf(80, 1)) && !fits(26, "sides", columnsOf(50, 1)) && fits(26, "total", columnsOf(50, 1)));
});

/** The stamps of a picture whose axis begins at a place.
 * @param {ReturnType<typeof given>} of
 * @param {number} from
 * @param {Partial<Scale>} [more] */
function stampsOf({ picture, scale: { box } }, from, more = {}) {
  const within = { ...scale({ x: [from, from + 10], y: [0, 6], box, step: 1, ratio: 1.25 }), ...more };
  return footprint.commands(picture, within).flatMap((each) => (each.kind === "stamp" ? [each] : []));
}

test("a bar is the same stamp wherever it is panned to, on whole pixels of the screen, and another one where anything of it is", () => {
  const of = given();
  const first = stampsOf(of, 0);
  assert.equal(first.length, 2);
  for (const from of [0.013, -1.7, 0.1 + 0.2]) {
    const there = stampsOf(of, from);
    for (const [index, { stamp, left }] of there.entries()) {
      assert.equal(stamp, first[index].stamp);
      for (const px of [left, stamp.box.left, stamp.box.top, stamp.box.width, stamp.box.height]) assert.ok(Math.abs(px * 1.25 - Math.round(px * 1.25)) < 1e-9);
    }
  }
  const { data, options } = of.picture;
  const others = [
    { ...of, picture: { ...of.picture, options: { ...options, ratio: "2" } } },
    { ...of, picture: { ...of.picture, options: { ...options, cells: /** @type {const} */ ("delta") } } },
    { ...of, picture: { ...of.picture, data: { ...data, about: /** @type {About} */ ({ size_decimals: 2 }) } } },
  ];
  for (const other of others) assert.ok(stampsOf(other, 0).every(({ stamp }, index) => stamp !== first[index].stamp));
  assert.ok(stampsOf(of, 0, { y: [0, 7] }).every(({ stamp }, index) => stamp !== first[index].stamp));
});

test("all that is drawn of a bar is within the box of its stamp, as far as it is in the panel", () => {
  for (const { stamp } of stampsOf(given(), 0)) {
    const { left, top, width, height } = stamp.box;
    for (const each of stamp.commands) {
      if (each.kind === "texts") for (const { x, y } of each.texts) assert.ok(x > left && x < left + width && y > top && y < top + height);
      if (each.kind !== "rects") continue;
      for (let at = 0; at < each.rects.length; at += 4) {
        const [x, y, wide, high] = each.rects.slice(at, at + 4);
        assert.ok(x >= left && x + wide <= left + width && y >= top && y + high <= top + height, `${each.rects.slice(at, at + 4)} in ${Object.values(stamp.box)}`);
      }
    }
  }
});

test("bars that the footprint does not hold stay candles", () => {
  const bodies = rectsOf(drawn({ held: 1 }), "up");
  /** @param {(width: number) => boolean} is */
  const count = (is) => new Set(bodies.filter(([, , width]) => is(width)).map(([left]) => left)).size; // hollow ones have two edges
  assert.deepEqual([count((width) => width > 40), count((width) => width === 5)], [2, 1]);
  assert.deepEqual(rectsOf(drawn({ held: 0 }), "up").map(([, , width]) => width).filter((width) => width === 5), []);
});

test("stacked imbalances and unfinished auctions are marked in closed bars alone", () => {
  const open = drawn({ held: 1 });
  const closed = drawn({ held: 1, now: 4 });
  assert.deepEqual(rectsOf(open, "buy-bright").map(([, , width]) => width), [2, 2, 2]);
  assert.deepEqual(rectsOf(closed, "buy-bright").map(([, , width]) => width), [2, 2, 2, 4]);
  assert.deepEqual(rectsOf(closed, "buy-bright")[3].slice(1), [20, 4, 60]);
  assert.deepEqual([rectsOf(open, "unfinished").length, rectsOf(closed, "unfinished").length], [0, 1]);
});
