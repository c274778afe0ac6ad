/* The panel "Settings": the layouts, a control for each entry of option-list.js, which acts at once and in this browser alone, and what the
   replay does for everybody. */
import { byId, make } from "../dom.js";
import * as looks from "../looks.js";
import { written } from "../numbers.js";
import * as options from "../options.js";
import * as layoutOptions from "./layout-options.js";
import { isOpen, setOpen } from "./opening.js";
import * as lookOptions from "./look-options.js";
import { OPTIONS, several, typedValue } from "./option-list.js";
import { explained } from "../words.js";
import { ordered } from "./ordered.js";
import * as replayOptions from "./replay-options.js";
import * as zoneOption from "./zone-option.js";
/** @import { About, OpenablePanel, Options, State } from "../types.d.ts" */
/** @typedef {import("./option-list.js").Option} Option */
/** A control on the page, and how it shows what is chosen.
 * @typedef {{ element: HTMLElement, show(chosen: Readonly<Options>): void }} Control */

const ID = "options";
const NUMBER = / [\d.]+$/u; // of a measure: what it means is the same for each
/** @type {Control[] | null} */
let controls = null;
/** What is no option of the chart, and how it shows what there is now.
 * @type {{ element: HTMLElement, refresh(): void }[]} */
let further = [];
/** @type {About | null} */
let about = null;
/** @type {HTMLElement | null} */
let returnTo = null;

/** @param {Option} option
 * @param {unknown} value */
const choose = ({ name }, value) => options.set({ [name]: value });

/** @param {string} label
 * @param {boolean} isChosen
 * @param {(isChosen: boolean) => void} act */
function checkbox(label, isChosen, act) {
  const input = make("input", { type: "checkbox" });
  input.checked = isChosen;
  input.addEventListener("change", () => act(input.checked));
  return { input, element: explained(make("label", { class: "check" }, input, label), label) };
}

/** @param {Option} option
 * @returns {Control} */
function choice(option) {
  const { label, name, choices = {}, choicesOf } = option;
  const select = make("select", { id: `option-${name}` });
  let offered = "";
  select.addEventListener("change", () => {
    const isNumber = typeof options.options()[name] === "number";
    choose(option, isNumber ? Number(select.value) : select.value);
  });
  return {
    element: make("div", { class: "field" }, explained(make("label", { for: select.id }, label), label), select),
    show: (chosen) => {
      const value = String(chosen[name]);
      const known = choicesOf?.(about) ?? choices;
      const found = Object.entries(value in known ? known : { ...known, [value]: `${value}: not in this replay` });
      const texts = JSON.stringify(found);
      if (offered !== texts) select.replaceChildren(...found.map(([each, text]) => explained(make("option", { value: each }, text), text.replace(NUMBER, ""))));
      offered = texts;
      select.value = value;
    },
  };
}

/** @param {Option} option
 * @returns {Control} */
function onOff(option) {
  const { input, element } = checkbox(option.label, false, (isChosen) => choose(option, isChosen));
  input.id = `option-${option.name}`;
  return {
    element,
    show: (chosen) => {
      input.checked = Boolean(chosen[option.name]);
    },
  };
}

/** A number that is taken as soon as it is one.
 * @param {Option} option
 * @returns {Control} */
function typed(option) {
  const { label, name, kind, hint = "" } = option;
  const input = make("input", { type: "text", id: `option-${name}`, inputmode: "decimal", autocomplete: "off", "aria-describedby": `option-${name}-hint` });
  input.addEventListener("input", () => {
    const value = typedValue(kind, input.value);
    input.setAttribute("aria-invalid", String(value === null));
    if (value !== null) choose(option, value);
  });
  return {
    element: make("div", { class: "field" }, make("label", { for: input.id }, label), input, make("small", { id: `option-${name}-hint` }, hint)),
    show: (chosen) => {
      if (document.activeElement === input) return; // it is being typed into
      input.value = written(String(chosen[name]));
      input.setAttribute("aria-invalid", "false");
    },
  };
}

/** @param {Option} option
 * @returns {Control} */
function boxes(option) {
  const { label, name, choices = {} } = option;
  const held = () => /** @type {string[]} */ (options.options()[name]);
  const made = Object.entries(choices).map(([value, text]) => {
    const { input, element } = checkbox(text, false, (isChosen) => choose(option, several(held(), value, isChosen, choices, option.mayBeNone)));
    input.name = name;
    input.value = value;
    return { input, element };
  });
  return {
    element: make("fieldset", {}, make("legend", {}, label), ...made.map(({ element }) => element)),
    show: () => {
      for (const { input } of made) input.checked = held().includes(input.value);
    },
  };
}

const MADE = { choice, switch: onOff, number: typed, decimal: typed, several: boxes, ordered };

/** @returns {Control[]} */
function build() {
  const made = OPTIONS.map((option) => MADE[option.kind](option));
  const groups = [...new Set(OPTIONS.map(({ group }) => group))].map((group) => {
    const own = made.filter((_, index) => OPTIONS[index].group === group);
    return make("section", { "aria-label": group }, make("h3", {}, group), ...own.map(({ element }) => element));
  });
  const reset = make("button", { type: "button", id: "options-reset" }, "Reset");
  reset.title = "all options of this layout as its preset has them at first";
  reset.addEventListener("click", options.reset);
  const close = make("button", { type: "button", id: "options-close", "aria-label": "close the settings (key escape)" }, "×");
  close.addEventListener("click", toggle);
  const panel = byId(ID);
  const [layout, replay, zone] = [layoutOptions.made(), replayOptions.made(), zoneOption.made()];
  const page = lookOptions.made();
  page.append(zone.element);
  further = [layout, replay, zone];
  panel.replaceChildren(make("header", {}, make("h2", {}, "Settings"), reset, close), layout.element, ...groups, replay.element, page);
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    toggle();
  });
  options.listen(fill);
  looks.listen(() => fill(options.options())); // numbers have other forms
  return made;
}

/** @param {Readonly<Options>} chosen */
function fill(chosen) {
  for (const { show } of controls ?? []) show(chosen);
  refresh();
}

function refresh() {
  if (isOpen(ID)) for (const each of further) each.refresh();
}

/** @param {State} state */
function taken(state) {
  const before = about;
  about = state.about;
  if (isOpen(ID) && about !== before) fill(options.options());
  else refresh();
}

function toggle() {
  const open = !isOpen(ID);
  if (open) {
    returnTo = /** @type {HTMLElement | null} */ (document.activeElement);
    controls ??= build();
    fill(options.options());
  }
  setOpen(ID, open, refresh);
  const back = returnTo && returnTo !== document.body && returnTo.isConnected ? returnTo : byId(`${ID}-button`);
  (open ? byId(ID) : back).focus({ preventScroll: true });
}

/** @type {OpenablePanel} */
export const optionsPanel = { id: ID, key: "o", views: ["about", "control"], show: taken, toggle };
