/* How this browser shows the page: its colours, its candles, the size of its type and the form of its numbers. What is chosen stays in this browser, for all views, and is there before
   anything is painted: first-look.js reads it, too. */
import { forget } from "./tokens.js";
/** @import { Looks } from "./types.d.ts" */

const KEPT_AS = "orderflow.looks";
/* What the style sheets and the browser decide by. */
const MEDIA = ["(prefers-color-scheme: light)", "(forced-colors: active)"];

/** What there is to choose from, with a label each; the first of each is what it is at first.
 * @type {{ readonly [K in keyof Looks]: Readonly<Record<string, string>> }} */
export const CHOICES = Object.freeze({
  theme: { dark: "dark", light: "light", auto: "as the system has it" },
  palette: { "teal-red": "teal and red", "blue-orange": "blue and orange", "green-purple": "green and purple" },
  type: { 100: "100 %", 125: "125 %", 150: "150 %", 175: "175 %", 200: "200 %" },
  numbers: { plain: "1234.5", comma: "1,234.5", space: "1 234,5", point: "1.234,5" },
  candles: { hollow: "rising ones hollow", filled: "filled" },
});

/** @type {Readonly<Looks>} */
let chosen = restored(null);
/** @type {(() => void)[]} */
const listeners = [];

export const looks = () => chosen;

/** Looks as they were kept, as far as there is such a choice. Pure.
 * @param {string | null} text
 * @returns {Readonly<Looks>} */
export function restored(text) {
  /** @type {Record<string, unknown>} */
  let kept = {};
  try {
    kept = JSON.parse(text ?? "{}") ?? {};
  } catch {
    // It is not ours.
  }
  const entries = Object.entries(CHOICES).map(([name, choices]) => {
    const value = kept[name];
    return [name, typeof value === "string" && Object.hasOwn(choices, value) ? value : Object.keys(choices)[0]];
  });
  return Object.freeze(Object.fromEntries(entries));
}

/** The theme that is shown.
 * @param {Readonly<Looks>} of
 * @param {boolean} prefersLight whether the system does
 * @returns {"dark" | "light"} */
export const themeOf = ({ theme }, prefersLight) => (theme === "light" || (theme === "auto" && prefersLight) ? "light" : "dark");

/* The theme that is shown now. */
const theme = () => themeOf(chosen, window.matchMedia(MEDIA[0]).matches);

/** Calls `act` whenever the looks have changed: nothing is as it was drawn then.
 * @param {() => void} act */
export function listen(act) {
  listeners.push(act);
}

/** Some other looks.
 * @param {Partial<Looks>} some */
export function set(some) {
  chosen = Object.freeze({ ...chosen, ...some });
  window.localStorage.setItem(KEPT_AS, JSON.stringify(chosen));
  apply();
}

function apply() {
  const { dataset, style } = document.documentElement;
  dataset.theme = theme();
  dataset.palette = chosen.palette;
  style.setProperty("--font-scale", String(Number(chosen.type) / 100));
  forget();
  for (const act of listeners) act();
}

function restore() {
  chosen = restored(window.localStorage.getItem(KEPT_AS));
  apply();
}

/* Shows what this browser keeps, and follows the system and the other pages of this browser from then on. */
export function start() {
  restore();
  for (const media of MEDIA) window.matchMedia(media).addEventListener("change", apply);
  window.addEventListener("storage", ({ key }) => key === KEPT_AS && restore());
}
