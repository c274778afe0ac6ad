/* Replaying from a place in the chart: a menu for the right button, and alt with a click. */
import * as chart from "./chart.js";
import * as gestures from "./gestures.js";
import * as loop from "./loop.js";
import * as steer from "./steer.js";

let menu = null;

function close() {
  if (!menu) return;
  menu.remove();
  menu = null;
}

function open(event, { label: time, fromMs, untilMs }) {
  close();
  const reason = steer.reason();
  menu = document.createElement("div");
  menu.id = "here";
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", `at ${time}`);
  const head = document.createElement("small");
  head.textContent = reason ? `${time} · ${reason}` : time;
  menu.append(head);
  const entries = [
    ["Replay from here", "alt + click", () => steer.seek(fromMs)],
    ["Loop from here", "", () => loop.start(fromMs)],
    ["Loop until here", "", () => loop.end(untilMs)],
  ];
  for (const [name, hint, action] of entries) {
    const entry = document.createElement("button");
    entry.type = "button";
    entry.setAttribute("role", "menuitem");
    entry.disabled = Boolean(reason);
    entry.append(name);
    if (hint) entry.append(Object.assign(document.createElement("kbd"), { textContent: hint }));
    entry.addEventListener("click", () => {
      close();
      void action();
    });
    menu.append(entry);
  }
  menu.addEventListener("keydown", (pressed) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[pressed.key];
    if (pressed.key === "Escape") close();
    else if (by) {
      const items = [...menu.querySelectorAll("button")];
      items[(items.indexOf(document.activeElement) + by + items.length) % items.length].focus();
    } else return;
    pressed.preventDefault();
    pressed.stopPropagation();
  });
  document.getElementById("app").append(menu);
  const { width, height } = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(2, Math.min(event.clientX, document.documentElement.clientWidth - width - 4))}px`;
  menu.style.top = `${Math.max(2, Math.min(event.clientY, document.documentElement.clientHeight - height - 4))}px`;
  if (!reason) menu.querySelector("button").focus({ preventScroll: true });
}

export function listen(gd) {
  const panel = document.getElementById("chart-panel");
  panel.addEventListener("contextmenu", (event) => {
    const at = gestures.place(gd, event);
    if (at.zone !== "plot" || !steer.range()) return;
    event.preventDefault();
    open(event, chart.barAt(at.along));
  });
}

/* Closes the menu where anything else is done. */
export function start() {
  document.addEventListener("keydown", (event) => event.key === "Escape" && close());
  document.addEventListener("pointerdown", (event) => menu && !menu.contains(event.target) && close(), true);
  window.addEventListener("blur", close);
}
