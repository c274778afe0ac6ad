/* Drawing over the panels: what the pointer draws, selects and moves, and the field that a note is typed into. */
import { byId, make } from "../dom.js";
import { movedBy, snappedTo } from "../draw/steps.js";
import { options } from "../options.js";
import { css } from "../unit.js";
import * as chart from "./chart.js";
import { belongingTo, panelOf } from "./belonging.js";
import * as geometry from "./drawings/geometry.js";
import * as kept from "./drawings/kept.js";
import { KINDS } from "./drawings/kinds.js";
import { MOST_CHARACTERS, noteOf } from "./drawings/sound.js";
import * as focus from "./focus.js";
import * as hint from "./hint.js";
import { isShown, ofPanel, stepsOf } from "./values.js";
/** @import { Drag, Drawing, DrawingKind, DrawnPoint, Pointed } from "../types.d.ts" */

const LEAST_DRAG_PX = 4;

/** @type {{ field: HTMLTextAreaElement, note: Drawing } | null} */
let typing = null;
/** @type {number | null} */
let heldId = null;

/** The value of a panel at a height; null where it shows none.
 * @param {string} id
 * @param {number} y of the pointer, which may have left the panel
 * @returns {number | null} */
function valueAt(id, y) {
  const axis = chart.axisOf(id);
  return axis && axis.fromY(Math.max(axis.box.top, Math.min(y, axis.box.top + axis.box.height)));
}

/** The nearest value of a panel that can be drawn at.
 * @param {string} id
 * @param {number} value */
const snapped = (id, value) => snappedTo(value, stepsOf(id).steps);

/** The start of the bar and the value of a panel that a pointer means.
 * @param {string} id
 * @param {Pointed} at
 * @returns {DrawnPoint | null} */
function pointOf(id, at) {
  const value = valueAt(id, at.y);
  return value === null ? null : { ms: Math.round(chart.barAt(at.along).fromMs), price: snapped(id, value) };
}

/** @param {Pointed} one
 * @param {Pointed} other */
const isApart = (one, other) => Math.hypot(one.x - other.x, one.y - other.y) >= LEAST_DRAG_PX;

/** The last point of what is being drawn goes to the pointer.
 * @param {Pointed} at */
function stretch(at) {
  const { draft } = kept.current();
  const point = draft && pointOf(panelOf(draft), at);
  if (draft && point) kept.sketch({ ...draft, points: [...draft.points.slice(0, -1), point] });
}

/** Whether both points of something are one.
 * @param {Drawing} drawing */
const isNothing = ({ points: [one, other] }) => other !== undefined && one.ms === other.ms && one.price === other.price;

/** What a pointer that goes down now draws; `done` is called when it is there. Null where there are no values.
 * @param {DrawingKind} kind
 * @param {Pointed} start
 * @param {() => void} done
 * @returns {Drag | null} */
export function started(kind, start, done) {
  const isSecond = kept.current().draft !== null;
  if (!isSecond) {
    const point = start.panel && pointOf(start.panel.id, start);
    if (!point || !start.panel) return null;
    const points = KINDS[kind].points === 2 ? [point, point] : [point];
    kept.sketch({ id: 0, kind, points, ...belongingTo(start.panel, options(), chart.data().about) });
  }
  return {
    move: stretch,
    end(at) {
      stretch(at);
      const { draft } = kept.current();
      // The second point comes with another click.
      if (!draft || isNothing(draft) || (draft.points.length === 2 && !isSecond && !isApart(start, at))) return;
      done();
      if (kind === "note") edit({ ...draft, text: "" });
      else if (kept.put(draft)) kept.save();
    },
  };
}

/* Gives up what is being drawn. */
export const drop = () => kept.sketch(null);

/** The drawing at a point.
 * @param {Pointed} at */
function metAt(at) {
  const { panel } = at;
  const axis = panel && chart.axisOf(panel.id);
  const picture = chart.picture();
  if (at.zone !== "plot" || !axis || !picture) return null;
  return geometry.met(kept.current().list.filter(ofPanel(panel)), picture, axis, at);
}

/** The points of a drawing moved as a whole: by bars, and by values that can be.
 * @param {Drawing} drawing
 * @param {Pointed} from
 * @param {Pointed} to
 * @returns {DrawnPoint[]} */
function shifted(drawing, from, to) {
  const { points } = drawing;
  const id = panelOf(drawing);
  const { place } = chart.timeline();
  const [before, after] = [valueAt(id, from.y) ?? 0, valueAt(id, to.y) ?? 0];
  const { steps } = stepsOf(id);
  const by = snappedTo(after - before, steps);
  return points.map(({ ms, price }) => ({
    ms: Math.round(chart.barAt(place(ms) + to.along - from.along).fromMs),
    price: movedBy(price, by, steps),
  }));
}

