import assert from "node:assert/strict";
import { test } from "node:test";
import * as zone from "../../visualizer/page/zone.js";

const NEW_YORK = "America/New_York";
/** @param {string} iso */
const at = (iso) => Date.parse(iso);

test("a moment is shown as clocks in the zone show it, in summer and in winter", () => {
  assert.equal(zone.dateTime(at("2024-07-01T13:30:00.123Z"), NEW_YORK), "2024-07-01 09:30:00.123");
  assert.equal(zone.dateTime(at("2024-01-02T14:30:00Z"), NEW_YORK), "2024-01-02 09:30:00.000");
  assert.equal(zone.dateTime(at("2024-01-02T14:30:00Z"), "UTC"), "2024-01-02 14:30:00.000");
  assert.equal(zone.dateTime(at("2024-01-02T20:00:00Z"), "Asia/Kolkata"), "2024-01-03 01:30:00.000");
  assert.equal(zone.dateTime(at("1969-12-31T23:59:59.999Z"), "Asia/Tokyo"), "1970-01-01 08:59:59.999");
  assert.equal(zone.dateTime(null, NEW_YORK), "–");
});

test("clocks go over their change by the second", () => {
  const shown = ["2024-03-10T06:59:59Z", "2024-03-10T07:00:00Z", "2024-11-03T05:59:59Z", "2024-11-03T06:00:00Z"];
  assert.deepEqual(shown.map((iso) => zone.dateTime(at(iso), NEW_YORK).slice(11, 19)), ["01:59:59", "03:00:00", "01:59:59", "01:00:00"]);
});

test("a wall time leads back to its moment, in every hour of a year with two changes of the clocks", () => {
  for (const name of ["UTC", NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"]) {
    for (let ms = at("2024-01-01T00:17:00Z"); ms < at("2025-01-01T00:00:00Z"); ms += 7_200_000) {
      const back = zone.moment(zone.wall(ms, name), name);
      // An hour that clocks show twice leads to the first of both.
      assert.ok(back === ms || (back < ms && zone.wall(back, name) === zone.wall(ms, name)), `${name} ${new Date(ms).toISOString()}`);
    }
  }
});

test("of a time that clocks show twice the first is meant, and one that they skip is that of clocks which were not set", () => {
  assert.equal(zone.moment(at("2024-11-03T01:30:00Z"), NEW_YORK), at("2024-11-03T05:30:00Z"));
  assert.equal(zone.moment(at("2024-03-10T02:30:00Z"), NEW_YORK), at("2024-03-10T07:30:00Z"));
});

test("a choice is a zone, the exchange's, or that of the reader; what is none is UTC", () => {
  assert.equal(zone.zoneOf("exchange", NEW_YORK), NEW_YORK);
  assert.equal(zone.zoneOf("local", null), new Intl.DateTimeFormat().resolvedOptions().timeZone);
  assert.deepEqual(["exchange", "Mars/Olympus", "", "UTC"].map((choice) => zone.zoneOf(choice, null)), ["UTC", "UTC", "UTC", "UTC"]);
});

test("clocks are called by their season", () => {
  assert.equal(zone.abbreviation(at("2024-07-01T12:00:00Z"), NEW_YORK), "EDT");
  assert.equal(zone.abbreviation(at("2024-01-01T12:00:00Z"), NEW_YORK), "EST");
  assert.equal(zone.abbreviation(0, "UTC"), "UTC");
});
