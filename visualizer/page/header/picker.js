/* The instrument's name in the header as a picker: a button that opens a list with a search. */
import * as control from "../playback/control.js";
import { button, byId, make } from "../dom.js";
import * as format from "../format.js";
import * as write from "../write.js";
/** @import { State } from "../types.d.ts" */

const AT_MOST = 200;
const PAGE = 10;
const LONGEST = 44;
const PENDING_AT_MOST_MS = 15_000;

/** @type {string[]} */
let instruments = [];
let current = "";
/** @type {string | null} */
let wanted = null; // chosen, and not shown yet
/** @type {string[]} */
let found = [];
let active = 0;
/** @type {ReturnType<typeof build> | null} */
let parts = null;

/** The instruments that a search finds: every word of it anywhere in the name, names that begin with it first. Pure.
 * @param {string[]} names
 * @param {string} text */
export function search(names, text) {
  const words = text.toLowerCase().split(/\s+/u).filter(Boolean);
  const matching = names.filter((name) => words.every((word) => name.toLowerCase().includes(word)));
  if (!words.length) return matching;
  /** @param {string} name */
  const first = (name) => name.toLowerCase().startsWith(words[0]);
  return [...matching.filter(first), ...matching.filter((name) => !first(name))];
}

const opener = () => button("picker-button");

function build() {
  const panel = byId("picker");
  const input = make("input", {
    type: "text",
    id: "picker-search",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "search",
    "aria-label": "search the instruments",
    "aria-autocomplete": "list",
    "aria-controls": "picker-list",
    "aria-expanded": "true",
  });
  const list = make("ul", { id: "picker-list", role: "listbox", "aria-label": "instruments" });
  const more = make("small", { id: "picker-more", role: "status" });
  panel.replaceChildren(input, list, more);
  input.addEventListener("input", () => draw(0));
  input.addEventListener("keydown", pressed);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the search keeps the focus
  list.addEventListener("click", ({ target }) => {
    const option = target instanceof Element ? target.closest("[role=option]") : null;
    if (option instanceof HTMLElement) void choose(option.dataset.name ?? "");
  });
  panel.addEventListener("focusout", ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && panel.contains(relatedTarget))) close();
  });
  // The chart keeps the focus where it is when it is clicked on.
  document.addEventListener(
    "pointerdown",
    ({ target }) => {
      if (!(target instanceof Node && (panel.contains(target) || opener().contains(target)))) close();
    },
    true,
  );
  opener().addEventListener("mousedown", (event) => isOpen() && event.preventDefault());
  opener().addEventListener("click", () => (isOpen() ? close(true) : open()));
  return { panel, input, list, more };
}

function isOpen() {
  return parts !== null && !parts.panel.hidden;
}

export function open() {
  if (!parts || opener().disabled || isOpen()) return;
  parts.input.value = "";
  parts.panel.hidden = false;
  opener().setAttribute("aria-expanded", "true");
  draw(Math.max(0, search(instruments, "").indexOf(current)));
  parts.input.focus();
}

/** @param {boolean} [refocus] */
function close(refocus = false) {
  if (!parts || !isOpen()) return;
  parts.panel.hidden = true;
  opener().setAttribute("aria-expanded", "false");
  if (refocus) opener().focus();
}

/** @param {number} index */
function draw(index) {
  if (!parts) return;
  found = search(instruments, parts.input.value);
  const from = Math.max(0, Math.min(index - AT_MOST / 2, found.length - AT_MOST));
  const shown = found.slice(from, from + AT_MOST);
  const options = shown.map((name, at) => {
    const option = make("li", { role: "option", id: `picker-option-${from + at}` });
    option.dataset.name = name;
    option.textContent = format.middle(name, LONGEST);
    option.title = option.textContent === name ? "" : name;
    if (name === current) option.setAttribute("aria-current", "true");
    return option;
  });
  parts.list.replaceChildren(...options);
  const rest = found.length - shown.length;
  parts.more.textContent = found.length ? (rest ? `and ${format.count(rest)} more: type to find them` : "") : "none of that name";
  activate(index);
}

/** @param {number} index */
function activate(index) {
  if (!parts) return;
  const next = Math.max(0, Math.min(index, found.length - 1));
  document.getElementById(`picker-option-${active}`)?.removeAttribute("aria-selected");
  const option = document.getElementById(`picker-option-${next}`);
  if (!option && found.length) return draw(next);
  active = next;
  if (!option) return parts.input.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  parts.input.setAttribute("aria-activedescendant", option.id);
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  /** @type {Record<string, () => unknown>} */
  const keys = {
    ArrowDown: () => activate(active + 1),
    ArrowUp: () => activate(active - 1),
    PageDown: () => activate(active + PAGE),
    PageUp: () => activate(active - PAGE),
    Enter: () => found[active] !== undefined && choose(found[active]),
    Escape: () => close(true),
  };
  if (!keys[event.key] || event.isComposing) return;
  event.preventDefault();
  event.stopPropagation();
  keys[event.key]();
}

/** @param {string} name */
async function choose(name) {
  close(true);
  if (name === current && wanted === null) return;
  want(name);
  const answer = await control.send("instrument", { instrument: name });
  if (wanted !== name) return;
  if (answer.ok !== true) return want(null);
  setTimeout(() => wanted === name && want(null), PENDING_AT_MOST_MS);
}

/** @param {string | null} name */
function want(name) {
  wanted = name;
  write.text("instrument-wanted", name === null ? "" : `→ ${format.middle(name, LONGEST)} …`);
  write.mark("picker-button", "pending", String(name !== null));
  opener().setAttribute("aria-busy", String(name !== null));
}

/** Follows what the status says: which instruments there are, and which one is shown.
 * @param {State} state */
export function show({ about }) {
  if (!about) return;
  parts ??= build();
  const before = instruments;
  instruments = about.instruments || [];
  current = about.instrument;
  const several = instruments.length > 1 && control.available();
  opener().disabled = !several;
  opener().title = several ? `${format.count(instruments.length)} instruments (key I)` : "";
  if (wanted !== null && wanted === current) want(null);
  if (!several) close();
  else if (isOpen() && String(before) !== String(instruments)) draw(0);
}
