/* What undoing and doing again needs: the drawings of an instrument as they were before each change, and after those that were undone.
   Pure: lists of drawings in, lists out. */
/** @import { Drawing } from "../../types.d.ts" */
/** @typedef {readonly Drawing[]} List
 * @typedef {{ past: readonly List[], future: readonly List[] }} History */

const MOST = 100;

/** @type {History} */
export const NOTHING = Object.freeze({ past: [], future: [] });

/** With one more change, of a list that was so before it. What goes on with the last change, as a held key does, is a part of that.
 * @param {History} history
 * @param {List} before
 * @param {boolean} [goesOn]
 * @returns {History} */
export function recorded({ past, future }, before, goesOn = false) {
  if (goesOn && past.length && !future.length) return { past, future };
  return { past: [...past, before].slice(-MOST), future: [] };
}

/** The list before the last change; null where there is none.
 * @param {History} history
 * @param {List} now
 * @returns {{ list: List, history: History } | null} */
export function undone({ past, future }, now) {
  const list = past.at(-1);
  return list ? { list, history: { past: past.slice(0, -1), future: [now, ...future] } } : null;
}

/** The list after the change that was undone last; null where there is none.
 * @param {History} history
 * @param {List} now
 * @returns {{ list: List, history: History } | null} */
export function redone({ past, future }, now) {
  const [list] = future;
  return list ? { list, history: { past: [...past, now], future: future.slice(1) } } : null;
}

/** @param {Drawing} drawing */
const textOf = ({ id, kind, points, text, panel, measure }) => JSON.stringify([id, kind, points, text, panel, measure]);

/** What is in a list that is not so in another.
 * @param {List} list
 * @param {List} other */
export function beyond(list, other) {
  const known = new Set(other.map(textOf));
  return list.filter((each) => !known.has(textOf(each)));
}

/** Whether both have the same drawings in the same order.
 * @param {List} one
 * @param {List} other */
export const isSame = (one, other) => one.length === other.length && one.every((each, index) => textOf(each) === textOf(other[index]));
