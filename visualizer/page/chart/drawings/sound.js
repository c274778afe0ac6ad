/* What was kept or handed over of drawings, taken as far as it is sound. Pure: anything in, drawings and what was refused out. */
import { KINDS, isKind } from "./kinds.js";
/** @import { Drawing, DrawnPoint, KeptDrawings, Span } from "../../types.d.ts" */
/** Over what something is drawn; null where there is no such panel.
 * @typedef {(told: { panel?: unknown, measure?: unknown }) => Pick<Drawing, "panel" | "measure"> | null} PlaceOf */

const VERSION = 1;
export const MOST = 500;
export const MOST_CHARACTERS = 500;
const LATEST_MS = 8.64e15; // that a date can be
const CONTROL = /[^\P{Cc}\n]/gu;

/** @type {Readonly<KeptDrawings>} */
export const NONE = Object.freeze({ version: VERSION, drawings: [], views: {} });

/** @param {unknown} ms
 * @returns {ms is number} */
const isTime = (ms) => typeof ms === "number" && Number.isInteger(ms) && Math.abs(ms) <= LATEST_MS;

/** A text as a note may have it.
 * @param {string} text */
export const noteOf = (text) => text.replaceAll("\r\n", "\n").replace(CONTROL, " ").slice(0, MOST_CHARACTERS).trim();

/** @param {any} given
 * @returns {DrawnPoint | null} */
const point = (given) => (isTime(given?.ms) && Number.isFinite(given.price) ? { ms: given.ms, price: given.price } : null);

/** @param {any} given
 * @param {number} id
 * @param {PlaceOf} placeOf
 * @returns {Drawing | null} */
function drawing(given, id, placeOf) {
  /** @type {unknown} */
  const kind = given?.kind;
  if (!isKind(kind) || !Array.isArray(given.points)) return null;
  const points = given.points.map(point);
  const where = placeOf(given);
  if (points.length !== KINDS[kind].points || points.includes(null) || !where) return null;
  const text = typeof given.text === "string" ? noteOf(given.text) : "";
  if (kind === "note") return text ? { id, kind, points, ...where, text } : null;
  return { id, kind, points, ...where };
}

/** @param {unknown} given
 * @returns {Span | null} */
const span = (given) => (Array.isArray(given) && given.length === 2 && given.every(isTime) && given[0] < given[1] ? [given[0], given[1]] : null);

/** @param {any} given
 * @returns {KeptDrawings["views"]} */
function viewsOf(given) {
  if (typeof given !== "object" || given === null) return {};
  const pairs = Object.entries(given).map(([name, view]) => [name, { anchor: isTime(view?.anchor) ? view.anchor : null, range: span(view?.range) }]);
  return Object.fromEntries(pairs.slice(0, MOST));
}

/** Drawings that were kept or handed over, with numbers from 1, and how many of them are none. Null where it is nothing of the kind.
 * @param {any} given
 * @param {PlaceOf} placeOf
 * @returns {{ kept: KeptDrawings, refused: number } | null} */
export function sound(given, placeOf) {
  if (given?.version !== VERSION || !Array.isArray(given.drawings)) return null;
  /** @type {Drawing[]} */
  const found = [];
  for (const each of given.drawings.slice(0, MOST)) {
    const made = drawing(each, found.length + 1, placeOf);
    if (made) found.push(made);
  }
  return { kept: { version: VERSION, drawings: found, views: viewsOf(given.views) }, refused: given.drawings.length - found.length };
}

/** The same drawings with others that are not among them yet, and how many were `added` and are `left` as there is no room.
 * @param {readonly Drawing[]} held
 * @param {readonly Drawing[]} others */
export function together(held, others) {
  /** @param {Drawing} each */
  const key = ({ kind, points, text = "", panel = "", measure = "" }) =>
    JSON.stringify([kind, points.map(({ ms, price }) => [ms, price]), text, panel, measure]);
  const known = new Set(held.map(key));
  const next = nextId(held);
  const added = others.filter((each) => !known.has(key(each))).map((each, index) => ({ ...each, id: next + index }));
  const left = Math.max(0, held.length + added.length - MOST);
  return { list: [...held, ...added].slice(0, MOST), added: added.length - left, left };
}

/** @param {readonly Drawing[]} held */
export const nextId = (held) => 1 + Math.max(0, ...held.map(({ id }) => id));
