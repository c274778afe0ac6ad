/* What part of the chart's height each panel gets: one without data gives its own up to the others, but for a line that
   says why. Pure: panels and a height in, shares of the height out. */
/** @import { ChartPanel, Missing, Span } from "../types.d.ts" */

const GAP = 0.01;
const STRIP_PX = 22;
const MOST_STRIP = 0.1;
const SLIVER = 0.001;
const MOST_FIXED = 0.4;

/** The ids of the panels that are but a line: a dataset without trades, or without a book.
 * @param {readonly ChartPanel[]} panels
 * @param {Missing} missing */
export function collapsedPanels(panels, missing) {
  if (!missing.settled || Boolean(missing.trades) === Boolean(missing.book)) return [];
  return panels.filter(({ needs }) => missing[needs]).map(({ id }) => id);
}

/** Per panel its part of the height, from the bottom, as shares of it.
 * @param {readonly ChartPanel[]} panels
 * @param {string[]} collapsed
 * @param {number} heightPx
 * @param {Readonly<Record<string, number>>} [fixed] by panel, heights in pixels
 * @returns {Span[]} */
export function domains(panels, collapsed, heightPx, fixed = {}) {
  const strip = Math.min(MOST_STRIP, STRIP_PX / Math.max(heightPx, 1));
  /** @param {ChartPanel} panel */
  const line = ({ partOf }) => (partOf && collapsed.includes(partOf) ? SLIVER : strip); // a part is told in the line of its whole
  const isLine = panels.map(({ id }) => collapsed.includes(id));
  const kept = panels.map(({ id }, index) => (isLine[index] ? 0 : (fixed[id] ?? 0) / Math.max(heightPx, 1)));
  const most = Math.min(1, MOST_FIXED / Math.max(1e-9, kept.reduce((sum, part) => sum + part, 0)));
  const asked = panels.reduce((sum, { id, share }, index) => sum + (isLine[index] || id in fixed ? 0 : share), 0);
  const taken = panels.reduce((sum, panel, index) => sum + (isLine[index] ? line(panel) : kept[index] * most), 0);
  const room = 1 - GAP * (panels.length - 1) - taken;
  let top = 1;
  return panels.map((panel, index) => {
    const height = isLine[index] ? line(panel) : panel.id in fixed ? kept[index] * most : (panel.share / asked) * room;
    /** @type {Span} */
    const domain = [Math.max(0, top - height), top];
    top -= height + GAP;
    return domain;
  });
}

/** Where lines part the panels; a line on its own is not parted from its part.
 * @param {readonly ChartPanel[]} panels
 * @param {string[]} collapsed
 * @param {number} heightPx
 * @param {Readonly<Record<string, number>>} [fixed] */
export function boundaries(panels, collapsed, heightPx, fixed = {}) {
  const parted = domains(panels, collapsed, heightPx, fixed).filter((_, index) => {
    const below = panels[index + 1];
    return !(below?.partOf && collapsed.includes(below.partOf) && collapsed.includes(below.id));
  });
  return parted.map(([low]) => low - GAP / 2).filter((height) => height > 0);
}
