/* Puts the parts together: Dash's callbacks, the keys, and the clock that ticks even when no server answers.
   Dash loads these files in the order of their names, and this one needs the others. */
(() => {
  "use strict";
  const orderflow = (window.orderflow = window.orderflow || {});
  const REFRESH_MS = 200;
  const RETRY_AFTER_MS = 3000;
  const RETRY_AT_MOST_EVERY_MS = 6000;
  const MOVING = /^(Arrow|Home|End|Page)/;

  let state = orderflow.store.empty();
  let heardAt = performance.now();
  let refreshedAt = performance.now();
  let retryAt = heardAt + RETRY_AFTER_MS;

  function receive(answer) {
    const noUpdate = window.dash_clientside.no_update;
    if (!answer) return noUpdate;
    heardAt = performance.now();
    retryAt = heardAt + RETRY_AFTER_MS;
    const reset = Boolean(answer.reset);
    const before = state.about;
    state = orderflow.store.receive(state, answer, Date.now());
    if ("status" in answer || "problem" in answer || reset) orderflow.header.showData(state);
    const { dataset } = document.getElementById("app");
    const allowed = answer.control ?? dataset.control;
    if ("about" in answer || allowed !== dataset.control) {
      dataset.control = allowed;
      steered(state);
    }
    if ("report" in answer || reset) orderflow.report.set(state.report);
    if (["ohlc", "metrics", "about", "report"].some((key) => key in answer) || reset) orderflow.chart.setData(state, reset, before);
    if ("ohlc" in answer || "metrics" in answer) orderflow.report.reachable();
    if (["depth", "about", "report"].some((key) => key in answer) || reset) orderflow.depth.set(state, reset);
    if ("monitor" in answer) orderflow.monitor.show(state.monitor);
    refresh();
    orderflow.address.follow(state);
    return orderflow.store.known(state);
  }

  function steered(current) {
    orderflow.picker.show(current);
    orderflow.control.receive(current);
  }

  function refresh() {
    const now = performance.now();
    // A page that was asleep has heard nothing, and that says nothing about the server.
    if (now - refreshedAt > 2000) heardAt = Math.max(heardAt, now - 1000);
    refreshedAt = now;
    const silentMs = now - heardAt;
    orderflow.transport.show(state, orderflow.header.showTime(state, Date.now(), silentMs));
    if (now > retryAt && window.dash_clientside.set_props) {
      // Dash stops the clock for the time of a poll, and leaves it stopped if the poll never comes back.
      retryAt = now + Math.min(silentMs, RETRY_AT_MOST_EVERY_MS);
      window.dash_clientside.set_props("tick", { disabled: false });
    }
  }

  const toggleCvd = () => {
    const value = orderflow.chart.view.cvdLine ? "candles" : "line";
    window.dash_clientside.set_props("cvd-style", { value });
  };
  const { steer, transport } = orderflow;
  const KEYS = {
    " ": () => steer.toggle(),
    ArrowLeft: (held) => steer.step("bar", -1, held),
    ArrowRight: (held) => steer.step("bar", 1, held),
    "shift ArrowLeft": (held) => steer.step("event", -1, held),
    "shift ArrowRight": (held) => steer.step("event", 1, held),
    Home: () => transport.toBegin(),
    End: () => transport.toEnd(),
    "[": () => steer.nextSpeed(-1),
    "]": () => steer.nextSpeed(1),
    g: () => transport.jump(),
    t: () => transport.chooseInterval(),
    a: () => transport.loopStart(),
    b: () => transport.loopEnd(),
    c: () => transport.loopClear(),
    f: () => orderflow.chart.follow(),
    l: toggleCvd,
    m: () => orderflow.monitor.toggle(state.monitor),
    i: () => orderflow.picker.open(),
    r: () => orderflow.report.toggle(),
    "?": () => window.dash_clientside.set_props("keys", { opened: true }),
  };

  document.addEventListener("keydown", (event) => {
    const within = (selector) => Boolean(event.target.closest && event.target.closest(selector));
    const dialog = document.querySelector(".mantine-Modal-content");
    // Many keyboards have brackets behind AltGr, which some systems tell as control and alt, and others behind alt.
    const typed = "[]".includes(event.key) && (event.altKey || event.getModifierState("AltGraph"));
    const commanded = event.metaKey || (!typed && (event.ctrlKey || event.altKey));
    if (within("input[type=text], textarea") || dialog || commanded) return;
    if (event.key === "Escape" && orderflow.report.isOpen()) {
      orderflow.report.toggle(false);
      return;
    }
    // What has the focus takes the keys that it understands itself.
    if (event.key === " " && within("button, summary, a, input, [role=button]")) return;
    if (MOVING.test(event.key) && within("#report, #here, input")) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = KEYS[event.shiftKey && MOVING.test(event.key) ? `shift ${name}` : name];
    if (!action) return;
    event.preventDefault();
    void action(event.repeat);
  });

  // A button that is clicked on does not take the focus, so that the keys go on meaning what they mean.
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest && event.target.closest("#transport button, .controls button") && !event.target.closest(".panel")) {
      event.preventDefault();
    }
  });

  setInterval(refresh, REFRESH_MS);

  const none = () => window.dash_clientside.no_update;
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    orderflow: {
      receive,
      follow: () => (orderflow.chart.follow(), none()),
      cvdStyle: (value) => (orderflow.chart.setCvdLine(value === "line"), none()),
      shade: (checked) => (orderflow.chart.setShaded(checked), none()),
      toggleReport: () => (orderflow.report.toggle(), none()),
      toggleMonitor: () => (orderflow.monitor.toggle(state.monitor), none()),
      showKeys: () => true,
    },
  });
  orderflow.state = () => state;
})();
