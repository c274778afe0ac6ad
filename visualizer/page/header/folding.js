/* The header is one line: names of keys and of the dataset give way first, then buttons go into the menu, which is below its own
   button. On a phone all of them are there. Nobody can know in a style sheet how wide names, prices and fonts are, so it is measured,
   whenever something in the header has become wider or narrower. */
import { byId } from "../dom.js";
import { unit, windowWidth } from "../unit.js";

const PHONE = 600; // as in phone.css
const DATASET = 160; // a narrower dataset's name is no name
/* From the most needed one. All others go before these, from the right. */
const NEEDED = ["follow", "view", "options-button", "report-button", "keys-button", "ladder-button", "tape-button", "events-button"];
/* What else is in the line, from the least needed one. */
const ROOMS = ["all", "no-keys", "no-dataset"];

/** @type {Element[]} */
let all = []; // the buttons and groups of buttons in their order
let seen = "";

/** The ids of those that must go, so that the line is narrower by `excessPx`. Pure.
 * @param {{ id: string, width: number }[]} shown from the left, each with the gap beside it
 * @param {number} excessPx */
export function folded(shown, excessPx) {
  /** @param {{ id: string }} one */
  const need = ({ id }) => (NEEDED.includes(id) ? NEEDED.length - NEEDED.indexOf(id) : 0);
  const gone = new Set();
  let left = excessPx;
  for (const each of [...shown].reverse().sort((one, other) => need(one) - need(other))) {
    if (left <= 0) break;
    gone.add(each.id);
    left -= each.width;
  }
  return gone;
}

/** Puts these into the menu, and all others into the line. What is where it belongs is not touched.
 * @param {ReadonlySet<string>} gone */
function place(gone) {
  const places = [byId("controls"), byId("more")];
  const at = [0, 0];
  for (const each of all) {
    const to = Number(gone.has(each.id));
    const before = places[to].children[at[to]] ?? null;
    if (before !== each) places[to].insertBefore(each, before);
    at[to] += 1;
  }
  byId("menu-button").hidden = gone.size === 0;
}

/* How much wider the line is than the room for it. */
function excess() {
  const { right } = byId("header").getBoundingClientRect();
  const padding = Number.parseFloat(getComputedStyle(byId("header")).paddingRight);
  const last = byId("menu-button").hidden ? byId("controls") : byId("menu-button");
  const name = byId("dataset");
  const squeezed = Math.min(name.scrollWidth, DATASET * unit()) - name.clientWidth;
  return Math.max(last.getBoundingClientRect().right - right + padding, squeezed);
}

function inOneLine() {
  const { dataset } = byId("header");
  place(new Set());
  for (const room of ROOMS) {
    dataset.room = room;
    if (excess() < 1) return; // what fits ends there, but for a fraction of a pixel
  }
  byId("menu-button").hidden = false;
  const gap = Number.parseFloat(getComputedStyle(byId("controls")).columnGap);
  place(folded(all.filter((each) => each.clientWidth).map((each) => ({ id: each.id, width: each.getBoundingClientRect().width + gap })), excess()));
}

/* Of all that is in the line. */
function widths() {
  const parts = [...byId("header").children, ...byId("controls").children].filter(({ id }) => id !== "more");
  return [windowWidth(), ...parts.map((part) => part.getBoundingClientRect().width)].join();
}

/* Before anything is painted, and only if the line is another one than before: what moves loses the focus. */
function refold() {
  if (widths() === seen) return;
  const focused = document.activeElement;
  if (windowWidth() <= PHONE) {
    byId("header").dataset.room = "phone";
    place(new Set(all.map(({ id }) => id)));
  } else inOneLine();
  if (focused instanceof HTMLElement && focused !== document.activeElement) focused.focus({ preventScroll: true });
  seen = widths();
}

/* Once there are components. */
export function start() {
  all = [...byId("controls").children];
  const observer = new ResizeObserver(refold);
  for (const part of [byId("header"), ...byId("header").children, ...all]) observer.observe(part);
}
