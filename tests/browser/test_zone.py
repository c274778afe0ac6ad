"""The time zone of the page: chosen beside the clock, kept in the address, and the zone of what is typed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from shared import ControlAnswer
from tests.browser.pages import text, until, wait_drawn, wait_frames
from tests.browser.steering import later, show, written

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder

NEW_YORK = "America/New_York"


def clock(ms: int | None, zone: str) -> str:
    when = datetime.fromtimestamp((ms or 0) / 1000, UTC).astimezone(ZoneInfo(zone))
    return when.strftime("%Y-%m-%d %H:%M:%S")


def axis(page: Page) -> dict[int, int]:
    """The minute of the day that each label of the time axis tells, by its place."""
    labels = page.evaluate(
        "() => orderflow.chart.drawn().times.map(({ text, x }) => [Math.round(x), text.slice(0, 5)])"
    )
    return {place: int(time[:2]) * 60 + int(time[3:]) for place, time in labels}


def choose(page: Page, name: str) -> None:
    page.locator("#zone-button").click()
    page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


def test_the_clock_shows_the_zone_that_is_chosen_and_the_address_keeps_it(page: Page, feeder: Feeder) -> None:
    show(page, feeder, timezone=NEW_YORK, heartbeat_ms=later(feeder))
    now_ms = feeder.status().event_time_ms
    assert (text(page, "clock")[:19], text(page, "zone")) == (clock(now_ms, "UTC"), "UTC")
    before = axis(page)
    choose(page, "exchange")
    assert (text(page, "clock")[:19], text(page, "zone")) == (clock(now_ms, NEW_YORK), "EST")
    wait_frames(page)
    after = axis(page)
    assert {(before[place] - after[place]) % 1440 for place in before.keys() & after.keys()} == {5 * 60}
    until(page, "() => new URLSearchParams(location.search).get('tz') === 'exchange'")
    page.reload()
    wait_drawn(page)
    until(page, "() => document.getElementById('zone').textContent === 'EST'")
    assert text(page, "clock")[:19] == clock(now_ms, NEW_YORK)
    choose(page, "UTC")
    until(page, "() => !location.search.includes('tz')")


def test_a_zone_is_chosen_on_a_page_that_may_steer_nothing_and_a_name_that_is_none_is_refused(
    page: Page, feeder: Feeder
) -> None:
    show(page, feeder, heartbeat_ms=later(feeder))
    page.locator("#zone-button").click()
    page.keyboard.type("Mars/Olympus")
    page.keyboard.press("Enter")
    assert "no time zone: try UTC, exchange" in page.get_by_role("dialog").get_by_role("alert").inner_text()
    page.keyboard.press("Control+a")
    page.keyboard.type("Asia/Tokyo")
    page.keyboard.press("Enter")
    assert text(page, "clock")[:19] == clock(feeder.status().event_time_ms, "Asia/Tokyo")


def test_a_typed_time_is_one_of_the_zone(page: Page, feeder: Feeder, server: Server) -> None:
    listening = ControlAnswer(listening=True)
    show(page, feeder, timezone=NEW_YORK, control=listening, heartbeat_ms=later(feeder))
    until(page, "() => document.getElementById('transport').dataset.usable === 'true'")
    choose(page, "exchange")
    start_ms = feeder.status().start_ms or 0
    page.keyboard.press("g")
    page.keyboard.type(clock(start_ms + 60_000, NEW_YORK))
    page.keyboard.press("Enter")
    assert written(page, feeder, server)["time_ms"] == start_ms + 60_000
