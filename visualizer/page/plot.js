/* What the figures of the page have in common: Plotly's element, the layout, the axes and the candles. */
import { pixels, token } from "./tokens.js";
/** @import { AxisName, Graph, Row } from "./types.d.ts" */

const TICKS_PX = 11;

/** Plotly's element in a component, once its figure is drawn; null before.
 * @param {string} id
 * @returns {Graph | null} */
export function graph(id) {
  const found = /** @type {Graph | null} */ (document.querySelector(`#${id} .js-plotly-plot`));
  return found && found._fullLayout && found.data.length > 0 && window.Plotly ? found : null;
}

/** Whether Dash is still drawing a figure. Nothing may change it before it is there as a whole.
 * @param {Graph} gd */
export const isDrawing = (gd) => gd.classList.contains("dash-graph--pending");

/** A layout without axes. It leaves room for prices on the right and times below. */
export function layout() {
  return {
    template: { layout: {} },
    autosize: true,
    paper_bgcolor: token("background"),
    plot_bgcolor: token("background"),
    font: { family: token("mono"), size: TICKS_PX, color: token("axis-text") },
    margin: { l: 0, r: pixels("price-axis-width"), t: 0, b: pixels("time-axis-height"), pad: 0 },
    showlegend: false,
    hovermode: false,
    bargap: 0,
  };
}

/** An axis of a fixed range; `given` replaces any of it.
 * @param {Record<string, unknown>} given */
export function axis(given) {
  return {
    autorange: false,
    range: [0, 1],
    gridcolor: token("grid"),
    gridwidth: 1,
    zeroline: false,
    zerolinecolor: token("zero-line"),
    zerolinewidth: 1,
    ticks: "",
    showline: false,
    automargin: false,
    showticklabels: false,
    tickmode: "auto",
    exponentformat: "none",
    ...given,
  };
}

/** Candles without data. */
export function candles() {
  /** @param {string} colour */
  const side = (colour) => ({ line: { color: colour, width: 1 }, fillcolor: colour });
  return {
    type: "candlestick",
    x: [],
    open: [],
    high: [],
    low: [],
    close: [],
    increasing: side(token("up")),
    decreasing: side(token("down")),
    whiskerwidth: 0,
    hoverinfo: "skip",
  };
}

/** @param {readonly Row[]} rows
 * @param {number} index */
export const column = (rows, index) => rows.map((row) => row[index]);

/** The columns of candles: time, and from `first` on open, high, low and close.
 * @param {readonly Row[]} rows
 * @param {number} first */
export const candleColumns = (rows, first) => ({
  x: column(rows, 0),
  open: column(rows, first),
  high: column(rows, first + 1),
  low: column(rows, first + 2),
  close: column(rows, first + 3),
});

/** Plotly's short name of an axis, as a trace names it: y3 for yaxis3.
 * @param {AxisName} name */
export const short = (name) => name.replace("axis", "");
