"""Recorded markets in real containers, steered from a browser, an address and a shell; and what a restart leaves."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from shared import DATA_FILES, MAX_ROWS, command, send_command
from tests.browser.conftest import Console, open_page
from tests.browser.pages import drag, plot_point, until, wait_drawn, wait_following
from tests.containers.stack import ROOT, Stack, running
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from playwright.sync_api import Browser, BrowserType, Page

pytestmark = pytest.mark.containers

_OFTEN_S: Final = 0.02
_MINUTE_MS: Final = 60_000


class Recording(NamedTuple):
    """A market of the shared data, and where an independent program's results of it are."""

    folder: str
    instrument: str
    expected: str


RECORDINGS: Final = (
    Recording("binance-raw/nexousdt", "NEXOUSDT", "binance-nexousdt_60s_obi10"),
    Recording("lobster", "AMZN", "lobster-amzn_60s_obi5"),
    Recording("binance-raw/btcusdt", "BTCUSDT", "binance-btcusdt_60s_obi10"),
)


@pytest.fixture(scope="module")
def stack(images: None, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Stack]:
    """`docker compose up` with the first recording, paused at its begin."""
    first = str(shared_data / RECORDINGS[0].folder)
    with running(tmp_path_factory.mktemp("steered"), DATASET=first, INTERVAL="1m", PROCESSOR_PAUSED="1") as stack:
        stack.wait_until("the page is served", stack.is_served)
        wait_until_read(stack)
        yield stack


@pytest.fixture(scope="module")
def heard() -> Console:
    return Console()


@pytest.fixture(scope="module")
def first(stack: Stack, browser: Browser, heard: Console) -> Generator[Page]:
    """A page that stays open from recording to recording."""
    with browser.new_context() as context:
        yield open_page(context, heard, stack.url, 1366, 768)


@pytest.fixture(scope="module")
def other_browser(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], browser: Browser
) -> Generator[Browser]:
    """Another browser, in processes of its own."""
    browser = browser_type.launch(**browser_type_launch_args)
    yield browser
    browser.close()


@pytest.fixture
def console(heard: Console) -> Generator[Console]:
    """Fails the test at its end if a page complained of anything not tolerated."""
    heard.complaints.clear()
    heard.tolerated = ()
    yield heard
    assert heard.unexpected() == []


@pytest.fixture
def page(first: Page, console: Console) -> Page:
    return first


@pytest.fixture
def open_elsewhere(other_browser: Browser, console: Console) -> Generator[Callable[[str], Page]]:
    """Open an address in the other browser."""
    with other_browser.new_context() as context:
        yield lambda url: open_page(context, console, url, 1024, 768)


@pytest.fixture(scope="module", params=RECORDINGS, ids=lambda recording: recording.instrument)
def recording(request: pytest.FixtureRequest, stack: Stack, shared_data: Path, first: Page) -> Recording:
    """Another DATASET and `up` again, before the eyes of whoever has the page open."""
    wanted: Recording = request.param
    stack.environment["DATASET"] = str(shared_data / wanted.folder)
    stack.up()
    wait_until_read(stack)
    until_shown(first, session=stack.status()["session"], end_ms=stack.status()["end_ms"])
    return wanted


def wait_until_read(stack: Stack) -> None:
    """Until the given folder is paused at its begin, with its end known."""
    wanted = [Path(stack.environment["DATASET"]).name, "complete", "paused"]

    def is_read() -> bool:
        return [stack.status().get(key) for key in ("dataset", "cache", "state")] == wanted

    stack.wait_until(f"{wanted} is published", is_read)


def until_shown(page: Page, **wanted: object) -> None:
    """Until the page shows a status with these values."""
    until(
        page,
        """wanted => {
          const { about, status } = orderflow.state();
          const shown = { ...about, ...status };
          return Object.entries(wanted).every(([key, value]) => String(shown[key]) === String(value));
        }""",
        wanted,
    )


def held(page: Page) -> dict[str, Any]:
    """What the page holds of the three data files."""
    found: dict[str, Any] = page.evaluate(
        "() => { const { ohlc, metrics, depth } = orderflow.state(); return { ohlc, metrics, depth }; }"
    )
    return found


def files(stack: Stack) -> dict[str, bytes]:
    return {name: (stack.ipc / name).read_bytes() for name in DATA_FILES}


def published(stack: Stack) -> dict[str, Any]:
    """The three data files by the names that the page has for them."""
    return {name.partition("_")[0]: json.loads(content) for name, content in files(stack).items()}


