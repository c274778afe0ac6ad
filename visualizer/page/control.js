/* Steering: what the page asks of the processor, and the answer it waits for in the polled status. */
import { current } from "./state.js";

const ANSWER_WITHIN_MS = 10_000;
const OVERTAKEN_AFTER_MS = 2000;
const READ_WITHIN_MS = 400;
const LOOK_EVERY_MS = 100;
const SHOWN_FOR_MS = 8000;
const ANSWERS_KEPT = 20;

const waiting = new Map(); // by id, in the order in which they were written
let answers = []; // the newest, as status.json told them
let turn = Promise.resolve();
let hiding = 0;
let told = null; // what the processor last had to say that is no answer

/* Whether this page may steer, and whether there is a processor that listens. */
export function available() {
  const { about } = current();
  const may = document.getElementById("app").dataset.control === "on";
  return may && Boolean(about && about.control && about.control.listening);
}

/* Ask for an action, such as send("speed", { speed: 30 }); `session` in the arguments overrides the one on the page.
   Resolves, never rejects, to { ok, error, id }: `ok` is true, false with `error` a sentence, which is shown as well, or
   null where a later command of this page took its place. Commands are written one after the other, in this order: there
   is one file for all of them, and each is left the time to be read in. */
export async function send(action, args = {}) {
  const post = turn.then(() => {
    const { about } = current();
    return write({ session: about ? about.session : null, ...args, action });
  });
  const answer = post.then(({ id, error }) => (error ? { ok: false, error } : answered(id)));
  turn = Promise.race([answer, post.then(() => new Promise((resolve) => setTimeout(resolve, READ_WITHIN_MS)))]);
  const { ok, error } = await answer;
  if (ok === false) say(error);
  return { ok, error, id: (await post).id };
}

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

function answered(id) {
  return new Promise((resolve) => {
    waiting.set(id, { resolve, overtaken: false, timer: setTimeout(() => giveUp(id), ANSWER_WITHIN_MS) });
    // It may have been answered before this page knew its id.
    settle();
    hurry();
  });
}

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
  resolve(id, { ok: false, error });
  hurry();
}

/* Whether the processor is on its way to where a command leads, and lives. */
function loading() {
  const { status, serverMs } = current();
  return Boolean(status) && status.state === "loading" && serverMs - status.heartbeat_ms < ANSWER_WITHIN_MS;
}

function resolve(id, answer) {
  const found = waiting.get(id);
  clearTimeout(found.timer);
  waiting.delete(id);
  found.resolve(answer);
}

/* Takes in what status.json says of the last command. */
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
    if (!waiting.has(answer.last_id)) continue;
    for (const id of [...waiting.keys()]) {
      if (id === answer.last_id) break;
      resolve(id, { ok: null, error: null });
    }
    resolve(answer.last_id, { ok: answer.ok === true, error: answer.error });
  }
}

/* Ask for news more often while an answer is due. */
function hurry() {
  const usual = Number(document.getElementById("app").dataset.pollMs);
  window.dash_clientside.set_props("tick", { interval: waiting.size ? Math.min(usual, LOOK_EVERY_MS) : usual });
}

/* Show a sentence for some seconds: an error, or as `tone` "info" what has been done or is good to know. */
export function say(sentence, tone = "error") {
  const toast = document.getElementById("toast");
  clearTimeout(hiding);
  toast.dataset.tone = tone;
  toast.setAttribute("role", tone === "error" ? "alert" : "status");
  toast.textContent = /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
  toast.hidden = false;
  toast.onclick = () => (toast.hidden = true);
  hiding = setTimeout(toast.onclick, SHOWN_FOR_MS);
}
