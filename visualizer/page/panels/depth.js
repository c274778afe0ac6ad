/* The order book: cumulative sizes as steps around the mid, the best quotes, and the level under the pointer. */
import { byId, make } from "../dom.js";
import * as format from "../format.js";
import * as plot from "../plot.js";
import { token, translucent } from "../tokens.js";
import * as write from "../write.js";
import { around } from "./extent.js";
import { missing } from "./missing.js";
/** @import { About, Depth, Graph, Level, SidePanel, State } from "../types.d.ts" */

const SIZES_SHARE = 0.4;
const THINNEST_PX = 2;
const FILL_ALPHA = 0.16;
/** @type {Depth} */
let book = { bids: [], asks: [] };
/** @type {About | null} */
let about = null;
let note = ""; // why there is no book
/** @type {number | null} */
let pointer = null;
/** @type {number | null} */
let reach = null;
/** @type {number | null} */
let most = null;
/** @type {number | null} */
let largest = null;
let pending = false;
/** @type {ReturnType<typeof made> | null} */
let parts = null;

/** Levels with the sum of the sizes from the best price to each.
 * @param {Level[]} levels */
function cumulated(levels) {
  let sum = 0;
  return levels.map(([price, size]) => {
    sum += size;
    return { price, size, sum };
  });
}

/** A side as a line of steps from the axis, at its best price.
 * @param {Level[]} levels */
export function steps(levels) {
  const rows = cumulated(levels);
  if (!rows.length) return { x: [], y: [] };
  return { x: [0, ...rows.map((row) => row.sum)], y: [rows[0].price, ...rows.map((row) => row.price)] };
}

/** Best quotes and what follows from them; null where a side is empty.
 * @param {Depth} book */
export function quotes({ bids, asks }) {
  const bid = bids.length ? bids[0] : null;
  const ask = asks.length ? asks[0] : null;
  const both = bid && ask;
  return {
    bid,
    ask,
    mid: both ? (bid[0] + ask[0]) / 2 : (bid || ask || [null])[0],
    spread: both ? ask[0] - bid[0] : null,
  };
}

/** Smallest distance between neighbouring prices: how thick a level is drawn.
 * @param {Depth} book */
function thickness({ bids, asks }) {
  let least = Infinity;
  for (const levels of [bids, asks]) {
    for (let index = 1; index < levels.length; index += 1) {
      least = Math.min(least, Math.abs(levels[index][0] - levels[index - 1][0]));
    }
  }
  return Number.isFinite(least) ? least : 10 ** -priceDecimals();
}

/** The level nearest to a price.
 * @param {Depth} book
 * @param {number} price */
export function nearest({ bids, asks }, price) {
  let best = null;
  for (const { side, levels } of [{ side: "bid", levels: bids }, { side: "ask", levels: asks }]) {
    for (const row of cumulated(levels)) {
      if (!best || Math.abs(row.price - price) < Math.abs(best.price - price)) best = { ...row, side };
    }
  }
  return best;
}

/** The book with its prices upwards: cumulative sizes from the left, each level's own size from the right. Without data. */
export function figure() {
  const fixed = { fixedrange: true };
  const layout = {
    ...plot.layout(),
    xaxis: plot.axis({ ...fixed, nticks: 5 }),
    xaxis2: plot.axis({ ...fixed, overlaying: "x", showgrid: false, showticklabels: false }),
    yaxis: plot.axis({ ...fixed, side: "right", nticks: 16 }),
    barmode: "overlay",
  };
  const colours = [token("up"), token("down")];
  const sums = colours.map((color) => ({
    type: "scatter",
    mode: "lines",
    x: [],
    y: [],
    line: { color, width: 1.25, shape: "vh" },
    fill: "tozerox",
    fillcolor: translucent(color, FILL_ALPHA),
    hoverinfo: "skip",
  }));
  const sizes = colours.map((color) => ({
    type: "bar",
    orientation: "h",
    xaxis: "x2",
    x: [],
    y: [],
    marker: { color, line: { width: 0 } },
    opacity: 0.55,
    hoverinfo: "skip",
  }));
  return { data: [...sums, ...sizes], layout };
}

const priceDecimals = () =>
  format.priceDecimals(about) ??
  format.decimalsOf([...book.bids, ...book.asks].map((level) => level[0]));

/** @param {State} state
 * @param {boolean} reset whether it is another session's */
function show(state, reset) {
  book = state.depth;
  about = state.about;
  const found = missing(state);
  note = found.loading ? "Loading ..." : found.book;
  const gone = found.settled && Boolean(note);
  write.text("no-book", gone ? note : "");
  if (byId("app").dataset.book !== (gone ? "none" : "")) {
    byId("app").dataset.book = gone ? "none" : "";
    window.dispatchEvent(new Event("resize")); // the chart takes the room, or gives it back
  }
  if (reset) {
    reach = null;
    most = null;
    largest = null;
  }
  if (pending) return;
  pending = true;
  requestAnimationFrame(draw);
}

