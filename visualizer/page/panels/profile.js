/* The volume profile at the right edge of the price: of the session, of the bars in view, or of a chosen range. Pure. */
import { across, rects, snapped, upright } from "../draw/commands.js";
import { grounded, widthOf } from "../draw/text.js";
import * as format from "../format.js";
import { token, translucent } from "../tokens.js";
import { rising } from "./colours.js";
import { profileOf, within } from "./traded.js";
/** @import { Box, Command, FootprintRow, Layer, Picture, Profiled, Scale, Span } from "../types.d.ts" */
/** Rows that are drawn as one: the lowest of them by its number, their sizes, and whether one of them is in the value area.
 * @typedef {{ row: number, sizes: number[], isInside: boolean }} Bin */

const MOST_SHARE = 0.22; // of the width
const MOST_PX = 260;
const LEAST_ROW_PX = 3; // thinner rows are drawn together
const INSIDE = 0.5;
const OUTSIDE = 0.22;
const NODE_PX = 5;
const LABEL_PX = 12;
const GAP_PX = 4;
const LEVELS_PX = 90; // names and prices of the levels, left of the rows
const MOST_FREE = 0.35; // of the width

/** The profile of some bars; that of the same bars as the last time is not made again. */
const ofBars = (() => {
  /** @type {readonly unknown[]} */
  let made = [];
  /** @type {Profiled | null} */
  let found = null;
  return (/** @type {FootprintRow[]} */ bars, /** @type {number} */ decimals) => {
    const from = [bars.length, decimals, bars[0]?.[2], bars[bars.length - 1]?.[2]];
    if (from.some((part, index) => part !== made[index])) [made, found] = [from, profileOf(bars, decimals)];
    return found;
  };
})();

/** The places of the bars that the profile is of; null where none are chosen.
 * @param {Picture} picture
 * @param {Scale} scale
 * @returns {Span | null} */
function spanOf({ options: { profile, range }, place, step }, { x: [from, to] }) {
  if (profile === "visible") return [from - step / 2, to + step / 2];
  return range && [place(range[0]), place(range[1])];
}

/** So many rows are drawn as one: 1, 2, 5, 10, 20 and so on.
 * @param {number} rowPx
 * @param {number} [leastPx] that a row drawn has */
export function together(rowPx, leastPx = LEAST_ROW_PX) {
  for (let by = 1; ; by *= 10) {
    const found = [1, 2, 5].find((count) => rowPx * count * by >= leastPx);
    if (found || !(rowPx > 0)) return (found ?? 1) * by;
  }
}

/** @param {Profiled} profile
 * @param {number} count
 * @returns {Bin[]} */
export function binsOf({ row: height, rows, val, vah }, count) {
  /** @type {Map<number, Bin>} */
  const bins = new Map();
  for (const [price, ...numbers] of rows) {
    const number = Math.floor(Math.round(price / height) / count) * count;
    const bin = bins.get(number) ?? { row: number, sizes: [0, 0, 0], isInside: false };
    for (let at = 0; at < 3; at += 1) bin.sizes[at] += numbers[at];
    bin.isInside ||= val !== null && vah !== null && price >= val && price < vah;
    bins.set(number, bin);
  }
  return [...bins.values()];
}

/** @param {Bin} bin */
const total = ({ sizes: [buy, sell, unknown] }) => buy + sell + unknown;

/** The rows, from the right edge on: what was bought, sold, and of no known side.
 * @param {Bin[]} bins
 * @param {{ count: number, height: number, perSize: number }} given
 * @param {Scale} scale */
function drawnRows(bins, { count, height, perSize }, { toY, box, ratio }) {
  const right = box.left + box.width;
  return [true, false].flatMap((isInside) => {
    /** @type {number[][]} */
    const lists = [[], [], []];
    for (const bin of bins) {
      const top = snapped(toY((bin.row + count) * height), ratio);
      const bottom = snapped(toY(bin.row * height), ratio);
      if (bin.isInside !== isInside || bottom < box.top || top > box.top + box.height) continue;
      const gap = bottom - top >= 4 ? 1 : 0;
      let from = right;
      for (const [side, size] of bin.sizes.entries()) {
        const width = size * perSize;
        from -= width;
        if (width > 0) lists[side].push(from, top, width, bottom - top - gap);
      }
    }
    const alpha = isInside ? INSIDE : OUTSIDE;
    const { up, down } = rising(alpha);
    return [...rects(up, lists[0]), ...rects(down, lists[1]), ...rects(translucent(token("volume"), alpha), lists[2])];
  });
}

/** A square at rows of high volume, a dash at those of low volume.
 * @param {Profiled} profile
 * @param {{ bins: Bin[], count: number, perSize: number }} given
 * @param {Scale} scale */
