/* What room each panel of the chart gets: one without data gives its own up to the others, but for a line that says why.
   Pure: facts and a height in, shares of the height out. */
/** @import { AxisName, Missing, Span, State } from "../types.d.ts" */

const GAP = 0.01;
const STRIP_PX = 22;
/* From the top, with the share of the height each asks for. Volume belongs to the price. */
/** @type {[AxisName, number][]} */
const PANELS = [
  ["yaxis", 0.525],
  ["yaxis2", 0.09],
  ["yaxis3", 0.175],
  ["yaxis4", 0.18],
];

/** Why panels stay empty: a sentence each for trades, book and cvd where there are none, and whether that is known of
 * the dataset, so that no room need be kept. Nothing is known before something has been read.
 * @param {State} state
 * @returns {Missing} */
export function missing({ about, status, ohlc, metrics, depth, report }) {
  const found = { loading: false, trades: "", book: "", cvd: "", settled: false };
  if (!about) return found;
  const begun = ohlc.length > 0 || metrics.length > 0;
  if (!begun && status && status.state === "loading") return { ...found, loading: true };
  const over = status && (status.state === "finished" || status.state === "failed");
  found.settled = begun && report !== null && (report.trades > 0) !== (report.book_events > 0);
  /** @param {string} what */
  const none = (what) => {
    if (report && found.settled) return report.complete ? `This dataset holds no ${what}` : `No ${what} in what has been read`;
    return `No ${what} ${over ? "in this replay" : "so far"}`;
  };
  const noBook = !depth.bids.length && !depth.asks.length && metrics.every((row) => !row[2] && !row[3]);
  if (!ohlc.length) found.trades = none("trades");
  if (noBook) found.book = none("order book");
  if (metrics.every((row) => row[5] === null || row[5] === undefined)) found.cvd = "The writer publishes no CVD";
  return found;
}

/** Which panels are but a line: a dataset without trades, or without a book.
 * @param {Missing} missing
 * @returns {AxisName[]} */
export function collapsed({ trades, book, settled }) {
  if (!settled || Boolean(trades) === Boolean(book)) return [];
  return trades ? ["yaxis", "yaxis2", "yaxis4"] : ["yaxis3"];
}

/** Per axis its share of the height, from the bottom, as Plotly wants it.
 * @param {AxisName[]} slim
 * @param {number} heightPx
 * @returns {Record<AxisName, Span>} */
export function domains(slim, heightPx) {
  const strip = Math.min(0.1, STRIP_PX / Math.max(heightPx, 1));
  const asked = PANELS.map(([axis, share]) => {
    if (!slim.includes(axis)) return share;
    // Price and volume are excused in one line.
    return axis === "yaxis2" ? 0.001 : strip;
  });
  const kept = asked.reduce((sum, share, index) => sum + (slim.includes(PANELS[index][0]) ? 0 : share), 0);
  const lost = asked.reduce((sum, share, index) => sum + (slim.includes(PANELS[index][0]) ? share : 0), 0);
  const room = 1 - GAP * (PANELS.length - 1) - lost;
  const result = /** @type {Record<AxisName, Span>} */ ({});
  let top = 1;
  PANELS.forEach(([axis], index) => {
    const height = slim.includes(axis) ? asked[index] : (asked[index] / kept) * room;
    result[axis] = [Math.max(0, top - height), top];
    top -= height + GAP;
  });
  return result;
}

/** Where lines part the panels.
 * @param {AxisName[]} slim
 * @param {number} heightPx */
export function boundaries(slim, heightPx) {
  const parted = Object.entries(domains(slim, heightPx)).filter(([axis]) => !(axis === "yaxis" && slim.includes(axis)));
  return parted.map(([, [low]]) => low - GAP / 2).filter((height) => height > 0);
}
