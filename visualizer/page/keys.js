/* What the keys do. */
import * as chart from "./chart/chart.js";
import * as choosing from "./chart/choosing.js";
import * as steps from "./chart/steps.js";
import * as drawing from "./chart/drawing.js";
import * as drawingKeys from "./chart/drawing-keys.js";
import { KINDS } from "./chart/drawings/kinds.js";
import { within } from "./dom.js";
import * as keysList from "./header/keys-list.js";
import * as picker from "./header/picker.js";
import * as options from "./options.js";
import * as alerts from "./panels/alerts.js";
import { OPENABLE } from "./panels/beside.js";
import * as events from "./panels/events.js";
import * as ladder from "./panels/ladder.js";
import { isOpen } from "./panels/opening.js";
import { PANELS } from "./panels/registry.js";
import * as report from "./panels/report.js";
import * as control from "./playback/control.js";
import * as loop from "./playback/loop.js";
import * as replay from "./playback/replay.js";
import * as transport from "./playback/transport.js";
/** @import { DrawingKind } from "./types.d.ts" */

const MOVING = /^(Arrow|Home|End|Page)/u;
/* What understands moving keys itself. */
const TAKING = "#report, #bars, #context-menu, input, [role=radio]";

/* Keys of the chart's panels. */
const ofPanels = PANELS.flatMap(({ keys = {} }) => Object.entries(keys)).map(([key, act]) => [key, () => act(chart.view)]);

/** Goes through the list that is open: that of alerts where events are not listed.
 * @param {1 | -1} direction */
function seekListed(direction) {
  if (isOpen(alerts.alerts.id) && !isOpen(events.events.id)) alerts.seek(direction);
  else events.seek(direction);
}

/** @type {Record<string, (held: boolean) => unknown>} */
const KEYS = {
  " ": () => replay.toggle(),
  ArrowLeft: (held) => replay.step("bar", -1, held),
  ArrowRight: (held) => replay.step("bar", 1, held),
  "shift ArrowLeft": (held) => replay.step("event", -1, held),
  "shift ArrowRight": (held) => replay.step("event", 1, held),
  Home: () => transport.toBegin(),
  End: () => transport.toEnd(),
  "[": () => replay.nextSpeed(-1),
  "]": () => replay.nextSpeed(1),
  g: () => transport.jump(),
  t: () => transport.chooseInterval(),
  n: (held) => held || replay.seekLandmark("session", 1),
  "shift n": (held) => held || replay.seekLandmark("session", -1),
  j: (held) => held || replay.seekLandmark("gap", 1),
  "shift j": (held) => held || replay.seekLandmark("gap", -1),
  k: (held) => held || seekListed(1),
  "shift k": (held) => held || seekListed(-1),
  a: () => loop.start(),
  b: () => loop.end(),
  c: () => loop.clear(),
  f: () => chart.follow(),
  "+": () => steps.zoom(1),
  "=": () => steps.zoom(1), // the same key, without shift, on many keyboards
  "-": () => steps.zoom(-1),
  ",": () => steps.pan(-1),
  ".": () => steps.pan(1),
  v: () => options.next(),
  "shift v": () => options.nextOwn() || control.say("There is no layout of your own yet: the settings (key O) save one", "info"),
  h: () => options.set({ heatmap: !options.options().heatmap }),
  w: () => choosing.toggle("anchor"),
  p: () => choosing.toggle("range"),
  ...Object.fromEntries(Object.entries(KINDS).map(([kind, { key }]) => [key, () => choosing.toggle(/** @type {DrawingKind} */ (kind))])),
  7: () => drawingKeys.next(-1),
  8: () => drawingKeys.next(1),
  Delete: () => drawingKeys.remove(),
  Backspace: () => drawingKeys.remove(),
  z: () => ladder.centreNow(),
  i: () => picker.open(),
  "?": () => keysList.open(),
  ...Object.fromEntries(OPENABLE.map(({ key, toggle }) => [key, () => toggle()])),
  ...Object.fromEntries(ofPanels),
};

/** What a key does; with shift, letters do what they do without, unless they mean something else then.
 * @param {KeyboardEvent} event */
function meant({ key, shiftKey }) {
  const name = key.length === 1 ? key.toLowerCase() : key;
  const shifted = KEYS[`shift ${name}`];
  return shiftKey && (shifted || MOVING.test(key)) ? shifted : KEYS[name];
}

/** Whether a key undoes, or does again; null for neither.
 * @param {KeyboardEvent} event
 * @returns {"undo" | "redo" | null} */
function travels({ key, altKey, ctrlKey, metaKey, shiftKey }) {
  if (altKey || !(ctrlKey || metaKey)) return null;
  const name = key.toLowerCase();
  if (name === "z") return shiftKey ? "redo" : "undo";
  return name === "y" && ctrlKey && !shiftKey ? "redo" : null;
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  // Many keyboards have brackets behind AltGr, which some systems tell as control and alt, and others behind alt.
  const typed = "[]".includes(event.key) && (event.altKey || event.getModifierState("AltGraph"));
  const commanded = event.metaKey || (!typed && (event.ctrlKey || event.altKey));
  if (within(event, "input[type=text], textarea, select") || keysList.isOpen()) return;
  const isTaken = MOVING.test(event.key) && within(event, TAKING); // by what has the focus
  if (drawn(event, isTaken)) event.preventDefault();
  else if (!commanded) acted(event, isTaken);
}

/** Whether a key does something with drawings; if so, it has done it.
 * @param {KeyboardEvent} event
 * @param {boolean} isTaken */
function drawn(event, isTaken) {
  const travel = travels(event);
  if (travel) drawingKeys.travel(travel);
  return travel !== null || (!isTaken && drawingKeys.pressed(event));
}

/** Does what a key means everywhere.
 * @param {KeyboardEvent} event
 * @param {boolean} isTaken by what has the focus */
function acted(event, isTaken) {
  if (event.key === "Escape" && (choosing.leave() || drawing.letGo())) return;
  if (event.key === "Escape" && report.closesByEscape()) {
    report.toggle(false);
    return;
  }
  // What has the focus takes the keys that it understands itself.
  if (event.key === " " && within(event, "button, summary, a, input, [role=button]")) return;
  if (isTaken) return;
  const action = meant(event);
  if (!action) return;
  event.preventDefault();
  void action(event.repeat);
}

export function start() {
  document.addEventListener("keydown", pressed);
  // A button that is clicked on does not take the focus, so that the keys go on meaning what they mean.
  document.addEventListener("mousedown", (event) => {
    if (within(event, "#transport button, .controls button, #menu-button") && !within(event, ".panel")) {
      event.preventDefault();
    }
  });
}
