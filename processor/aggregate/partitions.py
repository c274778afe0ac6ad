"""A store's history in parts that can be computed anywhere: one for each UTC day, joined to that of one pass.

The checkpoint before a day has the book and the CVD that the day starts with, so no day waits for the one before. An
interval over midnight is in both days' parts: the second one's opens where the first one's closed, so that joining
them as two pieces of one gives it whole.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from processor.core.engine import Engine
from processor.errors import DatasetError
from processor.store import manifest as manifests
from processor.store.reader import bare_state_before, read_segment, state_of_parts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from processor.core.merge.chunk import Chunk
    from processor.settings import Aggregation
    from processor.store.manifest import Manifest
    from processor.store.reader import BookPart, TradePart

_SEGMENTS_OF_A_PIECE: Final = 16
"""A thread reports its progress after so many, about every half second."""


@dataclass(frozen=True, slots=True)
class Partition:
    """Segments `first` up to, without, `end` of the store at `folder`, whose source has the name `key`: one UTC day."""

    folder: Path
    key: str
    first: int
    end: int
    events: int
    aggregation: Aggregation


@dataclass(frozen=True, slots=True)
class Part:
    """The intervals of a partition: those with trades and those with samples, each with their decimals."""

    trade_bars: TradePart
    book_bars: BookPart


def divisible(aggregation: Aggregation) -> bool:
    """Whether parts of days add up.

    Where the CVD restarts within an interval, the value that it has there is no value of the interval, but the open of
    its second part.
    """
    return aggregation.cvd_reset == "none" or aggregation.divides_sessions


def partitions(folder: Path, manifest: Manifest, aggregation: Aggregation, end: int) -> list[Partition]:
    """The segments up to, without, `end` of a complete store, in order; one partition if the days are not divisible.

    None where intervals end by activity: each waits for the one before.
    """
    if aggregation.activity is not None:
        return []
    days = [manifest.segments[number].day if divisible(aggregation) else "" for number in range(end)]
    found = []
    for _, numbers in groupby(range(end), key=days.__getitem__):
        first, *_, last = (*numbers,) * 2
        events = _events(manifest, first, last + 1)
        found.append(Partition(folder, manifest.key, first, last + 1, events, aggregation))
    return found


def pieces(folder: Path, manifest: Manifest, aggregation: Aggregation, end: int, least: int) -> list[Partition]:
    """The same segments in at least `least` pieces of about equal length, for the threads of one process.

    One piece if they cannot be divided, or are too few.
    """
    count = max(least, -(-end // _SEGMENTS_OF_A_PIECE)) if divisible(aggregation) else 1
    edges = [round(end * number / count) for number in range(count + 1)]
    return [
        Partition(folder, manifest.key, first, last, _events(manifest, first, last), aggregation)
        for first, last in pairwise(edges)
        if first < last
    ]


def _events(manifest: Manifest, first: int, end: int) -> int:
    return sum(segment.trades + segment.book_events for segment in manifest.segments[first:end])


def computed(partition: Partition) -> Part:
    """A partition's intervals, wherever this runs.

    Raises:
        DatasetError: the store is not to be seen from here, or is damaged.
    """
    folder = partition.folder
    manifest = manifests.load(folder)
    if manifest is None or not manifest.complete or manifest.key != partition.key:
        msg = f"{folder} is not there, or is another store, on {socket.gethostname()}: workers need the same path to it"
        raise DatasetError(msg)
    aggregation = partition.aggregation
    engine = Engine(aggregation, state=bare_state_before(folder, manifest, partition.first, aggregation))
    # No segment is read ahead: more cores are used by computing more partitions at the same time.
    for number in range(partition.first, partition.end):
        _advance(engine, read_segment(folder, number, manifest.segments[number]))
    trade_bars, imbalance_bars = engine.trade_bars, engine.imbalance_bars
    return Part(
        (trade_bars.rows(), (trade_bars.price_decimals, trade_bars.size_decimals)),
        (imbalance_bars.rows(), engine.book.price_decimals),
    )


def _advance(engine: Engine, chunk: Chunk) -> None:
    """In a function of its own, which lets go of a chunk before the next one is read."""
    engine.advance(chunk.trades, chunk.book)


def engine_of_parts(
    folder: Path, manifest: Manifest, parts: Sequence[Part], aggregation: Aggregation, end: int
) -> Engine:
    """The engine that one pass over the segments up to, without, `end` would have made; `parts` are all of theirs.

    Raises:
        DatasetError: the store is damaged.
    """
    trade_parts, book_parts = [part.trade_bars for part in parts], [part.book_bars for part in parts]
    return Engine(aggregation, state=state_of_parts(folder, manifest, end, aggregation, trade_parts, book_parts))
