/* Opening and closing what a button of the header opens. */
import { byId } from "../dom.js";

/** @type {(id: string) => void} */
let opened = () => {};

/** What is done when a panel is opened.
 * @param {typeof opened} act */
export function connect(act) {
  opened = act;
}

/** @type {(id: string) => void} */
let changed = () => {};

/** Calls `act` whenever something has been opened or closed.
 * @param {typeof changed} act */
export function listen(act) {
  changed = act;
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
  if (open) opened(id);
  fill();
  changed(id);
}
