/* The views that this page can hold: by name, what it holds of each before any of it has come. */
/** @import { Views } from "./types.d.ts" */

/** @type {Readonly<Views>} */
export const EMPTY = Object.freeze({
  ohlc: [],
  metrics: [],
  depth: { bids: [], asks: [] },
  report: null,
  overview: null,
});

/** @type {(keyof Views)[]} */
export const NAMES = /** @type {(keyof Views)[]} */ (Object.keys(EMPTY));
