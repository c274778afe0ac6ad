/* The transport bar: what its buttons ask for, and what they show of the replay. */
(() => {
  "use strict";
  const orderflow = (window.orderflow = window.orderflow || {});
  const { steer } = orderflow;
  const byId = (id) => document.getElementById(id);

  let built = false;
  let condition = "waiting";
  let mark = null; // the begin of a loop that has no end yet

  function build() {
    if (!byId("transport")) return false;
    const clicks = {
      "seek-begin": () => toBegin(),
      "seek-end": () => toEnd(),
      "bar-back": () => steer.step("bar", -1),
      "bar-on": () => steer.step("bar", 1),
      "event-back": () => steer.step("event", -1),
      "event-on": () => steer.step("event", 1),
      play: () => steer.toggle(),
      slower: () => steer.nextSpeed(-1),
      faster: () => steer.nextSpeed(1),
      "clock-button": () => jump(),
      "speed-button": () => chooseSpeed(),
      "interval-button": () => chooseInterval(),
      "loop-start": () => loopStart(),
      "loop-end": () => loopEnd(),
      "loop-clear": () => loopClear(),
    };
    for (const [id, action] of Object.entries(clicks)) byId(id).addEventListener("click", action);
    for (const button of document.querySelectorAll("#intervals .interval")) {
      button.addEventListener("click", () => steer.interval(button.dataset.interval));
    }
    for (const button of document.querySelectorAll("#transport button")) button.dataset.title = button.title;
    return true;
  }

  function toBegin() {
    const range = steer.range();
    if (range) void steer.seek(range.startMs);
  }

  function toEnd() {
    const range = steer.range();
    if (!range) return;
    if (range.known) void steer.seek(range.endMs);
    else orderflow.control.say("The end is not known before the whole dataset has been read", "info");
  }

  function jump() {
    const range = steer.range();
    const nowMs = steer.clockMs();
    if (!range || nowMs === null) return;
    orderflow.chooser.open(byId("clock-button"), {
      label: "go to a time, UTC",
      value: orderflow.format.dateTime(nowMs),
      placeholder: "2024-08-09 00:01, 00:01:30, +5m, -1h, 50%",
      presets: ["-1h", "-5m", "-1m", "+1m", "+5m", "+1h"].map((text) => ({ text, shown: text.replace("-", "−") })),
      submit: (text) => {
        const { ms, error } = orderflow.when.parse(text, steer.clockMs(), steer.range());
        if (error) return error;
        void steer.seek(ms);
        return null;
      },
    });
  }

  function chooseSpeed() {
    const { status } = orderflow.state();
    const { speed: written } = orderflow.format;
    const now = status ? written(status.speed) : "";
    orderflow.chooser.open(byId("speed-button"), {
      label: "speed, times real time",
      value: now.replace("×", ""),
      placeholder: "0.1 to 10000, or max",
      presets: byId("transport").dataset.speeds.split(" ").map((text) => {
        const shown = text === "max" ? "max" : written(Number(text));
        return { text, shown, current: shown === now };
      }),
      submit: steer.speed,
    });
  }

  function chooseInterval() {
    const { about } = orderflow.state();
    const now = about ? about.interval : "";
    orderflow.chooser.open(byId("interval-button"), {
      label: "interval of the bars",
      value: now,
      placeholder: "30s, 6h, 500t, 100v, 1000000d",
      presets: ["intervals", "activity"]
        .flatMap((kind) => byId("transport").dataset[kind].split(" "))
        .map((text) => ({ text, shown: text, hint: orderflow.interval.words(text), current: text === now })),
      submit: steer.interval,
    });
  }

  /* Begin a loop at a time, or at the event clock; it is looped once its end is set as well. */
  function loopStart(ms = steer.clockMs()) {
    if (steer.reason() || ms === null) return;
    mark = ms;
    orderflow.seekbar.setMarks(ms, null);
    const { about } = orderflow.state();
    if (about.loop_ms && about.loop_ms[1] > ms) void loop(ms, about.loop_ms[1]);
    else refresh();
  }

  function loopEnd(ms = steer.clockMs()) {
    const range = steer.range();
    if (steer.reason() || ms === null || !range) return;
    const { about } = orderflow.state();
    const start = mark ?? (about.loop_ms ? about.loop_ms[0] : range.startMs);
    if (start < ms) void loop(start, ms);
    else orderflow.control.say("A loop ends after its begin: go on to where it is to end, then set B", "info");
  }

  async function loop(startMs, endMs) {
    const range = steer.range();
    orderflow.seekbar.setMarks(startMs, endMs);
    await steer.loop(Math.max(startMs, range.startMs + 1), range.known ? Math.min(endMs, range.endMs) : endMs);
    mark = null;
    orderflow.seekbar.setMarks(null, null);
    refresh();
  }

  async function loopClear() {
    const { about } = orderflow.state();
    const looping = Boolean(about && about.loop_ms);
    mark = null;
    orderflow.seekbar.setMarks(null, null);
    refresh();
    if (looping) await steer.loop();
  }

  /* What the scripts know of the replay, in the bar. */
  function refresh() {
    if (!built) built = build();
    if (!built) return;
    const state = orderflow.state();
    const { text, mark: note, hide } = orderflow.write;
    const { about, status } = state;
    const reason = steer.reason();
    const playing = steer.playing();
    note("play", "playing", String(playing));
    const doing = playing ? "pause" : status && status.state === "finished" ? "play again from the begin" : "play";
    label(byId("play"), `${doing} (key space)`);
    const looping = Boolean(about && about.loop_ms);
    note("loop", "looping", looping ? "true" : mark !== null ? "half" : "false");
    hide("loop-clear", !looping && mark === null);
    text("transport-reason", reason.startsWith("read-only") ? "read-only" : "");
    byId("transport-reason").title = reason;
    const usual = byId("transport").dataset.intervals.split(" ");
    if (about) label(byId("interval-button"), `${orderflow.interval.words(about.interval)}: type others (key T)`);
    note("intervals", "usual", String(Boolean(about) && usual.includes(about.interval)));
    for (const button of document.querySelectorAll("#intervals .interval")) {
      const pressed = String(Boolean(about) && button.dataset.interval === about.interval);
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    }
    orderflow.seekbar.refresh();
  }

  function label(button, words) {
    if (button.dataset.title === words) return;
    button.dataset.title = words;
    button.setAttribute("aria-label", words);
    if (!button.disabled) button.title = words;
  }

  function enable() {
    if (!built) return;
    const reason = steer.reason();
    if (reason) orderflow.chooser.close();
    for (const button of document.querySelectorAll("#transport button")) {
      button.disabled = Boolean(reason);
      button.title = reason || button.dataset.title;
    }
    byId("seek").title = reason;
    orderflow.write.mark("transport", "usable", String(!reason));
  }

  /* Takes in the state, and the condition that the header shows. */
  function show(state, now) {
    condition = now ?? condition;
    if (!built) built = build();
    if (!built) return;
    if (steer.observe(state, condition) || byId("transport").dataset.usable === undefined) enable();
    refresh();
  }

  orderflow.transport = { show, refresh, jump, chooseInterval, loop, loopStart, loopEnd, loopClear, toBegin, toEnd };
})();
