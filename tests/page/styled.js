/* The page's tokens for modules that ask for them, where there is no browser: as styles/tokens.css has them. */
import { readFileSync } from "node:fs";

const FILE = new URL("../../visualizer/page/styles/tokens.css", import.meta.url);

/** Every token by its name. */
export const TOKENS = new Map(
  [...readFileSync(FILE, "utf8").matchAll(/^ {2}--([\w-]+): (.*);$/gmu)].map(([, name, value]) => [name, value]),
);

/** A value with what it refers to in its place, as a browser computes it.
 * @param {string} value
 * @returns {string} */
const computed = (value) => value.replace(/var\(--([\w-]+)\)/gu, (_, name) => computed(TOKENS.get(name) ?? ""));

Object.assign(globalThis, {
  document: { documentElement: {} },
  getComputedStyle: () => ({ getPropertyValue: (/** @type {string} */ name) => computed(TOKENS.get(name.slice(2)) ?? "") }),
});
