/* The drawings of the instrument that is shown, and the anchor and the range that its VWAP and its profile have in each view. They
   stay in this browser, by instrument. */
import * as frame from "../../draw/frame.js";
import { limits } from "../../limits.js";
import * as options from "../../options.js";
import * as past from "./history.js";
import { MOST, NONE, nextId, sound, together } from "./sound.js";
/** @import { About, Drawing, Drawings, KeptDrawings, Options } from "../../types.d.ts" */

const KEPT_AS = "orderflow.drawings:";

let instrument = "";
/** @type {About | null} */
let entered = null;
/** @type {Readonly<Drawings>} */
let shown = { list: [], selected: null, point: null, draft: null };
/** @type {readonly Drawing[]} */
let saved = []; // the list as it was last kept
/** @type {Map<string, past.History>} */
const histories = new Map(); // by instrument, while this page is open
/** @type {KeptDrawings["views"]} */
let views = {};
/** What the options had when they were last looked at.
 * @type {{ preset: string, anchor: number | null, range: string }} */
let last = { preset: "", anchor: null, range: "null" };
/** @type {(sentence: string) => void} */
let complain = () => {};
/** @type {import("./sound.js").PlaceOf} */
let placeOf = () => null;

export const current = () => shown;

/** @param {Partial<Drawings>} some */
function change(some) {
  shown = { ...shown, ...some };
  frame.request();
}

/** @param {string} name
 * @returns {KeptDrawings} */
function read(name) {
  try {
    return sound(JSON.parse(window.localStorage.getItem(KEPT_AS + name) ?? "null"), placeOf)?.kept ?? NONE;
  } catch {
    return NONE;
  }
}

/** @param {string} name
 * @param {KeptDrawings} kept */
function write(name, kept) {
  try {
    if (!kept.drawings.length && !Object.keys(kept.views).length) window.localStorage.removeItem(KEPT_AS + name);
    else window.localStorage.setItem(KEPT_AS + name, JSON.stringify(kept));
  } catch {
    complain("This browser does not keep the drawings: its storage is full or switched off. They are gone when the page is closed");
  }
}

/** @param {string} name of the instrument */
const historyOf = (name) => histories.get(name) ?? past.NOTHING;

/** Keeps them as they are now.
 * @param {boolean} [goesOn] whether what has changed goes on with the change before, and is undone with it */
export function save(goesOn = false) {
  if (!past.isSame(saved, shown.list)) histories.set(instrument, past.recorded(historyOf(instrument), saved, goesOn));
  saved = shown.list;
  write(instrument, { ...NONE, drawings: [...saved], views });
}

/** Shows the drawings before or after a change that was made in this page; null where there is no such change.
 * @param {typeof past.undone} go
 * @returns {{ gone: Drawing[], come: Drawing[] } | null} */
function travel(go) {
  const found = go(historyOf(instrument), saved);
  if (!found) return null;
  const before = saved;
  histories.set(instrument, found.history);
  saved = found.list;
  change({ list: saved });
  if (!saved.some(({ id }) => id === shown.selected)) select(null);
  write(instrument, { ...NONE, drawings: [...saved], views });
  return { gone: past.beyond(before, saved), come: past.beyond(saved, before) };
}

export const undo = () => travel(past.undone);
export const redo = () => travel(past.redone);

/* What can be undone, and done again. */
export const could = () => ({ undo: historyOf(instrument).past.length > 0, redo: historyOf(instrument).future.length > 0 });

/** Adds a drawing, or puts it in the place of the one with its number; it is kept with the next `save`. False where there are too many.
 * @param {Drawing} drawing of number 0 where it is new */
export function put(drawing) {
  const { list } = shown;
  if (drawing.id) {
    change({ list: list.map((each) => (each.id === drawing.id ? drawing : each)) });
    return true;
  }
  if (list.length >= MOST) {
    complain(`There are ${MOST} drawings of ${instrument} already; delete some first`);
    return false;
  }
  const id = nextId(list);
  change({ list: [...list, { ...drawing, id }], selected: id, point: null });
  return true;
}

/* Deletes the selected one; false where there is none. */
export function removeSelected() {
  if (shown.selected === null) return false;
  change({ list: shown.list.filter(({ id }) => id !== shown.selected), selected: null, point: null });
  save();
  return true;
}

/* Deletes all of the instrument that is shown. */
export function clear() {
  change({ list: [], selected: null, point: null });
  save();
}

/** @param {number | null} id
 * @param {number | null} [point] the number of that of its points which keys move; null for the whole */
export function select(id, point = null) {
  if (id !== shown.selected || point !== shown.point) change({ selected: id, point });
}

