"""Reads a store: its events from any segment on, and an engine as it stands before one.

An engine before segment k is what one pass over segments 0 to k-1 would have made of it, to the last bit, as far as
the intervals that are kept: the book and the CVD come from the checkpoint before k, intervals from the stored bars of
a second where they add up to the interval wanted. Where they do not (part of a second, another number of levels), the
engine begins earlier, so that the intervals kept are all computed from events.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from processor.core import bars
from processor.core.bars import Tape, Traded
from processor.core.book import Book, BookBars, concatenated, no_bars
from processor.core.engine import Engine, Firsts
from processor.core.merge.ordering import Chunk
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
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from processor.core.activity import Fills
    from processor.core.events import BookEvents, Trades
    from processor.settings import Aggregation
    from processor.store.files import Carry
    from processor.store.filled import Filled
    from processor.store.manifest import Manifest, Segment


def segment_holding(manifest: Manifest, at_ns: int) -> int:
    """The segment from which on one has to read to have every event up to `at_ns`: the last one that begins by then."""
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


def engine_before(
    folder: Path, manifest: Manifest, segment: int, aggregation: Aggregation, *, keep: int, filled: Filled | None = None
) -> tuple[Engine, int]:
    """An engine, and the segment it has to go on with to be right about the last `keep` intervals from `segment` on.

    It knows the newest orders before that segment too.

    For intervals that end by activity, `filled` says where they begin.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    engine, first = _engine_before(folder, manifest, segment, aggregation, keep=keep, filled=filled)
    engine.put_trades_before(
        part
        for number in reversed(range(first))
        for part in reversed(trades_of_segment(folder, number, manifest.segments[number]))
    )
    return engine, first


def _engine_before(
    folder: Path, manifest: Manifest, segment: int, aggregation: Aggregation, *, keep: int, filled: Filled | None
) -> tuple[Engine, int]:
    if segment == 0:
        return Engine(aggregation, keep=keep), 0
    if filled is not None:
        # One interval more than are kept, for the open one.
        first = filled.first_of(segment, keep + 1)
        return bare_engine_before(folder, manifest, first, aggregation, keep=keep, fills=filled.before(first)), first
    per_bucket, odd_ns = divmod(aggregation.interval_ns, BASE_NS)
    if adds_up(aggregation):
        # One interval more than are kept, for the open one.
        base = _base_bars(folder, manifest, segment, aggregation.obi_levels, per_bucket, keep + 1)
        parts = zip(manifest.segments[base.first : segment], base.trades, base.book, strict=True)
        before = _before(folder, manifest, base.first, segment)
        trade_bars, book_bars = _gathered(parts, aggregation, before)
        return _engine_of(folder, manifest, segment, aggregation, keep, trade_bars, book_bars, before.traded), segment
    # A second may lie in two intervals, so seconds are counted where intervals cannot be.
    seconds, wanted = (per_bucket, keep + 1) if not odd_ns else (1, (keep + 1) * (per_bucket + 1))
    first = _base_bars(folder, manifest, segment, 0, seconds, wanted).first
    return bare_engine_before(folder, manifest, first, aggregation, keep=keep), first


def adds_up(aggregation: Aggregation) -> bool:
    """Whether the stored bars of a second add up to what is wanted."""
    by_time = aggregation.activity is None and aggregation.interval_ns % BASE_NS == 0
    return by_time and aggregation.obi_levels in BASE_OBI


def engine_of_bars(
    folder: Path, manifest: Manifest, end: int, aggregation: Aggregation, on_segment: Callable[[Segment], None]
) -> Engine:
    """An engine after the segments before `end`, with all intervals, from the stored bars alone; see `adds_up`.

    `on_segment` is told of each that has been read.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    if end == 0:
        return Engine(aggregation)

    def parts() -> Iterator[tuple[Segment, pl.DataFrame, BookBars]]:
        for number, segment in enumerate(manifest.segments[:end]):
            yield segment, *_read_bars(folder, manifest, number, end - 1, aggregation.obi_levels)
            on_segment(segment)

    trade_bars, book_bars = _gathered(parts(), aggregation, _Before())
    return _engine_of(folder, manifest, end, aggregation, None, trade_bars, book_bars, Traded())


def bare_engine_before(
    folder: Path,
    manifest: Manifest,
    segment: int,
    aggregation: Aggregation,
    *,
    keep: int | None,
    fills: Fills | None = None,
) -> Engine:
    """An engine with the book and the CVD before `segment`, but none of the intervals.

    Its first interval of the book is the one of the last sample before `segment`, as that sample leaves it; its first
    interval of trades holds what is traded from `segment` on. `fills` is the open interval of an activity there.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    if segment == 0:
        return Engine(aggregation, keep=keep)
    carry, state = read_checkpoint(folder / file_name(CHECKPOINT_KIND, segment - 1))
    book = Book.resumed(
        state,
        interval_ns=aggregation.interval_ns,
        obi_levels=aggregation.obi_levels,
        starts_ns=None if fills is None else fills.starts_ns,
    )
    none = bars.empty(), no_bars()
    return _engine(manifest, aggregation, keep, carry, book, bars.empty(), none, carry.traded, fills)


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

    Reads only as far back as it must, or to the begin.
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


def _engine_of(
    folder: Path,
    manifest: Manifest,
    segment: int,
    aggregation: Aggregation,
    keep: int | None,
    trade_bars: pl.DataFrame,
    book_bars: BookBars,
    traded_before: Traded,
) -> Engine:
    """The engine before `segment` that has these intervals, the last of each kind open."""
    carry, state = read_checkpoint(folder / file_name(CHECKPOINT_KIND, segment - 1))
    book = Book.resumed(
        state,
        interval_ns=aggregation.interval_ns,
        obi_levels=aggregation.obi_levels,
        open_bar=book_bars.tail(1) if len(book_bars) else None,
    )
    closed = bars.finished(trade_bars[:-1]), book_bars.rows(slice(0, -1))
    return _engine(manifest, aggregation, keep, carry, book, trade_bars[-1:], closed, traded_before)


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
    carry, _ = read_checkpoint(folder / file_name(CHECKPOINT_KIND, first - 1))
    grown = manifest.segments[segment - 1].trade_decimals[1] - carry.trade_decimals[1]
    return _Before(carry.cvd_day, (carry.cvd_lots - carry.cvd_of_day_lots) * 10**grown, carry.traded.finer(grown))


def _engine(
    manifest: Manifest,
    aggregation: Aggregation,
    keep: int | None,
    carry: Carry,
    book: Book,
    open_bar: pl.DataFrame,
    closed: tuple[pl.DataFrame, BookBars],
    traded_before: Traded,
    fills: Fills | None = None,
) -> Engine:
    tape = Tape.resumed(
        reset=aggregation.cvd_reset,
        decimals=carry.trade_decimals,
        cvd_lots=carry.cvd_of_day_lots if aggregation.cvd_reset == "day" else carry.cvd_lots,
        cvd_day=carry.cvd_day,
        open_bar=open_bar,
        traded=carry.traded,
        traded_before_cvd=carry.traded_before_day if aggregation.cvd_reset == "day" else Traded(),
    )
    return Engine.resumed(
        aggregation,
        keep=keep,
        book=book,
        tape=tape,
        trades=carry.trades,
        firsts=Firsts(manifest.first_ns, manifest.first_trade_ns, manifest.first_book_ns),
        event_ns=carry.event_ns,
        closed=closed,
        traded_before=traded_before,
        fills=fills,
    )
