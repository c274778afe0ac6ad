import assert from "node:assert/strict";
import { test } from "node:test";
import * as placing from "../../visualizer/page/chart/layout.js";
import { PRESETS } from "../../visualizer/page/options.js";
import * as columns from "../../visualizer/page/panels/columns.js";
import { LEAST_PX, arranged, borderPx, domains, resized } from "../../visualizer/page/panels/heights.js";
import { PANELS, placesOf } from "../../visualizer/page/panels/registry.js";
import "./browser.js";

const { IDS } = columns;

test("a preset opens what it has room for, and a choice of the user holds in any window", () => {
  assert.deepEqual(columns.opened(PRESETS.flow, 1920), ["ladder", "depth"]);
  assert.deepEqual(columns.opened(PRESETS.flow, 1366), ["depth"]);
  assert.deepEqual(columns.opened(PRESETS.research, 1366), ["depth", "events"]);
  assert.deepEqual(columns.opened({ ...PRESETS.flow, beside: ["events", "gone", "ladder"] }, 800), ["events", "ladder"]);
  assert.deepEqual(columns.opened({ ...PRESETS.flow, beside: [] }, 1920), []);
});

test("one that is opened comes to its usual place, and one is moved as far as there is something to move past", () => {
  assert.deepEqual(columns.withOne(["depth"], "tape", true, IDS), ["tape", "depth"]);
  assert.deepEqual(columns.withOne(["depth", "tape"], "ladder", true, IDS), ["depth", "tape", "ladder"]);
  assert.deepEqual(columns.withOne(["depth", "tape"], "depth", false, IDS), ["tape"]);
  assert.deepEqual(columns.withOne(["depth"], "depth", true, IDS), ["depth"]);
  assert.deepEqual(columns.moved(["a", "b", "c"], "c", -2), ["c", "a", "b"]);
  assert.deepEqual(columns.moved(["a", "b", "c"], "a", -1), ["a", "b", "c"]);
  assert.deepEqual(columns.moved(["a", "b"], "gone", 1), ["a", "b"]);
});

test("the style sheets place columns until their order, a width or a missing depth is a choice", () => {
  assert.ok(columns.areUsual(["tape", "depth"], {}));
  assert.ok(columns.areUsual(["depth"], { tape: 400 }));
  assert.ok(columns.areUsual(["depth", "report", "monitor"], {}));
  assert.ok(!columns.areUsual(["depth", "monitor", "report"], {}));
  assert.ok(!columns.areUsual(["depth", "tape"], {}));
  assert.ok(!columns.areUsual(["depth"], { depth: 400 }));
  assert.ok(!columns.areUsual(["tape"], {}));
});

/** Widths of columns that all stand beside each other.
 * @param {Parameters<typeof columns.placesOf>} given */
function widthsOf(...given) {
  const { rows, px } = columns.placesOf(...given);
  assert.equal(rows, 1);
  return px;
}

test("columns are as wide as chosen, give way to the chart together, and never below what they need", () => {
  assert.deepEqual(widthsOf(["tape", "depth"], { tape: 500 }, 1920), [500, 330]);
  assert.deepEqual(widthsOf(["depth"], { depth: 20 }, 1920), [200]);
  assert.deepEqual(widthsOf(["depth"], { depth: 900 }, 1920, { hasBook: false }), [26]);
  assert.deepEqual(widthsOf(["ladder"], { ladder: 420 }, 1920, { ladderPx: 520 }), [520]);
  for (const room of [820, 900, 1200]) {
    const found = widthsOf(["tape", "depth"], { tape: 3000, depth: 3000 }, room);
    assert.ok(found[0] >= 300 && found[1] >= 200 && found[0] + found[1] <= room - 320);
  }
  assert.deepEqual(columns.placesOf(["tape", "ladder", "depth"], {}, 1000, { ladderPx: 480 }), { rows: 3, px: [480] });
  assert.deepEqual(columns.placesOf(["ladder"], {}, 700), { rows: 1, px: [350] });
  assert.deepEqual(columns.placesOf([], {}, 100), { rows: 1, px: [] });
  assert.equal(columns.resizedPx("tape", 1000, 400, 600), 680);
  assert.equal(columns.resizedPx("tape", 10, 400, 600), 300);
  assert.equal(columns.resizedPx("tape", 390, 400, 200), 390);
});

const SHOWN = { ...PRESETS.flow, panels: ["delta", "price", "statistics", "cvd"] };
const HEIGHT = 800;

test("panels stand in the order of the options, wherever they are in the registry", () => {
  const made = placing.layout(PANELS, { width: 900, height: HEIGHT + 34, ratio: 1 }, [], { right: 76, bottom: 34 }, placesOf(SHOWN));
  const shown = made.panels.filter(({ box }) => box.height > 0).sort((one, other) => one.box.top - other.box.top);
  assert.deepEqual(shown.map(({ id }) => id), SHOWN.panels);
  assert.equal(placing.pointed(made, PANELS, [0, 1], { x: 5, y: 2 }).panel?.id, "delta");
  assert.equal(shown.reduce((sum, { cell }) => sum + cell.height, 0), HEIGHT);
});

test("a border that is dragged moves so far, changes the two panels beside it alone, and stops where one could not be read", () => {
  for (const [above, below] of [["delta", "price"], ["price", "statistics"], ["statistics", "cvd"]]) {
    for (const px of [-5000, -30, 0, 45, 5000]) {
      const before = placesOf(SHOWN);
      const panels = arranged(PANELS, before.order, before.heights);
      const from = domains(panels, [], HEIGHT, before.fixed);
      const heights = resized(panels, [], HEIGHT, { fixed: before.fixed, above, below, px });
      const after = placesOf({ ...SHOWN, heights });
      const moved = arranged(PANELS, after.order, after.heights);
      const to = domains(moved, [], HEIGHT, after.fixed);
      const way = borderPx(moved, [], HEIGHT, { fixed: after.fixed, above }) - borderPx(panels, [], HEIGHT, { fixed: before.fixed, above });
      const at = SHOWN.panels.indexOf(above);
      for (const [index, [low, high]] of to.entries()) {
        const height = (high - low) * HEIGHT;
        if (index === at || index === at + 1) assert.ok(height > LEAST_PX - 1, `${SHOWN.panels[index]} ${height}`);
        else assert.ok(Math.abs(height - (from[index][1] - from[index][0]) * HEIGHT) < 1, SHOWN.panels[index]);
      }
      if (Math.abs(px) < 1000) assert.ok(Math.abs(way - px) < 1, `${above} ${px} ${way}`);
      else assert.equal(Math.sign(way), Math.sign(px));
    }
  }
});
