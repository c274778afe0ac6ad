/* What this page holds now. */
import * as store from "./store.js";
/** @import { Answer } from "./types.d.ts" */

let held = store.empty();

export const current = () => held;

/** Takes in an answer of the server, which arrived at `nowMs` of this page's clock.
 * @param {Answer} answer
 * @param {number} nowMs */
export function take(answer, nowMs) {
  held = store.receive(held, answer, nowMs);
}
