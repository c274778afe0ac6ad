"""The heatmap behind the price, its legend, and what is under the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.views.heatmap import HEATMAP_FILE, HeatmapRow
from tests.browser.pages import colours, to_overview, to_view, until, wait_frames, wait_generation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from shared import OhlcRow
    from tests.browser.feeder import Feeder

_ROW = 0.5
_BARS = 40
_CELLS = 60
_AUTO = "() => document.querySelector('#heat-legend button').getAttribute('aria-pressed') === 'true'"


def _column(bar: OhlcRow) -> HeatmapRow:
    """Sizes from 1 to 10, and a wall of 5000 at the fifth best row of the bids."""
    bid = bar.close // _ROW * _ROW
    sizes = [float(1 + number % 10) for number in range(_CELLS)]
    bids = [*sizes[:-5], 5000.0, *sizes[-4:]]
    edge = bid - (_CELLS - 1) * _ROW
    return HeatmapRow(bar.timestamp_ms, _ROW, bid, bid + _ROW, edge, tuple(bids), bid + _ROW, tuple(sizes))


@pytest.fixture
def depth(page: Page, feeder: Feeder) -> Iterator[Page]:
    """The view Depth over a heatmap of the newest bars; afterwards its options are as at first."""
    feeder.further = {HEATMAP_FILE: [_column(bar) for bar in feeder.ohlc[-_BARS:]]}
    feeder.publish()
    wait_generation(page, feeder)
    to_view(page, "depth")
    until(page, f"() => orderflow.state().heatmap.length === {_BARS}")
    wait_frames(page)
    yield page
    page.evaluate("() => localStorage.clear()")
    to_overview(page)


def test_the_heatmap_is_asked_for_and_drawn_while_it_is_shown(depth: Page) -> None:
    assert colours(depth, "price", "heat-5") >= {"heat-5"}
    assert depth.locator("#heat-legend").is_visible()
    depth.keyboard.press("h")
    until(depth, "() => !orderflow.state().asked.includes('heatmap') && orderflow.state().heatmap.length === 0")
    wait_frames(depth)
    assert not depth.locator("#heat-legend").is_visible()
    assert "heat-5" not in colours(depth, "price", "heat-5")
    depth.keyboard.press("h")
    until(depth, f"() => orderflow.state().heatmap.length === {_BARS}")


def test_the_exact_size_of_the_row_is_under_the_pointer(depth: Page) -> None:
    place = depth.evaluate(
        f"""() => {{
          const chart = document.getElementById("chart").getBoundingClientRect();
          const {{ scales }} = orderflow.chart.placed();
          const column = orderflow.chart.data().heatmap.at(-1);
          const price = column[4] + {_ROW} * (column[5].indexOf(5000) + 0.5);
          return [chart.left + scales[0].toX(column[0]), chart.top + scales[0].toY(price)];
        }}"""
    )
    depth.mouse.move(*place)
    wait_frames(depth)
    said = depth.locator("#chart-overlay .under").inner_text()
    assert "bid 50" in said
    depth.mouse.move(0, 0)
    until(depth, "() => !document.querySelector('#chart-overlay .under').classList.contains('shown')")


def test_the_handles_of_the_legend_are_the_cut_offs_until_they_are_automatic_again(depth: Page) -> None:
    lower, upper = (depth.get_by_label(f"{end} cut-off of the heatmap, as a share") for end in ("lower", "upper"))
    size = depth.get_by_label("lower cut-off of the heatmap, as a size")
    assert depth.evaluate(_AUTO)
    before = size.input_value()
    lower.focus()
    for _ in range(3):
        depth.keyboard.press("PageUp")
    wait_frames(depth)
    assert not depth.evaluate(_AUTO)
    assert float(size.input_value()) > float(before)
    assert "heat-5" in colours(depth, "price", "heat-5")
    lower.press("End")
    wait_frames(depth)
    assert int(lower.input_value()) <= int(upper.input_value())
    depth.locator("#heat-legend").get_by_role("button", name="auto").click()
    wait_frames(depth)
    assert depth.evaluate(_AUTO)
    assert size.input_value() == before


def test_a_cut_off_can_be_typed_as_a_size_and_is_kept_for_the_instrument(depth: Page) -> None:
    size = depth.get_by_label("lower cut-off of the heatmap, as a size")
    size.fill("100000")
    size.press("Enter")
    wait_frames(depth)
    assert "heat-5" not in colours(depth, "price", "heat-5")
    kept = depth.evaluate("() => JSON.parse(localStorage['orderflow.options']).depth.heatScales")
    assert list(kept.values()) == [{"lower": {"size": 100000}}]
    size.fill("many")
    size.press("Enter")
    assert size.get_attribute("aria-invalid") == "true"
    size.fill("")
    size.press("Enter")
    wait_frames(depth)
    assert depth.evaluate(_AUTO)


def test_the_options_have_other_colours_and_a_brightness(depth: Page) -> None:
    depth.keyboard.press("o")
    depth.get_by_label("Colours", exact=True).select_option("grey")
    wait_frames(depth)
    assert "heat-grey-2" in colours(depth, "price", "heat-grey-2")
    depth.get_by_label("Brightness").select_option("0.25")
    wait_frames(depth)
    assert "heat-grey-2" not in colours(depth, "price", "heat-grey-2")
    depth.locator("#options-reset").click()
    depth.locator("#options-close").click()
