/* The menu "Draw": what can be drawn over the chart, beside the chart's left edge. */
import { KINDS } from "../chart/drawings/kinds.js";
import * as kept from "../chart/drawings/kept.js";
import { byId, make } from "../dom.js";
import { isOpen, setOpen } from "./opening.js";
/** @import { DrawingKind, OpenablePanel } from "../types.d.ts" */

const ID = "draw";

/** @type {{ choose: (kind: DrawingKind) => void, remove: () => void }} */
let acts = { choose: () => {}, remove: () => {} };
let chosen = "";
/** @type {ReturnType<typeof build> | null} */
let parts = null;

/** What its buttons do.
 * @param {typeof acts} given */
export function connect(given) {
  acts = given;
}

function build() {
  const tools = Object.entries(KINDS).map(([kind, { name, key }]) => {
    const button = make("button", { type: "button", title: `${name} (key ${key})` }, name, make("kbd", {}, key));
    button.addEventListener("click", () => acts.choose(/** @type {DrawingKind} */ (kind)));
    return { kind, button };
  });
  const remove = make("button", { type: "button", title: "delete the selected drawing (key delete)" }, "Delete", make("kbd", {}, "del"));
  remove.addEventListener("click", acts.remove);
  byId(ID).replaceChildren(...tools.map(({ button }) => button), remove);
  return { tools, remove };
}

function draw() {
  if (!isOpen(ID)) return;
  parts ??= build();
  for (const { kind, button } of parts.tools) button.setAttribute("aria-pressed", String(kind === chosen));
  parts.remove.disabled = kept.current().selected === null;
}

/** Shows what is being drawn.
 * @param {string | null} kind */
export function mark(kind) {
  chosen = kind ?? "";
  if (parts) draw();
}

/** @type {OpenablePanel} */
export const drawMenu = { id: ID, key: "q", views: ["about"], show: draw, draw, toggle: () => setOpen(ID, !isOpen(ID), draw) };
