/* The state of the replay in words: what is heard of it, and why what is shown stands still. Pure. */
import * as format from "../format.js";

const HEARD_AFTER_MS = 1000; // a state that is over sooner is no news
const LOADING_HEARD_AFTER_MS = 4000; // each seek loads for a moment

/** @type {Readonly<Record<string, string>>} */
const HEARD = {
  loading: "loading",
  playing: "playing",
  paused: "paused",
  finished: "the replay has come to its end",
  failed: "the replay has failed",
  still: "a still picture of a replay",
  stale: "prices are old: the processor is silent",
  disconnected: "disconnected: the server does not answer",
  waiting: "waiting for the first picture",
};

/** What was heard last, and the state since when.
 * @typedef {{ heard: string, name: string, sinceMs: number }} Heard */

/** The state as it is now, and a sentence where it is to be heard: once, when it has lasted.
 * @param {Heard} before
 * @param {string} name
 * @param {number} nowMs
 * @returns {{ next: Heard, sentence: string }} */
export function heard(before, name, nowMs) {
  const next = before.name === name ? before : { ...before, name, sinceMs: nowMs };
  const lastsMs = name === "loading" ? LOADING_HEARD_AFTER_MS : HEARD_AFTER_MS;
  if (next.heard === name || nowMs - next.sinceMs < lastsMs) return { next, sentence: "" };
  return { next: { ...next, heard: name }, sentence: HEARD[name] ?? name };
}

/** Why what is shown stands still, and what comes of it; empty where nothing is wrong. Ages are rounded down to some seconds, so
 * that the sentence rests.
 * @param {string} name
 * @param {number | null} ageMs of the data
 * @param {number} silentMs since the server has answered */
export function because(name, ageMs, silentMs) {
  if (name === "stale") {
    return `The processor has been silent for ${rough(ageMs ?? 0)}: what is shown is old. It may have been stopped, or its machine is busy; the page goes on as soon as it writes again.`;
  }
  if (name === "disconnected") {
    return `The page's server has not answered for ${rough(silentMs)}: what is shown is old. The page keeps asking, and goes on by itself.`;
  }
  return name === "failed" ? "The replay has failed: what is shown is as far as it came. Nothing more comes until it is started again." : "";
}

/** @param {number} ms */
const rough = (ms) => format.age(ms < 10_000 ? Math.floor(ms / 1000) * 1000 : Math.floor(ms / 5000) * 5000).replace(".0 s", " s");

/** What a page without any picture waits for, from the reason why there is none.
 * @param {string | null} problem
 * @param {string} name the state that the header shows */
export function awaited(problem, name) {
  if (name === "disconnected") return "The page's server does not answer. The page keeps asking.";
  if (problem === null) return "Looking for what the processor has written.";
  if (/^status\.json is missing/u.test(problem)) return "The processor has written nothing yet: it is starting, or it is not running.";
  if (/cannot be read|not be read in time/u.test(problem)) return "What the processor writes cannot be read from here.";
  if (/contract/u.test(problem)) return "What lies where the processor writes is not what this page understands: the two may be of different versions.";
  return "The processor is writing the first picture.";
}
