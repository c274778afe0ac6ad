"""The page under many open tabs: a real gunicorn, polled as browsers do, while a real replay publishes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench import dataset, polls, processes
from bench.figures import Bar, Figure, progress

if TYPE_CHECKING:
    from pathlib import Path

PART: Final = "page"
_MOST_MS: Final = {64: (100.0, 150.0), 256: (300.0, 300.0)}
"""By number of tabs the p95 that a poll may take: where all ask by their clock, and where all are told besides."""
_PRESET_TABS: Final = 64
_INTERVAL_S: Final = 10
_SPEED: Final = 10
_START_UP_S: Final = 60
_TWO_POLLS_S: Final = 2.0
"""Time enough for a second poll, the first one that counts, on a busy machine, too."""
_PRESET: Final = ("footprint", "statistics", "profile", "tape", "heatmap", "ladder", "events")
"""What a page of the preset Order flow asks for besides what all do."""


def measure(cache: Path, *, tabs: tuple[int, ...], seconds: float, history_rows: int) -> list[Figure]:
    """Answer times of polls at each number of tabs, on a page that begins with so many rows."""
    history_s = history_rows * _INTERVAL_S
    played_s = _SPEED * (_START_UP_S + (len(tabs) + 3) * seconds)
    folder = dataset.prepared(cache, round((history_s + played_s) / 3600 * dataset.EVENTS_AN_HOUR))
    options = ("--interval", f"{_INTERVAL_S}s", "--start", f"+{history_s}s", "--speed", str(_SPEED))
    with processes.steered_page(cache, folder, *options) as url:
        polls.measure(url, tabs=4, seconds=2)
        found = [_figure(url, number, seconds, follow=follow) for number in tabs for follow in (False, True)]
        # The processor writes a view once it is asked for, and the first answers bring all of each.
        polls.measure(url, tabs=1, seconds=max(_TWO_POLLS_S, seconds / 4), asked=_PRESET)
        return [*found, _figure(url, min(_PRESET_TABS, tabs[-1]), seconds, follow=True, asked=_PRESET)]


def _figure(url: str, tabs: int, seconds: float, *, follow: bool, asked: tuple[str, ...] = ()) -> Figure:
    of_what = " of order flow" if asked else ""
    progress(f"{PART}: {tabs} tabs{of_what} for {seconds:g} s{', told of publications' if follow else ''}")
    found = polls.measure(url, tabs, seconds, asked=asked, warm_s=seconds if asked else 0.0, follow=follow)
    return Figure(
        PART,
        f"polls of {tabs} tabs{of_what} every 500 ms" + (", and when told of a publication" if follow else ""),
        "ms",
        {"p50": found.p50_ms, "p95": found.p95_ms, "p99": found.p99_ms, "max": found.max_ms},
        Bar("p95", "<", _MOST_MS[tabs][follow]) if tabs in _MOST_MS else None,
        f"{found.polls_per_s} polls/s, {found.bytes_per_poll:.0f} B each, {found.failed} failed"
        + (f", {found.told} tabs told" if follow else ""),
    )
