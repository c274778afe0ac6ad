/* The line of exact values above the chart: a group of cells for each panel, in the order of the panels. */
import { byId, make } from "../dom.js";
import * as format from "../format.js";
import { PANELS, table } from "../panels/registry.js";
import * as write from "../write.js";
import * as chart from "./chart.js";
import * as ranges from "./ranges.js";
/** @import { ChartPanel, Row } from "../types.d.ts" */

let built = false;

/** The group that a panel's cells stand in: its own, or that of the panel it is a part of.
 * @param {ChartPanel} panel */
const groupOf = ({ id, partOf }) => `read-${partOf ?? id}`;

function build() {
  for (const panel of PANELS) {
    const { title, cells } = panel.readout;
    const spans = cells.map(({ id, label }) =>
      make("span", {}, make("label", {}, label), make("output", { id: `${groupOf(panel)}-${id}` })),
    );
    if (panel.partOf) byId(groupOf(panel)).append(...spans);
    else byId("readout").append(make("div", { class: "group", id: groupOf(panel) }, ...(title ? [make("b", {}, title)] : []), ...spans));
  }
  return true;
}

/** The values of the bar at a place; null for no bar.
 * @param {number | null} place */
export function show(place) {
  built ||= build();
  const data = chart.data();
  write.text("read-time", place === null ? format.NONE : chart.label(place));
  for (const panel of PANELS) {
    const group = groupOf(panel);
    const row = place === null ? null : rowAt(table(data, panel.rows), place);
    const { cells, direction } = panel.readout;
    for (const { id, text } of cells) write.text(`${group}-${id}`, text(row, data.about));
    if (!panel.partOf) write.hide(group, chart.view.collapsed.includes(panel.id) || chart.view.hidden.includes(panel.id));
    if (direction) write.mark(group, "direction", row ? directionOf(row, direction) : "");
  }
}

/** @param {readonly Row[]} rows
 * @param {number} place
 * @returns {Row | null} */
function rowAt(rows, place) {
  const row = rows[ranges.indexAt(rows, place)];
  return row && row[0] === place ? row : null;
}

/** @param {Row} row
 * @param {{ open: number, close: number }} columns */
const directionOf = (row, { open, close }) => (Number(row[close]) >= Number(row[open]) ? "up" : "down");
