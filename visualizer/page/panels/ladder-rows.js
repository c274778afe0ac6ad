/* The ladder's rows and columns: which there are, gathered from published price rows, and where they stand. Pure. */
import { together } from "./profile.js";
import { lotsOf } from "./sizes.js";
/** @import { Ladder, LadderRow, PublishedLadderRow, Scale } from "../types.d.ts" */

/** A column: what it is called, where its number is in a row, and the group that shows or hides it; always shown without one.
 * `side` is whose it is, `sign` whether it has one.
 * @typedef {{ name: string, at: number, group?: string, side: "bid" | "ask" | "", sign?: boolean }} Column */

/** From the left; the price stands in the middle.
 * @type {readonly Column[]} */
export const COLUMNS = [
  { name: "session", at: 9, group: "session", side: "bid" },
  { name: "Σ bid", at: 3, group: "sums", side: "bid" },
  { name: "±", at: 11, group: "change", side: "bid", sign: true },
  { name: "bid", at: 1, side: "bid" },
  { name: "sold", at: 6, group: "bar", side: "bid" },
  { name: "", at: 0, side: "" },
  { name: "bought", at: 5, group: "bar", side: "ask" },
  { name: "ask", at: 2, side: "ask" },
  { name: "±", at: 12, group: "change", side: "ask", sign: true },
  { name: "Σ ask", at: 4, group: "sums", side: "ask" },
  { name: "session", at: 8, group: "session", side: "ask" },
];

/* What can be shown and hidden, by group: the label of its button, and what it is. */
export const GROUPS = Object.freeze({
  sums: { label: "Σ", says: "sizes summed up from the best price" },
  change: { label: "±", says: "stacked and pulled since the bar began" },
  bar: { label: "bar", says: "sold and bought since the bar began" },
  session: { label: "session", says: "sold and bought since the session began" },
});

const [BID, ASK, BID_SUM, ASK_SUM] = /** @type {const} */ ([1, 2, 3, 4]);
const LEAST_ALIGNED_PX = 13;
const CUT_FROM = 400; // rows of one side; with fewer in all, none has been cut off
const NEAREST = 10; // levels of each side that are in view where the height of the rows is chosen
const CALM = 0.25; // of the rows: as far as the middle moves away before the rows follow

/** The columns that are shown.
 * @param {readonly string[]} groups */
export const columnsOf = (groups) => COLUMNS.filter(({ group }) => group === undefined || groups.includes(group));

/** The number of the row that holds a price; of a price that is an edge, whatever the floats say.
 * @param {number} price
 * @param {number} height */
export function numberOf(price, height) {
  const exact = price / height;
  const near = Math.round(exact);
  return Math.abs(exact - near) < 1e-6 ? near : Math.floor(exact);
}

/** Two rows as one; sizes are added as whole lots. The sums from the best price are those of the row that is farther from it.
 * @param {LadderRow} lower
 * @param {LadderRow} upper
 * @param {number} decimals of sizes
 * @returns {LadderRow} */
function joined(lower, upper, decimals) {
  const both = lower.map((value, at) => Number(BigInt(lotsOf(value, decimals)) + BigInt(lotsOf(upper[at], decimals))) / 10 ** decimals);
  both[0] = lower[0];
  both[BID_SUM] = lower[BID_SUM];
  both[ASK_SUM] = upper[ASK_SUM];
  return /** @type {LadderRow} */ (both);
}

/** A row in numbers: nothing is stacked or pulled where there is no book.
 * @param {PublishedLadderRow} row */
const numbersOf = (row) => /** @type {LadderRow} */ (row[11] === null ? [...row.slice(0, 11), 0, 0] : row);

/** The rows by their numbers, `by` price rows each. Of rows that are gathered, the outermost are left out where some of what they hold
 * may not be published.
 * @param {Ladder} ladder
 * @param {number} by
 * @param {number} decimals of sizes
 * @returns {Map<number, LadderRow>} */
export function gathered({ row: height, rows }, by, decimals) {
  /** @type {Map<number, LadderRow>} */
  const found = new Map();
  for (const published of rows) {
    const row = numbersOf(published);
    const number = Math.floor(Math.round(row[0] / height) / by);
    const before = found.get(number);
    found.set(number, before ? joined(before, row, decimals) : row);
  }
  if (by > 1 && rows.length >= CUT_FROM) {
    const numbers = [...found.keys()];
    found.delete(numbers[0]);
    found.delete(numbers[numbers.length - 1]);
  }
  return found;
}

/** The best rows, and the one in the middle between them; null where there is none.
 * @param {Ladder} ladder */
export function bestOf({ row: height, rows, last }) {
  const bid = rows.findLast((row) => row[BID] > 0)?.[0] ?? null;
  const ask = rows.find((row) => row[ASK] > 0)?.[0] ?? null;
  const middle = bid !== null && ask !== null ? (bid + ask) / 2 : (bid ?? ask ?? last?.price ?? null);
  return { bid, ask, middle: middle === null ? null : numberOf(middle, height) };
}

/** So many price rows a row that the nearest levels of both sides are in view: 1, 2, 5, 10, 20 and so on.
 * @param {Ladder} ladder
 * @param {number} count of rows in view */
export function fittingRows({ row: height, rows }, count) {
  const bids = rows.filter((row) => row[BID] > 0).slice(-NEAREST);
  const asks = rows.filter((row) => row[ASK] > 0).slice(0, NEAREST);
  const prices = [...bids, ...asks].map(([price]) => price);
  if (!prices.length) return 1;
  const needed = (Math.max(...prices) - Math.min(...prices)) / height + 1;
  return together(count, needed);
}

/** The row that stands in the middle: it stays until the best prices have moved away from it.
 * @param {number} wanted
 * @param {number | null} held
 * @param {number} count of rows in view */
export const calm = (wanted, held, count) => (held !== null && Math.abs(wanted - held) <= CALM * count ? held : wanted);

/** Where rows of one height stand, with row `centre` in the middle: from the top.
 * @param {number} centre
 * @param {{ top: number, height: number }} area
 * @param {number} rowPx */
export function standing(centre, { top, height }, rowPx) {
  const above = Math.ceil(height / 2 / rowPx);
  const from = top + Math.round(height / 2 - rowPx / 2) - above * rowPx;
  return Array.from({ length: 2 * above + 1 }, (_, index) => ({ number: centre + above - index, top: from + index * rowPx, height: rowPx }));
}

/** Where rows stand at the prices of an axis, which is moved down by `down` pixels, and how many price rows each is of.
 * @param {Pick<Scale, "toY" | "fromY" | "y" | "box">} axis
 * @param {number} height of a price row
 * @param {{ top: number, height: number }} area
 * @param {number} down */
export function aligned({ toY, fromY, y, box }, height, area, down) {
  const by = together((height * box.height) / (y[1] - y[0]), LEAST_ALIGNED_PX);
  const each = height * by;
  const [top, bottom] = [Math.max(area.top, box.top + down), Math.min(area.top + area.height, box.top + box.height + down)];
  const first = Math.floor(fromY(top - down) / each);
  const last = Math.floor(fromY(bottom - down) / each);
  const numbers = Array.from({ length: bottom > top ? first - last + 1 : 0 }, (_, index) => first - index);
  const rows = numbers.map((number) => {
    const upper = toY((number + 1) * each) + down;
    return { number, top: upper, height: toY(number * each) + down - upper };
  });
  return { by, rows };
}
