/* The canvas of the chart: each panel is drawn again only where its data, its range or its place has changed. */
import { surface } from "../draw/surface.js";
import * as findings from "../findings.js";
import { collapsedPanels } from "../panels/heights.js";
import { BAR_TABLES, PANELS, layersOf, placesOf, table } from "../panels/registry.js";
import * as clockZone from "../playback/clock-zone.js";
import { edition, pixels } from "../tokens.js";
import * as frame from "../draw/frame.js";
import { options } from "../options.js";
import * as cells from "./cells.js";
import { belonging, partOf } from "./belonging.js";
import { current as drawings } from "./drawings/kept.js";
import * as placing from "./layout.js";
import * as ranges from "./ranges.js";
/** @import { Band, Box, ChartPanel, Drawings, Group, Layout, Missing, Picture, Row, Scale, Span, State, Surface, Timeline, View } from "../types.d.ts" */

/** @type {Surface | null} */
let paper = null;
/** @type {Layout} */
let layout = placing.layout(PANELS, { width: 1, height: 1, ratio: 1 }, [], { right: 0, bottom: 0 });
/** @type {Scale[]} */
let scales = [];
/** @type {Map<string, readonly unknown[]>} */
const painted = new Map(); // by part, what it was drawn from
/** @type {Map<string, number>} */
const paints = new Map(); // by part, how often it was drawn
/** @type {Map<string, Group[]>} */
const groups = new Map(); // by part, what it was drawn with
/** @type {Map<string, { from: readonly unknown[], part: Readonly<Drawings> }>} */
const drawnOver = new Map(); // by panel, what the user has drawn there, and what that was found from
/** @type {State | null} */
let shown = null;
/** @type {Span | null} */
let span = null;
/** @type {Timeline | null} */
let axis = null;
/** @type {ReturnType<typeof cells.timeLabels>} */
let labels = [];
/** @type {Map<string, readonly Row[]>} */
let near = new Map(); // by table, the rows in view and one more on each side
/** @type {Picture | null} */
let picture = null; // what the layers were drawn from
/** @type {{ key: string, bands: Band[] }} */
let marks = { key: "", bands: [] };
/** @type {{ key: readonly unknown[], ticks: ReturnType<Timeline["ticks"]> }} */
let ticked = { key: [], ticks: { places: [], texts: [] } };

/** Whether the canvas is there; `ready` is called once it is.
 * @param {() => void} ready */
export function isReady(ready) {
  if (!paper) {
    const canvas = /** @type {HTMLCanvasElement | null} */ (document.getElementById("chart"));
    if (!canvas) return false;
    paper = surface(canvas, resized);
    ready();
  }
  return paper.size.width > 0 && !document.hidden;
}

function resized() {
  painted.clear(); // a canvas of another size is empty
  frame.redraw();
}

/** The ids of the panels that are but a line.
 * @param {Missing} missing */
export const collapsed = (missing) => collapsedPanels(PANELS, missing);

/** @param {readonly unknown[]} one
 * @param {readonly unknown[] | undefined} other */
const same = (one, other) => other !== undefined && one.length === other.length && one.every((value, index) => Object.is(value, other[index]));

/** Draws a part in its area, unless it is drawn from the same already, and in the same looks.
 * @param {string} name
 * @param {readonly unknown[]} inputs
 * @param {Box} area
 * @param {() => Group[]} make */
function part(name, inputs, area, make) {
  const from = [...inputs, edition()];
  if (same(from, painted.get(name))) return;
  painted.set(name, from);
  paints.set(name, (paints.get(name) ?? 0) + 1);
  const made = make();
  groups.set(name, made);
  paper?.paint(area, made);
}

/** @param {View} view
 * @param {State} data
 * @param {Timeline} timeline */
function bands(view, data, timeline) {
  const key = view.shaded && data.report ? `${data.crc32.report} ${timeline.step} ${timeline.key}` : "";
  if (key !== marks.key) marks = { key, bands: key ? findings.bands(data.report, timeline) : [] };
  return marks.bands;
}

/** @param {Timeline} timeline
 * @param {Span} x
 * @param {number} width */
function ticks(timeline, x, width) {
  const zone = clockZone.current();
  const key = [timeline.key, timeline.step, ...x, width, zone];
  if (!same(key, ticked.key)) ticked = { key, ticks: timeline.ticks(x, (x[1] - x[0]) / width, zone) };
  return ticked.ticks;
}

/** What the user has drawn over a panel.
 * @param {ChartPanel} panel
 * @param {Picture["options"]} chosen
 * @param {State["about"]} about */
