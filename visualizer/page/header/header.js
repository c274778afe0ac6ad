/* The header: what is replayed, how far, and how much its data can be trusted right now. */
import { announce } from "../announce.js";
import * as dom from "../dom.js";
import * as findings from "../findings.js";
import * as format from "../format.js";
import { limits } from "../limits.js";
import * as clockZone from "../playback/clock-zone.js";
import { heldBack } from "../views.js";
import * as write from "../write.js";
import * as conditions from "./conditions.js";
/** @import { State, Status } from "../types.d.ts" */

const DISCONNECTED_AFTER_MS = 3000;
const PROBLEM_AFTER_MS = 1200;
const LONGEST_INSTRUMENT = 24;
const LONGEST_DATASET = 32;
/** @type {Record<string, string>} */
const CHECKS = {
  volume_is_buy_sell_unknown: "volume = buy + sell + unknown",
  cvd_step_is_buy_minus_sell: "CVD step = buy − sell",
  high_is_highest: "high ≥ open, close, low",
  low_is_lowest: "low ≤ open, close, high",
  obi_within_one: "|OBI| ≤ 1",
  times_increase: "times increase",
  footprint_is_bar: "footprint = bar",
  sessions_are_all_trades: "sessions = all trades",
  ladder_begins_at_close: "ladder begins where the bar before ended",
  measures_are_book: "measures = book",
};
/** @type {Record<string, string>} */
const TONES = {
  loading: "busy",
  playing: "good",
  paused: "rest",
  finished: "rest",
  failed: "bad",
  still: "rest",
  waiting: "rest",
  stale: "warn",
  disconnected: "bad",
};

/** The state to show and the age of the data, from the page's own clock: it must be right when nobody answers.
 * @param {Status | null} status
 * @param {number} ageMs
 * @param {number} silentMs
 * @param {boolean} [isStill] whether nobody writes it any more, and nobody has to */
export function condition(status, ageMs, silentMs, isStill = false) {
  let name = status ? status.state : "waiting";
  if (isStill && name !== "failed") name = "still";
  const over = name === "finished" || name === "failed" || name === "still";
  if (status && !over && ageMs > limits().stale_after_ms) name = "stale";
  if (silentMs > DISCONNECTED_AFTER_MS) name = "disconnected";
  return { name, tone: TONES[name] || "rest", ageMs: status ? ageMs : null };
}

/** @param {Record<string, boolean | null> | null} given */
function checks(given) {
  const entries = Object.entries(given || {});
  const failed = entries.filter(([, ok]) => ok === false);
  const passed = entries.filter(([, ok]) => ok === true);
  const tone = failed.length ? "bad" : passed.length ? "good" : "rest";
  // What is not shown is not checked.
  const few = passed.length ? `checks ${passed.length}/${passed.length + failed.length}` : "no checks yet";
  const label = failed.length ? `${format.counted(failed.length, "check")} failed` : few;
  return { tone, label, entries: entries.map(([name, ok]) => ({ text: CHECKS[name] || name.replaceAll("_", " "), ok })) };
}

/** What is being done while there is nothing to see yet, or not all; null when nothing is.
 * @param {Status | null} status */
function activity(status) {
  if (!status || status.state !== "loading") return null;
  const share = status.progress ? ` ${Math.floor(100 * status.progress)} %` : "";
  return `reading dataset${share}${status.rows ? ` · ${format.counted(status.rows, "row")}` : ""}`;
}

/** Everything that changes with the data.
 * @param {State} state */
