/* Alerts over the price: a ring at the bar in which each became known, at the price of the last trade. Pure. */
import { token } from "../tokens.js";
import { barAt } from "./bubbles.js";
/** @import { Layer } from "../types.d.ts" */

const [TIME, , , , PRICE] = /** @type {const} */ ([0, 1, 2, 3, 4]);
const RING_PX = 5;
const DOT_PX = 1.5;
const LINE_PX = 1.5;

/** @type {Layer} */
export const alertMarks = {
  views: ["alerts", "ohlc"],
  when: (options, { about }) => options.alerts && Boolean(about?.alerts?.length),
  commands({ data, rows, place, step }, { toX, toY }) {
    const bars = rows("ohlc");
    // Those of one bar and price would cover each other.
    const points = new Map(
      data.alerts.flatMap((row) => {
        const at = row[PRICE] === null ? null : barAt(bars, place(row[TIME]), step);
        return at === null || row[PRICE] === null ? [] : [[`${at} ${row[PRICE]}`, [toX(at), toY(row[PRICE])]]];
      }),
    );
    if (!points.size) return [];
    const colour = token("amber");
    /** @param {number} radius */
    const circles = (radius) => [...points.values()].flatMap(([x, y]) => [x, y, radius]);
    return [
      { kind: "circles", colour, circles: circles(RING_PX), width: LINE_PX },
      { kind: "circles", colour, circles: circles(DOT_PX) },
    ];
  },
};