function overPanel(panel, chosen, about) {
  const all = drawings();
  const from = [all, chosen, about];
  const before = drawnOver.get(panel.id);
  if (before && same(from, before.from)) return before.part;
  const found = partOf(all, belonging(panel, chosen, about), before?.part);
  drawnOver.set(panel.id, { from, part: found });
  return found;
}

/** `data` has places for times; `given` is the same as it came, by which a change is seen.
 * @param {View} view
 * @param {{ data: State, given: State, timeline: Timeline, label: Picture["label"] }} held */
export function draw(view, { data, given, timeline, label }) {
  if (!paper) return;
  const { width, height, ratio } = paper.size;
  const chosen = options();
  const margin = { right: pixels("price-axis-width"), bottom: pixels("time-axis-height") };
  layout = placing.layout(PANELS, paper.size, view.collapsed, margin, placesOf(chosen));
  const x = view.x ?? /** @type {Span} */ ([0, 1]);
  const found = view.x ? ticks(timeline, x, layout.plot.width) : { places: [], texts: [] };
  const shade = bands(view, data, timeline);
  near = new Map(BAR_TABLES.map((name) => [name, ranges.around(table(data, name), x, timeline.step)]));
  /** @type {Picture} */
  const from = {
    data,
    cvdLine: view.cvdLine,
    options: chosen,
    place: timeline.place,
    time: timeline.time,
    step: timeline.step,
    label,
    rows: (name) => /** @type {any} */ (near.get(name) ?? []), // as the map was filled
  };
  picture = from;
  scales = PANELS.map(({ id }, index) => placing.scaleOf(layout, index, x, view.y[id], timeline.step));
  const told = chosen.panels.find((id) => !view.collapsed.includes(id)); // of the topmost: how long breaks last
  PANELS.forEach((panel, index) => {
    if (view.hidden.includes(panel.id)) {
      painted.delete(panel.id);
      groups.delete(panel.id);
      return;
    }
    const place = layout.panels[index];
    const isEmpty = !view.x || !view.y[panel.id] || view.collapsed.includes(panel.id);
    const drawnFrom = layersOf(panel, chosen, data).flatMap(({ views }) => views.map((name) => given[name]));
    const { box, rule } = place;
    const over = overPanel(panel, chosen, data.about);
    const measured = over.list.length || over.draft ? given.ohlc : null;
    const inputs = [...drawnFrom, over, measured, data.about, timeline.key, timeline.step, shade, found, view.cvdLine, chosen, isEmpty];
    part(panel.id, [...inputs, ...x, ...scales[index].y, margin.right, width, height, ratio, box.top, box.height, rule], place.cell, () => {
      const { breaks, sessions } = timeline;
      const behind = { bands: shade, columns: found.places, breaks, sessions, isTold: panel.id === told };
      return cells.cell(panel, place, scales[index], { ...from, ...behind, drawings: over, isEmpty });
    });
  });
  labels = view.x ? cells.timeLabels(found, x, layout.plot.width) : [];
  part("times", [found, ...x, width, height, ratio], layout.times, () => cells.times(labels, layout.times));
  shown = data;
  axis = timeline;
  span = view.x;
}

/** @param {Span} x
 * @param {{ x: number, y: number }} point */
export const pointed = (x, point) => placing.pointed(layout, PANELS, x, point);

/** What the layers of a panel say in its title.
 * @param {number} index */
export function notes(index) {
  const from = picture;
  if (!from) return [];
  return layersOf(PANELS[index], from.options, from.data).flatMap(({ note }) => note?.(from, scales[index]) || []);
}

/* All that the canvas shows now. */
export const printed = () => ({ width: layout.width, groups: [...groups.values()].flat() });

/* What the layers were drawn from; null before that. */
export const drawnFrom = () => picture;

/** Where the panels are, and how values lie in them.
 * @returns {{ layout: Layout, scales: Scale[] }} */
export const placed = () => ({ layout, scales });

/* What is drawn now, and from what: by panel its box, the span of its values, its labels and the rows in view. */
export function drawn() {
  const panels = PANELS.map((panel, index) => {
    const { box } = layout.panels[index];
    const { y } = scales[index] ?? { y: [0, 1] };
    const rows = near.get(panel.rows) ?? [];
    const texts = cells.valueLabels(panel, y, box, { about: shown?.about ?? null, options: options() }).map(({ text }) => text);
    return [panel.id, { box, y, rows, labels: texts, paints: paints.get(panel.id) ?? 0 }];
  });
  return {
    generation: shown?.status?.generation ?? null,
    x: span,
    plot: layout.plot,
    times: labels,
    bands: marks.bands,
    breaks: axis?.breaks ?? [],
    panels: Object.fromEntries(panels),
  };
}
