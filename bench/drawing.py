"""What the page costs its browser: a redraw, a drag, and a replay at ×60, beside the release before in the same run."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import tarfile
import tempfile
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench import dataset, processes
from bench.figures import Bar, Figure, progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, CDPSession, Page

PART: Final = "drawing"
_ROOT: Final = Path(__file__).resolve().parent.parent
_BEFORE: Final = "8b1c48a"
"""The last commit that drew with Plotly."""
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_INTERVAL_S: Final = 10
_SPEED: Final = 60
_FOLLOWED_BARS: Final = 120
SIZE: Final = {"width": 1920, "height": 1080}
_LONG_MS: Final = 100.0
_FRAMES: Final = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_CELLS: Final = """() => {
  let seed = 7;
  const chance = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const sizes = () => Array.from({ length: 200 }, () => Math.round(Math.exp(7 * chance())));
  const { ohlc } = orderflow.state();
  const [low, high] = orderflow.chart.view.y.price;
  const row = (high - low) / 400;
  const rows = ohlc.slice(-1000).map(([time, , , , close]) => {
    const bid = Math.floor(close / row) * row;
    return [time, row, bid, bid + row, bid - 199 * row, sizes(), bid + row, sizes()];
  });
  const heatmap = { rows, whole: true, total: rows.length, crc32: 1 };
  window.dash_clientside.orderflow.receive({ server_ms: Date.now(), heatmap });
}"""
DRAWN: Final = """() => window.orderflow?.state?.().ohlc.length > 0 && window.orderflow.chart.view.x !== null
  && window.orderflow.chart.isRested()"""


def measure(cache: Path, *, history_rows: int, redraws: int, seconds: float, earlier_release: bool) -> list[Figure]:
    """Processor time of the page's main thread, now and in the release before; why not, where it cannot be measured."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if importlib.util.find_spec("playwright") is None or browser is None:
        return [Figure(PART, "the page in a browser", note="playwright or Chromium is not installed")]
    history_s = history_rows * _INTERVAL_S
    played_s = _SPEED * (60 + 2 * seconds)
    folder = dataset.prepared(cache, round((history_s + played_s) / 3600 * dataset.EVENTS_AN_HOUR))
    found: list[Figure] = []
    with _trees(earlier_release=earlier_release) as trees:
        for name, tree in trees.items():
            progress(f"{PART}: {name}")
            found += _measured(cache, tree, folder, f"+{history_s}s", name, browser, redraws=redraws, seconds=seconds)
    return sorted(found, key=lambda figure: figure.name.rpartition(", ")[0])


@contextmanager
def _trees(*, earlier_release: bool) -> Iterator[dict[str, Path]]:
    """The files of now, and those of the release before if wanted and where this is a repository that has it."""
    if not earlier_release:
        yield {"now": _ROOT}
        return
    packed = subprocess.run(["git", "archive", _BEFORE], cwd=_ROOT, capture_output=True, check=False)  # noqa: S607
    with tempfile.TemporaryDirectory() as folder:
        if packed.returncode:
            yield {"now": _ROOT}
            return
        with tarfile.open(fileobj=BytesIO(packed.stdout)) as files:
            files.extractall(folder, filter="data")
        yield {"now": _ROOT, "before": Path(folder)}


@contextmanager
def _served(cache: Path, tree: Path, folder: Path, start: str) -> Iterator[str]:
    """The address of a page over a replay that plays, both as a tree has them."""
    directory, replay_log, page_log = cache / "ipc", cache / "replay.log", cache / "visualizer.log"
    shutil.rmtree(directory, ignore_errors=True)
    port = processes.free_port()
    url = f"http://127.0.0.1:{port}"
    command = ("processor", "replay", str(folder), "--out", str(directory))
    options = ("--interval", f"{_INTERVAL_S}s", "--start", start, "--speed", str(_SPEED))
    settings = {"VISUALIZER_IPC_DIR": str(directory), "VISUALIZER_PORT": str(port)}
    with (
        processes.running_of(tree, replay_log, *command, *options) as replay,
        processes.running_of(tree, page_log, "visualizer", **settings) as page,
    ):
        processes.until(lambda: processes.plays(directory), replay, replay_log)
        processes.until(lambda: processes.answers(f"{url}/health"), page, page_log)
        yield url


def _measured(
    cache: Path, tree: Path, folder: Path, start: str, name: str, executable: str, *, redraws: int, seconds: float
) -> list[Figure]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a part of the development environment only

    with _served(cache, tree, folder, start) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type] # a dict as it wants it
        page.goto(url)
        until(page, DRAWN)
        metrics = page.context.new_cdp_session(page)
        metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
        share, long_tasks = _playing(browser, page, metrics, seconds)
        figures = [_figure("replay at ×60", name, "% of the main thread", {"share": 100 * share}, ("share", 35.0))]
        figures[0] = _noted(figures[0], f"{long_tasks} tasks over {_LONG_MS:g} ms in {seconds:g} s, 120 bars in view")
        for bars in (_FOLLOWED_BARS, 1000):
            if bars > _FOLLOWED_BARS:
                _zoom_out(page)
            script, task = _wheeled(page, metrics, redraws)
            shown = page.evaluate("() => Math.round((([a, b]) => b - a)(orderflow.chart.view.x) / 10000)")
            figure = _figure(f"redraw, {bars} bars", name, "ms of script", _numbers(script), ("p50", 16.0))
            figures.append(_noted(figure, f"{shown} bars wide; whole main thread p50 {_numbers(task)['p50']:.1f} ms"))
            frames = _dragged(browser, page, redraws)
            figures.append(_figure(f"drag, {bars} bars", name, "ms a frame", _numbers(frames), ("p95", 16.0)))
        if tree == _ROOT:
            figures += _heatmap(page, metrics, redraws)
        browser.close()
        return figures


