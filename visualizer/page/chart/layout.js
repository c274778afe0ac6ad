/* Where everything stands in the chart: the panels one below the other, prices right of them, times below. Pure. */
import { arranged, boundaries, domains } from "../panels/heights.js";
import { scale } from "../draw/scale.js";
/** @import { ChartPanel, Layout, Pointed, Size, Span } from "../types.d.ts" */

/** The boxes of the panels in a chart of a size. A cell is a panel's box and its share of the gaps beside it. Hidden panels are
 * above the chart and have no height.
 * @param {readonly ChartPanel[]} all
 * @param {Size} size
 * @param {string[]} collapsed
 * @param {{ right: number, bottom: number }} margin for the labels
 * @param {{ order?: readonly string[], heights?: Readonly<Record<string, number>>, fixed?: Readonly<Record<string, number>> }} [chosen]
 * the panels that are shown, from the top; shares of the height in the place of their own; `fixed` are heights in pixels
 * @returns {Layout} */
export function layout(all, { width, height, ratio }, collapsed, { right, bottom }, { order = all.map(({ id }) => id), heights = {}, fixed = {} } = {}) {
  const panels = arranged(all, order, heights);
  const plot = { left: 0, top: 0, width: Math.max(1, width - right), height: Math.max(1, height - bottom) };
  /** @param {number} share of the height, from below */
  const y = (share) => Math.round(plot.height * (1 - share));
  const shares = domains(panels, collapsed, plot.height, fixed);
  const rules = boundaries(panels, collapsed, plot.height, fixed).map(y);
  const boxes = shares.map(([low, high]) => ({ ...plot, top: y(high), height: Math.max(1, y(low) - y(high)) }));
  const edges = [0, ...shares.slice(1).map(([, high], index) => y((high + shares[index][0]) / 2)), plot.height];
  const placed = panels.map(({ id }, index) => ({
    id,
    box: boxes[index],
    cell: { left: 0, top: edges[index], width, height: edges[index + 1] - edges[index] },
    rule: rules.find((rule) => rule > edges[index] && rule <= edges[index + 1]) ?? null,
  }));
  const nowhere = { left: 0, top: -1000, width: plot.width, height: 0 };
  const places = all.map(({ id }) => placed.find((place) => place.id === id) ?? { id, box: nowhere, cell: nowhere, rule: null });
  return { width, height, ratio, plot, panels: places, times: { left: 0, top: plot.height, width, height: height - plot.height } };
}

/** How a panel's values lie in its box; `y` is undefined where it has none.
 * @param {Layout} made
 * @param {number} index
 * @param {Span} x
 * @param {Span | undefined} y
 * @param {number} step */
export const scaleOf = ({ panels, ratio }, index, x, y, step) => scale({ x, y: y ?? [0, 1], box: panels[index].box, step, ratio });

/** What a point of the chart is over.
 * @param {Layout} made
 * @param {readonly ChartPanel[]} panels
 * @param {Span} span in view along the axis
 * @param {{ x: number, y: number }} point
 * @returns {Pointed} */
export function pointed({ plot, panels: placed }, panels, span, { x, y }) {
  const index = placed.findIndex(({ box }) => y >= box.top && y <= box.top + box.height);
  const perPixel = (span[1] - span[0]) / plot.width;
  return {
    x,
    y,
    panel: panels[index] ?? null,
    index,
    zone: x >= 0 && x <= plot.width ? "plot" : x > plot.width ? "scale" : null,
    along: span[0] + x * perPixel,
    perPixel,
  };
}
