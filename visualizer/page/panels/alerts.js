/* Alerts: the expressions of the replay, to which one may be added, and a list of what they raised, newest on top. A click goes to
   the moment when one became known. */
import { byId, hide, make, say, within } from "../dom.js";
import * as clockZone from "../playback/clock-zone.js";
import * as control from "../playback/control.js";
import * as replay from "../playback/replay.js";
import { ask, current } from "../state.js";
import * as list from "./alert-list.js";
import * as sound from "./alert-sound.js";
import { isOpen, setOpen } from "./opening.js";
/** @import { About, OpenablePanel, State } from "../types.d.ts" */

const ID = "alerts";
const COLUMNS = "time expression value price".split(" ");
const ALL = "";

/** The expression that is listed, as long as this page is open. */
let chosen = ALL;
let written = "";
let offered = "";
/** Where the event clock stood when alerts were last looked at.
 * @type {number | null} */
let heardMs = null;
/** @type {ReturnType<typeof build> | null} */
let parts = null;

function build() {
  const bell = make("button", { type: "button", id: "alerts-sound", title: "a sound for each new alert while the replay plays" }, "Sound");
  bell.addEventListener("click", () => {
    sound.set(!sound.isOn());
    if (sound.isOn()) sound.beep();
    listen();
    draw();
  });
  const back = make("button", { type: "button", title: "previous alert of any expression (key shift + K, while events are closed)" }, "‹");
  const on = make("button", { type: "button", title: "next alert of any expression (key K, while events are closed)" }, "›");
  back.addEventListener("click", () => seek(-1));
  on.addEventListener("click", () => seek(1));
  const input = make("input", {
    type: "text",
    id: "alerts-expression",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "obi_10 > 0.6 for 5 s",
    "aria-label": "expression of a new alert",
    "aria-describedby": "alerts-fault",
  });
  const add = make("button", { type: "submit" }, "Add");
  const fault = make("p", { id: "alerts-fault", role: "alert" });
  const form = make("form", {}, input, add);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void added(input, fault);
  });
  input.addEventListener("input", () => refused(input, fault, ""));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") input.blur();
  });
  const expressions = make("div", { class: "kinds", role: "group", "aria-label": "expressions" });
  expressions.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest("button")) : null;
    if (button?.dataset.remove) void control.send("alerts", { remove: button.dataset.remove });
    else if (button) choose(button.dataset.expression ?? ALL);
  });
  const summary = make("p", { role: "status" });
  const nothing = make("p", { class: "nothing" });
  const rows = make("ol", { "aria-label": "alerts, newest first" });
  rows.addEventListener("click", (event) => {
    if (!within(event, "button[data-ms]") || !(event.target instanceof Element)) return;
    const row = /** @type {HTMLElement} */ (event.target.closest("button[data-ms]"));
    // A moment within that millisecond is before its end.
    void replay.seek(Number(row.dataset.ms) + 1);
  });
  byId(ID).replaceChildren(
    make("header", {}, make("h2", {}, "Alerts"), back, on, bell),
    form,
    fault,
    expressions,
    make("div", { class: "rows" }, nothing, rows),
    make("footer", {}, summary),
  );
  return { back, on, bell, input, add, expressions, summary, nothing, rows };
}

/** Adds what is in the field, or says below it what is wrong and marks the word.
 * @param {HTMLInputElement} input
 * @param {HTMLElement} fault */
async function added(input, fault) {
  const text = input.value.trim().split(/\s+/u).join(" ");
  if (!text) return;
  input.value = text;
  const { ok, error } = await control.send("alerts", { add: text }, { isTold: true });
  if (input.value !== text) return;
  if (ok) input.value = "";
  if (ok === false) refused(input, fault, error ?? "");
}

/** @param {HTMLInputElement} input
 * @param {HTMLElement} element
 * @param {string} error empty for none */
function refused(input, element, error) {
  const { said, from, to } = list.fault(input.value, error);
  say(element, said);
  input.setAttribute("aria-invalid", String(error !== ""));
  if (!error) return;
  input.focus();
  input.setSelectionRange(from, to);
}

/** Goes to the next (1) or previous (-1) alert of any expression.
 * @param {1 | -1} direction */
export function seek(direction) {
  void replay.seekLandmark("alert", direction);
}

/** @param {string} expression */
function choose(expression) {
  chosen = expression;
  draw();
}

/** A button for each expression that lists it, and one that removes it.
 * @param {About | null} about
 * @param {boolean} may whether this page may change them
 * @returns {HTMLElement[]} */
function choices(about, may) {
  const all = make("button", { type: "button", "data-expression": ALL }, "all");
  return [
    all,
    ...(about?.alerts ?? []).map((text) => {
      const remove = make("button", { type: "button", "data-remove": text, "aria-label": `remove ${text}`, title: "remove it" }, "×");
      remove.disabled = !may;
      return make("span", {}, make("button", { type: "button", "data-expression": text }, text), remove);
    }),
  ];
}

function draw() {
  if (!isOpen(ID)) return;
  parts ??= build();
  const { back, on, bell, input, add, expressions, summary, nothing, rows } = parts;
  const state = current();
  const may = control.available();
  for (const field of [input, add]) field.disabled = !may;
  for (const button of [back, on]) button.disabled = !may || !state.about?.alerts?.length;
  bell.setAttribute("aria-pressed", String(sound.isOn()));
  const offer = JSON.stringify([state.about?.alerts, may]);
  if (offer !== offered) {
    offered = offer;
    if (!state.about?.alerts?.includes(chosen)) chosen = ALL;
    expressions.replaceChildren(...choices(state.about, may));
  }
  for (const button of expressions.querySelectorAll("button[data-expression]")) {
    button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.expression === chosen));
  }
  const { lines, count } = list.newest(state.alerts, chosen, state.about, clockZone.current());
  const key = JSON.stringify(lines);
  if (key !== written) {
    written = key;
    rows.replaceChildren(...lines.map(line));
  }
  say(summary, list.summary(lines.length, count, state.alerts.length));
  hide(nothing, count > 0);
  say(nothing, list.nothing(state, count, byId("app").dataset.control === "off"));
}

/** @param {ReturnType<typeof list.newest>["lines"][number]} shown */
function line(shown) {
  const texts = [shown.time, shown.expression, shown.value, shown.price];
  const cells = COLUMNS.map((name, index) => make("span", { class: name }, texts[index]));
  const button = make("button", { type: "button", "data-ms": String(shown.ms), title: shown.hint }, ...cells);
  return make("li", { "data-day": shown.day }, button);
}

/* Asks for alerts where they are to be heard, also while no list and no mark shows them. */
function listen() {
  ask(`${ID}-sound`, sound.isOn() ? ["alerts"] : []);
}

/** @param {State} state
 * @param {boolean} reset */
function show(state, reset) {
  if (reset) [written, heardMs] = ["", null];
  if (sound.isOn()) {
    if (!state.asked.includes("alerts")) listen();
    if (list.fresh(state, heardMs)) sound.beep();
  }
  heardMs = state.status?.event_time_ms ?? null;
  draw();
}

function toggle() {
  const open = !isOpen(ID);
  ask(ID, open ? ["alerts"] : []);
  setOpen(ID, open, draw);
}

/** @type {OpenablePanel} */
export const alerts = { id: ID, key: "u", views: ["alerts", "about", "status", "control"], show, toggle };
