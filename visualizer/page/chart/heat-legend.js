/* The legend of the heatmap, over the price: its colours between two handles, which are the cut-offs, with their exact sizes, which can be
   typed instead. Both are automatic until they are moved, and so again with a button; they are kept for each instrument. */
import * as chart from "./chart.js";
import { byId, make } from "../dom.js";
import * as format from "../format.js";
import * as options from "../options.js";
import { quantileOf } from "../panels/heat-cells.js";
import { AUTOMATIC, chosen, cutOffs, sizesOf, withCutOff } from "../panels/heat-scale.js";
import { gradient } from "../panels/heat-shades.js";
import { rowsOf } from "../panels/heatmap.js";
import { typedValue } from "../panels/option-list.js";
import { PANELS, PRICES } from "../panels/registry.js";
/** @import { CutOff, Shown, State } from "../types.d.ts" */
/** @typedef {"lower" | "upper"} End */
/** @typedef {{ handle: HTMLInputElement, size: HTMLInputElement }} Inputs */

const ID = "heat-legend";
const HANDLE_STEPS = 1000;
const SIGNIFICANT = 6;
const PANEL = PANELS.findIndex(({ id }) => id === PRICES);
const STOPPED = ["pointerdown", "pointermove", "dblclick", "wheel", "contextmenu"];

/** @type {{ element: HTMLElement, track: HTMLElement, auto: HTMLButtonElement } & Record<End, Inputs> | null} */
let parts = null;
/** @type {ReturnType<typeof sizesOf>} */
let held = { sizes: new Float64Array(0), known: new Map() };
let instrument = "";

/** @param {End} end
 * @param {CutOff | null} cut */
const choose = (end, cut) => options.set(withCutOff(options.options(), instrument, end, cut));

/** @param {End} end
 * @returns {Inputs} */
function inputs(end) {
  const handle = make("input", { type: "range", min: "0", max: String(HANDLE_STEPS), "aria-label": `${end} cut-off of the heatmap, as a share of all sizes` });
  handle.addEventListener("input", () => {
    const other = Number(parts?.[end === "lower" ? "upper" : "lower"].handle.value);
    const wanted = Number(handle.value);
    choose(end, { quantile: (end === "lower" ? Math.min(wanted, other) : Math.max(wanted, other)) / HANDLE_STEPS });
  });
  const size = make("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": `${end} cut-off of the heatmap, as a size; empty for automatic` });
  size.addEventListener("change", () => {
    const typed = size.value.trim();
    const value = typedValue("decimal", typed);
    size.setAttribute("aria-invalid", String(typed !== "" && value === null));
    if (typed === "" || value !== null) choose(end, typed === "" ? null : { size: Number(value) });
  });
  return { handle, size };
}

function build() {
  const [lower, upper] = [inputs("lower"), inputs("upper")];
  const track = make("span", { class: "track" }, lower.handle, upper.handle);
  const auto = make("button", { type: "button", title: "automatic cut-offs: the colours go from the 40th to the 99th percentile of all sizes" }, "auto");
  auto.addEventListener("click", () => {
    choose("lower", null);
    choose("upper", null);
  });
  const element = make("div", { id: ID, role: "group", "aria-label": "colours of the heatmap" }, lower.size, track, upper.size, auto);
  // What is done here is not done to the chart below.
  for (const name of STOPPED) element.addEventListener(name, (event) => event.stopPropagation());
  byId("chart-panel").append(element);
  return { element, track, auto, lower, upper };
}

/** @param {Inputs} of
 * @param {CutOff} cut
 * @param {number} size */
function fill({ handle, size: input }, cut, size) {
  const quantile = "quantile" in cut ? cut.quantile : quantileOf(held.sizes, cut.size);
  handle.value = String(Math.round(quantile * HANDLE_STEPS));
  const text = format.exact("size" in cut ? size : Number(size.toPrecision(SIGNIFICANT)), null);
  handle.setAttribute("aria-valuetext", text);
  if (document.activeElement === input) return; // it is being typed into
  input.value = text;
  input.setAttribute("aria-invalid", "false");
}

/** Whether there is a heatmap to explain.
 * @param {State} data */
const isShown = ({ heatmap }) => options.options().heatmap && heatmap.length > 0 && chart.hasValues(PRICES);

function draw() {
  const data = chart.data();
  const shown = isShown(data);
  if (!shown && !parts) return;
  parts ??= build();
  parts.element.hidden = !shown;
  if (!shown) return;
  const { about, heatmap } = data;
  const now = options.options();
  instrument = about?.instrument ?? "";
  held = sizesOf(heatmap, rowsOf(heatmap, chart.placed().scales[PANEL]), about);
  const scale = chosen(now, about);
  const [lower, upper] = cutOffs(scale, held);
  parts.track.style.setProperty("--shades", gradient(now.heatPalette));
  parts.auto.setAttribute("aria-pressed", String(!scale.lower && !scale.upper));
  if (!held.sizes.length) return;
  fill(parts.lower, scale.lower ?? AUTOMATIC.lower, lower);
  fill(parts.upper, scale.upper ?? AUTOMATIC.upper, upper);
}

/** @type {Shown} */
export const heatLegend = { views: [], show: () => {}, draw };
