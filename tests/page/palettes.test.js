import assert from "node:assert/strict";
import { test } from "node:test";
import { RULES } from "./browser.js";
import { LOOKS, SIGHTS, colour, contrast, distance } from "./vision.js";

const PLAIN = 20; // told apart without a doubt
const IN_GREY = 1.4; // of contrast, beside the shape of candles
/* What tells the sides apart, where it stands beside the other one. */
const PAIRS = [["up", "down"], ["up-fill", "down-fill"], ["buy-bright", "sell-bright"], ["bubble-buy", "bubble-sell"], ["heat-bid-2", "heat-ask-2"]];

test("the palettes for colour blindness tell the sides apart with every kind of it", () => {
  for (const { theme, palette, tokens } of LOOKS.filter((look) => look.palette !== "teal-red")) {
    for (const [sight, matrix] of Object.entries(SIGHTS)) {
      for (const [one, other] of PAIRS) {
        const apart = distance(colour(tokens, one), colour(tokens, other), matrix);
        assert.ok(apart >= PLAIN, `${theme}, ${palette}, ${sight}: ${one} and ${other} are ${apart.toFixed(0)} apart; ${PLAIN} is the least`);
      }
    }
  }
});

test("what rises and what falls differ in grey, in every palette", () => {
  for (const { theme, palette, tokens } of LOOKS) {
    const ratio = contrast(colour(tokens, "up"), colour(tokens, "down"));
    assert.ok(ratio >= IN_GREY, `${theme}, ${palette}: up and down have a contrast of ${ratio.toFixed(2)}; ${IN_GREY} is the least`);
  }
});

test("the heatmap of a light page begins as its ground and gets darker, that of a dark one brighter", () => {
  for (const { theme, tokens } of LOOKS) {
    const ground = colour(tokens, "background");
    for (const scale of [["heat-1", "heat-2", "heat-3", "heat-4", "heat-5"], ["heat-bid-1", "heat-bid-2", "heat-bid-3"], ["heat-ask-1", "heat-ask-2", "heat-ask-3"]]) {
      const ratios = scale.map((name) => contrast(colour(tokens, name), ground));
      assert.ok(ratios[0] < 1.3, `${theme}: ${scale[0]} is hardly the ground`);
      for (const [index, ratio] of ratios.entries()) assert.ok(index === 0 || ratio > ratios[index - 1], `${theme}: ${scale[index]}`);
    }
  }
});

test("where colours are forced, every colour is one of the system's", () => {
  const forced = RULES.get("forced");
  const themed = LOOKS.flatMap(({ theme, palette }) => [`:root[data-theme="${theme}"]`, `:root[data-palette="${palette}"]`]);
  const names = new Set(themed.flatMap((selector) => [...(RULES.get(selector)?.keys() ?? [])]));
  assert.ok(names.size > 60);
  for (const name of names) assert.match(forced?.get(name) ?? "", /^(?:Canvas|CanvasText|GrayText|Highlight|LinkText|transparent)$/u, `--${name}`);
});

test("every colour of the dark theme has its counterpart in the light one, and where colours are forced", () => {
  const colours = [...(RULES.get(":root") ?? [])].filter(([, value]) => /^(?:#|rgb)/u.test(value)).map(([name]) => name);
  assert.ok(colours.length > 60);
  for (const rule of [':root[data-theme="light"]', "forced"]) {
    assert.deepEqual(colours.filter((name) => !RULES.get(rule)?.has(name)), [], rule);
  }
});
