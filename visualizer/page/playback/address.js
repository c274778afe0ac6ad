/* The address bar: it holds what is shown, and an address that was opened with a moment in it leads there, once. */
import * as options from "../options.js";
import { current } from "../state.js";
import * as workspace from "../workspace.js";
import * as clockZone from "./clock-zone.js";
import * as control from "./control.js";
import * as replay from "./replay.js";
/** @import { State } from "../types.d.ts" */

const AT_MOST_EVERY_MS = 1000;
const WITHIN_MS = 20_000;
const NAMES = ["instrument", "interval", "t", "tz", "view", "layout"];
const OWN = "my:"; // before the name of an own layout

/** What an address asks for; null where it asks for nothing. Pure.
 * @param {string} search
 * @returns {{ instrument: string | null, interval: string | null, t: string | null } | null} */
export function asked(search) {
  const given = new URLSearchParams(search);
  const found = { instrument: given.get("instrument"), interval: given.get("interval"), t: given.get("t") };
  return Object.values(found).some(Boolean) ? found : null;
}

/** The address of a moment, with whatever else was in it. Pure.
 * @param {string} search
 * @param {{ instrument: string, interval: string, t: string, tz?: string, view?: string, layout?: string }} now `view` is the preset,
 * nothing for the first, and `layout` what differs from it */
export function written(search, { instrument, interval, t, tz = "", view = "", layout = "" }) {
  const rest = [...new URLSearchParams(search)].filter(([name]) => !NAMES.includes(name));
  const named = Object.entries({ instrument, interval, t, tz, view, layout });
  const pairs = [...named, ...rest].filter(([, value]) => value);
  return `?${pairs.map((pair) => pair.map((part) => encodeURIComponent(part).replaceAll("%3A", ":")).join("=")).join("&")}`;
}

/** A moment as the address holds it, in ms: UTC unless it says otherwise; NaN for what is no time. Pure.
 * @param {string} t */
const moment = (t) => Date.parse(/(z|[+-]\d\d:?\d\d)$/iu.test(t) ? t : `${t}Z`);

/** @type {ReturnType<typeof asked>} */
let wanted = null; // what the address asks for, until it is done
let busy = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let due;
let writtenAt = -Infinity;
/** @type {Set<() => void>} */
const watchers = new Set();

/** Until the state is as wanted; false if that takes too long.
 * @param {(state: State) => boolean} isSo
 * @returns {Promise<boolean>} */
function until(isSo) {
  return new Promise((resolve) => {
    const look = () => {
      if (!isSo(current())) return;
      finish(true);
    };
    const timer = setTimeout(() => finish(false), WITHIN_MS);
    /** @param {boolean} answer */
    const finish = (answer) => {
      clearTimeout(timer);
      watchers.delete(look);
      resolve(answer);
    };
    watchers.add(look);
    look();
  });
}

/** What is shown; null as long as nothing is.
 * @param {State} state */
function shown({ about, status }) {
  if (!about || !status || status.state === "loading" || status.event_time_ms === null) return null;
  return { instrument: about.instrument, instruments: about.instruments, interval: about.interval, ms: status.event_time_ms };
}

/** @param {NonNullable<ReturnType<typeof asked>>} asked
 * @param {NonNullable<ReturnType<typeof shown>>} now */
async function open({ instrument, interval, t }, now) {
  /** @param {string} what */
  const says = (what) => control.say(`The address asks for ${what}`, "info");
  const changed = [];
  const ms = t ? moment(t) : null;
  if (Number.isNaN(ms)) return says(`t=${t}, which is no time; a right one is 2024-08-09T00:01:00.123Z`);
  if (instrument && instrument !== now.instrument) {
    if (!now.instruments.includes(instrument)) {
      return says(`${instrument}, which this dataset does not hold; it holds ${now.instruments.slice(0, 5).join(", ")}`);
    }
    const { ok } = await control.send("instrument", { instrument });
    if (!ok || !(await until((state) => shown(state)?.instrument === instrument))) return;
    changed.push(instrument);
  }
  if (interval && interval !== shown(current())?.interval) {
    const { ok } = await control.send("interval", { interval });
    if (!ok || !(await until((state) => shown(state)?.interval === interval))) return;
    changed.push(`${interval} bars`);
  }
  if (ms !== null && ms !== current().status?.event_time_ms) {
    const range = replay.range();
    if (!range || ms < range.startMs || (range.known && ms > range.endMs)) {
      return says(`${clockZone.dateTime(ms)}, which is outside of this replay`);
    }
    const { ok } = await control.send("seek", replay.place(ms, range));
    if (!ok) return;
    changed.push(clockZone.dateTime(ms));
  }
  if (changed.length) control.say(`Moved the replay to ${changed.join(", ")}`, "info");
}

