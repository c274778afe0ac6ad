/* The four panels over one time axis: columns into traces, ranges, and who decides about them, the page or its user. */
(() => {
  "use strict";
  const orderflow = (window.orderflow = window.orderflow || {});
  const AXES = ["yaxis", "yaxis2", "yaxis3", "yaxis4"];
  const UP = "#26a69a";
  const DOWN = "#ef5350";
  const FEWEST_BARS = 5;
  const MARGIN = 0.05;
  const RESTS = 4;
  const RULE = { color: "#232b37", width: 1 };
  const SHOWN_SHARE = 0.4;
  const REVEALED_AT = 0.8;

  /* The view: following until the user takes hold of it; `asked` is the span that they set, which another interval may
     have to widen or to narrow, `scaled` are the price axes that they set. */
  const view = { following: true, x: null, asked: null, y: {}, scaled: {}, cvdLine: false, shaded: true, slim: [] };
  let data = { ohlc: [], metrics: [], about: null, report: null };
  let entered = null; // a session that is not drawn yet
  let drawnShapes = "";
  let drawnRoom = "";
  let margin = MARGIN;
  let scheduled = null;
  let timer = 0;
  let drawnAt = 0;
  let costMs = 0;

  const graph = () => {
    const found = document.querySelector("#chart .js-plotly-plot");
    return found && found._fullLayout && window.Plotly ? found : null;
  };
  const intervalMs = () => orderflow.format.intervalMs(data.about && data.about.interval);
  const column = (rows, index) => rows.map((row) => row[index]);

  /* The rows near the view, and two far beyond it, one interval apart: from the smallest distance of two bars Plotly
     takes how wide a candle is, and there may be one bar only, or none without a gap beside it. */
  function near(rows) {
    if (!view.x) return { rows: [], padded: [] };
    const span = view.x[1] - view.x[0];
    const kept = orderflow.ranges.visible(rows, [view.x[0] - margin * span, view.x[1] + margin * span], intervalMs());
    const last = kept[kept.length - 1];
    if (!last) return { rows: kept, padded: kept };
    const beyond = last[0] + Math.ceil((10 * span) / intervalMs()) * intervalMs();
    const pad = (ms) => [ms, ...last.slice(1)];
    return { rows: kept, padded: [...kept, pad(beyond), pad(beyond + intervalMs())] };
  }

  function traces() {
    const { rows: bars, padded: ohlc } = near(data.ohlc);
    const { rows, padded } = near(data.metrics);
    const shown = (axis, rows) => (view.slim.includes(axis) ? [] : rows);
    const [obi, cvd] = [shown("yaxis3", padded), shown("yaxis4", padded)];
    const candle = (rows, first) => ({
      x: column(rows, 0),
      open: column(rows, first),
      high: column(rows, first + 1),
      low: column(rows, first + 2),
      close: column(rows, first + 3),
    });
    return [
      candle(ohlc, 1),
      {
        x: column(bars, 0),
        y: column(bars, 5),
        width: intervalMs() * 0.75,
        "marker.color": bars.map((row) => (row[4] >= row[1] ? UP : DOWN)),
      },
      candle(obi, 1),
      { ...candle(cvd, 5), visible: !view.cvdLine },
      { x: column(shown("yaxis4", rows), 0), y: column(shown("yaxis4", rows), 8), visible: view.cvdLine },
    ];
  }

  /* Per attribute one value for each trace, as Plotly.update wants them. */
  function transposed(list) {
    const update = {};
    list.forEach((trace, index) => {
      for (const [name, value] of Object.entries(trace)) {
        update[name] = update[name] || new Array(list.length).fill(undefined);
        update[name][index] = value;
      }
    });
    return update;
  }

  function refit(all) {
    if (!view.x) return;
    const fitted = orderflow.ranges.fit(data.ohlc, data.metrics, view.x, intervalMs());
    for (const axis of AXES) {
      if (fitted[axis] && (all || !view.scaled[axis])) view.y[axis] = fitted[axis];
    }
  }

  function layoutUpdate() {
    // New columns would make Plotly guess the axes' types again.
    const update = { "xaxis.type": "date" };
    for (const axis of AXES) update[`${axis}.type`] = "linear";
    if (view.x) update["xaxis.range"] = view.x.slice();
    update["xaxis.showticklabels"] = view.x !== null;
    for (const axis of AXES) {
      if (view.y[axis]) update[`${axis}.range`] = view.y[axis].slice();
      update[`${axis}.showticklabels`] = Boolean(view.y[axis]) && !view.slim.includes(axis);
      update[`${axis}.fixedrange`] = !view.scaled[axis];
    }
    if (data.about) {
      const decimals = data.about.price_decimals;
      update["yaxis.tickformat"] = Number.isInteger(decimals) ? `.${decimals}f` : "";
    }
    for (const axis of ["yaxis2", "yaxis4"]) {
      const [low, high] = view.y[axis] || [0, 1];
      update[`${axis}.tickformat`] = Math.max(-low, high) >= 2000 ? "~s" : "";
    }
    return update;
  }

  /* Room goes from panels without data to the others, and what the report locates is shaded. Both hardly ever change,
     and both cost a whole drawing. */
  function rare(gd) {
    const update = {};
    view.slim = orderflow.panels.collapsed(orderflow.panels.missing(data));
    const { t: top, b: bottom } = gd._fullLayout.margin;
    const height = gd._fullLayout.height - top - bottom;
    const room = view.slim.length ? `${view.slim} ${height}` : "";
    const shapesKey = [room, view.shaded && data.report ? `${data.report.crc32} ${intervalMs()}` : ""].join();
    if (room !== drawnRoom) {
      const domains = orderflow.panels.domains(view.slim, height);
      for (const axis of AXES) {
        update[`${axis}.domain`] = domains[axis];
        update[`${axis}.showgrid`] = !view.slim.includes(axis);
        update[`${axis}.zeroline`] = !view.slim.includes(axis) && (axis === "yaxis3" || axis === "yaxis4");
      }
      drawnRoom = room;
    }
    if (shapesKey !== drawnShapes) {
      const rules = orderflow.panels
        .boundaries(view.slim, height)
        .map((y) => ({ type: "line", xref: "paper", yref: "paper", x0: 0, x1: 1, y0: y, y1: y, line: RULE, layer: "below" }));
      const marks = view.shaded ? orderflow.findings.shapes(data.report, intervalMs()) : [];
      update.shapes = [...rules, ...marks];
      drawnShapes = shapesKey;
    }
    return update;
  }

  function follow() {
    view.following = true;
    view.scaled = {};
    schedule(true);
  }

  /* The user has moved something: from now on nothing moves by itself. */
  function hold(x, y) {
    if (x) view.x = x;
    if (x || view.following) view.asked = view.x;
    view.following = false;
    for (const [axis, range] of Object.entries(y || {})) {
      view.y[axis] = range;
      view.scaled[axis] = true;
    }
    if (x) refit(false);
    schedule(true);
  }

  /* Draws at the next frame: at once what the user does, data only when the last drawing has been paid for. */
  function schedule(urgent) {
    if (scheduled === "now" || (scheduled && !urgent)) return;
    clearTimeout(timer);
    const waitMs = urgent ? 0 : Math.max(0, drawnAt + RESTS * costMs - performance.now());
    scheduled = waitMs > 0 ? "later" : "now";
    if (waitMs > 0) timer = setTimeout(() => requestAnimationFrame(draw), waitMs);
    else requestAnimationFrame(draw);
  }

  function draw() {
    scheduled = null;
    const gd = graph();
    if (!gd) {
      setTimeout(schedule, 50);
      return;
    }
    if (!gd.orderflow) listen(gd);
    if (gd._dragging) {
      setTimeout(schedule, 50);
      return;
    }
    if (view.following) {
      view.x = orderflow.ranges.follow(data.ohlc, data.metrics, intervalMs());
      refit(true);
    }
    const begun = performance.now();
    const update = rare(gd);
    window.Plotly.update(gd, transposed(traces()), { ...layoutUpdate(), ...update });
    drawnAt = performance.now();
    costMs = drawnAt - begun;
    document.getElementById("app").dataset.following = String(view.following);
    orderflow.crosshair.refresh(gd);
  }

  /* A drag moves what is drawn, and by at most the width of the plot: have that much at hand. */
  function beforeDrag() {
    margin = 1;
    draw();
    margin = MARGIN;
  }

  const toMs = (value) => (typeof value === "number" ? value : Date.parse(`${value.replace(" ", "T")}Z`));

  function listen(gd) {
    gd.orderflow = true;
    gd.on("plotly_relayout", (event) => {
      const x = "xaxis.range[0]" in event ? [toMs(event["xaxis.range[0]"]), toMs(event["xaxis.range[1]"])] : null;
      const y = {};
      for (const axis of AXES) {
        const low = event[`${axis}.range[0]`];
        if (low !== undefined) y[axis] = [low, event[`${axis}.range[1]`]];
      }
      if (x || Object.keys(y).length) hold(x, y);
      else schedule(true);
    });
    orderflow.gestures.listen(gd);
    orderflow.crosshair.listen(gd);
    orderflow.here.listen(gd);
  }

  /* Zoom in time about a moment; `factor` below 1 shows less. */
  function zoomTime(aboutMs, factor) {
    if (!view.x) return;
    const rows = [...data.ohlc.slice(0, 1), ...data.ohlc.slice(-1), ...data.metrics.slice(0, 1), ...data.metrics.slice(-1)];
    const times = column(rows, 0);
    const most = (Math.max(...times) - Math.min(...times)) * 1.5 + 60 * intervalMs();
    const range = orderflow.ranges.zoom(view.x, aboutMs, factor);
    const span = range[1] - range[0];
    if (span < FEWEST_BARS * intervalMs() || span > most) return;
    hold(range, null);
  }

  function panTime(ms) {
    if (view.x) hold([view.x[0] + ms, view.x[1] + ms], null);
  }

  function scalePrice(axis, factor) {
    const range = view.y[axis];
    if (range) hold(null, { [axis]: orderflow.ranges.zoom(range, (range[0] + range[1]) / 2, factor) });
  }

  function fitPrice(axis) {
    delete view.scaled[axis];
    refit(false);
    schedule(true);
  }

  /* `before` is what was shown until a new session (`reset`). The picture of a session that has nothing to show yet is
     the last one, faded, so that a change of the interval never blanks the chart. */
  function setData(state, reset, before) {
    const hadRows = data.ohlc.length + data.metrics.length > 0;
    data = state;
    if (reset) entered = { before };
    const empty = !state.ohlc.length && !state.metrics.length;
    const waiting = empty && Boolean(view.x) && Boolean(state.status) && state.status.state === "loading";
    document.getElementById("app").dataset.faded = String(waiting && entered !== null);
    if (!(waiting && entered)) {
      if (entered) enter(entered.before);
      else if (hadRows && !view.following) comeBack();
      entered = null;
      schedule();
    }
    const gd = graph();
    if (gd) orderflow.crosshair.refresh(gd);
  }

  /* Another session: a span that was held is kept where there is something to see in it; of another instrument nothing
     but the span in time, of another dataset not even that. */
  function enter(before) {
    const { about } = data;
    const sameData = Boolean(before && about && before.dataset === about.dataset);
    const same = sameData && before.instrument === about.instrument;
    const kept = !view.following && sameData ? orderflow.ranges.kept(view.asked, held(), intervalMs()) : null;
    if (!same || !kept) {
      view.scaled = {};
      view.y = {};
    }
    view.following = kept === null;
    view.x = kept;
    if (kept) refit(false);
  }

  /* Where everything in view has vanished, as after a move back, the span goes to where the bars end. */
  function comeBack() {
    const bounds = held();
    if (bounds && view.x && view.x[0] > bounds[1]) reveal(bounds[1] - 1);
    else refit(false);
  }

  /* Moves a held span, as little as need be, to where a moment is in it. */
  function reveal(ms) {
    if (view.following || !view.x || ms === null) return;
    const span = view.x[1] - view.x[0];
    if (ms >= view.x[0] && ms <= view.x[1]) return;
    const begin = ms - REVEALED_AT * span;
    hold([begin, begin + span], null);
  }

  /* From the first bar at hand to the end of the last; null without any. */
  function held() {
    const times = [data.ohlc, data.metrics].flatMap((rows) => (rows.length ? [rows[0][0], rows[rows.length - 1][0]] : []));
    return times.length ? [Math.min(...times), Math.max(...times) + intervalMs()] : null;
  }

  /* Go to a moment, or to a span that may be longer than what is in view; the bars keep their width if it is not.
     False where there are no bars to go to. */
  function show(fromMs, untilMs) {
    const bounds = held();
    if (!view.x || !bounds || fromMs < bounds[0] || fromMs >= bounds[1]) return false;
    const now = view.x[1] - view.x[0];
    const length = (untilMs ?? fromMs) - fromMs;
    const width = Math.max(now, length / (1 - SHOWN_SHARE));
    const middle = fromMs + length / 2 - intervalMs() / 2;
    hold([middle - width / 2, middle + width / 2], null);
    return true;
  }

  function setShaded(shaded) {
    view.shaded = shaded;
    schedule(true);
  }

  function setCvdLine(isLine) {
    view.cvdLine = isLine;
    schedule(true);
  }

  orderflow.chart = {
    AXES,
    UP,
    DOWN,
    view,
    graph,
    intervalMs,
    follow,
    setData,
    setCvdLine,
    setShaded,
    show,
    reveal,
    held,
    zoomTime,
    panTime,
    scalePrice,
    fitPrice,
    beforeDrag,
    data: () => data,
    isRested: () => scheduled === null,
  };

  // A panel that is but a line keeps the height of one.
  window.addEventListener("resize", () => view.slim.length && setTimeout(schedule, 200));
})();
