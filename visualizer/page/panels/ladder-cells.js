/* How the ladder is drawn: a number in each cell, and bars behind those of sizes. Pure: rows in, drawing commands out. */
import { rects } from "../draw/commands.js";
import { widthOf } from "../draw/text.js";
import * as format from "../format.js";
import { token, translucent } from "../tokens.js";
import { rising } from "./colours.js";
import { numberOf } from "./ladder-rows.js";
import { price as priceText } from "./ladder-texts.js";
import { abbreviatedBeside } from "./sizes.js";
/** @import { About, Command, Group, LadderRow, LastOrder } from "../types.d.ts" */
/** @typedef {import("./ladder-rows.js").Column} Column */
/** A column where it stands.
 * @typedef {Column & { left: number, width: number }} Placed */
/** A row of the ladder where it stands; null for one with nothing in it.
 * @typedef {{ number: number, top: number, height: number, row: LadderRow | null }} Shown */
/** What a ladder is drawn from: `height` is that of its rows as a price.
 * @typedef {{ rows: Shown[], columns: Placed[], height: number, about: About | null, best: { bid: number | null, ask: number | null },
 *   last: LastOrder | null, isNew: boolean, pointed: number | null }} Drawn */

export const HEAD_PX = 18;
const LEAST_COLUMN_PX = 53;
const PADDING_PX = 3;
const GAP_PX = 1;
const BAR_ALPHA = 0.3;
const TRADED_ALPHA = 0.16;
const PAIRS = [[1, 2], [3, 4], [5, 6], [8, 9], [11, 12]]; // numbers of the two sides that are the same
const BARRED = [1, 2, 5, 6, 8, 9]; // those with a bar behind them

/** The columns across a width: the price as wide as its texts, all others alike.
 * @param {readonly Column[]} columns
 * @param {number} width
 * @param {number} pricePx
 * @returns {Placed[]} */
export function placedColumns(columns, width, pricePx) {
  const share = (width - pricePx) / (columns.length - 1);
  let left = 0;
  return columns.map((each) => {
    const placed = { ...each, left, width: each.at === 0 ? pricePx : share };
    left += placed.width;
    return placed;
  });
}

/** The width that columns ask for.
 * @param {readonly Column[]} columns
 * @param {number} pricePx */
export const widthOfAll = (columns, pricePx) => Math.ceil(pricePx + (columns.length - 1) * LEAST_COLUMN_PX);

/** The text of a number; empty for nothing.
 * @param {number} value
 * @param {number | null} decimals
 * @param {number | null} most the largest beside it, to abbreviate the text; null for the exact number
 * @param {boolean} [sign] */
function textOf(value, decimals, most, sign = false) {
  if (value === 0) return "";
  const text = most === null ? format.exact(Math.abs(value), decimals) : abbreviatedBeside(Math.abs(value), most);
  const mark = value < 0 ? "−" : "+";
  return sign || value < 0 ? mark + text : text;
}

/** The exact texts of a column.
 * @param {Column} column
 * @param {Shown[]} rows
 * @param {number | null} decimals */
const exactTexts = ({ at, sign }, rows, decimals) => rows.map(({ row }) => (row ? textOf(row[at], decimals, null, sign) : ""));

/** The texts by the places of the numbers: exact where all of a column and of its counterpart on the other side fit, else abbreviated.
 * @param {readonly Placed[]} columns
 * @param {Shown[]} rows
 * @param {number | null} decimals
 * @returns {Map<number, string[]>} */
function textsOf(columns, rows, decimals) {
  return new Map(
    PAIRS.flatMap((pair) => {
      const own = columns.filter(({ at }) => pair.includes(at));
      const exact = own.map((each) => exactTexts(each, rows, decimals));
      const fits = own.every(({ width }, index) => exact[index].every((text) => widthOf(text) + 2 * PADDING_PX <= width));
      const most = Math.max(0, ...rows.flatMap(({ row }) => (row ? own.map(({ at }) => Math.abs(row[at])) : [])));
      return own.map(({ at, sign }, index) => {
        const short = () => rows.map(({ row }) => (row ? textOf(row[at], decimals, most, sign) : ""));
        return /** @type {[number, string[]]} */ ([at, fits ? exact[index] : short()]);
      });
    }),
  );
}

/** @param {Placed} column
 * @param {Shown[]} rows
 * @param {number} most
 * @returns {number[]} */
function bars({ at, side, left, width }, rows, most) {
  return rows.flatMap(({ row, top, height }) => {
    const length = row && most > 0 ? (row[at] / most) * (width - 2 * GAP_PX) : 0;
    if (length <= 0) return [];
    // They grow away from the price.
    const from = side === "bid" ? left + width - GAP_PX - length : left + GAP_PX;
    return [from, top + GAP_PX, length, Math.max(1, height - 2 * GAP_PX)];
  });
}

/** @param {Placed} placed
 * @param {Shown[]} rows
 * @param {string[]} said its texts
 * @param {number} most the largest of the numbers that its bars are compared with
 * @returns {Command[]} */
