import assert from "node:assert/strict";
import { test } from "node:test";
import { scale } from "../../visualizer/page/draw/scale.js";
import * as cells from "../../visualizer/page/panels/ladder-cells.js";
import * as rows from "../../visualizer/page/panels/ladder-rows.js";
import * as texts from "../../visualizer/page/panels/ladder-texts.js";
import { TOKENS } from "./browser.js";
import { random } from "./random.js";
/** @import { About, Command, Ladder, LadderRow } from "../../visualizer/page/types.d.ts" */

/** @param {number} price
 * @param {Partial<Record<"bid" | "ask" | "bidSum" | "askSum" | "buy" | "sell" | "bidChange" | "askChange", number>>} [given]
 * @returns {LadderRow} */
const row = (price, { bid = 0, ask = 0, bidSum = 0, askSum = 0, buy = 0, sell = 0, bidChange = 0, askChange = 0 } = {}) => [
  price, bid, ask, bidSum, askSum, buy, sell, 0, buy, sell, 0, bidChange, askChange,
];

/** @param {LadderRow[]} list
 * @param {Partial<Ladder>} [more]
 * @returns {Ladder} */
const ladderOf = (list, more = {}) => ({ row: 0.5, bar_ms: 0, session_ms: 0, rows: list, last: null, ...more });
const ABOUT = /** @type {About} */ ({ price_step: 0.5, price_decimals: 1, size_decimals: 1 });
const LADDER = ladderOf([
  row(99, { bid: 0.2, bidSum: 0.3, bidChange: 0.2 }),
  row(99.5, { bid: 0.1, bidSum: 0.1, sell: 0.4, bidChange: -0.3 }),
  row(100.5, { ask: 0.7, askSum: 0.7, buy: 1.5 }),
  row(101, { ask: 0.1, askSum: 0.8 }),
]);

test("a price belongs to the row whose lower edge it is, whatever its floats say", () => {
  assert.equal(rows.numberOf(0.3, 0.1), 3);
  assert.equal(rows.numberOf(0.7, 0.1), 7);
  assert.equal(rows.numberOf(33.34, 0.01), 3334);
  assert.equal(rows.numberOf(33.345, 0.01), 3334);
  assert.equal(rows.numberOf(-0.01, 0.25), -1);
  for (let index = -500; index < 500; index += 1) assert.equal(rows.numberOf(index * 0.01, 0.01), index);
});

test("the best rows are those that hold something, and the middle is between them", () => {
  assert.deepEqual(rows.bestOf(LADDER), { bid: 99.5, ask: 100.5, middle: 200 });
  assert.deepEqual(rows.bestOf(ladderOf([row(99, { bid: 1 })])), { bid: 99, ask: null, middle: 198 });
  assert.deepEqual(rows.bestOf(ladderOf([row(99, { buy: 1 })])), { bid: null, ask: null, middle: null });
  const last = { first: 0, time_ms: 0, side: 1, price: 99, volume: 1, trades: 1 };
  assert.equal(rows.bestOf(ladderOf([row(99, { buy: 1 })], { last })).middle, 198);
});

test("rows that are gathered hold what all of them do, added without an error, and the farther sum", () => {
  const found = rows.gathered(LADDER, 2, 1);
  assert.deepEqual([...found.keys()], [99, 100, 101]);
  // 0.1 + 0.2 is 0.3 here.
  assert.deepEqual(found.get(99)?.slice(0, 7), [99, 0.3, 0, 0.3, 0, 0, 0.4]);
  assert.equal(found.get(99)?.[11], -0.1);
  assert.equal(rows.gathered(LADDER, 1, 1).get(199), LADDER.rows[1]);
  assert.deepEqual(rows.gathered(LADDER, 10, 1).get(20)?.slice(0, 5), [100.5, 0, 0.8, 0, 0.8]);
});

test("rows gathered from any ladder hold all of it, unless some of it may have been cut off", () => {
  const next = random(7);
  for (let trial = 0; trial < 50; trial += 1) {
    const count = 1 + next(60);
    const from = next(100) - 50;
    const list = Array.from({ length: count }, (_, index) => row((from + index) * 0.5, { bid: next(1000) / 10 }));
    const by = [1, 2, 5, 10][next(4)];
    const found = rows.gathered(ladderOf(list), by, 1);
    /** @param {Iterable<LadderRow>} some */
    const lots = (some) => [...some].reduce((sum, each) => sum + Math.round(each[1] * 10), 0);
    assert.equal(lots(found.values()), lots(list));
    for (const [number, each] of found) assert.equal(Math.floor(Math.round(each[0] / 0.5) / by), number);
  }
  const many = Array.from({ length: 400 }, (_, index) => row(index * 0.5, { bid: 1 }));
  assert.deepEqual([rows.gathered(ladderOf(many), 1, 1).size, rows.gathered(ladderOf(many), 10, 1).size], [400, 38]);
});

