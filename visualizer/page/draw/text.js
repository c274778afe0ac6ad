/* How large text is on the canvas, by its height in pixels of the page. Pure. */
export const TEXT_PX = 11;

const CHARACTER_PX = 6.62; // of the widest of the usual fonts, in TEXT_PX

/** How wide a line of text is at most.
 * @param {string} line */
export const widthOf = (line) => line.length * CHARACTER_PX;
