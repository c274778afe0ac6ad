"""Reads a store: its events from any segment on, and the state of an engine before it.

An engine that goes on from the state before segment k is, as far as the intervals that it keeps, what one pass over
segments 0 to k-1 makes of it, to the last bit. The book and the CVD come from the checkpoint before k. Intervals come
from the stored bars of a second where these add up to the interval wanted. Where they do not (part of a second, another
number of levels), the engine starts at an earlier segment, so that all intervals that it keeps come from events.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from processor.core.aggregates import bars
from processor.core.aggregates.bars import Traded
from processor.core.book import BookBars, concatenated, no_bars
from processor.core.engine import EngineState, FirstTimes
from processor.core.merge.chunk import Chunk
from processor.store.files import (
    BARS_KIND,
    BASE_NS,
    BASE_OBI,
    CHECKPOINT_KIND,
    file_name,
    read_bars,
    read_book,
    read_checkpoint,
    read_trades,
)
from processor.units import NS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from processor.core.aggregates.activity import ActivityCounter
    from processor.core.events import BookEvents, Trades
    from processor.settings import Aggregation
    from processor.store.activity_index import ActivityIndex
    from processor.store.manifest import Manifest, Segment

    TradePart = tuple[pl.DataFrame, tuple[int, int]]
    """Trade bars, and the decimals of their prices and of their sizes."""
    BookPart = tuple[BookBars, int]
    """Bars of the book, and the decimals of their prices."""


def segment_holding(manifest: Manifest, at_ns: int) -> int:
    """The segment that holds `at_ns`, the last one that starts by then; 0 before all of them."""
    return max(0, bisect_left(manifest.segments, at_ns + 1, key=lambda segment: segment.first_ns) - 1)


def read_segment(folder: Path, number: int, segment: Segment) -> Chunk:
    """A segment's events.

    Raises:
        DatasetError: a file is damaged.
    """
    book: tuple[BookEvents, ...] = ()
    if segment.book_events:
        path = folder / file_name("book", number, segment.day)
        book = read_book(path, segment.book_events, segment.book_decimals)
    return Chunk(
        trades=trades_of_segment(folder, number, segment),
        book=book,
        until_ns=segment.last_ns,
        consumed_bytes=segment.consumed_bytes,
    )


def trades_of_segment(folder: Path, number: int, segment: Segment) -> tuple[Trades, ...]:
    """A segment's trades, in successive parts.

    Raises:
        DatasetError: the file is damaged.
    """
    if not segment.trades:
        return ()
    path = folder / file_name("trades", number, segment.day)
    return read_trades(path, segment.trades, segment.trade_decimals)


def state_before(
    folder: Path,
    manifest: Manifest,
    segment: int,
    aggregation: Aggregation,
    *,
    keep: int,
    index: ActivityIndex | None = None,
) -> tuple[EngineState | None, int]:
    """The state of an engine, and the segment from which it has to go on to be right about its last `keep` intervals.

    They are right from `segment` on; the state before the first event is None. For intervals that end by activity,
    `index` says where they start.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    if segment == 0:
        return None, 0
    # One interval more than are kept, for the open one.
    wanted = keep + 1
    if index is not None:
        first = index.first_of(segment, wanted)
        return bare_state_before(folder, manifest, first, counter=index.before(first)), first
    per_bucket, odd_ns = divmod(aggregation.interval_ns, BASE_NS)
    if adds_up(aggregation):
        base = _base_bars(folder, manifest, segment, aggregation.obi_levels, per_bucket, wanted)
        parts = zip(manifest.segments[base.first : segment], base.trades, base.book, strict=True)
        before = _before(folder, manifest, base.first, segment)
        return _state(folder, manifest, segment, *_gathered(parts, aggregation, before), before.traded), segment
    # A second may lie in two intervals, so seconds are counted where intervals cannot be.
    seconds, wanted = (per_bucket, wanted) if not odd_ns else (1, wanted * (per_bucket + 1))
    first = _base_bars(folder, manifest, segment, 0, seconds, wanted).first
    return bare_state_before(folder, manifest, first), first


def adds_up(aggregation: Aggregation) -> bool:
    """Whether the stored bars of a second add up to what is wanted."""
    by_time = aggregation.activity is None and aggregation.interval_ns % BASE_NS == 0
    return by_time and aggregation.obi_levels in BASE_OBI


def state_of_bars(
    folder: Path, manifest: Manifest, end: int, aggregation: Aggregation, on_segment: Callable[[Segment], None]
) -> EngineState | None:
    """The state after the segments before `end`, with all intervals, from the stored bars alone; see `adds_up`.

    It is None before the first event. `on_segment` is called with each segment that has been read.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    if end == 0:
        return None

    def parts() -> Iterator[tuple[Segment, pl.DataFrame, BookBars]]:
        for number, segment in enumerate(manifest.segments[:end]):
            yield segment, *_read_bars(folder, manifest, number, end - 1, aggregation.obi_levels)
            on_segment(segment)

    return _state(folder, manifest, end, *_gathered(parts(), aggregation, _Before()), Traded())


def state_of_parts(
    folder: Path, manifest: Manifest, end: int, trade_parts: Sequence[TradePart], book_parts: Sequence[BookPart]
) -> EngineState:
    """The state after the segments before `end`, at least one, from the intervals of all of them.

    An interval that is cut between two parts is in both of them.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    last = manifest.segments[end - 1]
    trade_bars = bars.joined(
        [
            bars.rescaled(part, *(now - then for now, then in zip(last.trade_decimals, decimals, strict=True)))
            for part, decimals in trade_parts
        ]
    )
    # Gathered one interval at a time, so that only those cut in two change.
    book_bars = concatenated([part.finer(last.book_decimals[0] - decimals) for part, decimals in book_parts])
    return _state(folder, manifest, end, trade_bars, book_bars.coarser(1), Traded())


