"""How long a publication takes until the page has drawn it: told of it, or asking by its clock only."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

from bench import dataset, processes
from bench.browser import ARGUMENTS, DRAWN, MISSING, SIZE, executable, until
from bench.figures import Bar, Figure, percentiles, progress
from bench.steering import numbers
from shared import POLL_INTERVAL_MS, STATUS_FILE, DirectoryWatch, can_watch

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

PART: Final = "age on the page"
_INTERVAL_S: Final = 10
_SPEED: Final = 10
_START_UP_S: Final = 60
_SERVERS: Final = {f"asking every {POLL_INTERVAL_MS} ms": "0", "told of publications": "8"}
_BAR_MS: Final = 50.0
_LOOK_MS: Final = 4
_DRAWN_AT: Final = """async ([milliseconds, lookMs]) => {
  const drawn = [];
  const ends = performance.now() + milliseconds;
  let last = orderflow.state().status.generation;
  while (performance.now() < ends) {
    // Frames are not asked for all the time: they would be drawn without need.
    await new Promise((done) => setTimeout(done, lookMs));
    const { generation } = orderflow.state().status;
    if (generation === last) continue;
    last = generation;
    // The task after the frame comes when it has been painted.
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    drawn.push([generation, Date.now()]);
  }
  return drawn;
}"""


def measure(cache: Path, *, history_rows: int, seconds: float, rounds: int) -> list[Figure]:
    """From the time of change of status.json to the frame that shows it or a later one, both pages in one run.

    Why not, where it cannot be measured.
    """
    browser = executable()
    if browser is None:
        return [Figure(PART, "the page in a browser", note=MISSING)]
    if not can_watch():
        return [Figure(PART, "the page in a browser", note="this system has no inotify")]
    history_s = history_rows * _INTERVAL_S
    played_s = _SPEED * (_START_UP_S + 2 * rounds * seconds)
    folder = dataset.prepared(cache, round((history_s + played_s) / 3600 * dataset.EVENTS_AN_HOUR))
    options = ("--interval", f"{_INTERVAL_S}s", "--start", f"+{history_s}s", "--speed", str(_SPEED))
    with ExitStack() as stack:
        directory = stack.enter_context(processes.replaying(cache, folder, *options))
        urls = {
            name: stack.enter_context(
                processes.serving(cache / f"visualizer-{followers}.log", directory, VISUALIZER_FOLLOWERS=followers)
            )
            for name, followers in _SERVERS.items()
        }
        return _measured(directory, urls, browser, seconds, rounds)


def _measured(directory: Path, urls: dict[str, str], chromium: str, seconds: float, rounds: int) -> list[Figure]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a part of the development environment only

    seen_ms: dict[str, list[float]] = {name: [] for name in urls}
    ages_ms: dict[str, list[float]] = {name: [] for name in urls}
    with _Written(directory) as written, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        for number in range(rounds):
            for name, url in urls.items():
                progress(f"{PART} {number + 1}/{rounds}: {name}")
                page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type] # a dict as it wants it
                page.goto(url)
                until(page, DRAWN)
                seen, ages = _times_ms(page, written.at_ms, seconds)
                seen_ms[name] += seen
                ages_ms[name] += ages
                page.close()
        browser.close()
    return [_figure(name, seen_ms[name], ages_ms[name]) for name in urls]


def _times_ms(page: Page, written_ms: dict[int, float], seconds: float) -> tuple[list[float], list[float]]:
    """Of each publication, how long it took until it or a later one was drawn; of each drawn one, how old it was."""
    drawn: list[tuple[int, float]] = page.evaluate(_DRAWN_AT, [seconds * 1000, _LOOK_MS])
    ages = [at_ms - written_ms[generation] for generation, at_ms in drawn if generation in written_ms]
    seen = [
        next(at_ms for later, at_ms in drawn if later >= generation) - changed_ms
        for generation, changed_ms in written_ms.copy().items()
        if drawn[0][0] < generation <= drawn[-1][0]
    ]
    return seen, ages


def _figure(name: str, seen_ms: list[float], ages_ms: list[float]) -> Figure:
    bar = Bar("p50", "<", _BAR_MS) if _SERVERS[name] != "0" else None
    note = f"{len(seen_ms)} publications, from status.json's time of change to the frame that shows it or a later one"
    age = percentiles(ages_ms)["p50"]
    return Figure(PART, name, "ms", numbers(seen_ms), bar, f"{note}; a picture drawn is {age:.0f} ms old at the median")


class _Written:
    """When status.json of each generation was written, in ms of the wall clock, noted while the block runs."""

    def __init__(self, directory: Path) -> None:
        self.at_ms: dict[int, float] = {}
        self._directory = directory
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _run(self) -> None:
        watch = DirectoryWatch(self._directory)
        while not self._ends.is_set():
            if watch.wait(0.2):
                changed_ns = (self._directory / STATUS_FILE).stat().st_mtime_ns
                status = processes.published(self._directory)
                if status is not None:
                    self.at_ms.setdefault(status.generation, changed_ns / 1e6)
        watch.close()
