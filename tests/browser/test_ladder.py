"""The ladder in the page: its rows, its columns, and that it stands at the prices of the chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest

from shared.views.ladder import LADDER_FILE, Ladder, LadderRow, LastOrder
from tests.browser.pages import plot_point, text, until, wait_frames, wait_generation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.browser.feeder import Feeder

_ROW = 0.1
_SIDE = 60
"""Rows of each side."""


def _ladder(middle: float, first: int = 7) -> Ladder:
    """A size of 1, 2, 3 ... at each price away from the middle, and a trade at the best bid."""
    number = round(middle / _ROW)
    rows = [
        LadderRow(
            price=round((number + away) * _ROW, 1),
            bid=float(max(0, -away)),
            ask=float(max(0, away)),
            bid_sum=float(sum(range(1, -away + 1))),
            ask_sum=float(sum(range(1, away + 1))),
            bar_buy=0.0,
            bar_sell=1.5 if away == -1 else 0.0,
            bar_unknown=0.0,
            session_buy=0.0,
            session_sell=2.5 if away == -1 else 0.0,
            session_unknown=0.0,
            bid_change=-0.5 if away == -1 else 0.0,
            ask_change=0.0,
        )
        for away in range(-_SIDE, _SIDE + 1)
        if away
    ]
    last = LastOrder(first, 1_704_189_600_000, -1, round((number - 1) * _ROW, 1), 1.5, 2)
    return Ladder(_ROW, 1_704_189_600_000, 1_704_153_600_000, tuple(rows), last)


@pytest.fixture
def ladder(page: Page, feeder: Feeder) -> Iterator[Page]:
    """The page with the ladder open, around the last price; it is closed after the test."""
    feeder.further = {LADDER_FILE: _ladder(feeder.ohlc[-1].close)}
    feeder.publish()
    page.keyboard.press("d")
    until(page, "() => orderflow.ladder.drawn().paints > 0 && orderflow.ladder.drawn().rows.some(({ row }) => row)")
    wait_generation(page, feeder)
    page.locator("#ladder-rows").select_option("1")
    until(page, "() => Math.abs(orderflow.ladder.drawn().height - 0.1) < 1e-9")
    yield page
    page.mouse.move(1, 1)
    page.keyboard.press("d")
    page.evaluate("() => localStorage.clear()")
    page.locator("#options-button").click()
    page.locator("#options-reset").click()
    page.keyboard.press("Escape")


def _drawn(page: Page) -> dict[str, Any]:
    wait_frames(page)
    found: dict[str, Any] = page.evaluate("() => orderflow.ladder.drawn()")
    return found


def _button(page: Page, label: str) -> None:
    page.locator("#ladder header button", has_text=label).first.click()


def _point_of(page: Page, number: int) -> tuple[float, float]:
    """The window's coordinates of a row in the ladder."""
    box = page.locator("#ladder-frame").bounding_box()
    row = next(each for each in _drawn(page)["rows"] if each["number"] == number)
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + row["top"] + row["height"] / 2


def test_the_best_prices_stand_in_the_middle_until_the_wheel_moves_them_and_z_brings_them_back(
    ladder: Page, feeder: Feeder
) -> None:
    middle = round(feeder.ohlc[-1].close / _ROW)
    found = _drawn(ladder)
    assert (found["height"], found["centre"], found["isFollowing"]) == (pytest.approx(_ROW), middle, True)
    ladder.mouse.move(*_point_of(ladder, middle))
    ladder.mouse.wheel(0, -400)
    until(ladder, "middle => orderflow.ladder.drawn().centre === middle + 10", middle)
    assert _drawn(ladder)["isFollowing"] is False
    ladder.keyboard.press("z")
    until(ladder, "middle => orderflow.ladder.drawn().centre === middle", middle)


