import assert from "node:assert/strict";
import { test } from "node:test";
import { scale } from "../../visualizer/page/draw/scale.js";
import { PRESETS } from "../../visualizer/page/options.js";
import { developing, naked } from "../../visualizer/page/panels/developing.js";
import { barsProfile, binsOf, sessionProfile, together } from "../../visualizer/page/panels/profile.js";
import { runs, startMs } from "../../visualizer/page/sessions.js";
import { profileOf, within } from "../../visualizer/page/panels/traded.js";
import { anchored, vwap } from "../../visualizer/page/panels/vwap.js";
import { empty } from "../../visualizer/page/store.js";
import { TOKENS } from "./browser.js";
import { random } from "./random.js";
/** @import { About, Command, FootprintRow, Layer, OhlcRow, Picture, PriceCell, Profile, Span, StatisticsRow } from "../../visualizer/page/types.d.ts" */

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const ABOUT = /** @type {About} */ ({ price_decimals: 2, size_decimals: 3, price_step: 0.5 });
const NOTHING = /** @type {Profile} */ ({ start_ms: 0, row: 1, rows: [], poc: null, vah: null, val: null, high_nodes: [], low_nodes: [], earlier: [] });

/** A row of the statistics: a bar's volume, its own VWAP and sigma, and those of the session, with its POC, VAH and VAL.
 * @param {number} ms
 * @param {{ volume?: number, own?: [number | null, number | null], session?: [number | null, number | null], area?: [number, number, number] | null, duration?: number }} [of]
 * @returns {StatisticsRow} */
const bar = (ms, { volume = 1, own = [10, 0], session = own, area = null, duration = 0 } = {}) =>
  [ms, 1, volume, 0, 0, 1, 0, 0, null, null, null, ...own, duration, false, false, ...session, ...(area ?? [null, null, null]), 20, 2];

/** A picture of a minute a bar on an axis of time, and its scale: ten pixels a bar, and one for each 0.1.
 * @param {Partial<Picture["data"]>} data
 * @param {Partial<Picture["options"]>} options
 * @param {Span} [x] in minutes */
function shown(data, options, x = [0, 10]) {
  const all = { ...empty(), about: ABOUT, ...data };
  /** @type {Picture} */
  const picture = {
    data: all,
    rows: /** @type {any} */ ((/** @type {"statistics"} */ name) => all[name]),
    cvdLine: false,
    options: { ...PRESETS.flow, ...options },
    place: Number,
    time: Number,
    step: MINUTE_MS,
    label: (place) => String(place / MINUTE_MS),
  };
  const box = { left: 0, top: 0, width: 100, height: 200 };
  /** @type {Span} */
  const span = [x[0] * MINUTE_MS, x[1] * MINUTE_MS];
  return { picture, within: scale({ x: span, y: [0, 20], box, step: MINUTE_MS, ratio: 1 }) };
}

/** @param {Layer} layer
 * @param {ReturnType<typeof shown>} given */
const drawn = (layer, { picture, within: place }) => layer.commands(picture, place);

/** The rectangles of a colour.
 * @param {Command[]} commands
 * @param {string} name */
function rectsOf(commands, name) {
  const flat = commands.flatMap((command) => (command.kind === "rects" && command.colour === TOKENS.get(name) ? command.rects : []));
  return Array.from({ length: flat.length / 4 }, (_, at) => flat.slice(4 * at, 4 * at + 4));
}

test("a VWAP since any bar is that of all trades since then, to the last digits that matter", () => {
  const next = random(3);
  for (let round = 0; round < 50; round += 1) {
    const base = 10 ** next(9);
    const bars = Array.from({ length: 20 }, () => Array.from({ length: 1 + next(9) }, () => [base + next(100) / 100, 1 + next(1000)]));
    /** @param {number[][]} trades */
    const exact = (trades) => {
      const volume = trades.reduce((sum, [, size]) => sum + size, 0);
      const mean = trades.reduce((sum, [price, size]) => sum + size * (price - base), 0) / volume;
      return { volume, mean, sigma: Math.sqrt(trades.reduce((sum, [price, size]) => sum + size * (price - base - mean) ** 2, 0) / volume) };
    };
    const rows = bars.map((trades, index) => {
      const { volume, mean, sigma } = exact(trades);
      return bar(index, { volume, own: [base + mean, sigma] });
    });
    for (const [index, { vwap: found, sigma }] of anchored(rows).entries()) {
      const wanted = exact(bars.slice(0, index + 1).flat());
      assert.ok(Math.abs(Number(found) - base - wanted.mean) <= 1e-12 * base + 1e-12);
      assert.ok(Math.abs(Number(sigma) - wanted.sigma) < 1e-6);
    }
  }
});