def _heatmap(page: Page, metrics: CDPSession, count: int) -> list[Figure]:
    """What a heatmap of 1,000 columns and 400 rows costs, all of it in view, moved and zoomed."""
    page.keyboard.press("h")
    page.evaluate("() => window.dash_clientside.set_props('tick', { disabled: true })")
    page.wait_for_timeout(2000)
    page.evaluate(_CELLS)
    page.evaluate(_FRAMES)
    x, y = _middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y)
    moved, _ = _each(page, metrics, count, lambda number: page.mouse.move(x + 10 + 2 * abs(number % 40 - 20), y))
    page.mouse.up()
    zoomed, _ = _wheeled(page, metrics, count)
    bar = ("p95", 16.0)
    return [
        _figure("heatmap of 1,000 x 400 cells, moved", "now", "ms of script", _numbers(moved), bar),
        _figure("heatmap of 1,000 x 400 cells, zoomed", "now", "ms of script", _numbers(zoomed), bar),
    ]


def _figure(what: str, name: str, unit: str, numbers: dict[str, float], bar: tuple[str, float]) -> Figure:
    return Figure(PART, f"{what}, {name}", unit, numbers, Bar(bar[0], "<", bar[1]) if name == "now" else None)


def _noted(figure: Figure, note: str) -> Figure:
    return Figure(figure.part, figure.name, figure.unit, figure.numbers, figure.bar, note)


def _numbers(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        name: ordered[min(len(ordered) - 1, len(ordered) * part // 100)] for name, part in (("p50", 50), ("p95", 95))
    }


def until(page: Page, expression: str) -> None:
    """Wait until a JavaScript expression is true.

    Raises:
        NotServed: it takes too long.
    """
    for _ in range(1200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    msg = f"the page did not get there: {expression}"
    raise processes.NotServed(msg)


def _spent_ms(metrics: CDPSession) -> tuple[float, float]:
    """Script, and all tasks of the main thread, since the page was opened."""
    found = {each["name"]: each["value"] for each in metrics.send("Performance.getMetrics")["metrics"]}
    return 1000 * found["ScriptDuration"], 1000 * found["TaskDuration"]


def _each(page: Page, metrics: CDPSession, count: int, act: Callable[[int], None]) -> tuple[list[float], list[float]]:
    """What each of so many acts costs until it is drawn: script, and the whole main thread."""
    script, task = [], []
    for number in range(count):
        before = _spent_ms(metrics)
        act(number)
        page.evaluate(_FRAMES)
        after = _spent_ms(metrics)
        script.append(after[0] - before[0])
        task.append(after[1] - before[1])
    return script, task


def _middle(page: Page) -> tuple[float, float]:
    x, y, width, height = page.evaluate(
        """() => {
          const { left, top, width, height } = document.getElementById("chart-panel").getBoundingClientRect();
          return [left, top, width, height];
        }"""
    )
    return x + 0.5 * width, y + 0.25 * height


def _zoom_out(page: Page) -> None:
    """Until about a thousand bars are in view."""
    page.mouse.move(*_middle(page))
    for _ in range(40):
        if page.evaluate("() => (([a, b]) => b - a)(orderflow.chart.view.x) / 10000 > 950"):
            return
        page.mouse.wheel(0, 100)
        page.wait_for_timeout(400)


def _wheeled(page: Page, metrics: CDPSession, count: int) -> tuple[list[float], list[float]]:
    page.mouse.move(*_middle(page))
    found = _each(page, metrics, count, lambda number: page.mouse.wheel(0, 20 if number % 2 else -20))
    page.wait_for_timeout(500)
    return found


def _dragged(browser: Browser, page: Page, count: int) -> list[float]:
    """What each frame of a drag costs the main thread, from the pointer's move to what is handed to the compositor."""
    x, y = _middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y)
    browser.start_tracing(page=page, categories=["toplevel", "cc"])
    for number in range(count):
        page.mouse.move(x + 10 + 2 * abs(number % 40 - 20), y)
        page.evaluate(_FRAMES)
    frames = _main_thread(browser, "ProxyMain::BeginMainFrame", "tdur")
    page.mouse.up()
    page.wait_for_timeout(500)
    # Every move makes a frame; the others have nothing to draw.
    return sorted(frames)[-count:]


def _playing(browser: Browser, page: Page, metrics: CDPSession, seconds: float) -> tuple[float, int]:
    """What part of the time the main thread is busy while the replay plays, and how many of its tasks are long."""
    page.wait_for_timeout(2000)
    browser.start_tracing(page=page, categories=["toplevel"])
    before = _spent_ms(metrics)
    page.wait_for_timeout(1000 * seconds)
    after = _spent_ms(metrics)
    tasks = _main_thread(browser, "ThreadControllerImpl::RunTask", "dur")
    return (after[1] - before[1]) / (1000 * seconds), sum(task > _LONG_MS for task in tasks)


def _main_thread(browser: Browser, name: str, duration: str) -> list[float]:
    """Ends the tracing; milliseconds of each event of a name in the page's main thread."""
    events: list[dict[str, Any]] = json.loads(browser.stop_tracing())["traceEvents"]
    threads = {
        (each["pid"], each["tid"])
        for each in events
        if each["name"] == "thread_name" and each["args"]["name"] == "CrRendererMain"
    }
    found = [each for each in events if each["name"] == name and (each["pid"], each["tid"]) in threads]
    return [each[duration] / 1000 for each in found if duration in each]
