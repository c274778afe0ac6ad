"""The file exchange at its full size: what a publication costs the writer, and a new picture the reader."""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

from bench import dataset
from bench.figures import Bar, Figure, percentiles, progress
from processor.core.engine import Engine
from processor.core.report import Report
from processor.formats import open_dataset
from processor.prefetch import prefetched
from processor.publish.views.depth import depth_payload
from processor.publish.views.metrics import metrics_payload
from processor.publish.views.ohlc import ohlc_payload
from processor.replay.cursor import Cursor
from processor.settings import Aggregation
from processor.units import NS_PER_SECOND
from shared import (
    CHECKS,
    CONTRACT_VERSION,
    DATA_FILES,
    DEPTH_FILE,
    MAX_PARSE_MS,
    MAX_ROWS,
    MAX_WRITE_MS,
    METRICS_FILE,
    OHLC_FILE,
    STATUS_FILE,
    ControlAnswer,
    DirectoryReader,
    DirectoryWriter,
    IpcStats,
    Status,
    encode,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PART: Final = "file exchange"
_LEVELS: Final = 50
_WARM_UP: Final = 20
_SHARED: Final = ", renames of all and fsync of the directory"
_EVENT_TIME_PER_PUBLICATION_NS: Final = NS_PER_SECOND
"""Ten times real time at ten publications a second; with bars of a second every publication changes every file."""


class _Costs:
    """Milliseconds by what they were spent on."""

    def __init__(self) -> None:
        self.ms: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.ms[name].append((time.perf_counter() - begun) * 1000)

    def parsed(self, name: str, seconds: float) -> None:
        self.ms[f"parse {name}"].append(seconds * 1000)

    def failed(self, name: str, kind: str) -> None:
        msg = f"the reader could not take {name}: {kind}"
        raise RuntimeError(msg)


def measure(cache: Path, *, publications: int, hz: float) -> list[Figure]:
    """Replay a busy market into a directory beside the datasets, reading each publication as it is made."""
    progress(f"{PART}: {publications} publications at {hz:g} Hz")
    # Enough events that every row of a full file is there before the first publication.
    seconds = MAX_ROWS + _WARM_UP + publications + 60
    folder = dataset.prepared(cache, round(seconds / 3600 * dataset.EVENTS_AN_HOUR))
    directory = cache / "ipc"
    shutil.rmtree(directory, ignore_errors=True)
    costs, sizes = _Costs(), dict[str, int]()
    opened = open_dataset(folder).open(None, "exchange", Report())
    with (
        DirectoryWriter(directory) as writer,
        closing(prefetched(opened.chunks(Report()))) as chunks,
    ):
        reader = DirectoryReader(directory, costs)
        cursor = Cursor(chunks, Engine(Aggregation(interval_ns=NS_PER_SECOND), keep=MAX_ROWS))
        until_ns = (cursor.next_ns() or 0) + MAX_ROWS * NS_PER_SECOND
        for generation in range(1, _WARM_UP + publications + 1):
            due = time.perf_counter() + 1 / hz
            _advance(cursor, until_ns)
            _publish(writer, cursor.engine, generation, costs, sizes)
            with costs.of("read"):
                reader.poll()
            if generation == _WARM_UP:
                costs.ms.clear()
            until_ns += _EVENT_TIME_PER_PUBLICATION_NS
            time.sleep(max(0.0, due - time.perf_counter()))
    return _figures(costs, sizes, publications)


def _advance(cursor: Cursor, until_ns: int) -> None:
    while (next_ns := cursor.next_ns()) is not None and next_ns <= until_ns:
        cursor.advance_loaded(until_ns)


def _publish(writer: DirectoryWriter, engine: Engine, generation: int, costs: _Costs, sizes: dict[str, int]) -> None:
    encoders: dict[str, Callable[[], bytes]] = {
        DEPTH_FILE: lambda: depth_payload(engine, _LEVELS),
        OHLC_FILE: lambda: ohlc_payload(engine),
        METRICS_FILE: lambda: metrics_payload(engine, engine.rows()),
    }
    for name, encoder in encoders.items():
        with costs.of(f"encode {name}"):
            payload = encoder()
        sizes[name] = len(payload)
        with costs.of(f"write {name}"):
            writer.write(name, payload, generation)
    status = encode(_status(writer, generation))
    sizes[STATUS_FILE] = len(status)
    with costs.of(f"write {STATUS_FILE}"):
        writer.commit(status)


def _status(writer: DirectoryWriter, generation: int) -> Status:
    now_ms = time.time_ns() // 1_000_000
    return Status(
        contract=CONTRACT_VERSION,
        session="bench",
        generation=generation,
        state="playing",
        dataset="demo",
        instrument="DEMO-PERP",
        instruments=("DEMO-PERP",),
        interval="1s",
        start_ms=None,
        end_ms=None,
        event_time_ms=now_ms,
        speed=10.0,
        published_at_ms=now_ms,
        heartbeat_ms=now_ms,
        files=dict(writer.files),
        control=ControlAnswer(),
        checks=dict.fromkeys(CHECKS, True),
        ipc=IpcStats(files=writer.stats()),
        report=Report().published(),
        error=None,
    )


def _figures(costs: _Costs, sizes: dict[str, int], publications: int) -> list[Figure]:
    writing, reading = Bar("p99", "<", MAX_WRITE_MS), Bar("p99", "<", MAX_PARSE_MS)
    files = (*DATA_FILES, STATUS_FILE)
    figures = [
        Figure(
            PART,
            f"write {name}",
            "ms",
            percentiles(costs.ms[f"write {name}"]),
            writing,
            f"{sizes[name] / 1000:.1f} kB, fsync{_SHARED if name == STATUS_FILE else ''}, {publications} times",
        )
        for name in files
    ]
    figures.append(
        Figure(
            PART,
            "read of a new picture",
            "ms",
            percentiles(costs.ms["read"]),
            reading,
            "all four files: stat, read, CRC, parse, check",
        )
    )
    figures += [Figure(PART, f"parse {name}", "ms", percentiles(costs.ms[f"parse {name}"]), reading) for name in files]
    return figures + [
        Figure(PART, f"encode {name}", "ms", percentiles(costs.ms[f"encode {name}"]), note="from the engine's state")
        for name in DATA_FILES
    ]
