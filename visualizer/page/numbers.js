/* Numbers in the form that is chosen (looks.js): what is written, and what is typed. A typed number that might be another one than was
   meant is none. */
import { looks } from "./looks.js";
/** @import { Looks } from "./types.d.ts" */
/** @typedef {Looks["numbers"]} Name */

/* What parts groups of three digits, and the whole from the rest. The space is one that does not break. */
const FORMS = {
  plain: { group: "", mark: "." },
  comma: { group: ",", mark: "." },
  space: { group: "\u00A0", mark: "," },
  point: { group: ".", mark: "," },
};
const WRITTEN = /^([+-]?)(\d+)(?:\.(\d*))?$/u;
/* What may be typed: groups, if any, are whole and begin with no zero, and a point is a comma where it parts no groups. */
const TYPED = /** @type {Readonly<Record<Name, RegExp>>} */ (
  Object.fromEntries(
    Object.entries(FORMS).map(([name, { group, mark }]) => {
      const groups = group ? `[1-9]\\d{0,2}(?:[${group}]\\d{3})+|` : "";
      return [name, new RegExp(`^(${groups}\\d*)(?:[${group === "." ? mark : `.${mark}`}](\\d*))?$`, "u")];
    }),
  )
);

/** @param {string} text
 * @param {{ group: string, mark: string }} form */
function put(text, { group, mark }) {
  const [, sign, whole, rest] = WRITTEN.exec(text) ?? [];
  if (whole === undefined) return text;
  return `${sign}${whole.replace(/\B(?=(?:\d{3})+$)/gu, group)}${rest === undefined ? "" : mark + rest}`;
}

/** A decimal as it is written; any other text as it is.
 * @param {string} text
 * @param {Name} [form] */
export const written = (text, form = looks().numbers) => put(text, FORMS[form]);

/** How many of something, which has its groups in every form.
 * @param {string} text
 * @param {Name} [form] */
export const counted = (text, form = looks().numbers) => put(text, FORMS[form === "plain" ? "comma" : form]);

/** What was typed as a decimal with a point and without groups; null for what is no number in this form.
 * @param {string} typed
 * @param {Name} [form] */
export function plainOf(typed, form = looks().numbers) {
  const [, whole, rest] = TYPED[form].exec(typed.trim().replace(/\s/gu, FORMS.space.group)) ?? [];
  if (whole === undefined || !(whole || rest)) return null;
  const digits = whole.replace(/\D/gu, "");
  return rest === undefined ? digits : `${digits}.${rest}`;
}
