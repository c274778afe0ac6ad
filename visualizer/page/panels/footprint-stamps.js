/* A bar of a footprint as a stamp: what is drawn of it stays the same while one pans, so it is made once and put where the bar is. Pure. */
import { rects, snapped } from "../draw/commands.js";
import { looks } from "../looks.js";
import { edition, token, translucent } from "../tokens.js";
import { imbalances, pointOfControl, remembered, rule, stacks, unfinished } from "./footprint-bar.js";
import { STRENGTHS } from "./footprint-cells.js";
/** @import { About, Command, FootprintRow, Options, Scale, Stamp } from "../types.d.ts" */
/** @typedef {ReturnType<typeof import("./footprint-cells.js").faceOf>} Face */
/** @typedef {NonNullable<ReturnType<typeof rule>>} Rule */
/** @typedef {ReturnType<typeof marksOf>} Marks */
/** Where the parts of a bar stand, in pixels from its middle.
 * @typedef {{ left: number, candle: number, cells: number, width: number, edge: number }} Columns */
/** What all bars have in common.
 * @typedef {{ options: Readonly<Options>, scale: Scale, columns: Columns, of: ReturnType<typeof colours> }} How */

const NUMBER_PX = 11; // rows are so high where they have numbers
const FRAME_PX = 5; // and so high where a frame is told from its inside
export const STACK_PX = 2;
const UNFINISHED_PX = 4; // above and below a bar
const GROUND = 0.7; // of the page's, between numbers and the heatmap, from which they would not be told
const PLACES = 6; // of pixels
const INDENTS_PX = { left: 3, center: 0, right: -3 };

const marksOf = remembered((_, /** @type {string} */ __, /** @type {Face["bar"]} */ bar, /** @type {Rule} */ given) => {
  const marked = imbalances(bar, given);
  return { ...marked, stacks: [...stacks(bar.numbers, marked.buy, "buy"), ...stacks(bar.numbers, marked.sell, "sell")] };
});
const pointOf = remembered((_, /** @type {number} */ __, /** @type {Face["bar"]} */ bar) => pointOfControl(bar));

/** What is drawn, by kind; a kind has one colour. */
function made() {
  return {
    /** @type {number[][]} */ buy: STRENGTHS.map(() => []),
    /** @type {number[][]} */ sell: STRENGTHS.map(() => []),
    /** @type {number[][]} */ total: STRENGTHS.map(() => []),
    /** @type {number[]} */ ground: [],
    /** @type {number[]} */ point: [],
    /** @type {number[]} */ buyMark: [],
    /** @type {number[]} */ sellMark: [],
    /** @type {number[]} */ unfinished: [],
    /** @type {Record<string, { text: string, x: number, y: number }[]>} */ texts: {},
  };
}

/** @param {number[]} into
 * @param {{ x: number, y: number, width: number, height: number }} box */
function frame(into, { x, y, width, height }) {
  into.push(x, y, width, 1, x, y + height - 1, width, 1, x, y, 1, height, x + width - 1, y, 1, height);
}

/** Acts for each row of a bar that is in view, where it stands.
 * @param {FootprintRow} row
 * @param {Face} face
 * @param {Scale} scale
 * @param {(at: { place: number, y: number, height: number }) => void} act what it is given is another row the next time */
function eachPlaced([, height], { bar: { numbers } }, { toY, box, ratio }, act) {
  const least = 1 / ratio;
  const at = { place: 0, y: 0, height: 0 };
  for (; at.place < numbers.length; at.place += 1) {
    at.y = snapped(toY((numbers[at.place] + 1) * height), ratio);
    const bottom = snapped(toY(numbers[at.place] * height), ratio);
    if (bottom < box.top || at.y > box.top + box.height) continue;
    const gap = bottom - at.y >= 4 ? 1 : 0;
    at.height = Math.max(least, bottom - at.y - gap);
    act(at);
  }
}

/** The colours, marks and frame of a row.
 * @param {ReturnType<typeof made>} into
 * @param {{ place: number, y: number, height: number }} at
 * @param {{ face: Face, marks: Marks | null, point: number | null }} of
 * @param {{ left: number, width: number, edge: number }} where */
function addRow(into, { place, y, height }, { face, marks, point }, { left, width, edge }) {
  for (const { colour, strength, from, to } of face.parts[place]) {
    const parting = from === 0 && to === 0.5 ? 1 : 0;
    into[colour][strength].push(left + from * width, y, Math.max(1, (to - from) * width - parting), height);
  }
  if (marks?.buy[place]) into.buyMark.push(left + width, y, edge, height);
  if (marks?.sell[place]) into.sellMark.push(left - edge, y, edge, height);
  if (place !== point) return;
  if (height >= FRAME_PX) frame(into.point, { x: left, y, width, height });
  else into.point.push(left, y, width, Math.min(2, height));
}

/** The numbers of a row; those of an imbalance stand out.
 * @param {ReturnType<typeof made>} into
 * @param {{ place: number, y: number, height: number }} at
 * @param {{ face: Face, marks: Marks | null }} of
 * @param {{ left: number, width: number }} where */
function addNumbers(into, { place, y, height }, { face, marks }, { left, width }) {
  for (const { text, side, align, at } of face.texts[place]) {
    const isMarked = side !== "" && marks?.[side][place];
    const tone = isMarked ? side : text === "0" ? "zero" : "text";
    (into.texts[`${tone} ${align}`] ??= []).push({ text, x: left + at * width + INDENTS_PX[align], y: y + height / 2 });
  }
}

/** What is said of a closed bar: stacked imbalances beside it, unfinished auctions above and below it.
 * @param {ReturnType<typeof made>} into
 * @param {{ face: Face, marks: Marks | null, height: number }} of
 * @param {{ left: number, width: number, edge: number }} where
 * @param {Scale} scale */
