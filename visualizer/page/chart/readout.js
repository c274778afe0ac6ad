/* The line of exact values above the chart: a group of cells for each panel, in the order of the panels. */
import { byId, make } from "../dom.js";
import * as format from "../format.js";
import { options } from "../options.js";
import { isBookOnly } from "../panels/missing.js";
import { PANELS, table } from "../panels/registry.js";
import { explained } from "../words.js";
import * as write from "../write.js";
import * as chart from "./chart.js";
import * as ranges from "./ranges.js";
/** @import { ChartPanel, Row } from "../types.d.ts" */

let built = false;
/* The layers with cells of their own, and their panels. */
const LAYERS = PANELS.flatMap(({ id, layers }) =>
  layers.flatMap(({ readout, when }) => (readout ? [{ panel: id, readout, when }] : [])),
);

/** The group that a panel's cells stand in: its own, or that of the panel it is a part of.
 * @param {ChartPanel} panel */
const groupOf = ({ id, partOf }) => `read-${partOf ?? id}`;

/** The cells of a group, empty.
 * @param {string} group
 * @param {{ id: string, label: string }[]} cells */
const empty = (group, cells) =>
  cells.map(({ id, label }) => make("span", {}, explained(make("label", {}, label), label), make("span", { class: "value", id: `${group}-${id}` })));

/** @param {string} group
 * @param {{ title: string, cells: { id: string, label: string }[] }} readout */
function append(group, { title, cells }) {
  const heading = title ? [explained(make("b", {}, title), title)] : [];
  byId("readout").append(make("div", { class: "group", id: group }, ...heading, ...empty(group, cells)));
}

function build() {
  for (const panel of PANELS) {
    if (panel.partOf) byId(groupOf(panel)).append(...empty(groupOf(panel), panel.readout.cells));
    else append(groupOf(panel), panel.readout);
  }
  for (const { readout } of LAYERS) append(`read-${readout.id}`, readout);
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
    const { cells, direction, isSingle } = panel.readout;
    for (const { id, text } of cells) write.text(`${group}-${id}`, text(row, data.about, options()));
    const isWithout = panel.otherwise !== undefined && !table(data, panel.rows).length && isBookOnly(data);
    if (!panel.partOf) write.hide(group, isWithout || chart.view.collapsed.includes(panel.id) || chart.view.hidden.includes(panel.id));
    if (isSingle) write.mark(group, "single", String(isSingle(options(), data.about)));
    if (direction) write.mark(group, "direction", row ? directionOf(row, direction) : "");
  }
  showLayers(place);
}

/** The values of the layers that are shown.
 * @param {number | null} place */
function showLayers(place) {
  const picture = chart.picture();
  for (const { panel, readout, when } of LAYERS) {
    const group = `read-${readout.id}`;
    const isShown = picture !== null && (!when || when(options(), picture.data)) && ![...chart.view.collapsed, ...chart.view.hidden].includes(panel);
    write.hide(group, !isShown);
    if (isShown) for (const { id, text } of readout.cells) write.text(`${group}-${id}`, text(picture, place));
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
