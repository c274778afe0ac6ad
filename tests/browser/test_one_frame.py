"""Everything on the page shows the same moment in every frame, and the canvases show what they say they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.browser.pages import colours, plot_point, text, until, wait_following, wait_frames, wait_generation

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.feeder import Feeder

_LOOK: Final = """() => {
  window.samples = [];
  window.looking = true;
  const text = (id) => document.getElementById(id).textContent;
  const look = () => {
    const { generation, panels } = orderflow.chart.drawn();
    const depth = orderflow.depth.drawn();
    window.samples.push({
      generation,
      depth_generation: depth.generation,
      clock: text("clock"),
      price: text("last-price"),
      chip: document.querySelector("#chart-overlay .chip.last").textContent,
      read: text("read-price-c"),
      close: panels.price.rows.at(-1)[4].toFixed(2),
      bid: text("quote-bid"),
      drawn_bid: depth.book.bids[0][0].toFixed(2),
      slider: document.getElementById("seek").getAttribute("aria-valuetext"),
    });
    if (window.looking) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


def _looked(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("() => { window.looking = false; return window.samples; }")
    return found


def _contradictions(samples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The frames in which two parts of the page show different moments."""
    clocks: dict[int, set[str]] = {}
    for sample in samples:
        clocks.setdefault(sample["generation"], set()).add(sample["clock"])
    return [
        sample
        for sample in samples
        if len({sample["price"], sample["chip"], sample["close"]}) > 1
        or sample["bid"] != sample["drawn_bid"]
        or sample["generation"] != sample["depth_generation"]
        or len(clocks[sample["generation"]]) > 1
    ]


def test_all_parts_show_the_same_moment_in_every_frame_of_a_fast_replay(page: Page, feeder: Feeder) -> None:
    page.evaluate(_LOOK)
    feeder.run(hz=10, elapsed_ms=6000)
    page.wait_for_timeout(4000)
    feeder.stop()
    samples = _looked(page)
    assert len({sample["generation"] for sample in samples}) >= 4
    assert len({sample["clock"] for sample in samples}) == len({sample["generation"] for sample in samples})
    assert _contradictions(samples) == []
    assert [sample for sample in samples if sample["read"] != sample["price"]] == []


def test_all_parts_show_the_same_moment_while_the_chart_is_dragged(page: Page, feeder: Feeder) -> None:
    x, y = plot_point(page, "price", 0.4, 0.5)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y)
    wait_following(page, wanted=False)
    page.evaluate(_LOOK)
    feeder.run(hz=10, elapsed_ms=600)
    for step in range(40):
        page.mouse.move(x + 10 + step % 7, y)
        page.wait_for_timeout(75)
    feeder.stop()
    samples = _looked(page)
    page.mouse.up()
    assert len({sample["generation"] for sample in samples}) >= 3
    assert _contradictions(samples) == []


@pytest.mark.parametrize("panel", ["price", "volume", "obi", "cvd"])
def test_a_panel_has_the_pixels_of_its_bars_where_it_says_they_are(page: Page, panel: str) -> None:
    seen: list[list[int]] = page.evaluate(
        """(id) => {
          const canvas = document.getElementById("chart");
          const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
          copy.drawImage(canvas, 0, 0);
          const index = orderflow.panels.PANELS.findIndex((panel) => panel.id === id);
          const { toX, toY } = orderflow.chart.placed().scales[index];
          const { ratio } = orderflow.chart.placed().layout;
          const { rows } = orderflow.chart.drawn().panels[id];
          const first = id === "cvd" ? 5 : 1;
          return rows.slice(2, -2).map((row) => {
            const value = id === "volume" ? row[5] / 2 : (row[first] + row[first + 3]) / 2;
            const tall = id === "volume" ? toY(0) - toY(row[5]) : Math.abs(toY(row[first]) - toY(row[first + 3]));
            const rises = row[first + 3] >= row[first];
            // A rising candle is hollow: its upper edge is looked at.
            const upper = Math.round(toY(Math.max(row[first], row[first + 3])) * ratio);
            const y = rises && id !== "volume" ? upper : Math.floor(toY(value) * ratio);
            const { data } = copy.getImageData(Math.round(toX(row[0]) * ratio), y, 1, 1);
            return tall < 3 ? null : [rises ? 1 : 0, data[0], data[1], data[3]];
          }).filter(Boolean);
        }""",
        panel,
    )
    assert len(seen) > 20
    for rises, red, green, alpha in seen:
        assert alpha > 150
        assert (green > red) == bool(rises)


def test_a_panel_is_drawn_again_only_where_its_data_or_its_range_has_changed(page: Page, feeder: Feeder) -> None:
    paints = """() => Object.fromEntries([
      ...Object.entries(orderflow.chart.drawn().panels).map(([id, { paints }]) => [id, paints]),
      ["depth", orderflow.depth.drawn().paints],
    ])"""
    wait_generation(page, feeder)
    before: dict[str, int] = page.evaluate(paints)
    feeder.publish()  # another book, and the same bars
    wait_generation(page, feeder)
    after: dict[str, int] = page.evaluate(paints)
    assert {name for name in after if after[name] != before[name]} == {"depth"}
    page.mouse.move(*plot_point(page, "price", 0.5, 0.5))
    wait_frames(page)
    assert page.evaluate(paints) == after
    page.evaluate("() => orderflow.chart.scalePanel('cvd', 0.8)")
    wait_frames(page)
    stretched: dict[str, int] = page.evaluate(paints)
    assert {name for name in after if after[name] != stretched[name]} == {"cvd"}


def test_a_box_zooms_time_and_the_values_of_its_panel(page: Page) -> None:
    before = page.evaluate("() => orderflow.chart.drawn().panels.price.y")
    other = page.evaluate("() => orderflow.chart.drawn().panels.cvd.box")
    start, end = plot_point(page, "price", 0.3, 0.25), plot_point(page, "price", 0.6, 0.5)
    page.keyboard.down("Shift")
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=3)
    assert page.locator("#chart-overlay .zoom-box.shown").bounding_box() is not None
    page.mouse.up()
    page.keyboard.up("Shift")
    wait_following(page, wanted=False)
    wait_frames(page)
    low, high = page.evaluate("() => orderflow.chart.drawn().panels.price.y")
    height = before[1] - before[0]
    assert [low, high] == pytest.approx([before[0] + 0.5 * height, before[0] + 0.75 * height], abs=0.02 * height)
    assert page.locator("#chart-overlay .zoom-box.shown").count() == 0
    assert page.evaluate("() => orderflow.chart.drawn().panels.cvd.box") == other


def test_the_line_across_goes_through_chart_and_book_at_the_same_price(page: Page, feeder: Feeder) -> None:
    wait_generation(page, feeder)
    wait_frames(page)
    box = page.locator("#depth").bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2 - 3)
    page.wait_for_selector("#depth-overlay .level.shown")
    price = page.locator("#depth-overlay .cross + .chip.value.shown").inner_text()
    assert page.locator("#chart-overlay .chip.value.shown").inner_text() == price
    # And from the chart: at the last price, which is within the book.
    y = page.evaluate(
        """() => document.getElementById("chart").getBoundingClientRect().top
          + orderflow.chart.placed().scales[0].toY(orderflow.state().ohlc.at(-1)[4])"""
    )
    x, _ = plot_point(page, "price", 0.5, 0.5)
    page.mouse.move(x, y)
    page.wait_for_selector("#chart-overlay .cross.horizontal.shown")
    until(page, "() => document.querySelector('#depth-overlay .level.shown') === null")
    said = page.locator("#chart-overlay .chip.value.shown").inner_text()
    assert page.locator("#depth-overlay .cross + .chip.value.shown").inner_text() == said
    page.mouse.move(1, 1)
    until(page, "() => document.querySelector('#depth-overlay .cross.shown') === null")


def test_the_grid_is_drawn_with_the_colours_of_the_style_sheet(page: Page) -> None:
    assert {"up", "down", "grid"} <= colours(page, "price")
    assert "zero-line" in colours(page, "obi")
    assert text(page, "instrument") == "BTCUSDT"
