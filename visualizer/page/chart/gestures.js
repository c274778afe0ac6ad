/* The wheel zooms in time, a drag along a price axis stretches it, double clicks give either back to the page. */
import { byId } from "../dom.js";
import * as replay from "../playback/replay.js";
import * as chart from "./chart.js";
import { PANELS } from "../panels/registry.js";
/** @import { Graph, Pointed } from "../types.d.ts" */

const DOUBLE_CLICK_MS = 350;

/** Where a pointer is: how far along the axis, the panel it is in, and whether over the plot or its price axis.
 * @param {Graph} gd
 * @param {{ clientX: number, clientY: number }} event
 * @returns {Pointed} */
export function place(gd, event) {
  const box = gd.getBoundingClientRect();
  const x = event.clientX - box.left;
  const y = event.clientY - box.top;
  const full = gd._fullLayout;
  const panel = PANELS.find(({ yaxis }) => {
    const { _offset: top, _length: height } = full[yaxis];
    return y >= top && y <= top + height;
  });
  const left = full.xaxis._offset;
  const inside = x >= left && x <= left + full.xaxis._length;
  return {
    x,
    y,
    panel: panel || null,
    zone: inside ? "plot" : x > left + full.xaxis._length ? "scale" : null,
    along: full.xaxis.p2l(x - left),
    perPixel: full.xaxis.p2l(1) - full.xaxis.p2l(0),
  };
}

/** @param {Graph} gd */
export function listen(gd) {
  const panel = byId("chart-panel");

  panel.addEventListener(
    "wheel",
    (event) => {
      const at = place(gd, event);
      if (!at.zone || event.ctrlKey) return;
      event.preventDefault();
      event.stopPropagation();
      if (at.zone === "scale") {
        if (at.panel) chart.scalePanel(at.panel.id, Math.exp(event.deltaY * 0.0015));
      } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        chart.panTime(event.deltaX * at.perPixel);
      } else {
        chart.zoomTime(at.along, Math.exp(Math.max(-400, Math.min(400, event.deltaY)) * 0.0015));
      }
    },
    { capture: true, passive: false },
  );

  /** @type {{ id: string, y: number } | null} */
  let stretching = null;
  let last = { at: 0, x: 0, y: 0 };
  panel.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      const at = place(gd, event);
      if (event.altKey && at.zone === "plot") {
        event.stopPropagation();
        void replay.seek(chart.barAt(at.along).fromMs);
        return;
      }
      const moved = Math.abs(event.clientX - last.x) + Math.abs(event.clientY - last.y);
      const again = event.timeStamp - last.at < DOUBLE_CLICK_MS && moved < 6;
      last = { at: again ? 0 : event.timeStamp, x: event.clientX, y: event.clientY };
      if (at.zone === "plot") {
        if (again) chart.follow();
        else chart.beforeDrag();
      } else if (at.zone === "scale" && at.panel) {
        if (again) chart.fitPanel(at.panel.id);
        stretching = { id: at.panel.id, y: event.clientY };
        panel.setPointerCapture(event.pointerId);
      }
    },
    { capture: true },
  );
  panel.addEventListener("pointermove", (event) => {
    if (!stretching || event.clientY === stretching.y) return;
    chart.scalePanel(stretching.id, Math.exp((event.clientY - stretching.y) * 0.006));
    stretching.y = event.clientY;
  });
  const rest = () => {
    stretching = null;
  };
  panel.addEventListener("pointerup", rest);
  panel.addEventListener("pointercancel", rest);
}