test("bars without volume change no VWAP, and before any volume there is none", () => {
  const rows = [bar(1, { volume: 0, own: [null, null] }), bar(2, { volume: 2, own: [5, 1] }), bar(3, { volume: 0, own: [null, null] })];
  assert.deepEqual(anchored(rows), [
    { place: 1, vwap: null, sigma: null },
    { place: 2, vwap: 5, sigma: 1 },
    { place: 3, vwap: 5, sigma: 1 },
  ]);
});

test("the VWAP breaks where a session ends, and a bar that is a session is as wide as it is", () => {
  const times = [DAY_MS - 2 * MINUTE_MS, DAY_MS - MINUTE_MS, DAY_MS];
  const statistics = times.map((ms) => bar(ms));
  const given = shown({ statistics }, { vwap: "session", bands: 0 }, [1435, 1445]);
  const [line, ...more] = drawn(vwap, given);
  assert.deepEqual(more, []);
  assert.ok(line.kind === "polyline");
  assert.deepEqual(line.points, [30, 100, 40, 100, 0, Number.NaN, 45, 100, 55, 100, 0, Number.NaN]);
  const [unbroken] = drawn(vwap, shown({ statistics }, { vwap: "dataset", bands: 0 }, [1435, 1445]));
  assert.ok(unbroken.kind === "polyline");
  assert.deepEqual(unbroken.points, [30, 0, 40, 0, 50, 0, 0, Number.NaN]);
});

test("bands lie whole deviations beside the VWAP", () => {
  const statistics = [bar(MINUTE_MS, { own: [10, 2] }), bar(2 * MINUTE_MS, { own: [10, 3] })];
  const heights = drawn(vwap, shown({ statistics }, { vwap: "session", bands: 2 })).map((command) => command.kind === "polyline" && command.points[3]);
  assert.deepEqual(heights, [70, 130, 40, 160, 100]);
});

test("an anchored VWAP starts with the bar that its anchor lies in, says so, and is not drawn where that is not at hand", () => {
  const statistics = [1, 2, 4].map((minute) => bar(minute * MINUTE_MS, { own: [minute, 0] }));
  const given = shown({ statistics }, { vwap: "anchor", anchor: 2.5 * MINUTE_MS, bands: 0 });
  /** @param {number} minute */
  const values = (minute) => vwap.readout?.cells.map(({ text }) => text(given.picture, minute * MINUTE_MS));
  assert.deepEqual([1, 2, 4].map(values), [["–", "–"], ["2.000", "0.000"], ["3.000", "1.000"]]);
  assert.equal(vwap.note?.(given.picture, given.within), "VWAP since 2.5");
  assert.ok(drawn(vwap, given).some(({ kind }) => kind === "polygon"));
  const before = shown({ statistics }, { vwap: "anchor", anchor: 0.5 * MINUTE_MS, bands: 0 });
  assert.equal(vwap.note?.(before.picture, before.within), "VWAP: the bar where it starts is no longer at hand");
  assert.ok(drawn(vwap, before).every(({ kind }) => kind !== "polyline"));
});

test("a bar belongs to the session of its last trade, wherever in a day sessions start", () => {
  const rows = [bar(DAY_MS - MINUTE_MS, { duration: MINUTE_MS - 1 }), bar(DAY_MS - 1, { duration: 1 }), bar(DAY_MS + 5)];
  assert.deepEqual(runs(rows, Number, 0), [[rows[0]], [rows[1], rows[2]]]);
  assert.deepEqual(runs(rows, Number, 5), [[rows[0], rows[1]], [rows[2]]]);
  assert.equal(startMs({ ...ABOUT, session_start: "22:30" }), 22.5 * 60 * MINUTE_MS);
  assert.equal(startMs(ABOUT), 0);
});

test("developing lines step from bar to bar, over bars without a trade, and break with the session", () => {
  const area = /** @type {[number, number, number]} */ ([10, 12, 8]);
  const statistics = [bar(MINUTE_MS, { area }), bar(3 * MINUTE_MS, { area: [11, 12, 8] }), bar(DAY_MS, { area })];
  const commands = drawn(developing, shown({ statistics }, {}));
  const poc = rectsOf(commands, "developing-poc");
  // The row of the POC is from 10 to 11: its middle is told.
  assert.deepEqual(poc.slice(0, 4), [[5, 94, 10, 2], [25, 84, 10, 2], [15, 94, 10, 2], [25, 84, 1, 12]]);
  assert.equal(poc.length, 5);
  assert.deepEqual(rectsOf(commands, "developing-area").map(([, y]) => y), [80, 80, 80, 120, 120, 120]);
});

