"""Large orders in the page: circles over the price, and a tape that stands still under the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.views.tape import TapeRow
from tests.browser.pages import colours, to_overview, to_view, until, wait_drawn, wait_frames, wait_generation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.browser.feeder import Feeder


def _orders(feeder: Feeder) -> list[TapeRow]:
    """An order at the close of each of the newest 20 bars, of which two are large: one bought, one sold."""
    bars = enumerate(feeder.ohlc[-20:])
    return [
        TapeRow(i, bar.timestamp_ms, -1 if i == 9 else 1, 5.0, 1, bar.close, bar.close, 1, i in {9, 15})
        for i, bar in bars
    ]


@pytest.fixture
def flow(page: Page, feeder: Feeder) -> Iterator[Page]:
    """The page in the view Order flow; afterwards in the first one."""
    feeder.tape = _orders(feeder)
    feeder.advance()
    wait_generation(page, feeder)
    to_view(page, "flow")
    until(page, "() => orderflow.state().tape.length > 0")
    wait_drawn(page)
    yield page
    page.evaluate("() => localStorage.clear()")
    to_overview(page)


def test_large_orders_are_circles_over_the_price_until_the_option_is_off(flow: Page) -> None:
    assert {"bubble-buy", "bubble-sell"} <= colours(flow, "price")
    flow.keyboard.press("o")
    flow.get_by_label("Large orders", exact=True).click()
    wait_frames(flow)
    assert not {"bubble-buy", "bubble-sell"} & colours(flow, "price")
    flow.get_by_label("Large orders", exact=True).click()
    wait_frames(flow)
    assert {"bubble-buy", "bubble-sell"} <= colours(flow, "price")
    flow.keyboard.press("o")


def test_the_tape_stands_still_while_the_pointer_is_over_it(page: Page, feeder: Feeder) -> None:
    feeder.tape = _orders(feeder)
    feeder.advance()
    wait_generation(page, feeder)
    page.locator("#tape-button").click()
    until(page, "() => document.querySelectorAll('#tape li').length === 20")
    first = "() => document.querySelector('#tape li').textContent"
    shown = page.evaluate(first)
    page.locator("#tape-orders").hover()
    feeder.tape = [*feeder.tape, TapeRow(99, feeder.tape[-1].timestamp_ms, 1, 7.0, 1, 1.0, 1.0, 1)]
    feeder.advance()
    wait_generation(page, feeder)
    assert page.evaluate(first) == shown
    assert page.locator("#tape-summary").inner_text() == "Stands still while the pointer is over it; 1 newer"
    page.mouse.move(1, 1)
    until(page, "before => document.querySelector('#tape li').textContent !== before", shown)
    page.locator("#tape-button").click()