/** What is being drawn; null for nothing.
 * @param {Drawing | null} draft */
export function sketch(draft) {
  if (draft !== shown.draft) change({ draft });
}

/** The anchor and the range that some options show.
 * @param {Readonly<Options>} chosen */
const marksOf = ({ preset, vwap, anchor, profile, range }) => ({
  preset,
  anchor: vwap === "anchor" ? anchor : null,
  range: JSON.stringify(profile === "range" ? range : null),
});

/** The options get what is kept of their view, as far as it lies in what is replayed; of another instrument they keep nothing.
 * @param {About} about
 * @param {boolean} isOther */
function restore({ start_ms: startMs, end_ms: endMs }, isOther) {
  const chosen = options.options();
  const { anchor = null, range = null } = views[chosen.preset] ?? {};
  const marginMs = limits().max_interval_ms; // the first bar starts before the first event, by less than its length
  /** @param {number} ms */
  const isIn = (ms) => (startMs === null || ms >= startMs - marginMs) && (endMs === null || ms <= endMs);
  /** @type {Partial<Options>} */
  const some = {};
  const { vwap, profile } = options.PRESETS[chosen.preset];
  if (anchor !== null && isIn(anchor)) Object.assign(some, { vwap: "anchor", anchor });
  else if (isOther && chosen.vwap === "anchor") Object.assign(some, { vwap, anchor: null });
  if (range && isIn(range[0])) Object.assign(some, { profile: "range", range });
  else if (isOther && chosen.profile === "range") Object.assign(some, { profile, range: null });
  last = marksOf({ ...chosen, ...some });
  if (Object.keys(some).length) options.set(some);
}

/** Shows what is kept of what is replayed now.
 * @param {About | null} about */
export function enter(about) {
  if (!about) return;
  const isFirst = entered === null;
  entered = about;
  if (about.instrument === instrument) return;
  ({ instrument } = about);
  const kept = read(instrument);
  ({ views } = kept);
  saved = kept.drawings;
  change({ list: saved, selected: null, point: null, draft: null });
  restore(about, !isFirst);
}

/** Keeps the anchor and the range of the options where the user has changed them.
 * @param {Readonly<Options>} chosen */
function follow(chosen) {
  if (!entered) return;
  const now = marksOf(chosen);
  if (now.preset !== last.preset) {
    restore(entered, true);
    return;
  }
  if (now.anchor === last.anchor && now.range === last.range) return;
  last = now;
  views = { ...views, [now.preset]: { anchor: now.anchor, range: JSON.parse(now.range) } };
  save();
}

/** What an instrument has, as an object to be handed over.
 * @param {string} name */
export const exported = (name) => ({ ...(name === instrument ? { ...NONE, drawings: shown.list, views } : read(name)), instrument: name });

/** Adds what was handed over to what its instrument has; an error as a sentence where it is nothing of the kind.
 * @param {any} given
 * @returns {{ instrument: string, added: number, refused: number } | { error: string }} */
export function imported(given) {
  const name = given?.instrument;
  const found = sound(given, placeOf);
  if (!found || typeof name !== "string" || !name) {
    return { error: `these are no drawings: expected an object with "version": ${NONE.version}, "instrument" and a list "drawings"` };
  }
  const held = name === instrument ? shown.list : read(name).drawings;
  const { list, added, left } = together(held, found.kept.drawings);
  const all = { ...(name === instrument ? views : read(name).views), ...found.kept.views };
  if (name !== instrument) {
    if (added) histories.set(name, past.recorded(historyOf(name), held));
    write(name, { ...NONE, drawings: list, views: all });
    return { instrument: name, added, refused: found.refused + left };
  }
  views = all;
  change({ list });
  save();
  if (entered) restore(entered, false);
  return { instrument: name, added, refused: found.refused + left };
}

/** @param {typeof complain} say tells the user what went wrong
 * @param {typeof placeOf} place tells over what something is drawn */
export function start(say, place) {
  [complain, placeOf] = [say, place];
  options.listen(follow);
  // Another tab of this browser has drawn: the newest counts, in both.
  // What was changed here before is of another list, and could not be undone without losing what the other tab has drawn.
  window.addEventListener("storage", ({ key }) => {
    if (!key?.startsWith(KEPT_AS)) return;
    histories.delete(key.slice(KEPT_AS.length));
    if (!instrument || key !== KEPT_AS + instrument) return;
    const kept = read(instrument);
    ({ views } = kept);
    saved = kept.drawings;
    change({ list: saved, selected: null, point: null });
  });
}
