import assert from "node:assert/strict";
import { test } from "node:test";
import * as bars from "../../visualizer/page/chart/bars.js";
import * as breaks from "../../visualizer/page/chart/breaks.js";
import * as findings from "../../visualizer/page/findings.js";
import "./browser.js";
/** @import { DataReport } from "../../visualizer/page/types.d.ts" */

/** A report with findings of these kinds, each with incidents from when to when.
 * @param {Record<string, [number | null, number | null][]>} kinds */
function report(kinds) {
  const found = Object.entries(kinds).map(([kind, spans]) => ({
    kind,
    incidents: spans.map(([from, until]) => ({ file: null, line: null, time_ms: from, until_ms: until, detail: kind })),
  }));
  return /** @type {DataReport} */ (/** @type {unknown} */ ({ findings: found }));
}

test("a badge says how many kinds there are and whether one of them makes numbers wrong", () => {
  assert.deepEqual(findings.badge(null), { count: 0, level: "none" });
  assert.deepEqual(findings.badge(report({})), { count: 0, level: "none" });
  assert.deepEqual(findings.badge(report({ crossed: [] })), { count: 1, level: "some" });
  assert.deepEqual(findings.badge(report({ crossed: [], gaps: [] })), { count: 2, level: "serious" });
});

test("counts are written as people write them, and a silence is as long as it lasts", () => {
  assert.deepEqual(
    [["silences", 1], ["silences", 2], ["checksum_failures", 1], ["malformed", 1], ["not_trades", 1200]].map(([kind, count]) =>
      findings.counted(String(kind), Number(count)),
    ),
    ["1 silence", "2 silences", "1 checksum failure", "1 malformed", "1,200 not trades"],
  );
  const days = { time_ms: 0, until_ms: 192 * 86_400_000, detail: "16588800 s without an event" };
  assert.equal(findings.detail("silences", days), "192 days without an event");
  assert.equal(findings.detail("silences", { ...days, until_ms: 86_400_000 * 1.9 }), "45 h without an event");
  assert.equal(findings.detail("gaps", { ...days, detail: "9 follows 7" }), "9 follows 7");
  assert.equal(findings.words({ kind: "silences", fromMs: 0, toMs: 600_000, detail: "600 s without an event" }), "silence: 10 min without an event");
});

test("marks are the incidents that have a time, oldest first", () => {
  const given = report({ gaps: [[5000, 9000], [null, null]], late: [[1000, null]] });
  assert.deepEqual(
    findings.marks(given).map(({ kind, fromMs, toMs }) => [kind, fromMs, toMs]),
    [
      ["late", 1000, 1000],
      ["gaps", 5000, 9000],
    ],
  );
});

test("bands are one for each kind, half a step left of where the times are", () => {
  const bands = findings.bands(report({ gaps: [[60_000, 120_000], [600_000, null]], late: [[0, null]] }), breaks.ofTime(60_000));
  assert.deepEqual(bands.map(({ kind }) => kind).sort(), ["gaps", "late"]);
  const gaps = bands.find(({ kind }) => kind === "gaps");
  assert.deepEqual([gaps?.fill, gaps?.edge], ["rgba(224, 164, 58, 0.1)", "rgba(224, 164, 58, 0.4)"]);
  assert.deepEqual(gaps?.spans, [
    [30_000, 90_000],
    [570_000, 570_000],
  ]);
});

test("what lies outside of the bars of activity is not placed, and what begins before them begins with them", () => {
  const timeline = bars.ofActivity([10_000, 20_000], 25_000, null);
  const given = report({ gaps: [[0, 1000], [5000, 20_000], [90_000, null]] });
  const found = findings.at(given, timeline.place(15_000), timeline.step, timeline);
  assert.deepEqual(found.map(({ fromMs, from }) => [fromMs, from]), [[5000, timeline.place(10_000) - timeline.step / 2]]);
});

test("a span names the date of its end only where it is another", () => {
  const day = Date.UTC(2024, 0, 2, 23, 59, 59);
  assert.equal(findings.span({ time_ms: null, until_ms: null }, "UTC"), "");
  assert.equal(findings.span({ time_ms: day, until_ms: day }, "UTC"), "2024-01-02 23:59:59.000");
  assert.equal(findings.span({ time_ms: day, until_ms: day + 500 }, "UTC"), "2024-01-02 23:59:59.000 – 23:59:59.500");
  assert.equal(findings.span({ time_ms: day, until_ms: day + 1000 }, "UTC"), "2024-01-02 23:59:59.000 – 2024-01-03 00:00:00.000");
});

test("a span is told in the time zone", () => {
  const ms = Date.UTC(2024, 0, 3, 4, 59, 59);
  const told = findings.span({ time_ms: ms, until_ms: ms + 2000 }, "America/New_York");
  assert.equal(told, "2024-01-02 23:59:59.000 – 2024-01-03 00:00:01.000");
});
