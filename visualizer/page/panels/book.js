/* The order book: its quotes and levels, and how its depth is drawn. Pure. */
import { across, rects, upright } from "../draw/commands.js";
import { scale as scaleOf } from "../draw/scale.js";
import { TEXT_PX, isClear, widthOf } from "../draw/text.js";
import { sizeText, valueTicks } from "../draw/ticks.js";
import * as format from "../format.js";
import { token, translucent } from "../tokens.js";
import { around } from "./extent.js";
/** @import { Box, Command, Depth, Group, Level, Scale, Size } from "../types.d.ts" */

const SIZES_SHARE = 0.4;
const LABEL_HEIGHT_PX = 12; // with the least room between two
const THINNEST_PX = 2;
const THICK_SHARE = 0.8;
const LINE_PX = 1.25;
const FILL_ALPHA = 0.16;
const SIZE_ALPHA = 0.55;
const MOST_PRICES = 16;
const MOST_SIZES = 5;
const LABEL_GAP_PX = 3;

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
function steps(levels) {
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

/** Smallest distance between neighbouring prices; null where no side has two.
 * @param {Depth} book */
function leastStep({ bids, asks }) {
  let least = Infinity;
  for (const levels of [bids, asks]) {
    for (let index = 1; index < levels.length; index += 1) {
      least = Math.min(least, Math.abs(levels[index][0] - levels[index - 1][0]));
    }
  }
  return Number.isFinite(least) ? least : null;
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

/** What the depth reaches: from the mid to the farthest price, the greatest sum and the largest size. Calm: it widens at once and
 * narrows late.
 * @typedef {{ mid: number, reach: number, sum: number, size: number }} Extent */

/** @param {Depth} book
 * @param {Extent | null} held
 * @param {number} decimals of the prices
 * @returns {Extent | null} */
export function extentOf(book, held, decimals) {
  const { mid } = quotes(book);
  if (mid === null) return null;
  const levels = [book.bids, book.asks];
  const sums = levels.map((side) => side.reduce((sum, level) => sum + level[1], 0));
  const far = Math.max(...levels.flat().map(([price]) => Math.abs(price - mid)), 10 ** -decimals);
  return {
    mid,
    reach: around(far, held && held.reach),
    sum: around(Math.max(...sums), held && held.sum),
    size: around(Math.max(...levels.flat().map((level) => level[1])), held && held.size),
  };
}

/** Where prices and sums lie: prices upwards, sums from the left.
 * @param {Extent} extent
 * @param {Size} size
 * @param {{ right: number, bottom: number }} margin
 * @returns {Scale} */
export function scale({ mid, reach, sum }, { width, height, ratio }, { right, bottom }) {
  const box = { left: 0, top: 0, width: Math.max(1, width - right), height: Math.max(1, height - bottom) };
  return scaleOf({ x: [0, sum || 1], y: [mid - reach, mid + reach], box, step: 1, ratio });
}

/** A side as steps: the line along them, and the area between them and the axis.
 * @param {Level[]} levels
 * @param {string} colour
 * @param {Scale} scale
 * @returns {Command[]} */
function stairs(levels, colour, { toX, toY }) {
  const { x: sums, y: prices } = steps(levels);
  if (!sums.length) return [];
  const points = sums.flatMap((sum, index) => {
    const corner = index ? [toX(sums[index - 1]), toY(prices[index])] : [];
    return [...corner, toX(sum), toY(prices[index])];
  });
  const end = [toX(0), toY(prices[prices.length - 1])];
  return [
    { kind: "polygon", colour: translucent(colour, FILL_ALPHA), points: [...points, ...end] },
    { kind: "polyline", colour, width: LINE_PX, points },
  ];
}

/** The size of each level, from the right.
 * @param {Level[]} levels
 * @param {string} colour
 * @param {number} largest
 * @param {Scale & { thick: number }} scale */
function sizes(levels, colour, largest, { box, toY, thick }) {
  const right = box.left + box.width;
  return rects(
    translucent(colour, SIZE_ALPHA),
    levels.flatMap(([price, size]) => {
      const width = (size / largest) * SIZES_SHARE * box.width;
      return [right - width, toY(price) - thick / 2, width, thick];
    }),
  );
}

/** The labels of both axes; none under the chip of the mid.
 * @param {Scale} scale
 * @param {number} mid
 * @param {{ decimals: number, step: number }} prices */
function labels({ x, y, box, toX, toY }, mid, { decimals, step }) {
  const prices = valueTicks(y, Math.min(MOST_PRICES, Math.floor(box.height / LABEL_HEIGHT_PX)), step).values.map((value) => ({ value, text: format.exact(value, decimals) }));
  const sums = valueTicks(x, MOST_SIZES);
  const say = sizeText(x);
  /** @param {{ text: string, x: number }} label */
  const isWhole = ({ text, x: middle }) => {
    const half = widthOf(text) / 2;
    return middle - half >= 0 && middle + half <= box.width;
  };
  const below = sums.values.map((value) => ({ text: say(value, sums.decimals), x: toX(value), y: box.top + box.height + TEXT_PX }));
  return {
    ys: prices.map(({ value }) => toY(value)),
    xs: sums.values.map(toX),
    right: prices
      .map(({ value, text }) => ({ text, x: box.left + box.width + LABEL_GAP_PX, y: toY(value) }))
      .filter(({ y: at }) => at >= box.top + TEXT_PX / 2 && at <= box.top + box.height && isClear(at, toY(mid))),
    below: below.filter(isWhole),
  };
}

/** The depth as drawing commands.
 * @param {Depth} book
 * @param {Extent} extent
 * @param {Scale} within
 * @param {{ area: Box, decimals: number, step: number }} place of the panel; decimals and step of its prices
 * @returns {Group[]} */
export function commands(book, extent, within, { area, decimals, step }) {
  const { box, ratio } = within;
  const least = leastStep(book) ?? step;
  // A level is seen, too, where the tick is a small part of a pixel.
  const thick = Math.max(THINNEST_PX, (least * THICK_SHARE * box.height) / (2 * extent.reach));
  const { ys, xs, right, below } = labels(within, extent.mid, { decimals, step });
  const sides = /** @type {[Level[], string][]} */ ([[book.bids, token("up")], [book.asks, token("down")]]);
  const grey = token("axis-text");
  return [
    { box, commands: [...across(token("grid"), ys, within), ...upright(token("grid"), xs, box, ratio)] },
    { box, commands: sides.flatMap(([levels, colour]) => stairs(levels, colour, within)) },
    { box, commands: sides.flatMap(([levels, colour]) => sizes(levels, colour, extent.size, { ...within, thick })) },
    { box: area, commands: [{ kind: "texts", colour: grey, align: "left", texts: right }] },
    { box: area, commands: [{ kind: "texts", colour: grey, align: "center", texts: below }] },
  ];
}
