"""Small pictures for the tests of the visualizer's pure parts."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec

from shared import (
    CONTRACT_VERSION,
    DATA_FILES,
    DEPTH,
    METRICS,
    OHLC,
    ControlAnswer,
    DataReport,
    Depth,
    FileEntry,
    Finding,
    Held,
    Incident,
    IpcStats,
    Level,
    MetricsRow,
    OhlcRow,
    Picture,
    ReadFile,
    Status,
    View,
    encode,
)

MINUTE_MS = 60_000


def report(**fields: Any) -> DataReport:
    """A report of a dataset of one file in which a gap was found; `fields` replaces any of it."""
    gap = Incident("trades.csv", 7, MINUTE_MS, None, "9 follows 7")
    base = DataReport(
        dataset="demo",
        format="tardis",
        instrument="BTCUSDT",
        instruments=("BTCUSDT",),
        complete=True,
        trades=3,
        book_events=5,
        files=(ReadFile("trades.csv", 3, 0, 0, 2 * MINUTE_MS),),
        file_count=1,
        ignored_files=(),
        ignored_count=0,
        findings=(Finding("gaps", "breaks in the vendor's sequence numbers", 1, (gap,)),),
    )
    return msgspec.structs.replace(base, **fields)


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
    return held(
        status(**fields),
        (OHLC, tuple(OhlcRow(minute * MINUTE_MS, 1, 100, 0, minute, 5) for minute in minutes)),
        (METRICS, tuple(MetricsRow(minute * MINUTE_MS, 0, 1, -1, 0.5, 1, 2, 0, minute) for minute in minutes)),
        (DEPTH, Depth(bids=(Level(99.5, 1),), asks=(Level(100.5, 2),))),
    )


def held(status: Status, *views: tuple[View[Any], Any]) -> Picture:
    """A picture of these views, as a reader makes it."""
    return Picture(status, {view.name: Held(value, zlib.crc32(encode(value))) for view, value in views})


def with_view(source: Picture, view: View[Any], value: object) -> Picture:
    """The same picture with another value of a view."""
    return msgspec.structs.replace(source, held=source.held | held(source.status, (view, value)).held)
