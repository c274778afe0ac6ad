import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import "./browser.js";

/** @type {{ sent: any, answer(response: object): void, fail(): void }[]} */
let questions = [];
/** @type {unknown[]} */
let received = [];
/** @type {boolean[]} */
let told = [];
/** @type {typeof import("../../visualizer/page/poll.js")} */
let poll;
let number = 0;

Object.assign(globalThis, {
  fetch: (/** @type {string} */ path, /** @type {any} */ sent) =>
    new Promise((answer, reject) => {
      const fail = () => reject(new TypeError("no network"));
      sent.signal.addEventListener("abort", fail);
      questions.push({ sent: { path, ...sent }, answer, fail });
    }),
});

/** @param {object | null} body */
const whole = (body) => ({ ok: true, text: () => Promise.resolve(JSON.stringify(body)) });
const settled = async () => {
  for (let turns = 0; turns < 10; turns += 1) await Promise.resolve();
};

beforeEach(async () => {
  [questions, received, told] = [[], [], []];
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  number += 1;
  poll = await import(`../../visualizer/page/poll.js?${number}`);
  poll.connect({ receive: (answer) => received.push(answer), asks: (asking) => told.push(asking) });
});

test("a question says what the page holds, and its answer is taken in", async () => {
  void poll.ask();
  const { path, method, body } = questions[0].sent;
  assert.deepEqual([path, method, "views" in JSON.parse(body)], ["/poll", "POST", true]);
  questions[0].answer(whole({ server_ms: 1 }));
  await settled();
  assert.deepEqual([received, told], [[{ server_ms: 1 }], [true, false]]);
});

test("the clock asks as often as it is told to, until it is told not to", async () => {
  poll.every(500);
  assert.equal(questions.length, 0);
  for (const [ms, count] of [[500, 1], [499, 1], [1, 2]]) {
    mock.timers.tick(ms);
    assert.equal(questions.length, count);
    questions[count - 1].answer(whole({}));
    await settled();
  }
  poll.every(100);
  mock.timers.tick(100);
  assert.deepEqual([questions.length, poll.everyMs()], [3, 100]);
  questions[2].answer(whole({}));
  await settled();
  poll.every(0);
  mock.timers.tick(5000);
  assert.equal(questions.length, 3);
});

test("there is one question at a time", async () => {
  void poll.ask();
  void poll.ask();
  assert.equal(questions.length, 1);
  questions[0].answer(whole({}));
  await settled();
  void poll.ask();
  assert.equal(questions.length, 2);
});

/** @type {[string, (question: typeof questions[number]) => void][]} */
const failures = [
  ["that cannot be sent", ({ fail }) => fail()],
  ["that is refused", ({ answer }) => answer({ ok: false, text: () => Promise.resolve("{}") })],
  ["whose answer is cut off", ({ answer }) => answer({ ok: true, text: () => Promise.reject(new TypeError("cut off")) })],
  ["that nobody answers within six seconds", () => mock.timers.tick(6000)],
];

/** @param {typeof failures[number][1]} end */
async function isAskedAgainAfter(end) {
  void poll.ask();
  end(questions[0]);
  await settled();
  assert.deepEqual([received, told], [[], [true, false]]);
  void poll.ask();
  assert.equal(questions.length, 2);
}

for (const [what, end] of failures) test(`a question ${what} changes nothing, and the next one is asked`, () => isAskedAgainAfter(end));

test("an answer that has started may take longer to be read", async () => {
  void poll.ask();
  /** @type {(body: string) => void} */
  let read = () => undefined;
  const body = new Promise((resolve) => {
    read = resolve;
  });
  questions[0].answer({ ok: true, text: () => body });
  await settled();
  mock.timers.tick(30_000);
  read('{"server_ms":1}');
  await settled();
  assert.deepEqual(received, [{ server_ms: 1 }]);
});

test("after an answer that took long, so much is asked for at once as the line brings in a second", async () => {
  const ask = async (/** @type {object} */ body) => {
    void poll.ask();
    const { sent, answer } = /** @type {typeof questions[number]} */ (questions.at(-1));
    answer(whole(body));
    await settled();
    return JSON.parse(sent.body).most_bytes;
  };
  let nowMs = 0;
  mock.method(performance, "now", () => (nowMs += 1000));
  assert.equal(await ask({ problem: "x".repeat(50_000 - 14) }), undefined);
  assert.equal(await ask({}), 50_000);
  nowMs = 0;
  assert.equal(await ask({ problem: "x".repeat(100_000 - 14) }), 50_000);
  assert.equal(await ask({}), 100_000);
  mock.restoreAll();
});