test("naked points of control are dashed from the end of their session on, with its date", () => {
  const earlier = [
    { start_ms: 0, poc: 5, vah: 6, val: 4, is_naked: true },
    { start_ms: DAY_MS, poc: 7, vah: 8, val: 6, is_naked: false },
  ];
  const commands = drawn(naked, shown({ profile: { ...NOTHING, earlier } }, {}, [1435, 1445]));
  const dashes = rectsOf(commands, "naked-poc");
  assert.deepEqual([dashes[0], dashes.length], [[45, 145, 6, 1], 6]);
  const [texts] = commands.filter((command) => command.kind === "texts");
  assert.deepEqual(texts.texts.map(({ text }) => text), ["POC 01 Jan 5.0"]);
});

/** @param {number} ms
 * @param {PriceCell[]} cells
 * @returns {FootprintRow} */
const footprint = (ms, ...cells) => [ms, 0.1, cells];

test("a profile of bars sums whole lots, so that decimals do not decide a tie", () => {
  const bars = [footprint(1, [0.1, 0.1, 0, 0, 1], [0.3, 0.3, 0, 0, 1]), footprint(2, [0.1, 0.2, 0, 0, 1], [0.5, 0, 0, 0.1, 2])];
  const found = profileOf(bars, 1);
  assert.deepEqual(found?.rows, [[0.1, 0.3, 0, 0, 2], [0.3, 0.3, 0, 0, 1], [0.5, 0, 0, 0.1, 2]]);
  assert.deepEqual([found?.poc, found?.val, found?.row], [0.3, 0.1, 0.1]); // of two equal rows the one in the middle
  assert.equal(profileOf([], 1), null);
  assert.equal(profileOf([footprint(1, [0.1, 0, 0, 0, 1])], 1)?.poc, null);
});

test("a profile of bars tells how many of them it is of, where older ones are not at hand", () => {
  const ohlc = Array.from({ length: 10 }, (_, minute) => /** @type {OhlcRow} */ ([minute * MINUTE_MS, 1, 1, 1, 1, 1]));
  const held = [6, 7, 8, 9].map((minute) => footprint(minute * MINUTE_MS, [1, 1, 1, 0, 2]));
  assert.equal(within(held, ohlc, [0, 7 * MINUTE_MS]).older, 6);
  /** @param {Partial<Picture["options"]>} options
   * @param {FootprintRow[]} [rows] */
  const note = (options, rows = held) => {
    const given = shown({ ohlc, footprint: rows }, options);
    return barsProfile.note?.(given.picture, given.within);
  };
  assert.equal(note({ profile: "visible" }), "profile of the newest 4 of 10 bars in view");
  assert.equal(note({ profile: "range", range: [7 * MINUTE_MS, 9 * MINUTE_MS] }), "profile of the 2 bars chosen");
  assert.equal(note({ profile: "range", range: [-MINUTE_MS, 9 * MINUTE_MS] }), "profile of 3 bars: the first of those chosen are no longer at hand");
  assert.equal(note({ profile: "range", range: null }), "profile: press P and drag over its bars");
  assert.equal(note({ profile: "visible" }, []), "profile: no footprint so far");
});

test("a profile is at the right edge, at most a quarter of the width, bought and sold one beside the other", () => {
  const profile = { ...NOTHING, rows: /** @type {PriceCell[]} */ ([[5, 3, 1, 0, 4], [6, 1, 1, 0, 2], [7, 1, 0, 0, 1]]), poc: 5, val: 5, vah: 7 };
  const commands = drawn(sessionProfile, shown({ profile }, { profile: "session" }));
  const rows = commands.flatMap((command) => (command.kind === "rects" && command.colour.startsWith("rgba") ? [command.rects] : []));
  assert.deepEqual(rows, [[83.5, 140, 16.5, 9, 94.5, 130, 5.5, 9], [78, 140, 5.5, 9, 89, 130, 5.5, 9], [94.5, 120, 5.5, 9]]);
  assert.deepEqual(rectsOf(commands, "point-of-control"), [[78, 145, 22, 1]]);
  assert.deepEqual(rectsOf(commands, "value-area"), [[78, 130, 22, 20]]);
  assert.deepEqual(drawn(sessionProfile, shown({ profile: null }, {})), []);
});

test("rows too thin to be told apart are drawn together, and keep their sizes", () => {
  assert.deepEqual([10, 3, 1.6, 0.7, 0.02].map(together), [1, 1, 2, 5, 200]);
  const rows = /** @type {PriceCell[]} */ ([[-1, 1, 0, 0, 1], [0, 1, 2, 3, 1], [1, 1, 0, 0, 1], [2, 1, 0, 0, 1]]);
  assert.deepEqual(binsOf({ ...NOTHING, rows, poc: 1, val: 1, vah: 2 }, 2), [
    { row: -2, sizes: [1, 0, 0], isInside: false },
    { row: 0, sizes: [2, 2, 3], isInside: true },
    { row: 2, sizes: [1, 0, 0], isInside: false },
  ]);
});
