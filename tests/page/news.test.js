import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import "./browser.js";

/** @type {(() => void)[]} */
let shown = [];
/** @type {Socket[]} */
let sockets = [];
/** @type {number[]} */
let asked = [];
let hidden = false;

class Socket extends EventTarget {
  /** @param {string} url */
  constructor(url) {
    super();
    this.url = url;
    sockets.push(this);
  }

  close() {
    this.dispatchEvent(new Event("close"));
  }

  /** @param {string} name */
  tell(name) {
    this.dispatchEvent(new Event(name));
  }
}

Object.defineProperty(document, "hidden", { get: () => hidden });
Object.assign(document, { addEventListener: (/** @type {string} */ _, /** @type {() => void} */ act) => shown.push(act) });
Object.assign(globalThis, { WebSocket: Socket, location: { protocol: "http:", host: "localhost:8050" } });
let frameMs = 0;
Object.assign(globalThis, { requestAnimationFrame: (/** @type {() => void} */ act) => setTimeout(act, frameMs) });

let number = 0;
/** @type {typeof import("../../visualizer/page/news.js")} */
let news;

beforeEach(async () => {
  [shown, sockets, asked, hidden] = [[], [], [], false];
  frameMs = 0;
  let nowMs = 0;
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  performance.now = () => nowMs;
  later = (/** @type {number} */ ms) => {
    for (let passed = 0; passed < ms; passed += 1) {
      nowMs += 1;
      mock.timers.tick(1);
    }
  };
  number += 1;
  news = await import(`../../visualizer/page/news.js?${number}`);
  news.start({ ask: () => asked.push(performance.now()) });
});

/** @type {(ms: number) => void} */
let later;

/** A page that is told. */
function following() {
  later(1000);
  news.answered();
  sockets[0].tell("open");
  return sockets[0];
}

test("a page asks to be told once it has an answer, at the host that it came from", () => {
  assert.deepEqual(sockets, []);
  later(1);
  news.answered();
  news.answered();
  assert.deepEqual(sockets.map(({ url }) => url), ["ws://localhost:8050/news"]);
});

test("what is told is asked for at once", () => {
  following().tell("message");
  assert.deepEqual(asked, [1000]);
});

test("while a question is on its way no other follows, but one after its answer", () => {
  const socket = following();
  news.asks(true);
  socket.tell("message");
  later(300);
  socket.tell("message");
  assert.deepEqual(asked, []);
  news.asks(false);
  assert.deepEqual(asked, [1300]);
});

test("a question follows another no sooner than a twentieth of a second, however often it is told", () => {
  const socket = following();
  for (let at = 0; at < 50; at += 1) {
    const before = asked.length;
    socket.tell("message");
    if (asked.length > before) {
      news.asks(true);
      later(5);
      news.asks(false);
    }
    later(5);
  }
  for (let index = 1; index < asked.length; index += 1) assert.ok(asked[index] - asked[index - 1] >= 50);
  assert.ok(asked.length >= 4);
});

test("where an answer takes long, the next question waits three times as long as it took, and the first quick one ends that", () => {
  const socket = following();
  socket.tell("message");
  news.asks(true);
  later(40);
  news.asks(false);
  socket.tell("message");
  later(79);
  assert.deepEqual(asked, [1000]);
  later(1);
  assert.deepEqual(asked, [1000, 1120]);
  news.asks(true);
  later(1);
  news.asks(false);
  socket.tell("message");
  later(49);
  assert.deepEqual(asked, [1000, 1120, 1170]);
});

test("a hidden page gives its place away and takes one again when it is shown", () => {
  following();
  hidden = true;
  for (const act of shown) act();
  news.answered();
  assert.equal(sockets.length, 1);
  hidden = false;
  for (const act of shown) act();
  news.answered();
  assert.equal(sockets.length, 2);
});

test("a page that was sent away tries again after half a minute, and where there is no way to be told ever more rarely", () => {
  following().close();
  news.answered();
  assert.equal(sockets.length, 1);
  later(30_000);
  news.answered();
  assert.equal(sockets.length, 2);
  sockets[1].close();
  later(30_000);
  news.answered();
  assert.equal(sockets.length, 3);
  sockets[2].close();
  later(59_000);
  news.answered();
  assert.equal(sockets.length, 3);
  later(1000);
  news.answered();
  assert.equal(sockets.length, 4);
});

test("a picture that takes long to draw is followed by another after four times as long", () => {
  const socket = following();
  frameMs = 40;
  socket.tell("message");
  news.asks(true);
  later(10);
  news.asks(false);
  later(50);
  socket.tell("message");
  assert.deepEqual(asked, [1000]);
  later(200);
  const [, next] = asked;
  assert.ok(next >= 1160 && next <= 1170, String(next));
});
