/* What the page shows as drawing commands: its canvases as they were drawn, and of its elements grounds, edges and texts. Icons and
   what style sheets put before and after elements are left out. */
import { shared, within } from "../draw/boxes.js";
/** @import { Box, Command, Part, Printed } from "../types.d.ts" */

const SIDES = /** @type {const} */ (["left", "top", "right", "bottom"]);

/** @typedef {{ origin: DOMRect, canvases: ReadonlyMap<string, Printed>, without: string, parts: Part[] }} Walk */

/** @param {DOMRect} rect
 * @param {DOMRect} origin
 * @returns {Box} */
const boxOf = ({ left, top, width, height }, origin) => ({ left: left - origin.left, top: top - origin.top, width, height });

/** @param {string} colour as a browser computes it */
const isSeen = (colour) => colour !== "transparent" && !/, 0\)$/u.test(colour);

/** The ground of an element and its edges.
 * @param {CSSStyleDeclaration} style
 * @param {Box} box
 * @returns {Command[]} */
function ground(style, { left, top, width, height }) {
  /** @type {Command[]} */
  const commands = [];
  if (isSeen(style.backgroundColor)) commands.push({ kind: "rects", colour: style.backgroundColor, rects: [left, top, width, height] });
  for (const side of SIDES) {
    const px = Number.parseFloat(style.getPropertyValue(`border-${side}-width`));
    const colour = style.getPropertyValue(`border-${side}-color`);
    if (!(px > 0) || style.getPropertyValue(`border-${side}-style`) === "none" || !isSeen(colour)) continue;
    const rect = {
      left: [left, top, px, height],
      top: [left, top, width, px],
      right: [left + width - px, top, px, height],
      bottom: [left, top + height - px, width, px],
    }[side];
    commands.push({ kind: "rects", colour, rects: rect });
  }
  return commands;
}

/** The lines of a text as they are broken: the characters of each, and where it is.
 * @param {Text} node
 * @returns {{ text: string, rect: DOMRect }[]} */
function linesOf(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  const rects = [...range.getClientRects()];
  if (rects.length <= 1) return rects.map((rect) => ({ text: node.data, rect }));
  /** @type {{ text: string, rect: DOMRect }[]} */
  const lines = [];
  for (let at = 0; at < node.data.length; at += 1) {
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    const [rect] = range.getClientRects();
    const last = lines.at(-1);
    if (rect && last && Math.abs(last.rect.top - rect.top) < rect.height / 2) last.text += node.data[at];
    else if (rect) lines.push({ text: node.data[at], rect });
  }
  return lines;
}

/** @param {CSSStyleDeclaration} style
 * @param {{ text: string, rect: DOMRect }[]} lines
 * @param {DOMRect} origin
 * @returns {Command[]} */
function words(style, lines, origin) {
  const isUpper = style.textTransform === "uppercase";
  const texts = lines
    .map(({ text, rect }) => {
      const plain = style.whiteSpaceCollapse === "preserve" ? text : text.replace(/\s+/gu, " ").trim();
      return { text: isUpper ? plain.toUpperCase() : plain, x: rect.left - origin.left, y: rect.top - origin.top + rect.height / 2 };
    })
    .filter(({ text }) => text);
  return texts.length ? [{ kind: "texts", colour: style.color, align: "left", size: Number.parseFloat(style.fontSize), texts }] : [];
}

/** What a field holds, which is no text of the page.
 * @param {Element} element
 * @returns {string} */
function valueOf(element) {
  if (element instanceof HTMLSelectElement) return element.selectedOptions[0]?.text ?? "";
  const isField = element instanceof HTMLTextAreaElement || (element instanceof HTMLInputElement && element.type === "text");
  return isField ? element.value || element.placeholder : "";
}

/** @param {Element} element
 * @param {Box} clip
 * @param {Walk} walk */
function visit(element, clip, walk) {
  const style = getComputedStyle(element);
  if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0" || element.matches(walk.without)) return;
  const rect = element.getBoundingClientRect();
  const box = boxOf(rect, walk.origin);
  if (element instanceof HTMLCanvasElement) {
    const found = walk.canvases.get(element.id);
    if (!found?.width) return;
    // Canvases may be measured in other units than the page.
    walk.parts.push(...within([{ left: box.left, top: box.top, scale: box.width / found.width, groups: found.groups }], clip));
    return;
  }
  const inside = style.overflow === "visible" ? clip : shared(clip, box);
  const commands = style.display === "contents" ? [] : ground(style, box);
  const value = valueOf(element);
  const padded = { left: rect.left + Number.parseFloat(style.paddingLeft), top: rect.top, height: rect.height };
  if (value) commands.push(...words(style, [{ text: value, rect: /** @type {DOMRect} */ (padded) }], walk.origin));
  for (const node of element.childNodes) {
    if (node instanceof Text && node.data.trim()) commands.push(...words(style, linesOf(node), walk.origin));
  }
  if (commands.length) walk.parts.push({ left: 0, top: 0, groups: [{ box: inside, commands }] });
  if (!value) for (const child of element.children) visit(child, inside, walk);
}

/** All that an element shows, with its corner at 0.
 * @param {Element} root
 * @param {ReadonlyMap<string, Printed>} canvases by the id of each, what it was drawn with
 * @param {string} without a selector of what is left out
 * @returns {{ parts: Part[], width: number, height: number }} */
export function shown(root, canvases, without) {
  const origin = root.getBoundingClientRect();
  /** @type {Part[]} */
  const parts = [];
  visit(root, boxOf(origin, origin), { origin, canvases, without, parts });
  return { parts, width: origin.width, height: origin.height };
}
