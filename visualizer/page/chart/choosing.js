/* What a click or a drag in the chart chooses next: the bar where the VWAP starts, the bars of a profile, or where something is
   drawn. Until it is done, or escape ends it, the pointer does nothing else in the chart. */
import { announce } from "../announce.js";
import { byId, make, show } from "../dom.js";
import * as options from "../options.js";
import { mark } from "../panels/draw-menu.js";
import { css } from "../unit.js";
import * as chart from "./chart.js";
import * as cursor from "./cursor.js";
import * as drawing from "./drawing.js";
import { KINDS, isKind } from "./drawings/kinds.js";
import * as focus from "./focus.js";
import * as hint from "./hint.js";
import * as ranges from "./ranges.js";
/** @import { Bar, Drag, DrawingKind, Pointed } from "../types.d.ts" */

/** @typedef {"anchor" | "range" | DrawingKind} Choice */

/** @type {Record<string, string>} */
const HINTS = {
  ...Object.fromEntries(Object.entries(KINDS).map(([kind, { hint: text }]) => [kind, text])),
  anchor: "Click the bar where the VWAP starts, or arrow keys and enter · escape",
  range: "Drag over the bars of the profile, or arrow keys and enter · escape",
};

/** @type {Choice | null} */
let choice = null;
/** @type {HTMLElement | null} */
let made = null;

/* What is shown of the bars of a profile, made where it is asked for first. */
const box = () => (made ??= byId("chart-overlay").appendChild(make("div", { class: "zoom-box" })));

/* What is being chosen; null for nothing. */
export const current = () => choice;

/** Chooses next; the same again gives it up.
 * @param {Choice} next */
export const toggle = (next) => become(choice === next ? null : next);

/* Gives the choice up; false where there was none. */
export function leave() {
  const was = choice !== null;
  become(null);
  return was;
}

/** @param {Choice | null} next */
function become(next) {
  const was = choice;
  if (next) drawing.letGo();
  choice = next;
  drawing.drop();
  cursor.drop();
  mark(next);
  hint.tellTool(next ? HINTS[next] : "");
  show(box(), false);
  if (next) {
    announce("tool", HINTS[next]);
    focus.take();
  } else if (was) focus.give();
}

/** The bar with a trade nearest to a place along the axis; null without any.
 * @param {number} along
 * @returns {Bar | null} */
function tradedBar(along) {
  const { ohlc } = chart.data();
  if (!ohlc.length) return null;
  const index = ranges.indexAt(ohlc, along);
  const [before, after] = [ohlc[index - 1] ?? ohlc[index], ohlc[index] ?? ohlc[index - 1]];
  return chart.barAt(along - before[0] < after[0] - along ? before[0] : after[0]);
}

/** The VWAP starts at the bar of a place.
 * @param {number} along */
export function anchorAt(along) {
  const bar = tradedBar(along);
  if (bar) options.set({ vwap: "anchor", anchor: bar.fromMs });
}

/** The bars from one place to another, in either order.
 * @param {number} one
 * @param {number} other
 * @returns {[Bar, Bar] | null} */
function barsOf(one, other) {
  const [first, last] = [tradedBar(Math.min(one, other)), tradedBar(Math.max(one, other))];
  return first && last && [first, last];
}

/** @param {Pointed} start
 * @returns {Drag} */
function dragged(start) {
  return {
    move(at) {
      const bars = barsOf(start.along, at.along);
      if (!bars) return;
      const { layout, scales } = chart.placed();
      const { step, place } = chart.timeline();
      const [left, right] = [place(bars[0].fromMs) - step / 2, place(bars[1].fromMs) + step / 2].map(scales[0].toX);
      show(box(), true);
      Object.assign(box().style, { width: css(right - left), height: css(layout.plot.height), transform: `translate(${css(left)}, 0)` });
    },
    end(at) {
      const bars = barsOf(start.along, at.along);
      if (bars) options.set({ profile: "range", range: [bars[0].fromMs, bars[1].untilMs] });
      become(null);
    },
  };
}

/** What a pointer that goes down now does; null where nothing is being chosen.
 * @param {Pointed} start
 * @returns {Drag | null} */
export function started(start) {
  if (choice === null || start.zone !== "plot") return null;
  if (isKind(choice)) return drawing.started(choice, start, () => become(null));
  if (choice === "range") return dragged(start);
  return {
    move: () => {},
    end(at) {
      anchorAt(at.along);
      become(null);
    },
  };
}
