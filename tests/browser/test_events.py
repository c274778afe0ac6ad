"""Events in the page: the list, its filter, the seeks from it, the marks, and that nothing travels for nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from shared import CONTROL_FILE, ControlAnswer
from shared.views.events import EVENTS_FILE, EventRow
from tests.browser.pages import to_overview, to_view, until, wait_generation
from tests.browser.steering import later, show, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder


def _rows(feeder: Feeder) -> list[EventRow]:
    """Two sweeps of one millisecond, a wall that was pulled, and a divergence, in the newest bars."""
    bars = feeder.ohlc[-6:]
    at = [bar.timestamp_ms + 1000 for bar in bars]
    price = bars[0].close
    return [
        EventRow(at[0], "wall", "bid", price, 900.0, at[0] - 9000, "pulled"),
        EventRow(at[1], "sweep", "buy", price, 2.0, at[1], "3"),
        EventRow(at[1], "sweep", "sell", price, 3.0, at[1], "4"),
        EventRow(bars[5].timestamp_ms, "divergence", "high", bars[1].high, -1.5, bars[1].timestamp_ms, ""),
    ]


@pytest.fixture
def events(page: Page, feeder: Feeder) -> Iterator[Page]:
    """The page with the list open over some events; it is closed after the test."""
    feeder.further = {EVENTS_FILE: _rows(feeder)}
    feeder.publish()
    wait_generation(page, feeder)
    page.keyboard.press("e")
    until(page, "() => document.querySelectorAll('#events li').length === 4")
    yield page
    page.locator("#events .kinds button").first.click()
    page.keyboard.press("e")
    feeder.further = {}


def test_the_list_has_the_newest_on_top_and_a_kind_can_be_chosen(events: Page) -> None:
    names = events.locator("#events li .name").all_inner_texts()
    assert names == ["divergence", "sweep, 4 prices", "sweep, 3 prices", "wall pulled"]
    events.locator("#events button[data-kind=sweep]").click()
    assert events.locator("#events li .name").all_inner_texts() == names[1:3]
    assert events.locator("#events footer p").inner_text() == "the newest 2 of this kind"
    events.locator("#events button[data-kind=absorption]").click()
    assert events.locator("#events .nothing").inner_text() == "None of this kind among the newest events"


def test_an_event_of_the_same_millisecond_as_the_last_is_one_more_row(events: Page, feeder: Feeder) -> None:
    rows = _rows(feeder)
    feeder.further = {EVENTS_FILE: [*rows, msgspec.structs.replace(rows[-1], kind="sweep", side="buy", size=1.0)]}
    feeder.publish()
    wait_generation(events, feeder)
    until(events, "() => orderflow.state().events.length === 5")
    until(events, "() => document.querySelectorAll('#events li').length === 5")


def test_a_click_and_the_keys_go_to_events(events: Page, feeder: Feeder, server: Server) -> None:
    show(events, feeder, control=ControlAnswer(listening=True), heartbeat_ms=later(feeder))
    (server.control / CONTROL_FILE).unlink(missing_ok=True)
    events.locator("#events li button").last.click()
    assert written(events, feeder, server) == {"action": "seek", "time_ms": _rows(feeder)[0].timestamp_ms + 1}
    events.locator("#events button[data-kind=wall]").click()
    events.keyboard.press("k")
    assert written(events, feeder, server) == {"action": "seek", "next": "wall"}
    events.keyboard.press("Shift+K")
    assert written(events, feeder, server) == {"action": "seek", "previous": "wall"}
    events.locator("#events header button").last.click()
    assert written(events, feeder, server) == {"action": "seek", "next": "wall"}


def test_events_are_asked_for_only_while_something_shows_them(page: Page) -> None:
    assert "events" not in page.evaluate("() => orderflow.state().asked")
    page.keyboard.press("e")
    assert "events" in page.evaluate("() => orderflow.state().asked")
    page.keyboard.press("e")
    assert "events" not in page.evaluate("() => orderflow.state().asked")
    to_view(page, "flow")
    assert "events" in page.evaluate("() => orderflow.state().asked")
    to_overview(page)
    assert "events" not in page.evaluate("() => orderflow.state().asked")
