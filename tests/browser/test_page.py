"""What the page shows, asks for and answers to."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from shared import Depth, IpcStats, Level, WriteStats
from tests.browser.pages import colours, plot_point, press, text, until, wait_drawn, wait_frames, wait_generation
from tests.browser.steering import later

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from playwright.sync_api import Page, Request

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder


def test_one_small_request_a_tick_and_none_to_another_host(
    server: Server, feeder: Feeder, tab: Callable[..., Page]
) -> None:
    page = tab("about:blank")
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - a bound method will not do
    page.goto(server.url)
    wait_drawn(page)
    assert {urlsplit(request.url).hostname for request in requests} == {"127.0.0.1"}
    assert not [request.url for request in requests if "plotly" in request.url or "async-" in request.url]
    until(page, "() => orderflow.state().monitor !== null")
    requests.clear()
    feeder.with_book = False
    feeder.run(hz=4)
    page.wait_for_timeout(3000)
    feeder.stop()
    polls = requests.copy()
    assert {urlsplit(request.url).path for request in polls} == {"/poll"}
    # One for each publication, as the page is told of them, and by its clock at worst.
    assert 4 <= len(polls) <= 19
    sizes = sorted(len(answer.body()) for request in polls if (answer := request.response()))
    # A few of them carry the monitoring figures.
    assert sizes[len(sizes) // 2] < 600
    assert sizes[-1] < 2500


def test_the_read_out_shows_the_exact_values_of_the_bar_under_the_crosshair(page: Page, feeder: Feeder) -> None:
    page.mouse.move(*plot_point(page, "obi", 0.5, 0.25))
    page.wait_for_selector("#chart-overlay .cross.vertical.shown")
    label = page.locator("#chart-overlay .chip.time").inner_text()
    assert text(page, "read-time") == label
    bar = next(row for row in feeder.ohlc if _minute(row.timestamp_ms) == label)
    row = next(row for row in feeder.metrics if row.timestamp_ms == bar.timestamp_ms)
    ohlc = [text(page, f"read-price-{column}") for column in "ohlcv"]
    assert ohlc == [*(f"{price:.2f}" for price in (bar.open, bar.high, bar.low, bar.close)), f"{bar.volume:.3f}"]
    obi = [text(page, f"read-obi-{column}") for column in "ohlc"]
    assert obi == [_signed(value, 4) for value in (row.obi_open, row.obi_high, row.obi_low, row.obi_close)]
    cvd = [text(page, f"read-cvd-{column}") for column in "ohlc"]
    assert cvd == [_signed(value, 3) for value in (row.cvd_open, row.cvd_high, row.cvd_low, row.cvd_close)]
    vertical, horizontal = (
        page.locator(f"#chart-overlay .cross.{way}").bounding_box() for way in ("vertical", "horizontal")
    )
    chart = page.locator("#chart").bounding_box()
    assert vertical
    assert horizontal
    assert chart
    assert vertical["height"] > 0.9 * chart["height"]
    assert horizontal["width"] > 0.9 * (chart["width"] - 76)
    page.mouse.move(1, 1)
    until(
        page, "time => document.getElementById('read-time').textContent === time", _minute(feeder.ohlc[-1].timestamp_ms)
    )


def test_the_cvd_is_drawn_as_candles_or_as_a_line(page: Page) -> None:
    before = colours(page, "cvd")
    assert {"up", "down"} <= before
    assert "blue" not in before
    page.keyboard.press("l")
    until(page, "() => orderflow.chart.view.cvdLine && orderflow.chart.isRested()")
    assert colours(page, "cvd") & {"up", "down", "blue"} == {"blue"}
    press(page, "#cvd-style [data-value=candles]")
    until(page, "() => !orderflow.chart.view.cvdLine && orderflow.chart.isRested()")
    assert colours(page, "cvd") == before


def test_the_depth_shows_best_quotes_spread_and_the_level_under_the_pointer(page: Page, feeder: Feeder) -> None:
    wait_generation(page, feeder)
    book = page.evaluate("() => orderflow.state().depth")
    (bid, bid_size), (ask, ask_size) = book["bids"][0], book["asks"][0]
    wait_frames(page)
    assert text(page, "quote-bid") == f"{bid:.2f}"
    assert text(page, "quote-bid-size") == f"× {bid_size:.3f}"
    assert text(page, "quote-ask") == f"{ask:.2f}"
    assert text(page, "quote-ask-size") == f"× {ask_size:.3f}"
    assert text(page, "quote-spread") == f"{ask - bid:.2f}"
    price, size = book["asks"][9]
    total = sum(level[1] for level in book["asks"][:10])
    x, y = page.evaluate(
        """(price) => {
          const canvas = document.getElementById("depth").getBoundingClientRect();
          const { y: [low, high], box: { height } } = orderflow.depth.drawn();
          return [canvas.left + 50, canvas.top + (height * (high - price)) / (high - low)];
        }""",
        price,
    )
    page.mouse.move(x, y)
    page.wait_for_selector("#depth-overlay .level.shown")
    said = page.locator("#depth-overlay .level").inner_text().split()
    assert said == ["ask", f"{price:.2f}", "size", f"{size:.3f}", "sum", f"{total:.3f}"]
    assert page.evaluate("() => orderflow.depth.drawn().book") == book


def test_a_level_is_seen_where_the_book_reaches_far_beyond_the_tick(
    page: Page, feeder: Feeder, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = Depth(
        tuple(Level(price, 2.0) for price in (41999.99, 41999.98, 41900.0)),
        tuple(Level(price, 2.0) for price in (42000.01, 42000.02, 42100.0)),
    )
    monkeypatch.setattr(feeder.market, "depth", lambda: far)
    feeder.advance()
    wait_generation(page, feeder)
    wait_frames(page)
    # Down along the right edge, where the bars of the sizes start: how many pixels are not the background or the grid.
    seen: list[int] = page.evaluate(
        """() => {
          const canvas = document.getElementById("depth");
          const ratio = window.devicePixelRatio;
          const { box } = orderflow.depth.drawn();
          const height = Math.round(box.height * ratio);
          const copy = new OffscreenCanvas(1, height).getContext("2d", { willReadFrequently: true });
          copy.drawImage(canvas, -Math.round((box.width - 3) * ratio), 0);
          const { data } = copy.getImageData(0, 0, 1, height);
          const runs = [];
          let run = 0;
          for (let at = 0; at < data.length; at += 4) {
            if (Math.max(data[at], data[at + 1], data[at + 2]) > 60 && data[at + 3] > 60) run += 1;
            else if (run) { runs.push(run / ratio); run = 0; }
          }
          return runs;
        }"""
    )
    assert sum(seen) >= 6
    assert all(1 < height < 10 for height in seen)


_LIT = "#monitor table:not(:last-of-type) td[data-level='over']:not(:nth-child(6))"
"""Figures of what is published; what the server measures of itself may be over a limit on a busy machine."""


def test_the_monitor_lights_up_where_a_limit_is_crossed(page: Page, feeder: Feeder) -> None:
    calm = {name: WriteStats(9, 4.0, 0.4, 0.4, 0.9, 2.0, 20_000) for name in feeder.status().files}
    feeder.overrides = {"ipc": IpcStats(calm, 0, 180_000_000, 170_000_000)}
    feeder.advance()
    assert not page.locator("#monitor").is_visible()
    page.keyboard.press("m")
    page.wait_for_selector("#monitor:visible")
    page.wait_for_selector("#monitor td:has-text('180.0 MB')")
    assert page.locator(_LIT).count() == 0
    busy = calm | {"depth_data.json": msgspec.structs.replace(calm["depth_data.json"], rate_hz=11.2)}
    feeder.overrides = {"ipc": IpcStats(busy, 0, 400_000_000, 170_000_000)}
    feeder.advance()
    page.wait_for_selector(f"{_LIT}:has-text('400.0 MB')")
    assert page.locator(_LIT).all_inner_texts() == ["11.2", "400.0 MB", "↑"]
    of_the_server = ("parsing takes", "polls take", "more than 250 polls")
    advice = [text for text in page.locator("#monitor li").all_inner_texts() if not text.startswith(of_the_server)]
    assert [sentence.split(":")[0] for sentence in advice] == [
        "more than 10 publications a second",
        "a service's memory grows",
    ]
    # Once it has been so for a while.
    page.wait_for_selector("#monitor-button[data-level='over']", state="attached")
    press(page, "#monitor-button")
    page.wait_for_selector("#monitor", state="hidden")


def test_the_list_of_keys_opens_by_its_own_key_and_closes_by_escape(page: Page) -> None:
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    assert "follow the newest bar" in page.get_by_role("dialog").inner_text()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


def test_the_page_fits_screens_of_every_width_with_a_header_of_one_line(
    server: Server, feeder: Feeder, tab: Callable[..., Page]
) -> None:
    name = "A-NAME-OF-TWENTYFOUR-CHARACTERS-OR-MORE"
    feeder.overrides = {"instrument": name, "instruments": [name], "heartbeat_ms": later(feeder)}
    feeder.publish()
    page = tab(server.url, 1920, 1080)
    for width, height in ((1920, 1080), (1500, 800), (1366, 768), (1280, 720), (1200, 700), (1000, 700), (400, 860)):
        page.set_viewport_size({"width": width, "height": height})
        wait_drawn(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        boxes: list[list[float]] = page.evaluate(
            """() => [...document.querySelectorAll("#header > *, .controls > *, #readout > *, #quotes > *")]
              .filter((part) => part.offsetParent && part.className !== "gap" && !part.matches(".controls"))
              .map((part) => part.getBoundingClientRect())
              .map(({ left, right, top, bottom }) => [left, right, top, bottom])"""
        )
        assert all(left >= 0 and right <= width for left, right, _, _ in boxes)
        assert [pair for pair in itertools.combinations(boxes, 2) if _overlap(*pair)] == []
        assert page.locator("#header").bounding_box()["height"] < 48  # type: ignore[index] # it is there
        # What is not in the line is in the menu.
        hidden = page.locator(":is(.controls > button, [role=radiogroup]):not(:visible)").count()
        assert hidden <= 1 if width == 1920 else hidden > 0, (width, hidden)
        if hidden:
            page.locator("#menu-button").click()
            assert page.locator(":is(.controls > button, [role=radiogroup]):not(:visible)").count() == 0
            page.keyboard.press("Escape")
        if width > 860:
            assert page.evaluate("() => document.documentElement.scrollHeight") <= height


def test_controls_have_names_and_the_title_says_what_is_shown(page: Page, feeder: Feeder) -> None:
    for name in ("follow the newest bar (key F)", "show or hide the monitoring panel (key M)", "list of keys"):
        assert page.get_by_role("button", name=name, include_hidden=True).count() == 1
    wait_generation(page, feeder)
    assert page.title() == f"{feeder.ohlc[-1].close:.2f} BTCUSDT"


def _overlap(one: list[float], other: list[float]) -> bool:
    """Whether two boxes (left, right, top, bottom) share more than a pixel's edge."""
    return one[0] < other[1] - 1 and other[0] < one[1] - 1 and one[2] < other[3] - 1 and other[2] < one[3] - 1


def _minute(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _signed(value: float | None, decimals: int) -> str:
    assert value is not None
    return f"{'+' if value > 0 else ''}{value:.{decimals}f}"
