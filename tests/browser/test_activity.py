"""Bars that end by activity: one place each along the chart, whatever time they take, and the times are labels."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from processor.errors import SettingError
from processor.settings import bar_length
from shared import ControlAnswer, Finding, Incident
from tests.browser.pages import (
    bar_point,
    drag,
    plot_point,
    ranges,
    text,
    until,
    wait_drawn,
    wait_following,
    wait_frames,
    wait_generation,
)
from tests.browser.steering import later, written
from tests.visualizer.pictures import report

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder

_PER_BAR: Final = 20
_WHOLE: Final = ("0", "1", "007", "7", "8", "168", "169", "10080", "604800", "604801", "604800000", "604800001")
_NUMBERS: Final = (
    *_WHOLE,
    "",
    "-1",
    "+1",
    "1.",
    "1.5",
    ".5",
    "0.0",
    15 * "9",
    16 * "9",
    f".{14 * '1'}",
    f".{15 * '1'}",
)
_DRAWN: Final = "() => orderflow.chart.drawn().panels.price.rows.map(([place]) => place)"
_LABELS: Final = "() => orderflow.chart.drawn().times.map(({ left, right, text }) => [left, right, text])"


@pytest.fixture
def active(page: Page, server: Server, feeder: Feeder, feed: Callable[..., Feeder]) -> Feeder:
    """The page's feeder gives way to one whose bars take 20 trades; the page follows it."""
    return _switched(page, server, feeder, feed, trades_per_bar=_PER_BAR, bars=400)


def _switched(page: Page, server: Server, last: Feeder, feed: Callable[..., Feeder], **market: Any) -> Feeder:
    last.close()
    other = feed(server.directory, session=f"session-{time.time_ns()}", **market)
    other.overrides = {"control": ControlAnswer(listening=True), "heartbeat_ms": later(other)}
    other.publish()
    until(page, "session => orderflow.state().about.session === session", other.session)
    wait_drawn(page)
    return other


def _shown_ms(page: Page) -> list[float]:
    """From when to when the view goes."""
    found: list[float] = page.evaluate("() => orderflow.chart.view.x.map(orderflow.chart.timeline().time)")
    return found


def _text(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def test_bars_of_activity_stand_evenly_whatever_time_they_take(page: Page, active: Feeder) -> None:
    begins = [row.timestamp_ms for row in active.ohlc]
    lengths = [later - begin for begin, later in itertools.pairwise(begins)]
    assert max(lengths) > 20 * min(lengths)
    drawn = page.evaluate(_DRAWN)
    assert len(drawn) > 100
    steps = {later - one for one, later in itertools.pairwise(drawn)}
    assert steps == {60_000}
    times = page.evaluate("(drawn) => drawn.map(orderflow.chart.timeline().time)", drawn)
    assert times == begins[-len(times) :]
    assert ranges(page)["xaxis"][1] - ranges(page)["xaxis"][0] == (120 + 4) * 60_000


def test_labels_are_times_of_bars_apart_from_each_other_and_there_during_a_drag(page: Page, active: Feeder) -> None:
    begins = {_text(row.timestamp_ms) for row in active.ohlc}

    def check() -> int:
        labels = sorted(page.evaluate(_LABELS))
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(labels))
        for _, _, words in labels:
            assert any(begin[11:].startswith(words.split("\n")[0]) for begin in begins), words
        assert sum("\n" in words for _, _, words in labels) == 1
        return len(labels)

    assert check() >= 5
    page.mouse.move(*plot_point(page, "price", 0.1, 0.5))
    page.mouse.down()
    page.mouse.move(*plot_point(page, "price", 0.9, 0.5), steps=5)
    wait_frames(page)
    assert len(page.evaluate(_LABELS)) >= 5
    page.mouse.up()
    wait_following(page, wanted=False)
    until(page, "() => orderflow.chart.isRested()")
    wait_frames(page)
    assert check() >= 5


