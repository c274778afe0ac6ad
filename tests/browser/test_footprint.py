"""Footprints and statistics in the chart, and the panel that says what of them is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared import CONTROL_FILE, ControlAnswer
from shared.views.footprint import FOOTPRINT_FILE, FootprintCell, FootprintRow
from shared.views.statistics import STATISTICS_FILE, StatisticsRow
from tests.browser.pages import colours, to_overview, to_view, until, wait_frames, wait_generation
from tests.browser.steering import later, show, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from shared import OhlcRow
    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder

_ROW = 0.5
_BARS = 30
_TITLE = "() => document.querySelector('#chart-overlay .panel-title').textContent"


def _footprint(bar: OhlcRow) -> FootprintRow:
    """Three rows from the bar's low on: a stack of imbalances over a row where little was sold."""
    low = bar.low // _ROW * _ROW
    sizes = ((1.0, 0.5), (9.0, 0.1), (9.0, 0.1), (12.0, 0.1))
    cells = (FootprintCell(low + index * _ROW, buy, sell, 0.0, 2) for index, (buy, sell) in enumerate(sizes))
    return FootprintRow(bar.timestamp_ms, _ROW, tuple(cells))


def _statistics(bar: OhlcRow) -> StatisticsRow:
    return StatisticsRow(
        timestamp_ms=bar.timestamp_ms,
        row=_ROW,
        buy_volume=31.0,
        sell_volume=0.8,
        unknown_volume=0.0,
        trades=8,
        delta_max=30.2,
        delta_min=0.0,
        poc=bar.low,
        vah=bar.low + _ROW,
        val=bar.low,
        vwap=bar.close,
        sigma=1.0,
        duration_ms=59_000,
        unfinished_high=True,
        unfinished_low=False,
        session_vwap=bar.close,
        session_sigma=1.0,
        session_poc=bar.close,
        session_vah=bar.close + _ROW,
        session_val=bar.close - _ROW,
        dataset_vwap=bar.close,
        dataset_sigma=1.0,
    )


@pytest.fixture
def flow(page: Page, feeder: Feeder) -> Iterator[Page]:
    """The view of order flow, over a footprint of the newest bars; afterwards its options are as at first."""
    feeder.further = {
        FOOTPRINT_FILE: [_footprint(bar) for bar in feeder.ohlc[-_BARS:]],
        STATISTICS_FILE: [_statistics(bar) for bar in feeder.ohlc[-_BARS:]],
    }
    feeder.publish()
    wait_generation(page, feeder)
    to_view(page, "flow")
    until(page, "() => orderflow.state().footprint.length === 30 && orderflow.state().statistics.length === 30")
    yield page
    if not page.locator("#options").is_visible():
        page.locator("#options-button").click()
    page.locator("#options-reset").click()
    page.locator("#options-close").click()
    to_overview(page)


def _zoom_in(page: Page) -> None:
    page.evaluate("() => orderflow.chart.zoomTime(orderflow.state().ohlc.at(-1)[0], 0.08)")
    wait_frames(page)


def test_bars_that_are_wide_enough_show_what_was_traded_at_each_price(flow: Page) -> None:
    assert "footprints: zoom in" in flow.evaluate(_TITLE)
    _zoom_in(flow)
    assert "footprint rows 0.50" in flow.evaluate(_TITLE)
    assert "buy-bright" in colours(flow, "price")


def test_the_table_of_statistics_is_as_high_as_the_rows_that_are_chosen(flow: Page) -> None:
    height = "() => orderflow.chart.drawn().panels.statistics.box.height"
    assert flow.evaluate(height) in {127, 128, 129}
    assert flow.evaluate("() => orderflow.chart.drawn().panels.statistics.labels")[:2] == ["Volume", "Delta"]
    flow.keyboard.press("o")
    flow.get_by_role("checkbox", name="Max delta").uncheck()
    flow.get_by_role("checkbox", name="Min delta").uncheck()
    until(flow, "() => orderflow.chart.drawn().panels.statistics.labels.length === 6")
    wait_frames(flow)
    assert flow.evaluate(height) in {95, 96, 97}
    flow.locator("#options-reset").click()
    until(flow, "() => orderflow.chart.drawn().panels.statistics.labels.length === 8")


def test_what_is_chosen_in_the_options_is_drawn_at_once_and_keys_typed_there_do_nothing_else(flow: Page) -> None:
    _zoom_in(flow)
    flow.locator("#options-button").click()
    bars = flow.get_by_label("Bars", exact=True)
    bars.select_option("candles")
    wait_frames(flow)
    assert "footprint" not in flow.evaluate(_TITLE)
    bars.press("v")
    assert flow.evaluate("() => document.getElementById('app').dataset.view") == "flow"
    bars.select_option("footprint")
    ratio = flow.get_by_label("Imbalance above")
    ratio.fill("many")
    assert ratio.get_attribute("aria-invalid") == "true"
    ratio.fill("4.5")
    assert ratio.get_attribute("aria-invalid") == "false"
    ratio.press("Escape")
    assert not flow.locator("#options").is_visible()
    assert flow.evaluate("() => document.activeElement.id") == "options-button"
    assert "footprint rows" in flow.evaluate(_TITLE)


def test_the_height_of_price_rows_is_asked_of_the_replay(flow: Page, feeder: Feeder, server: Server) -> None:
    (server.control / CONTROL_FILE).unlink(missing_ok=True)
    show(flow, feeder, control=ControlAnswer(listening=True), heartbeat_ms=later(feeder))
    flow.locator("#options-button").click()
    height = flow.get_by_label("Height of price rows", exact=True)
    assert height.input_value() == "auto"
    assert "for everybody" in flow.locator("#row-height-hint").inner_text()
    height.fill("-1")
    height.press("Enter")
    assert height.get_attribute("aria-invalid") == "true"
    height.fill("2.50")
    flow.get_by_role("button", name="Set", exact=True).click()
    assert written(flow, feeder, server) == {"action": "row", "row": "2.50"}
    show(flow, feeder, row="5")
    until(flow, "() => document.getElementById('row-height').value === '5'")
    show(flow, feeder, control=ControlAnswer(listening=False))
    until(flow, "() => document.getElementById('row-height').disabled")
