"""The panel with a measure of the book, and the options that choose it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.views.measures import CANDLES, MEASURES_FILE, MeasuresRow
from tests.browser.pages import text, to_overview, to_view, until, wait_frames, wait_generation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from shared import OhlcRow
    from tests.browser.feeder import Feeder


_PARTS = {"open": 0.25, "high": 0.75, "low": 0.25, "close": 0.5}


def _row(bar: OhlcRow) -> MeasuresRow:
    """Each measure that has candles from 0.25 to 0.75; each other one has its number, and sums alternate."""
    given: dict[str, Any] = {}
    for number, name in enumerate(MeasuresRow.__struct_fields__[1:-1]):
        candle = next((each for each in CANDLES if name in {f"{each}_{part}" for part in _PARTS}), None)
        given[name] = _PARTS[name.removeprefix(f"{candle}_")] if candle else float(number)
        if name.startswith(("ofi", "trade_flow")):
            given[name] *= 1 if bar.timestamp_ms // 60_000 % 2 else -1
    return MeasuresRow(timestamp_ms=bar.timestamp_ms, own=(0.5, 1.25), **given)


@pytest.fixture
def depth(page: Page, feeder: Feeder) -> Iterator[Page]:
    """The view Depth over measures of all bars; afterwards its options are as at first."""
    feeder.overrides["own_measures"] = ("obi_50", "cost_buy_bp_0.5")
    feeder.further = {MEASURES_FILE: [_row(bar) for bar in feeder.ohlc]}
    feeder.publish()
    wait_generation(page, feeder)
    to_view(page, "depth")
    until(page, "() => orderflow.state().measures.length > 0")
    wait_frames(page)
    yield page
    page.evaluate("() => localStorage.clear()")
    to_overview(page)
    del feeder.overrides["own_measures"]


def test_the_chosen_measure_is_read_out_with_all_its_values_or_its_only_one(depth: Page) -> None:
    depth.keyboard.press("o")
    measure, shown_as = depth.get_by_label("Measure", exact=True), depth.get_by_label("As", exact=True)
    measure.select_option("obi_20")
    wait_frames(depth)
    assert [text(depth, f"read-measures-{part}") for part in "ohlc"] == ["+0.2500", "+0.7500", "+0.2500", "+0.5000"]
    shown_as.select_option("line")
    wait_frames(depth)
    assert text(depth, "read-measures-c") == "+0.5000"
    measure.select_option("ofi_3")
    wait_frames(depth)
    value = MeasuresRow.__struct_fields__.index("ofi_3") - 1
    assert abs(float(text(depth, "read-measures-c").replace("\u2212", "-"))) == value
    assert not depth.locator("#read-measures-o").is_visible()
    assert depth.locator("#read-measures-c").is_visible()
    measure.select_option("cost_buy_bp_0.5")
    wait_frames(depth)
    assert text(depth, "read-measures-c") == "1.2500"
    chosen = measure.locator("option:checked")
    assert chosen.inner_text() == "Cost of buying 0.5"
    assert "less the mid, in basis points" in (chosen.get_attribute("title") or "")
    shown_as.select_option("candles")
    depth.keyboard.press("Escape")


def test_measures_travel_only_while_their_panel_is_shown(depth: Page) -> None:
    assert "measures" in depth.evaluate("() => orderflow.state().asked")
    to_overview(depth)
    until(depth, "() => !orderflow.state().asked.includes('measures') && orderflow.state().measures.length === 0")
