/* Asks as soon as the server tells that something was published; the message has no content. The clock of `poll.js` asks all
   the same, and where nothing is told it is the only one that does. */
const PATH = "/news";
const LEAST_MS = 50; // from one question to the next, half of what lies between publications of a writer that keeps the contract
const PAUSE = 3; // from one question to the next, in times of how long the answer took
const QUARTER = 4; // the same in times of how long the answer took to be drawn, so that drawing leaves most of the time to who looks
const RETRY_MS = 30_000;
const RETRY_AT_MOST_MS = 600_000;

/** @type {WebSocket | null} */
let socket = null;
let tryAt = 0;
let retryMs = RETRY_MS;
let isAsking = false;
let askedAt = -Infinity;
let beganAt = 0;
let answeredMs = 0; // how long the last answer took
let drawnMs = 0; // and how long until it was drawn
let isWanted = false;
/** @type {ReturnType<typeof setTimeout> | null} */
let timer = null;
/** @type {() => unknown} */
let question = () => undefined;

/** A question is sent, or it has its answer.
 * @param {boolean} asking */
export function asks(asking) {
  isAsking = asking;
  const now = performance.now();
  if (asking) {
    beganAt = now;
    return;
  }
  answeredMs = now - beganAt;
  // After the frame that shows the answer.
  requestAnimationFrame(() => setTimeout(() => (drawnMs = performance.now() - now), 0));
  if (isWanted) ask();
}

/** An answer has come, so the server is there. */
export function answered() {
  if (socket || document.hidden || performance.now() < tryAt) return;
  open();
}

/** @param {{ ask(): unknown }} parts what sends a question */
export function start(parts) {
  question = parts.ask;
  // A hidden page draws nothing, and others are to be told in its place.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) socket?.close();
    else tryAt = 0;
  });
}

function open() {
  tryAt = performance.now() + retryMs;
  const opened = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${PATH}`);
  socket = opened;
  let isOpen = false;
  opened.addEventListener("open", () => {
    isOpen = true;
    retryMs = RETRY_MS;
  });
  opened.addEventListener("message", ask);
  opened.addEventListener("close", () => {
    if (socket === opened) socket = null;
    // Where none came about there may be no way for it at all, as behind some proxies.
    if (!isOpen) retryMs = Math.min(2 * retryMs, RETRY_AT_MOST_MS);
  });
}

/* From one question to the next. Where answers take long, the server or this machine is busy: then there are fewer questions, as few as
   the clock's at last. */
const leastMs = () => Math.max(LEAST_MS, PAUSE * answeredMs, QUARTER * drawnMs);

/* Not while a question is on its way, as its answer would be dropped, and not sooner than it may. */
function ask() {
  isWanted = true;
  const inMs = askedAt + leastMs() - performance.now();
  if (isAsking || timer) return;
  if (inMs > 0) {
    timer = setTimeout(() => {
      timer = null;
      ask();
    }, inMs);
    return;
  }
  isWanted = false;
  askedAt = performance.now();
  question();
}
