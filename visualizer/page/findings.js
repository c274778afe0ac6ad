/* The data report as marks over time. Pure: a report in, marks, bands and texts out. */
import * as format from "./format.js";
import { token, translucent } from "./tokens.js";
import * as zones from "./zone.js";
/** @import { Band, DataReport, Incident, Mark, Span, Timeline } from "./types.d.ts" */

/* What makes numbers wrong or leaves some out; the rest is good to know. */
const SERIOUS = new Set([
  "malformed",
  "incomplete",
  "gaps",
  "overlapping",
  "price_jumps",
  "unknown_sizes",
  "checksum_failures",
  "late",
]);

/** The colour of a kind of finding: its own token, or that of all others.
 * @param {string} kind
 * @param {number} alpha */
export const colour = (kind, alpha) => translucent(token(`finding-${kind}`) || token("finding-other"), alpha);
/* What one of a kind is called, where its name is that of several. */
/** @type {Readonly<Record<string, string>>} */
const ONE = {
  gaps: "gap",
  duplicates: "duplicate",
  not_trades: "not a trade",
  assumptions: "assumption",
  unknown_sizes: "unknown size",
  price_jumps: "price jump",
  old_snapshots: "old snapshot",
  checksum_failures: "checksum failure",
  unknown_sides: "unknown side",
  silences: "silence",
};

/** So many of a kind, as people write it: "1 silence", "31 gaps".
 * @param {string} kind
 * @param {number} count */
export const counted = (kind, count) => format.counted(count, nameOf(kind), kind.replaceAll("_", " "));

/** @param {string} kind */
const nameOf = (kind) => ONE[kind] ?? kind.replaceAll("_", " ");

/** What was found at one place. A silence is as long as from its one end to the other, in the largest unit that says it.
 * @param {string} kind
 * @param {Pick<Incident, "time_ms" | "until_ms" | "detail">} incident */
export function detail(kind, { time_ms: fromMs, until_ms: untilMs, detail: told }) {
  return kind === "silences" && fromMs !== null && untilMs !== null ? `${format.age(untilMs - fromMs)} without an event` : told;
}

/** The same with its kind.
 * @param {Mark} mark */
export const words = ({ kind, fromMs, toMs, detail: told }) => `${nameOf(kind)}: ${detail(kind, { time_ms: fromMs, until_ms: toMs, detail: told })}`;

/** How many kinds of findings there are, and how serious the worst of them is.
 * @param {DataReport | null} report */
export function badge(report) {
  const found = report ? report.findings : [];
  const level = found.some(({ kind }) => SERIOUS.has(kind)) ? "serious" : found.length ? "some" : "none";
  return { count: found.length, level };
}

/** Every located incident as {kind, fromMs, toMs, detail}, oldest first.
 * @param {DataReport | null} report
 * @returns {Mark[]} */
export function marks(report) {
  if (!report) return [];
  return report.findings
    .flatMap(({ kind, incidents }) =>
      incidents.flatMap(({ time_ms: fromMs, until_ms: untilMs, detail: told }) =>
        fromMs === null ? [] : [{ kind, fromMs, toMs: untilMs ?? fromMs, detail: told }],
      ),
    )
    .sort((one, other) => one.fromMs - other.fromMs);
}

/** Marks where a timeline has them. A candle stands on its start, so half of it lies left of that: so do these.
 * @param {DataReport | null} report
 * @param {Timeline} timeline */
function placed(report, timeline) {
  /** @param {number} ms */
  const place = (ms) => timeline.place(Math.max(timeline.fromMs, Math.min(ms, timeline.untilMs))) - timeline.step / 2;
  return marks(report)
    .filter(({ fromMs, toMs }) => toMs >= timeline.fromMs && fromMs <= timeline.untilMs)
    .map((mark) => ({ ...mark, from: place(mark.fromMs), to: place(mark.toMs) }));
}

/** What is shaded along the axis: per kind its colours, and from where to where.
 * @param {DataReport | null} report
 * @param {Timeline} timeline
 * @returns {Band[]} */
export function bands(report, timeline) {
  /** @type {Map<string, Span[]>} */
  const spans = new Map();
  for (const { kind, from, to } of placed(report, timeline)) {
    const found = spans.get(kind);
    if (found) found.push([from, to]);
    else spans.set(kind, [[from, to]]);
  }
  return [...spans].map(([kind, list]) => ({ kind, fill: colour(kind, 0.1), edge: colour(kind, 0.4), spans: list }));
}

/** What was found at a place in the chart, give or take.
 * @param {DataReport | null} report
 * @param {number} place
 * @param {number} slack
 * @param {Timeline} timeline */
export function at(report, place, slack, timeline) {
  return placed(report, timeline).filter(({ from, to }) => from - slack <= place && place <= to + slack);
}

/** From when to when: the end without the date where it is the same day's.
 * @param {Pick<Incident, "time_ms" | "until_ms">} incident
 * @param {string} zone */
export function span({ time_ms: fromMs, until_ms: untilMs }, zone) {
  if (fromMs === null) return "";
  const from = zones.dateTime(fromMs, zone);
  if (untilMs === null || untilMs === fromMs) return from;
  const until = zones.dateTime(untilMs, zone);
  return `${from} – ${until.slice(0, 10) === from.slice(0, 10) ? until.slice(11) : until}`;
}

/** Whether the book is one of quotes without sizes, each taken as a size of 1.
 * @param {DataReport | null} report */
export function sizesAreUnknown(report) {
  return report !== null && report.findings.some(({ kind }) => kind === "unknown_sizes");
}
