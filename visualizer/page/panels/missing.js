/* Why panels stay empty. Pure: what is held in, sentences out. */
/** @import { Missing, State, Views } from "../types.d.ts" */

/** Why there is nothing of a view on request; empty where it is published.
 * @param {Pick<State, "about" | "status" | "crc32">} state
 * @param {keyof Views} view
 * @param {boolean} isReadOnly whether the page may ask for nothing */
export function unpublished({ about, status, crc32 }, view, isReadOnly) {
  if (typeof crc32[view] === "number" || !about || !status) return "";
  if (typeof about.still_ms === "number") return "Not in this still picture: it was not published when that was taken";
  const name = `started with --views ${view}`;
  if (isReadOnly) return `Not published: this page is read-only and cannot ask for it. A replay ${name} publishes it always.`;
  if (!about.control.listening) return `Not published: the replay takes no requests (it was started without --control). One ${name} publishes it always.`;
  if (status.state === "failed") return "Not published: the replay has failed";
  return "Asked for; not published yet";
}

/** Whether what has been read so far has a book and no trade.
 * @param {Pick<State, "report">} state */
export const isBookOnly = ({ report }) => report !== null && report.trades === 0 && report.book_events > 0;

/** @param {State} state */
const hasNoBook = ({ depth, metrics }) => !depth.bids.length && !depth.asks.length && metrics.every((row) => !row[2] && !row[3]);

/** Why panels stay empty: a sentence each for trades, prices, book, cvd, statistics, sizes and measures where there are none, and whether that is known of
 * the dataset, so that no room need be kept. Nothing is known before something has been read.
 * @param {State} state
 * @param {boolean} [isReadOnly] whether the page may ask for nothing
 * @returns {Missing} */
export function missing(state, isReadOnly = false) {
  const { about, status, ohlc, metrics, report } = state;
  const found = { loading: false, trades: "", prices: "", book: "", cvd: "", statistics: "", sizes: "", measures: "", settled: false };
  if (!about) return found;
  const started = ohlc.length > 0 || metrics.length > 0;
  if (!started && status && status.state === "loading") return { ...found, loading: true };
  const over = status && (status.state === "finished" || status.state === "failed");
  found.settled = started && report !== null && (report.trades > 0) !== (report.book_events > 0);
  /** @param {string} what */
  const none = (what) => {
    if (!started && status && status.state === "failed") return "The replay failed before there was anything to see";
    if (report && found.settled) return report.complete ? `This dataset holds no ${what}` : `No ${what} in what has been read`;
    return `No ${what} ${over ? "in this replay" : "so far"}`;
  };
  if (!ohlc.length) found.trades = none("trades");
  /** @param {"statistics" | "sizes" | "measures"} view
   * @param {string} without why there can be none */
  const unless = (view, without) => (state[view].length ? "" : without || unpublished(state, view, isReadOnly));
  if (!state.quotes.length) found.prices = found.trades;
  if (hasNoBook(state)) found.book = none("order book");
  found.statistics = unless("statistics", found.trades);
  found.measures = unless("measures", found.book);
  if (metrics.every((row) => row[5] === null || row[5] === undefined)) found.cvd = "The writer publishes no CVD";
  const early = typeof state.crc32.sizes === "number" ? "Starts once the sizes of the first 10,000 orders are known" : "";
  if (!state.sizes.length) found.sizes = unless("sizes", found.trades) || early;
  return found;
}
