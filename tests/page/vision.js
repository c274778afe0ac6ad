/* Colours as they are seen: what themes and palettes there are, contrast by WCAG 2, and colour blindness by Machado, Oliveira and
   Fernandes (2009) at its strongest. */
import { RULES } from "./browser.js";
/** @typedef {[number, number, number]} Parts */

const PALETTES = ["teal-red", "blue-orange", "green-purple"];

/** Every token by its name in a theme and a palette, as a browser would find it.
 * @param {string} theme
 * @param {string} palette */
function tokensOf(theme, palette) {
  const rules = [":root", `:root[data-theme="${theme}"]`, `:root[data-palette="${palette}"]`, `:root[data-theme="${theme}"][data-palette="${palette}"]`];
  return new Map(rules.flatMap((selector) => [...(RULES.get(selector) ?? [])]));
}

/* Each theme with each palette. */
export const LOOKS = ["dark", "light"].flatMap((theme) => PALETTES.map((palette) => ({ theme, palette, tokens: tokensOf(theme, palette) })));

/** The parts of a colour, from 0 to 255.
 * @param {ReadonlyMap<string, string>} tokens
 * @param {string} name
 * @returns {Parts} */
export function colour(tokens, name) {
  const value = tokens.get(name) ?? "";
  const other = /^var\(--([\w-]+)\)$/u.exec(value);
  if (other) return colour(tokens, other[1]);
  const long = value.replace(/^#(.)(.)(.)$/u, "#$1$1$2$2$3$3");
  if (!/^#[0-9a-f]{6}$/u.test(long)) throw new Error(`--${name} is ${value}, no colour as #rrggbb`);
  return /** @type {Parts} */ ([1, 3, 5].map((at) => Number.parseInt(long.slice(at, at + 2), 16)));
}

/** One colour over another.
 * @param {Parts} above
 * @param {Parts} below
 * @param {number} alpha
 * @returns {Parts} */
export const mixed = (above, below, alpha) => /** @type {Parts} */ (above.map((part, index) => alpha * part + (1 - alpha) * below[index]));

/** @param {Parts} parts
 * @returns {Parts} */
const linear = (parts) =>
  /** @type {Parts} */ (parts.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4)));

/** @param {Parts} parts */
const luminance = (parts) => linear(parts).reduce((sum, part, index) => sum + [0.2126, 0.7152, 0.0722][index] * part, 0);

/** The ratio of WCAG 2, from 1 to 21.
 * @param {Parts} one
 * @param {Parts} other */
export function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((first, second) => second - first);
  return (light + 0.05) / (dark + 0.05);
}

/** @type {Readonly<Record<string, readonly Parts[]>>} */
export const SIGHTS = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

/** A colour in CIE L*a*b*, as it is with a sight.
 * @param {Parts} parts
 * @param {readonly Parts[]} sight */
function lab(parts, sight) {
  const given = linear(parts);
  const [red, green, blue] = sight.map((row) => Math.max(0, Math.min(1, row.reduce((sum, factor, index) => sum + factor * given[index], 0))));
  const xyz = [
    (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047,
    0.2126729 * red + 0.7151522 * green + 0.072175 * blue,
    (0.0193339 * red + 0.119192 * green + 0.9503041 * blue) / 1.08883,
  ];
  const [x, y, last] = xyz.map((value) => (value > 216 / 24_389 ? Math.cbrt(value) : (24_389 / 27 / 116) * value + 16 / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - last)];
}

/** How far two colours are apart (CIE 1976): 2 is just seen, 20 is plain.
 * @param {Parts} one
 * @param {Parts} other
 * @param {readonly Parts[]} sight */
export function distance(one, other, sight) {
  const [first, second] = [lab(one, sight), lab(other, sight)];
  return Math.hypot(...first.map((value, index) => value - second[index]));
}
