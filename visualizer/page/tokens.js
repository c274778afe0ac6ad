/* The colours, fonts and measures of styles/tokens.css, for what scripts draw. Each is read once for each look of the page. */
/** @type {Map<string, string>} */
const read = new Map();
let looked = 0; // how often all of them may have become others

/** The value of a token as the style sheet has it.
 * @param {string} name without its dashes */
export function token(name) {
  let value = read.get(name);
  if (value === undefined) {
    value = plain(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
    read.set(name, value);
  }
  return value;
}

/** A colour of the system, as it is where colours are forced, by its parts: a canvas would take it for that of another theme.
 * @param {string} name
 * @param {string} value */
function plain(name, value) {
  if (!/^[a-z]+$/iu.test(value)) return value;
  const probe = document.createElement("i");
  probe.setAttribute("style", `display: none; forced-color-adjust: none; color: var(--${name})`);
  document.documentElement.append(probe);
  const parts = getComputedStyle(probe).color.match(/[\d.]+/gu) ?? [];
  probe.remove();
  if (parts.length !== 3) return value;
  return `#${parts.map((part) => Math.round(Number(part)).toString(16).padStart(2, "0")).join("")}`;
}

/* The page looks otherwise: everything is read again, and everything that was drawn from it is old. */
export function forget() {
  read.clear();
  looked += 1;
}

/* What was drawn at another edition is drawn from other tokens. */
export const edition = () => looked;

/** A measure in units of the page (unit.js), which style sheets have as tenths of a rem.
 * @param {string} name */
export const pixels = (name) => 10 * Number.parseFloat(token(name));

/** Makes a measure another one, for style sheets and scripts alike.
 * @param {string} name
 * @param {number} units */
export function setPixels(name, units) {
  if (pixels(name) === units) return;
  document.documentElement.style.setProperty(`--${name}`, `${units / 10}rem`);
  read.set(name, `${units / 10}rem`);
}

const MOST_MIXED = 1000;
/** @type {Map<string, string>} */
const mixed = new Map();

/** A colour that what lies below it shines through: `alpha` is 0 for nothing and 1 for the whole colour. There are few, and a frame asks
 * for them a thousand times.
 * @param {string} colour as #rrggbb or #rgb
 * @param {number} alpha */
export function translucent(colour, alpha) {
  const key = `${colour} ${alpha}`;
  let value = mixed.get(key);
  if (value === undefined) {
    const whole = colour.length === "#rgb".length ? colour.replace(/\w/gu, "$&$&") : colour;
    const parts = [1, 3, 5].map((at) => Number.parseInt(whole.slice(at, at + 2), 16));
    value = `rgba(${parts.join(", ")}, ${alpha})`;
    if (mixed.size >= MOST_MIXED) mixed.clear();
    mixed.set(key, value);
  }
  return value;
}
