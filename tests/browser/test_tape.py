"""The tape in the page: the panel shows what tape_data.json has, filters it, and asks for it only while it is open."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from shared import decode
from shared.views.tape import TAPE_FILE, TapeRow
from tests.browser.pages import until, wait_generation
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Request

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder

_FIRST_MS = 1_704_189_600_123


def _orders(count: int) -> list[TapeRow]:
    """Orders that all differ; every tenth is of 50, every other one of at most 1, and every third moves the price."""
    return [
        TapeRow(
            trade=3 * i,
            timestamp_ms=_FIRST_MS + 250 * i,
            side=(1, -1, 0)[i % 3],
            volume=50.0 if i % 10 == 9 else (i % 9 + 1) / 10,
            trades=3,
            price_first=42_000 + i / 4,
            price_last=42_000 + i / 4 + (0 if i % 3 else 0.5),
            prices=1 if i % 3 else 2,
            large=i % 10 == 9,
        )
        for i in range(count)
    ]


def _words(row: TapeRow) -> str:
    """A row as the panel must show it, in another language than the page's."""
    moment = datetime.fromtimestamp(row.timestamp_ms / 1000, UTC)
    side = {1: "▲ buy", -1: "▼ sell", 0: "· n/a"}[row.side]
    last = f" → {row.price_last:.2f}" if row.price_last != row.price_first else ""
    time = f"{moment:%H:%M:%S}.{row.timestamp_ms % 1000:03}"
    return f"{time}|{side}|{row.price_first:.2f}{last}|{row.volume:.3f}|{row.trades}"


def _shown(page: Page) -> list[str]:
    rows: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("#tape li")].map((row) =>
             [...row.children].map((cell) => cell.textContent).join("|"))"""
    )
    return rows


def _views(request: Request) -> list[str] | None:
    """The views that a poll asks for; None for another request."""
    if not request.url.endswith("/poll"):
        return None
    held: dict[str, Any] = json.loads(request.post_data or "{}")
    return sorted(held["views"])


@pytest.fixture
def tape(page: Page, feeder: Feeder) -> Iterator[Page]:
    """The page with the panel open over 150 orders; the panel is closed and its filter emptied after the test."""
    feeder.tape = _orders(150)
    feeder.advance()
    wait_generation(page, feeder)
    page.locator("#tape-button").click()
    until(page, "() => document.querySelectorAll('#tape li').length === 60")
    yield page
    if page.locator("#tape").is_visible():
        page.locator("#tape-least").fill("")
        page.locator("#tape-button").click()


def test_the_panel_shows_the_newest_orders_of_the_file_on_top(tape: Page, server: Server) -> None:
    rows = decode(TAPE_FILE, (server.directory / TAPE_FILE).read_bytes())
    assert _shown(tape) == [_words(row) for row in reversed(rows[-60:])]
    assert tape.locator("#tape-summary").inner_text() == "60 shown, newest 150 orders"


def test_a_new_order_is_one_more_row_and_the_others_stay_as_they_are(tape: Page, feeder: Feeder) -> None:
    tape.evaluate("() => { window.kept = [...document.querySelectorAll('#tape li')].slice(0, 59); }")
    feeder.tape = _orders(151)
    feeder.advance()
    until(tape, "() => document.querySelector('#tape li') !== window.kept[0]")
    assert tape.evaluate(
        "() => [...document.querySelectorAll('#tape li')].slice(1).every((row, index) => row === window.kept[index])"
    )
    assert _shown(tape)[0] == _words(feeder.tape[-1])


def test_a_typed_volume_leaves_the_orders_of_at_least_that_and_stays_while_the_page_is_open(
    tape: Page, feeder: Feeder
) -> None:
    tape.locator("#tape-least").fill("50")
    large = [row for row in feeder.tape or () if row.volume >= 50]
    assert _shown(tape) == [_words(row) for row in reversed(large)]
    for _ in range(2):
        tape.locator("#tape-button").click()
    until(tape, "() => document.querySelectorAll('#tape li').length === 15")
    assert tape.locator("#tape-least").input_value() == "50"
    tape.locator("#tape-least").fill("5,0")
    assert "invalid volume '5,0'" in tape.locator("#tape-summary").inner_text()
    assert len(_shown(tape)) == 60


def test_large_orders_are_marked_by_more_than_their_colour(tape: Page, feeder: Feeder) -> None:
    marked = tape.locator("#tape li[data-large='true'] .volume").all_inner_texts()
    assert marked == ["50.000"] * 6
    weight = "(selector) => getComputedStyle(document.querySelector(selector)).fontWeight"
    assert tape.evaluate(weight, "#tape li[data-large='true'] .volume") == "600"
    assert tape.evaluate(weight, "#tape li[data-large='false'] .volume") == "400"


def test_the_tape_is_asked_for_only_while_its_panel_is_open(page: Page, feeder: Feeder, server: Server) -> None:
    feeder.tape = _orders(5)
    feeder.advance()
    wait_generation(page, feeder)

    def next_polls() -> list[str]:
        # The one under way may have been sent before.
        with page.expect_request(lambda request: _views(request) is not None):
            pass
        with page.expect_request(lambda request: _views(request) is not None) as sent:
            pass
        return _views(sent.value) or []

    assert "tape" not in next_polls()
    request = server.control / "views" / "tape"
    request.unlink(missing_ok=True)  # of a page before
    page.keyboard.press("s")
    assert "tape" in next_polls()
    until(page, "() => document.querySelectorAll('#tape li').length === 5")
    deadline = time.monotonic() + PATIENCE_S
    while not request.exists():
        assert time.monotonic() < deadline, "the processor is not asked for the tape"
        page.wait_for_timeout(50)
    page.keyboard.press("s")
    assert not page.locator("#tape").is_visible()
    assert "tape" not in next_polls()
    assert page.evaluate("() => orderflow.state().tape") == []


def test_an_open_tape_that_nobody_publishes_says_why(page: Page) -> None:
    page.keyboard.press("s")
    nothing = page.locator("#tape-nothing")
    nothing.wait_for()
    # The feeder, as it stands here, takes no commands.
    assert nothing.inner_text().startswith("Not published: the replay takes no requests")
    page.keyboard.press("s")
