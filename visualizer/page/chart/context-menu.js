/* Replaying from a place in the chart: a menu for the right button, and alt with a click. */
import { byId, make } from "../dom.js";
import * as loop from "../playback/loop.js";
import * as replay from "../playback/replay.js";
import * as chart from "./chart.js";
import * as gestures from "./gestures.js";
/** @import { Bar } from "../types.d.ts" */

/** @type {HTMLElement | null} */
let menu = null;

function close() {
  if (!menu) return;
  menu.remove();
  menu = null;
}

/** @param {MouseEvent} event
 * @param {Bar} bar */
function open(event, { label: time, fromMs, untilMs }) {
  close();
  const reason = replay.reason();
  const list = make("div", { id: "context-menu", role: "menu", "aria-label": `at ${time}` });
  menu = list;
  list.append(make("small", {}, reason ? `${time} · ${reason}` : time));
  /** @type {[name: string, hint: string, action: () => unknown][]} */
  const entries = [
    ["Replay from here", "alt + click", () => replay.seek(fromMs)],
    ["Loop from here", "", () => loop.start(fromMs)],
    ["Loop until here", "", () => loop.end(untilMs)],
  ];
  for (const [name, hint, action] of entries) {
    const entry = make("button", { type: "button", role: "menuitem" }, name);
    entry.disabled = Boolean(reason);
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
      const items = [...list.querySelectorAll("button")];
      items[(items.findIndex((item) => item === document.activeElement) + by + items.length) % items.length].focus();
    } else return;
    pressed.preventDefault();
    pressed.stopPropagation();
  });
  byId("app").append(list);
  const { width, height } = list.getBoundingClientRect();
  list.style.left = `${Math.max(2, Math.min(event.clientX, document.documentElement.clientWidth - width - 4))}px`;
  list.style.top = `${Math.max(2, Math.min(event.clientY, document.documentElement.clientHeight - height - 4))}px`;
  if (!reason) list.querySelector("button")?.focus({ preventScroll: true });
}

export function listen() {
  const panel = byId("chart-panel");
  panel.addEventListener("contextmenu", (event) => {
    const at = gestures.place(event);
    if (at.zone !== "plot" || !replay.range()) return;
    event.preventDefault();
    open(event, chart.barAt(at.along));
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
