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
  footprint: [],
  statistics: [],
  profile: null,
  sizes: [],
  heatmap: [],
  ladder: null,
  quotes: [],
  measures: [],
  events: [],
  alerts: [],
});

export const NAMES = /** @type {(keyof Views)[]} */ (Object.keys(EMPTY));
/** @type {(keyof Views)[]} */
export const ON_REQUEST = ["tape", "footprint", "statistics", "profile", "sizes", "ladder", "quotes", "heatmap", "measures", "events", "alerts"];
/* Views of rows that are all made with what one column of the last row says: the index of that column. */
/** @type {Partial<Record<keyof Views, number>>} */
export const BASIS = { footprint: 1, statistics: 1, heatmap: 1 };
/* Those that belong to every picture: the picture waits until they can be read. */
/** @type {(keyof Views)[]} */
const DATA = ["ohlc", "metrics", "depth"];
/* What every page asks for; the others travel while something shows them. */
export const USUAL = NAMES.filter((name) => !ON_REQUEST.includes(name));

/** What stays as it was while a file cannot be read: the view that a problem begins with, or the whole picture.
 * @param {string} problem */
export function heldBack(problem) {
  const name = NAMES.find((each) => problem.startsWith(`${each}_data.json `));
  return name && !DATA.includes(name) ? name : "picture";
}
