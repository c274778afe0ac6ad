import assert from "node:assert/strict";
import { test } from "node:test";
import { ticks } from "../../visualizer/page/chart/clock.js";

const LABEL_PX = 92;
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2024, 0, 2, 22, 17, 3, 456);

test("times are labelled round, far enough apart, however much is in view", () => {
  for (let widthMs = 20; widthMs < 40 * 365 * DAY_MS; widthMs *= 1.7) {
    const perPixel = widthMs / 1000;
    const { places, texts } = ticks([START_MS, START_MS + widthMs], perPixel, "UTC");
    assert.ok(places.length >= 2, String(widthMs));
    assert.equal(texts.length, places.length);
    for (const [index, place] of places.entries()) {
      assert.ok(place >= START_MS && place <= START_MS + widthMs);
      if (index) assert.ok(place - places[index - 1] >= LABEL_PX * perPixel - 1e-6);
    }
  }
});

test("a label has the date where it changes, and where it is the first that is whole in view", () => {
  const found = ticks([START_MS, START_MS + 3 * 3_600_000], (3 * 3_600_000) / 1000, "UTC");
  assert.deepEqual(found.texts.slice(0, 6), ["22:30\n02 Jan 2024", "23:00", "23:30", "00:00\n03 Jan 2024", "00:30", "01:00"]);
  const finer = ticks([START_MS, START_MS + 2000], 2, "UTC");
  assert.equal(finer.texts[1], "22:17:03.800");
  const coarse = ticks([Date.UTC(2023, 11, 30), Date.UTC(2024, 0, 9)], (10 * DAY_MS) / 1000, "UTC");
  assert.deepEqual(coarse.texts.slice(0, 3), ["30 Dec", "31 Dec\n2023", "01 Jan\n2024"]);
});

test("weeks are labelled on Mondays, months on their first", () => {
  const weeks = ticks([START_MS, START_MS + 60 * DAY_MS], (60 * DAY_MS) / 900, "UTC");
  assert.ok(weeks.places.every((place) => new Date(place).getUTCDay() === 1));
  const months = ticks([START_MS, START_MS + 900 * DAY_MS], (900 * DAY_MS) / 900, "UTC");
  assert.ok(months.places.every((place) => new Date(place).getUTCDate() === 1));
});

test("labels are round in a zone, over a change of its clocks", () => {
  const span = /** @type {[number, number]} */ ([Date.UTC(2024, 2, 10, 5), Date.UTC(2024, 2, 10, 9)]);
  const { places, texts } = ticks(span, 3_600_000 / 100, "America/New_York");
  assert.deepEqual(texts.map((text) => text.slice(0, 5)), ["00:00", "01:00", "03:00", "04:00", "05:00"]);
  assert.deepEqual(places, [5, 6, 7, 8, 9].map((hour) => Date.UTC(2024, 2, 10, hour)));
});
