/* The menu "Draw": what can be drawn over the chart, beside the chart's left edge. */
import { KINDS } from "../chart/drawings/kinds.js";
import * as kept from "../chart/drawings/kept.js";
import { byId, make } from "../dom.js";
import { isOpen, setOpen } from "./opening.js";
/** @import { DrawingKind, OpenablePanel } from "../types.d.ts" */

const ID = "draw";

/** @type {{ choose: (kind: DrawingKind) => void, remove: () => void, clear: () => void, travel: (what: "undo" | "redo") => void }} */
let acts = { choose: () => {}, remove: () => {}, clear: () => {}, travel: () => {} };
let chosen = "";
/** @type {ReturnType<typeof build> | null} */
let parts = null;

/** What its buttons do.
 * @param {typeof acts} given */
export function connect(given) {
  acts = given;
}

/** @param {string} name
 * @param {string} key
 * @param {string} title
 * @param {() => void} act */
function action(name, key, title, act) {
  const button = make("button", { type: "button", title }, name, ...(key ? [make("kbd", {}, key)] : []));
  button.addEventListener("click", act);
  return button;
}

function build() {
  const tools = Object.entries(KINDS).map(([kind, { name, key }]) => {
    const button = make("button", { type: "button", title: `${name} (key ${key})` }, name, make("kbd", {}, key));
    button.addEventListener("click", () => acts.choose(/** @type {DrawingKind} */ (kind)));
    return { kind, button };
  });
  const remove = action("Delete", "del", "delete the selected drawing (key delete)", acts.remove);
  const clear = action("Delete all", "", "delete all drawings of this instrument", acts.clear);
  const undo = action("Undo", "ctrl Z", "undo the last change of drawings (ctrl + Z)", () => acts.travel("undo"));
  const redo = action("Redo", "ctrl Y", "do again what was undone (ctrl + Y, or ctrl + shift + Z)", () => acts.travel("redo"));
  byId(ID).replaceChildren(...tools.map(({ button }) => button), remove, clear, undo, redo);
  return { tools, remove, clear, undo, redo };
}

function draw() {
  if (!isOpen(ID)) return;
  parts ??= build();
  for (const { kind, button } of parts.tools) button.setAttribute("aria-pressed", String(kind === chosen));
  const { list, selected } = kept.current();
  const { undo, redo } = kept.could();
  parts.remove.disabled = selected === null;
  parts.clear.disabled = !list.length;
  parts.undo.disabled = !undo;
  parts.redo.disabled = !redo;
}

/** Shows what is being drawn.
 * @param {string | null} kind */
export function mark(kind) {
  chosen = kind ?? "";
  if (parts) draw();
}

/** @type {OpenablePanel} */
export const drawMenu = { id: ID, key: "q", views: ["about"], show: draw, draw, toggle: () => setOpen(ID, !isOpen(ID), draw) };