def test_the_crosshair_reads_the_bar_under_it_and_alt_click_replays_from_its_begin(
    page: Page, active: Feeder, server: Server
) -> None:
    row = active.ohlc[-57]
    x, y = bar_point(page, row.timestamp_ms)
    page.mouse.move(x + 2, y)
    until(page, "wanted => document.getElementById('read-time').textContent === wanted", _text(row.timestamp_ms))
    assert text(page, "read-price-c") == f"{row.close:.2f}"
    assert text(page, "read-price-v") == f"{row.volume:.3f}"
    assert page.locator("#chart-overlay .chip.time.shown").inner_text() == _text(row.timestamp_ms)
    page.keyboard.down("Alt")
    page.mouse.click(x + 2, y)
    page.keyboard.up("Alt")
    assert written(page, active, server) == {"action": "seek", "time_ms": row.timestamp_ms}
    page.mouse.click(*bar_point(page, row.timestamp_ms), button="right")
    menu = page.get_by_role("menu")
    assert menu.locator("small").inner_text() == _text(row.timestamp_ms)
    page.get_by_role("menuitem", name="Loop until here").click()
    assert written(page, active, server) == {
        "action": "range",
        "start_ms": active.status().start_ms + 1,  # type: ignore[operator] # it has begun
        "end_ms": active.ohlc[active.ohlc.index(row) + 1].timestamp_ms,
    }


def test_a_held_view_stays_where_it_is_while_bars_come_and_old_ones_go(
    page: Page, active: Feeder, server: Server, feed: Callable[..., Feeder]
) -> None:
    feeder = _switched(page, server, active, feed, trades_per_bar=2, bars=1100)
    page.mouse.move(*plot_point(page, "price", 0.5, 0.5))
    page.mouse.wheel(0, -300)
    wait_following(page, wanted=False)
    until(page, "() => orderflow.chart.isRested()")
    wait_frames(page)
    zoomed, shown_ms = ranges(page), _shown_ms(page)
    early = feeder.ohlc, feeder.metrics
    for _ in range(3):
        for _ in range(600):
            feeder.step(700)
        feeder.publish()
        wait_generation(page, feeder)
        assert ranges(page) == zoomed
        assert _shown_ms(page) == shown_ms
    assert feeder.ohlc[0].timestamp_ms > early[0][0].timestamp_ms
    # Back again, to where rows come that have been dropped.
    feeder.ohlc, feeder.metrics = early
    feeder.publish()
    wait_generation(page, feeder)
    assert ranges(page) == zoomed
    assert _shown_ms(page) == shown_ms


def test_after_a_jump_to_bars_none_of_which_were_known_the_newest_are_shown_or_the_same_times(
    page: Page, active: Feeder
) -> None:
    every = active.ohlc, active.metrics
    active.ohlc, active.metrics = (rows[:150] for rows in every)  # type: ignore[assignment] # as they were
    active.publish()
    wait_generation(page, active)
    active.ohlc, active.metrics = (rows[200:] for rows in every)  # type: ignore[assignment] # as they will be
    active.publish()
    wait_generation(page, active)
    assert _shown_ms(page)[0] <= every[0][-1].timestamp_ms <= _shown_ms(page)[1]
    page.mouse.move(*plot_point(page, "price", 0.5, 0.5))
    page.mouse.wheel(0, -300)
    wait_following(page, wanted=False)
    active.ohlc, active.metrics = (rows[:150] for rows in every)  # type: ignore[assignment] # as they were
    active.publish()
    wait_generation(page, active)
    # There is nothing any more where the view was: it comes to where the bars end.
    assert _shown_ms(page)[0] <= every[0][149].timestamp_ms <= _shown_ms(page)[1]
    assert page.evaluate("() => !orderflow.chart.view.following")


def test_a_moment_held_stays_in_view_from_minutes_to_trades_and_back(
    page: Page, server: Server, feeder: Feeder, feed: Callable[..., Feeder]
) -> None:
    first = feeder.status().start_ms
    assert first is not None
    feeder = _switched(page, server, feeder, feed, bars=300)
    page.mouse.move(*plot_point(page, "price", 0.5, 0.5))
    page.mouse.wheel(0, -400)
    wait_following(page, wanted=False)
    until(page, "() => orderflow.chart.isRested()")
    wait_frames(page)
    zoomed = ranges(page)["xaxis"]
    middle = sum(zoomed) / 2
    feeder = _switched(page, server, feeder, feed, trades_per_bar=_PER_BAR, bars=400)
    low, high = _shown_ms(page)
    assert low < middle < high
    assert abs((low + high) / 2 - middle) < high - low
    assert ranges(page)["xaxis"] != zoomed
    assert not page.evaluate("() => orderflow.chart.view.following")
    assert text(page, "interval") == f"{_PER_BAR}t"
    assert page.get_attribute("#interval-button", "title") == f"bars of {_PER_BAR} trades each: type others (key T)"
    _switched(page, server, feeder, feed, bars=300)
    assert ranges(page)["xaxis"] == zoomed
    # Labels are round times again.
    assert all(words.split("\n")[0].endswith(("0", "5")) for _, _, words in page.evaluate(_LABELS))


