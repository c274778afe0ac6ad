/* Drawing over the price: what the pointer draws, selects and moves, and the field that a note is typed into. */
import { byId, make } from "../dom.js";
import { PRICES } from "../panels/registry.js";
import { css } from "../unit.js";
import * as chart from "./chart.js";
import * as geometry from "./drawings/geometry.js";
import * as kept from "./drawings/kept.js";
import { KINDS } from "./drawings/kinds.js";
import { MOST_CHARACTERS, noteOf } from "./drawings/sound.js";
/** @import { Drag, Drawing, DrawingKind, DrawnPoint, Pointed } from "../types.d.ts" */

const LEAST_DRAG_PX = 4;

/** @type {{ field: HTMLTextAreaElement, note: Drawing } | null} */
let typing = null;

/** How the prices lie; null where none are shown.
 * @param {number} y of the pointer, which may have left them
 * @returns {number | null} */
function priceAt(y) {
  const axis = chart.axisOf(PRICES);
  return axis && axis.fromY(Math.max(axis.box.top, Math.min(y, axis.box.top + axis.box.height)));
}

const steps = () => geometry.priceStep(chart.data().about);

/** The start of the bar and the price that a pointer means.
 * @param {Pointed} at
 * @returns {DrawnPoint | null} */
function pointOf(at) {
  const price = priceAt(at.y);
  return price === null ? null : { ms: Math.round(chart.barAt(at.along).fromMs), price: geometry.snappedPrice(price, steps()) };
}

/** @param {Pointed} one
 * @param {Pointed} other */
const isApart = (one, other) => Math.hypot(one.x - other.x, one.y - other.y) >= LEAST_DRAG_PX;

/** The last point of what is being drawn goes to the pointer.
 * @param {Pointed} at */
function stretch(at) {
  const { draft } = kept.current();
  const point = pointOf(at);
  if (draft && point) kept.sketch({ ...draft, points: [...draft.points.slice(0, -1), point] });
}

/** Whether both points of something are one.
 * @param {Drawing} drawing */
const isNothing = ({ points: [one, other] }) => other !== undefined && one.ms === other.ms && one.price === other.price;

/** What a pointer that goes down now draws; `done` is called when it is there. Null where there is no price.
 * @param {DrawingKind} kind
 * @param {Pointed} start
 * @param {() => void} done
 * @returns {Drag | null} */
export function started(kind, start, done) {
  const point = pointOf(start);
  const isSecond = kept.current().draft !== null;
  if (!point || (!isSecond && start.panel?.id !== PRICES)) return null;
  if (!isSecond) kept.sketch({ id: 0, kind, points: KINDS[kind].points === 2 ? [point, point] : [point] });
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
  const axis = chart.axisOf(PRICES);
  const picture = chart.picture();
  if (at.zone !== "plot" || at.panel?.id !== PRICES || !axis || !picture) return null;
  return geometry.met(kept.current().list, picture, axis, at);
}

/** The points of a drawing moved as a whole: by bars, and by prices that can be.
 * @param {Drawing} drawing
 * @param {Pointed} from
 * @param {Pointed} to
 * @returns {DrawnPoint[]} */
function shifted({ points }, from, to) {
  const { place } = chart.timeline();
  const [before, after] = [priceAt(from.y) ?? 0, priceAt(to.y) ?? 0];
  const by = geometry.snappedPrice(points[0].price + after - before, steps()) - points[0].price;
  return points.map(({ ms, price }) => ({
    ms: Math.round(chart.barAt(place(ms) + to.along - from.along).fromMs),
    price: geometry.snappedPrice(price + by, steps()),
  }));
}

/** What a pointer that goes down on a drawing does: it selects it, and moves it or one of its points. Null where there is none.
 * @param {Pointed} start
 * @returns {Drag | null} */
export function grabbed(start) {
  const found = metAt(start);
  const was = kept.current().selected;
  kept.select(found && found.drawing.id);
  if (!found) return null;
  const { drawing, point } = found;
  let isMoved = false;
  return {
    move(at) {
      isMoved ||= isApart(start, at);
      const to = pointOf(at);
      if (!isMoved || !to) return;
      const points = point === null ? shifted(drawing, start, at) : drawing.points.map((each, index) => (index === point ? to : each));
      const next = { ...drawing, points };
      if (!isNothing(next)) kept.put(next);
    },
    end() {
      if (isMoved) kept.save();
      else if (drawing.kind === "note" && was === drawing.id) edit(drawing);
    },
  };
}

/* Deletes the selected drawing. */
export function remove() {
  kept.removeSelected();
}

/* Selects nothing any more; false where nothing was. */
export function letGo() {
  const was = kept.current().selected !== null;
  kept.select(null);
  return was;
}

/** Opens the field of a note over the chart. Enter or a click elsewhere takes the text, escape leaves the note as it was.
 * @param {Drawing} note of number 0 where it is new */
function edit(note) {
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

/* Keeps the field where its note is. */
export function refresh() {
  const axis = typing && chart.axisOf(PRICES);
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