function column(placed, rows, said, most) {
  const { at, side, sign, left, width } = placed;
  const { up, down } = rising(at === 1 || at === 2 ? BAR_ALPHA : TRADED_ALPHA);
  // What was sold was sold to bids: it stands on their side, in the colour of sellers.
  const isBuy = at === 1 || at === 5 || at === 8;
  const colour = isBuy ? up : down;
  const x = side === "bid" ? left + width - PADDING_PX : left + PADDING_PX;
  const align = side === "bid" ? "right" : "left";
  /** @param {string} name
   * @param {(row: LadderRow) => boolean} which
   * @returns {Command[]} */
  const written = (name, which) => {
    const list = rows.flatMap(({ row, top, height }, index) => (said[index] && row && which(row) ? [{ text: said[index], x, y: top + height / 2 }] : []));
    return list.length ? [{ kind: "texts", colour: token(name), align, texts: list }] : [];
  };
  const numbers = sign
    ? [...written("up", (row) => row[at] > 0), ...written("down", (row) => row[at] < 0)]
    : written(at === 3 || at === 4 ? "axis-text" : "text", () => true);
  return [...(BARRED.includes(at) ? rects(colour, bars(placed, rows, most)) : []), ...numbers];
}

/** The prices, in the colour of the side that rests there, and the best ones on a ground.
 * @param {Placed} column
 * @param {Drawn} drawn
 * @returns {Command[]} */
function prices({ left, width }, { rows, height: rowHeight, about, best, last, isNew }) {
  const [bid, ask] = [best.bid, best.ask].map((price) => (price === null ? null : numberOf(price, rowHeight)));
  const at = last && numberOf(last.price, rowHeight);
  const x = left + width / 2;
  /** @param {string} name
   * @param {(number: number) => boolean} which
   * @returns {Command[]} */
  const written = (name, which) => {
    const list = rows.filter(({ number }) => which(number)).map(({ number, top, height }) => ({ text: priceText(number, rowHeight, about), x, y: top + height / 2 }));
    return list.length ? [{ kind: "texts", colour: token(name), align: "center", texts: list }] : [];
  };
  /** @param {number | null} wanted
   * @param {string} colour */
  const ground = (wanted, colour) =>
    rects(colour, rows.filter(({ number }) => number === wanted).flatMap(({ top, height }) => [left, top + GAP_PX, width, height - 2 * GAP_PX]));
  const isCrossed = best.bid !== null && best.ask !== null && best.bid >= best.ask;
  /** The colour of a price: that of the side which may rest there. Both may in a row of several prices.
   * @param {number} number */
  function colourOf(number) {
    const isBid = bid !== null && number <= bid;
    const isAsk = ask !== null && number >= ask;
    if (isNew && number === at) return "on-colour";
    if (isBid && isAsk) return isCrossed ? "amber" : "strong";
    if (isBid) return number === bid ? "buy-bright" : "up";
    return isAsk ? (number === ask ? "sell-bright" : "down") : "quiet";
  }
  const side = last?.side === 1 ? "up" : last?.side === -1 ? "down" : "axis-text";
  const edge = rows.filter(({ number }) => number === at).flatMap(({ top, height }) => [left, top + GAP_PX, 3, height - 2 * GAP_PX, left + width - 3, top + GAP_PX, 3, height - 2 * GAP_PX]);
  return [
    ...rects(token("raised"), [left, -1e4, width, 2e4]),
    ...ground(bid, translucent(token("up"), BAR_ALPHA)),
    ...ground(ask, translucent(token("down"), BAR_ALPHA)),
    ...(isNew ? ground(at, token(side)) : []),
    ...rects(token(side), edge),
    ...["up", "down", "buy-bright", "sell-bright", "amber", "strong", "quiet", "on-colour"].flatMap((name) => written(name, (number) => colourOf(number) === name)),
  ];
}

/** The ladder below its head, and the head.
 * @param {Drawn} drawn
 * @param {{ width: number, height: number }} size
 * @returns {Group[]} */
export function commands(drawn, { width, height }) {
  const { rows, columns, pointed } = drawn;
  const body = { left: 0, top: HEAD_PX, width, height: height - HEAD_PX };
  const largest = (/** @type {number[]} */ ats) => Math.max(0, ...rows.flatMap(({ row }) => (row ? ats.map((at) => row[at]) : [])));
  const most = new Map([[1, 2], [5, 6], [8, 9]].flatMap((ats) => ats.map((at) => [at, largest(ats)])));
  const said = textsOf(columns, rows, drawn.about?.size_decimals ?? null);
  const over = rows.filter(({ number }) => number === pointed).flatMap(({ top, height: px }) => [0, top, width, px]);
  const lines = rows.flatMap(({ top, height: px }) => [0, Math.round(top + px) - 1, width, 1]);
  const names = columns.map(({ name, side, left, width: px }) => ({
    text: name,
    x: side === "bid" ? left + px - PADDING_PX : side === "ask" ? left + PADDING_PX : left + px / 2,
    y: HEAD_PX / 2,
    align: /** @type {"left" | "center" | "right"} */ (side === "bid" ? "right" : side === "ask" ? "left" : "center"),
  }));
  return [
    {
      box: body,
      commands: [
        ...rects(token("grid"), lines),
        ...columns.flatMap((each) => (each.at === 0 ? prices(each, drawn) : column(each, rows, said.get(each.at) ?? [], most.get(each.at) ?? 0))),
        ...rects(token("chosen-range"), over),
        ...rects(token("cross"), over.length ? [0, over[1], width, 1, 0, over[1] + over[3] - 1, width, 1] : []),
      ],
    },
    {
      box: { left: 0, top: 0, width, height: HEAD_PX },
      commands: names.map(({ align, ...text }) => ({ kind: "texts", colour: token("quiet"), align, texts: [text] })),
    },
  ];
}
