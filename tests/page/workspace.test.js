import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { PRESETS } from "../../visualizer/page/options.js";
import { drawnFrom } from "../../visualizer/page/panels/layout-options.js";
import { FIELDS, MOST_IN_ADDRESS, decoded, differences, encoded, exported, imported } from "../../visualizer/page/workspace.js";
import "./browser.js";
/** @import { Options } from "../../visualizer/page/types.d.ts" */

/** @type {Readonly<Options>} */
const OWN = {
  ...PRESETS.flow,
  panels: ["delta", "price", "cvd"],
  heights: { delta: 0.3 },
  beside: ["depth", "tape"],
  widths: { tape: 500 },
  ratio: "4.5",
  heatScales: { "BTC/ÜSD": { lower: { quantile: 0.5 }, upper: { size: 12 } } },
};

/** A file with a preset and some options.
 * @param {unknown} options
 * @param {object} [further] */
const file = (options, further = {}) => JSON.stringify({ version: 1, name: "x", preset: "flow", options, ...further });

test("what a file hands out, it takes in again, whatever it is of", () => {
  for (const options of [...Object.values(PRESETS), OWN]) {
    assert.deepEqual(imported(exported("Mine", options)), { name: "Mine", options, drawings: null, notes: [] });
  }
});

test("a file has the drawings of an instrument with it, as they were handed over, and says what came of them", () => {
  const drawings = { version: 1, instrument: "BTC", drawings: [{ kind: "line" }], views: {} };
  const found = imported(exported("Mine", OWN, drawings));
  assert.ok(found.error === undefined);
  assert.deepEqual([found.drawings, found.notes], [drawings, []]);
  assert.equal(drawnFrom({ instrument: "BTC", added: 2, refused: 0 }), "Drawings of BTC: 2 added.");
  assert.equal(drawnFrom({ instrument: "BTC", added: 2, refused: 1 }), "Drawings of BTC: 2 added, 1 left out.");
  assert.equal(drawnFrom({ error: "expected a list" }), "Its drawings are left out: expected a list.");
});

test("a layout may name a measure of another replay's own parameters, and nothing that is no measure", () => {
  for (const measure of ["obi_3", "cost_buy_bp_0.5", "cost_sell_bp_10"]) assert.equal(imported(file({ measure })).error, undefined, measure);
  for (const measure of ["obi_", "obi_03", "cost_buy_bp_", "volume", 3]) assert.match(String(imported(file({ measure })).error), /expected a measure such as/u, String(measure));
});

test("an address holds what differs from a preset, and nothing of a dataset", () => {
  assert.deepEqual(differences(PRESETS.depth), {});
  const anchored = /** @type {Readonly<Options>} */ ({ ...OWN, vwap: "anchor", anchor: 5, profile: "range", range: [1, 2] });
  assert.deepEqual(Object.keys(differences(anchored)).sort(), ["beside", "heatScales", "heights", "panels", "ratio", "widths"]);
  const text = encoded(anchored) ?? "";
  assert.match(text, /^[\w-]+$/u);
  assert.deepEqual(decoded("flow", text), { options: OWN, notes: [] });
});

test("a layout that is too long for an address is none, and neither is what nobody has handed out", () => {
  const scales = Object.fromEntries(Array.from({ length: 60 }, (_, number) => [`SYMBOL${number}`, { lower: { quantile: 0.5 } }]));
  assert.equal(encoded({ ...OWN, heatScales: scales }), null);
  assert.match(String(decoded("flow", "A".repeat(MOST_IN_ADDRESS + 1)).error), /expected 2048 at most/u);
  for (const odd of ["%%%", "bm8", "_w", ""]) assert.match(String(decoded("flow", odd).error), /expected what "Copy link" gives/u);
  assert.match(String(decoded("flow", Buffer.from('{"bands":9}').toString("base64url")).error), /invalid bands 9: expected one of 0, 1, 2, 3/u);
});

test("what is not known is left out with a word", () => {
  const found = imported(file({ ratio: "4", fromLater: 1, heights: { price: 0.4, gone: 1 } }, { author: "me" }));
  assert.ok(found.error === undefined);
  assert.deepEqual(found.notes, ['unknown key "author" is left out', 'unknown option "fromLater" is left out', 'unknown panel "gone" in heights is left out']);
  assert.deepEqual(found.options, { ...PRESETS.flow, ratio: "4", heights: { price: 0.4 } });
});

test("a wrong value is refused by its name, with what would be right", () => {
  /** @type {[string, RegExp][]} */
  const cases = [
    ["{", /^invalid layout: expected JSON/u],
    ["[]", /^invalid layout \[\]: expected an object/u],
    [file({}, { version: 2 }), /^invalid version 2: expected 1$/u],
    [file({}, { preset: "toString" }), /^invalid preset "toString": expected one of overview, flow, depth, research$/u],
    [file({}, { name: 5 }), /^invalid name 5/u],
    [file([]), /^invalid options \[\]/u],
    [file({ panels: ["price", "cvdd"] }), /^invalid panels \["price","cvdd"\]: expected a list of some of price, volume, /u],
    [file({ panels: [] }), /^invalid panels \[\]: .*one at least$/u],
    [file({ panels: ["price", "price"] }), /^invalid panels/u],
    [file({ beside: "tape" }), /^invalid beside "tape": expected a list of some of tape, ladder, depth, events, alerts, report, monitor, each once$/u],
    [file({ heights: { price: 0 } }), /^invalid heights \{"price":0\}: expected an object .* above 0/u],
    [file({ widths: { tape: "5" } }), /^invalid widths/u],
    [file({ vwap: "today" }), /^invalid vwap "today": expected one of "off", "session", "dataset", "anchor"$/u],
    [file({ heatmap: 1 }), /^invalid heatmap 1: expected true or false$/u],
    [file({ ratio: 3 }), /^invalid ratio 3: expected a decimal/u],
    [file({ least: -1 }), /^invalid least -1: expected a number/u],
    [file({ ladderRows: 1.5 }), /^invalid ladderRows 1.5/u],
    [file({ heatScales: { X: { lower: { quantile: 2 } } } }), /^invalid heatScales/u],
    [" ".repeat(100_001), /^invalid layout of 100001 characters: expected 100000 at most$/u],
  ];
  for (const [text, wanted] of cases) assert.match(String(imported(text).error), wanted);
});

test("every option of a page can be in a layout, but what belongs to a dataset, and every preset is right", () => {
  for (const preset of Object.values(PRESETS)) {
    const others = Object.entries(preset).filter(([name]) => !["preset", "anchor", "range"].includes(name));
    assert.deepEqual(Object.keys(FIELDS).sort(), others.map(([name]) => name).sort());
    for (const [name, value] of others) assert.ok(FIELDS[name].is(value), name);
  }
});

test("the layouts of the documentation are right in every word", () => {
  const folder = new URL("../../docs/workspaces/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  assert.ok(files.length >= 4);
  for (const name of files) {
    const found = imported(readFileSync(new URL(name, folder), "utf8"));
    assert.ok(found.error === undefined, `${name}: ${found.error}`);
    assert.deepEqual(found.notes, [], name);
  }
});
