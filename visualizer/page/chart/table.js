/* The bars in view as a table of texts, for those who do not see the chart: the same cells as those of the read-out. Pure. */
import { PANELS, table } from "../panels/registry.js";
import * as ranges from "./ranges.js";
/** @import { About, BarsTable, ChartPanel, Options, Span, State } from "../types.d.ts" */

const MOST_ROWS = 200;
/** What a letter of the read-out stands for.
 * @type {Readonly<Record<string, string>>} */
const WORDS = { o: "open", h: "high", l: "low", c: "close", v: "Volume", w: "VWAP", δ: "Delta" };

/** @param {ChartPanel} panel
 * @param {Readonly<Options>} options
 * @param {About | null} about */
const cellsOf = ({ readout: { cells, isSingle } }, options, about) => (isSingle?.(options, about) ? cells.slice(-1) : cells);

/** The newest bars of a span first.
 * @param {State} data with places for times
 * @param {{ x: Span, step: number, absent: readonly string[], label(place: number): string, options: Readonly<Options> }} view
 * @returns {BarsTable} */
export function barsInView(data, { x, step, absent, label, options }) {
  const shown = PANELS.filter(({ id }) => !absent.includes(id)).map((panel) => {
    const rows = ranges.visible(table(data, panel.rows), x, step);
    return { panel, cells: cellsOf(panel, options, data.about), rows: new Map(rows.map((row) => [row[0], row])) };
  });
  const places = [...new Set(shown.flatMap(({ rows }) => [...rows.keys()]))].sort((one, other) => other - one);
  return {
    head: shown.flatMap(({ panel, cells }) =>
      cells.map((cell) => [panel.readout.title, WORDS[cell.label.toLowerCase()] ?? cell.label].filter(Boolean).join(" ")),
    ),
    rows: places.slice(0, MOST_ROWS).map((place) => ({
      name: label(place),
      cells: shown.flatMap(({ cells, rows }) => cells.map(({ text }) => text(rows.get(place) ?? null, data.about, options))),
    })),
    count: places.length,
  };
}
