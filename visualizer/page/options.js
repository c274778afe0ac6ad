/* What the user of this page has chosen to see: a preset, and what was changed since. It stays in this browser. */
/** @import { Options, PresetName } from "./types.d.ts" */

const KEPT_AS = "orderflow.options";

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
});
/* What is kept of the options of a preset: only what has these kinds. */
const NAMES = /** @type {PresetName[]} */ (Object.keys(PRESETS));

/** @type {Readonly<Options>} */
let chosen = PRESETS.overview;
/** @type {((options: Readonly<Options>) => void)[]} */
const listeners = [];

export const options = () => chosen;

/** Options as they were kept, as far as they are of the right kind. Pure.
 * @param {string | null} text
 * @param {PresetName} preset
 * @returns {Readonly<Options>} */
export function restored(text, preset) {
  const base = PRESETS[preset];
  try {
    const kept = /** @type {Record<string, unknown>} */ (JSON.parse(text ?? "{}")[preset] ?? {});
    const sound = Object.entries(base).map(([name, value]) => {
      const found = kept[name];
      const isAlike = typeof found === typeof value && Array.isArray(found) === Array.isArray(value) && found !== null;
      return [name, isAlike ? found : value];
    });
    return { ...base, ...Object.fromEntries(sound), preset };
  } catch {
    return base;
  }
}

/** @param {string} name
 * @returns {name is PresetName} */
export const isPreset = (name) => NAMES.some((each) => each === name);

/** Calls `act` whenever the options have changed.
 * @param {(options: Readonly<Options>) => void} act */
export function listen(act) {
  listeners.push(act);
}

/** Another preset, as it was left.
 * @param {PresetName} name */
export function choose(name) {
  change(restored(window.localStorage.getItem(KEPT_AS), name));
}

/* The next preset. */
export const next = () => choose(NAMES[(NAMES.indexOf(chosen.preset) + 1) % NAMES.length]);

/** Some options of this preset.
 * @param {Partial<Options>} some */
export function set(some) {
  change({ ...chosen, ...some });
  keep();
}

/* The options of this preset as they are at first. */
export function reset() {
  change(PRESETS[chosen.preset]);
  keep();
}

/** @param {Readonly<Options>} made */
function change(made) {
  chosen = made;
  for (const act of listeners) act(chosen);
}

function keep() {
  // A bar and a range belong to one dataset, and what is shown of them does.
  const { vwap, profile } = PRESETS[chosen.preset];
  const lasting = {
    ...chosen,
    anchor: null,
    range: null,
    vwap: chosen.vwap === "anchor" ? vwap : chosen.vwap,
    profile: chosen.profile === "range" ? profile : chosen.profile,
  };
  const all = JSON.parse(window.localStorage.getItem(KEPT_AS) ?? "{}");
  window.localStorage.setItem(KEPT_AS, JSON.stringify({ ...all, [chosen.preset]: lasting }));
}
