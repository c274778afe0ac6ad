/* Why panels stay empty. Pure: what is held in, sentences out. */
/** @import { Missing, State } from "../types.d.ts" */

/** Why panels stay empty: a sentence each for trades, book and cvd where there are none, and whether that is known of
 * the dataset, so that no room need be kept. Nothing is known before something has been read.
 * @param {State} state
 * @returns {Missing} */
export function missing({ about, status, ohlc, metrics, depth, report }) {
  const found = { loading: false, trades: "", book: "", cvd: "", settled: false };
  if (!about) return found;
  const started = ohlc.length > 0 || metrics.length > 0;
  if (!started && status && status.state === "loading") return { ...found, loading: true };
  const over = status && (status.state === "finished" || status.state === "failed");
  found.settled = started && report !== null && (report.trades > 0) !== (report.book_events > 0);
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