def from_the_shell(stack: Stack, *words: str) -> None:
    """`processor control` on this side of the containers, over the directories they share with us."""
    command = [sys.executable, "-m", "processor", "control", str(stack.control), "--ipc", str(stack.ipc), *words]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def steer(stack: Stack, action: str, **arguments: Any) -> None:
    """Write a command into the directory that the containers share with us, and wait until it is carried out."""
    given = command(action, **arguments)
    send_command(stack.control, given)
    stack.wait_until(
        f"{action} is answered", lambda: stack.status()["control"]["last_id"] == given.id, every_s=_OFTEN_S
    )
    assert stack.status()["control"]["ok"], stack.status()["control"]["error"]


def moved(page: Page, act: Callable[[], object]) -> int:
    """The event time that the page shows once something has moved it, and it is there."""
    before = page.evaluate("() => orderflow.state().status.event_time_ms")
    act()
    until(
        page,
        """before => {
          const { event_time_ms, state } = orderflow.state().status;
          return event_time_ms !== before && state !== "loading";
        }""",
        before,
    )
    return int(page.evaluate("() => orderflow.state().status.event_time_ms"))


def type_time(page: Page, text: str) -> None:
    page.keyboard.press("g")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_its_page_is_clicked_and_keyed(recording: Recording, stack: Stack, page: Page, shared_data: Path) -> None:
    with gzip.open(shared_data / f"expected/{recording.expected}.json.gz") as file:
        expected = json.load(file)
    keyboard = page.keyboard

    keyboard.press("End")
    until_shown(page, state="finished")
    start_ms, end_ms = (stack.status()[key] for key in ("start_ms", "end_ms"))
    until_shown(page, event_time_ms=end_ms)
    shown = held(page)
    assert shown["ohlc"] == expected["ohlc"][-MAX_ROWS:]
    assert shown["depth"] == expected["depth"]
    assert [row[5:] for row in shown["metrics"]] == [row[5:] for row in expected["metrics"][-MAX_ROWS:]]

    page.locator("#seek-begin").click()
    until_shown(page, event_time_ms=start_ms)
    page.get_by_role("button", name="play (key space)").click()
    until_shown(page, state="playing")
    moved(page, lambda: None)
    keyboard.press(" ")
    until_shown(page, state="paused")

    typed_ms = moved(page, lambda: type_time(page, "45%"))
    assert abs(typed_ms - (start_ms + 0.45 * (end_ms - start_ms))) <= 1
    bar_end_ms = typed_ms - typed_ms % _MINUTE_MS + _MINUTE_MS - 1
    assert moved(page, lambda: keyboard.press("ArrowRight")) == bar_end_ms
    assert moved(page, page.locator("#bar-back").click) == bar_end_ms - _MINUTE_MS
    next_ms = moved(page, page.locator("#event-on").click)
    assert bar_end_ms - _MINUTE_MS < next_ms < bar_end_ms
    assert moved(page, lambda: keyboard.press("Shift+ArrowLeft")) < next_ms
    slider = page.locator("#seek")
    width = slider.evaluate("element => element.clientWidth")
    quarter_ms = moved(page, lambda: slider.click(position={"x": width / 4, "y": 10}))
    assert abs(quarter_ms - (start_ms + (end_ms - start_ms) / 4)) < 2 * (end_ms - start_ms) / width

    keyboard.press("]")
    until_shown(page, speed=30)
    keyboard.press("a")
    moved(page, lambda: type_time(page, "+1m"))
    page.locator("#loop-end").click()
    until_shown(page, loop_ms=f"{quarter_ms},{quarter_ms + _MINUTE_MS}")
    keyboard.press("c")
    until_shown(page, loop_ms=None)
    page.locator("[data-interval='5m']").click()
    until_shown(page, interval="5m")
    assert all(row[0] % (5 * _MINUTE_MS) == 0 for row in held(page)["ohlc"])

    drag(page, plot_point(page, "price", 0.6, 0.5), plot_point(page, "price", 0.4, 0.5))
    wait_following(page, wanted=False)
    keyboard.press("f")
    wait_following(page, wanted=True)


