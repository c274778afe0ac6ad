"""How a browser shows the page: themes and palettes, large type, forms of numbers, colours that the system forces."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.browser.pages import colours, text, wait_drawn, wait_frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder


@pytest.fixture
def looked(page: Page) -> Iterator[Page]:
    """The page with its options open; afterwards it looks as at first."""
    size = page.viewport_size
    assert size
    page.keyboard.press("o")
    page.wait_for_selector("#look-theme")
    yield page
    page.set_viewport_size(size)
    for select in page.locator("[id^=look-]").all():
        select.select_option(index=0)
    page.keyboard.press("o")
    wait_drawn(page)


def test_another_theme_is_there_in_the_next_frame_and_kept_with_its_palette(
    looked: Page, server: Server, tab: Callable[..., Page]
) -> None:
    seen: list[Any] = looked.evaluate(
        """() => new Promise((done) => {
          const select = document.getElementById("look-theme");
          select.value = "light";
          select.dispatchEvent(new Event("change"));
          requestAnimationFrame(() => {
            const { width, height } = document.getElementById("depth");
            const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
            copy.drawImage(document.getElementById("depth"), 0, 0);
            const { data } = copy.getImageData(0, 0, width, height);
            const up = getComputedStyle(document.documentElement).getPropertyValue("--up");
            const parts = [1, 3, 5].map((at) => Number.parseInt(up.slice(at, at + 2), 16));
            let found = 0;
            for (let at = 0; at < data.length; at += 4) {
              if (parts.every((part, index) => Math.abs(part - data[at + index]) < 3) && data[at + 3] > 200) found += 1;
            }
            done([getComputedStyle(document.body).backgroundColor, found > 20]);
          });
        })"""
    )
    assert seen == ["rgb(255, 255, 255)", True]
    wait_frames(looked)
    assert {"up", "down"} <= colours(looked, "price")
    looked.locator("#look-palette").select_option("blue-orange")
    wait_frames(looked)
    assert {"up", "down"} <= colours(looked, "price")
    looked.locator("#look-theme").select_option("auto")
    shown = [_shown_with(looked, scheme) for scheme in ("dark", "light")]
    assert shown == ["dark", "light"]
    looked.locator("#look-theme").select_option("light")
    other = tab(server.url)
    kept = other.evaluate("() => ({ ...document.documentElement.dataset })")
    assert (kept["theme"], kept["palette"]) == ("light", "blue-orange")


def test_twice_as_large_type_fits_a_small_window_and_the_pointer_meets_the_bars(looked: Page) -> None:
    looked.keyboard.press("o")
    looked.set_viewport_size({"width": 1280, "height": 720})
    looked.evaluate(
        """() => {
          const select = document.getElementById("look-type");
          select.value = "200";
          select.dispatchEvent(new Event("change"));
        }"""
    )
    wait_drawn(looked)
    assert looked.evaluate("() => orderflow.chart.placed().layout.ratio / devicePixelRatio") == 2
    boxes: list[list[float]] = looked.evaluate(
        """() => ["#header > *", ".controls > *", "#readout > *", "#transport-row button", "#transport-row small"]
          .flatMap((selector) => [...document.querySelectorAll(selector)])
          .filter((part) => part.offsetParent && part.className !== "gap" && !part.matches(".controls"))
          .map((part) => part.getBoundingClientRect())
          .map(({ left, right, top, bottom }) => [left, right, top, bottom])"""
    )
    assert len(boxes) > 20
    assert all(left >= 0 and right <= 1280 for left, right, _, _ in boxes)
    assert [pair for pair in itertools.combinations(boxes, 2) if _overlap(*pair)] == []
    x, y, label = looked.evaluate(
        """() => {
          const { left, top } = document.getElementById("chart").getBoundingClientRect();
          const { scales: [{ toX, box }] } = orderflow.chart.placed();
          const row = orderflow.chart.drawn().panels.price.rows.at(-5);
          return [left + 2 * toX(row[0]), top + 2 * (box.top + 20), orderflow.chart.label(row[0])];
        }"""
    )
    looked.mouse.move(x, y)
    wait_frames(looked)
    assert looked.locator("#chart-overlay .chip.time").inner_text() == label
    line = looked.locator("#chart-overlay .cross.vertical").bounding_box()
    assert line
    assert abs(line["x"] - x) <= 1
    looked.keyboard.press("o")


def test_numbers_have_the_form_that_is_chosen(looked: Page, feeder: Feeder) -> None:
    looked.locator("#look-numbers").select_option("point")
    wait_frames(looked)
    last = f"{feeder.ohlc[-1].close:,.2f}".translate(str.maketrans(",.", ".,"))
    assert text(looked, "last-price") == last
    assert looked.evaluate("() => orderflow.chart.drawn().panels.price.labels.every((label) => label.includes(','))")


def test_where_colours_are_forced_every_icon_is_seen(looked: Page) -> None:
    looked.emulate_media(forced_colors="active")
    grounds = """() => [...document.querySelectorAll("#transport-row .icon")]
      .filter((icon) => icon.offsetParent)
      .map((icon) => [getComputedStyle(icon).backgroundColor, getComputedStyle(document.body).backgroundColor])"""
    found = looked.evaluate(grounds)
    assert len(found) == 7
    assert all(icon != ground for icon, ground in found)
    wait_frames(looked)
    assert looked.evaluate("() => getComputedStyle(document.getElementById('play')).borderColor") != found[0][1]
    looked.emulate_media(forced_colors="none")


def _shown_with(page: Page, scheme: Literal["dark", "light"]) -> str:
    """The theme that is shown where the system has a colour scheme."""
    page.emulate_media(color_scheme=scheme)
    wait_frames(page)
    return str(page.evaluate("() => document.documentElement.dataset.theme"))


def _overlap(one: list[float], other: list[float]) -> bool:
    """Whether two boxes (left, right, top, bottom) share more than a pixel's edge."""
    return one[0] < other[1] - 1 and other[0] < one[1] - 1 and one[2] < other[3] - 1 and other[2] < one[3] - 1
