/* What a panel of the chart is made of, from below: what the report locates, the grid, the panel's own layers, its labels. Pure:
   a picture and a scale in, drawing commands out. */
import { across, rects, upright } from "../draw/commands.js";
import { TEXT_PX, isClear, widthOf } from "../draw/text.js";
import { valueTicks } from "../draw/ticks.js";
import { layersOf, table } from "../panels/registry.js";
import { token } from "../tokens.js";
import { breakLabels, breaksAndSessions } from "./session-marks.js";
/** @import { Band, Box, Break, ChartPanel, Command, Group, Layout, Picture, Scale, Span } from "../types.d.ts" */

const LABEL_GAP_PX = 3;
const LABEL_HEIGHT_PX = 15;
const LINE_PX = 14;

/** The bands as far as they are in view.
 * @param {Band[]} bands
 * @param {Box} cell
 * @param {Scale} scale
 * @returns {Command[]} */
function shaded(bands, { top, height }, { toX, x: [from, to], ratio }) {
  return bands.flatMap(({ fill, edge, spans }) => {
    const seen = spans.filter((span) => span[1] >= from && span[0] <= to).map(([start, end]) => [toX(start), toX(end)]);
    return [
      ...rects(fill, seen.flatMap(([start, end]) => [start, top, end - start, height])),
      ...upright(edge, seen.flat(), { top, height }, ratio),
    ];
  });
}

/** The labels of a panel's axis: the values, and what they say.
 * @param {ChartPanel} panel
 * @param {Span} span
 * @param {Box} box
 * @param {{ about: Picture["data"]["about"], options: Picture["options"] }} given */
export function valueLabels({ axis }, span, box, { about, options }) {
  if (!about) return [];
  const names = axis.rows?.(options);
  if (names) return names.map((text, row) => ({ value: 1 - (row + 0.5) / names.length, text }));
  const most = Math.min(axis.labels, Math.floor(box.height / LABEL_HEIGHT_PX));
  const { values, decimals } = valueTicks(span, most, axis.least?.(about));
  const say = axis.text(span, about, options);
  return values.map((value) => ({ value, text: say(value, decimals) }));
}

/** What is behind the panels; `columns` are the places of the times that are labelled, and in one panel it is told how long breaks last.
 * @typedef {{ bands: Band[], columns: number[], breaks: readonly Break[], sessions: readonly number[], isTold: boolean }} Behind */

/** A panel with everything in its cell. Without a range of values there is nothing but what is behind them.
 * @param {ChartPanel} panel
 * @param {Layout["panels"][number]} place
 * @param {Scale} scale
 * @param {Picture & Behind & { isEmpty: boolean }} picture
 * @returns {Group[]} */
export function cell(panel, { box, cell: whole, rule }, scale, picture) {
  const { bands, columns, breaks, sessions, isTold, isEmpty } = picture;
  const wide = { ...whole, width: box.width };
  const labels = isEmpty ? [] : valueLabels(panel, scale.y, box, { about: picture.data.about, options: picture.options });
  const lines = (panel.axis.rows ? [] : labels).filter(({ value }) => !(panel.axis.zero && value === 0)).map(({ value }) => scale.toY(value));
  const hasZero = panel.axis.zero && !isEmpty && scale.y[0] <= 0 && scale.y[1] >= 0;
  const behind = [
    ...breaksAndSessions({ breaks, sessions }, wide, scale),
    ...shaded(bands, wide, scale),
    ...(isEmpty ? [] : upright(token("grid"), columns.map(scale.toX), box, scale.ratio)),
    ...across(token("grid"), lines, scale),
    ...(hasZero ? across(token("zero-line"), [scale.toY(0)], scale) : []),
    ...(rule === null ? [] : rects(token("panel-rule"), [box.left, rule - 1, box.width, 1])),
  ];
  const chip = chipOf(panel, box, scale, picture);
  const texts = labels
    .map(({ value, text }) => ({ text, x: box.left + box.width + LABEL_GAP_PX, y: scale.toY(value) }))
    .filter(({ y }) => y >= TEXT_PX / 2 && y <= box.top + box.height && isClear(y, chip))
    .map(({ y, ...label }) => ({ ...label, y: Math.max(whole.top + TEXT_PX / 2, Math.min(y, whole.top + whole.height - TEXT_PX / 2)) })); // in whole at the edges
  const layers = isEmpty ? [] : layersOf(panel, picture.options, picture.data);
  const lowest = layers.flatMap(({ below }) => below?.(picture, scale) ?? []);
  return [
    ...(lowest.length ? [{ box, commands: lowest }] : []),
    { box: wide, commands: behind },
    ...(isEmpty ? [] : [{ box, commands: layers.flatMap(({ commands }) => commands(picture, scale)) }]),
    ...(isTold ? [{ box: wide, commands: breakLabels(breaks, box, scale) }] : []),
    { box: whole, commands: [{ kind: "texts", colour: token("axis-text"), align: "left", texts }] },
  ];
}

/** Where the chip of a panel's newest value is; null for none.
 * @param {ChartPanel} panel
 * @param {Box} box
 * @param {Scale} scale
 * @param {Picture} picture */
function chipOf({ last, rows }, { top, height }, { toY }, { data }) {
  const newest = last && table(data, rows).at(-1)?.[last.close];
  if (newest === null || newest === undefined) return null;
  const y = toY(newest);
  return y >= top && y <= top + height ? y : null;
}

/** The labels below the panels: as many as there are in whole.
 * @param {{ places: number[], texts: string[] }} ticks
 * @param {Span} span
 * @param {number} width of the plot */
export function timeLabels({ places, texts }, span, width) {
  return places
    .map((place, index) => {
      const x = ((place - span[0]) / (span[1] - span[0])) * width;
      const half = Math.max(...texts[index].split("\n").map(widthOf)) / 2;
      return { text: texts[index], x, left: x - half, right: x + half };
    })
    .filter(({ left, right }) => left >= 0 && right <= width);
}

/** @param {ReturnType<typeof timeLabels>} labels
 * @param {Box} box
 * @returns {Group[]} */
export function times(labels, box) {
  const texts = labels.flatMap(({ text, x }) =>
    text.split("\n").map((line, index) => ({ text: line, x, y: box.top + TEXT_PX + index * LINE_PX })),
  );
  return [{ box, commands: [{ kind: "texts", colour: token("axis-text"), align: "center", texts }] }];
}
