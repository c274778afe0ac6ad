/* How large the page is: a unit is a tenth of a rem, which is 1 px where type is as small as it gets, and grows with the screen and with
   what is chosen (styles/page.css). Scripts draw, place and measure in units; here they become pixels of the page, and pixels units. */
import { make } from "./dom.js";

const PER_REM = 10;

let px = 0; // of a unit
/** @type {(() => void)[]} */
const listeners = [];

const measured = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / PER_REM;

/* The pixels of a unit. */
export const unit = () => (px ||= measured());

/** Calls `act` when a unit has become larger or smaller: nothing stands where it stood.
 * @param {() => void} act */
export function listen(act) {
  listeners.push(act);
}

/* Whatever has changed it: the window, what is chosen here, or the size of type that the browser is set to. */
export function start() {
  const probe = make("i", { style: "position: fixed; visibility: hidden; width: 100rem; height: 0", "aria-hidden": "true" });
  document.body.append(probe);
  new ResizeObserver(() => {
    const before = px;
    px = measured();
    if (before && px !== before) for (const act of listeners) act();
  }).observe(probe);
}

/** A place or a length as style sheets take it, on a whole pixel.
 * @param {number} units */
export const css = (units) => `${Math.round(units * unit())}px`;

/** Where a pointer is in an element, in units.
 * @param {{ clientX: number, clientY: number }} event
 * @param {Element} element */
export function within({ clientX, clientY }, element) {
  const { left, top } = element.getBoundingClientRect();
  return { x: (clientX - left) / unit(), y: (clientY - top) / unit() };
}

/* How wide the window is, in units. */
export const windowWidth = () => document.documentElement.clientWidth / unit();
