/* The command that writes a table of the whole history. Pure. */
import { areMoved, startOf } from "../sessions.js";
/** @import { About } from "../types.d.ts" */

const SAFE = /^[\w.,:@%+/-]+$/u;

/** A word as a shell takes it.
 * @param {string} word */
const quoted = (word) => (SAFE.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** @param {string} view as `processor aggregate` calls it
 * @param {About} about */
export function aggregate(view, about) {
  const { instrument, interval, row, obi_levels: levels, cvd_reset: reset, clock } = about;
  const isByRows = ["footprint", "profile", "heatmap"].includes(view);
  const words = [
    ...["--view", view, "--interval", interval, "--instrument", instrument],
    ...(isByRows && row !== "auto" ? ["--row", row] : []),
    ...(view === "bars" ? ["--obi-levels", String(levels), "--cvd-reset", reset] : []),
    ...(areMoved(about) ? ["--session-start", startOf(about)] : []),
    ...(clock === "local" ? ["--clock", clock] : []),
    ...["--out", `${view}.parquet`],
  ];
  return `processor aggregate DATASET ${words.map(quoted).join(" ")}`;
}
