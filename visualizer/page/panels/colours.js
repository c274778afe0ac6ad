/* The colours of what rises and falls. */
import { token, translucent } from "../tokens.js";

/** @param {number} [alpha] */
export function rising(alpha = 1) {
  const colours = { up: token("up"), down: token("down") };
  return alpha === 1 ? colours : { up: translucent(colours.up, alpha), down: translucent(colours.down, alpha) };
}
