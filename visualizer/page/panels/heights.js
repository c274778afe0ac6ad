/* What part of the chart's height each panel gets: one without data gives its own up to the others, but for a line that
   says why. Pure: panels and a height in, shares of the height out. */
/** @import { ChartPanel, Missing, Span } from "../types.d.ts" */

const GAP = 0.01;
const STRIP_PX = 22;
const MOST_STRIP = 0.1;
const SLIVER = 0.001;
const MOST_FIXED = 0.4;
export const LEAST_PX = 28; // that a panel can be dragged to

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

/** The panels in an order, with the shares that their user has chosen. Those that are not named are not there.
 * @param {readonly ChartPanel[]} all
 * @param {readonly string[]} order
 * @param {Readonly<Record<string, number>>} heights
 * @returns {ChartPanel[]} */
export const arranged = (all, order, heights) =>
  order.flatMap((id) => all.filter((panel) => panel.id === id).map((panel) => ({ ...panel, share: heights[id] ?? panel.share })));

/** Where a panel ends, in pixels from the top.
 * @param {readonly ChartPanel[]} panels
 * @param {string[]} collapsed
 * @param {number} heightPx
 * @param {{ fixed: Readonly<Record<string, number>>, above: string }} which */
export function borderPx(panels, collapsed, heightPx, { fixed, above }) {
  const at = panels.findIndex(({ id }) => id === above);
  return (1 - domains(panels, collapsed, heightPx, fixed)[at][0]) * heightPx;
}

/** The shares of two panels after the border between them has moved down by so many pixels, with those of others; no panel gets lower
 * than it can be read. Nothing moves where there is no room.
 * @param {readonly ChartPanel[]} panels as they are arranged
 * @param {string[]} collapsed
 * @param {number} heightPx
 * @param {{ fixed: Readonly<Record<string, number>>, above: string, below: string, px: number }} how
 * @returns {Record<string, number>} */
export function resized(panels, collapsed, heightPx, { fixed, above, below, px }) {
  const heightOf = Object.fromEntries(domains(panels, collapsed, heightPx, fixed).map(([low, high], index) => [panels[index].id, (high - low) * heightPx]));
  const shared = panels.find(({ id }) => !collapsed.includes(id) && !(id in fixed));
  const perShare = shared ? heightOf[shared.id] / shared.share : heightPx;
  const [least, most] = [LEAST_PX - heightOf[above], heightOf[below] - LEAST_PX];
  const by = least > most ? 0 : Math.max(least, Math.min(most, px));
  /** @param {number} height */
  const share = (height) => Number((height / perShare).toPrecision(4));
  return { [above]: share(heightOf[above] + by), [below]: share(heightOf[below] - by) };
}
