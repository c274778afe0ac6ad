/* The button that shows the buttons of the header where there is no room for them, as on a phone. */
import { byId, within } from "../dom.js";

const ID = "menu-button";

/** @param {boolean} open */
function set(open) {
  byId("app").dataset.menu = open ? "open" : "";
  byId(ID).setAttribute("aria-expanded", String(open));
}

export function start() {
  document.addEventListener("click", (event) => {
    if (within(event, `#${ID}`)) set(byId("app").dataset.menu !== "open");
    else if (within(event, ".controls button")) set(false); // it has done what it was opened for
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || byId("app").dataset.menu !== "open") return;
    set(false);
    byId(ID).focus();
  });
}
