"""A real server and a real browser: gunicorn on a free port, Chromium, and no word on the console."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.browser.feeder import Feeder
from tests.browser.pages import until, wait_drawn, wait_following
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

_ROOT: Final = Path(__file__).resolve().parents[2]
_shared_pages: Final[list[Page]] = []
"""The page that tests share, while it is open."""
_next_takes: Final[list[str]] = []
"""The fixtures of the next test."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


class Server:
    """The visualizer as its users run it, on a free port."""

    def __init__(self, directory: Path, log: Path, **settings: str) -> None:
        self.directory = directory
        self.control = directory.with_name("control")
        self._settings = settings
        self.log = log
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("VISUALIZER_")}
        environment |= {
            "VISUALIZER_IPC_DIR": str(self.directory),
            "VISUALIZER_CONTROL_DIR": str(self.control),
            "VISUALIZER_PORT": str(self.port),
        } | self._settings
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "visualizer"], cwd=_ROOT, env=environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError):
                self.get("/health")
                return
            time.sleep(0.05)
        pytest.fail(f"the server did not start:\n{self.log.read_text()}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(PATIENCE_S)
            self._process = None

    def restart(self, **settings: str) -> None:
        """End it and start it again with these settings besides those it had."""
        self.stop()
        self._settings |= settings
        self.start()

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:  # noqa: S310 - our own server
            return str(answer.read().decode())

    def workers(self) -> list[int]:
        """Process ids of the workers, as /metrics names them."""
        return sorted({int(pid) for pid in re.findall(r'visualizer_rss_bytes\{pid="(\d+)"\}', self.get("/metrics"))})


@contextlib.contextmanager
def served(**settings: str) -> Iterator[Server]:
    """A server with these settings over a directory of its own that is not there yet."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "ipc", Path(folder) / "log", **settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def shared_server() -> Iterator[Server]:
    """One server for all tests that do not harm it."""
    with served() as server:
        yield server


@pytest.fixture
def server(shared_server: Server) -> Iterator[Server]:
    """The shared server over an IPC directory that is gone; what it says is printed if the test fails."""
    shutil.rmtree(shared_server.directory, ignore_errors=True)
    begun = shared_server.log.stat().st_size
    yield shared_server
    sys.stdout.write(shared_server.log.read_text()[begun:])


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that has never seen data, and that a test may stop, start and maim."""
    with served() as server:
        yield server
        sys.stdout.write(server.log.read_text())


@pytest.fixture
def feed() -> Iterator[Callable[..., Feeder]]:
    """Make feeders that are closed after the test."""
    feeders: list[Feeder] = []

    def make(directory: Path, **options: object) -> Feeder:
        feeder = Feeder(directory, **options)  # type: ignore[arg-type] # passed on as given
        feeders.append(feeder)
        return feeder

    yield make
    for feeder in feeders:
        feeder.close()


@pytest.fixture
def feeder(server: Server, feed: Callable[..., Feeder]) -> Feeder:
    """A feeder that has published once into the server's directory."""
    feeder = feed(server.directory, session=f"session-{time.time_ns()}")
    feeder.publish()
    return feeder


@pytest.fixture(scope="session")
def chromium(browser: Browser) -> Iterator[BrowserContext]:
    """One context for all tests; its tabs share a cache, as a user's do."""
    context = browser.new_context()
    yield context
    context.close()


class Console:
    """What the pages of a test complained about."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.tolerated: tuple[str, ...] = ()

    def tolerate(self, *fragments: str) -> None:
        """Expect complaints that contain one of these, as a browser whose server is gone must make."""
        self.tolerated += fragments

    def watch(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))

    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(fragment in text for fragment in self.tolerated)]

    def _heard(self, message: ConsoleMessage) -> None:
        # A page that is left while it asks to be told of publications.
        is_left = "WebSocket is closed before the connection is established" in message.text
        if message.type not in {"log", "info", "debug"} and not is_left:
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")


@pytest.fixture(scope="session")
def shared_console() -> Console:
    return Console()


@pytest.fixture
def console(shared_console: Console) -> Iterator[Console]:
    """Fails the test at its end if a page complained of anything not tolerated."""
    shared_console.complaints.clear()
    shared_console.tolerated = ()
    yield shared_console
    assert shared_console.unexpected() == []


@pytest.fixture
def tab(chromium: BrowserContext, console: Console) -> Iterator[Callable[..., Page]]:
    """Open a tab at an address; it is closed after the test."""
    pages = []

    def open_tab(url: str, width: int = 1366, height: int = 768) -> Page:
        pages.append(open_page(chromium, console, url, width, height))
        return pages[-1]

    yield open_tab
    for page in pages:
        page.close()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(nextitem: pytest.Item | None) -> None:
    """Know whether the next test takes the page that tests share."""
    _next_takes[:] = getattr(nextitem, "fixturenames", ())


@pytest.fixture
def shared_page(chromium: BrowserContext, shared_console: Console, shared_server: Server) -> Iterator[Page]:
    """Closed before a test that does not take it: a page that is open goes on drawing its clock."""
    if not _shared_pages:
        _shared_pages.append(open_page(chromium, shared_console, shared_server.url, 1366, 768))
    yield _shared_pages[0]
    if "shared_page" not in _next_takes:
        _shared_pages.pop().close()


@pytest.fixture
def page(shared_page: Page, console: Console, feeder: Feeder) -> Page:
    """The page over the feeder's data, drawn. It stays open from test to test: a new session must reset it anyway."""
    assert console.complaints == []
    until(shared_page, "session => window.orderflow?.state?.().about?.session === session", feeder.session)
    if shared_page.locator("#report").is_visible():
        shared_page.keyboard.press("r")
    if shared_page.locator("#monitor").is_visible():
        shared_page.keyboard.press("m")
    if shared_page.evaluate("() => orderflow.chart.view.cvdLine"):
        shared_page.keyboard.press("l")
    shared_page.evaluate("() => document.activeElement.blur()")
    # A zoom outlives a session of the same data, so it has to be given up.
    shared_page.keyboard.press("f")
    wait_following(shared_page, wanted=True)
    shared_page.mouse.move(1, 1)
    shared_page.wait_for_timeout(100)
    wait_drawn(shared_page)
    return shared_page


def open_page(context: BrowserContext, console: Console, url: str, width: int, height: int) -> Page:
    """A tab of this size at an address, whose complaints the console hears."""
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": height})
    console.watch(page)
    page.goto(url)
    return page


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