test("nothing is stacked or pulled where there is no book", () => {
  const traded = /** @type {any} */ ([...row(99, { buy: 1 }).slice(0, 11), null, null]);
  assert.deepEqual([...rows.gathered(ladderOf([traded]), 1, 1).values()], [row(99, { buy: 1 })]);
});

test("the height of rows is chosen so that the nearest levels of both sides are in view", () => {
  assert.equal(rows.fittingRows(LADDER, 5), 1);
  assert.equal(rows.fittingRows(LADDER, 3), 2);
  const far = ladderOf([row(0, { bid: 1 }), row(500, { ask: 1 })]);
  assert.equal(rows.fittingRows(far, 50), 50);
  assert.equal(rows.fittingRows(ladderOf([]), 50), 1);
});

test("the row in the middle stays until the best prices have moved a quarter of the view away", () => {
  assert.equal(rows.calm(110, 100, 40), 100);
  assert.equal(rows.calm(111, 100, 40), 111);
  assert.equal(rows.calm(5, null, 40), 5);
});

test("free rows fill the area from a row in its middle, the highest price on top", () => {
  const found = rows.standing(200, { top: 18, height: 100 }, 17);
  const middle = found.find(({ number }) => number === 200);
  assert.ok(middle && Math.abs(middle.top + 8.5 - 68) <= 1);
  assert.ok(found[0].top <= 18 && found[found.length - 1].top + 17 >= 118);
  for (const [index, each] of found.entries()) assert.deepEqual([each.number, each.top], [found[0].number - index, found[0].top + 17 * index]);
});

test("aligned rows stand at the prices of the chart, and as many price rows make one as it needs to be read", () => {
  const axis = scale({ x: [0, 1], y: [90, 110], box: { left: 0, top: 10, width: 100, height: 200 }, step: 1, ratio: 1 });
  const { by, rows: found } = rows.aligned(axis, 0.5, { top: 18, height: 400 }, -5);
  assert.equal(by, 5);
  for (const { number, top, height } of found) {
    assert.ok(Math.abs(top - (axis.toY((number + 1) * 2.5) - 5)) < 1e-9 && Math.abs(height - 25) < 1e-9);
  }
  assert.ok(found[0].top <= 18 && found[0].top + 25 > 18);
  const last = found[found.length - 1];
  assert.ok(last.top < 205 && last.top + 25 >= 205);
  assert.deepEqual(rows.aligned(axis, 0.5, { top: 18, height: 400 }, -500).rows, []);
});

const SIZE = { width: 400, height: 300 };

/** @param {Partial<cells.Drawn>} given
 * @param {string[]} [groups] */
function commandsOf(given, groups = ["change", "bar"]) {
  const held = rows.gathered(LADDER, 1, 1);
  const shown = rows.standing(200, { top: 18, height: 282 }, 17).map((place) => ({ ...place, row: held.get(place.number) ?? null }));
  const columns = cells.placedColumns(rows.columnsOf(groups), SIZE.width, 60);
  const drawn = { rows: shown, columns, height: 0.5, about: ABOUT, best: rows.bestOf(LADDER), last: null, isNew: false, pointed: null, ...given };
  return cells.commands(drawn, SIZE);
}

/** @param {Command[]} list */
const textsOf = (list) => list.flatMap((each) => (each.kind === "texts" ? each.texts.map(({ text, x, y }) => ({ text, x, y, colour: each.colour, align: each.align })) : []));

test("each row has its price, and its numbers stand in their columns; what is zero is not written", () => {
  const [body, head] = commandsOf({});
  const found = textsOf(body.commands);
  const y = found.find(({ text }) => text === "99.5")?.y;
  const inRow = found.filter((each) => each.y === y).sort((one, other) => one.x - other.x).map(({ text }) => text);
  assert.deepEqual(inRow, ["−0.3", "0.1", "0.4", "99.5"]);
  assert.deepEqual(textsOf(head.commands).map(({ text }) => text), ["±", "bid", "sold", "", "bought", "ask", "±"]);
  const colours = new Map(found.map(({ text, colour }) => [text, colour]));
  assert.deepEqual(
    ["99.5", "100.5", "100.0", "−0.3", "+0.2"].map((text) => colours.get(text)),
    ["buy-bright", "sell-bright", "quiet", "down", "up"].map((name) => TOKENS.get(name)),
  );
});