def bare_state_before(
    folder: Path, manifest: Manifest, segment: int, *, counter: ActivityCounter | None = None
) -> EngineState | None:
    """The state with the book and the CVD before `segment`, but none of the intervals; None before the first event.

    Its first interval of the book is the one of the last sample before `segment`, as that sample leaves it; its first
    interval of trades holds what is traded from `segment` on. `counter` has the open interval of an activity there.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    return _state(folder, manifest, segment, bars.empty(), no_bars(), None, counter) if segment else None


def _state(
    folder: Path,
    manifest: Manifest,
    segment: int,
    trade_bars: pl.DataFrame,
    book_bars: BookBars,
    traded_before: Traded | None,
    counter: ActivityCounter | None = None,
) -> EngineState:
    """The state before `segment` with these intervals; of `traded_before`, None is all that was traded."""
    metadata, book = read_checkpoint(folder / file_name(CHECKPOINT_KIND, segment - 1))
    return EngineState(
        event_ns=metadata.event_ns,
        first_times=FirstTimes(manifest.first_ns, manifest.first_trade_ns, manifest.first_book_ns),
        totals=metadata,
        book=book,
        trade_bars=trade_bars,
        book_bars=book_bars,
        traded_before=metadata.traded if traded_before is None else traded_before,
        counter=counter,
    )


@dataclass(frozen=True, slots=True)
class _BaseBars:
    """Stored bars from segment number `first` on, of trades on the scale of the last of them."""

    first: int
    trades: list[pl.DataFrame]
    book: list[BookBars]


def _base_bars(
    folder: Path, manifest: Manifest, segment: int, obi_levels: int, per_bucket: int, wanted: int
) -> _BaseBars:
    """The bars before `segment`, from so far back that `wanted` groups of `per_bucket` have trades, and have samples.

    Reads only as far back as it must, or to the first segment.
    """
    found = _BaseBars(segment, [], [])
    traded: set[int] = set()
    sampled: set[int] = set()
    while found.first and min(len(traded), len(sampled)) < wanted:
        number = found.first - 1
        trades, book = _read_bars(folder, manifest, number, segment - 1, obi_levels)
        traded.update((trades["bucket"] // per_bucket).unique().to_list())
        sampled.update(np.unique(book.bucket // per_bucket).tolist())
        found = _BaseBars(number, [trades, *found.trades], [book, *found.book])
    return found


def _read_bars(
    folder: Path, manifest: Manifest, number: int, latest: int, obi_levels: int
) -> tuple[pl.DataFrame, BookBars]:
    """The bars of segment `number` on the scale of those of segment `latest`."""
    then, now = manifest.segments[number], manifest.segments[latest]
    trades, book = read_bars(folder / file_name(BARS_KIND, number), obi_levels)
    grown = (later - earlier for later, earlier in zip(now.trade_decimals, then.trade_decimals, strict=True))
    return bars.rescaled(trades, *grown), book.finer(now.book_decimals[0] - then.book_decimals[0])


def _gathered(
    parts: Iterable[tuple[Segment, pl.DataFrame, BookBars]],
    aggregation: Aggregation,
    before: _Before,
) -> tuple[pl.DataFrame, BookBars]:
    """Bars of a second of successive segments as intervals, with the CVD counted from where it is to restart.

    Each segment is gathered by itself, so that not all of its seconds have to be held.
    """
    per_bucket = aggregation.interval_ns // BASE_NS
    day, before_lots = before.day, before.cvd_lots
    trade_parts: list[pl.DataFrame] = []
    book_parts: list[BookBars] = []
    for segment, trades, book in parts:
        of_day = trades
        if aggregation.cvd_reset == "day" and len(trades):
            if segment.first_ns // NS_PER_DAY != day:
                day, before_lots = segment.first_ns // NS_PER_DAY, trades["cvd_open"][0]
            of_day = trades.with_columns(pl.col(name) - pl.lit(before_lots, pl.Int128) for name in bars.CVD)
        trade_parts.append(bars.coarser(of_day, per_bucket))
        book_parts.append(book.coarser(per_bucket))
    return bars.coarser(pl.concat(trade_parts), 1), concatenated(book_parts).coarser(1)


@dataclass(frozen=True, slots=True)
class _Before:
    """What is known of the time before some stored bars: what was traded, and the UTC day number of the last trade.

    `cvd_lots` is the CVD before that day's first trade.
    """

    day: int = -1
    cvd_lots: int = 0
    traded: Traded = field(default_factory=Traded)


def _before(folder: Path, manifest: Manifest, first: int, segment: int) -> _Before:
    """What was before segment `first`, on the scale of the segment before `segment`."""
    if first == 0:
        return _Before()
    metadata, _ = read_checkpoint(folder / file_name(CHECKPOINT_KIND, first - 1))
    grown = manifest.segments[segment - 1].trade_decimals[1] - metadata.trade_decimals[1]
    cvd_lots = (metadata.cvd_lots - metadata.cvd_of_day_lots) * 10**grown
    return _Before(metadata.cvd_day, cvd_lots, metadata.traded.finer(grown))
