/* The four panels over one time axis: columns into traces, ranges, and who decides about them, the page or its user. */
(() => {
  "use strict";
  const orderflow = (window.orderflow = window.orderflow || {});
  const AXES = ["yaxis", "yaxis2", "yaxis3", "yaxis4"];
  const UP = "#26a69a";
  const DOWN = "#ef5350";
  const FEWEST_BARS = 5;

  /* The view: following until the user takes hold of it; `scaled` are the price axes the user has set. */
  const view = { following: true, x: null, y: {}, scaled: {}, cvdLine: false };
  let data = { ohlc: [], metrics: [], about: null };
  let drawn = null;
  let pending = false;

  const graph = () => {
    const found = document.querySelector("#chart .js-plotly-plot");
    return found && found._fullLayout && window.Plotly ? found : null;
  };
  const intervalMs = () => orderflow.format.intervalMs(data.about && data.about.interval);
  const column = (rows, index) => rows.map((row) => row[index]);

  function traces() {
    const { ohlc, metrics } = data;
    const bar = column(ohlc, 0);
    const time = column(metrics, 0);
    const candle = (x, rows, first) => ({
      x,
      open: column(rows, first),
      high: column(rows, first + 1),
      low: column(rows, first + 2),
      close: column(rows, first + 3),
    });
    return [
      candle(bar, ohlc, 1),
      {
        x: bar,
        y: column(ohlc, 5),
        width: intervalMs() * 0.7,
        "marker.color": ohlc.map((row) => (row[4] >= row[1] ? UP : DOWN)),
      },
      candle(time, metrics, 1),
      { ...candle(time, metrics, 5), visible: !view.cvdLine },
      { x: time, y: column(metrics, 8), visible: view.cvdLine },
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
    for (const axis of AXES) {
      if (view.y[axis]) update[`${axis}.range`] = view.y[axis].slice();
      update[`${axis}.fixedrange`] = !view.scaled[axis];
    }
    if (data.about) {
      const decimals = data.about.price_decimals;
      update["yaxis.tickformat"] = Number.isInteger(decimals) ? `.${decimals}f` : "";
    }
    return update;
  }

  function follow() {
    view.following = true;
    view.scaled = {};
    schedule();
  }

  /* The user has moved something: from now on nothing moves by itself. */
  function hold(x, y) {
    view.following = false;
    if (x) view.x = x;
    for (const [axis, range] of Object.entries(y || {})) {
      view.y[axis] = range;
      view.scaled[axis] = true;
    }
    if (x) refit(false);
    schedule(true);
  }

  let dataChanged = true;

  function schedule(rangesOnly) {
    if (!rangesOnly) dataChanged = true;
    if (pending) return;
    pending = true;
    requestAnimationFrame(draw);
  }

  function draw() {
    pending = false;
    const gd = graph();
    if (!gd) {
      setTimeout(() => schedule(), 50);
      return;
    }
    if (!gd.orderflow) listen(gd);
    if (gd._dragging) return; // redrawn when the drag ends
    if (view.following) {
      view.x = orderflow.ranges.follow(data.ohlc, data.metrics, intervalMs());
      refit(true);
    }
    const layout = layoutUpdate();
    if (dataChanged) {
      dataChanged = false;
      window.Plotly.update(gd, transposed(traces()), layout);
    } else {
      window.Plotly.update(gd, {}, layout);
    }
    drawn = { ...view };
    document.getElementById("app").dataset.following = String(view.following);
    orderflow.crosshair.refresh(gd);
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
      else schedule();
    });
    orderflow.gestures.listen(gd);
    orderflow.crosshair.listen(gd);
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

  function setData(state, reset) {
    data = state;
    if (reset) {
      view.following = true;
      view.scaled = {};
      view.y = {};
    }
    schedule();
  }

  function setCvdLine(isLine) {
    view.cvdLine = isLine;
    schedule();
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
    zoomTime,
    panTime,
    scalePrice,
    fitPrice,
    data: () => data,
    isDrawn: () => drawn !== null,
  };
})();
