"""Following the newest bar, and letting go of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import (
    drag,
    following,
    plot_point,
    ranges,
    until,
    wait_drawn,
    wait_following,
    wait_frames,
    wait_generation,
    watch_candles,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder


def test_a_zoom_survives_ten_updates(page: Page, feeder: Feeder) -> None:
    before = ranges(page)
    page.keyboard.down("Shift")
    drag(page, plot_point(page, "price", 0.3, 0.3), plot_point(page, "price", 0.6, 0.7))
    page.keyboard.up("Shift")
    wait_following(page, wanted=False)
    zoomed = ranges(page)
    assert zoomed["xaxis"][1] - zoomed["xaxis"][0] == pytest.approx(
        0.3 * (before["xaxis"][1] - before["xaxis"][0]), rel=0.05
    )
    for _ in range(10):
        feeder.step(30_000)
        feeder.advance()
        wait_generation(page, feeder)
        assert ranges(page) == zoomed


def test_the_chart_follows_the_newest_bar_and_fits_what_is_visible(page: Page, feeder: Feeder) -> None:
    before = ranges(page)
    feeder.step(120_000)
    feeder.publish()
    wait_generation(page, feeder)
    after = ranges(page)
    assert after["xaxis"][1] == before["xaxis"][1] + 120_000
    low, high = after["xaxis"]
    visible = [row for row in feeder.ohlc if low <= row.timestamp_ms <= high]
    assert after["price"][0] < min(row.low for row in visible)
    assert after["price"][1] > max(row.high for row in visible)
    assert len(visible) == pytest.approx(120, abs=3)


@pytest.mark.parametrize("back", ["key", "button", "double click"])
def test_a_key_a_button_and_a_double_click_go_back_to_following(page: Page, back: str) -> None:
    at_first = ranges(page)
    page.mouse.move(*plot_point(page, "price", 0.5, 0.5))
    page.mouse.wheel(0, -300)
    wait_following(page, wanted=False)
    assert ranges(page)["xaxis"] != at_first["xaxis"]
    if back == "key":
        page.keyboard.press("f")
    elif back == "button":
        page.locator("#follow").click()
    else:
        page.mouse.dblclick(*plot_point(page, "obi", 0.5, 0.5))
    wait_following(page, wanted=True)
    until(page, "wanted => orderflow.chart.view.x[0] === wanted", at_first["xaxis"][0])
    wait_frames(page)
    assert ranges(page) == at_first


def test_a_drag_pans_in_time_only_and_fits_the_panels_to_what_it_uncovers(page: Page) -> None:
    before = ranges(page)
    drag(page, plot_point(page, "cvd", 0.3, 0.2), plot_point(page, "cvd", 0.7, 0.8))
    wait_following(page, wanted=False)
    wait_frames(page)
    after = ranges(page)
    span = before["xaxis"][1] - before["xaxis"][0]
    assert after["xaxis"][0] == pytest.approx(before["xaxis"][0] - 0.4 * span, abs=0.02 * span)
    assert after["xaxis"][1] - after["xaxis"][0] == pytest.approx(span)
    assert after["price"] != before["price"]


def test_stretching_a_price_axis_leaves_the_others_alone_until_it_is_given_back(page: Page) -> None:
    before = ranges(page)
    x, y = plot_point(page, "cvd", 1.0, 0.5)
    drag(page, (x + 30, y), (x + 30, y + 40))
    wait_following(page, wanted=False)
    until(page, "() => orderflow.chart.view.scaled.cvd === true")
    wait_frames(page)
    after = ranges(page)
    assert after["cvd"][1] - after["cvd"][0] > before["cvd"][1] - before["cvd"][0]
    assert {name: after[name] for name in ("xaxis", "price", "obi")} == {
        name: before[name] for name in ("xaxis", "price", "obi")
    }
    page.mouse.dblclick(x + 30, y)
    until(page, "() => orderflow.chart.view.scaled.cvd === undefined")
    wait_frames(page)
    assert ranges(page)["cvd"] == before["cvd"]
    assert not following(page)


def test_no_price_is_labelled_twice_however_far_its_axis_is_stretched(page: Page) -> None:
    labels = "() => orderflow.chart.drawn().panels.price.labels"
    for _ in range(6):
        page.evaluate("() => orderflow.chart.scalePanel('price', 0.2)")
        until(page, "() => orderflow.chart.isRested()")
        wait_frames(page)
        shown = page.evaluate(labels)
        assert len(set(shown)) == len(shown) <= 13
        if len(shown) < 3:
            break
    assert len(shown) < 3


def test_another_session_of_the_same_data_leaves_a_stretched_price_axis_and_the_span_in_time(
    page: Page, server: Server, feeder: Feeder, feed: Callable[..., Feeder]
) -> None:
    x, y = plot_point(page, "cvd", 1.0, 0.5)
    drag(page, (x + 30, y), (x + 30, y + 40))
    wait_following(page, wanted=False)
    until(page, "() => orderflow.chart.view.scaled.cvd === true")
    wait_frames(page)
    before = ranges(page)
    feeder.close()
    another = feed(server.directory, session=f"another-{feeder.session}", bars=301)
    another.publish()
    until(page, "session => orderflow.state().about.session === session", another.session)
    wait_drawn(page)
    after = ranges(page)
    assert (after["xaxis"], after["cvd"]) == (before["xaxis"], before["cvd"])
    assert not following(page)


def test_the_chart_never_blanks_while_it_is_updated(page: Page, feeder: Feeder) -> None:
    fewest = watch_candles(page)
    for _ in range(3):
        feeder.step(60_000)
        feeder.publish()
        wait_generation(page, feeder)
    assert fewest() > 200


def test_an_update_during_a_drag_is_drawn_and_moves_nothing(page: Page, feeder: Feeder) -> None:
    start, end = plot_point(page, "price", 0.4, 0.5), plot_point(page, "price", 0.6, 0.5)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    wait_frames(page)
    held = ranges(page)
    feeder.step(60_000)
    feeder.publish()
    wait_generation(page, feeder)
    assert page.evaluate("() => orderflow.chart.drawn().generation") >= feeder.generation
    assert ranges(page)["xaxis"] == held["xaxis"]
    page.mouse.up()
    wait_following(page, wanted=False)
    wait_drawn(page)
    wait_frames(page)
    assert ranges(page)["xaxis"][0] < held["xaxis"][0] or not following(page)
