/* A layout as a file and as a part of an address: what is shown, in which order and how large. Pure: options in, text out, and back with
   a word about what was left out, or an error that says what would be right. */
import { PRESETS, isPreset, lasting } from "./options.js";
import * as columns from "./panels/columns.js";
import { GROUPS } from "./panels/ladder-rows.js";
import { isMeasure } from "./panels/measure-list.js";
import { OPTIONS, typedValue } from "./panels/option-list.js";
/** @import { Options, PresetName } from "./types.d.ts" */
/** @typedef {import("./panels/option-list.js").Option} Option */
/** What is right in a field, in words, and whether a value is.
 * @typedef {{ right: string, is(value: unknown): boolean }} Field */
/** A layout that was read: its options and what had to be left out, or why it is none.
 * @typedef {{ name: string, options: Readonly<Options>, drawings: unknown, notes: string[], error?: undefined } | { error: string }} Read */

const VERSION = 1;
const MOST_CHARACTERS = 100_000; // of a file
export const MOST_IN_ADDRESS = 2048;
const MOST_SHARE = 100;
const MOST_ROWS = 1000; // price rows in a row of the ladder
const MOST_SHOWN = 60; // characters of a wrong value in an error
/* A bar and a range belong to a dataset; of what preset options are is told beside them. */
const LEFT_OUT = ["preset", "anchor", "range"];

/** @param {unknown} value
 * @returns {value is Record<string, unknown>} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {unknown} value
 * @param {number} low
 * @param {number} high */
const isWithin = (value, low, high) => typeof value === "number" && value >= low && value <= high;

/** @param {readonly string[]} names
 * @param {boolean} mayBeNone
 * @returns {Field} */
const listOf = (names, mayBeNone) => ({
  right: `a list of some of ${names.join(", ")}, each once${mayBeNone ? "" : ", one at least"}`,
  is: (value) =>
    Array.isArray(value) && value.every((each) => names.includes(each)) && new Set(value).size === value.length && (mayBeNone || value.length > 0),
});

/** @param {string} right
 * @param {(value: number) => boolean} isRight
 * @param {readonly string[]} names
 * @returns {Field} */
const sizesOf = (right, isRight, names) => ({
  right: `an object that gives some of ${names.join(", ")} ${right}`,
  is: (value) => isObject(value) && Object.entries(value).every(([, each]) => typeof each === "number" && isRight(each)),
});

/** @type {Field} */
const onOff = { right: "true or false", is: (value) => typeof value === "boolean" };

/** @param {unknown} cut */
const isCutOff = (cut) =>
  isObject(cut) && Object.keys(cut).length === 1 && (isWithin(cut.quantile, 0, 1) || isWithin(cut.size, 0, Number.MAX_VALUE));

/** @param {unknown} scale */
const isHeatScale = (scale) => isObject(scale) && Object.entries(scale).every(([end, cut]) => (end === "lower" || end === "upper") && isCutOff(cut));

/** @param {Option} option
 * @returns {Field} */
function fieldOf({ name, kind, choices = {}, mayBeNone = false }) {
  const names = Object.keys(choices);
  if (kind === "switch") return onOff;
  if (kind === "several" || kind === "ordered") return listOf(names, mayBeNone);
  if (kind === "number") return { right: "a number such as 2.5", is: (value) => typeof value === "number" && typedValue(kind, String(value)) === value };
  if (kind === "decimal") return { right: 'a decimal above 0 as a text, such as "2.5"', is: (value) => typeof value === "string" && typedValue(kind, value) === value };
  const isNumber = typeof PRESETS.overview[name] === "number";
  return {
    right: `one of ${names.map((each) => (isNumber ? each : `"${each}"`)).join(", ")}`,
    is: (value) => typeof value === (isNumber ? "number" : "string") && names.includes(String(value)),
  };
}

const PANELS = Object.keys(OPTIONS.find(({ name }) => name === "panels")?.choices ?? {});

/** What the fields of a layout may be; the settings panel does not offer all of them.
 * @type {Record<string, Field>} */
export const FIELDS = {
  ...Object.fromEntries(OPTIONS.map((option) => [option.name, fieldOf(option)])),
  // A layout may be of a replay with other parameters than the one that is shown.
  measure: { right: 'a measure such as "spread", "obi_3" or "cost_buy_bp_0.5"', is: isMeasure },
  heights: sizesOf(`a share of the height, above 0 and up to ${MOST_SHARE}`, (share) => share > 0 && share <= MOST_SHARE, PANELS),
  beside: { ...listOf(columns.IDS, true), is: (value) => value === null || listOf(columns.IDS, true).is(value) },
  widths: sizesOf(`a width in pixels, 1 to ${columns.MOST_PX}`, (px) => px >= 1 && px <= columns.MOST_PX, columns.IDS),
  ladder: listOf(Object.keys(GROUPS), true),
  ladderRows: { right: `a whole number from 0 to ${MOST_ROWS}`, is: (value) => Number.isInteger(value) && isWithin(value, 0, MOST_ROWS) },
  ladderAligned: onOff,
  heatScales: {
    right: 'an object with {"lower": {"quantile": 0.4}, "upper": {"size": 100}} by instrument',
    is: (value) => isObject(value) && Object.values(value).every(isHeatScale),
  },
};

