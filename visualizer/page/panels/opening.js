/* Opening and closing what a button of the header opens. */
import { byId } from "../dom.js";

/** @type {((id: string) => void)[]} */
const watchers = [];

/** Calls `act` whenever something has been opened or closed.
 * @param {typeof watchers[number]} act */
export function listen(act) {
  watchers.push(act);
}

/** @param {string} id */
export const isOpen = (id) => !byId(id).hidden;

/** @param {string} id
 * @param {boolean} open
 * @param {() => void} fill draws what it shows */
export function setOpen(id, open, fill) {
  byId(id).hidden = !open;
  byId(`${id}-button`).setAttribute("aria-expanded", String(open));
  byId("app").dataset[id] = open ? "open" : "";
  fill();
  for (const act of watchers) act(id);
}
