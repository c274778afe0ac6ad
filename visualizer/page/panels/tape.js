/* The tape: time and sales. Orders, newest on top, while it is open; nothing of it travels while it is closed. */
import { byId, hide, make, say } from "../dom.js";
import * as clockZone from "../playback/clock-zone.js";
import { ask, current } from "../state.js";
import { isOpen, setOpen } from "./opening.js";
import * as orders from "./orders.js";
/** @import { OpenablePanel, State } from "../types.d.ts" */
/** @typedef {ReturnType<typeof orders.newest>["lines"][number]} Line */

const COLUMNS = "time side price volume trades".split(" ");
const ID = "tape";
const RULE = "Bright: ≥ mean + 3 σ of the volumes of the orders of the hour before";

let typed = ""; // the smallest volume, as long as this page is open
let isHeld = false; // the rows stand still while the pointer is over them
let widestVolume = 0; // in characters; a column does not shrink, so that nothing moves
/** @type {ReturnType<typeof build> | null} */
let parts = null;
/** By the number of its first trade, the element of each order drawn and what was written into it.
 * @type {Map<number, ReturnType<typeof order>>} */
const drawn = new Map();

function build() {
  const input = make("input", {
    type: "text",
    id: "tape-least",
    inputmode: "decimal",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "all",
    "aria-describedby": "tape-summary",
  });
  input.value = typed;
  input.addEventListener("input", () => {
    typed = input.value;
    isHeld = false;
    draw();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || event.key === "Enter") input.blur();
  });
  const summary = make("p", { id: "tape-summary" });
  const speed = make("p", { id: "tape-speed" });
  const nothing = make("p", { id: "tape-nothing" });
  const list = make("ol", { "aria-label": "orders, newest first" });
  const head = make("div", { id: "tape-head" }, make("h2", {}, "Tape"), make("label", { for: "tape-least" }, "volume from"), input);
  const names = COLUMNS.map((name) => make("span", { class: name }, name));
  const table = make("div", { id: "tape-orders", tabindex: "0" }, make("div", { class: "names" }, ...names), nothing, list);
  table.addEventListener("pointerenter", () => hold(true));
  table.addEventListener("pointerleave", () => hold(false));
  byId(ID).replaceChildren(head, table, make("footer", {}, summary, speed, make("p", {}, RULE)));
  return { input, summary, speed, nothing, list, time: names[COLUMNS.indexOf("time")] };
}

function order() {
  const cells = COLUMNS.map((name) => make("span", { class: name }));
  return { element: make("li", {}, ...cells), cells, written: "" };
}

/** @param {ReturnType<typeof order>} shown
 * @param {Line} line */
function write(shown, line) {
  const key = JSON.stringify(line);
  if (shown.written === key) return;
  shown.written = key;
  const { element, cells } = shown;
  const [time, side, price, volume, trades] = cells;
  Object.assign(element.dataset, { day: line.day, side: line.side.name, large: String(line.isLarge) });
  element.title = line.hint;
  time.textContent = line.time;
  side.textContent = line.side.text;
  price.replaceChildren(make("span", {}, line.price), ...(line.last ? [" ", make("span", {}, line.last)] : []));
  volume.textContent = line.volume;
  trades.textContent = line.trades;
}

/** Every order keeps its element, so that a new one is one more and the others stay as they are.
 * @param {HTMLElement} list
 * @param {Line[]} lines newest first */
function place(list, lines) {
  const wanted = new Set(lines.map(({ trade }) => trade));
  for (const [trade, { element }] of drawn) {
    if (wanted.has(trade)) continue;
    element.remove();
    drawn.delete(trade);
  }
  let at = list.firstElementChild;
  for (const line of lines) {
    const shown = drawn.get(line.trade) ?? order();
    drawn.set(line.trade, shown);
    write(shown, line);
    if (shown.element === at) at = at.nextElementSibling;
    else list.insertBefore(shown.element, at);
  }
}

/** @param {boolean} held */
function hold(held) {
  isHeld = held;
  draw();
}

function draw() {
  if (!isOpen(ID)) return;
  parts ??= build();
  const { input, summary, speed, nothing, list, time } = parts;
  const state = current();
  const { volume: least, error } = orders.smallest(typed);
  const { lines, count } = orders.newest(state.tape, least, state.about, clockZone.current());
  say(time, `time, ${clockZone.abbreviation(state.status?.event_time_ms ?? 0)}`);
  if (!isHeld) place(list, lines);
  widestVolume = Math.max(widestVolume, ...lines.map(({ volume }) => volume.length));
  byId(ID).style.setProperty("--volume-width", `${widestVolume}ch`);
  input.setAttribute("aria-invalid", String(error !== ""));
  const newer = lines.findIndex(({ trade }) => drawn.has(trade));
  say(summary, error || (isHeld ? orders.held(newer) : orders.summary(lines.length, count, state.tape.length)));
  say(speed, orders.speed(state.tape, state.status?.event_time_ms ?? null, state.about));
  hide(nothing, count > 0);
  say(nothing, orders.nothing(state, count, byId("app").dataset.control === "off"));
}

/** @param {State} _
 * @param {boolean} reset */
function show(_, reset) {
  if (reset) [widestVolume, isHeld] = [0, false];
  draw();
}

function toggle() {
  const open = !isOpen(ID);
  ask(ID, open ? ["tape"] : []);
  setOpen(ID, open, draw);
}

/** @type {OpenablePanel} */
export const tape = { id: ID, key: "s", views: ["tape", "about", "status", "control"], show, toggle };
