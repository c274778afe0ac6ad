/* Gives the chart the focus while keys mean something there: they do not press the button that was pressed before, and screen readers, which
   keep the arrow keys elsewhere, hand them over. */
import { byId } from "../dom.js";

/** @type {HTMLElement | null} */
let returnTo = null; // what had it before

export function take() {
  const panel = byId("chart-panel");
  const { activeElement } = document;
  if (activeElement !== panel) returnTo = activeElement instanceof HTMLElement ? activeElement : null;
  panel.tabIndex = -1;
  panel.setAttribute("role", "application");
  panel.focus({ preventScroll: true });
}

/* Gives it back, if nobody else has taken it. */
export function give() {
  const panel = byId("chart-panel");
  panel.removeAttribute("role");
  if (document.activeElement !== panel) return;
  if (returnTo && returnTo !== document.body && returnTo.isConnected) returnTo.focus({ preventScroll: true });
  else panel.blur();
}
