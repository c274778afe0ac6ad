/* What the tape says of its orders. Pure: rows of the view tape in, texts out. */
import * as format from "../format.js";
import { plainOf, written } from "../numbers.js";
import * as zones from "../zone.js";
import { unpublished } from "./missing.js";
/** @import { About, State, TapeRow } from "../types.d.ts" */

/** So many orders are drawn at most. */
const MOST_DRAWN = 60;
const SPEED_MS = 15_000;
const [, TIME, SIDE, VOLUME, TRADES, FIRST, LAST, PRICES, LARGE] = /** @type {const} */ ([0, 1, 2, 3, 4, 5, 6, 7, 8]);
/** @type {Record<number, { name: string, text: string }>} */
const SIDES = {
  1: { name: "buy", text: "▲ buy" },
  [-1]: { name: "sell", text: "▼ sell" },
  0: { name: "unknown", text: "· n/a" },
};

/** What was typed as the smallest volume to show; `error` says what would be right.
 * @param {string} text
 * @returns {{ volume: number, error: string }} */
export function smallest(text) {
  const typed = text.trim();
  if (!typed) return { volume: 0, error: "" };
  const plain = plainOf(typed);
  if (plain !== null) return { volume: Number(plain), error: "" };
  return { volume: 0, error: `invalid volume '${typed}': expected a number such as ${written("0.5")}; all are shown` };
}

/** An order as the panel shows it. `day` is set where the day is another than that of the order above it.
 * @param {readonly TapeRow[]} rows
 * @param {number} index
 * @param {string} dayAbove
 * @param {About | null} about
 * @param {string} zone */
function line(rows, index, dayAbove, about, zone) {
  const row = rows[index];
  const [day, time] = zones.dateTime(row[TIME], zone).split(" ");
  const price = format.price(row[FIRST], about);
  const last = format.price(row[LAST], about);
  return {
    trade: row[0],
    day: day === dayAbove ? "" : day,
    time,
    side: SIDES[row[SIDE]],
    price,
    last: last === price ? "" : `→ ${last}`,
    volume: format.exact(row[VOLUME], about?.size_decimals),
    trades: format.count(row[TRADES]),
    hint: [row[SIDE] === 0 && "side unknown", row[PRICES] > 1 && `${row[PRICES]} prices`].filter(Boolean).join(", "),
    isLarge: row[LARGE] === true,
  };
}

/** The newest orders of at least a volume, newest first, and how many of that volume there are.
 * @param {readonly TapeRow[]} rows oldest first
 * @param {number} least
 * @param {About | null} about
 * @param {string} zone */
export function newest(rows, least, about, zone) {
  const found = rows.flatMap((row, index) => (row[VOLUME] >= least ? [index] : [])).reverse();
  let day = "";
  const lines = found.slice(0, MOST_DRAWN).map((index) => {
    const made = line(rows, index, day, about, zone);
    day = made.day || day;
    return made;
  });
  return { lines, count: found.length };
}

/** What is said while the rows stand still; `newer` is how many have come since, -1 for more than are drawn.
 * @param {number} newer */
export const held = (newer) =>
  `Stands still while the pointer is over it${newer === 0 ? "" : `; ${newer < 0 ? `more than ${MOST_DRAWN}` : format.count(newer)} newer`}`;

/** The speed of the tape: trades and volume in the 15 s before a moment. Of a tape that does not reach so far back it is a
 * lower bound.
 * @param {readonly TapeRow[]} rows oldest first
 * @param {number | null} nowMs
 * @param {About | null} about */
export function speed(rows, nowMs, about) {
  if (nowMs === null || !rows.length) return "";
  const from = nowMs - SPEED_MS;
  let [trades, volume] = [0, 0];
  for (const row of rows) {
    if (row[TIME] < from || row[TIME] >= nowMs) continue;
    trades += row[TRADES];
    volume += row[VOLUME];
  }
  const isPart = rows[0][0] > 0 && rows[0][TIME] >= from;
  return `Speed, 15 s: ${isPart ? "at least " : ""}${format.counted(trades, "trade")}, volume ${format.exact(volume, about?.size_decimals)}`;
}

/** How many are shown of how many.
 * @param {number} shown
 * @param {number} found
 * @param {number} total */
export function summary(shown, found, total) {
  if (!total) return "";
  const of = found === total ? `newest ${format.counted(total, "order")}` : `${format.count(found)} found in the newest ${format.counted(total, "order")}`;
  return shown === found ? of : `${format.count(shown)} shown, ${of}`;
}

/** Why no order is shown; empty where one is.
 * @param {Pick<State, "tape" | "about" | "status" | "crc32">} state
 * @param {number} found orders that pass the filter
 * @param {boolean} isReadOnly whether the page may ask for nothing */
export function nothing({ tape, about, status, crc32 }, found, isReadOnly) {
  if (found || !about || !status) return "";
  if (tape.length) return "No order is as large as that";
  if (status.state === "loading") return "Loading ...";
  const over = status.state === "finished" || status.state === "failed";
  return unpublished({ about, status, crc32 }, "tape", isReadOnly) || `No trades ${over ? "in this replay" : "so far"}`;
}
