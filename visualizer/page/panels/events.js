/* Events: a list of them, newest on top, while it is open. A click goes to the moment when one became known. */
import { byId, hide, make, say, within } from "../dom.js";
import * as clockZone from "../playback/clock-zone.js";
import * as control from "../playback/control.js";
import * as replay from "../playback/replay.js";
import { ask, current } from "../state.js";
import * as list from "./event-list.js";
import { explained } from "../words.js";
import { isOpen, setOpen } from "./opening.js";
/** @import { EventKind, OpenablePanel, State } from "../types.d.ts" */

const ID = "events";
const COLUMNS = "time name side price size".split(" ");
const ALL = "";

/** The kind that is listed, as long as this page is open.
 * @type {EventKind | ""} */
let kind = ALL;
let written = "";
/** @type {ReturnType<typeof build> | null} */
let parts = null;

function build() {
  const kinds = Object.entries({ [ALL]: "all", ...list.KINDS }).map(([name, text]) => {
    const button = explained(make("button", { type: "button", "data-kind": name }, text), text);
    button.addEventListener("click", () => choose(/** @type {EventKind | ""} */ (name)));
    return button;
  });
  const back = make("button", { type: "button", title: "previous of this kind (key shift + K)" }, "‹");
  const on = make("button", { type: "button", title: "next of this kind (key K)" }, "›");
  back.addEventListener("click", () => seek(-1));
  on.addEventListener("click", () => seek(1));
  const summary = make("p", {});
  const nothing = make("p", { class: "nothing" });
  const rows = make("ol", { "aria-label": "events, newest first" });
  rows.addEventListener("click", (event) => {
    if (!within(event, "button[data-ms]") || !(event.target instanceof Element)) return;
    const row = /** @type {HTMLElement} */ (event.target.closest("button[data-ms]"));
    // A moment within that millisecond is before its end.
    void replay.seek(Number(row.dataset.ms) + 1);
  });
  byId(ID).replaceChildren(
    make("header", {}, make("h2", {}, "Events"), back, on),
    make("div", { class: "kinds", role: "group", "aria-label": "kind of event" }, ...kinds),
    make("div", { class: "rows" }, nothing, rows),
    make("footer", {}, summary),
  );
  return { kinds, back, on, summary, nothing, rows };
}

/** @param {EventKind | ""} name */
function choose(name) {
  kind = name;
  draw();
}

/** Goes to the next (1) or previous (-1) event of the kind that is listed.
 * @param {1 | -1} direction */
export function seek(direction) {
  if (kind) void replay.seekLandmark(kind, direction);
  else control.say("Choose a kind of event first (key E)", "info");
}

function draw() {
  if (!isOpen(ID)) return;
  parts ??= build();
  const { kinds, back, on, summary, nothing, rows } = parts;
  const state = current();
  for (const button of kinds) button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
  for (const button of [back, on]) button.disabled = !kind;
  const { lines, count } = list.newest(state.events, kind, state.about, clockZone.current());
  const key = JSON.stringify(lines);
  if (key !== written) {
    written = key;
    rows.replaceChildren(...lines.map(line));
  }
  say(summary, list.summary(lines.length, count, state.events.length));
  hide(nothing, count > 0);
  say(nothing, list.nothing(state, count, byId("app").dataset.control === "off"));
}

/** @param {ReturnType<typeof list.newest>["lines"][number]} shown */
function line(shown) {
  const texts = [shown.time, shown.name, shown.side.text, shown.price, shown.size];
  const cells = COLUMNS.map((name, index) => make("span", { class: name }, texts[index]));
  const button = make("button", { type: "button", "data-ms": String(shown.ms), title: "replay from there" }, ...cells);
  return make("li", { "data-day": shown.day, "data-side": shown.side.colour, "data-kind": shown.kind }, button);
}

/** @param {State} _
 * @param {boolean} reset */
function show(_, reset) {
  if (reset) written = "";
  draw();
}

function toggle() {
  const open = !isOpen(ID);
  ask(ID, open ? ["events"] : []);
  setOpen(ID, open, draw);
}

/** @type {OpenablePanel} */
export const events = { id: ID, key: "e", views: ["events", "about", "status", "control"], show, toggle };
