/* The line at the top of the chart that says what the next click or key does there. */
import { byId, make, say, show } from "../dom.js";

/** @type {HTMLElement | null} */
let chip = null;
let [ofTool, ofDrawing] = ["", ""];

function refresh() {
  chip ??= byId("chart-overlay").appendChild(make("div", { class: "chip hint" }));
  const text = ofTool || ofDrawing;
  if (text) say(chip, text);
  show(chip, text !== "");
}

/** What is being chosen or drawn; empty for nothing.
 * @param {string} text */
export function tellTool(text) {
  ofTool = text;
  refresh();
}

/** What keys do with a drawing; empty for nothing.
 * @param {string} text */
export function tellDrawing(text) {
  if (text === ofDrawing) return;
  ofDrawing = text;
  refresh();
}
