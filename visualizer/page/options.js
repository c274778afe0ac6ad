/* What the user of this page has chosen to see: a preset, and what was changed since. It stays in this browser. */
/** @import { Options, PresetName } from "./types.d.ts" */

const KEPT_AS = "orderflow.options";
const OWN_AS = "orderflow.layouts";
const MOST_LAYOUTS = 50;
const MOST_NAME = 40;

/** @type {Readonly<Omit<Options, "preset" | "panels" | "price" | "vwap" | "profile" | "developing" | "naked" | "bubbles" | "events" | "volumeByDelta" | "heatmap" | "heatOpacity">>} */
const COMMON = Object.freeze({
  cells: "sides",
  ratio: "3",
  least: 0,
  ignoreZero: false,
  bands: 2,
  anchor: null,
  range: null,
  gap: "auto",
  alerts: true,
  quotes: false,
  heatPalette: "heat",
  heatLines: true,
  heatScales: {},
  ladder: ["change", "bar"],
  ladderRows: 0,
  ladderAligned: false,
  ladderAlone: false,
  measure: "spread",
  measureAs: "candles",
  mids: "off",
  statistics: ["volume", "delta", "deltaPercent", "deltaMax", "deltaMin", "trades", "duration", "vwap"],
  heights: {},
  beside: null,
  widths: {},
});

/** @type {Readonly<Record<PresetName, Readonly<Options>>>} */
export const PRESETS = Object.freeze({
  overview: {
    ...COMMON,
    preset: "overview",
    panels: ["price", "volume", "obi", "cvd"],
    price: "candles",
    vwap: "off",
    profile: "off",
    developing: false,
    naked: false,
    bubbles: false,
    events: [],
    volumeByDelta: false,
    heatmap: false,
    heatOpacity: 1,
  },
  flow: {
    ...COMMON,
    preset: "flow",
    panels: ["price", "volume", "statistics", "delta", "cvd"],
    price: "auto",
    vwap: "session",
    profile: "session",
    developing: true,
    naked: true,
    bubbles: true,
    events: ["absorption", "divergence"],
    volumeByDelta: true,
    heatmap: true,
    heatOpacity: 0.5,
  },
  depth: {
    ...COMMON,
    preset: "depth",
    panels: ["price", "volume", "obi", "measures"],
    measure: "ofi_1",
    price: "candles",
    vwap: "off",
    profile: "off",
    developing: false,
    naked: false,
    bubbles: true,
    events: ["absorption"],
    volumeByDelta: true,
    heatmap: true,
    heatOpacity: 1,
  },
  research: {
    ...COMMON,
    preset: "research",
    panels: ["price", "volume", "statistics", "obi", "measures", "buckets"],
    statistics: ["volume", "delta", "deltaPercent", "trades"],
    price: "candles",
    vwap: "session",
    profile: "session",
    developing: false,
    naked: false,
    bubbles: true,
    events: ["absorption", "wall", "divergence"],
    volumeByDelta: true,
    heatmap: false,
    heatOpacity: 0.5,
  },
});

/* What the header calls the presets. */
export const LABELS = Object.freeze({ overview: "Overview", flow: "Order flow", depth: "Depth", research: "Research" });

/* What is kept of the options of a preset: only what has these kinds. */
const NAMES = /** @type {PresetName[]} */ (Object.keys(PRESETS));

/** @type {Readonly<Options>} */
let chosen = PRESETS.overview;
/** @type {((options: Readonly<Options>) => void)[]} */
const listeners = [];

export const options = () => chosen;

/** Options as they were kept, as far as they are of the right kind. Pure.
 * @param {unknown} kept
 * @param {PresetName} preset
 * @returns {Readonly<Options>} */
export function restored(kept, preset) {
  const base = PRESETS[preset];
  if (typeof kept !== "object" || kept === null) return base;
  const sound = Object.entries(base).map(([name, value]) => {
    const found = /** @type {Record<string, unknown>} */ (kept)[name];
    const isAlike = typeof found === typeof value && Array.isArray(found) === Array.isArray(value) && found !== null;
    return [name, isAlike || (name === "beside" && Array.isArray(found)) ? found : value];
  });
  return { ...base, ...Object.fromEntries(sound), preset };
}

/** @param {unknown} name
 * @returns {name is PresetName} */
export const isPreset = (name) => NAMES.some((each) => each === name);

/** What this browser keeps under a name.
 * @param {string} name
 * @returns {Record<string, unknown>} */
function stored(name) {
  try {
    const found = JSON.parse(window.localStorage.getItem(name) ?? "{}");
    return typeof found === "object" && found !== null && !Array.isArray(found) ? found : {};
  } catch {
    return {};
  }
}

/** Where what is shown comes from, and where a change of it is kept: a preset, an own layout by its name, or an address, whose layout is kept
 * nowhere but there.
 * @type {{ own: string, isLinked: boolean }} */
let from = { own: "", isLinked: false };

export const shownFrom = () => from;

/* The names of the user's own layouts, sorted. */
export const ownNames = () => Object.keys(stored(OWN_AS)).sort((one, other) => one.localeCompare(other));

