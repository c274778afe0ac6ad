import assert from "node:assert/strict";
import { test } from "node:test";
import { LOOKS, colour, contrast, mixed } from "./vision.js";

const TEXT = 4.5;
const GRAPHICS = 3;
const FULL = 0.58; // the strongest colour behind numbers, of footprints and statistics

/* Text tokens, by the grounds that they are written on. */
const GROUNDS = ["background", "raised"];
const WRITTEN = {
  text: [...GROUNDS, "hover", "rule"],
  strong: [...GROUNDS, "hover", "chip", "info-background", "over-background"],
  quiet: [...GROUNDS, "hover"],
  disabled: GROUNDS,
  up: [...GROUNDS, "hover"],
  down: [...GROUNDS, "hover"],
  blue: GROUNDS,
  amber: GROUNDS,
  red: GROUNDS,
  "axis-text": GROUNDS,
  "naked-poc": GROUNDS,
  "error-text": ["error-background"],
  "invalid-text": GROUNDS,
  background: ["amber"], // the button Follow while the chart does not
  "on-colour": ["up", "down", "axis-text"],
};

/* Text on a colour that its ground shines through, and how much of the colour there is. */
const OVER = /** @type {[text: string, colour: string, alpha: number, ground: string][]} */ ([
  ...["strong", "buy-bright"].map((text) => [text, "up-fill", FULL, "background"]),
  ...["strong", "sell-bright"].map((text) => [text, "down-fill", FULL, "background"]),
  ["strong", "volume", FULL, "background"],
  // the ladder: sizes over bars, the best prices
  ...["up", "down"].map((name) => ["text", name, 0.3, "background"]),
  ["buy-bright", "up", 0.3, "raised"],
  ["sell-bright", "down", 0.3, "raised"],
  // large orders in the tape, and their volumes in bubbles
  ...["up", "down"].flatMap((name) => [name, "strong"].map((text) => [text, name, 0.12, "background"])),
  ["strong", "bubble-buy", 0.35, "background"],
  // over the slider
  ["quiet", "blue", 0.1, "background"],
]);

/* What is drawn in one colour and has to be seen. */
const DRAWN = {
  background: ["up", "down", "up-fill", "down-fill", "volume", "vwap", "blue", "mid-price", "weighted-mid", "point-of-control", "unfinished", "profile-node"]
    .concat(["bubble-buy", "bubble-sell", "bubble-unknown", "buy-bright", "sell-bright", "naked-poc", "cross"])
    .concat(["size-1", "size-2", "size-3", "size-4", "heat-5", "heat-grey-2", "heat-bid-3", "heat-ask-3"]),
  raised: ["blue", "amber", "red", "up", "cross"],
};

/** @param {(look: typeof LOOKS[number]) => [name: string, ratio: number, least: number][]} pairs */
function each(pairs) {
  for (const look of LOOKS) {
    for (const [name, ratio, least] of pairs(look)) {
      assert.ok(ratio >= least, `${look.theme}, ${look.palette}: ${name} has a contrast of ${ratio.toFixed(2)}; ${least} is the least`);
    }
  }
}

test("every text is told from every ground that it is written on", () => {
  each(({ tokens }) =>
    Object.entries(WRITTEN).flatMap(([text, grounds]) =>
      grounds.map((ground) => [`${text} on ${ground}`, contrast(colour(tokens, text), colour(tokens, ground)), TEXT]),
    ),
  );
});

test("numbers are told from the strongest colour behind them", () => {
  each(({ tokens }) =>
    OVER.map(([text, name, alpha, ground]) => {
      const below = mixed(colour(tokens, name), colour(tokens, ground), alpha);
      return [`${text} on ${name} of ${alpha}`, contrast(colour(tokens, text), below), TEXT];
    }),
  );
});

test("every line and every shape is told from the ground that it is drawn on", () => {
  each(({ tokens }) =>
    Object.entries(DRAWN).flatMap(([ground, names]) =>
      names.map((name) => [`${name} on ${ground}`, contrast(colour(tokens, name), colour(tokens, ground)), GRAPHICS]),
    ),
  );
});
