/* How large text is on the canvas, by its height in units of the page. Pure. */
export const TEXT_PX = 11;

const CHARACTER_PX = 6.62; // of the widest of the usual fonts, in TEXT_PX

const CHIP_PX = 16;

/** Whether a label of an axis is not under the chip of a value; null for no chip.
 * @param {number} y of the label's middle
 * @param {number | null} chip of the chip's */
export const isClear = (y, chip) => chip === null || Math.abs(y - chip) >= (CHIP_PX + TEXT_PX) / 2;

/** How wide a line of text is at most.
 * @param {string} line */
export const widthOf = (line) => line.length * CHARACTER_PX;

const PADDING_PX = 2;

/** Left, top, width and height of what a line of text covers, with a little around it.
 * @param {string} text
 * @param {number} left
 * @param {number} y of its middle */
export const grounded = (text, left, y) => [left - PADDING_PX, y - TEXT_PX / 2 - PADDING_PX, widthOf(text) + 2 * PADDING_PX, TEXT_PX + 2 * PADDING_PX];
