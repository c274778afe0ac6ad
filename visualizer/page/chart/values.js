/* The values of the chart's panels: which can be drawn at, what they are to drawings, and how they are told. */
import { pixelSteps } from "../draw/steps.js";
import { options } from "../options.js";
import { PANELS } from "../panels/registry.js";
import * as chart from "./chart.js";
import { belonging, panelOf } from "./belonging.js";
import { described } from "./drawings/described.js";
import { measured, told, valueText } from "./drawings/measure.js";
/** @import { ChartPanel, Drawing, Steps } from "../types.d.ts" */

/** @param {string} id
 * @returns {ChartPanel} */
export const panelBy = (id) => PANELS[PANELS.findIndex((panel) => panel.id === id)];

/** The values that can be drawn at in a panel, and so much as a pixel of it is high.
 * @param {string} id
 * @returns {{ steps: Steps | null, perPixel: number }} */
export function stepsOf(id) {
  const axis = chart.axisOf(id);
  const perPixel = axis ? (axis.y[1] - axis.y[0]) / axis.box.height : 0;
  const own = panelBy(id).axis.steps;
  return { steps: own ? own(chart.data().about, options(), perPixel) : pixelSteps(perPixel), perPixel };
}

/** Which drawings are those of a panel as that is now.
 * @param {ChartPanel} panel */
export const ofPanel = (panel) => belonging(panel, options(), chart.data().about);

/** Whether the panel of a drawing is shown, and shows what the drawing belongs to.
 * @param {Drawing} drawing */
export const isShown = (drawing) => chart.hasValues(panelOf(drawing)) && ofPanel(panelBy(panelOf(drawing)))(drawing);

/** @param {number} ms */
export const timeText = (ms) => chart.label(chart.timeline().place(ms));

/** A value that something is drawn at.
 * @param {string} id of the panel
 * @param {number} value */
export function textOf(id, value) {
  const { about } = chart.data();
  return valueText(value, panelBy(id).axis.drawn?.(options(), about) ?? {}, about);
}

/** @param {string} id */
export const nameOf = (id) => panelBy(id).name;

/** A drawing in words.
 * @param {Drawing} drawing */
export function words(drawing) {
  const id = panelOf(drawing);
  const values = panelBy(id).axis.drawn?.(options(), chart.data().about) ?? {};
  const picture = chart.picture();
  return described(drawing, {
    panel: nameOf(id),
    time: timeText,
    value: (price) => textOf(id, price),
    said: (points) => (picture ? told(measured(picture, points, values)) : []),
  });
}
