/* What is open beside the chart follows the options, and the options follow what is opened and closed; the edges of the columns are where
   a pointer and the arrow keys make them wider. */
import { byId, make } from "../dom.js";
import * as options from "../options.js";
import { OPENABLE } from "./beside.js";
import * as columns from "./columns.js";
import * as opening from "./opening.js";
import { css, unit, windowWidth } from "../unit.js";
/** @import { Options, Shown } from "../types.d.ts" */
/** @typedef {import("./columns.js").Column} Column */

const STEP_PX = 10;
const BIG_STEP_PX = 50;
const STACKED_PX = 860; // one below the other, as in phone.css

/** Those that the style sheets put over others, from below.
 * @type {Column[]} */
const OVER = ["report", "events", "alerts"];

/** @type {Column[]} */
let open = []; // from the left
let followed = "";
let isFollowing = false;
let placed = "";
/** @type {string | undefined} */
let heldBook = "";
/** @type {Map<Column, HTMLElement>} */
const edges = new Map();

/** @param {Column} id */
const elementOf = (id) => byId(id === "depth" ? "depth-panel" : id);

/** @param {Column} id */
const widthOf = (id) => Math.round(elementOf(id).offsetWidth / unit());

/** Opens and closes what the options say.
 * @param {Readonly<Options>} chosen */
export function follow(chosen) {
  const { own, isLinked } = options.shownFrom();
  const key = JSON.stringify([chosen.preset, own, isLinked, chosen.beside]);
  if (key !== followed) {
    if (!followed) start();
    followed = key;
    open = columns.opened(chosen, windowWidth());
    isFollowing = true;
    for (const { id, toggle } of OPENABLE) if (columns.isColumn(id) && opening.isOpen(id) !== open.includes(id)) toggle(true);
    byId("depth-panel").hidden = !open.includes("depth");
    byId("app").dataset.depth = open.includes("depth") ? "" : "closed";
    isFollowing = false;
  }
  place();
  requestAnimationFrame(place); // by then the ladder knows how wide its columns are
}

function start() {
  opening.listen((id) => {
    if (isFollowing || !columns.isColumn(id)) return;
    // One that is opened may close others, where there is room for one.
    const now = columns.IDS.filter((each) => each !== "depth");
    const beside = now.reduce((ids, each) => columns.withOne(ids, each, opening.isOpen(each), columns.IDS), open);
    // What was opened and is closed again leaves the choice to preset and window, as it was before.
    const usual = columns.opened({ preset: options.options().preset, beside: null }, windowWidth());
    options.set({ beside: String(beside) === String(usual) ? null : beside });
  });
  const sizes = new ResizeObserver(() => requestAnimationFrame(place));
  for (const id of ["main", "chart-panel"]) sizes.observe(byId(id));
}

/* Gives the columns their places, where these are not those of the style sheets. */
function place() {
  const { widths, ladderAlone } = options.options();
  const { clientWidth, clientHeight } = byId("main");
  const hasBook = byId("app").dataset.book !== "none";
  const stands = open.filter((id) => id !== "depth" || !(ladderAlone && open.includes("ladder")));
  const isUsual = windowWidth() <= STACKED_PX || columns.areUsual(open, widths);
  const ladderPx = 10 * Number.parseFloat(byId("main").style.getPropertyValue("--ladder-width")) || 0;
  const grid = isUsual ? null : columns.placesOf(stands, widths, clientWidth / unit(), { hasBook, ladderPx });
  const key = JSON.stringify([grid, stands, unit()]);
  if (key !== placed) {
    placed = key;
    keepMonitor(grid !== null && stands.includes("monitor"));
    const template = grid && `repeat(${grid.rows}, minmax(0, 1fr)) / minmax(0, 1fr) ${grid.px.map(css).join(" ")}`;
    Object.assign(byId("main").style, { gridTemplate: template ?? "", padding: grid ? "0" : "" });
    byId("chart-panel").style.gridArea = grid ? "1 / 1 / -1 / 2" : "";
    for (const id of columns.IDS) {
      const at = grid ? stands.indexOf(id) : -1;
      const area = grid && grid.rows > 1 ? `${at + 1} / 2` : `1 / ${at + 2}`;
      const own = { gridArea: area, position: "relative", width: "auto", height: "auto", borderTop: "0" };
      elementOf(id).dataset.column = at === -1 ? "" : "own";
      Object.assign(elementOf(id).style, at === -1 ? { gridArea: "", position: "", width: "", height: "", borderTop: "" } : own);
    }
  }
  for (const id of columns.IDS) edge(id, stands.includes(id) && isWhole(id, clientHeight));
}

