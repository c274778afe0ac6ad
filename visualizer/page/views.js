/* The views that this page can hold: by name, what it holds of each before any of it has come. */
/** @import { Views } from "./types.d.ts" */

/** @type {Readonly<Views>} */
export const EMPTY = Object.freeze({
  ohlc: [],
  metrics: [],
  depth: { bids: [], asks: [] },
  report: null,
  overview: null,
  tape: [],
});

export const NAMES = /** @type {(keyof Views)[]} */ (Object.keys(EMPTY));
/** @type {(keyof Views)[]} */
const ON_REQUEST = ["tape"];
/* What every page asks for; the others travel while something shows them. */
export const USUAL = NAMES.filter((name) => !ON_REQUEST.includes(name));
