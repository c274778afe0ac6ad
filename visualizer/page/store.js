/* What this page holds of the data, and how an answer of the server changes it. Pure: nothing here touches the page. */
/** @import { Answer, Change, Row, State } from "./types.d.ts" */

/** @returns {State} */
export function empty() {
  return {
    status: null,
    about: null,
    ohlc: [],
    metrics: [],
    depth: { bids: [], asks: [] },
    report: null,
    overview: null,
    problem: null,
    monitor: null,
    incomplete: false,
    offsetMs: 0,
    serverMs: 0,
  };
}

/** Rows from the server replace the held ones from the first of their times on.
 * @template {Row} R
 * @param {R[]} held
 * @param {Change<R>} change */
function merge(held, change) {
  if (change.whole || change.rows.length === 0) return change.whole ? change.rows : held;
  const from = change.rows[0][0];
  let keep = held.length;
  while (keep > 0 && held[keep - 1][0] >= from) keep -= 1;
  return held.slice(0, keep).concat(change.rows).slice(-change.total);
}

/** What is there of some fields: null is, undefined is not.
 * @param {Partial<State>} fields */
const present = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** The state after one answer; `nowMs` is this page's clock when it arrived.
 * @param {State} state
 * @param {Answer} answer
 * @param {number} nowMs
 * @returns {State} */
export function receive(state, answer, nowMs) {
  const base = answer.reset ? { ...empty(), monitor: state.monitor, problem: state.problem } : state;
  const next = { ...base, offsetMs: answer.server_ms - nowMs, serverMs: answer.server_ms };
  const { status, about, depth, report, overview, monitor, problem, ohlc, metrics } = answer;
  Object.assign(next, present({ status, about, depth, report, overview, monitor, problem }));
  // An answer lost on the way leaves a hole: then everything is asked for again.
  if (ohlc) {
    next.ohlc = merge(base.ohlc, ohlc);
    next.incomplete ||= next.ohlc.length !== ohlc.total;
  }
  if (metrics) {
    next.metrics = merge(base.metrics, metrics);
    next.incomplete ||= next.metrics.length !== metrics.total;
  }
  if (answer.reset) next.incomplete = false;
  return next;
}

/** What the server must know to answer with the difference only.
 * @param {State} state */
export function known(state) {
  /** @param {readonly Row[]} rows */
  const firstMs = (rows) => (rows.length ? rows[0][0] : null);
  /** @param {readonly Row[]} rows */
  const lastMs = (rows) => (rows.length ? rows[rows.length - 1][0] : null);
  const sent = { problem: state.problem, monitor_ms: state.monitor ? state.monitor.at_ms : 0 };
  if (!state.status || !state.about) return sent;
  Object.assign(sent, {
    session: state.about.session,
    generation: state.status.generation,
    published_at_ms: state.status.published_at_ms,
    heartbeat_ms: state.status.heartbeat_ms,
    about: state.about.crc32,
    ohlc_ms: lastMs(state.ohlc),
    metrics_ms: lastMs(state.metrics),
    ohlc_first_ms: firstMs(state.ohlc),
    metrics_first_ms: firstMs(state.metrics),
    report: state.report ? state.report.crc32 : null,
    overview: state.overview ? state.overview.crc32 : null,
  });
  return state.incomplete ? { ...sent, generation: -1, ohlc_ms: null, metrics_ms: null } : sent;
}