/** What a pointer that goes down on a drawing does: it selects it, and moves it or one of its points. Null where there is none.
 * @param {Pointed} start
 * @returns {Drag | null} */
export function grabbed(start) {
  const found = metAt(start);
  const was = kept.current().selected;
  if (found?.drawing.id !== was) letGo();
  kept.select(found && found.drawing.id);
  if (!found) return null;
  const { drawing, point } = found;
  let isMoved = false;
  return {
    move(at) {
      isMoved ||= isApart(start, at);
      const to = pointOf(panelOf(drawing), at);
      if (!isMoved || !to) return;
      const points = point === null ? shifted(drawing, start, at) : drawing.points.map((each, index) => (index === point ? to : each));
      const next = { ...drawing, points };
      if (!isNothing(next)) kept.put(next);
    },
    end() {
      if (isMoved) kept.save();
      else if (drawing.kind === "note" && was === drawing.id) edit(drawing);
      else hold(drawing.id);
    },
  };
}

/* The selected drawing, where it is shown. */
export function selected() {
  const { list, selected: id } = kept.current();
  const found = list.find((each) => each.id === id);
  return found && isShown(found) ? found : null;
}

/* Deletes the selected drawing; false where none is shown. */
export const remove = () => selected() !== null && kept.removeSelected();

/** Selects a drawing that keys move from now on. One that is but drawn is not: the replay's keys go on meaning what they do.
 * @param {number} id */
export function hold(id) {
  heldId = id;
  kept.select(id);
  tellHeld();
}

/* The drawing that keys move; null for none. */
export function held() {
  const found = selected();
  return found && found.id === heldId && !kept.current().draft ? found : null;
}

/* Selects nothing any more; false where nothing was. */
export function letGo() {
  const was = kept.current().selected !== null;
  kept.select(null);
  tellHeld();
  return was;
}

function tellHeld() {
  if (heldId !== null && kept.current().selected !== heldId) {
    heldId = null;
    focus.give();
  }
  const found = held();
  hint.tellDrawing(found ? `${KINDS[found.kind].name}: ${KINDS[found.kind].moved}` : "");
}

/** Puts a drawing in the place of the one with its number, and keeps it; false where that would leave nothing of it.
 * @param {Drawing} drawing
 * @param {boolean} goesOn whether it goes on with the change before */
export function change(drawing, goesOn) {
  if (isNothing(drawing) || !kept.put(drawing)) return false;
  kept.save(goesOn);
  return true;
}

/** Opens the field of a note over the chart. Enter or a click elsewhere takes the text, escape leaves the note as it was.
 * @param {Drawing} note of number 0 where it is new */
export function edit(note) {
  const field = make("textarea", { class: "note-field shown", rows: "2", maxlength: String(MOST_CHARACTERS), "aria-label": "text of the note" });
  field.value = note.text ?? "";
  typing = { field, note };
  // The chart below would take the pointer.
  field.addEventListener("pointerdown", (event) => event.stopPropagation());
  field.addEventListener("blur", () => close(true));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close(false);
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  byId("chart-overlay").append(field);
  refresh();
  // Once what opened it is over, which would take the focus away.
  setTimeout(() => field.focus(), 0);
}

/** @param {boolean} isTaken */
function close(isTaken) {
  if (!typing) return;
  const { field, note } = typing;
  typing = null;
  field.remove();
  if (!isTaken) return;
  const text = noteOf(field.value);
  if (!text && note.id) {
    kept.select(note.id);
    kept.removeSelected();
  } else if (text && kept.put({ ...note, text })) kept.save();
}

/* Keeps the field where its note is, and what is said of keys true. */
export function refresh() {
  tellHeld();
  const axis = typing && chart.axisOf(panelOf(typing.note));
  if (!typing || !axis) return;
  const [{ ms, price }] = typing.note.points;
  const [x, y] = [axis.toX(chart.timeline().place(ms)), axis.toY(price)];
  typing.field.style.transform = `translate(${css(x)}, ${css(y)})`;
}

/** What a pointer over the chart means while it is not down.
 * @param {Pointed} at */
export function hovered(at) {
  const { draft } = kept.current();
  if (draft) stretch(at); // between two clicks
  byId("chart-panel").dataset.over = draft || !metAt(at) ? "" : "drawing";
}
