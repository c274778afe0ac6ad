/* The ladder (depth of market) beside the chart: rows of prices, free or at the prices of the chart's axis, while it is open. */
import { byId, make, say } from "../dom.js";
import * as frame from "../draw/frame.js";
import { surface } from "../draw/surface.js";
import { widthOf } from "../draw/text.js";
import * as format from "../format.js";
import * as options from "../options.js";
import * as pointedPrice from "../pointed.js";
import { ask } from "../state.js";
import { edition } from "../tokens.js";
import { unit, within } from "../unit.js";
import * as cells from "./ladder-cells.js";
import * as rows from "./ladder-rows.js";
import * as texts from "./ladder-texts.js";
import { unpublished } from "./missing.js";
import { isOpen, setOpen } from "./opening.js";
/** @import { Group, Ladder, LastOrder, LadderRow, OpenablePanel, Scale, State, Surface } from "../types.d.ts" */

const ID = "ladder";
const ROW_PX = 17;
const PRICE_PADDING_PX = 16;
const FLASH_MS = 250;
const LEAST_WIDTH_PX = 412; // of the head
const WHEEL_PX = 40; // for a row
const BY = [1, 2, 5, 10, 20, 50, 100];
const AUTO = 0;

/** The chart's axis of prices.
 * @type {{ axis: () => Scale | null, stretch: (factor: number) => void, fit: () => void }} */
let prices = { axis: () => null, stretch: () => {}, fit: () => {} };
/** @type {ReturnType<typeof build> | null} */
let parts = null;
/** @type {Surface | null} */
let paper = null;
/** @type {number | null} */
let centre = null; // the row in the middle
let isFollowing = true;
/** @type {number | null} */
let fitting = null; // so many price rows a row, while that is left to the ladder
/** @type {number | null} */
let pointer = null; // from the top
/** @type {readonly unknown[]} */
let painted = [];
/** @type {cells.Shown[]} */
let shown = [];
/** @type {LastOrder | null} */
let told = null; // the order that has been flashed
let newUntil = 0;
let paints = 0;
let flashed = 0; // orders so far
/** @type {Group[]} */
let printing = []; // what the canvas shows
let said = { by: "auto", readout: "" }; // beside it
let drawnHeight = 0; // of the rows, as a price

/** @param {typeof prices} given */
export function connect(given) {
  prices = given;
}

/** @param {LastOrder | null} order */
const named = (order) => (order ? `${order.first} ${order.trades}` : "");

/** What the rows are made of, remembered as long as it is held. */
const gathered = (() => {
  /** @type {{ from: Ladder | null, by: number, decimals: number, rows: Map<number, LadderRow> }} */
  let made = { from: null, by: 1, decimals: 0, rows: new Map() };
  return (/** @type {Ladder} */ from, /** @type {number} */ by, /** @type {number} */ decimals) => {
    if (made.from !== from || made.by !== by || made.decimals !== decimals) {
      made = { from, by, decimals, rows: rows.gathered(from, by, decimals) };
    }
    return made.rows;
  };
})();

function build() {
  const groups = Object.entries(rows.GROUPS).map(([name, { label, says }]) => {
    const button = make("button", { type: "button", title: `show or hide: ${says}`, "aria-label": says }, label);
    button.addEventListener("click", () => {
      const held = options.options().ladder;
      options.set({ ladder: held.includes(name) ? held.filter((each) => each !== name) : [...held, name] });
    });
    return { name, button };
  });
  const by = make("select", { id: "ladder-rows", title: "price rows that make a row of the ladder", "aria-label": "price rows in a row" });
  const automatic = make("option", { value: String(AUTO) }, "auto");
  by.append(automatic, ...BY.map((value) => make("option", { value: String(value) }, `×${value}`)));
  by.addEventListener("change", () => {
    [centre, fitting] = [null, null];
    options.set({ ladderRows: Number(by.value) });
    by.blur();
  });
  const align = make("button", { type: "button", title: "rows at the prices of the chart's axis" }, "Align");
  align.addEventListener("click", () => options.set({ ladderAligned: !options.options().ladderAligned }));
  const middle = make("button", { type: "button", title: "put the best prices in the middle (key Z)" }, "Centre");
  middle.addEventListener("click", centreNow);
  const canvas = make("canvas", { id: "ladder-canvas" });
  const note = make("p", { id: "ladder-note" });
  const body = make("div", { id: "ladder-frame" }, canvas, note);
  const readout = make("p", { id: "ladder-readout" });
  const last = make("p", { id: "ladder-last" });
  const head = make("header", {}, make("h2", {}, "Ladder"), ...groups.map(({ button }) => button), by, align, middle);
  byId(ID).replaceChildren(head, body, make("footer", {}, readout, last));
  paper = surface(canvas, () => {
    painted = []; // a canvas of another size is empty
    frame.redraw();
  });
  listen(body);
  options.listen(() => {
    if (isOpen(ID)) fill();
  });
  return { groups, by, automatic, align, body, note, readout, last };
}

