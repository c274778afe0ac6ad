"""Times without bars take no room on the axis, and sessions and gaps are a key away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared import ControlAnswer
from tests.browser.pages import (
    bar_point,
    colours,
    plot_point,
    ranges,
    text,
    until,
    wait_drawn,
    wait_frames,
    wait_generation,
)
from tests.browser.steering import later, show, written

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder

MINUTE_MS = 60_000
NIGHT_MS = 17 * 3_600_000 + 30 * MINUTE_MS


@pytest.fixture
def two_days(page: Page, feeder: Feeder) -> Feeder:
    """A second day of half an hour after a night."""
    feeder.step(NIGHT_MS)
    for _ in range(30 * 12):
        feeder.step(5000)
    end_ms = feeder.ohlc[-1].timestamp_ms + NIGHT_MS
    show(page, feeder, control=ControlAnswer(listening=True), heartbeat_ms=later(feeder), end_ms=end_ms)
    until(page, "() => orderflow.chart.drawn().breaks.length === 1")
    wait_drawn(page)
    return feeder


def test_two_days_fill_the_chart_with_a_thin_break_between_them(page: Page, two_days: Feeder) -> None:
    evening, morning = (row.timestamp_ms for row in two_days.ohlc[-32:-30])
    assert morning - evening > NIGHT_MS - MINUTE_MS
    (left, _), (right, _), (bar, _) = (bar_point(page, ms) for ms in (evening, morning, morning + MINUTE_MS))
    assert right - left == pytest.approx(3 * (bar - right), abs=0.1)
    low, high = ranges(page)["xaxis"]
    rows = page.evaluate("() => orderflow.chart.drawn().panels.price.rows.length")
    assert rows > 0.9 * (high - low) / MINUTE_MS
    assert {"break", "session-mark"} <= colours(page, "cvd")
    times = page.evaluate("() => orderflow.chart.drawn().times.map(({ text }) => text)")
    assert any("\n03 Jan 2024" in label for label in times)


def test_what_points_at_a_time_is_right_on_both_sides_of_a_break_and_stays_so_while_bars_come(
    page: Page, two_days: Feeder, server: Server
) -> None:
    evening, morning = (row.timestamp_ms for row in two_days.ohlc[-32:-30])
    place = "ms => orderflow.chart.timeline().place(ms)"
    before = [page.evaluate(place, ms) for ms in (evening, morning)]
    two_days.step(MINUTE_MS)
    two_days.publish()
    wait_generation(page, two_days)
    assert [page.evaluate(place, ms) for ms in (evening, morning)] == before
    for ms in (evening, morning):
        x, y = bar_point(page, ms)
        page.mouse.move(x, y)
        until(page, "() => document.querySelector('#chart-overlay .chip.time').offsetWidth > 0")
        wait_frames(page)
        label: str = page.evaluate("ms => new Date(ms).toISOString().slice(0, 16).replace('T', ' ')", ms)
        assert text(page, "read-time") == label
        page.mouse.click(x, y, button="right")
        page.get_by_role("menuitem", name="Replay from here").click()
        assert written(page, two_days, server) == {"action": "seek", "time_ms": ms}


def test_the_chart_options_give_the_night_its_room_back(page: Page, two_days: Feeder) -> None:
    page.mouse.move(*plot_point(page, "price", 0.5, 0.5))
    page.mouse.wheel(0, 200)
    times = "() => orderflow.chart.view.x.map(orderflow.chart.timeline().time)"
    until(page, "() => !orderflow.chart.view.following && orderflow.chart.isRested()")
    held = page.evaluate(times)
    page.keyboard.press("o")
    page.locator("#option-gap").select_option("never")
    until(page, "() => orderflow.chart.drawn().breaks.length === 0 && orderflow.chart.isRested()")
    assert page.evaluate(times) == pytest.approx(held, abs=1)
    assert two_days.ohlc[-1].timestamp_ms > held[0]
    page.locator("#options-reset").click()
    until(page, "() => orderflow.chart.drawn().breaks.length === 1 && orderflow.chart.isRested()")
    assert page.evaluate(times) == pytest.approx(held, abs=1)
    page.keyboard.press("o")


def test_keys_and_buttons_go_to_sessions_and_gaps(page: Page, two_days: Feeder, server: Server) -> None:
    for key, way, landmark in (
        ("n", "next", "session"),
        ("Shift+N", "previous", "session"),
        ("j", "next", "gap"),
        ("Shift+J", "previous", "gap"),
    ):
        page.keyboard.press(key)
        assert written(page, two_days, server) == {"action": "seek", way: landmark}
    for button, way, landmark in (
        ("session-back", "previous", "session"),
        ("session-on", "next", "session"),
        ("gap-back", "previous", "gap"),
        ("gap-on", "next", "gap"),
    ):
        page.locator(f"#{button}").click()
        assert written(page, two_days, server) == {"action": "seek", way: landmark}
