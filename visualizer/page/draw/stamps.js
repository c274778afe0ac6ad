/* Which stamps have a bitmap, so that what stays as it is costs a frame next to nothing. One is made when a stamp is drawn again: while one
   zooms each is drawn but once. Only a few are made with a paint, and the page holds but so many pixels of them. */
/** @import { Stamp } from "../types.d.ts" */

/** The pixels of the screen that a stamp covers.
 * @param {Stamp} stamp
 * @param {number} ratio */
export const sizeOf = ({ box: { width, height } }, ratio) => ({ width: Math.round(width * ratio), height: Math.round(height * ratio) });

/** What is made of stamps, the last used ones last.
 * @template {{ close(): void }} T
 * @param {(stamp: Stamp, ratio: number) => T} make
 * @param {{ mostMade: number, mostPixels: number }} limits */
export function store(make, { mostMade, mostPixels }) {
  /** @type {Map<Stamp, { made: T, ratio: number, pixels: number }>} */
  const held = new Map();
  /** @type {WeakMap<Stamp, number>} */
  const drawn = new WeakMap(); // with which ratio
  let pixels = 0;
  let left = mostMade;

  /** @param {Stamp} stamp */
  function drop(stamp) {
    const found = held.get(stamp);
    if (!found) return;
    held.delete(stamp);
    pixels -= found.pixels;
    found.made.close();
  }

  /** @param {Stamp} stamp
   * @param {number} ratio */
  function added(stamp, ratio) {
    const { width, height } = sizeOf(stamp, ratio);
    const made = make(stamp, ratio);
    held.set(stamp, { made, ratio, pixels: width * height });
    pixels += width * height;
    for (const oldest of held.keys()) {
      if (pixels <= mostPixels) break;
      drop(oldest);
    }
    return made;
  }

  return {
    /** A paint begins, for which some may be made. */
    begin() {
      left = mostMade;
    },
    /** What was made of a stamp; null where it is to be drawn itself.
     * @param {Stamp} stamp
     * @param {number} ratio
     * @returns {T | null} */
    of(stamp, ratio) {
      const found = held.get(stamp);
      if (found?.ratio === ratio) {
        held.delete(stamp);
        held.set(stamp, found);
        return found.made;
      }
      drop(stamp);
      const { width, height } = sizeOf(stamp, ratio);
      const isAgain = drawn.get(stamp) === ratio;
      drawn.set(stamp, ratio);
      if (!isAgain || left === 0 || width * height === 0 || width * height > mostPixels) return null;
      left -= 1;
      return added(stamp, ratio);
    },
  };
}
