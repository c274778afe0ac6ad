/* What of the settings is the replay's: each goes to the processor as a command, and holds for everybody. The processor says what it
   refuses, and the field shows it. */
import { make, say } from "../dom.js";
import * as control from "../playback/control.js";
import { current } from "../state.js";
import * as rowHeight from "./row-height.js";
import { startOf } from "../sessions.js";
/** @import { About } from "../types.d.ts" */

const WHOLE = /^\d{1,7}$/u;
const TIME_OF_DAY = /^([01]?\d|2[0-3]):([0-5]\d)$/u;
const MOST_LEVELS = 1_000_000;

/** How many levels were typed; null where that is no number of levels. Pure.
 * @param {string} typed */
export function levelsOf(typed) {
  const text = typed.trim();
  return WHOLE.test(text) && Number(text) <= MOST_LEVELS ? Number(text) : null;
}

/** The last part of a path, by which a dataset is called. Pure.
 * @param {string} path */
export const nameOfPath = (path) => path.split(/[/\\]/u).findLast(Boolean) ?? path;

/** A field with what the replay has, a button that sends it, and what was wrong with it.
 * @param {string} label
 * @param {HTMLInputElement | HTMLSelectElement} input
 * @param {{ action: string, hint: string, argument(typed: string): Record<string, unknown> | null, shown(about: About): string }} what
 * `argument` is null where what was typed can be none; `hint` says what would be right */
function field(label, input, { action, hint, argument, shown }) {
  const small = make("small", { id: `${input.id}-hint` }, hint);
  input.setAttribute("aria-describedby", small.id);
  const set = make("button", { type: "submit", "aria-label": `set: ${label}` }, "Set");
  const form = make("form", { class: "field" }, make("label", { for: input.id }, label), make("span", {}, input, set), small);
  /** @param {string} wrong */
  const complain = (wrong) => {
    input.setAttribute("aria-invalid", String(wrong !== ""));
    say(small, wrong || hint);
  };
  let isEdited = false; // what was chosen stays until it is set, or the focus goes elsewhere
  input.addEventListener("input", () => {
    isEdited = true;
  });
  form.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !form.contains(relatedTarget)) isEdited = false;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = argument(input.value);
    if (given === null) {
      complain(`Invalid: expected ${hint}`);
      return;
    }
    complain("");
    isEdited = false;
    void control.send(action, given).then(({ ok, error }) => ok === false && complain(error ?? "It was refused"));
  });
  return {
    element: form,
    refresh: () => {
      const { about } = current();
      const may = control.available();
      input.disabled = !may;
      set.disabled = !may;
      if (!about || isEdited || form.contains(document.activeElement) || input.getAttribute("aria-invalid") === "true") return;
      input.value = shown(about);
    },
  };
}

function levels() {
  const input = make("input", { type: "text", id: "obi-levels", inputmode: "numeric", autocomplete: "off" });
  const hint = `levels a side, 1 to ${MOST_LEVELS}; 0 for the whole book`;
  /** @param {string} typed */
  const argument = (typed) => {
    const found = levelsOf(typed);
    return found === null ? null : { obi_levels: found };
  };
  return field("OBI levels", input, { action: "obi_levels", hint, argument, shown: (about) => String(about.obi_levels) });
}

function reset() {
  const choices = { none: "never", day: "with a session" };
  const select = make("select", { id: "cvd-reset" }, ...Object.entries(choices).map(([value, text]) => make("option", { value }, text)));
  return field("CVD starts again", select, {
    action: "cvd_reset",
    hint: "when the CVD starts again from 0",
    argument: (chosen) => ({ cvd_reset: chosen }),
    shown: (about) => about.cvd_reset,
  });
}

/** A time of day as it was typed; null where that is none. Pure.
 * @param {string} typed */
export function timeOfDay(typed) {
  const found = TIME_OF_DAY.exec(typed.trim());
  return found && `${found[1].padStart(2, "0")}:${found[2]}`;
}

function sessionStart() {
  const input = make("input", { type: "text", id: "session-start", autocomplete: "off", spellcheck: "false" });
  return field("Sessions start", input, {
    action: "session_start",
    hint: "a time of each UTC day, 00:00 to 23:59: 22:00, 13:30",
    argument: (typed) => {
      const found = timeOfDay(typed);
      return found === null ? null : { session_start: found };
    },
    shown: startOf,
  });
}

function dataset() {
  const list = make("datalist", { id: "datasets" });
  const input = make("input", { type: "text", id: "dataset-path", list: list.id, autocomplete: "off", spellcheck: "false" });
  const path = field("Dataset", input, {
    action: "dataset",
    hint: "a path as the processor sees it, in a folder of PROCESSOR_DATASETS; those that it lists can be chosen",
    argument: (typed) => (typed.trim() ? { dataset: typed.trim() } : null),
    shown: () => "",
  });
  let listed = "";
  return {
    element: make("div", {}, path.element, list),
    refresh: () => {
      path.refresh();
      const { about } = current();
      const paths = about?.datasets ?? [];
      input.placeholder = about?.dataset ?? "";
      if (listed === String(paths)) return;
      listed = String(paths);
      list.replaceChildren(...paths.map((each) => make("option", { value: each, label: nameOfPath(each) })));
    },
  };
}

/** The section; `refresh` shows what the replay has. */
export function made() {
  const note = make("p", {});
  const fields = [dataset(), levels(), reset(), sessionStart(), rowHeight.made()];
  return {
    element: make("section", { "aria-label": "Replay" }, make("h3", {}, "Replay"), note, ...fields.map(({ element }) => element)),
    refresh: () => {
      say(note, control.available() ? "These change the replay for everybody." : "This page cannot control the replay.");
      for (const { refresh } of fields) refresh();
    },
  };
}
