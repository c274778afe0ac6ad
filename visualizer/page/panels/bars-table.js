/* The bars in view as a table. It follows the chart at most once a second and in place, so that it can be read while it does. */
import { byId, make, say } from "../dom.js";
import * as format from "../format.js";
import { isOpen, setOpen } from "./opening.js";
/** @import { BarsTable, OpenablePanel } from "../types.d.ts" */

const ID = "bars";
const PAUSE_MS = 1000;

/** @type {() => BarsTable | null} */
let content = () => null;
let head = "";
let drawnMs = -Infinity;
/** @type {ReturnType<typeof setTimeout> | null} */
let timer = null;
/** @type {ReturnType<typeof build> | null} */
let parts = null;
/** @type {HTMLElement | null} */
let returnTo = null;

/** What is in view; null before there is anything.
 * @param {typeof content} given */
export function connect(given) {
  content = given;
}

function build() {
  const row = make("tr", {});
  const body = make("tbody", {});
  const summary = make("p", {});
  const table = make("table", { "aria-label": "bars in view, newest first" }, make("thead", {}, row), body);
  const rows = make("div", { class: "rows", tabindex: "0", role: "region", "aria-label": "bars in view" }, table);
  byId(ID).replaceChildren(make("header", {}, make("h2", {}, "Bars in view")), rows, make("footer", {}, summary));
  return { rows, row, body, summary };
}

function draw() {
  if (!isOpen(ID) || timer) return;
  const restMs = drawnMs + PAUSE_MS - performance.now();
  if (restMs > 0) {
    timer = setTimeout(() => {
      timer = null;
      draw();
    }, restMs);
    return;
  }
  drawnMs = performance.now();
  parts ??= build();
  const found = content();
  fill(parts, found ?? { head: [], rows: [], count: 0 });
}

/** @param {NonNullable<typeof parts>} into
 * @param {BarsTable} table */
function fill({ row, body, summary }, table) {
  if (table.head.join("\n") !== head) {
    head = table.head.join("\n");
    row.replaceChildren(...["time", ...table.head].map((name) => make("th", { scope: "col" }, name)));
    body.replaceChildren();
  }
  while (body.rows.length > table.rows.length) body.deleteRow(-1);
  table.rows.forEach(({ name, cells }, index) => {
    const line = body.rows[index] ?? body.appendChild(make("tr", {}, make("th", { scope: "row" }), ...cells.map(() => make("td", {}))));
    [name, ...cells].forEach((text, at) => say(line.cells[at], text));
  });
  const most = table.rows.length < table.count ? `the newest ${format.count(table.rows.length)} of ` : "";
  say(summary, table.count ? `${most}${format.counted(table.count, "bar")}, newest first` : "No bars in view");
}

function toggle() {
  const open = !isOpen(ID);
  drawnMs = -Infinity;
  if (open) returnTo = /** @type {HTMLElement | null} */ (document.activeElement);
  setOpen(ID, open, draw);
  // It is read, and scrolled by the keys that move.
  if (open) parts?.rows.focus({ preventScroll: true });
  else if (returnTo?.isConnected) returnTo.focus({ preventScroll: true });
}

/** @type {OpenablePanel} */
export const barsTable = { id: ID, key: "y", views: [], show: draw, draw, toggle };
