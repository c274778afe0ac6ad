/* A control of the settings for panels that are shown in an order: each can be shown, hidden and moved by buttons. */
import { make } from "../dom.js";
import * as options from "../options.js";
import { moved, opened, withOne } from "./columns.js";
/** @import { Options } from "../types.d.ts" */
/** @typedef {import("./option-list.js").Option} Option */

/** The ids that are shown, in their order.
 * @param {Readonly<Options>} chosen
 * @param {keyof Options} name
 * @returns {readonly string[]} */
const heldIn = (chosen, name) => (name === "beside" ? opened(chosen, window.innerWidth) : /** @type {string[]} */ (chosen[name]));

/** @param {Option} option
 * @returns {{ element: HTMLElement, show(chosen: Readonly<Options>): void }} */
export function ordered({ label, name, choices = {}, mayBeNone = false }) {
  const usual = Object.keys(choices);
  const held = () => heldIn(options.options(), name);
  /** @param {readonly string[]} ids */
  const choose = (ids) => ids.length > 0 || mayBeNone ? options.set({ [name]: ids }) : options.set({});
  const [up, down] = name === "beside" ? ["left", "right"] : ["up", "down"];
  const rows = usual.map((id) => {
    const input = make("input", { type: "checkbox", name, value: id });
    input.addEventListener("change", () => choose(withOne(held(), id, input.checked, usual)));
    const buttons = /** @type {[string, string, number][]} */ ([[up, name === "beside" ? "←" : "↑", -1], [down, name === "beside" ? "→" : "↓", 1]]).map(([where, sign, by]) => {
      const button = make("button", { type: "button", "aria-label": `move ${choices[id]} ${where}` }, sign);
      // It stays a button at the end, too, or it would lose the focus there.
      button.addEventListener("click", () => button.getAttribute("aria-disabled") === "true" || choose(moved(held(), id, by)));
      return button;
    });
    return { id, input, buttons, element: make("div", { class: "row" }, make("label", { class: "check" }, input, choices[id]), ...buttons) };
  });
  const list = make("div", {}, ...rows.map(({ element }) => element));
  return {
    element: make("fieldset", { class: "ordered" }, make("legend", {}, label), list),
    show: (chosen) => {
      const shown = heldIn(chosen, name);
      const order = [...shown, ...usual.filter((id) => !shown.includes(id))].flatMap((id) => rows.filter((row) => row.id === id));
      const { activeElement } = document;
      if (order.some(({ element }, index) => list.children[index] !== element)) list.replaceChildren(...order.map(({ element }) => element));
      if (activeElement instanceof HTMLElement && list.contains(activeElement)) activeElement.focus();
      for (const { id, input, buttons: [before, after] } of rows) {
        const at = shown.indexOf(id);
        input.checked = at !== -1;
        before.setAttribute("aria-disabled", String(at <= 0));
        after.setAttribute("aria-disabled", String(at === -1 || at === shown.length - 1));
      }
    },
  };
}
