/* What this page holds now. */
import * as store from "./store.js";
import { ON_REQUEST } from "./views.js";
/** @import { Answer, Views } from "./types.d.ts" */

let held = store.empty();
/** @type {Map<string, Set<keyof Views>>} */
const wanted = new Map();

export const current = () => held;

/** Takes in an answer of the server, which arrived at `nowMs` of this page's clock.
 * @param {Answer} answer
 * @param {number} nowMs */
export function take(answer, nowMs) {
  held = store.receive(held, answer, nowMs);
}

/** Asks the server for the views on request that a part of the page shows, instead of those that it showed before; what no
 * part shows is asked for no longer.
 * @param {string} part
 * @param {Iterable<keyof Views>} names */
export function ask(part, names) {
  wanted.set(part, new Set(names));
  const all = new Set([...wanted.values()].flatMap((each) => [...each]));
  for (const name of ON_REQUEST) if (held.asked.includes(name) !== all.has(name)) held = store.ask(held, name, all.has(name));
}
