/* Writing into the page: an element is touched only when its text or attribute changes. */
import { say } from "./dom.js";

/** @type {Map<string, unknown>} */
const held = new Map();

/** @param {string} id
 * @param {string} what
 * @param {unknown} value */
function changed(id, what, value) {
  const key = `${id} ${what}`;
  if (held.get(key) === value) return null;
  const found = document.getElementById(id);
  if (!found) return null;
  held.set(key, value);
  return found;
}

/** @param {string} id
 * @param {string} value */
export function text(id, value) {
  const found = changed(id, "text", value);
  if (found) say(found, value);
}

/** What is shown where it is cut, and what is whole where the pointer is.
 * @param {string} id
 * @param {string} shown
 * @param {string} whole */
export function long(id, shown, whole) {
  text(id, shown);
  const found = changed(id, "title", whole);
  if (found) found.title = shown === whole ? "" : whole;
}

/** @param {string} id
 * @param {string} name
 * @param {string} value */
export function mark(id, name, value) {
  const found = changed(id, name, value);
  if (found) found.dataset[name] = value;
}

/** @param {string} id
 * @param {boolean} hidden */
export function hide(id, hidden) {
  const found = changed(id, "hidden", hidden);
  if (found) found.hidden = hidden;
}

/** @param {string} id
 * @param {string} name
 * @param {string} value */
export function style(id, name, value) {
  const found = changed(id, name, value);
  if (found) found.style.setProperty(name, value);
}
