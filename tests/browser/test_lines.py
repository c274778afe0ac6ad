"""VWAP, profiles and developing lines in the page: what a click and a drag choose, and that it is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.views.footprint import FOOTPRINT_FILE, FootprintCell, FootprintRow
from shared.views.profile import PROFILE_FILE, EarlierSession, Profile
from shared.views.statistics import STATISTICS_FILE, StatisticsRow
from tests.browser.pages import bar_point, drag, text, to_overview, to_view, until, wait_drawn, wait_generation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from shared import OhlcRow
    from tests.browser.feeder import Feeder

_DAY_MS = 86_400_000
_HELD = 60
"""Bars in the footprint, which is never of all."""


def _statistics(bar: OhlcRow) -> StatisticsRow:
    """A bar all of whose trades were at its close, in a session whose lines are beside it."""
    price = bar.close
    return StatisticsRow(
        timestamp_ms=bar.timestamp_ms,
        row=0.1,
        buy_volume=bar.volume,
        sell_volume=0.0,
        unknown_volume=0.0,
        trades=3,
        delta_max=bar.volume,
        delta_min=0.0,
        poc=price,
        vah=price + 0.1,
        val=price,
        vwap=price,
        sigma=0.0,
        duration_ms=1000,
        unfinished_high=False,
        unfinished_low=False,
        session_vwap=price + 1,
        session_sigma=2.0,
        session_poc=price,
        session_vah=price + 2,
        session_val=price - 2,
        dataset_vwap=price,
        dataset_sigma=3.0,
    )


def _footprint(bar: OhlcRow) -> FootprintRow:
    cells = FootprintCell(bar.low, 2.0, 1.0, 0.0, 3), FootprintCell(round(bar.low + 0.1, 1), 1.0, 1.0, 0.0, 2)
    return FootprintRow(bar.timestamp_ms, 0.1, cells)


@pytest.fixture
def flow(page: Page, feeder: Feeder) -> Iterator[Page]:
    """The order flow over the views that its lines need; the overview is back after the test."""
    newest = feeder.ohlc[-1]
    start_ms = newest.timestamp_ms // _DAY_MS * _DAY_MS
    poc, naked = newest.close, feeder.ohlc[-50].close
    rows = (FootprintCell(poc, 5.0, 3.0, 0.0, 8), FootprintCell(round(poc + 0.1, 1), 2.0, 2.0, 1.0, 4))
    earlier = (EarlierSession(start_ms - _DAY_MS, naked, naked + 1, naked - 1, is_naked=True),)
    feeder.further = {
        STATISTICS_FILE: [_statistics(bar) for bar in feeder.ohlc],
        FOOTPRINT_FILE: [_footprint(bar) for bar in feeder.ohlc[-_HELD:]],
        PROFILE_FILE: Profile(start_ms, 0.1, rows, poc, round(poc + 0.2, 1), poc, (), (), earlier),
    }
    feeder.publish()
    to_view(page, "flow")
    until(page, "() => orderflow.state().statistics.length > 0 && orderflow.state().profile !== null")
    wait_generation(page, feeder)
    yield page
    page.keyboard.press("Escape")
    to_overview(page)
    page.evaluate("() => localStorage.clear()")


def _title(page: Page) -> list[str]:
    """What the title of the price panel says, part by part."""
    return page.locator("#chart-overlay .panel-title").first.inner_text().split(" · ")


def _seen(page: Page, token: str, least: int = 200) -> bool:
    """Whether the price panel has pixels of a colour of the tokens."""
    found: bool = page.evaluate(
        """([token, least]) => {
          const canvas = document.getElementById("chart");
          const ratio = canvas.width / canvas.getBoundingClientRect().width;
          const { box } = orderflow.chart.drawn().panels.price;
          const [width, height] = [box.width * ratio, box.height * ratio].map(Math.round);
          const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
          copy.drawImage(canvas, -box.left * ratio, -box.top * ratio);
          const { data } = copy.getImageData(0, 0, width, height);
          const colour = getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();
          const wanted = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
          let found = 0;
          for (let at = 0; at < data.length; at += 4) {
            if (wanted.every((part, index) => Math.abs(data[at + index] - part) < 12)) found += 1;
          }
          return found >= least;
        }""",
        [token, least],
    )
    return found


def test_the_order_flow_shows_vwap_profile_and_naked_points_of_control(flow: Page, feeder: Feeder) -> None:
    assert _title(flow)[-2:] == ["VWAP session ±2\N{GREEK SMALL LETTER SIGMA}", "profile session"]
    assert text(flow, "read-vwap-w") == f"{feeder.ohlc[-1].close + 1:.4f}"
    assert text(flow, "read-vwap-sigma") == "2.0000"
    for token in ("vwap", "naked-poc"):
        assert _seen(flow, token), token


def test_a_click_after_w_starts_the_vwap_at_that_bar_and_escape_leaves_the_choice(flow: Page, feeder: Feeder) -> None:
    hint = flow.locator("#chart-overlay .hint")
    flow.keyboard.press("w")
    assert hint.inner_text().startswith("Click the bar where the VWAP starts")
    flow.keyboard.press("Escape")
    assert not hint.is_visible()
    anchor = feeder.ohlc[-40]
    flow.keyboard.press("w")
    flow.mouse.click(*bar_point(flow, anchor.timestamp_ms))
    wait_drawn(flow)
    assert not hint.is_visible()
    assert any(part.startswith("VWAP since 2024-01-02 ") for part in _title(flow))
    flow.mouse.move(*bar_point(flow, anchor.timestamp_ms))
    until(flow, "wanted => document.getElementById('read-vwap-w').textContent === wanted", f"{anchor.close:.4f}")
    flow.mouse.move(*bar_point(flow, feeder.ohlc[-41].timestamp_ms))
    until(flow, "() => document.getElementById('read-vwap-w').textContent === '–'")


def test_a_drag_after_p_chooses_the_bars_of_a_profile_and_says_where_some_are_missing(
    flow: Page, feeder: Feeder
) -> None:
    for first, wanted in ((-30, "profile of the 21 bars chosen"), (-70, "profile of the newest 51 of 61 bars chosen")):
        flow.keyboard.press("p")
        start, end = (bar_point(flow, feeder.ohlc[index].timestamp_ms) for index in (first, -10))
        drag(flow, start, end)
        until(flow, "() => orderflow.state().footprint.length > 0")
        wait_drawn(flow)
        assert _title(flow)[-1] == wanted
        assert _seen(flow, "cross")
    assert flow.evaluate("() => orderflow.chart.view.following")


def test_the_menu_of_a_bar_starts_the_vwap_though_the_replay_takes_no_commands(flow: Page, feeder: Feeder) -> None:
    flow.mouse.click(*bar_point(flow, feeder.ohlc[-20].timestamp_ms), button="right")
    assert flow.get_by_role("menuitem", name="Replay from here").is_disabled()
    flow.get_by_role("menuitem", name="VWAP from here").click()
    wait_drawn(flow)
    assert any(part.startswith("VWAP since 2024-01-02 ") for part in _title(flow))
