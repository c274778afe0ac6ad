"""How long the page takes until its first candle: nothing cached, all cached, and the same over a slow line."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bench import dataset, processes
from bench.browser import ARGUMENTS, MISSING, SIZE, executable, numbers, until
from bench.figures import Bar, Figure, progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext, CDPSession, Page, Playwright

    from bench.sizes import Sizes

PART: Final = "loading"
_INTERVAL_S: Final = 10
_SPEED: Final = 10
_START_UP_S: Final = 60
_A_LOAD_S: Final = 30
_COLD_MS, _WARM_MS = 3000.0, 1000.0
_MOST_KB: Final = 1000.0
_AGE_MS: Final = 2000.0
_SLOW_LATENCY_MS: Final = 100
_SETTLED_MS: Final = 1000
_LOOK_MS: Final = 100
_FIRST_CANDLE: Final = """() => {
  const look = () => {
    const isDrawn = (window.orderflow?.chart?.drawn?.()?.panels.price?.rows.length ?? 0) > 0;
    // The task after the frame comes when it has been painted.
    if (isDrawn) setTimeout(() => (window.firstCandleMs = performance.now()), 0);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
_AGES: Final = """async ([milliseconds, lookMs]) => {
  const ages = [];
  const ends = performance.now() + milliseconds;
  while (performance.now() < ends) {
    await new Promise((done) => setTimeout(done, lookMs));
    ages.push(Date.now() - orderflow.state().status.published_at_ms);
  }
  return ages;
}"""


@dataclass(frozen=True, slots=True)
class _Loads:
    """Times from the navigation to the first candle, what travelled until then where nothing was cached, and ages."""

    cold_ms: list[float] = field(default_factory=list)
    warm_ms: list[float] = field(default_factory=list)
    bytes_: list[float] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)
    ages_ms: list[float] = field(default_factory=list)
    flow_ages_ms: list[float] = field(default_factory=list)


def measure(cache: Path, sizes: Sizes) -> list[Figure]:
    """Loads beside a running replay, over a line that costs nothing and over a slow one; why not, where they cannot."""
    browser = executable()
    if browser is None:
        return [Figure(PART, "the page in a browser", note=MISSING)]
    history_s = sizes.history_rows * _INTERVAL_S
    played_s = _SPEED * (_START_UP_S + sizes.loads * (2 * _A_LOAD_S + 3 * sizes.poll_seconds))
    hours = (history_s + played_s) / 3600
    folder = dataset.prepared(cache, round(hours * sizes.events_an_hour), hours=hours)
    options = ("--interval", f"{_INTERVAL_S}s", "--start", f"+{history_s}s", "--speed", str(_SPEED))
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a part of the development environment only

    fast, slow = _Loads(), _Loads()
    with processes.steered_page(cache, folder, *options) as url, sync_playwright() as playwright:
        for number in range(sizes.loads):
            for loads in (fast, slow):
                kbit_s = sizes.slow_kbit_s if loads is slow else None
                progress(f"{PART} {number + 1}/{sizes.loads}: {kbit_s or 'any number of'} kbit/s")
                _load(playwright, browser, url, loads, sizes, kbit_s=kbit_s)
    line = f"{sizes.slow_kbit_s} kbit/s, {_SLOW_LATENCY_MS} ms there and back"
    return [
        _figure("first candle, nothing cached", fast.cold_ms, _COLD_MS, _travelled(fast)),
        _figure("first candle, all cached", fast.warm_ms, _WARM_MS),
        Figure(PART, "a first load", "kB over the wire", {"max": max(fast.bytes_) / 1000}, Bar("max", "<", _MOST_KB)),
        _figure(f"first candle at {line}, nothing cached", slow.cold_ms, None, _travelled(slow)),
        _figure(f"first candle at {line}, all cached", slow.warm_ms, None),
        Figure(
            PART,
            f"age of what is shown at ×{_SPEED} at {line}",
            "ms",
            numbers(slow.ages_ms),
            Bar("p95", "<", _AGE_MS),
            "since it was published",
        ),
        Figure(
            PART,
            f"the same from opening Order flow on, for {2 * sizes.poll_seconds:g} s",
            "ms",
            numbers(slow.flow_ages_ms),
            note="its views travel one after the other, and then their differences",
        ),
    ]


def _figure(name: str, times_ms: list[float], most_ms: float | None, note: str = "") -> Figure:
    said = f"{len(times_ms)} loads" + (f", {note}" if note else "")
    return Figure(PART, name, "ms", numbers(times_ms), Bar("p50", "<", most_ms) if most_ms else None, said)


def _travelled(loads: _Loads) -> str:
    return f"{numbers(loads.requests)['p50']:.0f} requests and {numbers(loads.bytes_)['p50'] / 1000:.0f} kB until then"


def _load(playwright: Playwright, chromium: str, url: str, loads: _Loads, sizes: Sizes, *, kbit_s: int | None) -> None:
    """Load the page in a new profile, look at it where the line is slow, and load it again in the same one."""
    seconds = sizes.poll_seconds
    with _profile(playwright, chromium) as context:
        page, travelled = _page(context, kbit_s=kbit_s)
        loads.cold_ms.append(_first_candle_ms(page, url))
        loads.bytes_.append(sum(travelled))
        loads.requests.append(len(travelled))
        page.wait_for_timeout(_SETTLED_MS)
        if kbit_s is not None:
            loads.ages_ms.extend(page.evaluate(_AGES, [seconds * 1000, _LOOK_MS]))
            page.keyboard.press("v")
            loads.flow_ages_ms.extend(page.evaluate(_AGES, [2 * seconds * 1000, _LOOK_MS]))
        page.close()
        page, _ = _page(context, kbit_s=kbit_s)
        loads.warm_ms.append(_first_candle_ms(page, url))


@contextmanager
def _profile(playwright: Playwright, chromium: str) -> Iterator[BrowserContext]:
    """A browser with a profile of its own, which has come up."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        context = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=chromium,
            args=list(ARGUMENTS),
            viewport=SIZE,  # type: ignore[arg-type] # a dict as it wants it
        )
        context.add_init_script(f"({_FIRST_CANDLE})()")
        try:
            context.pages[0].wait_for_timeout(_SETTLED_MS)
            yield context
        finally:
            context.close()


def _page(context: BrowserContext, *, kbit_s: int | None) -> tuple[Page, list[float]]:
    """An empty page, and the bytes of each answer that it gets from now on."""
    page = context.new_page()
    network: CDPSession = context.new_cdp_session(page)
    network.send("Network.enable")
    if kbit_s is not None:
        network.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": _SLOW_LATENCY_MS,
                "downloadThroughput": kbit_s * 1000 / 8,
                "uploadThroughput": kbit_s * 1000 / 8,
            },
        )
    travelled: list[float] = []

    def finished(event: dict[str, Any]) -> None:
        travelled.append(event["encodedDataLength"])

    network.on("Network.loadingFinished", finished)
    return page, travelled


def _first_candle_ms(page: Page, url: str) -> float:
    page.goto(url, wait_until="commit")
    until(page, "() => window.firstCandleMs > 0")
    found: float = page.evaluate("() => window.firstCandleMs")
    return found
