/* The order book beside the chart: its depth on a canvas, the best quotes, and the level under the pointer. */
import { byId, make, say, show as visible } from "../dom.js";
import * as frame from "../draw/frame.js";
import { surface } from "../draw/surface.js";
import * as format from "../format.js";
import * as pointedPrice from "../pointed.js";
import { edition, pixels } from "../tokens.js";
import { css, within } from "../unit.js";
import * as write from "../write.js";
import * as books from "./book.js";
import { missing } from "./missing.js";
/** @import { About, Depth, Group, Scale, SidePanel, State, Surface } from "../types.d.ts" */

const PLACE = "depth";
const MOST_CHARACTERS = 27; // of the best quotes and the spread beside each other, in large letters

/** @type {Depth} */
let book = { bids: [], asks: [] };
/** @type {About | null} */
let about = null;
let note = ""; // why there is no book
let isGone = false; // and there will be none
/** @type {number | null} */
let generation = null;
/** @type {number | null} */
let pointer = null; // from the top
/** @type {books.Extent | null} */
let extent = null;
/** @type {Surface | null} */
let paper = null;
/** @type {ReturnType<typeof made> | null} */
let parts = null;
/** @type {Scale | null} */
let scale = null;
/** @type {{ book: Depth | null, width: number, height: number, decimals: number, step: number, right: number, looks: number }} */
let painted = { book: null, width: 0, height: 0, decimals: 0, step: 0, right: 0, looks: 0 };
let paints = 0;
/** @type {Group[]} */
let groups = [];

const priceDecimals = () =>
  format.priceDecimals(about) ??
  format.decimalsOf([...book.bids, ...book.asks].map((level) => level[0]));

/** @param {State} state
 * @param {boolean} reset whether it is another session's */
function take(state, reset) {
  book = state.depth;
  about = state.about;
  generation = state.status?.generation ?? null;
  const found = missing(state);
  note = found.loading ? "Loading ..." : found.book;
  isGone = found.settled && Boolean(note);
  extent = books.extentOf(book, reset ? null : extent, priceDecimals());
  place();
  aim();
}

function show() {
  write.text("no-book", isGone ? note : "");
  byId("app").dataset.book = isGone ? "none" : "";
  text(books.quotes(book));
}

function place() {
  const margin = { right: pixels("price-axis-width"), bottom: pixels("time-axis-height") };
  scale = extent && paper && books.scale(extent, paper.size, margin);
}

function paint() {
  if (!paper) {
    const canvas = /** @type {HTMLCanvasElement | null} */ (document.getElementById("depth"));
    if (!canvas) return;
    paper = surface(canvas, resized);
    listen();
  }
  if (!paper.size.width || document.hidden) return;
  place();
  cover(paper);
}

function draw() {
  if (paper?.size.width && !document.hidden) point();
}

function resized() {
  painted.book = null; // a canvas of another size is empty
  frame.redraw();
}

/** @param {Surface} on */
function cover(on) {
  const { width, height } = on.size;
  const decimals = priceDecimals();
  const step = about?.price_step ?? 10 ** -decimals;
  const from = { book, width, height, decimals, step, right: pixels("price-axis-width"), looks: edition() };
  if (painted.book === book && Object.entries(from).every(([name, value]) => painted[/** @type {keyof typeof from} */ (name)] === value)) return;
  painted = from;
  paints += 1;
  const area = { left: 0, top: 0, width, height };
  groups = extent && scale ? books.commands(book, extent, scale, { area, decimals, step }) : [];
  on.paint(area, groups);
}

/* All that the canvas shows now, as drawing commands. */
export const printed = () => ({ width: paper?.size.width ?? 0, groups });

/** @param {ReturnType<typeof books.quotes>} best */
function text({ bid, ask, mid, spread }) {
  const size = about ? about.size_decimals : null;
  write.text("quote-bid", format.price(bid && bid[0], about));
  write.text("quote-ask", format.price(ask && ask[0], about));
  write.text("quote-bid-size", bid ? `× ${format.exact(bid[1], size)}` : "");
  write.text("quote-ask-size", ask ? `× ${format.exact(ask[1], size)}` : "");
  write.text("quote-spread", spread === null ? format.NONE : format.price(spread, about));
  const crossed = spread !== null && spread <= 0 ? (spread < 0 ? "crossed" : "locked") : "";
  write.text("quote-spread-size", crossed || (spread === null ? "" : format.relativeSpread(spread, Number(mid))));
  write.mark("quotes", "crossed", crossed);
  const characters = [bid && bid[0], spread, ask && ask[0]].map((price) => format.price(price, about)).join("");
  write.mark("quotes", "long", String(characters.length > MOST_CHARACTERS));
}

function made() {
  const overlay = byId("depth-overlay");
  /** @param {string} name */
  const element = (name) => overlay.appendChild(make("div", { class: name }));
  return {
    mid: element("mid-line"),
    midChip: element("chip value mid"),
    line: element("cross horizontal"),
    chip: element("chip value"),
    level: element("level"),
    note: element("panel-note"),
  };
}

function listen() {
  const around = byId("depth-frame");
  around.addEventListener("pointermove", (event) => {
    pointer = within(event, around).y;
    // The chart is drawn before: it has to know the price by then.
    aim();
    frame.request();
  });
  around.addEventListener("pointerleave", () => {
    pointer = null;
    aim();
    frame.request();
  });
}

/* The level under the pointer, whose price the chart shows, too. */
function aim() {
  const level = pointer === null || !scale ? null : books.nearest(book, scale.fromY(pointer));
  pointedPrice.point(PLACE, level && level.price);
  return level;
}

/** @param {HTMLElement} part
 * @param {number} y */
function down(part, y) {
  part.style.transform = `translateY(${css(y)})`;
}

/* What lies over the depth: the mid, and the level or the price that is pointed at. */
function point() {
  parts ??= made();
  const { mid } = books.quotes(book);
  visible(parts.note, mid === null && about !== null);
  say(parts.note, note || "The order book is empty");
  down(parts.note, paper ? (paper.size.height - pixels("time-axis-height")) / 2 : 0);
  for (const part of [parts.mid, parts.midChip]) visible(part, mid !== null);
  if (mid !== null && scale) {
    for (const part of [parts.mid, parts.midChip]) down(part, scale.toY(mid));
    say(parts.midChip, format.between(mid, priceDecimals()));
  }
  const level = aim();
  const price = level ? level.price : pointedPrice.other(PLACE);
  const isInside = price !== null && scale !== null && price >= scale.y[0] && price <= scale.y[1];
  for (const part of [parts.line, parts.chip]) visible(part, isInside);
  visible(parts.level, level !== null);
  if (isInside && scale) {
    for (const part of [parts.line, parts.chip]) down(part, scale.toY(price));
    say(parts.chip, format.exact(price, priceDecimals()));
  }
  if (!level) return;
  const size = about ? about.size_decimals : null;
  parts.level.dataset.side = level.side;
  const sumDecimals = size ?? format.decimalsOf(book.bids.concat(book.asks).map((row) => row[1]));
  say(
    parts.level,
    `${level.side} ${format.exact(level.price, priceDecimals())}\n` +
      `size ${format.exact(level.size, size)}  sum ${format.exact(level.sum, sumDecimals)}`,
  );
}

/* What is drawn now, and from what. */
export const drawn = () => ({ generation, book: painted.book, box: scale?.box ?? null, y: scale?.y ?? null, x: scale?.x ?? null, size: extent?.size ?? null, paints });

/** @type {SidePanel} */
export const depth = { views: ["depth", "about", "report", "status"], take, paint, show, draw };