def test_zoom_pan_and_box_work_on_places(page: Page, active: Feeder) -> None:
    before = ranges(page)["xaxis"]
    page.keyboard.down("Shift")
    drag(page, plot_point(page, "price", 0.3, 0.3), plot_point(page, "price", 0.6, 0.7))
    page.keyboard.up("Shift")
    wait_following(page, wanted=False)
    wait_frames(page)
    span = before[1] - before[0]
    boxed = ranges(page)["xaxis"]
    assert boxed == pytest.approx([before[0] + 0.3 * span, before[0] + 0.6 * span], abs=0.02 * span)
    drag(page, plot_point(page, "price", 0.3, 0.5), plot_point(page, "price", 0.7, 0.5))
    until(page, "before => orderflow.chart.view.x[0] < before", boxed[0])
    page.keyboard.press("f")
    wait_following(page, wanted=True)
    wait_frames(page)
    assert ranges(page)["xaxis"] == before
    assert active.generation


def test_what_was_found_is_shaded_over_the_bars_it_is_in_and_gone_to(page: Page, active: Feeder) -> None:
    begins = [row.timestamp_ms for row in active.ohlc]
    silence = Incident(None, None, begins[-300], begins[-290], "quiet")
    old = Incident(None, None, begins[0] - 3_600_000, None, "long ago")
    active.report = report(findings=(Finding("silences", "spells", 2, (old, silence)),))
    active.publish()
    wait_generation(page, active)
    until(page, "() => orderflow.state().report !== null")
    page.keyboard.press("r")
    first, second = page.locator("#report button.time").all()
    assert (first.get_attribute("aria-disabled"), second.get_attribute("aria-disabled")) == ("true", "false")
    second.click()
    wait_following(page, wanted=False)
    until(page, "() => orderflow.chart.isRested()")
    wait_frames(page)
    # Both ends are half a bar left of where the bars stand.
    spans = page.evaluate("() => orderflow.chart.drawn().bands.map(({ spans }) => spans)")
    wanted = page.evaluate(
        "(times) => times.map(orderflow.chart.timeline().place).map((place) => place - 30000)",
        [begins[-300], begins[-290]],
    )
    assert spans == [[wanted]]
    page.mouse.move(*bar_point(page, begins[-295]))
    page.locator("#chart-overlay .chip.found.shown").wait_for()


def test_an_interval_is_typed_in_either_kind_or_refused_with_examples_of_both(
    page: Page, active: Feeder, server: Server
) -> None:
    page.keyboard.press("t")
    for typed in ("nonsense", "500", "2.5t", "0v", "0.0d", "8d", "400h", "1234567890123456789v"):
        page.keyboard.press("Control+a")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        said = page.get_by_role("dialog").get_by_role("alert").inner_text()
        for piece in (f'"{typed}" is no interval', "30s", "500t trades", "100v volume", "1000000q turnover"):
            assert piece in said
    page.keyboard.press("Control+a")
    page.keyboard.type(" 0.5 V ")
    page.keyboard.press("Enter")
    assert written(page, active, server) == {"action": "interval", "interval": "0.5v"}
    page.keyboard.press("t")
    page.get_by_role("dialog").get_by_role("button", name="1000000q").click()
    assert written(page, active, server) == {"action": "interval", "interval": "1000000q"}
    assert active.generation


def _is_interval(text: str) -> bool:
    try:
        bar_length(text)
    except SettingError:
        return False
    return True


def test_intervals_are_understood_as_the_processor_does(page: Page) -> None:
    read = "(texts) => texts.map((text) => orderflow.interval.parse(text))"
    written = [
        f"{number}{unit}" for number in _NUMBERS for unit in ("", "ms", "s", "m", "h", "d", "w", "t", "v", "q", "D")
    ]
    found = page.evaluate(read, written)
    assert [name for name, each in zip(written, found, strict=True) if (each is not None) != _is_interval(name)] == []


def test_an_address_with_bars_of_activity_is_kept_and_leads_back_to_them(
    page: Page, active: Feeder, server: Server, tab: Callable[..., Page]
) -> None:
    until(page, "() => new URLSearchParams(location.search).get('interval') === '20t'")
    other = tab(f"{server.url}/?interval=0.5v")
    wait_drawn(other)
    assert written(other, active, server) == {"action": "interval", "interval": "0.5v"}
    assert active.generation
