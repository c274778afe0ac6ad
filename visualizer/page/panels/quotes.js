/* The best bid and ask at the end of each bar, and the mid between them, as a layer of the price; all that there is of it without
   trades. Pure. */
import { line } from "../draw/commands.js";
import * as format from "../format.js";
import { token } from "../tokens.js";
import { extent, padded } from "./extent.js";
import { isBookOnly } from "./missing.js";
/** @import { About, Command, Layer, Picture, QuotesRow, Row, Scale, Span } from "../types.d.ts" */

const LINE_PX = 1.25;

/** Between the best prices; null where a side is empty.
 * @param {QuotesRow} row
 * @returns {number | null} */
const midOf = ([, bid, ask]) => (bid === null || ask === null ? null : (bid + ask) / 2);

/** The span of both prices in some rows.
 * @param {readonly Row[]} rows
 * @returns {Span | null} */
export function quotesExtent(rows) {
  const found = [extent(rows, 1, 1), extent(rows, 2, 2)].flatMap((span) => span ?? []);
  return found.length ? padded([Math.min(...found), Math.max(...found)]) : null;
}

/** @param {Picture} picture
 * @param {Scale} scale
 * @returns {Command[]} */
function commands(picture, scale) {
  const rows = picture.rows("quotes");
  const mids = rows.map((row) => /** @type {Row} */ ([row[0], midOf(row)]));
  return [
    ...line(mids, 1, scale, { colour: token("axis-text"), width: LINE_PX }),
    ...line(rows, 1, scale, { colour: token("up"), width: LINE_PX }),
    ...line(rows, 2, scale, { colour: token("down"), width: LINE_PX }),
  ];
}

/** @param {Picture} picture
 * @param {number | null} place */
const rowAt = ({ data }, place) => data.quotes.find((row) => row[0] === place);

/** A mid, which has a decimal more than prices where it needs one.
 * @param {number | null} mid
 * @param {About | null} about */
function midText(mid, about) {
  const decimals = format.priceDecimals(about);
  return format.between(mid, decimals);
}

/** @type {Layer} */
export const quotes = {
  views: ["quotes"],
  when: (options, data) => options.quotes || isBookOnly(data),
  commands,
  note: ({ data }) => (data.quotes.length ? "best bid, ask and mid" : ""),
  readout: {
    id: "quotes",
    title: "",
    cells: [
      { id: "bid", label: "bid", text: (picture, place) => format.price(rowAt(picture, place)?.[1], picture.data.about) },
      { id: "ask", label: "ask", text: (picture, place) => format.price(rowAt(picture, place)?.[2], picture.data.about) },
      {
        id: "mid",
        label: "mid",
        text: (picture, place) => {
          const row = rowAt(picture, place);
          return midText(row ? midOf(row) : null, picture.data.about);
        },
      },
    ],
  },
};
