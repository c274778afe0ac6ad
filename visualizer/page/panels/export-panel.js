/* The panel "Export": pictures, tables, the replay as a still picture, and a link to this moment. */
import * as drawings from "../chart/drawings/kept.js";
import { byId, make, say } from "../dom.js";
import { png } from "../draw/surface.js";
import { svg } from "../draw/svg.js";
import * as commands from "../exports/command.js";
import * as elements from "../exports/elements.js";
import * as pictures from "../exports/picture.js";
import * as tables from "../exports/tables.js";
import * as frame from "../draw/frame.js";
import { options } from "../options.js";
import * as clockZone from "../playback/clock-zone.js";
import * as control from "../playback/control.js";
import { NAMES } from "../views.js";
import * as depth from "./depth.js";
import * as ladder from "./ladder.js";
import { isOpen, setOpen } from "./opening.js";
import { BAR_TABLES, PANELS } from "./registry.js";
/** @import { BarTable, Box, Layout, OpenablePanel, Printed, Row, Views } from "../types.d.ts" */

const ID = "export";
/* What is no part of a picture: what makes it, and what is where the mouse is. */
const WITHOUT = "#export, #draw, .note-field, .cross, .chip.time, .chip.under, .chip.found, #chart-overlay > .chip.value";
const LEAST_RATIO = 2; // pixels for one of the page: text is read in print, too
const MOST_RATIO = 4;
/* What stands beside the chart, by the ids of their elements. */
/** @type {Record<string, string>} */
const BESIDE = { "depth-panel": "book", ladder: "ladder", tape: "tape", events: "events", report: "data report" };

const NOWHERE = { left: 0, top: 0, width: 0, height: 0 };

/** What the chart knows, and the address.
 * @type {{ printed: () => Printed, placed: () => Layout, inView: (name: BarTable) => readonly Row[], link: () => string }} */
let given = { printed: () => ({ width: 0, groups: [] }), placed: () => ({ width: 0, height: 0, ratio: 1, plot: NOWHERE, panels: [], times: NOWHERE }), inView: () => [], link: () => "" };

/** @type {ReturnType<typeof build> | null} */
let parts = null;
let listed = "";

/** @param {typeof given} from */
export function connect(from) {
  given = from;
}

/** @param {string} id */
const isSeen = (id) => (document.getElementById(id)?.getClientRects().length ?? 0) > 0;

/** @type {(id: string) => boolean} */
const hasPlace = (id) => given.placed().panels.some((panel) => panel.id === id && panel.box.height > 0);

/* What there can be a picture of, by what chooses it. */
function subjects() {
  const ofChart = PANELS.filter(({ id }) => hasPlace(id)).map(({ id, name }) => [`panel ${id}`, name]);
  const others = Object.entries(BESIDE).filter(([id]) => isSeen(id));
  return [["main", "whole page"], ["chart-panel", "chart, all panels"], ...ofChart, ...others];
}

/* The views of which there is something to make a table of. */
const held = () => NAMES.filter((name) => tables.isAny(frame.state()[name]));

/** @returns {tables.Columns} */
const columns = () => JSON.parse(byId("app").dataset.columns ?? "{}");

/** A picture of a subject; null where it has gone.
 * @param {string} subject */
function printOf(subject) {
  const { about, status } = frame.state();
  const [, id] = /^panel (.*)$/u.exec(subject) ?? [];
  const root = document.getElementById(id ? "chart-panel" : subject);
  if (!about || !status || !root) return null;
  const canvases = new Map([["chart", given.printed()], ["depth", depth.printed()], ["ladder-canvas", ladder.printed()]]);
  const lines = pictures.headline(about, status, options(), clockZone.current());
  const found = elements.shown(root, canvases, WITHOUT);
  if (!id) return pictures.print(found.parts, found, lines);
  const { panels, times, width } = given.placed();
  const panel = panels.find((each) => each.id === id);
  if (!panel) return null;
  const unit = found.width / width; // of the chart, in pixels of the page
  /** @param {Box} box */
  const onPage = (box) => ({ left: box.left * unit, top: box.top * unit, width: box.width * unit, height: box.height * unit });
  const boxes = [panel.cell, times].map(onPage);
  return pictures.print(pictures.stacked(found.parts, boxes), { width: found.width, height: boxes[0].height + boxes[1].height }, lines);
}

/** Hands out a file of what is shown, or of another time.
 * @param {Blob} blob
 * @param {string} what
 * @param {string} ending
 * @param {number | null} [ms] */
function download(blob, what, ending, ms = frame.state().status?.event_time_ms ?? null) {
  const { about } = frame.state();
  if (!about) return;
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: pictures.fileName(about, ms, what, ending) }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** @param {string} subject
 * @param {"png" | "svg"} ending */
async function downloadPicture(subject, ending) {
  // A picture has no handles: they are gone with the next frame.
  drawings.select(null);
  await new Promise(requestAnimationFrame);
  const print = printOf(subject);
  if (!print) {
    control.say("There is nothing to make a picture of yet");
    return;
  }
  const name = subject.replace(/^panel /u, "");
  const ratio = Math.min(MOST_RATIO, Math.max(LEAST_RATIO, window.devicePixelRatio));
  const blob = ending === "png" ? await png(print, ratio) : new Blob([svg(print)], { type: "image/svg+xml" });
  download(blob, name, ending);
}

