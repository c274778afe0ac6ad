/* The transport bar: what its buttons ask for, and what they show of the replay. */
import { button as buttonOf, byId } from "../dom.js";
import * as format from "../format.js";
import { current } from "../state.js";
import * as write from "../write.js";
import { limits } from "../limits.js";
import * as chooser from "./chooser.js";
import * as clockZone from "./clock-zone.js";
import * as control from "./control.js";
import * as interval from "./interval.js";
import * as loop from "./loop.js";
import * as replay from "./replay.js";
import * as seekbar from "./seekbar.js";
import * as typedTime from "./typed-time.js";
/** @import { State } from "../types.d.ts" */

/* Only what lasts stands in the bar; what is wrong for now, or being done, is told over the chart. */
const isLasting = (/** @type {string} */ reason) => reason.startsWith("read-only");

let built = false;
let condition = "waiting";

/** @param {string} selector
 * @returns {NodeListOf<HTMLButtonElement>} */
const buttons = (selector) => document.querySelectorAll(selector);

function build() {
  if (!document.getElementById("transport")) return false;
  const clicks = {
    "seek-begin": () => toBegin(),
    "seek-end": () => toEnd(),
    "bar-back": () => replay.step("bar", -1),
    "bar-on": () => replay.step("bar", 1),
    "event-back": () => replay.step("event", -1),
    "event-on": () => replay.step("event", 1),
    "session-back": () => replay.seekLandmark("session", -1),
    "session-on": () => replay.seekLandmark("session", 1),
    "gap-back": () => replay.seekLandmark("gap", -1),
    "gap-on": () => replay.seekLandmark("gap", 1),
    play: () => replay.toggle(),
    slower: () => replay.nextSpeed(-1),
    faster: () => replay.nextSpeed(1),
    "clock-button": () => jump(),
    "zone-button": () => clockZone.open(),
    "speed-button": () => chooseSpeed(),
    "interval-button": () => chooseInterval(),
    "loop-start": () => loop.start(),
    "loop-end": () => loop.end(),
    "loop-clear": () => loop.clear(),
  };
  for (const [id, action] of Object.entries(clicks)) byId(id).addEventListener("click", action);
  for (const button of buttons("#intervals .interval")) {
    button.addEventListener("click", () => replay.chooseInterval(button.dataset.interval ?? ""));
  }
  for (const button of buttons("#transport button")) button.dataset.title = button.title;
  return true;
}

export function toBegin() {
  const range = replay.range();
  if (range) void replay.seek(range.startMs);
}

export function toEnd() {
  const range = replay.range();
  if (!range) return;
  if (range.known) void replay.seek(range.endMs);
  else control.say("The end is not known before the whole dataset has been read", "info");
}

export function jump() {
  const range = replay.range();
  const nowMs = replay.clockMs();
  if (!range || nowMs === null) return;
  chooser.open(buttonOf("clock-button"), {
    label: `go to a time, ${clockZone.current()}`,
    value: clockZone.dateTime(nowMs),
    placeholder: "2024-08-09 00:01, 00:01:30, +5m, -1h, 50%",
    presets: ["-1h", "-5m", "-1m", "+1m", "+5m", "+1h"].map((text) => ({ text, shown: text.replace("-", "−") })),
    submit: (text) => {
      const found = typedTime.parse(text, replay.clockMs() ?? nowMs, replay.range() ?? range, clockZone.current());
      if (found.error !== undefined) return found.error;
      void replay.seek(found.ms);
      return null;
    },
  });
}

function chooseSpeed() {
  const { status } = current();
  const now = status ? format.speed(status.speed) : "";
  const { min_speed: slowest, max_speed: fastest, speeds } = limits();
  chooser.open(buttonOf("speed-button"), {
    label: "speed, times real time",
    value: now.replace("×", ""),
    placeholder: `${slowest} to ${fastest}, or max`,
    presets: speeds.map((text) => {
      const shown = text === "max" ? "max" : format.speed(Number(text));
      return { text, shown, current: shown === now };
    }),
    submit: replay.speed,
  });
}

export function chooseInterval() {
  const { about } = current();
  const now = about ? about.interval : "";
  chooser.open(buttonOf("interval-button"), {
    label: "interval of the bars",
    value: now,
    placeholder: "30s, 6h, 500t, 100v, 1000000q",
    presets: [...limits().intervals, ...limits().activities].map((text) => ({ text, shown: text, hint: interval.words(text), current: text === now })),
    submit: replay.chooseInterval,
  });
}

/* What the scripts know of the replay, in the bar. */
export function refresh() {
  if (!built) built = build();
  if (!built) return;
  const state = current();
  const { about, status } = state;
  const reason = replay.reason();
  const playing = replay.playing();
  write.mark("play", "playing", String(playing));
  const doing = playing ? "pause" : status && status.state === "finished" ? "play again from the begin" : "play";
  label(buttonOf("play"), `${doing} (key space)`);
  const looping = Boolean(about && about.loop_ms);
  write.mark("loop", "looping", looping ? "true" : loop.isHalf() ? "half" : "false");
  write.hide("loop-clear", !looping && !loop.isHalf());
  write.text("transport-reason", isLasting(reason) ? reason : "");
  const usual = limits().intervals;
  if (about) label(buttonOf("interval-button"), `${interval.words(about.interval)}: type others (key T)`);
  write.mark("intervals", "usual", String(about !== null && usual.includes(about.interval)));
  for (const button of buttons("#intervals .interval")) {
    const pressed = String(button.dataset.interval === about?.interval);
    if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
  }
  seekbar.refresh();
}

/** @param {HTMLButtonElement} button
 * @param {string} words */
function label(button, words) {
  if (button.dataset.title === words) return;
  button.dataset.title = words;
  button.setAttribute("aria-label", words);
  if (!button.disabled) button.title = words;
}

function enable() {
  if (!built) return;
  const reason = replay.reason();
  if (reason) chooser.close();
  // What is chosen for this page alone can be chosen on a page that may steer nothing, too.
  for (const button of buttons("#transport button:not(#zone-button)")) {
    button.disabled = Boolean(reason);
    button.setAttribute("aria-disabled", String(button.disabled));
    button.title = reason || (button.dataset.title ?? "");
  }
  byId("seek").title = reason;
  byId("transport").setAttribute("aria-description", reason);
  write.mark("transport", "usable", String(!reason));
}

/** Takes in the state, and the condition that the header shows.
 * @param {State} state
 * @param {string} [now] */
export function show(state, now) {
  condition = now ?? condition;
  if (!built) built = build();
  if (!built) return;
  if (replay.observe(state, condition) || byId("transport").dataset.usable === undefined) enable();
  refresh();
}
