/* Prints the best prices of a published replay, one line for each picture: a reader of the file contract (docs/contract.md) in another
   language, with Node.js alone. `node examples/reader.mjs [DIR] [--once]`; DIR is data/ipc by default. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 500;
const MOST_BYTES = 8_000_000;
const TRIES = 5;

/* eslint-disable no-bitwise -- a checksum is made of bits */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** The CRC-32 of zlib.
 * @param {Uint8Array} bytes */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff];
  return ~crc >>> 0;
}

/** The bytes of a regular file; null where there is none, or one that is no file of the contract.
 * @param {string} path */
function bytesOf(path) {
  let file = -1;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = fstatSync(file);
    return found.isFile() && found.size <= MOST_BYTES ? readFileSync(file) : null;
  } catch {
    return null;
  } finally {
    if (file >= 0) closeSync(file);
  }
}

/** What status.json describes, or null where its files are being replaced.
 * @param {string} directory
 * @param {Record<string, { bytes: number, crc32: number }>} files
 * @param {string} name */
function fileOf(directory, files, name) {
  for (const candidate of [name, `.${name}.old`]) {
    const bytes = bytesOf(join(directory, candidate));
    if (bytes && files[name] && bytes.length === files[name].bytes && crc32(bytes) === files[name].crc32) {
      return JSON.parse(bytes.toString("utf-8"));
    }
  }
  return null;
}

/** The status and the depth of one picture, or null.
 * @param {string} directory */
function picture(directory) {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const bytes = bytesOf(join(directory, "status.json"));
    if (!bytes) return null;
    const status = JSON.parse(bytes.toString("utf-8"));
    if (!status.contract.startsWith("1.")) throw new Error(`contract ${status.contract} is not one of 1.x`);
    const depth = fileOf(directory, status.files, "depth_data.json");
    if (depth) return { status, depth };
  }
  return null;
}

const words = process.argv.slice(2);
const isOnce = words.includes("--once");
const directory = words.find((word) => !word.startsWith("--")) ?? "data/ipc";
let shown = "";
for (;;) {
  const found = picture(directory);
  const key = found && `${found.status.session} ${found.status.generation}`;
  if (found && key && key !== shown) {
    shown = key;
    const { status, depth } = found;
    const [bid, ask] = [depth.bids[0] ?? [], depth.asks[0] ?? []];
    const time = status.event_time_ms === null ? "-" : new Date(status.event_time_ms).toISOString();
    process.stdout.write(`${time} ${status.instrument} bid ${bid[0] ?? "-"} x ${bid[1] ?? "-"} ask ${ask[0] ?? "-"} x ${ask[1] ?? "-"}\n`);
  }
  if (isOnce) {
    process.exitCode = found ? 0 : 1;
    break;
  }
  await sleep(POLL_MS);
}