/** @param {HTMLElement} body */
function listen(body) {
  body.addEventListener("pointermove", (event) => {
    pointer = within(event, body).y;
    // The chart is drawn before: it has to know the price by then.
    aim();
    frame.request();
  });
  body.addEventListener("pointerleave", () => {
    pointer = null;
    aim();
    frame.request();
  });
  body.addEventListener("dblclick", centreNow);
  body.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (axis()) {
        prices.stretch(Math.exp(event.deltaY * 0.0015));
        return;
      }
      isFollowing = false;
      if (centre !== null) centre -= Math.sign(event.deltaY) * Math.max(1, Math.round(Math.abs(event.deltaY) / WHEEL_PX));
      frame.request();
    },
    { passive: false },
  );
}

/* Puts the best prices into the middle, and keeps them near it from then on. */
export function centreNow() {
  if (!isOpen(ID)) return;
  isFollowing = true;
  [centre, fitting] = [null, null];
  if (axis()) prices.fit();
  frame.request();
}

/** How prices lie in the chart, and how far below the chart's top the ladder begins; null where the ladder is free. */
function axis() {
  const canvas = document.getElementById("chart");
  const scale = options.options().ladderAligned && parts && canvas ? prices.axis() : null;
  if (!scale || !parts || !canvas) return null;
  const [of, own] = [canvas.getBoundingClientRect(), parts.body.getBoundingClientRect()];
  // Where the ladder is below the chart, as in a narrow window, there is nothing to align it with.
  return own.top < of.bottom ? { scale, down: (of.top - own.top) / unit() } : null;
}

/* The row under the pointer, whose price the chart and the book show, too; undefined for none. */
function aim() {
  const y = pointer;
  const isOver = y !== null && y > cells.HEAD_PX;
  const row = isOver ? shown.find(({ top, height }) => y >= top && y < top + height) : undefined;
  pointedPrice.point(ID, row ? row.number * drawnHeight : null);
  return row;
}

/* The number of the row that is pointed at, here or elsewhere; null for none. */
function pointed() {
  const row = aim();
  const price = pointedPrice.other(ID);
  return row?.number ?? (price === null ? null : rows.numberOf(price, drawnHeight));
}

/** @param {Ladder} ladder
 * @param {{ width: number, height: number }} size */
function placed(ladder, size) {
  const area = { top: cells.HEAD_PX, height: size.height - cells.HEAD_PX };
  const at = axis();
  if (at) return rows.aligned(at.scale, ladder.row, area, at.down);
  fitting ??= rows.fittingRows(ladder, area.height / ROW_PX);
  const by = options.options().ladderRows || fitting;
  if (ladder.row * by !== drawnHeight) centre = null;
  const { middle } = rows.bestOf(ladder);
  const wanted = middle === null ? null : Math.floor(middle / by);
  if (wanted !== null && (isFollowing || centre === null)) centre = rows.calm(wanted, centre, area.height / ROW_PX);
  return { by, rows: centre === null ? [] : rows.standing(centre, area, ROW_PX) };
}

/** Whether there is a new order to be flashed: not the first that is seen, and not for those who want nothing to move.
 * @param {LastOrder | null} last */
function flashes(last) {
  if (named(last) !== named(told)) {
    const isFirst = told === null;
    told = last;
    if (!isFirst && last && !window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
      newUntil = performance.now() + FLASH_MS;
      flashed += 1;
      setTimeout(frame.request, FLASH_MS);
    }
  }
  return performance.now() < newUntil;
}

