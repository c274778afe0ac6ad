/* Events over the price and the CVD: a mark at the bar in which each became known. Pure. */
import { rects } from "../draw/commands.js";
import { token } from "../tokens.js";
import { barAt } from "./bubbles.js";
/** @import { Command, EventRow, Layer, Picture, Scale } from "../types.d.ts" */

const [TIME, KIND, SIDE, PRICE, , FROM, DETAIL] = /** @type {const} */ ([0, 1, 2, 3, 4, 5, 6]);
const CVD_CLOSE = 8;
const ARM_PX = 4;
const LINE_PX = 1.5;
const WALL_PX = 2;
const END_PX = 5;

/** The events of a kind that is marked and whose bar is in view, each with that bar's place and the one where it started,
 * or the first in view.
 * @param {Picture} picture
 * @param {string} kind */
function marked({ data, rows, place, step, options }, kind) {
  if (!options.events.includes(kind)) return [];
  const bars = rows("ohlc");
  /** @param {number} ms */
  const bar = (ms) => barAt(bars, place(ms), step);
  return data.events.flatMap((row) => {
    // What becomes known at a bar's end is drawn at that bar.
    const at = row[KIND] === kind ? bar(row[KIND] === "divergence" ? row[TIME] - 1 : row[TIME]) : null;
    return at === null ? [] : [{ row, at, from: bar(row[FROM]) ?? Math.min(at, bars[0][0]) }];
  });
}

/** Lines of one colour, each from point to point; none where there are none.
 * @param {string} colour
 * @param {number[][]} lines
 * @returns {Command[]} */
const strokes = (colour, lines) =>
  lines.length
    ? [{ kind: "polyline", colour, width: LINE_PX, points: lines.flatMap((each) => [...each, Number.NaN, Number.NaN]) }]
    : [];

/** Two lines that meet at a point above (1) or below (-1).
 * @param {number} x
 * @param {number} y
 * @param {1 | -1} way */
const chevrons = (x, y, way) => [0, way * ARM_PX].map((shift) => [
  ...[x - ARM_PX, y + shift + way * ARM_PX, x, y + shift],
  ...[x + ARM_PX, y + shift + way * ARM_PX],
]);

/** @param {number} x
 * @param {number} y */
const diamond = (x, y) => [x, y - ARM_PX - 1, x + ARM_PX + 1, y, x, y + ARM_PX + 1, x - ARM_PX - 1, y, x, y - ARM_PX - 1];

/** In the colours of the sides: what is bought, at the bid, or at a low; the opposite; and the rest.
 * @param {(sides: readonly string[], colour: string) => Command[]} of */
const bySide = (of) => [
  ...of(["buy", "bid", "low"], token("bubble-buy")),
  ...of(["sell", "ask", "high"], token("bubble-sell")),
  ...of(["unknown"], token("bubble-unknown")),
];

/** @param {Picture} picture
 * @param {Scale} scale
 * @returns {Command[]} */
function walls(picture, { toX, toY }) {
  const found = marked(picture, "wall");
  return bySide((sides, colour) => {
    const list = found.filter(({ row }) => sides.includes(row[SIDE]));
    const lines = list.flatMap(({ row, at, from }) => [toX(from), toY(row[PRICE]) - WALL_PX / 2, Math.max(WALL_PX, toX(at) - toX(from)), WALL_PX]);
    // A square where it was taken, a bar across where it was taken away; one that fades just ends.
    const ends = list.flatMap(({ row, at }) => {
      const [x, y] = [toX(at), toY(row[PRICE])];
      if (row[DETAIL] === "consumed") return [x - END_PX / 2, y - END_PX / 2, END_PX, END_PX];
      return row[DETAIL] === "pulled" ? [x - 1, y - END_PX, 2, 2 * END_PX] : [];
    });
    return rects(colour, [...lines, ...ends]);
  });
}

/** @type {Layer} */
export const eventMarks = {
  views: ["events", "ohlc"],
  when: (options) => options.events.length > 0,
  commands(picture, scale) {
    const { toX, toY } = scale;
    const [sweeps, absorbed, diverging] = ["sweep", "absorption", "divergence"].map((kind) => marked(picture, kind));
    /** @param {ReturnType<typeof marked>} found
     * @param {(row: EventRow, x: number, y: number, from: number) => number[][]} shape */
    const drawn = (found, shape) =>
      bySide((sides, colour) => {
        const list = found.filter(({ row }) => sides.includes(row[SIDE]));
        return strokes(colour, list.flatMap(({ row, at, from }) => shape(row, toX(at), toY(row[PRICE]), toX(from))));
      });
    return [
      ...walls(picture, scale),
      ...drawn(sweeps, (row, x, y) => chevrons(x, y, row[SIDE] === "sell" ? -1 : 1)),
      ...drawn(absorbed, (_, x, y) => [diamond(x, y)]),
      ...drawn(diverging, (_, x, y, from) => [[from, y, x, y], [x, y - ARM_PX, x, y + ARM_PX]]),
    ];
  },
};

/** The CVD at the pivot of each divergence, to where it became known.
 * @type {Layer} */
export const divergencesOfCvd = {
  views: ["events", "ohlc", "metrics"],
  when: (options) => options.events.includes("divergence"),
  commands(picture, { toX, toY }) {
    const closes = new Map(picture.rows("metrics").map((row) => [row[0], row[CVD_CLOSE]]));
    const found = marked(picture, "divergence");
    return bySide((sides, colour) =>
      strokes(
        colour,
        found.flatMap(({ row, at, from }) => {
          const close = closes.get(from);
          if (!sides.includes(row[SIDE]) || close === undefined || close === null) return [];
          const y = toY(close);
          return [[toX(from), y, toX(at), y], [toX(at), y - ARM_PX, toX(at), y + ARM_PX]];
        }),
      ),
    );
  },
};
