/* What this page holds of the data, and how an answer of the server changes it. Pure: nothing here touches the page. */
import { BASIS, EMPTY, NAMES, USUAL } from "./views.js";
/** @import { Answer, RowsChange, Row, State, ViewChange, Views } from "./types.d.ts" */

/** @returns {State} */
export function empty() {
  return {
    ...EMPTY,
    status: null,
    about: null,
    problem: null,
    monitor: null,
    asked: USUAL,
    crc32: {},
    offsetMs: 0,
    serverMs: 0,
  };
}

/** The state that asks for a view, or no longer: then nothing of it is held.
 * @param {State} state
 * @param {keyof Views} name
 * @param {boolean} wanted
 * @returns {State} */
export function ask(state, name, wanted) {
  const others = state.asked.filter((each) => each !== name);
  if (wanted) return { ...state, asked: [...others, name] };
  return { ...state, asked: others, [name]: EMPTY[name], crc32: { ...state.crc32, [name]: null } };
}

/** Rows from the server replace the held ones from the first of their keys on.
 * @param {readonly Row[]} held
 * @param {RowsChange} change */
function merge(held, change) {
  if (change.whole || change.rows.length === 0) return change.whole ? change.rows : held;
  const from = change.rows[0][0];
  let keep = held.length;
  while (keep > 0 && held[keep - 1][0] >= from) keep -= 1;
  return held.slice(0, keep).concat(change.rows).slice(-change.total);
}

/** A view after a change, and the checksum of what it is then: null where an answer was lost on the way and left a hole,
 * so that all of the view is asked for again.
 * @param {readonly Row[]} held
 * @param {ViewChange} change */
function changed(held, change) {
  if (!("rows" in change)) return { value: change.value, crc32: change.crc32 };
  const value = merge(held, change);
  return { value, crc32: value.length === change.total ? change.crc32 : null };
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
  const { asked, monitor: shown, problem: told } = state;
  const base = answer.reset ? { ...empty(), asked, monitor: shown, problem: told } : state;
  const next = { ...base, crc32: { ...base.crc32 }, offsetMs: answer.server_ms - nowMs, serverMs: answer.server_ms };
  const { status, about, monitor, problem } = answer;
  Object.assign(next, present({ status, about, monitor, problem }));
  for (const name of NAMES) {
    const change = answer[name];
    // An answer may still bring what is asked for no more.
    if (change === undefined || !asked.includes(name)) continue;
    const held = /** @type {readonly Row[]} */ (base[name]);
    const { value, crc32 } = change === null ? { value: EMPTY[name], crc32: null } : changed(held, change);
    Object.assign(next, { [name]: value });
    next.crc32[name] = crc32;
  }
  return next;
}

/** What the server must know to answer with the difference only.
 * @param {State} state */
export function known(state) {
  const views = Object.fromEntries(state.asked.map((name) => [name, heldOf(name, state[name], state.crc32[name] ?? null)]));
  const sent = { problem: state.problem, monitor_ms: state.monitor ? state.monitor.at_ms : 0, views };
  if (!state.status || !state.about) return sent;
  return {
    ...sent,
    session: state.about.session,
    generation: state.status.generation,
    published_at_ms: state.status.published_at_ms,
    heartbeat_ms: state.status.heartbeat_ms,
    about: state.about.crc32,
  };
}

/** @param {keyof Views} name
 * @param {unknown} value
 * @param {number | null} crc32 */
function heldOf(name, value, crc32) {
  if (crc32 === null || !Array.isArray(value) || !value.length) return { crc32 };
  const last = value[value.length - 1];
  const basis = BASIS[name];
  return { crc32, first: value[0][0], last: last[0], ...(basis !== undefined && { basis: last[basis] }) };
}
