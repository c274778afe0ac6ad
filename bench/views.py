"""What the views on request cost: how soon a command is answered while all are written, and the processor's time."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Final

import psutil

from bench import dataset, processes, steering
from bench.figures import Bar, Figure, progress
from processor.aggregate.table import aggregate_all
from processor.aggregate.view_tables import view_tables
from processor.formats import open_dataset
from processor.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

PART: Final = "views"
_SPEED: Final = 600
_WARM_S: Final = 3.0
_OF_TRADES: Final = "footprint,profile,quotes,sizes,statistics,tape"
"""Views from trades, and the best prices that stand in for trades where there are none."""
_MOST_MORE: Final = {_OF_TRADES: 1.5, "all": 2.0}
"""How many times the processor time of bars and depth these views may cost, those two included."""
_SEEK_MS: Final = 1000.0
_SWITCH_MS: Final = 500.0
_FROM_EVENTS: Final = "10s"
"""A store's bars of the measures do not add up to these."""
_LEAST_SPEED: Final = 0.5


def measure(cache: Path, *, events: int, commands: int, seconds: float, rounds: int) -> list[Figure]:
    """Milliseconds until commands are answered with every view written, and of processor time a publication.

    A day of `events` in the processor's cache. The time is that of a replay at 600 times real time from the middle of
    the day, over `seconds`, with the views and without them.
    """
    folder = dataset.prepared(cache, events, hours=24)
    kept = cache / "views-cache"
    note = f"{commands} of them in a day of {events:,} events, each view written"
    bars = {"seek": Bar("p95", "<=", _SEEK_MS), "another interval": Bar("p95", "<=", _SWITCH_MS)}
    figures = []
    for views in _MOST_MORE:
        found = steering.answered_ms(cache, folder, kept, commands, "--views", views)
        times = {"seek": found["seek"], "another interval": found["interval"]}
        figures += [
            Figure(PART, f"{action}, {_named(views)}", "ms", steering.numbers(times[action]), bar, note)
            for action, bar in bars.items()
        ]
    progress(f"{PART}: processor time at x{_SPEED}")
    figures += _processor_times(cache, folder, kept, seconds, rounds)
    shutil.rmtree(kept, ignore_errors=True)
    return [*figures, _table_of_measures(dataset.stored(folder), rounds)]


def _processor_times(cache: Path, folder: Path, kept: Path, seconds: float, rounds: int) -> list[Figure]:
    """What the views from trades cost beside bars and depth, and what all views do."""
    # One after the other in each round, and the least of each: other work on the machine only adds.
    chosen = [(), *(("--views", views) for views in _MOST_MORE)]
    found = [[_processor_ms(cache, folder, kept, seconds, *options) for options in chosen] for _ in range(rounds)]
    without, *with_views = (min(times) for times in zip(*found, strict=True))
    note = f"a publication, ten a second at x{_SPEED}, bars of a minute; the least of {rounds} times {seconds:g} s"
    return [
        Figure(
            PART,
            f"processor time, {_named(views)}",
            "ms",
            {"bars and depth": without, "with views": taken, "ratio": taken / without},
            Bar("ratio", "<=", most),
            note,
        )
        for (views, most), taken in zip(_MOST_MORE.items(), with_views, strict=True)
    ]


def _named(views: str) -> str:
    return "all views" if views == "all" else "views from trades"


def _table_of_measures(store: Path, rounds: int) -> Figure:
    """How fast the table of measures is made, beside that of bars, each from every event of a store."""
    opened = open_dataset(store)
    settings = Settings(interval=_FROM_EVENTS)
    taken: dict[str, list[float]] = {"bars": [], "measures": []}
    for _ in range(rounds):
        for name, times in taken.items():
            begun = time.process_time()
            if name == "bars":
                aggregate_all(opened, opened.instruments, settings, None, from_bars=False)
            else:
                view_tables(name, opened, opened.instruments, settings, None)
            times.append(time.process_time() - begun)
    bars_s, measures_s = (min(times) for times in taken.values())
    numbers = {"bars": bars_s, "measures": measures_s, "ratio": bars_s / measures_s}
    note = f"processor time of bars of {_FROM_EVENTS}, which come from every event; the ratio is that of the speeds"
    return Figure(PART, "table of measures / of bars", "s", numbers, Bar("ratio", ">=", _LEAST_SPEED), note)


def _processor_ms(cache: Path, folder: Path, kept: Path, seconds: float, *options: str) -> float:
    """Processor time of a replay, in ms for each publication: a busy disk makes these fewer, not cheaper."""
    out, log = cache / "ipc", cache / "replay.log"
    shutil.rmtree(out, ignore_errors=True)
    played = ("--out", str(out), "--resume", "off", "--start", "+12h", "--speed", str(_SPEED), "--interval", "1m")
    command = ("processor", "replay", str(folder), *played, *options)
    with processes.running(log, *command, **processes.keeping_in(kept)) as replay:
        processes.until(lambda: processes.is_playing(out), replay, log)
        time.sleep(min(_WARM_S, seconds))
        process = psutil.Process(replay.pid)
        before, first = process.cpu_times(), processes.published(out)
        time.sleep(seconds)
        after, last = process.cpu_times(), processes.published(out)
    if first is None or last is None or last.generation == first.generation:
        msg = "nothing was published"
        raise processes.NotServed(msg)
    used: float = after.user + after.system - before.user - before.system
    return used * 1000 / (last.generation - first.generation)