function draw() {
  pending = false;
  const gd = plot.graph("depth");
  if (!gd || (!parts && plot.isDrawing(gd))) {
    pending = true;
    setTimeout(draw, 50);
    return;
  }
  if (!parts) listen(gd);
  const best = quotes(book);
  const { mid } = best;
  text(best);
  const levels = [book.bids, book.asks];
  const sides = levels.map(steps);
  let thick = thickness(book) * 0.8;
  /** @type {Record<string, unknown>} */
  const layout = { "xaxis.type": "linear", "xaxis2.type": "linear", "yaxis.type": "linear" };
  layout["yaxis.tickformat"] = `.${priceDecimals()}f`;
  layout["yaxis.showticklabels"] = mid !== null;
  layout["xaxis.showticklabels"] = mid !== null;
  if (mid !== null) {
    const far = Math.max(...sides.flatMap((side) => side.y.map((price) => Math.abs(price - mid))), 10 ** -priceDecimals());
    reach = around(far, reach);
    const sum = Math.max(...sides.flatMap((side) => side.x));
    most = around(sum, most);
    layout["yaxis.range"] = [mid - reach, mid + reach];
    // A level is seen, too, where the tick is a small part of a pixel.
    thick = Math.max(thick, (THINNEST_PX * 2 * reach) / gd._fullLayout.yaxis._length);
    layout["xaxis.range"] = [0, most];
    layout["xaxis.tickformat"] = most >= 2000 ? "~s" : "";
    largest = around(Math.max(...levels.flat().map((level) => level[1])), largest);
    layout["xaxis2.range"] = [largest / SIZES_SHARE, 0];
  }
  const update = {
    x: [...sides.map((side) => side.x), ...levels.map((side) => side.map((level) => level[1]))],
    y: [...sides.map((side) => side.y), ...levels.map((side) => side.map((level) => level[0]))],
    width: [undefined, undefined, thick, thick],
  };
  window.Plotly?.update(gd, update, layout);
  refresh(gd);
}

/** @param {ReturnType<typeof quotes>} best */
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
}

function made() {
  const overlay = byId("depth-overlay");
  /** @param {string} name */
  const element = (name) => {
    const part = make("div", { class: name });
    overlay.append(part);
    return part;
  };
  return {
    mid: element("mid-line"),
    midChip: element("chip value mid"),
    line: element("cross horizontal"),
    chip: element("chip value"),
    level: element("level"),
    note: element("panel-note"),
  };
}

/** @param {Graph} gd */
function listen(gd) {
  parts = made();
  const frame = byId("depth-frame");
  frame.addEventListener("pointermove", (event) => {
    pointer = event.clientY;
    refresh(gd);
  });
  frame.addEventListener("pointerleave", () => {
    pointer = null;
    refresh(gd);
  });
  gd.on("plotly_afterplot", () => refresh(gd));
}

/** @param {Graph} gd */
function refresh(gd) {
  if (!parts) return;
  const axis = gd._fullLayout.yaxis;
  const { mid } = quotes(book);
  /** @param {HTMLElement} part
   * @param {boolean} visible */
  const shown = (part, visible) => part.classList.toggle("shown", visible);
  const size = about ? about.size_decimals : null;
  shown(parts.note, mid === null && about !== null);
  parts.note.textContent = note || "The order book is empty";
  parts.note.style.transform = `translateY(${Math.round(axis._offset + axis._length / 2)}px)`;
  shown(parts.mid, mid !== null);
  shown(parts.midChip, mid !== null);
  if (mid !== null) {
    const y = Math.round(axis._offset + axis.l2p(mid));
    parts.mid.style.transform = `translateY(${y}px)`;
    parts.midChip.style.transform = `translateY(${y}px)`;
    parts.midChip.textContent = format.exact(mid, priceDecimals() + 1).replace(/0$/u, "");
  }
  const {top} = gd.getBoundingClientRect();
  const level = pointer === null ? null : nearest(book, axis.p2l(pointer - top - axis._offset));
  for (const part of [parts.line, parts.chip, parts.level]) shown(part, level !== null);
  if (!level) return;
  const y = Math.round(axis._offset + axis.l2p(level.price));
  parts.line.style.transform = `translateY(${y}px)`;
  parts.chip.style.transform = `translateY(${y}px)`;
  parts.chip.textContent = format.exact(level.price, priceDecimals());
  parts.level.dataset.side = level.side;
  const sumDecimals = size ?? format.decimalsOf(book.bids.concat(book.asks).map((row) => row[1]));
  parts.level.textContent =
    `${level.side} ${format.exact(level.price, priceDecimals())}\n` +
    `size ${format.exact(level.size, size)}  sum ${format.exact(level.sum, sumDecimals)}`;
}

/** @type {SidePanel} */
export const depth = { views: ["depth", "about", "report"], show };
