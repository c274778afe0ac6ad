/* What the list of events says. Pure: rows of the view events in, texts out. */
import * as format from "../format.js";
import * as zones from "../zone.js";
import { unpublished } from "./missing.js";
/** @import { About, EventKind, EventRow, State } from "../types.d.ts" */

/** So many are listed at most. */
const MOST_LISTED = 100;
const [TIME, KIND, SIDE, PRICE, SIZE, , DETAIL] = /** @type {const} */ ([0, 1, 2, 3, 4, 5, 6]);

/** The kinds, and what several of them are called.
 * @type {Readonly<Record<EventKind, string>>} */
export const KINDS = { sweep: "sweeps", absorption: "absorption", wall: "walls", divergence: "divergences", large: "large orders" };

/** @type {Readonly<Record<EventKind, (detail: string) => string>>} */
const NAMES = {
  sweep: (detail) => `sweep, ${detail} prices`,
  absorption: () => "absorption",
  wall: (detail) => (detail === "started" ? "wall" : `wall ${detail}`),
  divergence: () => "divergence",
  large: (detail) => `large order, ${detail} ${detail === "1" ? "trade" : "trades"}`,
};
/** @type {Readonly<Record<string, { text: string, colour: "buy" | "sell" | "unknown" }>>} */
const SIDES = {
  buy: { text: "▲ buy", colour: "buy" },
  sell: { text: "▼ sell", colour: "sell" },
  unknown: { text: "· n/a", colour: "unknown" },
  bid: { text: "bid", colour: "buy" },
  ask: { text: "ask", colour: "sell" },
  high: { text: "high", colour: "sell" },
  low: { text: "low", colour: "buy" },
};

/** The newest events of a kind ("" for all), newest first, and how many of it there are. `day` is set where it is another than
 * that of the event above.
 * @param {readonly EventRow[]} rows oldest first
 * @param {EventKind | ""} kind
 * @param {About | null} about
 * @param {string} zone */
export function newest(rows, kind, about, zone) {
  const found = rows.filter((row) => !kind || row[KIND] === kind);
  const listed = found.slice(-MOST_LISTED).reverse();
  const times = zones.daysAndTimes(listed.map((row) => row[TIME]), zone);
  const lines = listed.map((row, index) => {
    const size = format.exact(row[SIZE], about?.size_decimals);
    return {
      ms: row[TIME],
      ...times[index],
      kind: row[KIND],
      name: NAMES[row[KIND]](row[DETAIL]),
      side: SIDES[row[SIDE]] ?? { text: row[SIDE], colour: "unknown" },
      price: format.price(row[PRICE], about),
      size: row[KIND] === "divergence" ? `CVD ${row[SIZE] > 0 ? "+" : ""}${size}` : size,
    };
  });
  return { lines, count: found.length };
}

/** How many are listed of how many.
 * @param {number} shown
 * @param {number} found
 * @param {number} total */
export function summary(shown, found, total) {
  if (!total) return "";
  const of = found === total ? `the newest ${format.counted(found, "event")}` : `the newest ${format.count(found)} of this kind`;
  return shown === found ? of : `${format.count(shown)} of ${of}`;
}

/** Why nothing is listed; empty where something is.
 * @param {Pick<State, "events" | "about" | "status" | "crc32">} state
 * @param {number} found
 * @param {boolean} isReadOnly whether the page may ask for nothing */
export function nothing({ events, about, status, crc32 }, found, isReadOnly) {
  if (found || !about || !status) return "";
  if (events.length) return "None of this kind among the newest events";
  if (status.state === "loading") return "Loading ...";
  const isOver = status.state === "finished" || status.state === "failed";
  return unpublished({ about, status, crc32 }, "events", isReadOnly) || `No events ${isOver ? "in this replay" : "so far"}`;
}