function drawnNodes({ row: height, high_nodes: high, low_nodes: low }, { bins, count, perSize }, { toY, box }) {
  const lengths = new Map(bins.map((bin) => [bin.row, total(bin) * perSize]));
  /** @param {number} price
   * @param {number} heightPx */
  const mark = (price, heightPx) => {
    const length = lengths.get(Math.floor(Math.round(price / height) / count) * count) ?? 0;
    const right = box.left + box.width - length - GAP_PX;
    return [right - NODE_PX, toY(price + height / 2) - heightPx / 2, NODE_PX, heightPx];
  };
  return [
    ...rects(token("profile-node"), high.flatMap((price) => mark(price, NODE_PX))),
    ...rects(token("profile-node"), low.flatMap((price) => mark(price, 1))),
  ];
}

/** The point of control and the edges of the value area, each with its price where there is room.
 * @param {Profiled} profile
 * @param {Picture} picture
 * @param {Scale} scale
 * @param {Box} room
 * @returns {Command[]} */
function drawnLevels({ row: height, poc, vah, val }, { data }, scale, room) {
  if (poc === null || vah === null || val === null) return [];
  const { toY } = scale;
  const inside = { ...scale, box: room };
  const levels = [
    { name: "POC", price: poc, y: toY(poc + height / 2) },
    { name: "VAH", price: vah, y: toY(vah) },
    { name: "VAL", price: val, y: toY(val) },
  ];
  const told = levels.filter(({ y }, index) => index === 0 || Math.abs(y - levels[0].y) >= LABEL_PX);
  const texts = told.map(({ name, price, y }) => ({ text: `${name} ${format.price(price, data.about)}`, x: room.left - GAP_PX, y: y - LABEL_PX / 2 }));
  return [
    ...rects(token("value-area"), [room.left, toY(vah), room.width, toY(val) - toY(vah)]),
    ...across(token("value-area-edge"), [toY(vah), toY(val)], inside),
    ...across(token("point-of-control"), [levels[0].y], inside),
    // They may be over bars, and over large orders at the newest one.
    ...rects(token("title-background"), texts.flatMap(({ text, x, y }) => grounded(text, x - widthOf(text), y))),
    { kind: "texts", colour: token("axis-text"), align: "right", texts },
  ];
}

/** @param {Profiled | null} profile
 * @param {Picture} picture
 * @param {Scale} scale
 * @returns {Command[]} */
function drawn(profile, picture, scale) {
  if (!profile?.rows.length) return [];
  const { box, y } = scale;
  const width = widthIn(box.width);
  const count = together((box.height * profile.row) / (y[1] - y[0]));
  const bins = binsOf(profile, count);
  const most = Math.max(...bins.map(total));
  const given = { bins, count, height: profile.row, perSize: most > 0 ? width / most : 0 };
  return [
    ...drawnLevels(profile, picture, scale, { ...box, left: box.left + box.width - width, width }),
    ...drawnRows(bins, given, scale),
    ...drawnNodes(profile, given, scale),
  ];
}

/** @param {number} plotWidth */
const widthIn = (plotWidth) => Math.min(MOST_PX, MOST_SHARE * plotWidth);

/** The share of the width that the profile and the names of its levels take, where it stands beside the newest bars.
 * @param {Picture["options"]} options
 * @param {number} plotWidth */
export const shareOf = ({ profile }, plotWidth) => (profile === "off" ? 0 : Math.min(MOST_FREE, (widthIn(plotWidth) + LEVELS_PX) / plotWidth));

/** The edges of a chosen range.
 * @param {Picture} picture
 * @param {Scale} scale
 * @returns {Command[]} */
function edges({ options: { profile, range }, place, step }, { toX, box, ratio }) {
  if (profile !== "range" || !range) return [];
  const [left, right] = range.map((ms) => toX(place(ms) - step / 2));
  return [...rects(token("chosen-range"), [left, box.top, right - left, box.height]), ...upright(token("cross"), [left, right], box, ratio)];
}

/** @param {Picture} picture
 * @param {Scale} scale */
function note(picture, scale) {
  const { data, options } = picture;
  const span = spanOf(picture, scale);
  if (!span) return "profile: press P and drag over its bars";
  if (!data.footprint.length) return "profile: no footprint so far";
  const { bars, older } = within(data.footprint, data.ohlc, span);
  const where = options.profile === "visible" ? "in view" : "chosen";
  if (options.profile === "range" && data.ohlc.length && span[0] < data.ohlc[0][0]) {
    return `profile of ${bars.length} bars: the first of those chosen are no longer at hand`;
  }
  return older ? `profile of the newest ${bars.length} of ${bars.length + older} bars ${where}` : `profile of the ${bars.length} bars ${where}`;
}

/** @type {Layer} */
export const sessionProfile = {
  views: ["profile"],
  when: ({ profile }) => profile === "session",
  commands: (picture, scale) => drawn(picture.data.profile, picture, scale),
  note: () => "profile session",
};

/** @type {Layer} */
export const barsProfile = {
  views: ["footprint", "ohlc"],
  when: ({ profile }) => profile === "visible" || profile === "range",
  commands(picture, scale) {
    const { data } = picture;
    const span = spanOf(picture, scale);
    const decimals = data.about?.size_decimals ?? null;
    if (!span || decimals === null) return [];
    const { bars } = within(data.footprint, data.ohlc, span);
    return [...edges(picture, scale), ...drawn(ofBars(bars, decimals), picture, scale)];
  },
  note,
};
