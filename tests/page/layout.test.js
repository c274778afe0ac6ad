import assert from "node:assert/strict";
import { test } from "node:test";
import * as cells from "../../visualizer/page/chart/cells.js";
import * as placing from "../../visualizer/page/chart/layout.js";
import { PRESETS } from "../../visualizer/page/options.js";
import { PANELS } from "../../visualizer/page/panels/registry.js";
import { empty } from "../../visualizer/page/store.js";
import { TOKENS } from "./browser.js";
/** @import { About, Break, Command, OhlcRow, Row, Span } from "../../visualizer/page/types.d.ts" */

const MARGIN = { right: 76, bottom: 34 };
const ABOUT = /** @type {About} */ ({ price_decimals: 2 });

test("the cells of the panels cover the height without a gap, and each holds its panel", () => {
  for (const collapsed of [[], ["obi"], ["price", "volume", "cvd"]]) {
    for (const height of [200, 481, 1033]) {
      const { panels, plot, times } = placing.layout(PANELS, { width: 900, height, ratio: 1 }, collapsed, MARGIN);
      assert.equal(plot.width, 900 - 76);
      let top = 0;
      for (const { box, cell, rule } of panels) {
        assert.equal(cell.top, top);
        top += cell.height;
        assert.ok(box.top >= cell.top && box.top + box.height <= top);
        assert.ok(rule === null || (rule > cell.top && rule <= top));
      }
      assert.deepEqual([top, times.top, times.height], [plot.height, plot.height, 34]);
    }
  }
});

test("a point is in a panel, over the prices, or over neither", () => {
  const made = placing.layout(PANELS, { width: 900, height: 700, ratio: 1 }, [], MARGIN);
  /** @param {number} x
   * @param {number} y */
  const at = (x, y) => placing.pointed(made, PANELS, [0, 824], { x, y });
  assert.deepEqual([at(412, 10).panel?.id, at(412, 10).zone, at(412, 10).along], [PANELS[0].id, "plot", 412]);
  assert.deepEqual([at(850, 660).panel?.id, at(850, 660).zone], [PANELS[PANELS.length - 1].id, "scale"]);
  assert.deepEqual([at(412, 690).panel, at(412, 690).zone, at(-1, 10).zone], [null, "plot", null]);
});

/** Everything that is drawn of a panel.
 * @param {number} index
 * @param {Row[]} rows
 * @param {{ isEmpty?: boolean, spans?: Span[], breaks?: Break[], sessions?: number[] }} [how] */
function drawn(index, rows, { isEmpty = false, spans = [], breaks = [], sessions = [] } = {}) {
  const made = placing.layout(PANELS, { width: 900, height: 700, ratio: 1 }, [], MARGIN);
  const within = placing.scaleOf(made, index, [0, 100], [-1, 1], 1);
  const data = { ...empty(), about: ABOUT, ohlc: /** @type {OhlcRow[]} */ (rows) };
  const bands = [{ kind: "gaps", fill: "fill", edge: "edge", spans }];
  const shown = { options: PRESETS.overview, place: Number, time: Number, step: 1, label: String, cvdLine: false };
  const picture = { ...shown, data, rows: /** @type {any} */ (() => rows), bands, columns: [25, 75], breaks, sessions, isTold: true, isEmpty };
  return { groups: cells.cell(PANELS[index], made.panels[index], within, picture), within };
}

/** @param {Command[]} commands */
const colours = (commands) => commands.map(({ colour }) => colour);

test("a panel is drawn from below: what was found, the grid, its zero, its marks, its labels", () => {
  const obi = PANELS.findIndex(({ id }) => id === "obi");
  const { groups, within } = drawn(obi, [[50, 0, 0.5, -0.5, 0.2]], { spans: [[10, 20], [200, 300]] });
  const [behind, marks, , labels] = groups.map(({ commands }) => commands);
  const [grid, zero, rule] = ["grid", "zero-line", "panel-rule"].map((name) => String(TOKENS.get(name)));
  assert.deepEqual(colours(behind), ["fill", "edge", grid, grid, zero, rule]);
  const [fill] = behind;
  assert.ok(fill.kind === "rects");
  assert.deepEqual([fill.rects.length, fill.rects[0], fill.rects[2]], [4, within.toX(10), within.toX(20) - within.toX(10)]);
  assert.deepEqual(colours(marks), [TOKENS.get("up")]);
  assert.deepEqual(groups[1].box, within.box);
  assert.ok(labels[0].kind === "texts");
  assert.deepEqual(labels[0].texts.map(({ text }) => text), ["-1", "-0.5", "0", "0.5", "1"]);
});

test("a panel without values is empty but for what was found", () => {
  const { groups } = drawn(0, [], { isEmpty: true, spans: [[10, 20]] });
  assert.deepEqual(colours(groups.flatMap(({ commands }) => commands)).slice(0, 2), ["fill", "edge"]);
  assert.ok(groups.every(({ commands }) => commands.every((each) => each.kind !== "texts" || each.texts.length === 0)));
});

test("a label of an axis is not there under the chip of the newest value, and is whole at the edges", () => {
  const newest = /** @type {Row} */ ([50, 0.5, 0.5, 0.5, 0.5, 1]);
  const { groups, within } = drawn(0, [newest]);
  const [labels] = groups[groups.length - 1].commands;
  assert.ok(labels.kind === "texts");
  assert.ok(labels.texts.every(({ y }) => Math.abs(y - within.toY(0.5)) > 13 && y + 5.5 <= groups[groups.length - 1].box.top + groups[groups.length - 1].box.height));
  assert.ok(labels.texts.length > 4);
  const second = drawn(1, [newest]).groups.at(-1);
  assert.ok(second?.commands[0].kind === "texts" && second.commands[0].texts.every(({ y }) => y >= second.box.top + 5.5));
});

test("a break is a hatched band that tells its length where there is room, and sessions start with a line", () => {
  const night = { fromMs: 0, toMs: 17.5 * 3_600_000, from: 40, to: 42 };
  const { groups, within } = drawn(0, [[50, 1, 1, 1, 1, 1]], { breaks: [night], sessions: [42] });
  const [behind, , told] = groups.map(({ commands }) => commands);
  const [band, hatch, start] = behind;
  assert.deepEqual(colours(behind).slice(0, 3), ["break", "break-hatch", "session-mark"].map((name) => TOKENS.get(name)));
  assert.ok(band.kind === "rects" && hatch.kind === "polyline" && start.kind === "rects");
  assert.deepEqual([band.rects[0], band.rects[0] + band.rects[2]], [within.toX(39.5), within.toX(41.5)]);
  assert.ok(Math.abs(start.rects[0] - within.toX(41.5)) <= 1);
  assert.ok(told[0].kind === "texts" && told[0].turned);
  assert.deepEqual(told[0].texts.map(({ text, x }) => [text, x]), [["17 h 30 min", within.toX(40.5)]]);
});

test("labels of times are drawn in whole or not at all, the date below", () => {
  const ticks = { places: [1, 50, 99], texts: ["00:00", "00:30\n02 Jan 2024", "01:00"] };
  const labels = cells.timeLabels(ticks, [0, 100], 800);
  assert.deepEqual(labels.map(({ x }) => x), [400]);
  const [{ commands }] = cells.times(labels, { left: 0, top: 600, width: 876, height: 34 });
  assert.ok(commands[0].kind === "texts");
  assert.deepEqual(commands[0].texts.map(({ text }) => text), ["00:30", "02 Jan 2024"]);
  assert.ok(commands[0].texts[0].y < commands[0].texts[1].y && commands[0].texts[1].y < 634);
});
