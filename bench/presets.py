"""What the presets of many panels cost the page: playing at ×60, moved, and kept open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench import browser as page_in
from bench.figures import Bar, Figure, progress

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

    from bench.sizes import Sizes

PART: Final = "drawing"
_MOST_SHARE: Final = {"flow": 40.0, "depth": 40.0}
"""Percent of the main thread."""
_VIEWS: Final = {
    "flow": ("footprint", "statistics", "profile", "tape", "heatmap", "ladder", "events"),
    "depth": ("heatmap", "ladder", "measures", "tape", "events"),
}
"""What must be there before anything is measured."""
_LONGEST_MS: Final = 100.0
_PAINTED_MS: Final = 150.0
_GROWTH: Final = 1.10
_WARM_S: Final = 60.0
_ANSWERS: Final = """() => {
  const found = (window.answerToPaintMs = []);
  const { fetch } = window;
  window.fetch = async (...given) => {
    const response = await fetch(...given);
    const read = response.text.bind(response);
    response.text = async () => {
      const answer = await read();
      const last = performance.getEntriesByType("resource").findLast(({ name }) => name.endsWith("/poll"));
      performance.clearResourceTimings();
      if (last && answer.includes('"ohlc":')) {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => found.push(performance.now() - last.responseEnd);
        requestAnimationFrame(() => channel.port2.postMessage(null));
      }
      return answer;
    };
    return response;
  };
}"""
"""Notes how long it takes from an answer's last byte until the frame that shows it is handed to the compositor."""
_FOOTPRINTS: Final = """() => {
  const { ohlc } = orderflow.state();
  const [low, high] = orderflow.chart.view.y.price;
  const row = (high - low) / 40;
  let seed = 7;
  const chance = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const lots = () => Math.round(Math.exp(5 * chance()));
  const first = Math.floor(low / row);
  const cells = () => Array.from({ length: 40 }, (_, index) => [(first + index) * row, lots(), lots(), 0, 2]);
  const rows = ohlc.slice(-100).map(([time]) => [time, row, cells()]);
  const footprint = { rows, whole: true, total: rows.length, crc32: 1 };
  orderflow.receive({ server_ms: Date.now(), footprint });
}"""


def measure(browser: Browser, url: str, sizes: Sizes) -> list[Figure]:
    """Figures of the presets on a page over a replay that plays at ×60."""
    found = []
    for preset in _VIEWS:
        progress(f"{PART}: preset {preset}")
        page, metrics = _shown(browser, url, preset)
        found += _playing(browser, page, metrics, preset, sizes.poll_seconds)
        if preset == "flow":
            found += [*_kept_open(page, metrics, sizes.soak_s), _footprints(page, metrics, sizes.redraws)]
        page.close()
    return found


def _shown(browser: Browser, url: str, preset: str) -> tuple[Page, CDPSession]:
    page, metrics = page_in.opened(browser, f"{url}/?view={preset}")
    there = " && ".join(f"(state.{name}?.length ?? state.{name})" for name in _VIEWS[preset] if name != "events")
    page_in.until(page, f"() => Boolean(((state) => {there})(orderflow.state()))")
    return page, metrics


def _playing(browser: Browser, page: Page, metrics: CDPSession, preset: str, seconds: float) -> list[Figure]:
    page.evaluate(_ANSWERS)
    share, tasks = page_in.playing(browser, page, metrics, seconds)
    page_in.until(page, "() => answerToPaintMs.length > 0")
    painted = page.evaluate("() => answerToPaintMs")
    note = f"preset {preset} at ×60, {seconds:g} s, {len(painted)} answers"
    found = (
        ("playing", "% of the main thread", {"share": 100 * share}, Bar("share", "<", _MOST_SHARE[preset])),
        ("longest task", "ms", {"longest": max(tasks)}, Bar("longest", "<", _LONGEST_MS)),
        ("answer to paint", "ms", page_in.numbers(painted), Bar("p95", "<", _PAINTED_MS)),
    )
    return [Figure(PART, f"{preset}: {what}", unit, numbers, bar, note) for what, unit, numbers, bar in found]


def _kept_open(page: Page, metrics: CDPSession, soak_s: float) -> list[Figure]:
    """What the page holds after it has played for long, beside what it held when it was warm."""
    progress(f"{PART}: kept open for {soak_s:g} s")
    page.wait_for_timeout(1000 * min(_WARM_S, soak_s))
    before_mb = _heap_mb(metrics)
    page.wait_for_timeout(1000 * soak_s)
    after_mb = _heap_mb(metrics)
    numbers = {"before": before_mb, "after": after_mb, "ratio": after_mb / before_mb}
    note = f"preset flow at ×60, collected before and after {soak_s / 60:g} minutes"
    return [Figure(PART, "flow: JavaScript heap", "MB", numbers, Bar("ratio", "<", _GROWTH), note)]


def _heap_mb(metrics: CDPSession) -> float:
    metrics.send("HeapProfiler.collectGarbage")
    used: float = metrics.send("Runtime.getHeapUsage")["usedSize"]
    return used / 1e6


def _footprints(page: Page, metrics: CDPSession, count: int) -> Figure:
    """What a frame of 100 bars of 40 made-up price rows costs, all of them in view, when it is moved."""
    page.keyboard.press("o")
    page.get_by_label("Bars", exact=True).select_option("footprint")
    page.locator("#options-close").click()
    page.keyboard.press("f")
    page_in.hold(page)
    page.evaluate(
        "() => { const bars = orderflow.state().ohlc, { x } = orderflow.chart.view;"
        " orderflow.chart.zoomTime(bars.at(-1)[0], 1.02 * (bars.at(-1)[0] - bars.at(-100)[0]) / (x[1] - x[0])); }"
    )
    page.evaluate(page_in.FRAMES)
    page.evaluate(_FOOTPRINTS)
    page.evaluate(page_in.FRAMES)
    script = page_in.moved(page, metrics, count)
    numbers = page_in.numbers(script)
    return Figure(PART, "footprint of 100 bars x 40 rows, moved", "ms of script", numbers, Bar("p95", "<", 16.0))
