/* The order book: cumulative sizes as steps around the mid, the best quotes, and the level under the pointer. */
import * as format from "./format.js";
import * as panels from "./panels.js";
import * as ranges from "./ranges.js";
import * as write from "./write.js";

const SIZES_SHARE = 0.4;
const THINNEST_PX = 2;
let book = { bids: [], asks: [] };
let about = null;
let excuse = "";
let pointer = null;
let reach = null;
let most = null;
let largest = null;
let pending = false;
let parts = null;

/* Levels with the sum of the sizes from the best price to each. */
function cumulated(levels) {
  let sum = 0;
  return levels.map(([price, size]) => {
    sum += size;
    return { price, size, sum };
  });
}

/* A side as a line of steps that begins at the axis at its best price. */
export function steps(levels) {
  const rows = cumulated(levels);
  if (!rows.length) return { x: [], y: [] };
  return { x: [0, ...rows.map((row) => row.sum)], y: [rows[0].price, ...rows.map((row) => row.price)] };
}

/* Best quotes and what follows from them; null where a side is empty. */
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

/* Smallest distance between neighbouring prices: how thick a level is drawn. */
function thickness({ bids, asks }) {
  let least = Infinity;
  for (const levels of [bids, asks]) {
    for (let index = 1; index < levels.length; index += 1) {
      least = Math.min(least, Math.abs(levels[index][0] - levels[index - 1][0]));
    }
  }
  return Number.isFinite(least) ? least : 10 ** -priceDecimals();
}

/* The level nearest to a price. */
export function nearest({ bids, asks }, price) {
  let best = null;
  for (const [side, levels] of [["bid", bids], ["ask", asks]]) {
    for (const row of cumulated(levels)) {
      if (!best || Math.abs(row.price - price) < Math.abs(best.price - price)) best = { ...row, side };
    }
  }
  return best;
}

const graph = () => {
  const found = document.querySelector("#depth .js-plotly-plot");
  return found && found._fullLayout && window.Plotly ? found : null;
};

const priceDecimals = () =>
  (about && about.price_decimals) ??
  format.decimalsOf([...book.bids, ...book.asks].map((level) => level[0]));

export function set(state, reset) {
  book = state.depth;
  about = state.about;
  const found = panels.missing(state);
  excuse = found.loading ? "Loading ..." : found.book;
  const gone = found.settled && Boolean(excuse);
  write.text("no-book", gone ? excuse : "");
  if (document.getElementById("app").dataset.book !== (gone ? "none" : "")) {
    document.getElementById("app").dataset.book = gone ? "none" : "";
    window.dispatchEvent(new Event("resize")); // the chart takes the room, or gives it back
  }
  if (reset) reach = most = largest = null;
  if (pending) return;
  pending = true;
  requestAnimationFrame(draw);
}

function draw() {
  pending = false;
  const gd = graph();
  if (!gd) {
    pending = true;
    setTimeout(draw, 50);
    return;
  }
  if (!parts) build(gd);
  const { mid, ...best } = quotes(book);
  text(best, mid);
  const levels = [book.bids, book.asks];
  const sides = levels.map(steps);
  let thick = thickness(book) * 0.8;
  const layout = { "xaxis.type": "linear", "xaxis2.type": "linear", "yaxis.type": "linear" };
  layout["yaxis.tickformat"] = `.${priceDecimals()}f`;
  layout["yaxis.showticklabels"] = layout["xaxis.showticklabels"] = mid !== null;
  if (mid !== null) {
    const far = Math.max(...sides.flatMap((side) => side.y.map((price) => Math.abs(price - mid))), 10 ** -priceDecimals());
    reach = ranges.around(mid, far, reach);
    const sum = Math.max(...sides.flatMap((side) => side.x));
    most = ranges.around(0, sum, most);
    layout["yaxis.range"] = [mid - reach, mid + reach];
    // A level is seen, too, where the tick is a small part of a pixel.
    thick = Math.max(thick, (THINNEST_PX * 2 * reach) / gd._fullLayout.yaxis._length);
    layout["xaxis.range"] = [0, most];
    layout["xaxis.tickformat"] = most >= 2000 ? "~s" : "";
    largest = ranges.around(0, Math.max(...levels.flat().map((level) => level[1])), largest);
    layout["xaxis2.range"] = [largest / SIZES_SHARE, 0];
  }
  const update = {
    x: [...sides.map((side) => side.x), ...levels.map((side) => side.map((level) => level[1]))],
    y: [...sides.map((side) => side.y), ...levels.map((side) => side.map((level) => level[0]))],
    width: [undefined, undefined, thick, thick],
  };
  window.Plotly.update(gd, update, layout);
  refresh(gd);
}

function text({ bid, ask, spread }, mid) {
  const decimals = priceDecimals();
  const size = about ? about.size_decimals : null;
  write.text("quote-bid", format.exact(bid && bid[0], decimals));
  write.text("quote-ask", format.exact(ask && ask[0], decimals));
  write.text("quote-bid-size", bid ? `× ${format.exact(bid[1], size)}` : "");
  write.text("quote-ask-size", ask ? `× ${format.exact(ask[1], size)}` : "");
  write.text("quote-spread", spread === null ? format.NONE : format.exact(spread, decimals));
  const crossed = spread !== null && spread <= 0 ? (spread < 0 ? "crossed" : "locked") : "";
  write.text("quote-spread-size", crossed || (spread === null ? "" : format.basisPoints(spread / mid)));
  write.mark("quotes", "crossed", crossed);
}

function build(gd) {
  const overlay = document.getElementById("depth-overlay");
  const element = (className) => {
    const made = document.createElement("div");
    made.className = className;
    overlay.append(made);
    return made;
  };
  parts = {
    mid: element("mid-line"),
    midChip: element("chip value mid"),
    line: element("cross horizontal"),
    chip: element("chip value"),
    level: element("level"),
    note: element("panel-note"),
  };
  const frame = document.getElementById("depth-frame");
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

function refresh(gd) {
  const axis = gd._fullLayout.yaxis;
  const { mid } = quotes(book);
  const shown = (part, visible) => part.classList.toggle("shown", visible);
  const size = about ? about.size_decimals : null;
  shown(parts.note, mid === null && about !== null);
  parts.note.textContent = excuse || "The order book is empty";
  parts.note.style.transform = `translateY(${Math.round(axis._offset + axis._length / 2)}px)`;
  shown(parts.mid, mid !== null);
  shown(parts.midChip, mid !== null);
  if (mid !== null) {
    const y = Math.round(axis._offset + axis.l2p(mid));
    parts.mid.style.transform = `translateY(${y}px)`;
    parts.midChip.style.transform = `translateY(${y}px)`;
    parts.midChip.textContent = format.exact(mid, priceDecimals() + 1).replace(/0$/, "");
  }
  const top = gd.getBoundingClientRect().top;
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