def test_its_address_reopened_shows_both_of_two_browsers_the_same_moment_again(
    recording: Recording, stack: Stack, page: Page, open_elsewhere: Callable[[str], Page]
) -> None:
    steer(stack, "interval", interval="15s")
    from_the_shell(stack, "seek", "70%")
    there, moment = files(stack), stack.status()["event_time_ms"]
    address = f"interval=15s&t={datetime.fromtimestamp(moment / 1000, UTC):%Y-%m-%dT%H:%M:%S}"
    until(page, "wanted => location.href.includes(wanted)", address)
    reopened = page.url
    assert f"instrument={recording.instrument}" in reopened

    steer(stack, "interval", interval="1m")
    steer(stack, "seek", fraction=0.3)
    assert files(stack) != there
    other = open_elsewhere(reopened)
    for each in (other, page):
        until_shown(each, interval="15s", event_time_ms=moment)
        assert held(each) == published(stack)
    assert files(stack) == there


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can kill what runs in a container")
def test_a_processor_that_dies_is_started_again_exactly_where_it_was(stack: Stack, page: Page) -> None:
    steer(stack, "interval", interval="5m")
    steer(stack, "speed", speed=7.5)
    steer(stack, "seek", fraction=0.6)
    before, there = stack.status(), files(stack)
    os.kill(stack.pid("processor"), signal.SIGKILL)
    stack.wait_until("another session stands", lambda: is_another(before, stack.status()))
    assert place(stack.status()) == place(before)
    assert files(stack) == there
    until_shown(page, session=stack.status()["session"], event_time_ms=before["event_time_ms"])


def test_a_processor_that_is_killed_while_it_plays_goes_on_with_the_next_up(stack: Stack, page: Page) -> None:
    steer(stack, "seek", fraction=0.2)
    steer(stack, "play")
    moved(page, lambda: None)
    stack.compose("kill", "processor")
    before = stack.status()
    stack.up()
    stack.wait_until("another session plays", lambda: is_another(before, stack.status()))
    assert place(stack.status()) | {"event_time_ms": None} == place(before) | {"event_time_ms": None}
    assert stack.status()["event_time_ms"] >= before["event_time_ms"]
    until_shown(page, session=stack.status()["session"])
    moved(page, lambda: None)
    page.keyboard.press(" ")
    until_shown(page, state="paused")


def is_another(before: dict[str, Any], now: dict[str, Any]) -> bool:
    return bool(now["session"] != before["session"] and now["state"] == before["state"])


def place(status: dict[str, Any]) -> dict[str, Any]:
    """All that a replay comes back with."""
    keys = ("dataset", "instrument", "interval", "speed", "state", "event_time_ms", "start_ms", "end_ms")
    return {key: status[key] for key in keys}


def test_a_container_steers_where_docker_alone_is_installed(stack: Stack, page: Page) -> None:
    steer(stack, "seek", fraction=0.5)
    done = stack.compose("run", "--rm", "control", "step", "bar", "-1")
    assert done.stdout.startswith("paused at ")
    until_shown(page, event_time_ms=stack.status()["event_time_ms"])
    assert (stack.control / "control.json").stat().st_uid == stack.ipc.stat().st_uid
    refused = stack.compose("run", "--rm", "control", "seek", "2031-01-01", check=False)
    assert refused.returncode == 1
    assert "processor: refused: invalid time '2031-01-01" in refused.stderr


def test_a_visualizer_begun_anew_shows_the_picture_at_once_and_where_it_is_read_only_moves_nothing(
    stack: Stack,
    page: Page,
    console: Console,
    open_elsewhere: Callable[[str], Page],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Of the page that was open already, while nobody answers.
    console.tolerate("Failed to load resource", "Callback failed", "WebSocket")
    steer(stack, "seek", fraction=0.5)
    monkeypatch.setitem(stack.environment, "VISUALIZER_CONTROL", "off")
    stack.up()
    stack.wait_until("the page is served", stack.is_served)
    steered = (stack.control / "control.json").read_bytes()
    other = open_elsewhere(f"{stack.url}/?interval=1h")
    wait_drawn(other)
    assert held(other) == published(stack)
    assert other.locator("#seek").get_attribute("aria-disabled") == "true"
    for key in (" ", "ArrowLeft", "]"):
        other.keyboard.press(key)
    page.locator("#app[data-control='off']").wait_for(state="attached")
    page.keyboard.press(" ")
    page.get_by_text("this page is read-only").wait_for()
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{stack.url}/control", b'{"action": "play"}', {"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, timeout=PATIENCE_S)  # noqa: S310 - our own loopback address
    assert (stack.control / "control.json").read_bytes() == steered
