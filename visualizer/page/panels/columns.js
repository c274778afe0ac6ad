/* What stands beside the chart, from the left, and how wide each is. Pure: what is open and the room in, columns out. */
/** @import { Options, PresetName } from "../types.d.ts" */

/** In the order in which they stand where their user has not chosen another. A column is never lower than `least`; `usual` is its width until its
 * user drags its edge. */
const COLUMNS = {
  tape: { name: "Tape", least: 300, usual: 420 },
  ladder: { name: "Ladder", least: 412, usual: 412 },
  depth: { name: "Depth", least: 200, usual: 330 },
  events: { name: "Events", least: 300, usual: 430 },
  alerts: { name: "Alerts", least: 300, usual: 430 },
  report: { name: "Report", least: 320, usual: 480 },
  monitor: { name: "Monitor", least: 480, usual: 500 },
};

/** @typedef {keyof typeof COLUMNS} Column */

export const IDS = /** @type {Column[]} */ (Object.keys(COLUMNS));
export const LABELS = Object.fromEntries(IDS.map((id) => [id, COLUMNS[id].name]));
export const MOST_PX = 4000;
const LEAST_CHART_PX = 320;
const NO_BOOK_PX = 26; // as in depth.css

/* What a preset opens, from which width of the window on. */
/** @type {Record<PresetName, [Column, number][]>} */
const USUAL = {
  overview: [["depth", 0]],
  flow: [["ladder", 1661], ["depth", 0]],
  depth: [["ladder", 1661], ["depth", 0]],
  research: [["depth", 0], ["events", 1181]],
};

/** @param {string} id
 * @returns {id is Column} */
export const isColumn = (id) => Object.hasOwn(COLUMNS, id);

/** The columns that options open in a window.
 * @param {Pick<Options, "preset" | "beside">} options
 * @param {number} windowPx
 * @returns {Column[]} */
export function opened({ preset, beside }, windowPx) {
  if (beside) return beside.filter(isColumn);
  return USUAL[preset].filter(([, from]) => windowPx >= from).map(([id]) => id);
}

/** Ids with one more or one less; a new one comes after those that stand before it usually.
 * @template {string} T
 * @param {readonly T[]} ids
 * @param {T} id
 * @param {boolean} isThere
 * @param {readonly T[]} usual
 * @returns {T[]} */
export function withOne(ids, id, isThere, usual) {
  if (!isThere) return ids.filter((each) => each !== id);
  if (ids.includes(id)) return [...ids];
  const before = usual.slice(0, usual.indexOf(id));
  const at = ids.findLastIndex((each) => before.includes(each)) + 1;
  return ids.toSpliced(at, 0, id);
}

/** Ids of which one has moved by so many places; at an end nothing moves.
 * @template {string} T
 * @param {readonly T[]} ids
 * @param {T} id
 * @param {number} by
 * @returns {T[]} */
export function moved(ids, id, by) {
  const at = ids.indexOf(id);
  const to = Math.max(0, Math.min(ids.length - 1, at + by));
  return at === -1 ? [...ids] : ids.toSpliced(at, 1).toSpliced(to, 0, id);
}

/** Whether columns stand as the style sheets have them, in whatever window: all as they are usually, and the depth among them.
 * @param {readonly Column[]} open
 * @param {Readonly<Record<string, number>>} widths */
export const areUsual = (open, widths) =>
  open.includes("depth") && String(open) === String(IDS.filter((id) => open.includes(id))) && !open.some((id) => Object.hasOwn(widths, id));

/** How wide each open column is: as chosen, or narrower where the chart would have no room left; null where there is no room for
 * all of them at all.
 * @param {readonly Column[]} open
 * @param {Readonly<Record<string, number>>} widths
 * @param {number} roomPx of the chart and the columns together
 * @param {{ hasBook?: boolean, ladderPx?: number }} [given] without a book the depth is but a line; `ladderPx` is what the columns
 * of the ladder need
 * @returns {number[] | null} */
function fitted(open, widths, roomPx, { hasBook = true, ladderPx = 0 } = {}) {
  /** @param {Column} id */
  const leastOf = (id) => {
    if (id === "depth" && !hasBook) return NO_BOOK_PX;
    return id === "ladder" ? Math.max(ladderPx, COLUMNS.ladder.least) : COLUMNS[id].least;
  };
  const least = open.map(leastOf);
  const wanted = open.map((id, index) => {
    const chosen = Object.hasOwn(widths, id) ? widths[id] : COLUMNS[id].usual;
    return id === "depth" && !hasBook ? NO_BOOK_PX : Math.max(least[index], chosen);
  });
  /** @param {number[]} all */
  const sum = (all) => all.reduce((total, each) => total + each, 0);
  const most = roomPx - LEAST_CHART_PX;
  if (sum(wanted) <= most) return wanted.map(Math.round);
  if (sum(least) > most) return null;
  const share = (most - sum(least)) / (sum(wanted) - sum(least));
  return wanted.map((width, index) => Math.floor(least[index] + (width - least[index]) * share));
}

/** Where open columns stand that are not as usual: beside each other, or where there is no room for that in one column, one below the other.
 * @param {readonly Column[]} open
 * @param {Readonly<Record<string, number>>} widths
 * @param {number} roomPx
 * @param {{ hasBook?: boolean, ladderPx?: number }} [given] as for `fitted`
 * @returns {{ rows: number, px: number[] }} `px` are the widths of the columns of the grid */
export function placesOf(open, widths, roomPx, given = {}) {
  const px = open.length ? fitted(open, widths, roomPx, given) : [];
  if (px) return { rows: 1, px };
  const needed = open.map((id) => (id === "ladder" ? Math.max(given.ladderPx ?? 0, COLUMNS.ladder.least) : COLUMNS[id].least));
  return { rows: open.length, px: [Math.floor(Math.min(Math.max(...needed), roomPx / 2))] };
}

/** How wide a column becomes that is asked to be so wide: the chart keeps its least room.
 * @param {Column} id
 * @param {number} wantedPx
 * @param {number} presentPx
 * @param {number} chartPx the present width of the chart */
export function resizedPx(id, wantedPx, presentPx, chartPx) {
  const most = Math.max(presentPx, presentPx + chartPx - LEAST_CHART_PX);
  return Math.round(Math.max(COLUMNS[id].least, Math.min(MOST_PX, most, wantedPx)));
}

/** @param {Column} id */
export const leastPx = (id) => COLUMNS[id].least;
