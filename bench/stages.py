"""Where the time of an aggregation goes: each stage run alone, and what the machine allows at best."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from bench import aggregation, dataset, tardis_files
from bench.figures import Figure, spread
from processor.core.engine import Engine
from processor.core.events import concatenated
from processor.settings import Settings
from processor.store import manifest as manifests
from processor.store.reader import read_segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from processor.core.events import Trades
    from processor.core.merge.chunk import Chunk

PART: Final = "stages"
_COPIED_BYTES: Final = 256_000_000
_EVENT_BYTES: Final = 25
"""What the core holds of an event: time, price and size in 64 bits, and the side."""
_TRADES_AT_ONCE: Final = 131_072
"""As many as an aggregation hands over in one call."""
_PIECE_BYTES: Final = 1 << 20


def measure(cache: Path, *, events: int, packed_events: int, repetitions: int) -> list[Figure]:
    """Nanoseconds of processor time an event of each stage, in memory from one to the next; then the limits.

    gzip's is measured on a vendor's file of `packed_events`.
    """
    folder = dataset.prepared(cache, events)
    store = dataset.stored(folder)
    aggregation.history(dataset.stored(dataset.prepared(cache, aggregation.WARM_UP_EVENTS)), Settings())
    chunks = list(_chunks(store))
    engine = aggregation.aggregated(folder, Settings())
    rows, _, _ = dataset.book_extent(folder)
    trades, total = engine.trades, engine.trades + rows
    parts = sum(len(chunk.book) for chunk in chunks)
    tape = _together([part for chunk in chunks for part in chunk.trades])

    def timed(run: Callable[[], object], count: int = total) -> dict[str, float]:
        return _ns_each(run, count, repetitions)

    stages = (
        ("decode: store to columns", lambda: _drain(_chunks(store)), f"{rows:,} of the book, {trades:,} trades"),
        ("kernel: book and OBI of 10 levels", lambda: _booked(chunks, 10), f"{parts} calls"),
        ("kernel: book and OBI of the whole book", lambda: _booked(chunks, 0), f"{parts} calls"),
        ("bars and CVD", lambda: _taped(tape), f"{timed(lambda: _taped(tape), trades)['median']:.3g} ns a trade"),
        (
            "all of it",
            lambda: aggregation.history(store, Settings()),
            "a thread for each core",
        ),
    )
    wall = _ns_each(stages[-1][1], total, repetitions, time.perf_counter_ns)
    return [
        *(Figure(PART, name, "ns an event", timed(run), note=note) for name, run, note in stages),
        Figure(PART, "all of it, wall time", "ns an event", wall),
        *_limits(folder, rows, repetitions),
        _inflating(cache, packed_events, repetitions),
    ]


def _ns_each(
    run: Callable[[], object], count: int, repetitions: int, clock: Callable[[], int] = time.process_time_ns
) -> dict[str, float]:
    taken = []
    for _ in range(repetitions):
        begun = clock()
        run()
        taken.append((clock() - begun) / count)
    return spread(taken)


def _chunks(store: Path) -> Iterator[Chunk]:
    manifest = manifests.load(store)
    for number, segment in enumerate(manifest.segments if manifest else ()):
        yield read_segment(store, number, segment)


def _drain(chunks: Iterator[object]) -> None:
    """Take all there is and keep nothing, as an aggregation does."""
    for _ in chunks:
        pass


def _booked(chunks: Sequence[Chunk], levels: int) -> None:
    engine = Engine(Settings(obi_levels=levels).aggregation)
    for chunk in chunks:
        engine.advance((), chunk.book)


def _taped(parts: Sequence[Trades]) -> None:
    engine = Engine(Settings().aggregation)
    for trades in parts:
        engine.advance((trades,), ())


def _together(parts: Sequence[Trades]) -> list[Trades]:
    """The same trades in pieces of _TRADES_AT_ONCE."""
    whole = concatenated(parts)
    return [whole.rows(slice(begin, begin + _TRADES_AT_ONCE)) for begin in range(0, len(whole), _TRADES_AT_ONCE)]


def _limits(folder: Path, rows: int, repetitions: int) -> list[Figure]:
    source = np.ones(_COPIED_BYTES // 8)
    target = np.empty_like(source)

    def copied() -> None:
        target[:] = source

    copied()  # the first one makes the kernel find the memory
    copying = _ns_each(copied, _COPIED_BYTES, repetitions)
    book = dataset.files(folder, "book")
    columns = ["time_ns", "side", "price_ticks", "size_lots"]
    decoding = _ns_each(lambda: pl.read_parquet(book, columns=columns), rows, repetitions)
    return [
        Figure(
            PART,
            "limit: memory copied (numpy)",
            "GB/s",
            _rates(copying),
            note=f"an event of {_EVENT_BYTES} bytes once: {_EVENT_BYTES * copying['median']:.2g} ns",
        ),
        Figure(
            PART,
            "limit: Polars decodes the book's four columns",
            "ns an event",
            decoding,
            note="checking nothing",
        ),
    ]


def _inflating(cache: Path, events: int, repetitions: int) -> Figure:
    path = min(tardis_files.written(cache, events).iterdir())
    size = _unpacked(path)
    lines, _, _ = dataset.book_extent(tardis_files.market(cache, events))
    taken = _ns_each(lambda: _unpacked(path), size, repetitions, time.perf_counter_ns)
    note = f"a line of {size / lines:.0f} bytes: {taken['median'] * size / lines:.3g} ns"
    return Figure(PART, "limit: gzip -dc, unpacked text", "GB/s", _rates(taken), note=note)


def _rates(ns_a_byte: dict[str, float]) -> dict[str, float]:
    return spread([1 / value for value in ns_a_byte.values()])


def _unpacked(path: Path) -> int:
    """Bytes that gzip makes of a file, thrown away."""
    size = 0
    with subprocess.Popen(
        ["gzip", "-dc", str(path)],  # noqa: S607 - wherever the machine has it
        stdout=subprocess.PIPE,
    ) as gzip:
        if gzip.stdout is None:
            raise AssertionError
        while piece := gzip.stdout.read(_PIECE_BYTES):
            size += len(piece)
    return size
