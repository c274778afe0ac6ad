"""Small publications whose files show of which generation they are."""

from __future__ import annotations

from typing import Any

from shared import (
    DEPTH_FILE,
    METRICS_FILE,
    OHLC_FILE,
    ControlAnswer,
    DataReport,
    Depth,
    DirectoryWriter,
    IpcStats,
    Level,
    MetricsRow,
    OhlcRow,
    Picture,
    Status,
    encode,
)
from shared.views.tape import TAPE, TAPE_FILE, TapeRow


def a_status(writer: DirectoryWriter, generation: int, **changes: Any) -> Status:
    fields: dict[str, Any] = {
        "contract": "1.0",
        "session": "s",
        "generation": generation,
        "state": "playing",
        "dataset": "d",
        "instrument": "X",
        "instruments": ("X",),
        "interval": "1m",
        "start_ms": 0,
        "end_ms": None,
        "event_time_ms": 0,
        "speed": None,
        "published_at_ms": generation,
        "heartbeat_ms": generation,
        "files": dict(writer.files),
        "control": ControlAnswer(),
        "checks": {},
        "ipc": IpcStats(),
        "report": {},
        "error": None,
    }
    return Status(**fields | changes)


def publish(writer: DirectoryWriter, generation: int, **changes: Any) -> None:
    close = float(generation)
    writer.write(OHLC_FILE, encode([OhlcRow(0, 1.0, close + 1, 1.0, close, 1.0)]), generation)
    writer.write(METRICS_FILE, encode([MetricsRow(0, 0.0, 0.0, 0.0, 0.0, 0.0, close, 0.0, close)]), generation)
    writer.write(DEPTH_FILE, encode(Depth((Level(1.0, close + 1),), (Level(2.0, 1.0),))), generation)
    writer.commit(encode(a_status(writer, generation, **changes)))


def a_report(trades: int) -> DataReport:
    return DataReport("d", "f", "X", ("X",), True, trades, 0, (), 0, (), 0, ())  # noqa: FBT003 - in their order


def a_tape(generation: int) -> tuple[TapeRow, ...]:
    return (TapeRow(generation, 0, 1, 1.0, 1, 1.0, 1.0, 1),)


def step(writer: DirectoryWriter, generation: int) -> None:
    """A publication that writes a file more than the one before it, or drops that."""
    if generation % 2:
        writer.write(TAPE_FILE, encode(a_tape(generation)), generation)
    else:
        writer.drop(TAPE_FILE)
    publish(writer, generation)


def told_by(picture: Picture) -> int:
    """The generation that all files of the picture are from, as `step` has published them."""
    generation = picture.status.generation
    close = float(generation)
    assert (picture.ohlc[0].close, picture.metrics[0].cvd_close) == (close, close)
    assert picture.depth.bids[0].size == close + 1
    assert picture[TAPE] == (a_tape(generation) if generation % 2 else ())
    return generation