/** @param {keyof Views} name
 * @returns {name is BarTable} */
const isOfBars = (name) => BAR_TABLES.some((each) => each === name);

/** @param {keyof Views} name
 * @param {boolean} isInView
 * @param {string} ending csv or parquet */
async function downloadTable(name, isInView, ending) {
  const rows = isInView && isOfBars(name) ? given.inView(name) : frame.state()[name];
  const table = tables.tableOf(name, /** @type {Views[keyof Views]} */ (rows), columns(), frame.state().about?.own_measures);
  if (!table) control.say(`There are no rows of ${name} ${isInView ? "in view" : "now"}`);
  else if (ending === "csv") download(new Blob([tables.csv(table)], { type: "text/csv" }), name, ending);
  else await downloadParquet(name, isInView ? /** @type {readonly Row[]} */ (rows) : null);
}

/** Hands out what the server has of a table by now.
 * @param {keyof Views} name
 * @param {readonly Row[] | null} rows those whose times are asked for; all where it is null */
async function downloadParquet(name, rows) {
  try {
    const answer = await fetch(tables.addressOf(name, rows), { cache: "no-store" });
    if (!answer.ok) {
      const { error } = await answer.json();
      control.say(error);
      return;
    }
    const ms = Number.parseInt(answer.headers.get("X-Event-Time-Ms") ?? "", 10);
    download(await answer.blob(), name, "parquet", Number.isNaN(ms) ? null : ms);
  } catch {
    control.say("The page's server does not answer");
  }
}

/** Copies a text, or where the browser does not let pages do so, selects it.
 * @param {HTMLInputElement} field */
async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    control.say("Copied", "info");
  } catch {
    field.select();
    control.say("This browser copies nothing for a page: the text is selected, copy it with the keyboard", "info");
  }
}

/** A text with a button that copies it.
 * @param {string} label */
function copied(label) {
  const field = make("input", { type: "text", readonly: "", "aria-label": label });
  return { field, element: make("div", { class: "copied" }, field, button("Copy", () => copy(field))) };
}

/** @param {string} text
 * @param {() => unknown} act */
function button(text, act) {
  const made = make("button", { type: "button" }, text);
  made.addEventListener("click", act);
  return made;
}

function build() {
  const subject = make("select", { id: "export-picture", "aria-label": "picture of" });
  const table = make("select", { id: "export-table", "aria-label": "table of" });
  const format = make("select", { id: "export-format", "aria-label": "format of the table" });
  fill(format, [["csv", "CSV"], ["parquet", "Parquet"]]);
  const inView = button("In view", () => downloadTable(/** @type {keyof Views} */ (table.value), true, format.value));
  const all = button("All", () => downloadTable(/** @type {keyof Views} */ (table.value), false, format.value));
  const whole = copied("command for the whole history");
  const note = make("p", {});
  const link = copied("link to this moment");
  table.addEventListener("change", draw);
  const close = make("button", { type: "button", "aria-label": "close (key X)" }, "×");
  close.addEventListener("click", toggle);
  byId(ID).replaceChildren(
    make("header", {}, make("h2", {}, "Export"), close),
    make("h3", {}, "Picture"),
    make("div", { class: "row" }, subject, button("PNG", () => downloadPicture(subject.value, "png")), button("SVG", () => downloadPicture(subject.value, "svg"))),
    make("h3", {}, "Table"),
    make("div", { class: "row" }, table, format, inView, all),
    note,
    whole.element,
    make("h3", {}, "Still picture"),
    make("p", {}, "What is published now, for another instance: processor still FILE.zip --out DIR"),
    make("div", { class: "row" }, make("a", { class: "file", href: "still.zip", download: "" }, "ZIP")),
    make("h3", {}, "Link"),
    make("p", {}, "Opening it moves the replay to this moment, for all viewers."),
    link.element,
  );
  return { subject, table, inView, note, whole, link };
}

/** @param {HTMLSelectElement} select
 * @param {string[][]} choices */
function fill(select, choices) {
  const { value } = select;
  select.replaceChildren(...choices.map(([name, text]) => make("option", { value: name }, text)));
  if (choices.some(([name]) => name === value)) select.value = value;
}

function draw() {
  if (!isOpen(ID)) return;
  parts ??= build();
  const { about } = frame.state();
  const [shown, names] = [subjects(), held()];
  const key = JSON.stringify([shown, names]);
  if (key !== listed) {
    listed = key;
    fill(parts.subject, shown);
    fill(parts.table, names.map((name) => [name, name]));
  }
  const name = /** @type {keyof Views} */ (parts.table.value);
  const view = tables.WHOLE[name];
  parts.inView.disabled = !isOfBars(name);
  parts.whole.element.hidden = view === undefined;
  parts.whole.field.value = view && about ? commands.aggregate(view, about) : "";
  const whole = view ? "The whole history, as Parquet or CSV:" : "There is no table of its whole history.";
  say(parts.note, `"All" are the rows that are published now; Parquet is what the server has by then. ${whole}`);
  if (document.activeElement !== parts.link.field) parts.link.field.value = given.link();
}

function toggle() {
  setOpen(ID, !isOpen(ID), draw);
}

/** @type {OpenablePanel} */
export const exportPanel = { id: ID, key: "x", views: ["about", "status"], show: draw, toggle };
