"""The page steers a real processor over recorded data: what is clicked and keyed happens, and all who watch see it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from shared import (
    DEPTH_FILE,
    METRICS_FILE,
    OHLC_FILE,
    OVERVIEW_FILE,
    STATUS_FILE,
    Status,
    command,
    decode,
    send_command,
)
from tests.browser.conftest import Server, open_page, served
from tests.browser.pages import (
    bar_point,
    plot_point,
    ranges,
    text,
    until,
    wait_drawn,
    wait_following,
    wait_frames,
    watch_candles,
)
from tests.core.markets import market, write
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.browser.conftest import Console

pytestmark = pytest.mark.slow

_NOON: Final = "2024-07-24T12:00:00.000Z"
_MINUTE_MS: Final = 60_000
_CLOCK: Final = "() => new Date(orderflow.state().status.event_time_ms).toISOString()"


def _ms(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Replay:
    """A processor that plays a dataset, from a paused `start` on, and the server that shows it."""

    def __init__(self, server: Server, dataset: Path, start: str) -> None:
        self.server = server
        self._log = server.directory.with_name("processor.log").open("ab")
        arguments = ["--out", str(server.directory), "--control", str(server.control), "--paused", "--start", start]
        clean = {
            name: value for name, value in os.environ.items() if name == "PROCESSOR_CACHE" or "PROCESSOR_" not in name
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "processor", "replay", str(dataset), *arguments],
            env=clean,
            stdout=self._log,
            stderr=self._log,
        )

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        self._log.close()

    def status(self) -> Status | None:
        with contextlib.suppress(FileNotFoundError):
            found: Status = decode(STATUS_FILE, (self.server.directory / STATUS_FILE).read_bytes())
            return found
        return None

    def until(self, reached: Callable[[Status], bool]) -> Status:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            status = self.status()
            if status is not None and reached(status):
                return status
            assert self._process.poll() is None, "the processor has ended"
            time.sleep(0.01)
        raise AssertionError(self.status())

    def do(self, action: str, **arguments: Any) -> Status:
        given = command(action, **arguments)
        send_command(self.server.control, given)
        status = self.until(lambda status: status.control.last_id == given.id)
        assert status.control.ok, status.control.error
        return status

    def reset(self) -> None:
        self.do("range")
        self.do("pause")
        self.do("speed", speed=60)
        if (status := self.status()) and status.interval != "1m":
            self.do("interval", interval="1m")
        self.do("seek", time=_NOON)

    def rows(self, name: str) -> list[Any]:
        found: list[Any] = json.loads((self.server.directory / name).read_bytes())
        return found


@pytest.fixture(scope="module")
def running(shared_data: Path) -> Iterator[Replay]:
    with served() as server:
        replay = Replay(server, shared_data / "binance-raw/nexousdt", "+20h")
        try:
            replay.until(lambda status: status.state == "paused" and status.cache == "complete")
            yield replay
        finally:
            replay.close()
            sys.stdout.write(server.log.read_text())


@pytest.fixture
def replay(running: Replay) -> Replay:
    running.reset()
    return running


@pytest.fixture(scope="module")
def shown(running: Replay, chromium: BrowserContext, shared_console: Console) -> Iterator[Page]:
    page = open_page(chromium, shared_console, running.server.url, 1366, 768)
    wait_drawn(page)
    yield page
    page.close()


@pytest.fixture
def page(replay: Replay, shown: Page, console: Console) -> Page:
    """One page for all tests, following, at noon, with nothing open."""
    assert console.complaints == []
    shown.keyboard.press("Escape")
    shown.keyboard.press("f")
    wait_following(shown, wanted=True)
    shown.mouse.move(1, 1)
    _wait_clock(shown, _NOON)
    _wait_shown(shown, replay)
    until(shown, "() => orderflow.chart.isRested()")
    return shown


def _wait_clock(page: Page, wanted: str) -> None:
    until(page, f"wanted => ({_CLOCK})() === wanted", wanted)


def _wait_shown(page: Page, replay: Replay) -> Status:
    """Until the page holds what the paused processor has published."""
    status = replay.status()
    assert status is not None
    until(
        page,
        """([session, generation]) => {
          const { about, status } = orderflow.state();
          return about.session === session && status.generation >= generation;
        }""",
        [status.session, status.generation],
    )
    return status


def _press(page: Page, what: str) -> None:
    """Press a key, or the button of an id."""
    if what.startswith("#"):
        page.locator(what).click()
    else:
        page.keyboard.press(what)


def _about(page: Page, key: str) -> Any:
    return page.evaluate("key => orderflow.state().about[key]", key)


def test_play_pause_and_steps_are_clicked_and_keyed(page: Page, replay: Replay) -> None:
    page.get_by_role("button", name="play (key space)").click()
    replay.until(lambda status: status.state == "playing")
    page.get_by_role("button", name="pause (key space)").click()
    paused = replay.until(lambda status: status.state == "paused")
    assert (paused.event_time_ms or 0) > _ms(_NOON)
    page.keyboard.press(" ")
    replay.until(lambda status: status.state == "playing")
    page.keyboard.press(" ")
    replay.until(lambda status: status.state == "paused")
    replay.do("seek", time=_NOON)
    _wait_clock(page, _NOON)
    for key, wanted in (
        ("ArrowLeft", "2024-07-24T11:59:59.999Z"),
        ("#bar-back", "2024-07-24T11:58:59.999Z"),
        ("ArrowRight", "2024-07-24T11:59:59.999Z"),
        ("#bar-on", "2024-07-24T12:00:59.999Z"),
    ):
        _press(page, key)
        _wait_clock(page, wanted)
    seen: list[str] = [page.evaluate(_CLOCK)]
    for key in ("Shift+ArrowRight", "#event-on", "Shift+ArrowLeft", "#event-back"):
        _press(page, key)
        until(page, f"before => ({_CLOCK})() !== before", seen[-1])
        seen.append(page.evaluate(_CLOCK))
    assert seen[0] < seen[1] < seen[2]
    assert seen[3] == seen[1]
    assert seen[4] <= seen[0]


def test_steps_of_a_held_key_are_all_made(page: Page) -> None:
    for _ in range(7):
        page.keyboard.press("ArrowLeft")
    _wait_clock(page, "2024-07-24T11:53:59.999Z")


def test_begin_and_end_are_exact(page: Page, replay: Replay) -> None:
    page.keyboard.press("End")
    finished = replay.until(lambda status: status.state == "finished")
    assert finished.event_time_ms == finished.end_ms
    page.locator("#seek-begin").click()
    first = replay.until(lambda status: status.event_time_ms == status.start_ms)
    _wait_shown(page, replay)
    until(page, "() => document.getElementById('seek').getAttribute('aria-valuenow') === '0.0'")
    assert page.evaluate("() => orderflow.state().metrics.length") == 1
    assert first.files


def test_speeds_are_chosen_typed_and_stepped_through(page: Page, replay: Replay) -> None:
    page.keyboard.press("]")
    replay.until(lambda status: status.speed == 100)
    page.keyboard.press("[")
    replay.until(lambda status: status.speed == 60)
    page.locator("#speed-button").click()
    page.get_by_role("dialog").get_by_role("button", name="max").click()
    replay.until(lambda status: status.speed is None)
    page.locator("#speed-button").click()
    page.keyboard.type("7.5")
    page.keyboard.press("Enter")
    replay.until(lambda status: status.speed == 7.5)
    until(page, "() => document.getElementById('speed').textContent === '×7.5'")
    page.locator("#speed-button").click()
    page.keyboard.type("quick")
    page.keyboard.press("Enter")
    assert "from 0.1 to 10000" in page.get_by_role("dialog").inner_text()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


def test_a_time_is_typed_and_a_wrong_one_is_refused_in_place(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.type("2024-07-24 06:30")
    page.keyboard.press("Enter")
    _wait_clock(page, "2024-07-24T06:30:00.000Z")
    page.locator("#clock-button").click()
    page.get_by_role("dialog").get_by_role("button", name="+5m").click()
    _wait_clock(page, "2024-07-24T06:35:00.000Z")
    page.keyboard.press("g")
    for typed, said in (
        ("soon", '"soon" is no time'),
        ("2031-01-01", "outside of the replay, which goes from 2024-07-23"),
    ):
        page.keyboard.press("Control+a")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        assert said in page.get_by_role("alert").filter(visible=True).inner_text()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.evaluate(_CLOCK) == "2024-07-24T06:35:00.000Z"


def test_the_slider_shows_the_volume_so_far_and_seeks_where_it_is_clicked_and_dragged(
    page: Page, replay: Replay
) -> None:
    before = replay.rows(OVERVIEW_FILE)
    until(page, "() => orderflow.state().overview !== null")
    held = page.evaluate("() => orderflow.state().overview")
    assert held["volumes"] == before["volumes"]  # type: ignore[call-overload] # an object
    status = _wait_shown(page, replay)
    assert held["start_ms"] + len(held["volumes"]) * held["bucket_ms"] <= _ms(_NOON)
    box = page.locator("#seek").bounding_box()
    assert box is not None
    assert status.start_ms is not None
    assert status.end_ms is not None
    per_pixel_ms = (status.end_ms - status.start_ms) / box["width"]

    def at(share: float) -> float:
        assert status.start_ms is not None
        return status.start_ms + share * box["width"] * per_pixel_ms

    def wait_near(share: float) -> None:
        until(
            page,
            "([ms, slack]) => Math.abs(orderflow.state().status.event_time_ms - ms) <= slack",
            [at(share), 2 * per_pixel_ms],
        )

    y = box["y"] + 10
    page.mouse.move(box["x"] + 0.25 * box["width"], y)
    page.wait_for_selector("#seek-tip:visible")
    assert text(page, "seek-tip").startswith("2024-07-")
    page.mouse.click(box["x"] + 0.25 * box["width"], y)
    wait_near(0.25)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], y, steps=8)
    page.mouse.up()
    wait_near(0.7)
    page.locator("#seek").focus()
    page.keyboard.press("PageDown")
    wait_near(0.65)
    assert page.locator("#seek").get_attribute("aria-valuetext").endswith("UTC")  # type: ignore[union-attr] # it is there


def test_a_loop_is_set_shown_and_lifted(page: Page, replay: Replay) -> None:
    page.keyboard.press("a")
    page.keyboard.press("g")
    page.keyboard.type("+30m")
    page.keyboard.press("Enter")
    _wait_clock(page, "2024-07-24T12:30:00.000Z")
    page.locator("#loop-end").click()
    wanted = [_ms(_NOON), _ms("2024-07-24T12:30:00Z")]
    until(page, "wanted => String(orderflow.state().about.loop_ms) === String(wanted)", wanted)
    assert page.locator("#seek-loop").is_visible()
    page.keyboard.press("c")
    until(page, "() => orderflow.state().about.loop_ms === null")
    page.wait_for_selector("#seek-loop", state="hidden")
    assert replay.status()


def test_an_interval_is_clicked_or_typed_and_a_zoom_in_time_survives_it(page: Page, replay: Replay) -> None:
    page.mouse.move(*plot_point(page, "price", 0.5, 0.5))
    page.mouse.wheel(0, -300)
    wait_following(page, wanted=False)
    wait_frames(page)
    zoomed = ranges(page)["xaxis"]

    def shown(interval: str) -> None:
        until(page, "wanted => orderflow.state().about.interval === wanted", interval)
        until(page, "() => orderflow.chart.isRested()")
        assert _about(page, "interval") == interval

    page.locator("[data-interval='15s']").click()
    shown("15s")
    assert ranges(page)["xaxis"] == zoomed
    assert page.locator("[data-interval='15s']").get_attribute("aria-pressed") == "true"
    page.keyboard.press("t")
    page.keyboard.type("2m")
    page.keyboard.press("Enter")
    shown("2m")
    assert text(page, "interval") == "2m"
    page.locator("[data-interval='1h']").click()
    shown("1h")
    assert ranges(page)["xaxis"][1] - ranges(page)["xaxis"][0] == 20 * 60 * _MINUTE_MS
    page.locator("[data-interval='1m']").click()
    shown("1m")
    assert ranges(page)["xaxis"] == zoomed
    assert replay.status()


def test_bars_that_end_by_activity_are_typed_replayed_from_and_stepped(
    page: Page, replay: Replay, tab: Callable[..., Page]
) -> None:
    page.keyboard.press("t")
    page.keyboard.type("50t")
    page.keyboard.press("Enter")
    until(page, "() => orderflow.state().about.interval === '50t'")
    wait_drawn(page)
    begins = [row[0] for row in replay.rows(OHLC_FILE)]
    assert (
        page.evaluate("() => orderflow.chart.data().ohlc.map(([place]) => orderflow.chart.timeline().time(place))")
        == begins
    )
    page.keyboard.down("Alt")
    page.mouse.click(*bar_point(page, begins[-40]))
    page.keyboard.up("Alt")
    _wait_clock(page, _iso(begins[-40]))
    page.keyboard.press("ArrowRight")
    _wait_clock(page, _iso(begins[-39] - 1))
    page.keyboard.press("ArrowRight")
    _wait_clock(page, _iso(begins[-38] - 1))
    page.keyboard.press("ArrowLeft")
    _wait_clock(page, _iso(begins[-39] - 1))
    address = f"?instrument=NEXOUSDT&interval=50t&t={_iso(begins[-39] - 1)}"
    until(page, "wanted => location.search === wanted", address)
    replay.reset()
    opened = tab(f"{replay.server.url}/{address}")
    wait_drawn(opened)
    _wait_clock(opened, _iso(begins[-39] - 1))
    until(opened, "() => orderflow.state().about.interval === '50t'")
    wait_drawn(opened)
    last = opened.evaluate("() => orderflow.chart.timeline().time(orderflow.chart.data().ohlc.at(-1)[0])")
    assert last == begins[-40]


def test_after_every_move_and_switch_the_page_holds_what_is_published(page: Page, replay: Replay) -> None:
    dice = random.Random(7)
    for _ in range(10):
        action = dice.choice(("seek", "seek", "interval", "step"))
        if action == "seek":
            replay.do("seek", fraction=dice.random())
        elif action == "interval":
            replay.do("interval", interval=dice.choice(("1s", "1m", "20t", "5000d", "1h")))
        else:
            replay.do("step", unit=dice.choice(("event", "bar")), count=dice.choice((-3, -1, 2)))
        if dice.random() < 0.3:
            continue
        _wait_shown(page, replay)
        held = page.evaluate(
            "() => { const { ohlc, metrics, depth } = orderflow.state(); return { ohlc, metrics, depth }; }"
        )
        assert held["ohlc"] == replay.rows(OHLC_FILE)
        assert held["metrics"] == replay.rows(METRICS_FILE)
        assert held["depth"] == replay.rows(DEPTH_FILE)


def test_a_switch_never_blanks_the_chart(page: Page, replay: Replay) -> None:
    fewest = watch_candles(page)
    for interval in ("5m", "15s", "50t", "2000v", "1m", "1000d", "1m"):
        replay.do("interval", interval=interval)
        _wait_shown(page, replay)
        until(page, "() => orderflow.chart.isRested()")
    assert fewest() > 50


def test_the_chart_replays_from_where_it_is_clicked(page: Page, replay: Replay) -> None:
    point = plot_point(page, "price", 0.5, 0.5)
    page.mouse.move(*point)
    page.mouse.click(*point, button="right")
    menu = page.get_by_role("menu")
    wanted = menu.locator("small").inner_text().replace(" ", "T") + ":00.000Z"
    assert wanted < _NOON
    page.get_by_role("menuitem", name="Replay from here").click()
    _wait_clock(page, wanted)
    menu.wait_for(state="detached")
    page.keyboard.down("Alt")
    page.mouse.click(*plot_point(page, "cvd", 0.2, 0.5))
    page.keyboard.up("Alt")
    until(page, f"before => ({_CLOCK})() < before", wanted)
    assert _about(page, "session") == replay.until(lambda status: status.state == "paused").session
    assert page.locator("#app").get_attribute("data-following") == "true"


def test_an_address_leads_to_its_moment_once_and_loading_it_again_moves_nothing(
    page: Page, replay: Replay, tab: Callable[..., Page]
) -> None:
    page.keyboard.press("ArrowLeft")
    moment = "2024-07-24T11:59:59.999Z"
    wanted = f"?instrument=NEXOUSDT&interval=1m&t={moment}"
    until(page, "wanted => location.search === wanted", wanted)
    replay.do("interval", interval="5m")
    replay.do("seek", fraction=0.9)
    opened = tab(f"{replay.server.url}/{wanted}")
    wait_drawn(opened)
    _wait_clock(opened, moment)
    until(opened, "() => !document.getElementById('toast').hidden")
    assert text(opened, "toast") == "Moved the replay to 1m bars, 2024-07-24 11:59:59.999."
    _wait_clock(page, moment)
    before = replay.do("seek", fraction=0.1)
    _wait_shown(opened, replay)
    until(opened, "wanted => !location.search.endsWith(wanted)", moment)
    opened.evaluate("wanted => history.replaceState(null, '', wanted)", wanted)
    opened.reload()
    wait_drawn(opened)
    until(opened, "wanted => location.search !== wanted", wanted)
    status = replay.status()
    assert status is not None
    assert status.event_time_ms == before.event_time_ms


def test_an_address_with_instrument_bars_and_moment_leads_to_all_of_them(
    tmp_path: Path, tab: Callable[..., Page]
) -> None:
    """Opened where all three are others; an instrument that is not there is refused."""
    for seed, name in enumerate(("ALPHA", "BETA/2")):
        write(tmp_path / "both", *market(4000 - seed * 100, seed=seed), instrument=name)
    with served() as server:
        replay = Replay(server, tmp_path / "both", "+1h")
        try:
            begun = replay.until(lambda status: status.state == "paused" and status.cache != "filling")
            assert (begun.instrument, begun.interval, begun.start_ms is not None) == ("ALPHA", "1m", True)
            moment = _iso((begun.start_ms or 0) + 5_432_100)
            wanted = f"?instrument=BETA%2F2&interval=20t&t={moment}"
            page = tab(f"{server.url}/{wanted}")
            until(page, "() => orderflow.state().about?.instrument === 'BETA/2'")
            _wait_clock(page, moment)
            until(page, "() => !document.getElementById('toast').hidden")
            shown = moment.replace("T", " ")[:-1]
            assert text(page, "toast") == f"Moved the replay to BETA/2, 20t bars, {shown}."
            assert (text(page, "instrument"), text(page, "interval"), text(page, "clock")) == ("BETA/2", "20t", shown)
            until(page, "wanted => location.search === wanted", wanted)
            wait_drawn(page)
            other = tab(f"{server.url}/?instrument=GAMMA&t={moment}")
            until(other, "() => document.getElementById('toast')?.hidden === false")
            assert text(other, "toast") == (
                "The address asks for GAMMA, which this dataset does not hold; it holds ALPHA, BETA/2."
            )
            assert replay.until(lambda status: status.state == "paused").instrument == "BETA/2"
            other.close()
            page.close()
        finally:
            replay.close()
            sys.stdout.write(server.log.read_text())


def test_two_browsers_show_the_same_replay_whoever_steers(
    page: Page, replay: Replay, browser: Browser, console: Console
) -> None:
    context = browser.new_context(viewport={"width": 900, "height": 700})
    try:
        other = context.new_page()
        console.watch(other)
        other.goto(replay.server.url)
        wait_drawn(other)
        # A plain address has changed nothing.
        assert other.evaluate(_CLOCK) == _NOON
        other.keyboard.press("ArrowLeft")
        _wait_clock(page, "2024-07-24T11:59:59.999Z")
        page.keyboard.press("ArrowLeft")
        _wait_clock(other, "2024-07-24T11:58:59.999Z")
        page.locator("[data-interval='5m']").click()
        until(other, "() => orderflow.state().about.interval === '5m'")
        until(page, "() => orderflow.state().about.interval === '5m'")
        _wait_shown(page, replay)
        _wait_shown(other, replay)
        rows = "() => JSON.stringify([orderflow.state().ohlc, orderflow.state().metrics, orderflow.state().depth])"
        assert page.evaluate(rows) == other.evaluate(rows)
    finally:
        context.close()


def test_a_read_only_page_shows_all_and_steers_nothing(replay: Replay, tab: Callable[..., Page]) -> None:
    server = Server(replay.server.directory, replay.server.log, VISUALIZER_CONTROL="off", VISUALIZER_WORKERS="1")
    server.start()
    try:
        page = tab(f"{server.url}/?t=2024-07-24T03:00:00Z")
        wait_drawn(page)
        _wait_clock(page, _NOON)
        until(page, "() => orderflow.state().overview !== null")
        buttons = page.locator("#transport button:not(#zone-button)")
        assert all(buttons.nth(index).is_disabled() for index in range(buttons.count()))
        assert page.locator("#play").get_attribute("title") == "read-only: VISUALIZER_CONTROL is off"
        assert text(page, "transport-reason") == "read-only: VISUALIZER_CONTROL is off"
        assert text(page, "clock") == "2024-07-24 12:00:00.000"
        assert page.locator("#seek").get_attribute("aria-disabled") == "true"
        assert page.locator("#seek-handle").is_visible()
        assert "read-only" in text(page, "toast")
        before = (replay.server.control / "control.json").read_bytes()
        page.keyboard.press(" ")
        page.keyboard.press("ArrowLeft")
        page.locator("#seek").click(position={"x": 50, "y": 10}, force=True)
        page.mouse.click(*plot_point(page, "price", 0.5, 0.5), button="right")
        assert page.get_by_role("menuitem").first.is_disabled()
        assert (replay.server.control / "control.json").read_bytes() == before
        page.close()
    finally:
        server.stop()
