/* What the measures are, in a sentence each: as the server sends them, and as docs/words.md lists them. */
import { byId } from "./dom.js";

/** @type {Record<string, string> | null} */
let held = null;

/** A sentence for each name.
 * @returns {Record<string, string>} */
export const words = () => JSON.parse(byId("app").dataset.words ?? "{}");

/** The sentence for a name; empty where there is none.
 * @param {string} name */
function meaning(name) {
  held ??= Object.fromEntries(Object.entries(words()).map(([word, text]) => [word.toLowerCase(), text]));
  return held[name.trim().toLowerCase()] ?? "";
}

/** Explains an element where there is something to explain.
 * @template {HTMLElement} E
 * @param {E} element
 * @param {string} name
 * @returns {E} */
export function explained(element, name) {
  const text = meaning(name);
  if (text) element.title = text;
  return element;
}
