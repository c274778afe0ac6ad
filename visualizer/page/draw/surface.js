/* A canvas as wide as its element, in pixels of the screen; what is drawn on it is in units of the page. Only this module touches what
   canvases are drawn with. */
import { edition, token } from "../tokens.js";
import * as units from "../unit.js";
import { sizeOf, store } from "./stamps.js";
import { TEXT_PX } from "./text.js";
/** @import { Command, Group, Print, Raster, Stamp, Surface } from "../types.d.ts" */
/** What is painted on: a canvas of the page, or one that is never shown.
 * @typedef {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} Context */

/** @type {{ [K in Command["kind"]]: (context: Context, command: Extract<Command, { kind: K }>, ratio: number | null) => void }} */
const PAINT = {
  rects(context, { colour, rects }) {
    context.fillStyle = colour;
    for (let at = 0; at < rects.length; at += 4) context.fillRect(rects[at], rects[at + 1], rects[at + 2], rects[at + 3]);
  },
  polyline(context, { colour, width, points }) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    let drawing = false;
    for (let at = 0; at < points.length; at += 2) {
      const there = !Number.isNaN(points[at + 1]);
      if (there && drawing) context.lineTo(points[at], points[at + 1]);
      else if (there) context.moveTo(points[at], points[at + 1]);
      drawing = there;
    }
    context.stroke();
  },
  polygon(context, { colour, points }) {
    context.fillStyle = colour;
    context.beginPath();
    for (let at = 0; at < points.length; at += 2) context.lineTo(points[at], points[at + 1]);
    context.fill();
  },
  circles(context, { colour, circles, width }) {
    if (width) context.strokeStyle = colour;
    else context.fillStyle = colour;
    context.lineWidth = width ?? 0;
    for (let at = 0; at < circles.length; at += 3) {
      context.beginPath();
      context.arc(circles[at], circles[at + 1], circles[at + 2], 0, 2 * Math.PI);
      if (width) context.stroke();
      else context.fill();
    }
  },
  raster(context, { image, left, top, width, height }) {
    context.imageSmoothingEnabled = false;
    context.drawImage(canvasOf(image), left, top, width, height);
  },
  stamp(context, { stamp, left }, ratio) {
    const held = ratio === null ? null : bitmaps.of(stamp, ratio);
    if (held && ratio !== null) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.drawImage(held, Math.round((left + stamp.box.left) * ratio), Math.round(stamp.box.top * ratio));
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      return;
    }
    context.translate(left, 0);
    for (const command of stamp.commands) run(context, command, null);
    context.translate(-left, 0);
  },
  texts(context, { colour, align, turned = false, size = TEXT_PX, texts }) {
    context.fillStyle = colour;
    context.textAlign = align;
    context.save();
    if (size !== TEXT_PX) context.font = `${size}px ${token("mono")}`;
    if (turned) context.rotate(-Math.PI / 2);
    for (const { text, x, y } of texts) context.fillText(text, turned ? -y : x, turned ? x : y);
    context.restore();
  },
};

const bitmaps = store(bitmap, { mostMade: 12, mostPixels: 8_000_000 });

const shownRaster = { image: /** @type {Raster | null} */ (null), canvas: /** @type {OffscreenCanvas | null} */ (null) };

/** A canvas with an image; there is one for all, as there is hardly ever another one in the frame after.
 * @param {Raster} image */
function canvasOf(image) {
  const { width, height, pixels } = image;
  shownRaster.canvas ??= new OffscreenCanvas(width, height);
  const { canvas } = shownRaster;
  if (shownRaster.image === image) return canvas;
  Object.assign(canvas, { width, height });
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), 0, 0);
  shownRaster.image = image;
  return canvas;
}

/** @param {Context} context
 * @param {Command} command
 * @param {number | null} ratio where stamps may be bitmaps: pixels of the screen for one of the page */
function run(context, command, ratio) {
  const paint = /** @type {(context: Context, command: Command, ratio: number | null) => void} */ (PAINT[command.kind]);
  paint(context, command, ratio);
}

/** @type {OffscreenCanvas | null} */
let bench = null; // on which bitmaps are made

/** A stamp as a bitmap.
 * @param {Stamp} stamp
 * @param {number} ratio */
function bitmap(stamp, ratio) {
  const { box, commands } = stamp;
  const { width, height } = sizeOf(stamp, ratio);
  bench ??= new OffscreenCanvas(width, height);
  Object.assign(bench, { width, height });
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (bench.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, -Math.round(box.left * ratio), -Math.round(box.top * ratio));
  begin(context);
  for (const command of commands) run(context, command, null);
  return bench.transferToImageBitmap();
}

/** @param {Context} context */
function begin(context) {
  context.font = `${TEXT_PX}px ${token("mono")}`;
  context.textBaseline = "middle";
  context.lineJoin = "round";
}

/** @param {Context} context
 * @param {readonly Group[]} groups
 * @param {number | null} ratio */
function runAll(context, groups, ratio) {
  for (const { box, commands } of groups) {
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    for (const command of commands) run(context, command, ratio);
    context.restore();
  }
}

/** A picture as a PNG, with so many pixels for one of the page.
 * @param {Print} print
 * @param {number} ratio */
export function png({ width, height, ground, parts }, ratio) {
  const canvas = new OffscreenCanvas(Math.ceil(width * ratio), Math.ceil(height * ratio));
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const { left, top, scale = 1, groups } of parts) {
    context.setTransform(scale * ratio, 0, 0, scale * ratio, left * ratio, top * ratio);
    begin(context);
    runAll(context, groups, null);
  }
  return canvas.convertToBlob({ type: "image/png" });
}

/** The surface of a canvas. `resized` is called when it has another size, before that is painted.
 * @param {HTMLCanvasElement} canvas
 * @param {() => void} resized
 * @returns {Surface} */
export function surface(canvas, resized) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const made = { width: 0, height: 0, ratio: 1 };
  let held = { width: 0, height: 0 }; // in pixels of the page
  let begun = -1; // in which looks: a font that is set has the browser compute the styles of the page at once
  const measure = () => {
    const unit = units.unit();
    const [width, height, ratio] = [held.width / unit, held.height / unit, window.devicePixelRatio * unit];
    if (width === made.width && height === made.height && ratio === made.ratio) return;
    Object.assign(made, { width, height, ratio });
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    begun = -1; // it is as new
    resized();
  };
  const observer = new ResizeObserver(([{ contentRect }]) => {
    held = contentRect;
    measure();
  });
  units.listen(measure);
  // Where browsers know it: it changes, too, when the page moves to a finer screen.
  const isKnown = "devicePixelContentBoxSize" in ResizeObserverEntry.prototype;
  observer.observe(canvas, { box: isKnown ? "device-pixel-content-box" : "content-box" });

  return {
    size: made,
    paint(area, groups) {
      context.setTransform(made.ratio, 0, 0, made.ratio, 0, 0);
      if (begun !== edition()) begin(context);
      begun = edition();
      context.clearRect(area.left, area.top, area.width, area.height);
      bitmaps.begin();
      runAll(context, groups, made.ratio);
    },
  };
}
