/* To which panel a drawing belongs, and to what that shows where the options choose it: it is seen there alone. Pure. */
import { USUAL_PANEL } from "./kinds.js";
/** @import { About, ChartPanel, Drawing, Drawings, Options } from "../../types.d.ts" */
/** @typedef {Pick<ChartPanel, "id" | "axis">} Panel */

/** @param {Pick<Drawing, "panel">} drawing */
export const panelOf = ({ panel }) => panel ?? USUAL_PANEL;

/** What of a new drawing says where it belongs; nothing in the panel of the price.
 * @param {Panel} panel
 * @param {Readonly<Options>} options
 * @param {About | null} about
 * @returns {Pick<Drawing, "panel" | "measure">} */
export function belongingTo({ id, axis }, options, about) {
  const measure = axis.drawn?.(options, about).measure;
  return { ...(id === USUAL_PANEL ? {} : { panel: id }), ...(measure === undefined ? {} : { measure }) };
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
