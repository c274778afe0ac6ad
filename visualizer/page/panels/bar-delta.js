/* What a row of the statistics says of its bar's delta. Pure. */
/** @import { Row } from "../types.d.ts" */

/** What was bought less what was sold. Without the digits that a difference of binary numbers adds behind their decimals.
 * @param {Row} row */
export const deltaOf = (row) => Number((Number(row[2]) - Number(row[3])).toPrecision(14));
