/* The panel of the data report: what was read, what was found in it, and where. */
import { byId, make, within } from "../dom.js";
import * as findings from "../findings.js";
import * as format from "../format.js";
import * as clockZone from "../playback/clock-zone.js";
import { edition } from "../tokens.js";
import * as write from "../write.js";
import * as opening from "./opening.js";
/** @import { DataReport, Finding, Incident, OpenablePanel, State } from "../types.d.ts" */

const LONGEST_NAME = 44;
const LONGEST_PLACE = 56;

/** @type {DataReport | null} */
let held = null;
/** @type {HTMLElement | null} */
let returnTo = null;
/** @type {{ show(fromMs: number, untilMs: number | null): boolean, reaches(ms: number): boolean, shade(isShaded: boolean): void }} */
let chart = { show: () => false, reaches: () => false, shade: () => undefined };
/* What each part was last made from: a part is made again only when that changes, so that focus and scroll stay. */
/** @type {Map<string, string>} */
const made = new Map();

const ID = "report";
const panel = () => byId(ID);
const isOpen = () => opening.isOpen(ID);

/* Whether escape closes it: in a column of its own it is one of the layout, and only those who are in it leave it so. */
export const closesByEscape = () => isOpen() && (panel().dataset.column !== "own" || panel().contains(document.activeElement));

/** @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string | (Node | string)[]} content
 * @param {string} [name] its class */
function element(tag, content, name) {
  const children = typeof content === "string" ? [content] : content;
  return make(tag, name ? { class: name } : {}, ...children);
}

/** A name that is cut in its middle where it is long, and whole where the pointer is.
 * @param {string} className
 * @param {string} whole
 * @param {number} most */
function long(className, whole, most) {
  const shown = element("span", format.middle(whole, most), className);
  if (shown.textContent !== whole) shown.title = whole;
  return shown;
}

/** @param {string} id
 * @param {unknown} source
 * @param {() => (Node | string)[]} build */
function part(id, source, build) {
  const key = JSON.stringify(source);
  if (made.get(id) === key) return;
  made.set(id, key);
  const parent = byId(id);
  const at = document.activeElement;
  const focused = at instanceof HTMLElement && parent.contains(at) ? at.dataset.focus : null;
  parent.replaceChildren(...build());
  if (!focused) return;
  const again = /** @type {HTMLElement | null} */ (parent.querySelector(`[data-focus="${CSS.escape(focused)}"]`));
  again?.focus({ preventScroll: true });
}

/** @param {DataReport} report */
function summary({ complete, trades, book_events: events, format: vendor, instrument }) {
  const read = complete ? "the whole dataset has been read" : "reading goes on";
  return [
    element("b", instrument),
    ` · ${vendor} · ${format.counted(trades, "trade")} · ${format.counted(events, "book event")} · ${read}`,
  ];
}

/** @param {DataReport} report */
function files({ files: list, file_count: total }) {
  const rows = list.map((file) => {
    const row = element("li", [long("name", file.name, LONGEST_NAME), element("span", format.counted(file.rows, "row"))]);
    const times = findings.span({ time_ms: file.first_ms, until_ms: file.last_ms }, clockZone.current());
    if (times) row.append(element("span", times, "times"));
    if (file.malformed) {
      const malformed = element("span", `${format.count(file.malformed)} malformed`);
      malformed.dataset.level = "near";
      row.append(malformed);
    }
    return row;
  });
  if (total > list.length) rows.push(element("li", `and ${format.count(total - list.length)} more`, "more"));
  return [element("ul", rows, "files")];
}

/** @param {DataReport} report */
function ignored({ ignored_files: list, ignored_count: total }) {
  if (!total) return [];
  const more = total > list.length ? [element("li", `and ${format.count(total - list.length)} more`)] : [];
  const names = list.map((name) => element("li", [long("name", name, LONGEST_PLACE)]));
  return [element("h3", `Left out ${format.count(total)}`), element("ul", [...names, ...more])];
}

/** @param {Incident} incident */
function place({ file, line }) {
  if (!file) return "";
  return line === null ? file : `${file}:${line}`;
}

/** @param {string} kind
 * @param {Incident} found
 * @param {number} index */
