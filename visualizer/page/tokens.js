/* The colours, fonts and measures of styles/tokens.css, for what scripts draw. Each is read once.
   Only a measure may change. */
/** @type {Map<string, string>} */
const read = new Map();

/** The value of a token as the style sheet has it.
 * @param {string} name without its dashes */
export function token(name) {
  let value = read.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    read.set(name, value);
  }
  return value;
}

/** A measure in pixels.
 * @param {string} name */
export const pixels = (name) => Number.parseFloat(token(name));

/** Makes a measure another one, for style sheets and scripts alike.
 * @param {string} name
 * @param {number} px */
export function setPixels(name, px) {
  if (pixels(name) === px) return;
  document.documentElement.style.setProperty(`--${name}`, `${px}px`);
  read.set(name, `${px}px`);
}

const MOST_MIXED = 1000;
/** @type {Map<string, string>} */
const mixed = new Map();

/** A colour that what lies below it shines through: `alpha` is 0 for nothing and 1 for the whole colour. There are few, and a frame asks
 * for them a thousand times.
 * @param {string} colour as #rrggbb
 * @param {number} alpha */
export function translucent(colour, alpha) {
  const key = `${colour} ${alpha}`;
  let value = mixed.get(key);
  if (value === undefined) {
    const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
    value = `rgba(${parts.join(", ")}, ${alpha})`;
    if (mixed.size >= MOST_MIXED) mixed.clear();
    mixed.set(key, value);
  }
  return value;
}
