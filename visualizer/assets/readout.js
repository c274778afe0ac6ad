/* The line of exact values above the chart. */
(() => {
  "use strict";
  const orderflow = (window.orderflow = window.orderflow || {});
  const OBI_DECIMALS = 4;
  const GROUPS = [
    ["ohlc", ["o", "h", "l", "c", "v"]],
    ["obi", ["o", "h", "l", "c"]],
    ["cvd", ["o", "h", "l", "c"]],
  ];

  const AXES = [
    ["ohlc", "yaxis"],
    ["obi", "yaxis3"],
    ["cvd", "yaxis4"],
  ];

  /* The texts of one bar: `bar` and `metrics` are its rows, either may be null. */
  function values(bar, metrics, about) {
    const { exact, signed } = orderflow.format;
    const price = about ? about.price_decimals : null;
    const size = about ? about.size_decimals : null;
    const cell = (row, index, write, decimals) => write(row ? row[index] : null, decimals);
    return {
      ohlc: [1, 2, 3, 4].map((index) => cell(bar, index, exact, price)).concat(cell(bar, 5, exact, size)),
      obi: [1, 2, 3, 4].map((index) => cell(metrics, index, signed, OBI_DECIMALS)),
      cvd: [5, 6, 7, 8].map((index) => cell(metrics, index, signed, size)),
    };
  }

  function show(time, bar, metrics, about) {
    const { text, mark, hide } = orderflow.write;
    const { slim } = orderflow.chart.view;
    for (const [group, axis] of AXES) hide(`read-${group}`, slim.includes(axis));
    text("read-time", time ?? orderflow.format.NONE);
    const texts = values(bar, metrics, about);
    for (const [group, columns] of GROUPS) {
      columns.forEach((column, index) => text(`read-${group}-${column}`, texts[group][index]));
    }
    mark("read-ohlc", "direction", direction(bar, 1, 4));
    mark("read-obi", "direction", direction(metrics, 1, 4));
    mark("read-cvd", "direction", direction(metrics, 5, 8));
  }

  function direction(row, open, close) {
    return row ? (row[close] >= row[open] ? "up" : "down") : "";
  }

  orderflow.readout = { show };
})();
