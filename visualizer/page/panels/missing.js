/* Why panels stay empty. Pure: what is held in, sentences out. */
/** @import { Missing, State } from "../types.d.ts" */

/** Why a view that is asked for has no rows; empty where it has, and where it is published without any.
 * @param {State} state
 * @param {"statistics" | "sizes"} name */
function unpublished({ about, asked, crc32, ...views }, name) {
  if (!about || views[name].length || typeof crc32[name] === "number" || !asked.includes(name)) return "";
  return about.control.listening ? "Asked for; not published yet" : "Not published: the replay takes no requests";
}

/** Why panels stay empty: a sentence each for trades, book and cvd where there are none, and whether that is known of
 * the dataset, so that no room need be kept; and one for each view on request that is not there. Nothing is known before something has been read.
 * @param {State} state
 * @returns {Missing} */
export function missing(state) {
  const { about, status, ohlc, metrics, depth, report } = state;
  const found = { loading: false, trades: "", book: "", cvd: "", statistics: "", sizes: "", settled: false };
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
  found.statistics = unpublished(state, "statistics");
  const isEarly = state.crc32.sizes && !state.sizes.length;
  found.sizes = isEarly ? "Starts once the sizes of the first 10,000 orders are known" : unpublished(state, "sizes");
  return found;
}
