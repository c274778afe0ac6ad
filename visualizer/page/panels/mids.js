/* Mid and weighted mid at the end of each bar, as lines over the price. Pure. */
import { line } from "../draw/commands.js";
import * as format from "../format.js";
import { token } from "../tokens.js";
import { closeOf, measureOf } from "./measure-list.js";
/** @import { About, Layer, Options, Picture } from "../types.d.ts" */

const LINE_PX = 1.5;
const FINER = 2; // decimals that a mean of prices has more than they
const LINES = [
  { id: "mid", label: "mid", column: closeOf(measureOf("mid", null)), colour: () => token("mid-price"), shown: ["mid", "both"] },
  { id: "weighted", label: "weighted", column: closeOf(measureOf("weighted_mid", null)), colour: () => token("weighted-mid"), shown: ["weighted", "both"] },
];
/** @type {Readonly<Record<Options["mids"], string>>} */
const NOTES = { off: "", mid: "mid", weighted: "weighted mid", both: "mid, weighted mid" };

/** @param {Picture} picture
 * @param {number | null} place
 * @param {number} column
 * @param {About | null} about */
function valueAt({ data }, place, column, about) {
  const row = data.measures.find((each) => each[0] === place);
  const decimals = format.priceDecimals(about);
  return format.exact(row?.[column], decimals === null ? null : decimals + FINER);
}

/** @type {Layer} */
export const mids = {
  views: ["measures"],
  when: (options) => options.mids !== "off",
  commands: ({ rows, options }, scale) =>
    LINES.filter(({ shown }) => shown.includes(options.mids)).flatMap(({ column, colour }) =>
      line(rows("measures"), column, scale, { colour: colour(), width: LINE_PX }),
    ),
  note: ({ options }) => NOTES[options.mids],
  readout: {
    id: "mids",
    title: "Middle",
    cells: LINES.map(({ id, label, column }) => ({
      id,
      label,
      text: (picture, place) => valueAt(picture, place, column, picture.data.about),
    })),
  },
};
