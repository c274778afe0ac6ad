/* The monitoring panel: a table of how the exchange of files goes; the server has judged each figure already. */
import { announce } from "../announce.js";
import * as dom from "../dom.js";
import * as format from "../format.js";
import { current } from "../state.js";
import * as write from "../write.js";
import { isOpen, setOpen } from "./opening.js";
/** @import { FileFigures, Monitor, OpenablePanel, State } from "../types.d.ts" */

const ID = "monitor";
const LASTING_MS = 10_000;

/** @param {number} value */
const ms = (value) => format.exact(value, 2);
/** @type {[key: Exclude<keyof FileFigures, "name">, label: string, spell: (value: number) => string][]} */
const COLUMNS = [
  ["hz", "writes/s", (value) => format.exact(value, 1)],
  ["p99_ms", "write p99 ms", ms],
  ["max_ms", "write max ms", ms],
  ["bytes", "size", format.bytes],
  ["parse_p99_ms", "parse p99 ms", ms],
  ["failed", "failed", String],
  ["partial", "partial", String],
  ["mixed", "mixed", String],
];

/** @param {"td" | "th"} tag
 * @param {string} content
 * @param {string} [level] */
function cell(tag, content, level) {
  const made = document.createElement(tag);
  made.textContent = content;
  if (level) made.dataset.level = level;
  return made;
}

/** @param {...HTMLElement} cells */
function row(...cells) {
  const made = document.createElement("tr");
  made.append(...cells);
  return made;
}

/** @param {FileFigures[]} files */
function fileTable(files) {
  const table = document.createElement("table");
  table.append(row(cell("th", "file"), ...COLUMNS.map(([, label]) => cell("th", label))));
  for (const file of files) {
    const cells = COLUMNS.map(([key, , spell]) => {
      const [value, level] = file[key] || [null, "ok"];
      return cell("td", value === null ? format.NONE : spell(value), level);
    });
    table.append(row(cell("th", file.name), ...cells));
  }
  return table;
}

/** @param {Monitor} panel */
function serviceTable(panel) {
  const table = document.createElement("table");
  table.append(row(cell("th", "service"), cell("th", "memory"), cell("th", "warmed up"), cell("th", "")));
  for (const service of panel.memory) {
    const [rss, level] = service.rss_bytes;
    const arrow = service.baseline_bytes ? (service.grows ? "↑" : "→") : "";
    const warm = service.baseline_bytes ? format.bytes(service.baseline_bytes) : "not yet";
    const held = cell("td", rss ? format.bytes(rss) : format.NONE, level);
    table.append(row(cell("th", service.name), held, cell("td", warm), cell("td", arrow, level)));
  }
  const [total, totalLevel] = panel.total_bytes;
  const [failed, failedLevel] = panel.failed_writes;
  const files = [cell("th", "data files together"), cell("td", format.bytes(total), totalLevel)];
  table.append(row(...files, cell("th", "failed writes"), cell("td", String(failed), failedLevel)));
  return table;
}

/** @param {Monitor} panel */
function pollTable(panel) {
  const table = document.createElement("table");
  const hz = panel.polls_hz;
  const p95 = panel.poll_p95_ms;
  table.append(
    row(
      ...[cell("th", "polls of all pages/s"), cell("td", hz ? format.exact(hz[0], 1) : format.NONE, hz?.[1])],
      ...[cell("th", "poll p95 ms"), cell("td", p95 ? format.exact(p95[0], 1) : format.NONE, p95?.[1])],
    ),
  );
  return table;
}

/** What to do about the figures that are over their limits.
 * @param {Monitor} panel */
function adviceList({ advice }) {
  const list = document.createElement("ul");
  for (const sentence of advice) {
    const item = document.createElement("li");
    item.textContent = sentence;
    list.append(item);
  }
  return list;
}

/** What the button says: nothing before something has been wrong for a while, as a machine that is busy for a moment is no news.
 * @param {number | null} sinceMs since when something is wrong
 * @param {Pick<Monitor, "advice" | "at_ms" | "level">} panel
 * @returns {{ sinceMs: number | null, level: string }} */
export function warned(sinceMs, { advice, at_ms: atMs, level }) {
  const since = advice.length ? Math.min(sinceMs ?? atMs, atMs) : null;
  return { sinceMs: since, level: since !== null && atMs - since >= LASTING_MS ? level : "ok" };
}

/** @type {ReturnType<typeof warned>} */
let warning = { sinceMs: null, level: "ok" };

/** @param {Pick<State, "monitor">} state */
function show({ monitor: panel }) {
  if (!panel) return;
  const before = warning.level;
  warning = warned(warning.sinceMs, panel);
  if (before === "ok" && warning.level !== "ok") announce("monitor", panel.advice.join(". "));
  write.mark("monitor-button", "level", warning.level);
  if (isOpen(ID)) dom.byId(ID).replaceChildren(dom.make("h2", {}, "Monitor"), adviceList(panel), fileTable(panel.files), serviceTable(panel), pollTable(panel));
}

const toggle = () => setOpen(ID, !isOpen(ID), () => show(current()));

/** @type {OpenablePanel} */
export const monitor = { id: ID, key: "m", views: ["monitor"], show, toggle };
