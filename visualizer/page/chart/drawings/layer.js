/* What the user has drawn, as a layer of a panel. Pure. */
import { rects, snapped } from "../../draw/commands.js";
import { widthOf } from "../../draw/text.js";
import { token, translucent } from "../../tokens.js";
import { linesOf, placed, textBox, textPlaces } from "./geometry.js";
import { measured, told, valueText } from "./measure.js";
/** @import { Box, ChartPanel, Command, Drawing, DrawnValues, Layer, Picture, Scale } from "../../types.d.ts" */

const LINE_PX = 1.5;
const SELECTED_PX = 2.5;
const HANDLE_PX = 7;
const GROUND = 0.12;
const LABEL_PX = 8;
const TITLE_PX = 30; // from the upper edge
const LOW = 4; // so many times as high as the figures
const BESIDE_PX = 6;

/** @param {Drawing} drawing */
function colourOf({ kind, points }) {
  if (kind === "note") return token("amber");
  if (kind !== "measure") return token("blue");
  return token(points[1].price >= points[0].price ? "up" : "down");
}

/** Lines of text on a ground that makes them readable over anything.
 * @param {string[]} lines
 * @param {Box} box
 * @param {string} colour
 * @returns {Command[]} */
function saying(lines, box, colour) {
  const { left, top, width, height } = box;
  return [
    ...rects(token("raised"), [left, top, width, height]),
    ...rects(colour, [left, top, 2, height]),
    { kind: "texts", colour: token("strong"), align: "left", texts: textPlaces(lines, box) },
  ];
}

/** Where the figures of a measuring are: at its second point, within the panel; in a low one beside what is measured, which they would hide.
 * @param {string[]} lines
 * @param {number[][]} points
 * @param {Box} panel */
function within(lines, points, panel) {
  const [x, y] = points[1];
  const box = textBox(lines, x, y);
  if (panel.height < LOW * box.height) {
    const [left, right] = [Math.min(points[0][0], x), Math.max(points[0][0], x)];
    const isRight = right + box.width + BESIDE_PX <= panel.left + panel.width;
    box.left = isRight ? right + BESIDE_PX : left - BESIDE_PX - box.width;
  }
  const [mostX, mostY] = [panel.left + panel.width - box.width, panel.top + panel.height - box.height];
  return { ...box, left: Math.max(panel.left, Math.min(box.left, mostX)), top: Math.max(panel.top, Math.min(box.top, mostY)) };
}

/** @param {Drawing} drawing
 * @param {Picture} picture
 * @param {Scale} scale
 * @param {{ values: DrawnValues, isSelected: boolean, moving?: number | null }} how `moving` is the number of the point that keys move
 * @returns {Command[]} */
function drawn(drawing, picture, scale, { values, isSelected, moving = null }) {
  const { kind, points: given, text } = drawing;
  const { points, lines, text: room } = placed(drawing, picture, scale);
  const { box, ratio } = scale;
  const colour = colourOf(drawing);
  /** @type {Command[]} */
  const commands = [];
  if (kind === "box" || kind === "measure") {
    const [left, right] = [Math.min(points[0][0], points[1][0]), Math.max(points[0][0], points[1][0])];
    const [top, bottom] = [Math.min(points[0][1], points[1][1]), Math.max(points[0][1], points[1][1])];
    commands.push(...rects(translucent(colour, GROUND), [left, top, right - left, bottom - top]));
  }
  const stroke = lines.flatMap((line) => [...line, Number.NaN, Number.NaN]);
  if (lines.length) commands.push({ kind: "polyline", colour, width: isSelected ? SELECTED_PX : LINE_PX, points: stroke });
  if (kind === "level") {
    const said = valueText(given[0].price, values, picture.data.about);
    const y = points[0][1] + (points[0][1] < box.top + TITLE_PX ? LABEL_PX : -LABEL_PX); // below the line where the panel's title is
    commands.push(...rects(token("title-background"), [box.left + 4, y - LABEL_PX + 1, widthOf(said) + 4, 2 * LABEL_PX - 2]));
    commands.push({ kind: "texts", colour, align: "left", texts: [{ text: said, x: box.left + 6, y }] });
  }
  if (room) commands.push(...rects(colour, [points[0][0] - 2, points[0][1] - 2, 4, 4]), ...saying(linesOf(text ?? ""), room, colour));
  if (kind === "measure") {
    const said = told(measured(picture, given, values));
    commands.push(...saying(said, within(said, points, box), colour));
  }
  if (isSelected) {
    /** @param {number[][]} some */
    const handles = (some) => some.flatMap(([x, y]) => [snapped(x - HANDLE_PX / 2, ratio), snapped(y - HANDLE_PX / 2, ratio), HANDLE_PX, HANDLE_PX]);
    commands.push(...rects(token("strong"), handles(points.filter((_, index) => index !== moving))));
    commands.push(...rects(token("amber"), handles(points.filter((_, index) => index === moving))));
  }
  return commands;
}

/** What is drawn over a panel: `picture` has the drawings of it alone.
 * @param {ChartPanel["axis"]} axis
 * @returns {Layer} */
export const drawingsOver = (axis) => ({
  views: [], // what is measured depends on bars, by which a panel is drawn again where something is drawn over it
  commands(picture, scale) {
    const { list = [], selected = null, point = null, draft = null } = picture.drawings ?? {};
    if (!list.length && !draft) return [];
    const values = axis.drawn?.(picture.options, picture.data.about) ?? {};
    return [
      ...list.flatMap((drawing) => {
        const isSelected = drawing.id === selected;
        return drawn(drawing, picture, scale, { values, isSelected, moving: isSelected ? point : null });
      }),
      ...(draft ? drawn(draft, picture, scale, { values, isSelected: true }) : []),
    ];
  },
});
