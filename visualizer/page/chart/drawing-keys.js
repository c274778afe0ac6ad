/* Drawing without a mouse: keys move a crosshair while something is chosen or drawn, set its points, go through the drawings, and move the
   one that is chosen. Screen readers are told of all of it. */
import { announce } from "../announce.js";
import { within } from "../dom.js";
import { options } from "../options.js";
import * as chart from "./chart.js";
import * as choosing from "./choosing.js";
import * as crosshair from "./crosshair.js";
import * as cursor from "./cursor.js";
import * as drawing from "./drawing.js";
import { panelOf } from "./belonging.js";
import * as kept from "./drawings/kept.js";
import { KINDS } from "./drawings/kinds.js";
import { barsOf, barsOn, movedPoints, valueOn } from "./drawings/strides.js";
import * as focus from "./focus.js";
import * as values from "./values.js";
/** @import { Drag, Drawing } from "../types.d.ts" */
/** @typedef {import("./drawings/strides.js").Reach} Reach */

const SUBJECT = "drawing";
const ENDS = ["the first point", "the second point"];
/** @type {Record<string, { right?: 1 | -1, up?: 1 | -1 }>} */
const ARROWS = { ArrowLeft: { right: -1 }, ArrowRight: { right: 1 }, ArrowUp: { up: 1 }, ArrowDown: { up: -1 } };

/** The bars of a profile that are being chosen.
 * @type {Drag | null} */
let range = null;

/** How far a key with modifiers moves; null where they mean something else.
 * @param {KeyboardEvent} event
 * @returns {Reach | null} */
function reachOf({ key, altKey, ctrlKey, metaKey, shiftKey }) {
  if (ctrlKey || metaKey || (altKey && (shiftKey || !ARROWS[key]?.up))) return null;
  return altKey ? "least" : shiftKey ? "far" : "seen";
}

/* Says where the crosshair is. */
function tellCursor() {
  const at = cursor.current();
  if (at) announce("crosshair", `${values.textOf(at.id, at.value)} at ${values.timeText(at.ms)}, ${values.nameOf(at.id)}`);
}

/* What follows the crosshair goes where that is now. */
function follow() {
  const at = cursor.pointed();
  if (!at) return;
  if (range) range.move(at);
  else drawing.hovered(at);
  tellCursor();
}

/* Sets a point at the crosshair. */
function setPoint() {
  const at = cursor.pointed();
  const choice = choosing.current();
  if (!at || choice === null) return;
  if (choice === "range" && range === null) {
    range = choosing.started(at);
    announce(SUBJECT, `From ${values.timeText(cursor.current()?.ms ?? 0)}`);
    return;
  }
  const isSecond = range !== null || kept.current().draft !== null;
  const drag = range ?? choosing.started(at);
  range = null;
  drag?.end(at);
  if (choosing.current() !== null) {
    announce(SUBJECT, isSecond ? "Both points are the same: move the crosshair first" : "The first point is set");
    return;
  }
  cursor.drop();
  const made = drawing.selected();
  if (choice === "anchor" || choice === "range" || !made || choice === "note") return;
  drawing.hold(made.id);
  focus.take();
  announce(SUBJECT, values.words(made));
}

/** A key while something is being chosen; false where it means nothing to that.
 * @param {KeyboardEvent} event
 * @param {Reach} reach */
function whileChoosing({ key }, reach) {
  const page = { PageUp: -1, PageDown: 1 }[key];
  const arrow = ARROWS[key];
  if (!arrow && !page && key !== "Enter") return false;
  const wasThere = cursor.current() !== null;
  if (!wasThere) range = null; // one that was left
  if (!cursor.isThere(crosshair.pointed())) return true;
  if (key === "Enter") setPoint();
  else if (page) cursor.toPanel(/** @type {1 | -1} */ (page));
  else if (wasThere) cursor.move({ ...arrow, reach });
  if (key !== "Enter") follow();
  return true;
}

/** Whether a value is in its panel, or was not before either.
 * @param {string} id
 * @param {number} now
 * @param {number} before */
function isWithin(id, now, before) {
  const [low, high] = chart.view.y[id];
  /** @param {number} value */
  const isIn = (value) => value >= low && value <= high;
  return isIn(now) || !isIn(before);
}

/** @param {Drawing} held
 * @param {{ right?: 1 | -1, up?: 1 | -1 }} arrow
 * @param {{ reach: Reach, isRepeated: boolean }} how */
