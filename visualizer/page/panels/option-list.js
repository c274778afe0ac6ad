/* What the panel "Settings" offers of the chart, from the top. A further option is an entry here. Pure. */
import * as columns from "./columns.js";
import { plainOf } from "../numbers.js";
import { KINDS } from "./event-list.js";
import { namesOf } from "./measure-list.js";
import { PANELS } from "./registry.js";
import { LABELS } from "./statistics-rows.js";
/** @import { About, Options } from "../types.d.ts" */
/** Choices are labels by value; those of `choicesOf` depend on what is replayed. A number that is kept as it was typed is a decimal. Of several, one stays chosen at least, unless there may be none;
 * those that are ordered can be moved.
 * @typedef {"choice" | "switch" | "number" | "decimal" | "several" | "ordered"} Kind
 * @typedef {{ group: string, label: string, name: keyof Options, kind: Kind, choices?: Readonly<Record<string, string>>, choicesOf?: (about: About | null) => Readonly<Record<string, string>>, hint?: string, mayBeNone?: boolean }} Option */

/** @type {readonly Option[]} */
export const OPTIONS = [
  {
    group: "Chart",
    label: "Panels",
    name: "panels",
    kind: "ordered",
    choices: Object.fromEntries(PANELS.map(({ id, name }) => [id, name])),
  },
  { group: "Chart", label: "Beside the chart", name: "beside", kind: "ordered", choices: columns.LABELS, mayBeNone: true },
  { group: "Chart", label: "Volume in the colour of the delta", name: "volumeByDelta", kind: "switch" },
  {
    group: "Chart",
    label: "Times without bars",
    name: "gap",
    kind: "choice",
    choices: {
      auto: "no room from an hour and four bars on",
      "15 min": "no room from 15 min on",
      "60 min": "no room from 1 h on",
      "240 min": "no room from 4 h on",
      never: "as wide as they last",
    },
  },
  {
    group: "Price",
    label: "Bars",
    name: "price",
    kind: "choice",
    choices: { candles: "candles", auto: "footprints where numbers fit", footprint: "footprints" },
  },
  { group: "Price", label: "Best bid, ask and mid", name: "quotes", kind: "switch" },
  { group: "Price", label: "Large orders", name: "bubbles", kind: "switch" },
  { group: "Price", label: "Events", name: "events", kind: "several", choices: KINDS, mayBeNone: true },
  { group: "Price", label: "Alerts", name: "alerts", kind: "switch" },
  { group: "Heatmap", label: "What rested, behind the price (key H)", name: "heatmap", kind: "switch" },
  { group: "Heatmap", label: "Best bid and ask as lines", name: "heatLines", kind: "switch" },
  {
    group: "Heatmap",
    label: "Colours",
    name: "heatPalette",
    kind: "choice",
    choices: { heat: "by heat", grey: "grey", sides: "bids and asks" },
  },
  {
    group: "Heatmap",
    label: "Brightness",
    name: "heatOpacity",
    kind: "choice",
    choices: { 1: "full", 0.75: "three quarters", 0.5: "half", 0.25: "a quarter" },
  },
  {
    group: "Price",
    label: "Middle of the book",
    name: "mids",
    kind: "choice",
    choices: { off: "off", mid: "mid", weighted: "weighted mid", both: "mid and weighted mid" },
  },
  { group: "Measures of the book", label: "Measure", name: "measure", kind: "choice", choicesOf: namesOf },
  { group: "Measures of the book", label: "As", name: "measureAs", kind: "choice", choices: { candles: "candles", line: "line" } },
  {
    group: "Footprint",
    label: "Cells",
    name: "cells",
    kind: "choice",
    choices: { sides: "sold × bought", delta: "delta", total: "volume", profile: "profile" },
  },
  { group: "Footprint", label: "Imbalance above", name: "ratio", kind: "decimal", hint: "times the opposite side, diagonally" },
  { group: "Footprint", label: "Imbalance from", name: "least", kind: "number", hint: "the least size of an imbalance" },
  { group: "Footprint", label: "Ignore an empty opposite", name: "ignoreZero", kind: "switch" },
  {
    group: "VWAP",
    label: "Since",
    name: "vwap",
    kind: "choice",
    choices: { off: "off", session: "the session", dataset: "the first trade", anchor: "a bar (key W)" },
  },
  { group: "VWAP", label: "Bands", name: "bands", kind: "choice", choices: { 0: "none", 1: "1 σ", 2: "2 σ", 3: "3 σ" } },
  {
    group: "Profile",
    label: "Volume profile",
    name: "profile",
    kind: "choice",
    choices: { off: "off", session: "of the session", visible: "of the bars in view", range: "of a range (key P)" },
  },
  { group: "Profile", label: "Developing POC and value area", name: "developing", kind: "switch" },
  { group: "Profile", label: "Naked POCs of earlier sessions", name: "naked", kind: "switch" },
  { group: "Ladder", label: "In the place of the depth", name: "ladderAlone", kind: "switch" },
  { group: "Statistics", label: "Rows", name: "statistics", kind: "several", choices: LABELS },
];

const DECIMAL = /^(?:\d{1,9}(?:\.\d{1,6})?|\.\d{1,6})$/u;

/** What was typed as a number; null where it is none.
 * @param {Kind} kind
 * @param {string} typed
 * @returns {string | number | null} */
export function typedValue(kind, typed) {
  const text = plainOf(typed);
  if (text === null || !DECIMAL.test(text)) return null;
  if (kind === "number") return Number(text);
  return Number(text) > 0 ? text : null;
}

/** What is chosen of several after one of them has changed, in the order in which they are offered. The last one stays, unless there may be none.
 * @param {readonly string[]} before
 * @param {string} name
 * @param {boolean} isChosen
 * @param {Readonly<Record<string, string>>} choices
 * @param {boolean} [mayBeNone] */
export function several(before, name, isChosen, choices, mayBeNone = false) {
  const after = Object.keys(choices).filter((each) => (each === name ? isChosen : before.includes(each)));
  return after.length || mayBeNone ? after : [...before];
}
