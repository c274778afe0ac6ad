"""Measuring and drawing over the price: by pointer and keys, kept by instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.pages import bar_point, drag, following, plot_point, until, wait_drawn, wait_frames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.browser.feeder import Feeder


def drawn(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("() => orderflow.drawings.current().list")
    return found


def kept(page: Page) -> Any:
    return page.evaluate("() => JSON.parse(localStorage.getItem('orderflow.drawings:BTCUSDT'))?.drawings ?? []")


@pytest.fixture
def drawing(page: Page) -> Iterator[Page]:
    """The page without drawings, and without any again after the test."""
    yield page
    page.keyboard.press("Escape")
    page.evaluate("() => localStorage.removeItem('orderflow.drawings:BTCUSDT')")
    page.reload()
    wait_drawn(page)


def test_what_is_drawn_is_snapped_kept_moved_and_deleted(drawing: Page, feeder: Feeder) -> None:
    page = drawing
    page.keyboard.press("3")
    start, end = plot_point(page, "price", 0.3, 0.4), plot_point(page, "price", 0.6, 0.6)
    drag(page, start, end)
    (line,) = drawn(page)
    assert line["kind"] == "trend"
    starts = {bar.timestamp_ms for bar in feeder.ohlc}
    assert {point["ms"] for point in line["points"]} <= starts
    assert all(round(point["price"] * 100) == pytest.approx(point["price"] * 100) for point in line["points"])
    assert kept(page) == [line]
    # Drawing moves nothing else, and the next drag that starts on the line moves it.
    assert following(page)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    drag(page, middle, (middle[0], middle[1] + 40))
    (moved,) = drawn(page)
    assert [point["ms"] for point in moved["points"]] == [point["ms"] for point in line["points"]]
    assert all(after["price"] < before["price"] for after, before in zip(moved["points"], line["points"], strict=True))
    page.reload()
    wait_drawn(page)
    assert drawn(page) == [moved]
    page.mouse.click(middle[0], middle[1] + 40)
    page.keyboard.press("Delete")
    assert (drawn(page), kept(page)) == ([], [])


def test_two_clicks_measure_and_a_note_is_typed_in_place(drawing: Page, feeder: Feeder) -> None:
    page = drawing
    first, last = feeder.ohlc[-60], feeder.ohlc[-31]
    page.keyboard.press("1")
    page.mouse.click(*bar_point(page, first.timestamp_ms))
    page.mouse.move(*bar_point(page, last.timestamp_ms), steps=3)
    page.mouse.click(*bar_point(page, last.timestamp_ms))
    (measure,) = drawn(page)
    assert [point["ms"] for point in measure["points"]] == [first.timestamp_ms, last.timestamp_ms]
    said = page.evaluate(
        """() => orderflow.chart.printed().groups.flatMap(({ commands }) => commands)
          .flatMap((each) => each.kind === "texts" ? each.texts.map(({ text }) => text) : [])"""
    )
    bars = feeder.ohlc[-60:-30]
    volume = sum(round(bar.volume * 1000) for bar in bars) / 1000
    assert "+29 min · 30 bars with trades" in said
    rows = {row.timestamp_ms: row for row in feeder.metrics}
    lots = [
        round((row.cvd_close or 0) * 1000) - round((row.cvd_open or 0) * 1000)
        for row in map(rows.get, starts(bars))
        if row
    ]
    assert f"volume {volume:.3f} · delta {sum(lots) / 1000:+.3f}" in said
    page.keyboard.press("6")
    page.mouse.click(*plot_point(page, "price", 0.2, 0.3))
    field = page.locator(".note-field")
    field.press_sequentially("q 1")
    field.press("Enter")
    assert [each.get("text") for each in drawn(page)] == [None, "q 1"]
    assert not page.locator("#draw").is_visible()
    page.keyboard.press("q")
    page.locator("#draw button", has_text="Delete").first.click()
    assert len(drawn(page)) == 1
    page.keyboard.press("q")


def starts(bars: list[Any]) -> list[int]:
    return [bar.timestamp_ms for bar in bars]


def test_the_start_of_the_vwap_is_there_again_when_the_page_is_loaded_again(drawing: Page, feeder: Feeder) -> None:
    page = drawing
    bar = feeder.ohlc[-20]
    page.keyboard.press("w")
    page.mouse.click(*bar_point(page, bar.timestamp_ms))
    wait_frames(page)
    page.reload()
    wait_drawn(page)
    until(page, "() => orderflow.chart.picture().options.vwap === 'anchor'")
    assert page.evaluate("() => orderflow.chart.picture().options.anchor") == bar.timestamp_ms


def test_keys_alone_draw_over_the_cvd_choose_move_delete_and_undo(drawing: Page, feeder: Feeder) -> None:
    page = drawing
    press = page.keyboard.press
    page.mouse.move(*plot_point(page, "cvd", 0.5, 0.5))
    press("3")
    press("ArrowRight")
    press("Enter")
    press("Shift+ArrowRight")
    press("Shift+ArrowUp")
    press("Enter")
    (line,) = drawn(page)
    assert (line["kind"], line["panel"]) == ("trend", "cvd")
    (one, other) = line["points"]
    bars = starts(feeder.ohlc)
    places = [bars.index(each["ms"]) for each in (one, other)]
    assert places[1] - places[0] == 10
    assert other["price"] > one["price"]
    # It is chosen now: the keys move it, and not the replay.
    press("ArrowLeft")
    (moved,) = drawn(page)
    assert [bars.index(point["ms"]) for point in moved["points"]] == [
        bars.index(each["ms"]) - 1 for each in (one, other)
    ]
    press("Escape")
    press("8")
    until(
        page,
        """() => document.getElementById("announcements").textContent
             .includes("1 of 1: Trend line, cumulative volume delta: ")""",
    )
    press("Delete")
    assert kept(page) == []
    page.keyboard.press("Control+z")
    assert kept(page) == [moved]
    page.keyboard.press("Control+z")
    assert kept(page) == [line]
    page.keyboard.press("Control+y")
    assert kept(page) == [moved]
    # It is drawn while its panel is shown.
    shows = "() => orderflow.chart.drawn().panels.cvd.box.height > 0"
    press("v")
    until(page, "() => document.getElementById('app').dataset.view === 'flow'")
    press("v")
    until(page, f"() => !({shows})()")
    press("8")
    press("Delete")
    assert kept(page) == [moved]
    press("v")
    press("v")
    until(page, shows)
