/* Asks the server what has changed, one question at a time: with its clock, and `news.js` as soon as something is published. The clock is none
   of Dash's, with each tick of which it tells every component. */
import { current } from "./state.js";
import { known } from "./store.js";
/** @import { Answer } from "./types.d.ts" */

const PATH = "/poll";
const ANSWERED_WITHIN_MS = 6000; // else the server is taken for gone, or this connection to it
const READ_WITHIN_MS = 60_000; // a slow line may take as long for a whole picture
const TELLING = 20_000; // characters of an answer that tells how much the line carries
const AT_ONCE_MS = 1000; // what the line carries in this time is asked for at once of what is not held at all

let isAsking = false;
let perMs = Infinity; // characters that the line carries
/** @type {(answer: Answer) => void} */
let receive = () => undefined;
/** @type {(asking: boolean) => void} */
let tell = () => undefined;

/** @type {ReturnType<typeof setInterval> | undefined} */
let clock;
let clockMs = 0;

/** Asks every so many ms from now on; 0 is never.
 * @param {number} ms */
export function every(ms) {
  if (ms === clockMs) return;
  clockMs = ms;
  clearInterval(clock);
  if (ms) clock = setInterval(ask, ms);
}

export const everyMs = () => clockMs;

/** @param {{ receive(answer: Answer): void, asks(asking: boolean): void }} parts what takes in answers, and what is told when
 * a question is sent and when it has been answered or given up */
export function connect(parts) {
  ({ receive, asks: tell } = parts);
}

/* Asks, unless a question is on its way: its answer would tell the same. What fails is asked again with the next tick. */
export async function ask() {
  if (isAsking) return;
  isAsking = true;
  tell(true);
  const given = new AbortController();
  let timer = setTimeout(() => given.abort(), ANSWERED_WITHIN_MS);
  /** @type {Answer | null} */
  let answer = null;
  try {
    const response = await fetch(PATH, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...known(current()), ...(perMs < Infinity && { most_bytes: Math.round(perMs * AT_ONCE_MS) }) }),
      cache: "no-store",
      signal: given.signal,
    });
    clearTimeout(timer);
    timer = setTimeout(() => given.abort(), READ_WITHIN_MS);
    const began = performance.now();
    const text = await response.text();
    if (text.length > TELLING) perMs = text.length / Math.max(1, performance.now() - began);
    if (response.ok) answer = JSON.parse(text);
  } catch {
    // The page shows how long it has heard nothing.
  }
  clearTimeout(timer);
  isAsking = false;
  if (answer) receive(answer);
  tell(false);
}