/** Whatever in an object of sizes is of no panel that there is.
 * @param {string} name
 * @param {unknown} value */
function strangers(name, value) {
  const known = name === "heights" ? PANELS : name === "widths" ? columns.IDS : null;
  return known && isObject(value) ? Object.keys(value).filter((each) => !known.some((id) => id === each)) : [];
}

/** @param {unknown} value */
function shown(value) {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

/** The options of a preset with given ones in their place.
 * @param {PresetName} preset
 * @param {unknown} given
 * @returns {{ options: Readonly<Options>, notes: string[], error?: undefined } | { error: string }} */
function applied(preset, given) {
  if (!isObject(given)) return { error: `invalid options ${shown(given)}: expected an object` };
  const notes = [];
  /** @type {Record<string, unknown>} */
  const taken = {};
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(FIELDS, name)) {
      notes.push(`unknown option "${name}" is left out`);
      continue;
    }
    if (!FIELDS[name].is(value)) return { error: `invalid ${name} ${shown(value)}: expected ${FIELDS[name].right}` };
    const unknown = strangers(name, value);
    notes.push(...unknown.map((each) => `unknown panel "${each}" in ${name} is left out`));
    taken[name] = unknown.length ? Object.fromEntries(Object.entries(/** @type {object} */ (value)).filter(([id]) => !unknown.includes(id))) : value;
  }
  return { options: { ...PRESETS[preset], ...taken }, notes };
}

/** Options without what belongs to a dataset alone.
 * @param {Readonly<Options>} options */
const portable = (options) => Object.entries(lasting(options)).filter(([name]) => !LEFT_OUT.includes(name));

/** A layout as the text of a file.
 * @param {string} name
 * @param {Readonly<Options>} options
 * @param {object} [drawings] those of an instrument, where there are any */
export const exported = (name, options, drawings) =>
  `${JSON.stringify({ version: VERSION, name, preset: options.preset, options: Object.fromEntries(portable(options)), drawings }, null, 2)}\n`;

/** A layout from the text of a file; the drawings in it are as they were written, null without any.
 * @param {string} text
 * @returns {Read} */
export function imported(text) {
  if (text.length > MOST_CHARACTERS) return { error: `invalid layout of ${text.length} characters: expected ${MOST_CHARACTERS} at most` };
  /** @type {unknown} */
  let given;
  try {
    given = JSON.parse(text);
  } catch (error) {
    return { error: `invalid layout: expected JSON (${error instanceof Error ? error.message : error})` };
  }
  if (!isObject(given)) return { error: `invalid layout ${shown(given)}: expected an object with version, preset and options` };
  const { version, name = "", preset, options = {}, drawings = null, ...others } = given;
  if (version !== VERSION) return { error: `invalid version ${shown(version)}: expected ${VERSION}` };
  if (!isPreset(preset)) return { error: `invalid preset ${shown(preset)}: expected one of ${Object.keys(PRESETS).join(", ")}` };
  if (typeof name !== "string") return { error: `invalid name ${shown(name)}: expected a text` };
  const read = applied(preset, options);
  if (read.error !== undefined) return read;
  return { name, options: read.options, drawings, notes: [...Object.keys(others).map((each) => `unknown key "${each}" is left out`), ...read.notes] };
}

/** What differs from the preset.
 * @param {Readonly<Options>} options */
export function differences(options) {
  const base = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (PRESETS[options.preset]));
  return Object.fromEntries(portable(options).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(base[name])));
}

/** A layout as the parameter `layout` of an address; null where it is too long for one.
 * @param {Readonly<Options>} options */
export function encoded(options) {
  const bytes = new TextEncoder().encode(JSON.stringify(differences(options)));
  const text = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/[=]+$/u, "");
  return text.length > MOST_IN_ADDRESS ? null : text;
}

/** A layout from the parameter `layout` of an address.
 * @param {PresetName} preset
 * @param {string} text
 * @returns {ReturnType<typeof applied>} */
export function decoded(preset, text) {
  if (text.length > MOST_IN_ADDRESS) return { error: `invalid layout of ${text.length} characters: expected ${MOST_IN_ADDRESS} at most` };
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
    return applied(preset, JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    return { error: `invalid layout ${shown(text)}: expected what "Copy link" gives` };
  }
}
