/* VWAP and its bands, as a layer of the price: since the session's start, the dataset's, or a bar that the user has chosen. Pure. */
import { upright } from "../draw/commands.js";
import * as format from "../format.js";
import { token } from "../tokens.js";
import { runs, startMs } from "../sessions.js";
/** @import { About, Command, Layer, Picture, Scale, StatisticsRow } from "../types.d.ts" */
/** The VWAP and the deviation after a bar; null without volume.
 * @typedef {{ place: number, vwap: number | null, sigma: number | null }} Average */

const COLUMNS = { session: [16, 17], dataset: [21, 22] };
const LINE_PX = 1.5;
const BAND_PX = 1;
const FLAG_PX = 9;
const FINER = 2; // decimals that a mean of prices has more than they

/** What was averaged over bars, summed up about a price near all of them, so that no digit is lost.
 * @param {readonly StatisticsRow[]} rows from the anchor on
 * @returns {Average[]} */
export function anchored(rows) {
  const about = rows.find((row) => row[11] !== null)?.[11] ?? 0;
  let [volume, first, second] = [0, 0, 0];
  return rows.map((row) => {
    const [place, , buy, sell, unknown] = row;
    const [vwap, sigma] = [row[11], row[12]];
    if (vwap !== null && sigma !== null) {
      const size = buy + sell + unknown;
      volume += size;
      first += size * (vwap - about);
      second += size * (sigma ** 2 + (vwap - about) ** 2);
    }
    if (volume === 0) return { place, vwap: null, sigma: null };
    const mean = first / volume;
    return { place, vwap: about + mean, sigma: Math.sqrt(Math.max(0, second / volume - mean ** 2)) };
  });
}

/** The rows since the anchor: from the bar on that it lies in; null where that is not at hand.
 * @param {Picture} picture
 * @returns {StatisticsRow[] | null} */
function sinceAnchor({ data: { statistics }, options: { anchor }, place, step }) {
  if (anchor === null || !statistics.length || statistics[0][0] > place(anchor)) return null;
  const from = statistics.findIndex((row) => row[0] > place(anchor) - step);
  return from < 0 ? [] : statistics.slice(from);
}

/** The averages after bars; those since an anchor are summed up from there in any case.
 * @param {Picture} picture
 * @param {readonly StatisticsRow[]} rows
 * @returns {Average[]} */
function averages(picture, rows) {
  const { vwap: since } = picture.options;
  if (since === "off" || !rows.length) return [];
  if (since === "anchor") {
    const [from, to] = [rows[0][0], rows[rows.length - 1][0]];
    return anchored(sinceAnchor(picture) ?? []).filter(({ place }) => place >= from && place <= to);
  }
  const [vwap, sigma] = COLUMNS[since];
  return rows.map((row) => ({
    place: row[0],
    vwap: /** @type {number | null} */ (row[vwap]),
    sigma: /** @type {number | null} */ (row[sigma]),
  }));
}

/** A line through values of bars; a bar on its own is as wide as it is.
 * @param {{ place: number, value: number }[][]} lists
 * @param {Scale} scale
 * @param {{ colour: string, width: number }} style
 * @returns {Command[]} */
function through(lists, { toX, toY, barPx }, { colour, width }) {
  const points = lists.filter(({ length }) => length).flatMap((list) => {
    if (list.length !== 1) return [...list.flatMap(({ place, value }) => [toX(place), toY(value)]), 0, Number.NaN];
    const [x, y] = [toX(list[0].place), toY(list[0].value)];
    return [x - barPx / 2, y, x + barPx / 2, y, 0, Number.NaN];
  });
  return points.length ? [{ kind: "polyline", colour, width, points }] : [];
}

/** A flag at the anchor.
 * @param {Picture} picture
 * @param {Scale} scale
 * @returns {Command[]} */
function flag({ options: { vwap, anchor }, place }, { toX, box, ratio }) {
  if (vwap !== "anchor" || anchor === null) return [];
  const x = toX(place(anchor));
  const top = box.top + box.height - 3 * FLAG_PX;
  return [
    ...upright(token("vwap"), [x], { top, height: 3 * FLAG_PX }, ratio),
    { kind: "polygon", colour: token("vwap"), points: [x, top, x + FLAG_PX, top + FLAG_PX / 2, x, top + FLAG_PX] },
  ];
}

/** @param {Picture} picture
 * @param {Scale} scale
 * @returns {Command[]} */
function commands(picture, scale) {
  const { options } = picture;
  const rows = picture.rows("statistics");
  const found = (options.vwap === "session" ? runs(rows, picture.time, startMs(picture.data.about)) : [rows]).map((run) => averages(picture, run));
  /** @param {number} sigmas
   * @param {{ colour: string, width: number }} style */
  const at = (sigmas, style) => {
    const lists = found.map((list) =>
      list.flatMap(({ place, vwap, sigma }) => (vwap === null || sigma === null ? [] : [{ place, value: vwap + sigmas * sigma }])),
    );
    return through(lists, scale, style);
  };
  const bands = Array.from({ length: options.bands }, (_, index) => index + 1);
  const band = { colour: token("vwap-band"), width: BAND_PX };
  return [
    ...bands.flatMap((sigmas) => [...at(sigmas, band), ...at(-sigmas, band)]),
    ...at(0, { colour: token("vwap"), width: LINE_PX }),
    ...flag(picture, scale),
  ];
}

/** The average after the bar at a place.
 * @param {Picture} picture
 * @param {number | null} place
 * @returns {Average | undefined} */
function averageAt(picture, place) {
  const row = picture.data.statistics.find((each) => each[0] === place);
  return row && averages(picture, [row])[0];
}

/** @param {number | null | undefined} value
 * @param {About | null} about */
function fine(value, about) {
  const decimals = format.priceDecimals(about);
  return format.exact(value, decimals === null ? null : decimals + FINER);
}

/** @param {Picture} picture */
function note(picture) {
  const { options, data } = picture;
  const { vwap: since, anchor, bands } = options;
  const width = bands ? ` ±${bands}σ` : "";
  if (since !== "anchor") return `VWAP ${since}${width}`;
  if (anchor === null) return "VWAP: press W and click the bar where it starts";
  if (data.statistics.length && !sinceAnchor(picture)) return "VWAP: the bar where it starts is no longer at hand";
  return `VWAP since ${picture.label(picture.place(anchor))}${width}`;
}

/** @type {Layer} */
export const vwap = {
  views: ["statistics"],
  when: (options) => options.vwap !== "off",
  commands,
  note,
  readout: {
    id: "vwap",
    title: "VWAP line", // a bar has one of its own
    cells: [
      { id: "w", label: "W", text: (picture, place) => fine(averageAt(picture, place)?.vwap, picture.data.about) },
      { id: "sigma", label: "σ", text: (picture, place) => fine(averageAt(picture, place)?.sigma, picture.data.about) },
    ],
  },
};
