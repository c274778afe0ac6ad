/* What this page holds now. */
import * as store from "./store.js";
/** @import { Answer, Views } from "./types.d.ts" */

let held = store.empty();

export const current = () => held;

/** Takes in an answer of the server, which arrived at `nowMs` of this page's clock.
 * @param {Answer} answer
 * @param {number} nowMs */
export function take(answer, nowMs) {
  held = store.receive(held, answer, nowMs);
}

/** Asks the server for a view from now on, or no longer.
 * @param {keyof Views} name
 * @param {boolean} wanted */
export function ask(name, wanted) {
  held = store.ask(held, name, wanted);
  window.dash_clientside.set_props("known", { data: store.known(held) });
}
