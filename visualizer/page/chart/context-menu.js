/* What can be done with a bar of the chart: a menu for the right button. */
import { byId, make } from "../dom.js";
import * as loop from "../playback/loop.js";
import * as replay from "../playback/replay.js";
import * as chart from "./chart.js";
import * as choosing from "./choosing.js";
import * as gestures from "./gestures.js";
/** @import { Pointed } from "../types.d.ts" */

const LONG_PRESS_MS = 500;
const REST_PX = 8; // a finger that moves less rests
const BESIDE_PX = 12;

/** @type {HTMLElement | null} */
let menu = null;

function close() {
  if (!menu) return;
  menu.remove();
  menu = null;
}

/** @param {{ clientX: number, clientY: number }} event
 * @param {Pointed} at */
function open(event, { along }) {
  close();
  const { label: time, fromMs, untilMs } = chart.barAt(along);
  const reason = replay.reason();
  const list = make("div", { id: "context-menu", role: "menu", "aria-label": `at ${time}` });
  menu = list;
  list.append(make("small", {}, reason ? `${time} · ${reason}` : time));
  /** @type {[name: string, hint: string, action: () => unknown, disabled: boolean][]} */
  const entries = [
    ["Replay from here", "alt + click", () => replay.seek(fromMs), Boolean(reason)],
    ["Loop from here", "", () => loop.start(fromMs), Boolean(reason)],
    ["Loop until here", "", () => loop.end(untilMs), Boolean(reason)],
    ["VWAP from here", "W", () => choosing.anchorAt(along), false],
    ["Profile of a range", "P", () => choosing.toggle("range"), false],
  ];
  for (const [name, hint, action, disabled] of entries) {
    const entry = make("button", { type: "button", role: "menuitem" }, name);
    entry.disabled = disabled;
    if (hint) entry.append(make("kbd", {}, hint));
    entry.addEventListener("click", () => {
      close();
      void action();
    });
    list.append(entry);
  }
  list.addEventListener("keydown", (pressed) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[pressed.key];
    if (pressed.key === "Escape") close();
    else if (by) {
      const items = [...list.querySelectorAll("button:enabled")];
      /** @type {HTMLElement} */ (items[(items.findIndex((item) => item === document.activeElement) + by + items.length) % items.length]).focus();
    } else return;
    pressed.preventDefault();
    pressed.stopPropagation();
  });
  byId("app").append(list);
  const { width, height } = list.getBoundingClientRect();
  list.style.left = `${Math.max(2, Math.min(event.clientX, document.documentElement.clientWidth - width - 4))}px`;
  list.style.top = `${Math.max(2, Math.min(event.clientY, document.documentElement.clientHeight - height - 4))}px`;
  const first = /** @type {HTMLElement | null} */ (list.querySelector("button:enabled"));
  first?.focus({ preventScroll: true });
}

/** A finger that rests opens the menu, too: not all browsers tell of it as of a right button. It opens beside the finger, which is
 * still to be lifted.
 * @param {HTMLElement} panel */
function listenToFingers(panel) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let from = { clientX: 0, clientY: 0 };
  const stop = () => clearTimeout(timer);
  panel.addEventListener("pointerdown", (event) => {
    stop();
    if (event.pointerType !== "touch" || !event.isPrimary) return;
    from = { clientX: event.clientX, clientY: event.clientY };
    timer = setTimeout(() => {
      const at = gestures.place(from);
      if (at.zone === "plot" && replay.range()) open({ clientX: from.clientX + BESIDE_PX, clientY: from.clientY + BESIDE_PX }, at);
    }, LONG_PRESS_MS);
  });
  panel.addEventListener("pointermove", (event) => {
    if (Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > REST_PX) stop();
  });
  for (const type of ["pointerup", "pointercancel"]) panel.addEventListener(type, stop);
}

export function listen() {
  const panel = byId("chart-panel");
  listenToFingers(panel);
  panel.addEventListener("contextmenu", (event) => {
    const at = gestures.place(event);
    if (at.zone !== "plot" || !replay.range()) return;
    event.preventDefault();
    open(event, at);
  });
}

/* Closes the menu where anything else is done. */
export function start() {
  document.addEventListener("keydown", (event) => event.key === "Escape" && close());
  document.addEventListener(
    "pointerdown",
    ({ target }) => {
      if (menu && target instanceof Node && !menu.contains(target)) close();
    },
    true,
  );
  window.addEventListener("blur", close);
}