/** The monitor is a strip below the transport bar as long as the columns are as usual, and else one of them.
 * @param {boolean} isColumn */
function keepMonitor(isColumn) {
  const monitor = elementOf("monitor");
  const isThere = monitor.parentElement === byId("main");
  if (isColumn && !isThere) byId("main").append(monitor);
  else if (!isColumn && isThere) byId("transport").after(monitor);
}

/** Whether a column is as high as the chart, and nothing lies over it: others have no edge to drag.
 * @param {Column} id
 * @param {number} height */
function isWhole(id, height) {
  if (windowWidth() <= STACKED_PX || elementOf(id).parentElement !== byId("main")) return false;
  const { offsetLeft, offsetHeight } = elementOf(id);
  const isUnder = OVER.slice(OVER.indexOf(id) + 1).some((over) => {
    const { hidden, offsetLeft: left, offsetWidth: width } = byId(over);
    return !hidden && left <= offsetLeft && left + width > offsetLeft;
  });
  return offsetHeight >= height - 1 && !isUnder && !(id === "depth" && byId("app").dataset.book === "none");
}

/** Puts the edge of a column where its left side is.
 * @param {Column} id
 * @param {boolean} isThere */
function edge(id, isThere) {
  const found = edges.get(id);
  if (!isThere) {
    if (found) found.hidden = true;
    return;
  }
  const element = found ?? build(id);
  const { offsetLeft, offsetWidth } = elementOf(id);
  element.hidden = false;
  const left = `${offsetLeft}px`;
  if (element.style.left !== left) element.style.left = left;
  const now = String(widthOf(id));
  if (element.getAttribute("aria-valuenow") === now) return;
  element.setAttribute("aria-valuenow", now);
  element.setAttribute("aria-valuetext", `${offsetWidth} pixels wide`);
}

/** @param {Column} id */
function build(id) {
  const element = make("div", {
    class: "column-edge",
    role: "separator",
    tabindex: "0",
    "aria-orientation": "vertical",
    "aria-label": `left edge of ${columns.LABELS[id]}`,
    "aria-valuemin": String(columns.leastPx(id)),
    "aria-valuemax": String(columns.MOST_PX),
  });
  let last = 0;
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    last = event.clientX;
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (!element.hasPointerCapture(event.pointerId) || event.clientX === last) return;
    last = event.clientX;
    resize(id, (elementOf(id).getBoundingClientRect().right - event.clientX) / unit());
  });
  element.addEventListener("keydown", (event) => {
    const direction = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    event.stopPropagation(); // it is no key of the replay here
    resize(id, widthOf(id) + direction * (event.shiftKey ? BIG_STEP_PX : STEP_PX));
  });
  byId("main").append(element);
  edges.set(id, element);
  return element;
}

/** Makes a column so wide; the others keep the width that they have.
 * @param {Column} id
 * @param {number} px */
function resize(id, px) {
  const present = Object.fromEntries(open.filter((each) => isWhole(each, byId("main").clientHeight)).map((each) => [each, widthOf(each)]));
  const width = columns.resizedPx(id, px, widthOf(id), byId("chart-panel").offsetWidth / unit());
  options.set({ widths: { ...options.options().widths, ...present, [id]: width } });
}

/* Whether there is a book decides how wide it is. */
function showBook() {
  const { book } = byId("app").dataset;
  if (!followed || book === heldBook) return;
  heldBook = book;
  place();
}

/** @type {Shown} */
export const shown = { views: ["depth", "report", "status"], show: showBook };
