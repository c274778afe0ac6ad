/* The rows behind what is shown as a table: as they are published, with a line for each price row where a bar has several. Pure. */
import * as format from "../format.js";
/** @import { DataReport, Depth, FootprintRow, HeatmapRow, Ladder, MeasuresRow, Overview, Profile, Row, Views } from "../types.d.ts" */
/** The names of columns, by view; those of parts of a view are `cells` and `levels`.
 * @typedef {Readonly<Record<string, readonly string[]>>} Columns */
/** @typedef {string | number | boolean | null | undefined} Value */
/** @typedef {{ header: readonly string[], rows: readonly (readonly Value[])[] }} Table */

const LEVEL = "side price size".split(" ");
const EXPONENT = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/u;
const NEEDS_QUOTES = /[",\r\n]/u;

/** A number as the shortest decimal that reads back, never with an exponent.
 * @param {number} value */
export function plain(value) {
  const text = String(value);
  const found = EXPONENT.exec(text);
  if (!found) return text;
  const [, sign, first, rest = "", power] = found;
  const digits = first + rest;
  const point = 1 + Number(power);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, "0")}`;
}

/** @param {Value} value */
function field(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "number" ? plain(value) : String(value);
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A table as CSV (RFC 4180).
 * @param {Table} table */
export const csv = ({ header, rows }) => [header, ...rows].map((row) => `${header.map((_, index) => field(row[index])).join(",")}\r\n`).join("");

/** Price rows that follow each other upwards, those with something in them.
 * @param {HeatmapRow} column */
function restingIn([ms, height, , , bidRow, bids, askRow, asks]) {
  const sides = /** @type {[string, number | null, number[]][]} */ ([["bid", bidRow, bids], ["ask", askRow, asks]]);
  return sides.flatMap(([side, edge, sizes]) => {
    if (edge === null) return [];
    const decimals = format.decimalsOf([height, edge]);
    const first = Math.round(edge / height);
    return sizes.flatMap((size, index) => (size === 0 ? [] : [[ms, height, side, Number(((first + index) * height).toFixed(decimals)), size]]));
  });
}

/** @param {DataReport} report */
const foundIn = ({ findings }) =>
  findings.flatMap(({ kind, count, incidents }) =>
    (incidents.length ? incidents : [null]).map((each) => [kind, count, each?.file, each?.line, each?.time_ms, each?.until_ms, each?.detail]),
  );

/** Views that are no rows of their columns.
 * @type {{ [name in keyof Views]?: (value: any, columns: Columns) => Table }} */
const OTHERS = {
  depth: (/** @type {Depth} */ { bids, asks }) => ({
    header: LEVEL,
    rows: [...bids.map((level) => ["bid", ...level]), ...asks.map((level) => ["ask", ...level])],
  }),
  footprint: (/** @type {FootprintRow[]} */ bars, { footprint, cells }) => ({
    header: [...footprint.slice(0, 2), ...cells],
    rows: bars.flatMap(([ms, height, found]) => found.map((cell) => [ms, height, ...cell])),
  }),
  heatmap: (/** @type {HeatmapRow[]} */ bars, { heatmap }) => ({
    header: [...heatmap.slice(0, 2), ...LEVEL],
    rows: bars.flatMap(restingIn),
  }),
  measures: (/** @type {MeasuresRow[]} */ bars, { measures = [], own }) => ({ header: [...measures.slice(0, -1), ...own], rows: bars.map((row) => row.flat()) }),
  profile: (/** @type {Profile} */ { rows }, { cells }) => ({ header: cells, rows }),
  ladder: (/** @type {Ladder} */ { rows }, { levels }) => ({ header: levels, rows }),
  overview: (/** @type {Overview} */ { start_ms: startMs, bucket_ms: bucketMs, volumes }) => ({
    header: "start_ms volume".split(" "),
    rows: volumes.map((volume, index) => [startMs + index * bucketMs, volume]),
  }),
  report: (/** @type {DataReport} */ report) => ({ header: ["kind", "count", "file", "line", "time_ms", "until_ms", "detail"], rows: foundIn(report) }),
};

/** Whether there is anything of a view, without making its table.
 * @param {Views[keyof Views]} value */
export const isAny = (value) => value !== null && [value, ...Object.values(value)].some((part) => Array.isArray(part) && part.length > 0);

/** The table of a view; null where there is nothing of it.
 * @param {keyof Views} name
 * @param {Views[keyof Views]} value
 * @param {Columns} columns
 * @param {readonly string[]} [own] the names of the measures with parameters of the replay's own
 * @returns {Table | null} */
export function tableOf(name, value, columns, own = []) {
  if (value === null) return null;
  const made = OTHERS[name]?.(value, { ...columns, own }) ?? { header: columns[name], rows: /** @type {Value[][]} */ (/** @type {unknown} */ (value)) };
  return made.rows.length ? made : null;
}

/** The address of a table as Parquet, which the server makes.
 * @param {keyof Views} name
 * @param {readonly Row[] | null} rows those whose times are asked for, oldest first; all where it is null
 * @returns {string} */
export function addressOf(name, rows) {
  const first = rows?.[0];
  const last = rows?.at(-1);
  return `tables/${name}.parquet${first && last ? `?from_ms=${first[0]}&until_ms=${last[0] + 1}` : ""}`;
}

/* What `processor aggregate` calls the tables of the whole history. */
/** @type {{ [name in keyof Views]?: string }} */
export const WHOLE = {
  ohlc: "bars",
  metrics: "bars",
  tape: "tape",
  footprint: "footprint",
  statistics: "statistics",
  profile: "profile",
  sizes: "cvd_by_size",
  heatmap: "heatmap",
  measures: "measures",
  events: "events",
};
