/* The monitoring panel: a table of how the exchange of files goes; the server has judged each figure already. */
import * as format from "./format.js";
import * as write from "./write.js";

const ms = (value) => value.toFixed(2);
const COLUMNS = [
  ["hz", "writes/s", (value) => value.toFixed(1)],
  ["p99_ms", "write p99 ms", ms],
  ["max_ms", "write max ms", ms],
  ["bytes", "size", format.bytes],
  ["parse_p99_ms", "parse p99 ms", ms],
  ["failed", "failed", String],
  ["partial", "partial", String],
  ["mixed", "mixed", String],
];

function cell(tag, content, level) {
  const made = document.createElement(tag);
  made.textContent = content;
  if (level) made.dataset.level = level;
  return made;
}

function row(...cells) {
  const made = document.createElement("tr");
  made.append(...cells);
  return made;
}

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

function serviceTable(panel) {
  const table = document.createElement("table");
  table.append(row(cell("th", "service"), cell("th", "memory"), cell("th", "warmed up"), cell("th", "")));
  for (const service of panel.memory) {
    const [rss, level] = service.rss_bytes;
    const arrow = service.baseline_bytes ? (service.grows ? "↑" : "→") : "";
    const warm = service.baseline_bytes ? format.bytes(service.baseline_bytes) : "not yet";
    table.append(row(cell("th", service.name), cell("td", rss ? format.bytes(rss) : format.NONE, level), cell("td", warm), cell("td", arrow, level)));
  }
  const [total, totalLevel] = panel.total_bytes;
  const [failed, failedLevel] = panel.failed_writes;
  table.append(row(cell("th", "data files together"), cell("td", format.bytes(total), totalLevel), cell("th", "failed writes"), cell("td", String(failed), failedLevel)));
  return table;
}

export function show(panel) {
  if (!panel) return;
  write.mark("monitor-button", "level", panel.level);
  const section = document.getElementById("monitor");
  if (!section.hidden) section.replaceChildren(fileTable(panel.files), serviceTable(panel));
}

export function toggle(panel) {
  const section = document.getElementById("monitor");
  section.hidden = !section.hidden;
  document.getElementById("monitor-button").setAttribute("aria-expanded", String(!section.hidden));
  show(panel);
  window.dispatchEvent(new Event("resize")); // the figures take the height that is left
}
