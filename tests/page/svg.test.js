import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";
import { test } from "node:test";
import "./browser.js";
import { crc32, pngOf } from "../../visualizer/page/draw/png.js";
import { escaped, svg } from "../../visualizer/page/draw/svg.js";
/** @import { Command, Print } from "../../visualizer/page/types.d.ts" */

const BOX = { left: 1, top: 2, width: 30, height: 40 };

/** @param {Command[]} commands @param {Partial<Print>} [more] */
const drawn = (commands, more = {}) =>
  svg({ width: 100, height: 50, ground: "black", font: "mono", title: "a < b", parts: [{ left: 5, top: 6, groups: [{ box: BOX, commands }] }], ...more });

test("every drawing command has an element, within the box of its group, from the place of its part on", () => {
  const text = drawn([
    { kind: "rects", colour: "red", rects: [1, 2, 3, 4, 5, 6, 7, 8.125] },
    { kind: "polyline", colour: "blue", width: 1.5, points: [0, 1, 2, 3, 0, Number.NaN, 4, 5, 6, 7, 8, Number.NaN, 9, 9] },
    { kind: "polygon", colour: "green", points: [0, 0, 1, 0, 1, 1] },
    { kind: "circles", colour: "pink", circles: [1, 2, 3], width: 2 },
    { kind: "circles", colour: "pink", circles: [4, 5, 6] },
    { kind: "texts", colour: "grey", align: "right", texts: [{ text: "1 < 2 & \"3\"", x: 1, y: 2 }] },
    { kind: "stamp", left: 7.5, stamp: { box: BOX, commands: [{ kind: "rects", colour: "brown", rects: [-1, 2, 3, 4] }] } },
    { kind: "texts", colour: "grey", align: "left", turned: true, size: 15, texts: [{ text: "up", x: 3, y: 4 }] },
  ]);
  for (const part of [
    '<g transform="translate(5 6)">', '<clipPath id="within0"><rect x="1" y="2" width="30" height="40"/></clipPath>', "<title>a &lt; b</title>",
    '<path fill="red" d="M1 2h3v4h-3zM5 6h7v8.13h-7z"/>', 'stroke-width="1.5" stroke-linejoin="round" d="M0 1L2 3M4 5L6 7"/>',
    '<path fill="green" d="M0 0L1 0L1 1z"/>', '<g fill="none" stroke="pink" stroke-width="2"><circle cx="1" cy="2" r="3"/></g>', '<g fill="pink"><circle',
    '<g transform="translate(7.5 0)"><path fill="brown" d="M-1 2h3v4h-3z"/></g>',
    'text-anchor="end"><text x="1" y="2" dy=".35em">1 &lt; 2 &amp; &quot;3&quot;</text>', 'font-size="15"><text x="3" y="4" dy=".35em" transform="rotate(-90 3 4)">up</text>',
  ]) assert.ok(text.includes(part), `${part} in ${text}`);
  assert.match(drawn([], { parts: [{ left: 1, top: 2, scale: 1.25, groups: [] }] }), /translate\(1 2\) scale\(1\.25\)/u);
  assert.ok(!/NaN|undefined|Infinity/u.test(text));
});

test("names of instruments cannot break out of the text, and what XML cannot hold is replaced", () => {
  assert.equal(escaped('</text><script>"&\u0000\uFFFF\u{1F600}'), "&lt;/text&gt;&lt;script&gt;&quot;&amp;\uFFFD\uFFFD\u{1F600}");
});

test("an image is a PNG that says what its pixels are", () => {
  const pixels = Uint32Array.from({ length: 300 * 70 }, (_, index) => index * 977);
  const file = Buffer.from(pngOf({ width: 300, height: 70, pixels }), "base64");
  assert.equal(file.subarray(0, 8).toString("latin1"), "\x89PNG\r\n\x1a\n");
  /** @type {Record<string, Buffer>} */
  const chunks = {};
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const named = file.subarray(at + 4, at + 8 + length);
    assert.equal(file.readUInt32BE(at + 8 + length), crc32(named));
    chunks[named.subarray(0, 4).toString("latin1")] = named.subarray(4);
    at += 12 + length;
  }
  assert.deepEqual([chunks.IHDR.readUInt32BE(0), chunks.IHDR.readUInt32BE(4), ...chunks.IHDR.subarray(8)], [300, 70, 8, 6, 0, 0, 0]);
  const rows = inflateSync(chunks.IDAT);
  assert.equal(rows.length, 70 * 1201);
  const bytes = Buffer.from(pixels.buffer);
  for (let row = 0; row < 70; row += 1) {
    assert.equal(rows[row * 1201], 0);
    assert.ok(rows.subarray(row * 1201 + 1, (row + 1) * 1201).equals(bytes.subarray(row * 1200, (row + 1) * 1200)));
  }
  const text = drawn([{ kind: "raster", image: { width: 1, height: 1, pixels: new Uint32Array(1), slots: 1 }, left: 1, top: 2, width: 3, height: 4 }]);
  assert.match(text, /<image x="1" y="2" width="3" height="4" preserveAspectRatio="none" style="image-rendering:pixelated" href="data:image\/png;base64,/u);
});
