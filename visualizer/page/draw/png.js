/* An image as the bytes of a PNG, not compressed: only canvases can make another one, and these are not at hand everywhere. Pure. */
/** @import { Raster } from "../types.d.ts" */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const CRC_POLYNOMIAL = 0xedb88320;
const ADLER_MODULUS = 65_521;
const MOST_STORED = 65_535; // bytes in a block
const AT_ONCE = 32_768;

/** @param {number} value */
// eslint-disable-next-line no-bitwise -- this is what a CRC is
const crcStep = (value) => (value & 1 ? (value >>> 1) ^ CRC_POLYNOMIAL : value >>> 1) >>> 0;

/** Of each byte, what it does to a checksum. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = crcStep(value);
  return value;
});

/** The CRC-32 of bytes.
 * @param {Uint8Array} bytes */
export function crc32(bytes) {
  let value = 0xffffffff;
  // eslint-disable-next-line no-bitwise -- this is what a CRC is
  for (const byte of bytes) value = (CRC_TABLE[(value ^ byte) & 0xff] ^ (value >>> 8)) >>> 0;
  // eslint-disable-next-line no-bitwise -- this is what a CRC is
  return (value ^ 0xffffffff) >>> 0;
}

/** @param {Uint8Array} bytes */
function adler32(bytes) {
  let [one, other] = [1, 0];
  for (const byte of bytes) {
    one = (one + byte) % ADLER_MODULUS;
    other = (other + one) % ADLER_MODULUS;
  }
  return other * 65_536 + one;
}

/** @param {number} value
 * @returns {Uint8Array} */
function fourBytes(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** @param {...(Uint8Array | number[])} parts */
function joined(...parts) {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @param {string} name
 * @param {Uint8Array} content */
function chunk(name, content) {
  const named = joined([...name].map((letter) => letter.charCodeAt(0)), content);
  return joined(fourBytes(content.length), named, fourBytes(crc32(named)));
}

/** Bytes as zlib has them, stored as they are.
 * @param {Uint8Array} bytes */
function stored(bytes) {
  const blocks = [];
  for (let at = 0; at < bytes.length; at += MOST_STORED) {
    const block = bytes.subarray(at, at + MOST_STORED);
    const [low, high] = [block.length % 256, Math.floor(block.length / 256)];
    blocks.push([at + MOST_STORED >= bytes.length ? 1 : 0, low, high, 255 - low, 255 - high], block);
  }
  return joined([0x78, 0x01], ...blocks, fourBytes(adler32(bytes)));
}

/** An image as a PNG in base 64.
 * @param {Pick<Raster, "width" | "height" | "pixels">} image */
export function pngOf({ width, height, pixels }) {
  const rows = new Uint8Array(height * (4 * width + 1)); // each after a byte for its filter: none
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  for (let row = 0; row < height; row += 1) rows.set(bytes.subarray(row * 4 * width, (row + 1) * 4 * width), row * (4 * width + 1) + 1);
  const head = joined(fourBytes(width), fourBytes(height), [8, 6, 0, 0, 0]);
  const file = joined(SIGNATURE, chunk("IHDR", head), chunk("IDAT", stored(rows)), chunk("IEND", new Uint8Array(0)));
  let text = "";
  for (let at = 0; at < file.length; at += AT_ONCE) text += String.fromCharCode(...file.subarray(at, at + AT_ONCE));
  return btoa(text);
}
