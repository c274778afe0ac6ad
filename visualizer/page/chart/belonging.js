/* To which panel a drawing belongs, and to what that shows where the options choose it: it is seen there alone. Pure. */
import { isMeasure } from "../panels/measure-list.js";
import { PANELS, PRICES } from "../panels/registry.js";
/** @import { About, ChartPanel, Drawing, Drawings, Options } from "../types.d.ts" */
/** @typedef {Pick<ChartPanel, "id" | "axis">} Panel */

/* The panels that can be drawn over, and those of them that show what options choose. */
const DRAWABLE = PANELS.filter(({ axis }) => !axis.rows).map(({ id }) => id);
const MEASURING = PANELS.filter(({ rows }) => rows === "measures").map(({ id }) => id);

/** The panel of a drawing: what names none is drawn over the price.
 * @param {Pick<Drawing, "panel">} drawing */
export const panelOf = ({ panel }) => panel ?? PRICES;

/** Where something that was kept or handed over is drawn, as far as that is told; null where it is nowhere.
 * @param {{ panel?: unknown, measure?: unknown }} told
 * @returns {Pick<Drawing, "panel" | "measure"> | null} */
export function placeOf({ panel = PRICES, measure }) {
  const id = DRAWABLE.find((each) => each === panel);
  if (id === undefined) return null;
  if (MEASURING.includes(id)) return isMeasure(measure) ? { panel: id, measure: String(measure) } : null;
  return id === PRICES ? {} : { panel: id };
}

/** What of a new drawing says where it belongs; nothing in the panel of the price.
 * @param {Panel} panel
 * @param {Readonly<Options>} options
 * @param {About | null} about
 * @returns {Pick<Drawing, "panel" | "measure">} */
export function belongingTo({ id, axis }, options, about) {
  const measure = axis.drawn?.(options, about).measure;
  return { ...(id === PRICES ? {} : { panel: id }), ...(measure === undefined ? {} : { measure }) };
}

/** Which drawings are those of a panel as that is now.
 * @param {Panel} panel
 * @param {Readonly<Options>} options
 * @param {About | null} about
 * @returns {(drawing: Drawing) => boolean} */
export function belonging({ id, axis }, options, about) {
  const measure = axis.drawn?.(options, about).measure;
  return (drawing) => panelOf(drawing) === id && drawing.measure === measure;
}

/** @param {readonly unknown[]} one
 * @param {readonly unknown[]} other */
const isSame = (one, other) => one.length === other.length && one.every((each, index) => each === other[index]);

/** The drawings of a panel; those from before where they are the same, so that it is seen that nothing has changed.
 * @param {Readonly<Drawings>} all
 * @param {(drawing: Drawing) => boolean} isOf
 * @param {Readonly<Drawings>} [before]
 * @returns {Readonly<Drawings>} */
export function partOf({ list, selected, point, draft }, isOf, before) {
  const own = list.filter(isOf);
  const hasSelected = own.some(({ id }) => id === selected);
  const part = { list: own, selected: hasSelected ? selected : null, point: hasSelected ? point : null, draft: draft && isOf(draft) ? draft : null };
  const isAsBefore = before && before.selected === part.selected && before.point === part.point && before.draft === part.draft;
  return isAsBefore && isSame(before.list, part.list) ? before : part;
}