export function showData(state) {
  const { status, about, ohlc } = state;
  write.hide("waiting", status !== null);
  write.text("waiting-reason", state.problem ? `${state.problem}.` : "");
  if (!status || !about) return;
  const name = about.instrument || about.dataset;
  write.long("instrument", format.middle(name, LONGEST_INSTRUMENT), name);
  const sizes = findings.sizesAreUnknown(state.report) && "book sizes unknown: depth and OBI count quotes";
  /** @param {string} dataset */
  const described = (dataset) => [dataset, about.format, sizes].filter(Boolean).join(" · ");
  write.long("dataset", described(format.middle(about.dataset, LONGEST_DATASET)), described(about.dataset));
  write.text("interval", about.interval);
  write.text("clock", clockZone.dateTime(status.event_time_ms));
  clockZone.show(status.event_time_ms);
  write.text("speed", format.speed(status.speed));
  showProgress(status);
  write.hide("error", !status.error);
  write.text("error", status.error || "");
  const last = ohlc[ohlc.length - 1];
  const price = last ? format.price(last[4], about) : "";
  write.text("last-price", price);
  write.mark("last-price", "direction", last ? (last[4] >= last[1] ? "up" : "down") : "");
  const title = [price, about.instrument].filter(Boolean).join(" ") || "orderflow replay";
  if (document.title !== title) document.title = title;
  showChecks(checks(about.checks));
}

/** @param {Status} status */
function showProgress(status) {
  const percent = 100 * (status.progress ?? 0);
  const doing = activity(status);
  for (const id of ["progress-bar", "activity-bar"]) write.style(id, "width", `${percent}%`);
  write.mark("progress", "busy", String(doing !== null));
  write.hide("activity", doing === null);
  write.text("activity-text", doing || "");
  const bar = dom.byId("progress");
  bar.setAttribute("aria-valuenow", String(Math.round(percent)));
  bar.setAttribute("aria-valuetext", doing || `${Math.floor(percent)} % replayed`);
}

let listed = "";
let checked = "rest";

/** @param {ReturnType<typeof checks>} checks */
function showChecks({ tone, label, entries }) {
  write.text("checks-text", label);
  write.mark("checks", "tone", tone);
  if (tone !== checked && tone === "bad") announce("checks", `${label}: the numbers contradict each other`);
  checked = tone;
  const key = JSON.stringify(entries);
  if (key === listed) return;
  listed = key;
  const rows = entries.map(({ text, ok }) => {
    const row = document.createElement("div");
    row.dataset.ok = String(ok);
    row.textContent = text;
    return row;
  });
  dom.byId("checks-list").replaceChildren(...rows);
}

/** @type {string | null} */
let problem = null;
let problemSinceMs = 0;
let toldProblem = "";
/** @type {import("./conditions.js").Heard} */
let last = { heard: "", name: "", sinceMs: 0 };

/** Everything that changes with the time alone; returns the condition shown.
 * @param {State} state
 * @param {number} nowMs
 * @param {number} silentMs */
export function showTime(state, nowMs, silentMs) {
  const ageMs = state.status ? nowMs + state.offsetMs - state.status.heartbeat_ms : 0;
  const isStill = typeof state.about?.still_ms === "number";
  const now = condition(state.status, ageMs, silentMs, isStill);
  write.text("state-name", now.name);
  write.text("age", now.ageMs === null ? "" : format.age(now.ageMs));
  write.mark("state", "tone", now.tone);
  write.mark("state", "name", now.name);
  if (state.problem !== problem) {
    problem = state.problem;
    problemSinceMs = nowMs;
  }
  // A publication caught half-way is no problem: it is over at the next look.
  const lasting = problem !== null && nowMs - problemSinceMs >= PROBLEM_AFTER_MS;
  const held = lasting && problem !== null ? `The last good ${heldBack(problem)} stays: ${problem}.` : "";
  const note = state.status ? [conditions.because(now.name, now.ageMs, silentMs), held].filter(Boolean).join(" ") : "";
  if (held !== toldProblem) announce("problem", held);
  toldProblem = held;
  write.hide("note", note === "");
  write.text("note", note);
  write.mark("state", "old", String(!isStill && now.ageMs !== null && now.ageMs > limits().stale_after_ms));
  write.mark("app", "condition", now.name);
  if (!state.status) write.text("waiting-words", conditions.awaited(state.problem, now.name));
  const { next, sentence } = conditions.heard(last, now.name, nowMs);
  last = next;
  announce("state", sentence);
  return now.name;
}
