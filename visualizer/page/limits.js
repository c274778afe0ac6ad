/* What the server says of speeds, intervals and times: numbers that stand in its own code, and in no other place. */
import { byId } from "./dom.js";
/** @import { Limits } from "./types.d.ts" */

let text = "";
/** @type {Limits | null} */
let read = null;

/** @returns {Limits} */
export function limits() {
  const given = byId("app").dataset.limits ?? "";
  if (read === null || given !== text) {
    read = /** @type {Limits} */ (JSON.parse(given));
    text = given;
  }
  return read;
}
