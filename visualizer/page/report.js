/* The panel of the data report: what was read, what was found in it, and where. */
import * as chart from "./chart.js";
import * as findings from "./findings.js";
import * as format from "./format.js";
import * as write from "./write.js";

let report = null;
let returnTo = null;
/* What each part was last made from: a part is made anew only when that changes, so that focus and scroll stay. */
const made = new Map();

const panel = () => document.getElementById("report");
export const isOpen = () => !panel().hidden;
/* On a narrow screen there is no room beside it. */
const covers = () => getComputedStyle(panel()).position === "fixed";

function element(tag, content, className) {
  const found = document.createElement(tag);
  if (className) found.className = className;
  found.append(...(Array.isArray(content) ? content : [content]));
  return found;
}

function part(id, source, make) {
  const key = JSON.stringify(source);
  if (made.get(id) === key) return;
  made.set(id, key);
  const parent = document.getElementById(id);
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  parent.replaceChildren(...make());
  if (focused) parent.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function summary({ complete, trades, book_events: events, format: vendor, instrument }) {
  const read = complete ? "the whole dataset has been read" : "reading goes on";
  return [
    element("b", instrument),
    ` · ${vendor} · ${format.count(trades)} trades · ${format.count(events)} book events · ${read}`,
  ];
}

function files({ files: list, file_count: total }) {
  const rows = list.map((file) => {
    const row = element("li", [element("span", file.name, "name"), element("span", `${format.count(file.rows)} rows`)]);
    const times = findings.span({ time_ms: file.first_ms, until_ms: file.last_ms });
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

function ignored({ ignored_files: list, ignored_count: total }) {
  if (!total) return [];
  const more = total > list.length ? [element("li", `and ${format.count(total - list.length)} more`)] : [];
  return [element("h3", `Left out ${format.count(total)}`), element("ul", [...list.map((name) => element("li", name)), ...more])];
}

function place({ file, line }) {
  if (!file) return "";
  return line === null ? file : `${file}:${line}`;
}

function incident(kind, found, index) {
  const text = findings.span(found);
  const where = element("span", place(found), "where");
  const row = element("li", []);
  if (text) {
    const time = element("button", text, "time");
    time.type = "button";
    time.dataset.focus = `${kind} ${index}`;
    time.dataset.ms = found.time_ms;
    time.addEventListener("click", () => {
      if (chart.show(found.time_ms, found.until_ms) && covers()) toggle(false);
    });
    row.append(time);
  }
  if (where.textContent) row.append(where);
  row.append(element("span", found.detail, "detail"));
  return row;
}

function finding({ kind, meaning, count: total, incidents }) {
  const swatch = element("i", "", "swatch");
  swatch.style.background = findings.colour(kind, incidents.some((found) => found.time_ms !== null) ? 0.7 : 0);
  const head = element("summary", [swatch, element("b", `${format.count(total)} ${findings.label(kind)}`), element("span", meaning)]);
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

function remarks({ findings: list }) {
  return list.length ? list.map(finding) : [element("p", "Nothing found that needs a remark.", "nothing")];
}

function draw() {
  if (!isOpen()) return;
  document.getElementById("report-none").hidden = report !== null;
  document.getElementById("report-body").hidden = report === null;
  if (report === null) return;
  const { complete, trades, book_events: events, format: vendor, instrument } = report;
  part("report-summary", [complete, trades, events, vendor, instrument], () => summary(report));
  part("report-files", [report.files, report.file_count], () => files(report));
  part("report-ignored", [report.ignored_files, report.ignored_count], () => ignored(report));
  part("report-findings", report.findings, () => remarks(report));
  reachable();
}

/* Times that the chart holds no bars of cannot be gone to. */
export function reachable() {
  if (!isOpen()) return;
  for (const time of document.querySelectorAll("#report button.time")) {
    const inside = chart.reaches(Number(time.dataset.ms));
    const disabled = String(!inside);
    if (time.getAttribute("aria-disabled") === disabled) continue;
    time.setAttribute("aria-disabled", disabled);
    time.title = inside ? "show it in the chart" : "outside of the bars at hand";
  }
}

export function set(given) {
  report = given;
  const { count: kinds, level } = findings.badge(report);
  write.text("report-badge", kinds ? String(kinds) : "");
  write.mark("report-button", "level", level);
  draw();
}

export function toggle(open = !isOpen()) {
  if (open === isOpen()) return;
  const button = document.getElementById("report-button");
  panel().hidden = !open;
  button.setAttribute("aria-expanded", String(open));
  document.getElementById("app").dataset.report = open ? "open" : "";
  if (open) {
    returnTo = document.activeElement;
    draw();
    panel().focus({ preventScroll: true });
  } else {
    const back = returnTo && returnTo !== document.body && returnTo.isConnected ? returnTo : button;
    back.focus({ preventScroll: true });
  }
  window.dispatchEvent(new Event("resize")); // the chart takes the width that is left
}

export function start() {
  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest("#report-close")) toggle(false);
  });
}
