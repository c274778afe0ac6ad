/* The price that the pointer is at, in the chart or beside it, so that all who show prices show a line there. */

/** @type {{ place: string, price: number } | null} */
let pointed = null;

/** What is pointed at in a place; null for nothing there.
 * @param {string} place
 * @param {number | null} price */
export function point(place, price) {
  if (price !== null) pointed = { place, price };
  else if (pointed?.place === place) pointed = null;
}

/** The price that is pointed at in another place; null for none.
 * @param {string} place */
export const other = (place) => (pointed && pointed.place !== place ? pointed.price : null);
