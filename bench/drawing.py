"""What the page costs its browser: a redraw, a drag, and a replay at ×60, beside the release before in the same run."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import browser as page_in
from bench import dataset, presets, processes
from bench.figures import Bar, Figure, progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import CDPSession, Page

    from bench.sizes import Sizes

PART: Final = "drawing"
_ROOT: Final = Path(__file__).resolve().parent.parent
_BEFORE: Final = "8b1c48a"
"""The last commit that drew with Plotly."""
_INTERVAL_S: Final = 10
_SPEED: Final = 60
_FOLLOWED_BARS: Final = 120
_LONG_MS: Final = 100.0
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
  orderflow.receive({ server_ms: Date.now(), heatmap });
}"""


def measure(cache: Path, sizes: Sizes) -> list[Figure]:
    """Processor time of the page's main thread, now and in the release before; why not, where it cannot be measured."""
    browser = page_in.executable()
    if browser is None:
        return [Figure(PART, "the page in a browser", note=page_in.MISSING)]
    history_s = sizes.history_rows * _INTERVAL_S
    played_s = _SPEED * (180 + 6 * sizes.poll_seconds + sizes.soak_s)
    hours = (history_s + played_s) / 3600
    folder = dataset.prepared(cache, round(hours * sizes.events_an_hour), hours=hours)
    found: list[Figure] = []
    with _trees(earlier_release=sizes.earlier_release) as trees:
        for name, tree in trees.items():
            progress(f"{PART}: {name}")
            found += _measured(cache, tree, folder, f"+{history_s}s", name, browser, sizes)
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


def _measured(
    cache: Path, tree: Path, folder: Path, start: str, name: str, executable: str, sizes: Sizes
) -> list[Figure]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a part of the development environment only

    is_now, redraws, seconds = tree == _ROOT, sizes.redraws, sizes.poll_seconds
    options = ("--interval", f"{_INTERVAL_S}s", "--start", start, "--speed", str(_SPEED))
    with processes.steered_page(cache, folder, *options, tree=tree) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(page_in.ARGUMENTS))
        page, metrics = page_in.opened(browser, url)
        share, tasks = page_in.playing(browser, page, metrics, seconds)
        figures = [_figure("replay at ×60", name, "% of the main thread", {"share": 100 * share}, ("share", 35.0))]
        long_tasks = sum(task > _LONG_MS for task in tasks)
        figures[0] = _noted(figures[0], f"{long_tasks} tasks over {_LONG_MS:g} ms in {seconds:g} s, 120 bars in view")
        for bars in (_FOLLOWED_BARS, 1000):
            if bars > _FOLLOWED_BARS:
                page_in.zoom_out(page)
            script, task = page_in.wheeled(page, metrics, redraws)
            shown = page.evaluate("() => Math.round((([a, b]) => b - a)(orderflow.chart.view.x) / 10000)")
            figure = _figure(f"redraw, {bars} bars", name, "ms of script", page_in.numbers(script), ("p50", 16.0))
            figures.append(
                _noted(figure, f"{shown} bars wide; whole main thread p50 {page_in.numbers(task)['p50']:.1f} ms")
            )
            frames = page_in.dragged(browser, page, redraws)
            figures.append(_figure(f"drag, {bars} bars", name, "ms a frame", page_in.numbers(frames), ("p95", 16.0)))
        if is_now:
            figures += _heatmap(page, metrics, redraws)
        page.close()
        if is_now:
            figures += presets.measure(browser, url, sizes)
        browser.close()
        return figures


def _heatmap(page: Page, metrics: CDPSession, count: int) -> list[Figure]:
    """What a heatmap of 1,000 columns and 400 rows costs, all of it in view, moved and zoomed."""
    page.keyboard.press("h")
    page_in.hold(page)
    page.evaluate(_CELLS)
    page.evaluate(page_in.FRAMES)
    moved = page_in.moved(page, metrics, count)
    zoomed, _ = page_in.wheeled(page, metrics, count)
    bar = ("p95", 16.0)
    return [
        _figure("heatmap of 1,000 x 400 cells, moved", "now", "ms of script", page_in.numbers(moved), bar),
        _figure("heatmap of 1,000 x 400 cells, zoomed", "now", "ms of script", page_in.numbers(zoomed), bar),
    ]


def _figure(what: str, name: str, unit: str, numbers: dict[str, float], bar: tuple[str, float]) -> Figure:
    return Figure(PART, f"{what}, {name}", unit, numbers, Bar(bar[0], "<", bar[1]) if name == "now" else None)


def _noted(figure: Figure, note: str) -> Figure:
    return Figure(figure.part, figure.name, figure.unit, figure.numbers, figure.bar, note)
