"""Small pictures for the tests of the visualizer's pure parts."""

from __future__ import annotations

from typing import Any

import msgspec

from shared import (
    CONTRACT_VERSION,
    DATA_FILES,
    ControlAnswer,
    Depth,
    FileEntry,
    IpcStats,
    Level,
    MetricsRow,
    OhlcRow,
    Picture,
    Status,
)

MINUTE_MS = 60_000


def status(**fields: Any) -> Status:
    """A status of generation 1 whose data files are all of that generation; `fields` replaces any of it."""
    generation = fields.get("generation", 1)
    base = Status(
        contract=CONTRACT_VERSION,
        session="first",
        generation=generation,
        state="playing",
        dataset="demo",
        instrument="BTCUSDT",
        instruments=("BTCUSDT",),
        interval="1m",
        start_ms=0,
        end_ms=10 * MINUTE_MS,
        event_time_ms=MINUTE_MS,
        speed=1.0,
        published_at_ms=1000,
        heartbeat_ms=1000,
        files={name: FileEntry(generation, 10, 20) for name in DATA_FILES},
        control=ControlAnswer(),
        checks={"times_increase": True},
        ipc=IpcStats(),
        report={},
        error=None,
    )
    return msgspec.structs.replace(base, **fields)


def picture(bars: int = 3, first: int = 0, **fields: Any) -> Picture:
    """A picture of `bars` bars from minute `first` on, closing at their own minute's number."""
    minutes = range(first, first + bars)
    return Picture(
        status=status(**fields),
        ohlc=tuple(OhlcRow(minute * MINUTE_MS, 1, 100, 0, minute, 5) for minute in minutes),
        metrics=tuple(MetricsRow(minute * MINUTE_MS, 0, 1, -1, 0.5, 1, 2, 0, minute) for minute in minutes),
        depth=Depth(bids=(Level(99.5, 1),), asks=(Level(100.5, 2),)),
    )