function moveHeld(held, { right, up }, { reach, isRepeated }) {
  const id = panelOf(held);
  const which = kept.current().point;
  const steps = values.stepsOf(id);
  const points = movedPoints(held, which, ({ ms, price }) => ({
    ms: right ? barsOn(chart.timeline(), ms, right * barsOf(reach)) : ms,
    price: up ? valueOn(price, up, { ...steps, reach }) : price,
  }));
  if (points.some(({ price }, index) => !isWithin(id, price, held.points[index].price))) return;
  if (drawing.change({ ...held, points }, isRepeated)) announce(SUBJECT, values.words({ ...held, points }));
}

/** A key while a drawing is chosen; false where it means nothing to that.
 * @param {Drawing} held
 * @param {KeyboardEvent} event
 * @param {Reach} reach */
function whileHeld(held, event, reach) {
  const arrow = ARROWS[event.key];
  if (event.key === "Enter") {
    if (held.kind === "note") drawing.edit(held);
    else if (held.points.length === 2) {
      const { point } = kept.current();
      const end = point === null ? 0 : point === 0 ? 1 : null;
      kept.select(held.id, end);
      announce(SUBJECT, end === null ? "The whole" : ENDS[end]);
    } else return false;
    return true;
  }
  // A line over the whole width stands at no bar: the replay's keys mean what they do without it.
  if (!arrow || (held.kind === "level" && arrow.right)) return false;
  moveHeld(held, arrow, { reach, isRepeated: event.repeat });
  return true;
}

/** What a key does in the chart; false where it does nothing there.
 * @param {KeyboardEvent} event */
export function pressed(event) {
  const reach = reachOf(event);
  if (reach === null || (event.key === "Enter" && within(event, "button, summary, a, [role=button], [role=radio]"))) return false;
  if (choosing.current() !== null) return whileChoosing(event, reach);
  const held = drawing.held();
  return held !== null && whileHeld(held, event, reach);
}

/** Chooses the next drawing (1) or the one before (-1): by panels from the top, and within each by time.
 * @param {1 | -1} by */
export function next(by) {
  const { list } = kept.current();
  const order = options().panels;
  /** @param {Drawing} each */
  const startMs = ({ points }) => Math.min(...points.map(({ ms }) => ms));
  const shown = list
    .filter(values.isShown)
    .sort((one, other) => order.indexOf(panelOf(one)) - order.indexOf(panelOf(other)) || startMs(one) - startMs(other) || one.id - other.id);
  if (!shown.length) {
    announce(SUBJECT, "There are no drawings in view");
    return;
  }
  const at = shown.findIndex(({ id }) => id === kept.current().selected);
  const index = at === -1 ? (by === 1 ? 0 : shown.length - 1) : (at + by + shown.length) % shown.length;
  const chosen = shown[index];
  choosing.leave();
  drawing.hold(chosen.id);
  focus.take();
  bring(chosen);
  announce(SUBJECT, `${index + 1} of ${shown.length}: ${values.words(chosen)}`);
}

/** Shows the span of a drawing where nothing of it is in view.
 * @param {Drawing} chosen */
function bring({ kind, points }) {
  const { x } = chart.view;
  if (!x || kind === "level") return;
  const times = points.map(({ ms }) => ms);
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const { place } = chart.timeline();
  if (place(to) < x[0] || (place(from) > x[1] && kind !== "ray")) chart.show(from, to);
}

/** Undoes or does again.
 * @param {"undo" | "redo"} what */
export function travel(what) {
  if (kept.current().draft) {
    choosing.leave();
    return;
  }
  const found = what === "undo" ? kept.undo() : kept.redo();
  const said = what === "undo" ? "Undone" : "Done again";
  if (found) announce(SUBJECT, [said, ...told(found)].join(": "));
  else announce(SUBJECT, what === "undo" ? "There is nothing to undo" : "There is nothing to do again");
}

/** What has changed with an undone change, in words.
 * @param {{ gone: Drawing[], come: Drawing[] }} change */
function told({ gone, come }) {
  if (come.length === 1) return [values.words(come[0])];
  if (come.length) return [`${come.length} drawings are back`];
  return gone.length === 1 ? [`${KINDS[gone[0].kind].name} deleted`] : [`${gone.length} drawings deleted`];
}

/* Deletes the selected drawing. */
export function remove() {
  const gone = drawing.selected();
  if (drawing.remove() && gone) announce(SUBJECT, `${KINDS[gone.kind].name} deleted`);
}

/* Deletes all drawings of the instrument that is shown. */
export function clear() {
  const { length } = kept.current().list;
  drawing.letGo();
  kept.clear();
  if (length) announce(SUBJECT, `${length} drawings deleted`);
}
