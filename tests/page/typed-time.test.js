import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../../visualizer/page/playback/typed-time.js";

// Across midnight: from 23:55 on the 8th to 00:06 on the 9th, the clock at 23:58.
const RANGE = { startMs: Date.UTC(2024, 7, 8, 23, 55), endMs: Date.UTC(2024, 7, 9, 0, 6), known: true };
/** @param {string} text */
const read = (text, range = RANGE, zone = "UTC") => {
  const { ms, error } = parse(text, Date.UTC(2024, 7, 8, 23, 58), range, zone);
  return error ?? new Date(ms).toISOString();
};

test("a typed time is a date, a time of the nearest day that has it, a distance or a share", () => {
  const understood = {
    "2024-08-09 00:01": "2024-08-09T00:01:00.000Z",
    "2024-08-09T00:01:02.345Z": "2024-08-09T00:01:02.345Z",
    " 2024-08-09 ": "2024-08-09T00:00:00.000Z",
    "23:59:30": "2024-08-08T23:59:30.000Z",
    "00:01:30": "2024-08-09T00:01:30.000Z",
    "0:01": "2024-08-09T00:01:00.000Z",
    "+5m": "2024-08-09T00:03:00.000Z",
    "+1m30s": "2024-08-08T23:59:30.000Z",
    "-90 s": "2024-08-08T23:56:30.000Z",
    "-250ms": "2024-08-08T23:57:59.750Z",
    "50%": "2024-08-09T00:00:30.000Z",
  };
  for (const [text, moment] of Object.entries(understood)) assert.equal(read(text), moment);
});

test("what is no time is refused with examples, and what lies outside with the range", () => {
  for (const text of ["tomorrow", "2024-02-30", "25:00"]) assert.match(read(text), /is no time: try 2024-08-09 00:01/u);
  const outside = "outside of the replay, which goes from 2024-08-08 23:55:00 until 2024-08-09 00:06:00";
  for (const text of ["12:00", "+1h", "-1d", "2024-08-10", "101%"]) assert.equal(read(text), outside);
});

test("a range whose end is not known refuses only what lies before it", () => {
  const open = { ...RANGE, known: false };
  assert.equal(read("2024-08-10", open), "2024-08-10T00:00:00.000Z");
  assert.equal(read("-1d", open), "outside of the replay, which goes from 2024-08-08 23:55:00");
});

test("a typed time is that of clocks in the zone, unless it says UTC", () => {
  const understood = {
    "2024-08-08 19:59": "2024-08-08T23:59:00.000Z",
    "2024-08-08 23:59 UTC": "2024-08-08T23:59:00.000Z",
    "20:01:30": "2024-08-09T00:01:30.000Z",
    "00:01:30z": "2024-08-09T00:01:30.000Z",
    "+1m": "2024-08-08T23:59:00.000Z",
  };
  for (const [text, moment] of Object.entries(understood)) assert.equal(read(text, RANGE, "America/New_York"), moment);
  assert.match(read("12:00", RANGE, "America/New_York"), /from 2024-08-08 19:55:00 until 2024-08-08 20:06:00/u);
});
