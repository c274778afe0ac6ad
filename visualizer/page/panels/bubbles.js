/* Large orders over the price: a circle for each, whose area is its volume. Those of one bar and side that would cover each
   other are one. Buyers' are filled, sellers' are rings. */
import { rects } from "../draw/commands.js";
import { TEXT_PX, grounded, widthOf } from "../draw/text.js";
import { token, translucent } from "../tokens.js";
import { abbreviated } from "./sizes.js";
/** @import { Command, Layer, OhlcRow, Scale, TapeRow } from "../types.d.ts" */
/** @typedef {{ place: number, side: number, price: number, volume: number, orders: number }} Cluster */

const [TIME, SIDE, VOLUME, LAST, LARGE] = /** @type {const} */ ([1, 2, 3, 6, 8]);
const LARGEST_PX = 16; // the radius of the largest single order
const SMALLEST_PX = 3;
const CLUSTER_PX = 24; // at most, of several together
const RING_PX = 2;
const TEXT_FROM_PX = 15;
const FILL = 0.35;

/** The bar that a place belongs to, by where bars start; null for none of these.
 * @param {readonly OhlcRow[]} bars
 * @param {number} place
 * @param {number} step */
export function barAt(bars, place, step) {
  let [low, high] = [0, bars.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (bars[middle][0] <= place) low = middle + 1;
    else high = middle;
  }
  const bar = bars[low - 1];
  return bar && place < bar[0] + step ? bar[0] : null;
}

/** Two clusters as one, at the price that their volumes weigh.
 * @param {Cluster} one
 * @param {Cluster} other
 * @returns {Cluster} */
function joined(one, other) {
  const volume = one.volume + other.volume;
  const price = volume > 0 ? (one.price * one.volume + other.price * other.volume) / volume : one.price;
  return { ...one, price, volume, orders: one.orders + other.orders };
}

/** Large orders, as far as their bars are given; those that would cover each other as one.
 * @param {readonly TapeRow[]} orders
 * @param {(order: TapeRow) => number | null} barOf
 * @param {(volume: number) => number} radius
 * @param {Scale} scale
 * @returns {Cluster[]} */
export function clusters(orders, barOf, radius, { toY }) {
  /** @type {Map<string, Cluster[]>} */
  const groups = new Map();
  for (const order of orders) {
    const place = barOf(order);
    if (place === null) continue;
    const key = `${place} ${order[SIDE]}`;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push({ place, side: order[SIDE], price: order[LAST], volume: order[VOLUME], orders: 1 });
  }
  return [...groups.values()].flatMap((group) => {
    /** @type {Cluster[]} */
    const found = [];
    for (const each of group.toSorted((one, other) => one.price - other.price)) {
      let made = each;
      // One that has grown may reach the one below it.
      for (let below = found.at(-1); below; below = found.at(-1)) {
        if (toY(below.price) - toY(made.price) >= radius(below.volume) + radius(made.volume)) break;
        found.pop();
        made = joined(below, made);
      }
      found.push(made);
    }
    return found;
  });
}

/** @param {Cluster[]} found
 * @param {(volume: number) => number} radius
 * @param {Scale} scale */
const circles = (found, radius, { toX, toY }) =>
  found.flatMap(({ place, price, volume }) => [toX(place), toY(price), radius(volume)]);

/** The volumes in circles that have room for them, the largest first: one that would cover another's is left out, as neither could be read.
 * @param {Cluster[]} found
 * @param {(volume: number) => number} radius
 * @param {Scale} scale */
function volumes(found, radius, { toX, toY }) {
  /** @type {{ text: string, x: number, y: number }[]} */
  const told = [];
  const named = found.filter(({ volume }) => radius(volume) >= TEXT_FROM_PX).toSorted((one, other) => other.volume - one.volume);
  for (const { volume, place, price } of named) {
    const made = { text: abbreviated(volume), x: toX(place), y: toY(price) };
    const isFree = told.every(
      ({ text, x, y }) => Math.abs(y - made.y) >= TEXT_PX || Math.abs(x - made.x) >= (widthOf(text) + widthOf(made.text)) / 2,
    );
    if (isFree) told.push(made);
  }
  return told;
}

/** @type {Layer} */
export const bubbles = {
  views: ["tape", "ohlc"],
  when: (options) => options.bubbles,
  commands({ data: { tape }, rows, place, step }, scale) {
    const large = tape.filter((order) => order[LARGE] === true);
    const most = Math.max(...large.map((order) => order[VOLUME]));
    /** @param {number} volume */
    const radius = (volume) => Math.min(CLUSTER_PX, Math.max(SMALLEST_PX, LARGEST_PX * Math.sqrt(volume / most)));
    const bars = rows("ohlc");
    const found = clusters(large, (order) => barAt(bars, place(order[TIME]), step), radius, scale);
    /** @param {number} side */
    const of = (side) => found.filter((each) => each.side === side);
    /** @param {string} colour
     * @param {number[]} list
     * @param {number} [width]
     * @returns {Command[]} */
    const drawn = (colour, list, width) => (list.length ? [{ kind: "circles", colour, circles: list, width }] : []);
    const [bought, sold, unknown] = [1, -1, 0].map((side) => circles(of(side), radius, scale));
    const texts = volumes(found, radius, scale);
    return [
      ...drawn(translucent(token("bubble-buy"), FILL), bought),
      ...drawn(token("bubble-buy"), bought, RING_PX),
      ...drawn(token("bubble-sell"), sold, RING_PX),
      ...drawn(token("bubble-unknown"), unknown, 1),
      ...rects(token("title-background"), texts.flatMap(({ text, x, y }) => grounded(text, x - widthOf(text) / 2, y))), // there are candles below
      ...(texts.length ? [/** @type {Command} */ ({ kind: "texts", colour: token("strong"), align: "center", texts })] : []),
    ];
  },
};
