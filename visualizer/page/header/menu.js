/* The menu: the buttons of the header for which there is no room in its line (folding.js). */
import { byId, within } from "../dom.js";

const ID = "menu-button";

/* Clicks come before there are components, too. */
const isOpen = () => document.getElementById("app")?.dataset.menu === "open";

/** @param {boolean} open */
function set(open) {
  // What has the focus there is seen no more.
  if (!open && byId("more").contains(document.activeElement)) byId(ID).focus();
  byId("app").dataset.menu = open ? "open" : "";
  byId(ID).setAttribute("aria-expanded", String(open));
}

export function start() {
  document.addEventListener("click", (event) => {
    if (within(event, `#${ID}`)) set(!isOpen());
    else if (isOpen() && (within(event, ".controls button") || !within(event, "#header"))) set(false); // it has done what it was opened for
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    set(false);
    byId(ID).focus();
  });
}
