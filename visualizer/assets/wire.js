/* Puts the parts together: Dash's callbacks, the keys, and the clock that ticks even when no server answers.
   Dash loads these files in the order of their names, and this one needs the others. */
(() => {
  "use strict";
  const orderflow = (window.orderflow = window.orderflow || {});
  const REFRESH_MS = 200;
  const RETRY_AFTER_MS = 3000;
  const RETRY_AT_MOST_EVERY_MS = 6000;

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
    state = orderflow.store.receive(state, answer, Date.now());
    if ("status" in answer || "problem" in answer || reset) orderflow.header.showData(state);
    if ("about" in answer) steered(state);
    if ("report" in answer || reset) orderflow.report.set(state.report);
    if (["ohlc", "metrics", "about", "report"].some((key) => key in answer) || reset) orderflow.chart.setData(state, reset);
    if ("ohlc" in answer || "metrics" in answer) orderflow.report.reachable();
    if (["depth", "about", "report"].some((key) => key in answer) || reset) orderflow.depth.set(state, reset);
    if ("monitor" in answer) orderflow.monitor.show(state.monitor);
    refresh();
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
    orderflow.header.showTime(state, Date.now(), silentMs);
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
  const KEYS = {
    f: () => orderflow.chart.follow(),
    l: toggleCvd,
    m: () => orderflow.monitor.toggle(state.monitor),
    i: () => orderflow.picker.open(),
    r: () => orderflow.report.toggle(),
    "?": () => window.dash_clientside.set_props("keys", { opened: true }),
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input[type=text], textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && orderflow.report.isOpen() && !document.querySelector(".mantine-Modal-content")) {
      orderflow.report.toggle(false);
      return;
    }
    const action = KEYS[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
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