function paint() {
  if (!isOpen(ID) || !parts || !paper?.size.width || document.hidden) return;
  const { ladder, about } = frame.state();
  if (!ladder) {
    if (painted.length) paper.paint({ left: 0, top: 0, ...paper.size }, []);
    [painted, shown, printing] = [[], [], []];
    return;
  }
  const { width, height, ratio } = paper.size;
  const { by, rows: standing } = placed(ladder, paper.size);
  const decimals = about?.size_decimals ?? format.decimalsOf(ladder.rows.flatMap((row) => row.slice(1, 11).map(Number)));
  const held = gathered(ladder, by, decimals);
  shown = standing.map((place) => ({ ...place, row: held.get(place.number) ?? null }));
  drawnHeight = ladder.row * by;
  const isNew = flashes(ladder.last);
  const at = pointed();
  said = {
    by: options.options().ladderRows === AUTO || axis() ? `auto ×${by}` : "auto",
    readout: at === null ? "" : texts.readout(held.get(at) ?? null, texts.price(at, drawnHeight, about), about),
  };
  const groups = options.options().ladder;
  const from = [ladder, about, groups, by, shown[0]?.number, shown[0]?.top, shown.at(-1)?.top, isNew, at, width, height, ratio, edition()];
  if (from.length === painted.length && from.every((value, index) => value === painted[index])) return;
  painted = from;
  paints += 1;
  const columns = cells.placedColumns(rows.columnsOf(groups), width, pricePx(ladder));
  const best = rows.bestOf(ladder);
  const what = { rows: shown, columns, height: drawnHeight, about, best, last: ladder.last, isNew, pointed: at };
  printing = cells.commands(what, { width, height });
  paper.paint({ left: 0, top: 0, width, height }, printing);
}

function draw() {
  if (!isOpen(ID) || !parts) return;
  say(parts.automatic, said.by);
  say(parts.readout, said.readout);
}

/* All that the canvas shows now, as drawing commands. */
export const printed = () => ({ width: paper?.size.width ?? 0, groups: printing });

/** How wide the column of prices is.
 * @param {Ladder} ladder */
function pricePx({ row: height, rows: [first, ...others] }) {
  const { about } = frame.state();
  const ends = first ? [first[0], (others.at(-1) ?? first)[0]] : [0];
  const longest = Math.max(...ends.map((price) => widthOf(texts.price(rows.numberOf(price, height), height, about))));
  return Math.ceil(longest + PRICE_PADDING_PX);
}

/* Everything but the canvas. */
function fill() {
  if (!isOpen(ID)) return;
  parts ??= build();
  const state = frame.state();
  const { ladder: groups, ladderAligned, ladderAlone, ladderRows } = options.options();
  byId("app").dataset.alone = String(ladderAlone);
  for (const { name, button } of parts.groups) button.setAttribute("aria-pressed", String(groups.includes(name)));
  parts.align.setAttribute("aria-pressed", String(ladderAligned));
  parts.by.value = String(ladderAligned ? AUTO : ladderRows);
  parts.by.disabled = ladderAligned;
  const { ladder, about } = state;
  const price = ladder ? pricePx(ladder) : 0;
  byId("main").style.setProperty("--ladder-width", `${Math.max(cells.widthOfAll(rows.columnsOf(groups), price), LEAST_WIDTH_PX) / 10}rem`);
  const isEmpty = ladder !== null && !ladder.rows.length;
  say(parts.note, ladder ? (isEmpty ? "Neither a book nor a trade so far" : "") : unpublished(state, ID, byId("app").dataset.control === "off"));
  say(parts.last, ladder?.last ? texts.last(ladder.last, about) : "");
  frame.request();
}

/** @param {State} _
 * @param {boolean} reset */
function show(_, reset) {
  if (reset) [centre, fitting, isFollowing, told] = [null, null, true, null];
  fill();
}

function toggle() {
  const open = !isOpen(ID);
  ask(ID, open ? ["ladder"] : []);
  if (!open) pointedPrice.point(ID, null);
  setOpen(ID, open, fill);
  frame.request();
}

/* What is drawn now. */
export const drawn = () => ({ rows: shown, height: drawnHeight, centre, isFollowing, paints, flashed, isAligned: axis() !== null });

/** @type {OpenablePanel} */
export const ladder = { id: ID, key: "d", views: ["ladder", "about", "status", "control"], paint, show, draw, toggle };
