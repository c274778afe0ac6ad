/* The height of the replay's price rows in the settings. Unlike those of the chart it is the replay's: it holds for everybody. */
import { make } from "../dom.js";
import { exact } from "../format.js";
import { written } from "../numbers.js";
import * as control from "../playback/control.js";
import { current } from "../state.js";
import { typedValue } from "./option-list.js";

const ID = "row-height";

/** The form with its field; `refresh` shows what the replay has. */
export function made() {
  const input = make("input", { type: "text", id: ID, autocomplete: "off", spellcheck: "false", "aria-describedby": `${ID}-hint` });
  const set = make("button", { type: "submit" }, "Set");
  const hint = make("small", { id: `${ID}-hint` });
  const form = make("form", { class: "field" }, make("label", { for: ID }, "Height of price rows"), make("span", {}, input, set), hint);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = input.value.trim().toLowerCase();
    const row = typed === "auto" ? typed : typedValue("decimal", typed);
    input.setAttribute("aria-invalid", String(row === null));
    if (row !== null) void control.send("row", { row: String(row) });
  });

  function refresh() {
    const { about } = current();
    const may = control.available();
    input.disabled = !may;
    set.disabled = !may;
    if (document.activeElement !== input) {
      input.value = written(about?.row ?? "auto");
      input.setAttribute("aria-invalid", "false");
    }
    const step = about?.price_step;
    const multiple = step ? `a multiple of the price step ${exact(step, null)}` : "a multiple of the price step";
    hint.textContent = `${multiple}, or auto. ${may ? "It changes the replay for everybody." : "This page cannot control the replay."}`;
  }

  return { element: form, refresh };
}
