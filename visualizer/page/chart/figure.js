/* The chart in Plotly's terms: the figure without data, and what changes in it for a view of the data. */
import * as findings from "../findings.js";
import { PANELS } from "../panels/registry.js";
import { boundaries, domains } from "../panels/heights.js";
import * as plot from "../plot.js";
import { token } from "../tokens.js";
import * as bars from "./bars.js";
import * as ranges from "./ranges.js";
/** @import { Graph, Row, Span, State, Timeline, View } from "../types.d.ts" */

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const TIME_FORMATS = [
  { dtickrange: [null, SECOND_MS], value: "%H:%M:%S.%L" },
  { dtickrange: [SECOND_MS, MINUTE_MS], value: "%H:%M:%S" },
  { dtickrange: [MINUTE_MS, DAY_MS], value: "%H:%M\n%d %b %Y" },
  { dtickrange: [DAY_MS, null], value: "%d %b\n%Y" },
];
const BEYOND = 10;

let drawnShapes = "";
/** @type {{ key: string, shapes: object[], text: string }} */
let marks = { key: "", shapes: [], text: "" };
let drawnHeights = "";

/** All panels over one time axis, without data. */
export function figure() {
  const lowest = PANELS[PANELS.length - 1];
  /** @type {Record<string, unknown>} */
  const layout = {
    ...plot.layout(),
    dragmode: "pan",
    xaxis: plot.axis({
      type: "date",
      anchor: plot.short(lowest.yaxis),
      rangeslider: { visible: false },
      tickformatstops: TIME_FORMATS,
      ticklabeloverflow: "hide past div",
    }),
  };
  const heights = domains(PANELS, [], 1);
  PANELS.forEach((panel, index) => {
    layout[panel.yaxis] = plot.axis({ domain: heights[index], anchor: "x", side: "right", fixedrange: true, ...panel.axis });
  });
  const data = PANELS.flatMap(({ yaxis, traces }) => traces().map((trace) => ({ ...trace, yaxis: plot.short(yaxis) })));
  return { data, layout };
}

/** The rows near the view, and two far beyond it, one step apart: from the smallest distance of two bars Plotly
 * takes how wide a candle is, and there may be one bar only, or none without a gap beside it.
 * @template {Row} R
 * @param {readonly R[]} rows
 * @param {Span | null} view
 * @param {number} step
 * @param {number} margin
 * @returns {{ rows: R[], padded: R[] }} */
function near(rows, view, step, margin) {
  if (!view) return { rows: [], padded: [] };
  const span = view[1] - view[0];
  const kept = ranges.visible(rows, [view[0] - margin * span, view[1] + margin * span], step);
  const last = kept[kept.length - 1];
  if (!last) return { rows: kept, padded: kept };
  const beyond = last[0] + Math.ceil((BEYOND * span) / step) * step;
  /** @param {number} place */
  const pad = (place) => bars.moved(last, place);
  return { rows: kept, padded: [...kept, pad(beyond), pad(beyond + step)] };
}

/** What changes in the traces, per attribute one value for each, as Plotly.update wants it.
 * @param {View} view
 * @param {State} data
 * @param {number} step
 * @param {number} margin how much is drawn on either side of the view, as a share of it */
export function tracesUpdate(view, data, step, margin) {
  const list = PANELS.flatMap(({ id, rows: table, columns }) => {
    /** @type {readonly Row[]} */
    const rows = view.collapsed.includes(id) ? [] : data[table];
    return columns({ ...near(rows, view.x, step, margin), step, cvdLine: view.cvdLine });
  });
  /** @type {Record<string, unknown[]>} */
  const update = {};
  list.forEach((trace, index) => {
    for (const [name, value] of Object.entries(trace)) {
      update[name] ||= new Array(list.length).fill(undefined);
      update[name][index] = value;
    }
  });
  return update;
}

/** What changes in the layout with every drawing.
 * @param {Graph} gd
 * @param {View} view
 * @param {State} data
 * @param {Timeline} timeline */
export function layoutUpdate(gd, view, data, timeline) {
  // New columns would make Plotly guess the axes' types again.
  /** @type {Record<string, unknown>} */
  const update = { "xaxis.type": "date", "xaxis.showticklabels": view.x !== null, ...timeTicks(gd, view.x, timeline) };
  if (view.x) update["xaxis.range"] = view.x.slice();
  for (const { id, yaxis, ticks } of PANELS) {
    const range = view.y[id];
    const given = {
      type: "linear",
      showticklabels: Boolean(range) && !view.collapsed.includes(id),
      fixedrange: !view.scaled[id],
      ...(range && { range: range.slice() }),
      ...ticks?.(range, data.about),
    };
    for (const [name, value] of Object.entries(given)) update[`${yaxis}.${name}`] = value;
  }
  return update;
}

/** Labels where the timeline says, or where Plotly finds round times.
 * @param {Graph} gd
 * @param {Span | null} view
 * @param {Timeline} timeline */
function timeTicks(gd, view, timeline) {
  const own = view && timeline.ticks(view, (view[1] - view[0]) / gd._fullLayout.xaxis._length);
  if (!own) return { "xaxis.tickmode": "auto" };
  return { "xaxis.tickmode": "array", "xaxis.tickvals": own.places, "xaxis.ticktext": own.texts };
}

/** What the report locates, as shapes.
 * @param {View} view
 * @param {State} data
 * @param {Timeline} timeline */
function shaded(view, data, timeline) {
  const key = view.shaded && data.report ? `${data.crc32.report} ${timeline.step} ${timeline.key}` : "";
  if (key !== marks.key) {
    const shapes = key ? findings.shapes(data.report, timeline) : [];
    marks = { key, shapes, text: JSON.stringify(shapes) };
  }
  return marks;
}

/** What hardly ever changes and costs a whole drawing: the heights of the panels, the lines between them, and the shapes
 * of what the report locates.
 * @param {Graph} gd
 * @param {View} view
 * @param {State} data
 * @param {Timeline} timeline */
export function rareLayoutUpdate(gd, view, data, timeline) {
  const { collapsed } = view;
  /** @type {Record<string, unknown>} */
  const update = {};
  const { t: top, b: bottom } = gd._fullLayout.margin;
  const heightPx = gd._fullLayout.height - top - bottom;
  const heights = collapsed.length ? `${collapsed} ${heightPx}` : "";
  const { shapes, text } = shaded(view, data, timeline);
  const shapesKey = `${heights} ${text}`;
  if (heights !== drawnHeights) {
    const shares = domains(PANELS, collapsed, heightPx);
    PANELS.forEach(({ id, yaxis, axis }, index) => {
      update[`${yaxis}.domain`] = shares[index];
      update[`${yaxis}.showgrid`] = !collapsed.includes(id);
      update[`${yaxis}.zeroline`] = !collapsed.includes(id) && Boolean(axis.zeroline);
    });
    drawnHeights = heights;
  }
  if (shapesKey !== drawnShapes) {
    const line = { color: token("panel-rule"), width: 1 };
    const rules = boundaries(PANELS, collapsed, heightPx).map((y) => ({
      type: "line",
      xref: "paper",
      yref: "paper",
      x0: 0,
      x1: 1,
      y0: y,
      y1: y,
      line,
      layer: "below",
    }));
    update.shapes = [...rules, ...shapes];
    drawnShapes = shapesKey;
  }
  return update;
}
