/* The second painter: drawing commands as an SVG. Pure. */
import { pngOf } from "./png.js";
import { TEXT_PX } from "./text.js";
/** @import { Box, Command, Print } from "../types.d.ts" */

const ANCHORS = { left: "start", center: "middle", right: "end" };
/* Characters that XML cannot hold, however they are written. */
const NOT_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
/** @type {Record<string, string>} */
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** @param {string} text */
export const escaped = (text) => text.replace(NOT_XML, "\uFFFD").replace(/[&<>"]/gu, (character) => ENTITIES[character]);

/** A length with no more digits than can be seen.
 * @param {number} px */
const length = (px) => String(Number(px.toFixed(2)) + 0);

/** @param {number[]} points
 * @param {number} from
 * @param {number} until */
function path(points, from, until) {
  const corners = [];
  for (let at = from; at < until; at += 2) corners.push(`${length(points[at])} ${length(points[at + 1])}`);
  return `M${corners.join("L")}`;
}

/** The stretches of a line that breaks where y is NaN, as paths; a point by itself is nothing.
 * @param {number[]} points */
function stretches(points) {
  const found = [];
  let from = 0;
  for (let at = 0; at <= points.length; at += 2) {
    if (at < points.length && !Number.isNaN(points[at + 1])) continue;
    if (at - from > 2) found.push(path(points, from, at));
    from = at + 2;
  }
  return found.join("");
}

/** @param {string} colour */
const fill = (colour) => `fill="${escaped(colour)}"`;

/** @type {{ [K in Command["kind"]]: (command: Extract<Command, { kind: K }>) => string }} */
const ELEMENTS = {
  rects({ colour, rects }) {
    const all = [];
    for (let at = 0; at < rects.length; at += 4) {
      const [left, top, width, height] = rects.slice(at, at + 4);
      all.push(`M${length(left)} ${length(top)}h${length(width)}v${length(height)}h${length(-width)}z`);
    }
    return `<path ${fill(colour)} d="${all.join("")}"/>`;
  },
  polyline({ colour, width, points }) {
    const drawn = stretches(points);
    return drawn && `<path fill="none" stroke="${escaped(colour)}" stroke-width="${length(width)}" stroke-linejoin="round" d="${drawn}"/>`;
  },
  polygon: ({ colour, points }) => (points.length ? `<path ${fill(colour)} d="${path(points, 0, points.length)}z"/>` : ""),
  circles({ colour, circles, width }) {
    const all = [];
    for (let at = 0; at < circles.length; at += 3) {
      const [x, y, radius] = circles.slice(at, at + 3).map(length);
      all.push(`<circle cx="${x}" cy="${y}" r="${radius}"/>`);
    }
    const look = width ? `fill="none" stroke="${escaped(colour)}" stroke-width="${length(width)}"` : fill(colour);
    return `<g ${look}>${all.join("")}</g>`;
  },
  raster({ image, left, top, width, height }) {
    const place = `x="${length(left)}" y="${length(top)}" width="${length(width)}" height="${length(height)}"`;
    return `<image ${place} preserveAspectRatio="none" style="image-rendering:pixelated" href="data:image/png;base64,${pngOf(image)}"/>`;
  },
  stamp: ({ stamp: { commands }, left }) => `<g transform="translate(${length(left)} 0)">${commands.map(element).join("")}</g>`,
  texts({ colour, align, turned = false, size = TEXT_PX, texts }) {
    const all = texts.map(({ text, x, y }) => {
      const place = `x="${length(x)}" y="${length(y)}" dy=".35em"`; // in the middle
      return `<text ${place}${turned ? ` transform="rotate(-90 ${length(x)} ${length(y)})"` : ""}>${escaped(text)}</text>`;
    });
    return `<g ${fill(colour)} text-anchor="${ANCHORS[align]}"${size === TEXT_PX ? "" : ` font-size="${length(size)}"`}>${all.join("")}</g>`;
  },
};

/** @param {Command} command */
function element(command) {
  const make = /** @type {(command: Command) => string} */ (ELEMENTS[command.kind]);
  return make(command);
}

/** @param {Box} box */
const rect = ({ left, top, width, height }) => `x="${length(left)}" y="${length(top)}" width="${length(width)}" height="${length(height)}"`;

/** A picture as the text of an SVG.
 * @param {Print} print */
export function svg({ width, height, ground, font, title, parts }) {
  /** @type {string[]} */
  const clips = [];
  const drawn = parts.map(({ left, top, scale = 1, groups }) => {
    const inside = groups.map(({ box, commands }) => {
      const clip = `within${clips.length}`;
      clips.push(`<clipPath id="${clip}"><rect ${rect(box)}/></clipPath>`);
      return `<g clip-path="url(#${clip})">${commands.map(element).join("")}</g>`;
    });
    const larger = scale === 1 ? "" : ` scale(${Number(scale.toPrecision(6))})`;
    return `<g transform="translate(${length(left)} ${length(top)})${larger}">${inside.join("\n")}</g>`;
  });
  const size = `width="${length(width)}" height="${length(height)}" viewBox="0 0 ${length(width)} ${length(height)}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="${escaped(font)}" font-size="${TEXT_PX}" xml:space="preserve">`,
    `<title>${escaped(title)}</title>`,
    `<defs>${clips.join("")}</defs>`,
    `<rect width="100%" height="100%" ${fill(ground)}/>`,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}
