/* What the cells of a footprint look like: colours by size, and numbers. Pure: a bar's rows in, shares of its width out. */
import { widthOf } from "../draw/text.js";
import { looks } from "../looks.js";
import { bar, remembered } from "./footprint-bar.js";
import { abbreviatedBeside } from "./sizes.js";
/** @import { About, FootprintRow, Options, PriceCell } from "../types.d.ts" */
/** @typedef {ReturnType<typeof bar>} Bar */
/** A coloured part of a cell, from and to as shares of the cell's width.
 * @typedef {{ colour: "buy" | "sell" | "total", strength: number, from: number, to: number }} Part */
/** A number in a cell, at a share of the cell's width.
 * @typedef {{ text: string, side: "buy" | "sell" | "", align: "left" | "center" | "right", at: number }} Text */
/** How a row looks: `most` is the greatest of the sizes that its colours compare.
 * @typedef {{ most(bar: Bar): number, parts(bar: Bar, place: number, most: number): Part[], texts(bar: Bar, place: number, most: number): Text[] }} Look */

/** How much of a colour there is, from the smallest size to the greatest. */
export const STRENGTHS = [0.1, 0.18, 0.26, 0.36, 0.46, 0.58];
const EVEN = 3; // the strength of bars, whose length says it

/** @param {number} lots
 * @param {number} most */
const strength = (lots, most) => Math.max(0, Math.ceil((lots / most) * STRENGTHS.length) - 1);

/** @param {number} lots
 * @param {number} decimals
 * @param {number} most in lots */
const size = (lots, decimals, most) => abbreviatedBeside(lots / 10 ** decimals, most / 10 ** decimals);

/** A part of a size; none where there is none.
 * @param {Part["colour"]} colour
 * @param {number} lots
 * @param {number} most
 * @param {{ from: number, to: number }} span
 * @returns {Part[]} */
const part = (colour, lots, most, span) => (lots > 0 ? [{ colour, strength: strength(lots, most), ...span }] : []);

const LEFT = { from: 0, to: 0.5 };
const RIGHT = { from: 0.5, to: 1 };
const WHOLE = { from: 0, to: 1 };

/** @type {Record<Options["cells"], Look>} */
const LOOKS = {
  sides: {
    most: ({ buy, sell }) => Math.max(...buy, ...sell),
    parts: ({ buy, sell }, place, most) => [...part("sell", sell[place], most, LEFT), ...part("buy", buy[place], most, RIGHT)],
    texts: ({ buy, sell, decimals }, place, most) => [
      { text: size(sell[place], decimals, most), side: "sell", align: "right", at: 0.5 },
      { text: size(buy[place], decimals, most), side: "buy", align: "left", at: 0.5 },
    ],
  },
  delta: {
    most: ({ buy, sell }) => Math.max(...buy.map((lots, place) => Math.abs(lots - sell[place]))),
    parts: ({ buy, sell }, place, most) => {
      const lots = buy[place] - sell[place];
      return part(lots > 0 ? "buy" : "sell", Math.abs(lots), most, WHOLE);
    },
    texts: ({ buy, sell, decimals }, place, most) => {
      const lots = buy[place] - sell[place];
      return [{ text: `${lots > 0 ? "+" : ""}${size(lots, decimals, most)}`, side: lots > 0 ? "buy" : "sell", align: "center", at: 0.5 }];
    },
  },
  total: {
    most: ({ total }) => Math.max(...total),
    parts: ({ total }, place, most) => part("total", total[place], most, WHOLE),
    texts: ({ total, decimals }, place, most) => [{ text: size(total[place], decimals, most), side: "", align: "center", at: 0.5 }],
  },
  profile: {
    most: ({ total }) => Math.max(...total),
    parts: ({ buy, sell, total }, place, most) => {
      if (!most) return [];
      const ends = [0, sell[place] / most, (sell[place] + buy[place]) / most, total[place] / most];
      const colours = /** @type {Part["colour"][]} */ (["sell", "buy", "total"]);
      return colours
        .map((colour, index) => ({ colour, strength: EVEN, from: ends[index], to: ends[index + 1] }))
        .filter(({ from, to }) => to > from);
    },
    texts: ({ total, decimals }, place, most) => [{ text: size(total[place], decimals, most), side: "", align: "left", at: 0 }],
  },
};

const made = remembered((/** @type {readonly PriceCell[]} */ cells, /** @type {string} */ _, /** @type {FootprintRow} */ row, /** @type {Options["cells"]} */ name, /** @type {About | null} */ about) => {
  const rows = bar(cells, row[1], about);
  const look = LOOKS[name];
  const most = look.most(rows);
  const texts = cells.map((__, place) => look.texts(rows, place, most));
  return {
    bar: rows,
    parts: cells.map((__, place) => look.parts(rows, place, most)),
    texts,
    widestPx: Math.max(...texts.flat().map(({ text }) => widthOf(text))),
  };
});

/** How a bar looks; remembered as long as its rows are held. `widestPx` is the width of its longest number.
 * @param {FootprintRow} row
 * @param {Options["cells"]} name
 * @param {About | null} about */
export const faceOf = (row, name, about) => made(row[2], `${name} ${about?.size_decimals} ${looks().numbers}`, row, name, about);
