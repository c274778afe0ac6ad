/* Groups of buttons of which one is chosen. They are heard as radio buttons: the tab key stops once, the arrow keys choose the one before or after. */
import { byId } from "./dom.js";

/** @type {Readonly<Record<string, number>>} */
const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/** @type {Readonly<Record<string, (value: string) => unknown>>} */
let acts = {};

/** @param {Element} group
 * @returns {HTMLButtonElement[]} */
const buttonsOf = (group) => [.../** @type {NodeListOf<HTMLButtonElement>} */ (group.querySelectorAll("[role=radio]"))];

/** Shows which one is chosen.
 * @param {string} id of the group
 * @param {string} value */
export function show(id, value) {
  for (const each of buttonsOf(byId(id))) {
    const isChosen = each.dataset.value === value;
    each.setAttribute("aria-checked", String(isChosen));
    each.tabIndex = isChosen ? 0 : -1;
  }
}

/** Chooses one, as a click on it does.
 * @param {string} id of the group
 * @param {string} value */
export function choose(id, value) {
  show(id, value);
  acts[id](value);
}

/** The button that something happened to, and its group.
 * @param {Event} event */
function pointed({ target }) {
  const button = target instanceof Element ? target.closest("[role=radio]") : null;
  const group = button?.closest("[role=radiogroup]");
  return button instanceof HTMLButtonElement && group ? { button, group } : null;
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  const step = STEPS[event.key];
  const at = pointed(event);
  if (!step || !at || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const shown = buttonsOf(at.group).filter(({ hidden }) => !hidden);
  const next = shown[(shown.indexOf(at.button) + step + shown.length) % shown.length];
  choose(at.group.id, next.dataset.value ?? "");
  next.focus();
}

/** `given` says what a choice does, by the id of the group.
 * @param {typeof acts} given */
export function start(given) {
  acts = given;
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", (event) => {
    const at = pointed(event);
    if (at) choose(at.group.id, at.button.dataset.value ?? "");
  });
}