function incident(kind, found, index) {
  const { time_ms: fromMs, until_ms: untilMs } = found;
  const where = long("where", place(found), LONGEST_PLACE);
  const row = element("li", []);
  if (fromMs !== null) {
    const time = element("button", findings.span(found, clockZone.current()), "time");
    time.type = "button";
    time.dataset.focus = `${kind} ${index}`;
    time.dataset.ms = String(fromMs);
    time.addEventListener("click", () => {
      chart.show(fromMs, untilMs);
    });
    row.append(time);
  }
  if (where.textContent) row.append(where);
  row.append(element("span", findings.detail(kind, found), "detail"));
  return row;
}

/** @param {Finding} finding */
function finding({ kind, meaning, count: total, incidents }) {
  const swatch = element("i", "", "swatch");
  swatch.style.background = findings.colour(kind, incidents.some((found) => found.time_ms !== null) ? 0.7 : 0);
  const counted = element("b", findings.counted(kind, total));
  const head = element("summary", [swatch, counted, element("span", meaning)]);
  head.dataset.focus = kind;
  const rows = incidents.map((found, index) => incident(kind, found, index));
  const located = rows.length;
  if (located && total > located && kind !== "crossed" && kind !== "locked") {
    rows.push(element("li", `the first ${located} of ${format.count(total)}`, "more"));
  }
  const details = element("details", [head, element("ul", rows)]);
  const closed = document.querySelector(`#report-findings details[data-kind="${CSS.escape(kind)}"]:not([open])`);
  details.open = closed === null;
  details.dataset.kind = kind;
  return details;
}

/** @param {DataReport} report */
function remarks({ findings: list }) {
  return list.length ? list.map(finding) : [element("p", "Nothing found that needs a remark.", "nothing")];
}

function draw() {
  if (!isOpen()) return;
  byId("report-none").hidden = held !== null;
  byId("report-body").hidden = held === null;
  if (held === null) return;
  const shown = held;
  const { complete, trades, book_events: events, format: vendor, instrument } = shown;
  part("report-summary", [complete, trades, events, vendor, instrument], () => summary(shown));
  part("report-files", [shown.files, shown.file_count, clockZone.current()], () => files(shown));
  part("report-ignored", [shown.ignored_files, shown.ignored_count], () => ignored(shown));
  part("report-findings", [shown.findings, clockZone.current(), edition()], () => remarks(shown));
  reachable();
}

/* Times that the chart holds no bars of cannot be gone to. */
function reachable() {
  if (!isOpen()) return;
  for (const time of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#report button.time"))) {
    const inside = chart.reaches(Number(time.dataset.ms));
    const disabled = String(!inside);
    if (time.getAttribute("aria-disabled") === disabled) continue;
    time.setAttribute("aria-disabled", disabled);
    time.title = inside ? "show it in the chart" : "outside of the bars at hand";
  }
}

/** @param {State} state */
function show(state) {
  if (state.report === held) {
    draw();
    return;
  }
  held = state.report;
  const { count: kinds, level } = findings.badge(held);
  write.text("report-badge", kinds ? String(kinds) : "");
  write.mark("report-button", "level", level);
  draw();
}

function buildShading() {
  const input = make("input", { type: "checkbox", id: "report-shade", checked: "" });
  input.addEventListener("change", () => chart.shade(input.checked));
  byId("report-shading").append(input, "shade on the chart");
}

/** @param {boolean} open
 * @param {boolean} [isQuiet] whether the focus stays where it is */
export function toggle(open = !isOpen(), isQuiet = false) {
  if (open === isOpen()) return;
  if (open) returnTo = /** @type {HTMLElement | null} */ (document.activeElement);
  if (open && !byId("report-shading").firstChild) buildShading();
  opening.setOpen(ID, open, draw);
  if (isQuiet) return;
  if (open) {
    panel().focus({ preventScroll: true });
  } else {
    const back = returnTo && returnTo !== document.body && returnTo.isConnected ? returnTo : byId("report-button");
    back.focus({ preventScroll: true });
  }
}

/** `given` goes to a moment or a span, says whether there are bars at a moment, and shades what was found or does not.
 * @param {typeof chart} given */
export function start(given) {
  chart = given;
  document.addEventListener("click", (event) => {
    if (within(event, "#report-close")) toggle(false);
  });
}

/** @type {OpenablePanel} */
export const report = { id: ID, key: "r", views: ["report", "ohlc", "metrics"], show, toggle: (isQuiet) => toggle(!isOpen(), isQuiet) };
