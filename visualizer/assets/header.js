/* The header: what is replayed, how far, and how much its data can be trusted right now. */
(() => {
  "use strict";
  const orderflow = (window.orderflow = window.orderflow || {});
  const STALE_AFTER_MS = 5000;
  const DISCONNECTED_AFTER_MS = 3000;
  const PROBLEM_AFTER_MS = 1200;
  const VIEWS = { "report_data.json": "report", "overview_data.json": "overview" };
  const CHECKS = {
    volume_is_buy_sell_unknown: "volume = buy + sell + unknown",
    cvd_step_is_buy_minus_sell: "CVD step = buy − sell",
    high_is_highest: "high ≥ open, close, low",
    low_is_lowest: "low ≤ open, close, high",
    obi_within_one: "|OBI| ≤ 1",
    times_increase: "times increase",
  };
  const TONES = {
    loading: "busy",
    playing: "good",
    paused: "rest",
    finished: "rest",
    failed: "bad",
    waiting: "rest",
    stale: "warn",
    disconnected: "bad",
  };

  /* The state to show and the age of the data, from the page's own clock: it must be right when nobody answers. */
  function condition(status, ageMs, silentMs) {
    let name = status ? status.state : "waiting";
    const over = name === "finished" || name === "failed";
    if (status && !over && ageMs > STALE_AFTER_MS) name = "stale";
    if (silentMs > DISCONNECTED_AFTER_MS) name = "disconnected";
    return { name, tone: TONES[name] || "rest", ageMs: status ? ageMs : null };
  }

  function checks(given) {
    const entries = Object.entries(given || {});
    const failed = entries.filter(([, ok]) => ok === false);
    const passed = entries.filter(([, ok]) => ok === true);
    const tone = failed.length ? "bad" : passed.length ? "good" : "rest";
    const label = failed.length ? `${failed.length} check${failed.length > 1 ? "s" : ""} failed` : passed.length ? `checks ${passed.length}/${entries.length}` : "no checks yet";
    return { tone, label, entries: entries.map(([name, ok]) => ({ text: CHECKS[name] || name.replaceAll("_", " "), ok })) };
  }

  /* What is being done while there is nothing to see yet, or not all; null when nothing is. */
  function activity(status) {
    if (!status || status.state !== "loading") return null;
    const share = status.progress ? ` ${Math.floor(100 * status.progress)} %` : "";
    return `reading dataset${share}${status.rows ? ` · ${orderflow.format.count(status.rows)} rows` : ""}`;
  }

  /* Everything that changes with the data. */
  function showData(state) {
    const { text, mark, hide } = orderflow.write;
    const { format } = orderflow;
    const { status, about, ohlc } = state;
    hide("waiting", status !== null);
    text("waiting-reason", state.problem ? `${state.problem}.` : "");
    if (!status || !about) return;
    text("instrument", about.instrument || about.dataset);
    const sizes = orderflow.findings.sizesAreUnknown(state.report) && "book sizes unknown: depth and OBI count quotes";
    text("dataset", [about.dataset, about.format, sizes].filter(Boolean).join(" · "));
    text("interval", about.interval);
    text("clock", format.dateTime(status.event_time_ms));
    text("speed", format.speed(status.speed));
    showProgress(status);
    hide("error", !status.error);
    text("error", status.error || "");
    const last = ohlc[ohlc.length - 1];
    const price = last ? format.exact(last[4], about.price_decimals) : "";
    text("last-price", price);
    mark("last-price", "direction", last ? (last[4] >= last[1] ? "up" : "down") : "");
    const title = [price, about.instrument].filter(Boolean).join(" ") || "orderflow replay";
    if (document.title !== title) document.title = title;
    showChecks(checks(about.checks));
  }

  function showProgress(status) {
    const { text, mark, hide, style } = orderflow.write;
    const percent = 100 * (status.progress ?? 0);
    const doing = activity(status);
    for (const id of ["progress-bar", "activity-bar"]) style(id, "width", `${percent}%`);
    mark("progress", "busy", String(doing !== null));
    hide("activity", doing === null);
    text("activity-text", doing || "");
    const bar = document.getElementById("progress");
    bar.setAttribute("aria-valuenow", String(Math.round(percent)));
    bar.setAttribute("aria-valuetext", doing || `${Math.floor(percent)} % replayed`);
  }

  let listed = "";

  function showChecks({ tone, label, entries }) {
    orderflow.write.text("checks-text", label);
    orderflow.write.mark("checks", "tone", tone);
    const key = JSON.stringify(entries);
    if (key === listed) return;
    listed = key;
    const rows = entries.map(({ text, ok }) => {
      const row = document.createElement("div");
      row.dataset.ok = String(ok);
      row.textContent = text;
      return row;
    });
    document.getElementById("checks-list").replaceChildren(...rows);
  }

  let problem = null;
  let problemSinceMs = 0;

  /* Everything that changes with the time alone; returns the condition shown. */
  function showTime(state, nowMs, silentMs) {
    const { text, mark, hide } = orderflow.write;
    const ageMs = state.status ? nowMs + state.offsetMs - state.status.heartbeat_ms : 0;
    const now = condition(state.status, ageMs, silentMs);
    text("state-name", now.name);
    text("age", now.ageMs === null ? "" : orderflow.format.age(now.ageMs));
    mark("state", "tone", now.tone);
    mark("state", "name", now.name);
    if (state.problem !== problem) {
      problem = state.problem;
      problemSinceMs = nowMs;
    }
    // A publication caught half-way is no problem: it is over at the next look.
    const lasting = problem !== null && nowMs - problemSinceMs >= PROBLEM_AFTER_MS;
    hide("note", !(state.status && lasting));
    text("note", problem ? `The last good ${VIEWS[problem.split(" ")[0]] || "picture"} stays: ${problem}.` : "");
    mark("state", "old", String(now.ageMs !== null && now.ageMs > STALE_AFTER_MS));
    return now.name;
  }

  orderflow.header = { condition, showData, showTime };
})();