test("the columns are those of the chosen groups, around the price, and fill the width", () => {
  const all = rows.columnsOf(["sums", "change", "bar", "session"]);
  assert.deepEqual(rows.columnsOf([]).map(({ name }) => name), ["bid", "", "ask"]);
  assert.equal(all.length, rows.COLUMNS.length);
  const placed = cells.placedColumns(all, 600, 70);
  assert.equal(placed[placed.length - 1].left + placed[placed.length - 1].width, 600);
  assert.ok(cells.widthOfAll(all, 70) > 500);
});

test("numbers that do not all fit their column are abbreviated, all of them", () => {
  const held = new Map([[200, row(100, { bid: 123456.7 })], [199, row(99.5, { bid: 0.004 })]]);
  const shown = rows.standing(200, { top: 18, height: 282 }, 17).map((place) => ({ ...place, row: held.get(place.number) ?? null }));
  const [body] = commandsOf({ rows: shown, about: { ...ABOUT, size_decimals: 3 } }, []);
  const found = textsOf(body.commands).map(({ text }) => text);
  assert.ok(found.includes("123456.700") && found.includes("0.004"), "wide columns have room");
  const narrow = cells.placedColumns(rows.columnsOf([]), 160, 60);
  const [small] = commandsOf({ rows: shown, columns: narrow, about: { ...ABOUT, size_decimals: 3 } });
  const short = textsOf(small.commands).map(({ text }) => text);
  assert.ok(short.includes("123k") && short.includes("<.01"), short.join(" "));
});

test("a number is abbreviated where its counterpart on the other side is, so that both sides read alike", () => {
  const held = new Map([[200, row(100, { bid: 123456.7 })], [201, row(100.5, { ask: 1234 })]]);
  const shown = rows.standing(200, { top: 18, height: 282 }, 17).map((place) => ({ ...place, row: held.get(place.number) ?? null }));
  const columns = cells.placedColumns(rows.columnsOf([]), 170, 60);
  const found = textsOf(commandsOf({ rows: shown, columns })[0].commands).map(({ text }) => text);
  assert.ok(found.includes("123k") && found.includes("1.2k"), found.join(" "));
});

test("the row of the last order is marked in the colour of its side, and filled while it is new", () => {
  const last = { first: 0, time_ms: 0, side: -1, price: 100, volume: 1, trades: 1 };
  const body = (/** @type {boolean} */ isNew) => commandsOf({ last, isNew })[0].commands;
  const marked = body(false).filter((each) => each.kind === "rects" && each.colour === TOKENS.get("down"));
  assert.deepEqual(marked.map((each) => each.kind === "rects" && each.rects.length), [8]);
  assert.equal(body(true).length, body(false).length + 1);
  const price = (/** @type {boolean} */ isNew) => textsOf(body(isNew)).find(({ text }) => text === "100.0")?.colour;
  assert.deepEqual([price(false), price(true)], [TOKENS.get("quiet"), TOKENS.get("on-colour")]);
});

test("a price where bids and asks overlap is that of a crossed book, or of a row of several prices", () => {
  const colours = (/** @type {cells.Drawn["best"]} */ best) => new Map(textsOf(commandsOf({ best })[0].commands).map(({ text, colour }) => [text, colour]));
  const crossed = colours({ bid: 100.5, ask: 99.5 });
  assert.deepEqual(["99.0", "100.0", "101.0"].map((text) => crossed.get(text)), ["up", "amber", "down"].map((name) => TOKENS.get(name)));
  assert.equal(colours({ bid: 100.1, ask: 100.2 }).get("100.0"), TOKENS.get("strong"));
});

test("a row that is pointed at is framed", () => {
  const framed = (/** @type {number | null} */ pointed) => commandsOf({ pointed })[0].commands.filter((each) => each.kind === "rects" && each.colour === TOKENS.get("cross")).length;
  assert.deepEqual([framed(199), framed(null), framed(10 ** 6)], [1, 0, 0]);
});

test("the read-out says all numbers of a row exactly, and of an empty one that there is nothing", () => {
  assert.equal(texts.readout(row(99.5, { bid: 0.1, bidSum: 0.1, sell: 0.4, bidChange: -0.3 }), "99.5", ABOUT), "99.5: bid 0.1  Σ bid 0.1  ± bid -0.3  sold 0.4  session sold 0.4");
  assert.equal(texts.readout(null, "99.5", ABOUT), "99.5: nothing");
});

test("the last order is told with its side, size and price", () => {
  const order = { first: 0, time_ms: 0, side: 1, price: 100, volume: 1.5, trades: 1 };
  assert.equal(texts.last(order, ABOUT), "last: bought 1.5 at 100.0");
  assert.equal(texts.last({ ...order, side: 0, trades: 3 }, ABOUT), "last: traded 1.5 at 100.0 in 3 trades");
});