/** What was typed as the name of an own layout: the name, or why it can be none. Pure.
 * @param {string} typed
 * @param {readonly string[]} taken
 * @returns {{ name: string, error: string }} */
export function nameOf(typed, taken) {
  const name = typed.trim();
  const isRight = name !== "" && name.length <= MOST_NAME && !/\p{Cc}/u.test(name);
  if (!isRight) return { name: "", error: `Invalid name of ${name.length} characters: expected 1 to ${MOST_NAME} in one line` };
  if (taken.includes(name)) return { name: "", error: `There is a layout "${name}": choose another name, or delete that one first` };
  if (taken.length >= MOST_LAYOUTS) return { name: "", error: `There are ${taken.length} layouts, which is as many as are kept: delete one first` };
  return { name, error: "" };
}

/** A name for a layout that comes from elsewhere: its own, with a number where there is one of that name. Pure.
 * @param {string} wanted
 * @param {readonly string[]} taken */
export function freeName(wanted, taken) {
  const name = wanted.replaceAll(/\p{Cc}/gu, " ").trim().slice(0, MOST_NAME - 4).trim() || "Imported";
  let number = 1;
  while (taken.includes(number === 1 ? name : `${name} ${number}`)) number += 1;
  return number === 1 ? name : `${name} ${number}`;
}

/** Calls `act` whenever the options have changed.
 * @param {(options: Readonly<Options>) => void} act */
export function listen(act) {
  listeners.push(act);
}

/** A layout with the bar and the range that are chosen for its preset: these are the instrument's, whatever the layout is.
 * @param {Readonly<Options>} given
 * @returns {Readonly<Options>} */
const placed = (given) => (given.preset === chosen.preset ? { ...given, anchor: chosen.anchor, range: chosen.range } : given);

/** Another preset, as it was left.
 * @param {PresetName} name */
export function choose(name) {
  from = { own: "", isLinked: false };
  change(placed(restored(stored(KEPT_AS)[name], name)));
}

/* The next preset. */
export const next = () => choose(NAMES[(NAMES.indexOf(chosen.preset) + 1) % NAMES.length]);

/** An own layout, as it was left; false where there is none of that name.
 * @param {string} name */
export function chooseOwn(name) {
  const all = stored(OWN_AS);
  const kept = /** @type {{ preset?: unknown } | null} */ (Object.hasOwn(all, name) ? all[name] : null);
  if (!kept || !isPreset(kept.preset)) return false;
  from = { own: name, isLinked: false };
  change(placed(restored(kept, kept.preset)));
  return true;
}

/* The next own layout; false where there is none. */
export function nextOwn() {
  const names = ownNames();
  return names.length > 0 && chooseOwn(names[(names.indexOf(from.own) + 1) % names.length]);
}

/** What an address or a file holds, on this page alone.
 * @param {Readonly<Options>} given */
export function showLinked(given) {
  from = { own: "", isLinked: true };
  change(placed(given));
}

/** Keeps options as an own layout, in the place of one of the same name, and shows it.
 * @param {string} name
 * @param {Readonly<Options>} [given] what is shown, if not given */
export function saveAs(name, given = chosen) {
  from = { own: name, isLinked: false };
  change(placed(given));
  keep();
  change(chosen); // who lists the layouts learns of the new one
}

/** Gives the own layout that is shown another name.
 * @param {string} name */
export function rename(name) {
  const { own } = from;
  if (!own || own === name) return;
  saveAs(name);
  forget(own);
  change(chosen);
}

/* Removes the own layout that is shown, and shows the preset that it was made from. */
export function remove() {
  if (!from.own) return;
  forget(from.own);
  choose(chosen.preset);
}

/** @param {string} name */
function forget(name) {
  const rest = Object.entries(stored(OWN_AS)).filter(([each]) => each !== name);
  window.localStorage.setItem(OWN_AS, JSON.stringify(Object.fromEntries(rest)));
}

/** Some options of what is shown.
 * @param {Partial<Options>} some */
export function set(some) {
  change({ ...chosen, ...some });
  keep();
}

/* All options as the preset has them at first. */
export function reset() {
  change(PRESETS[chosen.preset]);
  keep();
}

/** @param {Readonly<Options>} made */
function change(made) {
  chosen = made;
  for (const act of listeners) act(chosen);
}

/** What of options outlasts a dataset: a bar and a range belong to one, and so does what is shown of them. Pure.
 * @param {Readonly<Options>} held
 * @returns {Readonly<Options>} */
export function lasting(held) {
  const { vwap, profile } = PRESETS[held.preset];
  return {
    ...held,
    anchor: null,
    range: null,
    vwap: held.vwap === "anchor" ? vwap : held.vwap,
    profile: held.profile === "range" ? profile : held.profile,
  };
}

function keep() {
  if (from.isLinked) return; // the address keeps it
  const [place, name] = from.own ? [OWN_AS, from.own] : [KEPT_AS, chosen.preset];
  window.localStorage.setItem(place, JSON.stringify({ ...stored(place), [name]: lasting(chosen) }));
}
