import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import "./browser.js";
import { CHOICES, restored, themeOf } from "../../visualizer/page/looks.js";

const STYLES = new URL("../../visualizer/page/styles/", import.meta.url);
const FIRST = readFileSync(new URL("../../visualizer/first-look.js", import.meta.url), "utf8");

/** What the script in the page makes of what is kept.
 * @param {string | null} kept
 * @param {boolean} prefersLight */
function firstLook(kept, prefersLight) {
  const dataset = /** @type {Record<string, string>} */ ({});
  const style = { setProperty: (/** @type {string} */ name, /** @type {string} */ value) => Object.assign(dataset, { [name]: value }) };
  const localStorage = { getItem: () => kept };
  runInNewContext(FIRST, { localStorage, matchMedia: () => ({ matches: prefersLight }), document: { documentElement: { dataset, style } } });
  return { ...dataset };
}

test("what is kept is shown as it was chosen, and what there is no choice of is as it is at first", () => {
  const first = Object.fromEntries(Object.entries(CHOICES).map(([name, choices]) => [name, Object.keys(choices)[0]]));
  for (const text of [null, "", "{", "null", "[]", "3", '{"theme": "pink", "palette": 3}']) assert.deepEqual(restored(text), first);
  assert.deepEqual(restored('{"theme": "light", "more": 1}'), { ...first, theme: "light" });
});

test("the page has the same theme and palette before anything is painted as later", () => {
  for (const theme of Object.keys(CHOICES.theme)) {
    for (const palette of Object.keys(CHOICES.palette)) {
      for (const prefersLight of [false, true]) {
        const kept = JSON.stringify({ theme, palette });
        assert.deepEqual(firstLook(kept, prefersLight), { theme: themeOf(restored(kept), prefersLight), palette });
      }
    }
  }
});

test("type is as large before anything is painted as later", () => {
  for (const type of Object.keys(CHOICES.type)) {
    const { "--font-scale": scale } = firstLook(JSON.stringify({ type }), false);
    assert.equal(Number(scale), Number(restored(JSON.stringify({ type })).type) / 100);
  }
  for (const type of ["300", "10", 3, "x", null]) assert.equal(firstLook(JSON.stringify({ type }), false)["--font-scale"], undefined);
});

test("a page that can keep nothing, or has kept nothing of ours, is loaded all the same", () => {
  assert.deepEqual(firstLook(null, true), { theme: "dark" });
  for (const text of ["{", "null", "3"]) assert.ok(["dark", undefined].includes(firstLook(text, true).theme));
});

test("no style sheet has a measure in pixels that type would not take along, but lines one pixel thick", () => {
  for (const name of readdirSync(STYLES)) {
    const text = readFileSync(new URL(name, STYLES), "utf8").replace(/html \{.*?\n\}/su, ""); // where the size of type is made
    const found = [...text.matchAll(/[\d.]+px\b/gu)].map(([measure]) => measure).filter((measure) => Number.parseFloat(measure) > 1);
    assert.deepEqual(found, [], `${name}: tenths of a rem would be right`);
    assert.doesNotMatch(text, /@media \((?:max|min)-(?:width|height)/u, `${name}: @container page would be right, which asks for room in type`);
  }
});
