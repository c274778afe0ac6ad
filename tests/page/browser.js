/* What modules find in a browser, where there is none: the page's tokens as styles/tokens.css has them, and what the server says
   of speeds, intervals and times. */
import { readFileSync } from "node:fs";

const FILE = new URL("../../visualizer/page/styles/tokens.css", import.meta.url);

/* The tokens of each rule of the style sheet, by its selector; `forced` are those where the system forces its colours. */
export const RULES = new Map(
  [...readFileSync(FILE, "utf8").matchAll(/^(:root\S*) \{\n(.*?)\n\}$/gmsu)].map(([, selector, body]) => [
    selector,
    new Map([...body.matchAll(/^ {2}--([\w-]+): (.*?);(?: \/\*.*)?$/gmu)].map(([, name, value]) => [name, value])),
  ]),
);

RULES.set("forced", new Map([...readFileSync(FILE, "utf8").matchAll(/^ {4}--([\w-]+): (.*);$/gmu)].map(([, name, value]) => [name, value])));

/** Every token by its name, as the page has it at first.
 * @type {ReadonlyMap<string, string>} */
export const TOKENS = RULES.get(":root") ?? new Map();

/* As the server says them; a test may change them, and put them back. */
export const LIMITS = JSON.parse(readFileSync(new URL("limits.json", import.meta.url), "utf8"));

/** A value with what it refers to in its place, as a browser computes it.
 * @param {string} value
 * @returns {string} */
const computed = (value) => value.replace(/var\(--([\w-]+)\)/gu, (_, name) => computed(TOKENS.get(name) ?? ""));

Object.assign(globalThis, {
  document: { documentElement: {}, getElementById: () => ({ dataset: { limits: JSON.stringify(LIMITS) } }) },
  getComputedStyle: () => ({ fontSize: "10px", getPropertyValue: (/** @type {string} */ name) => computed(TOKENS.get(name.slice(2)) ?? "") }),
});
