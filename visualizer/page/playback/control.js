/* Steering: what the page asks of the processor, and the answer it waits for in the polled status. */
import { announce } from "../announce.js";
import { byId } from "../dom.js";
import * as poll from "../poll.js";
import { current } from "../state.js";
import { said } from "./answers.js";
import * as clockZone from "./clock-zone.js";
/** @import { ControlAnswer, Reply, State } from "../types.d.ts" */

const ANSWER_WITHIN_MS = 10_000;
const OVERTAKEN_AFTER_MS = 2000;
const READ_WITHIN_MS = 400;
const LOOK_EVERY_MS = 100;
const SHOWN_FOR_MS = 8000;
const ANSWERS_KEPT = 20;

/** @type {Map<string, { resolve: (reply: Reply) => void, overtaken: boolean, timer: ReturnType<typeof setTimeout> }>} */
const waiting = new Map(); // by id, in the order in which they were written
/** @type {ControlAnswer[]} */
let answers = []; // the newest, as status.json told them
/** @type {Promise<unknown>} */
let turn = Promise.resolve();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let hiding;
/** @type {string | null} */
let told = null; // what the processor last had to say that is no answer

/* Whether this page may steer, and whether there is a processor that listens. */
export function available() {
  const { about } = current();
  const may = byId("app").dataset.control === "on";
  return may && Boolean(about && about.control && about.control.listening);
}

/** @param {number} ms
 * @returns {Promise<void>} */
const pause = (ms) =>
  new Promise((done) => {
    setTimeout(done, ms);
  });

/** Ask for an action, such as send("speed", { speed: 30 }); `session` in the arguments overrides the one on the page.
 * Resolves, never rejects, to { ok, error, id }: `ok` is true, false with `error` a sentence, which is shown as well, or
 * null where a later command of this page took its place. Commands are written one after the other, in this order: there
 * is one file for all of them, and each is left the time to be read in.
 * @param {string} action
 * @param {Record<string, unknown>} args
 * @param {{ isTold?: boolean }} how whether the caller tells an error itself
 * @returns {Promise<Reply>} */
export async function send(action, args = {}, { isTold = false } = {}) {
  const post = turn.then(() => {
    const { about } = current();
    return write({ session: about ? about.session : null, ...args, action });
  });
  const answer = post.then((written) =>
    written.id === undefined ? { ok: false, error: written.error } : answered(written.id),
  );
  turn = Promise.race([answer, post.then(() => pause(READ_WITHIN_MS))]);
  const { ok, error } = await answer;
  if (ok === false && error && !isTold) say(error);
  if (ok) announce("answer", said(action, args, clockZone.dateTime(current().status?.event_time_ms)));
  return { ok, error, id: (await post).id };
}

/** @param {Record<string, unknown>} body
 * @returns {Promise<{ id: string } | { id?: undefined, error: string }>} */
async function write(body) {
  try {
    const response = await fetch("control", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const { id, error } = await response.json();
    return id ? { id } : { error: error || `the page's server answered ${response.status}` };
  } catch {
    return { error: "the page's server does not answer" };
  }
}

/** @param {string} id
 * @returns {Promise<Reply>} */
function answered(id) {
  return new Promise((resolve) => {
    waiting.set(id, { resolve, overtaken: false, timer: setTimeout(() => giveUp(id), ANSWER_WITHIN_MS) });
    // It may have been answered before this page knew its id.
    settle();
    hurry();
  });
}

/** @param {string} id */
function giveUp(id) {
  const found = waiting.get(id);
  if (!found) return;
  if (!found.overtaken && loading()) {
    found.timer = setTimeout(() => giveUp(id), ANSWER_WITHIN_MS);
    return;
  }
  const error = found.overtaken
    ? "Somebody else has steered at the same time: the last command counts"
    : "The processor has not answered; is it still running?";
  settleOne(id, { ok: false, error });
  hurry();
}

/* Whether the processor is on its way to where a command leads, and lives. */
function loading() {
  const { status, serverMs } = current();
  return status !== null && status.state === "loading" && serverMs - status.heartbeat_ms < ANSWER_WITHIN_MS;
}

/** @param {string} id
 * @param {Reply} reply */
function settleOne(id, reply) {
  const found = waiting.get(id);
  if (!found) return;
  clearTimeout(found.timer);
  waiting.delete(id);
  found.resolve(reply);
}

/** Takes in what status.json says of the last command.
 * @param {State} state */
export function receive({ about }) {
  const notice = (about && about.notice) || null;
  if (notice && notice !== told) say(`${notice[0].toUpperCase()}${notice.slice(1)}`, "info");
  told = notice;
  const answer = about && about.control;
  if (!answer || !answer.last_id || answers.some((each) => each.last_id === answer.last_id)) return;
  answers = [...answers, answer].slice(-ANSWERS_KEPT);
  settle();
  for (const [id, each] of waiting) {
    if (each.overtaken) continue;
    each.overtaken = true;
    clearTimeout(each.timer);
    each.timer = setTimeout(() => giveUp(id), OVERTAKEN_AFTER_MS);
  }
  hurry();
}

function settle() {
  for (const answer of answers) {
    if (answer.last_id === null || !waiting.has(answer.last_id)) continue;
    for (const id of [...waiting.keys()]) {
      if (id === answer.last_id) break;
      settleOne(id, { ok: null, error: null });
    }
    settleOne(answer.last_id, { ok: answer.ok === true, error: answer.error });
  }
}

/* Ask for news more often while an answer is due. */
function hurry() {
  const usual = Number(byId("app").dataset.pollMs);
  poll.every(waiting.size ? Math.min(usual, LOOK_EVERY_MS) : usual);
}

/** Show a sentence for some seconds: an error, or as `tone` "info" what has been done or is good to know.
 * @param {string} sentence
 * @param {"error" | "info"} tone */
export function say(sentence, tone = "error") {
  const toast = byId("toast");
  clearTimeout(hiding);
  toast.dataset.tone = tone;
  toast.setAttribute("role", tone === "error" ? "alert" : "status");
  toast.textContent = /[.!?]$/u.test(sentence) ? sentence : `${sentence}.`;
  toast.hidden = false;
  const hide = () => {
    toast.hidden = true;
  };
  toast.onclick = hide;
  hiding = setTimeout(hide, SHOWN_FOR_MS);
}
