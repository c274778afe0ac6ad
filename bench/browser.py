"""A page in Chromium, and what it costs the main thread there, as Chromium itself tells it."""

from __future__ import annotations

import importlib.util
import json
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from bench import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, CDPSession, Page

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
MISSING: Final = "playwright or Chromium is not installed"
SIZE: Final = {"width": 1920, "height": 1080}
FRAMES: Final = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
DRAWN: Final = """() => window.orderflow?.state?.().ohlc.length > 0 && window.orderflow.chart.view.x !== null
  && window.orderflow.chart.isRested()"""
"""Whether the page shows bars and has drawn them."""


def executable() -> str | None:
    """The browser of this machine; None where there is none, or nothing to steer it with."""
    if importlib.util.find_spec("playwright") is None:
        return None
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


def opened(browser: Browser, url: str) -> tuple[Page, CDPSession]:
    """A page that has drawn its first picture, and where Chromium tells what it spends, in processor time."""
    page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type] # a dict as it wants it
    page.goto(url)
    until(page, DRAWN)
    metrics = page.context.new_cdp_session(page)
    metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
    return page, metrics


def numbers(values: list[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    ordered = sorted(values)
    return {
        name: ordered[min(len(ordered) - 1, len(ordered) * part // 100)] for name, part in (("p50", 50), ("p95", 95))
    }


def until(page: Page, expression: str) -> None:
    """Wait until the page says true.

    Raises:
        NotServed: it does not within a minute.
    """
    for _ in range(1200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    msg = f"the page did not get there: {expression}"
    raise processes.NotServed(msg)


def spent_ms(metrics: CDPSession) -> tuple[float, float]:
    """Script, and all tasks of the main thread, since the page was opened."""
    found = {each["name"]: each["value"] for each in metrics.send("Performance.getMetrics")["metrics"]}
    return 1000 * found["ScriptDuration"], 1000 * found["TaskDuration"]


def each(page: Page, metrics: CDPSession, count: int, act: Callable[[int], None]) -> tuple[list[float], list[float]]:
    """What each of so many acts costs until it is drawn: script, and the whole main thread."""
    script, task = [], []
    for number in range(count):
        before = spent_ms(metrics)
        act(number)
        page.evaluate(FRAMES)
        after = spent_ms(metrics)
        script.append(after[0] - before[0])
        task.append(after[1] - before[1])
    return script, task


def middle(page: Page) -> tuple[float, float]:
    """A point in the price panel."""
    x, y, width, height = page.evaluate(
        """() => {
          const { left, top, width, height } = document.getElementById("chart-panel").getBoundingClientRect();
          return [left, top, width, height];
        }"""
    )
    return x + 0.5 * width, y + 0.25 * height


def hold(page: Page) -> None:
    """Let the page wait for its next answer for good: what is drawn then is what is given to it."""
    page.route("**/poll", lambda _route: None)
    page.wait_for_timeout(2000)


def zoom_out(page: Page) -> None:
    """Until about a thousand bars are in view, or all that there are."""
    page.mouse.move(*middle(page))
    shown, more = 0.0, 1.0
    while shown < 950 and more > shown:
        shown = more
        page.mouse.wheel(0, 100)
        page.wait_for_timeout(400)
        more = page.evaluate("() => (([a, b]) => b - a)(orderflow.chart.view.x) / 10000")


def wheeled(page: Page, metrics: CDPSession, count: int) -> tuple[list[float], list[float]]:
    """What steps of the wheel in and out cost: see `each`."""
    page.mouse.move(*middle(page))
    found = each(page, metrics, count, lambda number: page.mouse.wheel(0, 20 if number % 2 else -20))
    page.wait_for_timeout(500)
    return found


@contextmanager
def _held(page: Page) -> Iterator[Callable[[int], None]]:
    """The pointer held down in the price panel until the block ends: how to move it for the n-th time."""
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y)
    yield lambda number: page.mouse.move(x + 10 + 2 * abs(number % 40 - 20), y)
    page.mouse.up()


def moved(page: Page, metrics: CDPSession, count: int) -> list[float]:
    """Milliseconds of script that each frame of a drag costs."""
    with _held(page) as move:
        script, _ = each(page, metrics, count, move)
    return script


def dragged(browser: Browser, page: Page, count: int) -> list[float]:
    """What each frame of a drag costs the main thread, from the pointer's move to what is handed to the compositor."""
    with _held(page) as move:
        browser.start_tracing(page=page, categories=["toplevel", "cc"])
        for number in range(count):
            move(number)
            page.evaluate(FRAMES)
        frames = main_thread(browser, "ProxyMain::BeginMainFrame", "tdur")
    page.wait_for_timeout(500)
    # Every move makes a frame; the others have nothing to draw.
    return sorted(frames)[-count:]


def playing(browser: Browser, page: Page, metrics: CDPSession, seconds: float) -> tuple[float, list[float]]:
    """What part of the time the main thread is busy while the replay plays; milliseconds of each of its tasks."""
    page.wait_for_timeout(2000)
    browser.start_tracing(page=page, categories=["toplevel"])
    before = spent_ms(metrics)
    page.wait_for_timeout(1000 * seconds)
    after = spent_ms(metrics)
    tasks = main_thread(browser, "ThreadControllerImpl::RunTask", "dur")
    return (after[1] - before[1]) / (1000 * seconds), tasks


def main_thread(browser: Browser, name: str, duration: str) -> list[float]:
    """Ends the tracing; milliseconds of each event of a name in the page's main thread."""
    events: list[dict[str, Any]] = json.loads(browser.stop_tracing())["traceEvents"]
    threads = {
        (each["pid"], each["tid"])
        for each in events
        if each["name"] == "thread_name" and each["args"]["name"] == "CrRendererMain"
    }
    found = [each for each in events if each["name"] == name and (each["pid"], each["tid"]) in threads]
    return [each[duration] / 1000 for each in found if duration in each]
