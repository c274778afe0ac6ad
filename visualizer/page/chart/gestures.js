/* A drag pans, with shift it zooms into a box; the wheel and two fingers zoom in time; a drag along a price axis stretches it;
   double clicks give either back to the page. */
import { byId, make } from "../dom.js";
import * as replay from "../playback/replay.js";
import { css, unit, within } from "../unit.js";
import * as chart from "./chart.js";
import * as choosing from "./choosing.js";
import * as drawing from "./drawing.js";
/** @import { Drag, Pointed, Span } from "../types.d.ts" */

const DOUBLE_CLICK_MS = 350;
const DOUBLE_CLICK_PX = 6;
const LEAST_DRAG_PX = 4;
const LEAST_BOX_PX = 8;
const LEAST_SPREAD_PX = 10; // of two fingers

/** @type {HTMLElement | null} */
let box = null;
/** @type {Drag | null} */
let drag = null;

/* Whether the chart is being dragged. */
export const isDragging = () => drag !== null;

/** Where a pointer is over the chart.
 * @param {{ clientX: number, clientY: number }} event
 * @returns {Pointed} */
export const place = (event) => chart.pointed(within(event, byId("chart-panel")));

/** @param {Pointed} start
 * @returns {Drag} */
function pan(start) {
  /** @type {number | null} */
  let from = null; // the place at the left edge when it began to move
  return {
    move(at) {
      if (from === null && Math.abs(at.x - start.x) >= LEAST_DRAG_PX) from = chart.view.x?.[0] ?? null;
      if (from !== null) chart.panTo(from - (at.x - start.x) * at.perPixel);
    },
    end: () => {},
  };
}

/** @param {Pointed} start
 * @returns {Drag} */
function stretch(start) {
  let last = start.y;
  return {
    move(at) {
      if (start.panel && at.y !== last) chart.scalePanel(start.panel.id, Math.exp((at.y - last) * 0.006));
      last = at.y;
    },
    end: () => {},
  };
}

/** A box zooms what it is wide in, and what it is high in, of the panel that it starts in.
 * @param {Pointed} start
 * @returns {Drag} */
function zoomBox(start) {
  box ??= byId("chart-overlay").appendChild(make("div", { class: "zoom-box" }));
  const shown = box;
  const panel = chart.placed().layout.panels[start.index].box;
  /** @param {Pointed} at */
  const corners = (at) => {
    const x = Math.max(0, Math.min(at.x, panel.width));
    const y = Math.max(panel.top, Math.min(at.y, panel.top + panel.height));
    return { left: Math.min(start.x, x), right: Math.max(start.x, x), top: Math.min(start.y, y), bottom: Math.max(start.y, y) };
  };
  return {
    move(at) {
      const { left, right, top, bottom } = corners(at);
      shown.classList.add("shown");
      Object.assign(shown.style, { width: css(right - left), height: css(bottom - top), transform: `translate(${css(left)}, ${css(top)})` });
    },
    end(at) {
      shown.classList.remove("shown");
      const { left, right, top, bottom } = corners(at);
      const { fromY } = chart.placed().scales[start.index];
      /** @type {Span} */
      const along = [chart.pointed({ x: left, y: top }).along, chart.pointed({ x: right, y: top }).along];
      /** @type {Span} */
      const values = [fromY(bottom), fromY(top)];
      const [isWide, isHigh] = [right - left >= LEAST_BOX_PX, bottom - top >= LEAST_BOX_PX];
      if (isWide || isHigh) chart.zoomBox(isWide ? along : null, start.panel?.id ?? null, isHigh ? values : null);
    },
  };
}

/** Two fingers: what is between them stays there, while they are spread and while they are moved.
 * @param {Map<number, Pointed>} fingers
 * @returns {Drag} */
function pinch(fingers) {
  const between = () => {
    const [one, other] = [...fingers.values()];
    return { px: Math.max(LEAST_SPREAD_PX, Math.abs(one.x - other.x)), x: (one.x + other.x) / 2 };
  };
  const first = between();
  const perPixel = perPixelNow();
  const held = (chart.view.x?.[0] ?? 0) + first.x * perPixel;
  return {
    move() {
      const { px, x } = between();
      const now = (perPixel * first.px) / px;
      chart.zoomTime(held, now / perPixelNow());
      chart.panTo(held - x * perPixelNow());
    },
    end: () => {},
  };
}

function perPixelNow() {
  const [left, right] = chart.view.x ?? [0, 1];
  return (right - left) / chart.placed().layout.plot.width;
}

/** @param {WheelEvent} event */
function wheel(event) {
  const at = place(event);
  if (!at.zone || event.ctrlKey) return;
  event.preventDefault();
  event.stopPropagation();
  if (at.zone === "scale") {
    if (at.panel) chart.scalePanel(at.panel.id, Math.exp(event.deltaY * 0.0015));
  } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    chart.panTime((event.deltaX / unit()) * at.perPixel);
  } else {
    chart.zoomTime(at.along, Math.exp(Math.max(-400, Math.min(400, event.deltaY)) * 0.0015));
  }
}

/** @param {Pointed} at
 * @param {boolean} shift
 * @returns {Drag | null} */
function started(at, shift) {
  if (at.zone === "scale") return at.panel && stretch(at);
  if (!at.zone) return null;
  return shift && at.panel ? zoomBox(at) : pan(at);
}

export function listen() {
  const panel = byId("chart-panel");
  /** @type {Map<number, Pointed>} */
  const down = new Map();
  let last = { at: 0, x: 0, y: 0 };

  /** @param {PointerEvent} event */
  const isDouble = (event) => {
    const moved = Math.abs(event.clientX - last.x) + Math.abs(event.clientY - last.y);
    const again = event.timeStamp - last.at < DOUBLE_CLICK_MS && moved < DOUBLE_CLICK_PX;
    last = { at: again ? 0 : event.timeStamp, x: event.clientX, y: event.clientY };
    return again;
  };

  panel.addEventListener("wheel", wheel, { capture: true, passive: false });
  panel.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const at = place(event);
    if (event.altKey && at.zone === "plot") {
      void replay.seek(chart.barAt(at.along).fromMs);
      return;
    }
    panel.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at);
    const chosen = down.size === 1 ? (choosing.started(at) ?? (event.shiftKey ? null : drawing.grabbed(at))) : null;
    if (chosen) {
      drag = chosen;
    } else if (down.size === 2) {
      drag = pinch(down);
    } else {
      const again = isDouble(event);
      if (again && at.zone === "plot") chart.follow();
      else if (again && at.panel) chart.fitPanel(at.panel.id);
      drag = started(at, event.shiftKey);
    }
  });
  panel.addEventListener("pointermove", (event) => {
    const at = place(event);
    if (!down.size) drawing.hovered(at);
    if (!down.has(event.pointerId)) return;
    down.set(event.pointerId, at);
    drag?.move(at);
  });
  /** @param {PointerEvent} event */
  const rest = (event) => {
    if (!down.delete(event.pointerId)) return;
    const ended = drag;
    drag = null;
    if (event.type === "pointerup") ended?.end(place(event));
    else box?.classList.remove("shown");
  };
  panel.addEventListener("pointerup", rest);
  panel.addEventListener("pointercancel", rest);
}
