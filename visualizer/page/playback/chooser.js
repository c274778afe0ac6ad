/* A button that opens a small panel above it: a field to type into, and things to choose from. */
import { make } from "../dom.js";

/** @type {{ button: HTMLButtonElement, panel: HTMLElement, returnTo: HTMLElement | null } | null} */
let opened = null;

/** @param {HTMLButtonElement} button
 * @param {object} options
 * @param {string} options.label
 * @param {string} options.value
 * @param {string} options.placeholder
 * @param {{ text: string, shown: string, hint?: string, current?: boolean }[]} options.presets texts to submit with one
 *   click; `hint` is what they mean
 * @param {(text: string) => string | null} options.submit returns an error as a sentence, or null */
export function open(button, { label, value, placeholder, presets, submit }) {
  const again = opened !== null && opened.button === button;
  close(again);
  if (again || button.disabled) return;
  const id = `${button.id}-panel`;
  const returnTo = /** @type {HTMLElement | null} */ (document.activeElement);
  const input = make("input", {
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    placeholder,
    "aria-label": label,
    "aria-describedby": `${id}-error`,
  });
  const error = make("p", { id: `${id}-error`, role: "alert", class: "wrong" });
  error.hidden = true;
  /** @param {string} text */
  const take = (text) => {
    const wrong = submit(text);
    error.hidden = wrong === null;
    error.textContent = wrong || "";
    input.setAttribute("aria-invalid", String(wrong !== null));
    if (wrong === null) close(true);
  };
  const choices = presets.map(({ text, shown, hint = "", current }) => {
    const choice = make("button", { type: "button", title: hint }, shown);
    if (current) choice.setAttribute("aria-current", "true");
    choice.addEventListener("click", () => take(text));
    return choice;
  });
  const form = make("form", {}, input, make("button", { type: "submit" }, "Go"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(input.value);
  });
  const panel = make("div", { id, class: "panel", role: "dialog", "aria-label": label }, form, error);
  if (choices.length) panel.append(make("div", { class: "choices" }, ...choices));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close(true);
  });
  panel.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && !panel.contains(event.relatedTarget) && event.relatedTarget !== button) close();
  });
  button.parentElement?.append(panel);
  button.setAttribute("aria-expanded", "true");
  opened = { button, panel, returnTo };
  input.value = value;
  // Within the window, however narrow.
  const beyond = panel.getBoundingClientRect().right - (document.documentElement.clientWidth - 6);
  if (beyond > 0) panel.style.left = `${-beyond}px`;
  input.focus();
  input.select();
}

export function close(refocus = false) {
  if (!opened) return;
  const { button, panel, returnTo } = opened;
  const held = panel.contains(document.activeElement);
  opened = null;
  panel.remove();
  button.setAttribute("aria-expanded", "false");
  // Back to where the focus was: with it on a button, the space bar would open the panel again.
  if (refocus && held && returnTo?.isConnected) returnTo.focus({ preventScroll: true });
}

/* Closes what is open when anything else is pressed. */
export function start() {
  document.addEventListener(
    "pointerdown",
    ({ target }) => {
      if (opened && target instanceof Node && !opened.panel.contains(target) && !opened.button.contains(target)) close();
    },
    true,
  );
}
