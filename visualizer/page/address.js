/* The address bar: it holds what is shown, and an address that was opened with a moment in it leads there, once. */
import * as control from "./control.js";
import * as format from "./format.js";
import * as steer from "./steer.js";
import { current } from "./state.js";

const AT_MOST_EVERY_MS = 1000;
const WITHIN_MS = 20_000;
const NAMES = ["instrument", "interval", "t"];

/* What an address asks for; null where it asks for nothing. Pure. */
export function asked(search) {
  const given = new URLSearchParams(search);
  const found = Object.fromEntries(NAMES.map((name) => [name, given.get(name)]));
  return NAMES.some((name) => found[name]) ? found : null;
}

/* The address of a moment, with whatever else was in it. Pure. */
export function written(search, { instrument, interval, t }) {
  const rest = [...new URLSearchParams(search)].filter(([name]) => !NAMES.includes(name));
  const pairs = [["instrument", instrument], ["interval", interval], ["t", t], ...rest].filter(([, value]) => value);
  return `?${pairs.map((pair) => pair.map((part) => encodeURIComponent(part).replaceAll("%3A", ":")).join("=")).join("&")}`;
}

/* A moment as the address holds it, in ms: UTC unless it says otherwise; NaN for what is no time. Pure. */
const moment = (t) => Date.parse(/(z|[+-]\d\d:?\d\d)$/i.test(t) ? t : `${t}Z`);

let wanted = null; // what the address asks for, until it is done
let busy = false;
let due = 0;
let writtenAt = -Infinity;
const watchers = new Set();

/* Until the state is as wanted; false if that takes too long. */
function until(isSo) {
  return new Promise((resolve) => {
    const look = () => {
      if (!isSo(current())) return;
      finish(true);
    };
    const timer = setTimeout(() => finish(false), WITHIN_MS);
    const finish = (answer) => {
      clearTimeout(timer);
      watchers.delete(look);
      resolve(answer);
    };
    watchers.add(look);
    look();
  });
}

const live = ({ about, status }) => Boolean(about && status && status.state !== "loading" && status.event_time_ms !== null);

async function open({ instrument, interval, t }) {
  const says = (what) => control.say(`The address asks for ${what}`, "info");
  const changed = [];
  const ms = t ? moment(t) : null;
  if (Number.isNaN(ms)) return says(`t=${t}, which is no time; a right one is 2024-08-09T00:01:00.123Z`);
  if (instrument && instrument !== current().about.instrument) {
    const { instruments } = current().about;
    if (!instruments.includes(instrument)) {
      return says(`${instrument}, which this dataset does not hold; it holds ${instruments.slice(0, 5).join(", ")}`);
    }
    const { ok } = await control.send("instrument", { instrument });
    if (!ok || !(await until((now) => live(now) && now.about.instrument === instrument))) return;
    changed.push(instrument);
  }
  if (interval && interval !== current().about.interval) {
    const { ok } = await control.send("interval", { interval });
    if (!ok || !(await until((now) => live(now) && now.about.interval === interval))) return;
    changed.push(`${interval} bars`);
  }
  if (ms !== null && ms !== current().status.event_time_ms) {
    const range = steer.range();
    if (ms < range.startMs || (range.known && ms > range.endMs)) {
      return says(`${format.dateTime(ms)}, which is outside of this replay`);
    }
    const { ok } = await control.send("seek", steer.place(ms));
    if (!ok) return;
    changed.push(format.dateTime(ms));
  }
  if (changed.length) control.say(`Moved the replay to ${changed.join(", ")}`, "info");
}

/* Reads what the address asks for. Loading a page again moves nothing: by then the replay has gone on, for everybody who
   watches. */
export function start() {
  const [navigation] = performance.getEntriesByType("navigation");
  if (navigation && navigation.type === "navigate") wanted = asked(window.location.search);
}

/* Follows the replay, once what the address asked for is done. */
export function follow(state) {
  for (const look of [...watchers]) look();
  if (busy || !live(state)) return;
  if (wanted) {
    const reason = steer.reason();
    // Whoever does not answer now may do so in a moment.
    if (reason && !reason.startsWith("read-only")) return;
    const todo = wanted;
    wanted = null;
    if (reason) {
      refuse(todo, state);
    } else {
      busy = true;
      void open(todo).finally(() => {
        busy = false;
        follow(current());
      });
      return;
    }
  }
  clearTimeout(due);
  const waitMs = writtenAt + AT_MOST_EVERY_MS - performance.now();
  due = setTimeout(write, Math.max(0, waitMs));
}

function refuse({ instrument, interval, t }, { about, status }) {
  const same = (given, now) => !given || given === now;
  const here = !t || status.event_time_ms === moment(t);
  if (same(instrument, about.instrument) && same(interval, about.interval) && here) return;
  control.say("This page is read-only: it shows the replay where it is, not where the address says", "info");
}

function write() {
  const { about, status } = current();
  if (busy || !about || !status || status.event_time_ms === null) return;
  const t = new Date(status.event_time_ms).toISOString();
  const search = written(window.location.search, { instrument: about.instrument, interval: about.interval, t });
  if (search === window.location.search) return;
  writtenAt = performance.now();
  window.history.replaceState(window.history.state, "", `${window.location.pathname}${search}${window.location.hash}`);
}