function addClosed(into, { face: { bar }, marks, height }, { left, width, edge }, { toY }) {
  const { numbers } = bar;
  /** @param {number} place */
  const top = (place) => toY((numbers[place] + 1) * height);
  /** @param {number} place */
  const bottom = (place) => toY(numbers[place] * height);
  for (const { side, first, last } of marks?.stacks ?? []) {
    const [list, x] = side === "buy" ? [into.buyMark, left + width] : [into.sellMark, left - edge - STACK_PX];
    list.push(x, top(last), edge + STACK_PX, bottom(first) - top(last));
  }
  const open = unfinished(bar);
  if (open.high) into.unfinished.push(left + width / 3, top(numbers.length - 1) - 3, width / 3, 2);
  if (open.low) into.unfinished.push(left + width / 3, bottom(0) + 2, width / 3, 2);
}

function colours() {
  /** @param {string} colour */
  const strengths = (colour) => STRENGTHS.map((strength) => translucent(colour, strength));
  return {
    buy: strengths(token("up-fill")),
    sell: strengths(token("down-fill")),
    total: strengths(token("volume")),
    ground: translucent(token("background"), GROUND),
    point: token("point-of-control"),
    unfinished: token("unfinished"),
    text: token("strong"),
    zero: token("quiet"),
    buyMark: token("buy-bright"),
    sellMark: token("sell-bright"),
  };
}

/** @param {ReturnType<typeof made>} found
 * @param {ReturnType<typeof colours>} of
 * @returns {Command[]} */
function commandsOf(found, of) {
  const filled = /** @type {const} */ (["buy", "sell", "total"]).flatMap((kind) => found[kind].flatMap((list, strength) => rects(of[kind][strength], list)));
  const marked = /** @type {const} */ (["point", "buyMark", "sellMark", "unfinished"]).flatMap((kind) => rects(of[kind], found[kind]));
  const tones = { text: of.text, zero: of.zero, buy: of.buyMark, sell: of.sellMark };
  const written = Object.entries(found.texts).map(([key, texts]) => {
    const [tone, align] = key.split(" ");
    return /** @type {Command} */ ({ kind: "texts", colour: tones[/** @type {keyof typeof tones} */ (tone)], align, texts });
  });
  return [...rects(of.ground, found.ground), ...filled, ...marked, ...written];
}

/** What a bar is drawn with, its cells from 0 on.
 * @param {FootprintRow} row
 * @param {{ face: Face, isClosed: boolean, hasNumbers: boolean }} of
 * @param {How} how
 * @returns {Command[]} */
function drawn(row, { face, isClosed, hasNumbers }, { options, scale, columns: { width, edge }, of: tints }) {
  const [, height, cells] = row;
  const given = rule(options.ratio, options.least, options.ignoreZero, face.bar.decimals);
  const marks = given && marksOf(cells, given.key, face.bar, given);
  const point = pointOf(cells, face.bar.decimals, face.bar);
  const where = { left: 0, width, edge };
  const of = { face, marks, point };
  const found = made();
  eachPlaced(row, face, scale, (at) => {
    if (hasNumbers && options.heatmap) found.ground.push(0, at.y, width, at.height);
    addRow(found, at, of, where);
    if (hasNumbers && at.height >= NUMBER_PX - 1) addNumbers(found, at, of, where);
  });
  if (isClosed) addClosed(found, { face, marks, height }, where, scale);
  return commandsOf(found, tints);
}

/** The box around what is drawn of a bar, on whole pixels of the screen, as far as it is in the panel.
 * @param {FootprintRow} row
 * @param {Face} face
 * @param {Scale} scale
 * @param {Columns} columns */
function boxOf([, height], { bar: { numbers } }, { toY, box, ratio }, { width, edge }) {
  const beside = edge + STACK_PX;
  /** @param {number} px */
  const before = (px) => Math.floor(px * ratio) / ratio;
  /** @param {number} px */
  const after = (px) => Math.ceil(px * ratio) / ratio;
  const top = before(Math.max(box.top, toY((numbers[numbers.length - 1] + 1) * height) - UNFINISHED_PX));
  const bottom = after(Math.min(box.top + box.height, toY(numbers[0] * height) + UNFINISHED_PX));
  return { left: before(-beside), top, width: after(width + beside) - before(-beside), height: Math.max(0, bottom - top) };
}

/** @typedef {{ row: FootprintRow, face: Face, isClosed: boolean, hasNumbers: boolean, how: How }} Given */

const stamped = remembered((_, /** @type {string} */ __, /** @type {Given} */ { row, face, how, ...of }) =>
  /** @type {Stamp} */ ({ box: boxOf(row, face, how.scale, how.columns), commands: drawn(row, { face, ...of }, how) }),
);

/** The stamps of bars: the same one as long as a bar's rows are held and look the same.
 * @param {Readonly<Options>} options
 * @param {About | null} about
 * @param {Scale} scale
 * @param {Columns} columns */
export function stamps(options, about, scale, columns) {
  const { cells, ratio, least, ignoreZero, heatmap } = options;
  const { box, y, barPx } = scale;
  const look = [cells, ratio, least, ignoreZero, heatmap, looks().numbers, about?.size_decimals, edition()];
  // While one pans, the width of a bar is another one in its last digits.
  const key = [...look, ...y, box.top, box.height, barPx.toFixed(PLACES), scale.ratio].join();
  const how = { options, scale, columns, of: colours() };
  return (/** @type {Omit<Given, "how">} */ given) =>
    stamped(given.row[2], `${given.row[1]} ${given.isClosed} ${given.hasNumbers} ${key}`, { ...given, how });
}
