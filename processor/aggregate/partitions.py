"""A store's history in parts that can be computed anywhere: one for each UTC day, put together to that of one pass.

The checkpoint before a day has the book and the CVD that the day begins with, so no day waits for the one before. An
interval over midnight is in both days' parts: the second one's opens where the first one's closed, so that joining
them as two pieces of one gives it whole.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from processor.core.aggregates import bars
from processor.core.aggregates.bars import Tape, Traded
from processor.core.book import Book, BookBars, concatenated
from processor.core.engine import Engine, FirstTimes
from processor.errors import DatasetError
from processor.store import manifest as manifests
from processor.store.files import CHECKPOINT_KIND, file_name, read_checkpoint
from processor.store.reader import bare_engine_before, read_segment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from processor.core.merge.ordering import Chunk
    from processor.settings import Aggregation
    from processor.store.manifest import Manifest

_SEGMENTS_OF_A_PIECE: Final = 16
"""A thread tells of its progress after so many, some half a second."""


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
    """The intervals of a partition: those with trades (as `Engine.trade_bars` gives them) and those with samples.

    Decimals are those of prices and sizes of the trade bars, and of the best prices in the book's.
    """

    trade_bars: pl.DataFrame
    book_bars: BookBars
    trade_decimals: tuple[int, int]
    book_price_decimals: int


def divisible(aggregation: Aggregation) -> bool:
    """Whether parts of days add up.

    Where the CVD restarts within an interval, its value at midnight is no value of the interval, but the open of its
    second part.
    """
    return aggregation.cvd_reset == "none" or aggregation.divides_days


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
    engine = bare_engine_before(folder, manifest, partition.first, partition.aggregation, keep=None)
    # No segment is read ahead: whoever wants more cores at work computes more partitions at the same time.
    for number in range(partition.first, partition.end):
        _advance(engine, read_segment(folder, number, manifest.segments[number]))
    tape, book = engine.tape, engine.book
    decimals = tape.price_decimals, tape.size_decimals
    return Part(engine.trade_bars(), engine.book_bars(), decimals, book.price_decimals)


def _advance(engine: Engine, chunk: Chunk) -> None:
    """In a function of its own, which lets go of a chunk before the next one is read."""
    engine.advance(chunk.trades, chunk.book)


def put_together(folder: Path, manifest: Manifest, parts: Sequence[Part], aggregation: Aggregation, end: int) -> Engine:
    """The engine that one pass over the segments up to, without, `end` would have made; `parts` are all of theirs.

    Raises:
        DatasetError: the store is damaged.
    """
    carry, state = read_checkpoint(folder / file_name(CHECKPOINT_KIND, end - 1))
    price_decimals, size_decimals = carry.trade_decimals
    trade_bars = bars.joined(
        [
            bars.rescaled(
                part.trade_bars, price_decimals - part.trade_decimals[0], size_decimals - part.trade_decimals[1]
            )
            for part in parts
        ]
    )
    # Of one interval at a time, so that only those cut in two are gathered.
    book_bars = concatenated(
        [part.book_bars.finer(carry.book_decimals[0] - part.book_price_decimals) for part in parts]
    ).coarser(1)
    interval_ns, reset = aggregation.interval_ns, aggregation.cvd_reset
    return Engine.resumed(
        aggregation,
        keep=None,
        book=Book.resumed(
            state,
            interval_ns=interval_ns,
            obi_levels=aggregation.obi_levels,
            open_bar=book_bars.tail(1) if len(book_bars) else None,
        ),
        tape=Tape.resumed(
            reset=reset,
            decimals=carry.trade_decimals,
            cvd_lots=carry.cvd_of_day_lots if reset == "day" else carry.cvd_lots,
            cvd_day=carry.cvd_day,
            open_bar=trade_bars[-1:],
            traded=carry.traded,
            traded_before_cvd=carry.traded_before_day if reset == "day" else Traded(),
        ),
        trades=carry.trades,
        firsts=FirstTimes(manifest.first_ns, manifest.first_trade_ns, manifest.first_book_ns),
        event_ns=carry.event_ns,
        closed=(trade_bars[:-1], book_bars.rows(slice(0, -1))),
        traded_before=Traded(),
    )
