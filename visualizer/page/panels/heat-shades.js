/* The colours of the heatmap: palettes between colours of styles/tokens.css, dimmed as chosen. Pure. */
import { edition, token } from "../tokens.js";
import { SHADES } from "./heat-cells.js";
/** @typedef {import("./heat-cells.js").Shades} Shades */

/* By palette the colours that bids go through from the weakest to the strongest, and asks. */
const heat = () => [token("heat-1"), token("heat-2"), token("heat-3"), token("heat-4"), token("heat-5")];
const grey = () => [token("heat-grey-1"), token("heat-grey-2")];
/** @type {Readonly<Record<string, { bids: () => string[], asks: () => string[] }>>} */
const PALETTES = {
  heat: { bids: heat, asks: heat },
  grey: { bids: grey, asks: grey },
  sides: {
    bids: () => [token("heat-bid-1"), token("heat-bid-2"), token("heat-bid-3")],
    asks: () => [token("heat-ask-1"), token("heat-ask-2"), token("heat-ask-3")],
  },
};

/** The parts of a colour as #rrggbb.
 * @param {string} colour */
const parts = (colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));

/** A colour between some, as a pixel: red in the lowest byte.
 * @param {number[][]} stops
 * @param {number} share
 * @param {number} opacity */
function between(stops, share, opacity) {
  const along = share * (stops.length - 1);
  const at = Math.min(stops.length - 2, Math.floor(along));
  const [red, green, blue] = stops[at].map((one, index) => Math.round(one + (along - at) * (stops[at + 1][index] - one)));
  return red + 2 ** 8 * green + 2 ** 16 * blue + 2 ** 24 * Math.round(opacity * 255);
}

/** @param {string[]} colours
 * @param {number} opacity */
function shadesOf(colours, opacity) {
  const stops = colours.map(parts);
  return Uint32Array.from({ length: SHADES }, (_, index) => (index ? between(stops, (index - 1) / (SHADES - 2), opacity) : 0));
}

/** @type {{ edition: number, shades: Map<string, Shades> }} */
let made = { edition: 0, shades: new Map() };

/** The shades of a palette, the more opaque the less of what is below shines through.
 * @param {string} palette
 * @param {number} opacity from 0 to 1
 * @returns {Shades} */
export function shades(palette, opacity) {
  const key = `${palette} ${opacity}`;
  if (made.edition !== edition()) made = { edition: edition(), shades: new Map() };
  let found = made.shades.get(key);
  if (!found) {
    const { bids, asks } = PALETTES[palette] ?? PALETTES.heat;
    found = { bids: shadesOf(bids(), opacity), asks: shadesOf(asks(), opacity) };
    made.shades.set(key, found);
  }
  return found;
}

/** A palette as a gradient of a style sheet, from the weakest colour of the asks on.
 * @param {string} palette */
export const gradient = (palette) => `linear-gradient(90deg, ${(PALETTES[palette] ?? PALETTES.heat).asks().join(", ")})`;
