/* The colours of what rises and falls, and how its candles look. */
import { looks } from "../looks.js";
import { token, translucent } from "../tokens.js";

/** The same over a heatmap, from which the inside of a hollow candle stands out. */
export const risingOver = () => ({ ...rising(), ground: token("background") });

/** @param {number} [alpha] */
export function rising(alpha = 1) {
  const colours = { up: token("up"), down: token("down"), isHollow: looks().candles === "hollow" };
  return alpha === 1 ? colours : { ...colours, up: translucent(colours.up, alpha), down: translucent(colours.down, alpha) };
}
