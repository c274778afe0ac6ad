/* What the list of alerts says, and which of them are new. Pure: rows of the view alerts in, texts out. */
import * as format from "../format.js";
import * as zones from "../zone.js";
import { unpublished } from "./missing.js";
/** @import { About, AlertRow, State } from "../types.d.ts" */

/** So many are listed at most. */
const MOST_LISTED = 100;
const MOST_DIGITS = 6;
const [TIME, FROM, EXPRESSION, VALUE, PRICE] = /** @type {const} */ ([0, 1, 2, 3, 4]);

/** The newest alerts of an expression ("" for all), newest first, and how many of it there are. `day` is set where it is another
 * than that of the alert above.
 * @param {readonly AlertRow[]} rows oldest first
 * @param {string} expression
 * @param {About | null} about
 * @param {string} zone */
export function newest(rows, expression, about, zone) {
  const found = rows.filter((row) => !expression || row[EXPRESSION] === expression);
  const listed = found.slice(-MOST_LISTED).reverse();
  const times = zones.daysAndTimes(listed.map((row) => row[TIME]), zone);
  const lines = listed.map((row, index) => {
    const since = row[FROM] < row[TIME] ? `, true since ${zones.dateTime(row[FROM], zone)}` : "";
    return {
      ms: row[TIME],
      ...times[index],
      expression: row[EXPRESSION],
      value: row[VALUE] === null ? format.NONE : format.exact(Number(row[VALUE].toPrecision(MOST_DIGITS)), null),
      price: row[PRICE] === null ? format.NONE : format.price(row[PRICE], about),
      hint: `${row[EXPRESSION]}: ${row[VALUE] ?? format.NONE}${since}; replay from there`,
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
  const of = `the newest ${format.count(found)} ${found === total ? "alerts" : "of this expression"}`;
  return shown === found ? of : `${format.count(shown)} of ${of}`;
}

/** Why nothing is listed; empty where something is.
 * @param {Pick<State, "alerts" | "about" | "status" | "crc32">} state
 * @param {number} found
 * @param {boolean} isReadOnly whether the page may ask for nothing */
export function nothing({ alerts, about, status, crc32 }, found, isReadOnly) {
  if (found || !about || !status) return "";
  if (alerts.length) return "None of this expression among the newest alerts";
  if (status.state === "loading") return "Loading ...";
  if (!about.alerts?.length) return "No alert is set";
  const isOver = status.state === "finished" || status.state === "failed";
  return unpublished({ about, status, crc32 }, "alerts", isReadOnly) || `No alerts ${isOver ? "in this replay" : "so far"}`;
}

/** What the processor says of an expression that it refuses, without what the field shows anyway, and from where to where
 * the word is that is wrong.
 * @param {string} text
 * @param {string} error */
export function fault(text, error) {
  const said = error.replace(/^invalid alert ('.*?'|".*?"): (?=.* at column \d+)/u, "");
  const column = Number(/ at column (\d+)/u.exec(said)?.[1] ?? 0);
  if (!column) return { said, from: 0, to: text.length };
  const word = /^(\w+|[<>=!]+|\S)/u.exec(text.slice(column - 1))?.[0] ?? "";
  return { said, from: column - 1, to: column - 1 + word.length };
}

/** How many alerts have come since the event clock stood at `before`: none where it was set back or the replay does not play.
 * @param {Pick<State, "alerts" | "status">} state
 * @param {number | null} before */
export function fresh({ alerts, status }, before) {
  if (before === null || !status || status.state !== "playing") return 0;
  return alerts.filter((row) => row[TIME] > before && row[TIME] <= (status.event_time_ms ?? before)).length;
}