/* Reads what the address asks for. Loading a page again moves nothing: by then the replay has gone on, for everybody who
   watches. */
export function start() {
  const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  if (navigation && navigation.type === "navigate") wanted = asked(window.location.search);
  openLayout(new URLSearchParams(window.location.search));
  options.listen(write);
}

/* What is to be said of the layout of the address, as soon as there is where to say it. */
let remark = "";
let isTold = false; // that the layout is too long for the address

/** Shows the layout that the address asks for.
 * @param {URLSearchParams} given */
function openLayout(given) {
  const [view, layout] = [given.get("view") ?? "", given.get("layout")];
  const preset = options.isPreset(view) ? view : "overview";
  if (layout !== null) {
    const read = workspace.decoded(preset, layout);
    if (read.error === undefined) options.showLinked(read.options);
    else options.choose(preset);
    remark = read.error === undefined ? read.notes.join("; ") : `The layout of the address cannot be shown: ${read.error}`;
  } else if (view.startsWith(OWN)) {
    const name = view.slice(OWN.length);
    if (!options.chooseOwn(name)) {
      options.choose(preset);
      remark = `The address asks for the layout "${name}", which this browser does not keep`;
    }
  } else {
    options.choose(preset);
    if (view && view !== preset) remark = `The address asks for the view "${view}": expected one of ${Object.keys(options.PRESETS).join(", ")}`;
  }
}

/* What the address says of the layout that is shown. */
function layoutShown() {
  const { own, isLinked } = options.shownFrom();
  const { preset } = options.options();
  if (own) return { view: `${OWN}${own}` };
  const view = preset === "overview" ? "" : preset;
  if (!isLinked) return { view };
  const layout = workspace.encoded(options.options());
  if (layout === null && !isTold) remark = "This layout is too long for the address by now: save it in the settings (key O)";
  isTold = layout === null;
  return { view, layout: layout ?? "" };
}

/* An address with what is shown now, and the layout, whatever the browser that opens it keeps; null where that is too long. */
export function link() {
  const { about, status } = current();
  const layout = workspace.encoded(options.options());
  if (layout === null || !about || !status || status.event_time_ms === null) return null;
  const { preset } = options.options();
  const now = { instrument: about.instrument, interval: about.interval, t: new Date(status.event_time_ms).toISOString() };
  const search = written(window.location.search, { ...now, tz: clockZone.inAddress(), view: preset, layout });
  return `${window.location.origin}${window.location.pathname}${search}`;
}

/* The address of this page without what would move the replay when it is opened again. */
export function withoutPlace() {
  const search = new URLSearchParams(window.location.search);
  for (const name of ["instrument", "interval", "t"]) search.delete(name);
  return `${window.location.pathname}?${search}`;
}

/** Follows the replay, once what the address asked for is done.
 * @param {State} state */
export function follow(state) {
  for (const look of [...watchers]) look();
  const now = shown(state);
  if (busy || !now) return;
  if (remark) control.say(remark, "info");
  remark = "";
  if (wanted) {
    const reason = replay.reason();
    // A server or a processor that does not answer now may answer in a moment.
    if (reason && !reason.startsWith("read-only")) return;
    const todo = wanted;
    wanted = null;
    if (reason) {
      refuse(todo, now);
    } else {
      busy = true;
      void open(todo, now).finally(() => {
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

/** @param {NonNullable<ReturnType<typeof asked>>} asked
 * @param {NonNullable<ReturnType<typeof shown>>} now */
function refuse({ instrument, interval, t }, now) {
  const same = (!instrument || instrument === now.instrument) && (!interval || interval === now.interval);
  if (same && (!t || now.ms === moment(t))) return;
  control.say("This page is read-only: it shows the replay where it is, not where the address says", "info");
}

function write() {
  const { about, status } = current();
  if (busy || !about || !status || status.event_time_ms === null) return;
  const t = new Date(status.event_time_ms).toISOString();
  const { instrument, interval } = about;
  const search = written(window.location.search, { instrument, interval, t, tz: clockZone.inAddress(), ...layoutShown() });
  if (search === window.location.search) return;
  writtenAt = performance.now();
  window.history.replaceState(window.history.state, "", `${window.location.pathname}${search}${window.location.hash}`);
}
