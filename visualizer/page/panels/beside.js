/* The panels beside the chart. A further one is a file, and its name here. */
import { within } from "../dom.js";
import { windowWidth } from "../unit.js";
import { alerts } from "./alerts.js";
import { barsTable } from "./bars-table.js";
import { depth } from "./depth.js";
import { drawMenu } from "./draw-menu.js";
import { events } from "./events.js";
import { exportPanel } from "./export-panel.js";
import { ladder } from "./ladder.js";
import { monitor } from "./monitor.js";
import * as opening from "./opening.js";
import { optionsPanel } from "./options-panel.js";
import { report } from "./report.js";
import { tape } from "./tape.js";
/** @import { OpenablePanel, SidePanel } from "../types.d.ts" */

/** @type {(SidePanel | OpenablePanel)[]} */
export const BESIDE = [report, depth, ladder, monitor, tape, events, alerts, optionsPanel, barsTable, drawMenu, exportPanel];

/** Those that a button of the header and a key open and close.
 * @type {OpenablePanel[]} */
export const OPENABLE = BESIDE.filter((panel) => "toggle" in panel);

const ROOM_FOR_ONE = 600; // as in phone.css

/* There is room for one of them beside the chart: that which was opened last. */
const hasRoomForOne = () => windowWidth() <= ROOM_FOR_ONE;

export function start() {
  opening.listen((changed) => {
    if (!hasRoomForOne() || !opening.isOpen(changed)) return;
    for (const { id, toggle } of OPENABLE) if (id !== changed && opening.isOpen(id)) toggle();
  });
  document.addEventListener("click", (event) => {
    for (const { id, toggle } of OPENABLE) if (within(event, `#${id}-button`)) toggle();
  });
}
