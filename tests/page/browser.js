/* What modules find in a browser, where there is none: the page's tokens as styles/tokens.css has them, and what the server says
   of speeds, intervals and times. */
import { readFileSync } from "node:fs";

const FILE = new URL("../../visualizer/page/styles/tokens.css", import.meta.url);

/** Every token by its name. */
export const TOKENS = new Map(
  [...readFileSync(FILE, "utf8").matchAll(/^ {2}--([\w-]+): (.*);$/gmu)].map(([, name, value]) => [name, value]),
);

/* As the server says them; a test may change them, and put them back. */
export const LIMITS = JSON.parse(readFileSync(new URL("limits.json", import.meta.url), "utf8"));

/** A value with what it refers to in its place, as a browser computes it.
 * @param {string} value
 * @returns {string} */
const computed = (value) => value.replace(/var\(--([\w-]+)\)/gu, (_, name) => computed(TOKENS.get(name) ?? ""));

Object.assign(globalThis, {
  document: { documentElement: {}, getElementById: () => ({ dataset: { limits: JSON.stringify(LIMITS) } }) },
  getComputedStyle: () => ({ getPropertyValue: (/** @type {string} */ name) => computed(TOKENS.get(name.slice(2)) ?? "") }),
});