def test_the_line_across_goes_through_chart_ladder_and_book_at_the_same_price(ladder: Page, feeder: Feeder) -> None:
    number = round(feeder.ohlc[-1].close / _ROW) - 1
    ladder.mouse.move(*_point_of(ladder, number))
    price = f"{number * _ROW:.2f}"
    for overlay in ("chart-overlay", "depth-overlay"):
        chip = ladder.locator(f"#{overlay} > .chip.value:not(.mid)")
        until(
            ladder,
            "([id, wanted]) => document.querySelector(`#${id} > .chip.value:not(.mid)`).textContent === wanted",
            [overlay, price],
        )
        assert chip.is_visible()
    assert text(ladder, "ladder-readout").split(": ")[1].split("  ")[:4] == [
        "bid 1.000",
        "Σ bid 1.000",
        "± bid -0.500",
        "sold 1.500",
    ]
    ladder.mouse.move(*plot_point(ladder, "price", 0.5, 0.5))
    wait_frames(ladder)
    pointed = float(ladder.locator("#chart-overlay > .chip.value").first.inner_text())
    assert float(text(ladder, "ladder-readout").partition(":")[0]) == pytest.approx(pointed // _ROW * _ROW, abs=_ROW)


def test_aligned_rows_stand_at_the_prices_of_the_chart(ladder: Page) -> None:
    _button(ladder, "Align")
    until(ladder, "() => orderflow.ladder.drawn().isAligned")
    found = _drawn(ladder)
    assert len(found["rows"]) > 3
    offset = ladder.evaluate(
        """() => document.getElementById("ladder-frame").getBoundingClientRect().top
               - document.getElementById("chart").getBoundingClientRect().top"""
    )
    for row in found["rows"]:
        wanted: float = ladder.evaluate(
            "price => orderflow.chart.placed().scales[0].toY(price)", (row["number"] + 1) * found["height"]
        )
        assert row["top"] + offset == pytest.approx(wanted, abs=0.01)
    _button(ladder, "Align")
    until(ladder, "() => !orderflow.ladder.drawn().isAligned")


def test_columns_are_chosen_in_the_title_and_kept_in_this_browser(ladder: Page) -> None:
    kept = "() => JSON.parse(localStorage.getItem('orderflow.options')).overview.ladder"
    width = ladder.locator("#ladder").bounding_box()
    _button(ladder, "session")
    _button(ladder, "Σ")
    assert ladder.evaluate(kept) == ["change", "bar", "session", "sums"]
    assert ladder.locator("#ladder header button[aria-pressed=true]").all_inner_texts() == ["Σ", "±", "bar", "session"]
    wait_frames(ladder)
    wider = ladder.locator("#ladder").bounding_box()
    assert width is not None
    assert wider is not None
    assert wider["width"] > width["width"]
    ladder.locator("#ladder-rows").select_option("5")
    until(ladder, "() => Math.abs(orderflow.ladder.drawn().height - 0.5) < 1e-9")


def test_the_last_order_is_told_and_the_ladder_is_asked_for_only_while_it_is_open(ladder: Page, feeder: Feeder) -> None:
    assert text(ladder, "ladder-last") == f"last: sold 1.500 at {feeder.ohlc[-1].close - _ROW:.2f} in 2 trades"
    assert ladder.evaluate("() => orderflow.state().asked.includes('ladder')") is True
    ladder.keyboard.press("d")
    assert ladder.evaluate("() => [orderflow.state().asked.includes('ladder'), orderflow.state().ladder]") == [
        False,
        None,
    ]
    assert not ladder.locator("#ladder").is_visible()
    ladder.keyboard.press("d")
    until(ladder, "() => orderflow.state().ladder !== null")


@pytest.mark.parametrize(("motion", "flashes"), [("no-preference", 1), ("reduce", 0)])
def test_a_new_order_lights_up_unless_the_reader_wants_less_motion(
    ladder: Page, feeder: Feeder, motion: Literal["no-preference", "reduce"], flashes: int
) -> None:
    ladder.emulate_media(reduced_motion=motion)
    before = _drawn(ladder)["flashed"]
    feeder.further = {LADDER_FILE: _ladder(feeder.ohlc[-1].close, first=11)}
    feeder.publish()
    until(ladder, "() => orderflow.state().ladder.last.first === 11")
    wait_generation(ladder, feeder)
    assert _drawn(ladder)["flashed"] - before == flashes
    ladder.emulate_media(reduced_motion="no-preference")
