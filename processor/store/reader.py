"""Reads a store: its events from any segment on, and an engine as it stands before one.

An engine before segment k is what one pass over segments 0 to k-1 would have made of it, to the last bit, as far as
the intervals that are kept: the book and the CVD come from the checkpoint before k, intervals from the stored bars of
a second where they add up to the interval wanted. Where they do not (part of a second, another number of levels), the
engine begins earlier, so that the intervals kept are all computed from events.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from processor import bars
from processor.bars import Tape
from processor.book import Book, BookBars, concatenated, no_bars
from processor.engine import Engine, Firsts
from processor.events import NS_PER_DAY
from processor.ordering import Chunk
from processor.store.files import (
    BARS_KIND,
    BASE_NS,
    BASE_OBI_LEVELS,
    CHECKPOINT_KIND,
    file_name,
    read_bars,
    read_book,
    read_checkpoint,
    read_trades,
)

if TYPE_CHECKING:
    from pathlib import Path

    from processor.events import BookEvents, Trades
    from processor.settings import Aggregation
    from processor.store.files import Carry
    from processor.store.manifest import Manifest, Segment


def segment_holding(manifest: Manifest, at_ns: int) -> int:
    """The segment from which on one has to read to have every event up to `at_ns`: the last one that begins by then."""
    return max(0, bisect_left(manifest.segments, at_ns + 1, key=lambda segment: segment.first_ns) - 1)


def read_segment(folder: Path, number: int, segment: Segment) -> Chunk:
    """A segment's events.

    Raises:
        DatasetError: a file is damaged.
    """
    trades: tuple[Trades, ...] = ()
    book: tuple[BookEvents, ...] = ()
    if segment.trades:
        path = folder / file_name("trades", number, segment.day)
        trades = read_trades(path, segment.trades, segment.trade_decimals)
    if segment.book_events:
        path = folder / file_name("book", number, segment.day)
        book = read_book(path, segment.book_events, segment.book_decimals)
    return Chunk(
        trades=trades,
        book=book,
        until_ns=segment.last_ns,
        consumed_bytes=segment.consumed_bytes,
    )


def engine_before(
    folder: Path, manifest: Manifest, segment: int, aggregation: Aggregation, *, keep: int
) -> tuple[Engine, int]:
    """An engine, and the segment it has to go on with to be right about the last `keep` intervals from `segment` on.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    if segment == 0:
        return Engine(aggregation, keep=keep), 0
    per_bucket, odd_ns = divmod(aggregation.interval_ns, BASE_NS)
    if per_bucket and not odd_ns and aggregation.obi_levels == BASE_OBI_LEVELS:
        # One interval more than are kept, for the open one.
        base = _base_bars(folder, manifest, segment, per_bucket, keep + 1)
        return _engine_of(folder, manifest, segment, aggregation, keep, base), segment
    # A second may lie in two intervals, so seconds are counted where intervals cannot be.
    seconds, wanted = (per_bucket, keep + 1) if not odd_ns else (1, (keep + 1) * (per_bucket + 1))
    first = _base_bars(folder, manifest, segment, seconds, wanted).first
    return bare_engine_before(folder, manifest, first, aggregation, keep=keep), first


def bare_engine_before(
    folder: Path, manifest: Manifest, segment: int, aggregation: Aggregation, *, keep: int | None
) -> Engine:
    """An engine with the book and the CVD before `segment`, but none of the intervals.

    Its first interval of the book is the one of the last sample before `segment`, as that sample leaves it; its first
    interval of trades holds what is traded from `segment` on.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    if segment == 0:
        return Engine(aggregation, keep=keep)
    carry, state = read_checkpoint(folder / file_name(CHECKPOINT_KIND, segment - 1))
    book = Book.resumed(state, interval_ns=aggregation.interval_ns, obi_levels=aggregation.obi_levels)
    return _engine(manifest, aggregation, keep, carry, book, bars.empty(), (bars.empty(), no_bars()))


@dataclass(frozen=True, slots=True)
class _BaseBars:
    """Stored bars from segment number `first` on, of trades on the scale of the last of them."""

    first: int
    trades: list[pl.DataFrame]
    book: list[BookBars]


def _base_bars(folder: Path, manifest: Manifest, segment: int, per_bucket: int, wanted: int) -> _BaseBars:
    """The bars before `segment`, from so far back that `wanted` groups of `per_bucket` have trades, and have samples.

    Reads only as far back as it must, or to the begin.
    """
    latest = manifest.segments[segment - 1]
    found = _BaseBars(segment, [], [])
    traded: set[int] = set()
    sampled: set[int] = set()
    while found.first and min(len(traded), len(sampled)) < wanted:
        number = found.first - 1
        piece = manifest.segments[number]
        trade_bars, book_bars = read_bars(folder / file_name(BARS_KIND, number))
        grown = (now - then for now, then in zip(latest.trade_decimals, piece.trade_decimals, strict=True))
        trades = bars.rescaled(trade_bars, *grown)
        book = book_bars.finer(latest.book_decimals[0] - piece.book_decimals[0])
        traded.update((trades["bucket"] // per_bucket).unique().to_list())
        sampled.update(np.unique(book.bucket // per_bucket).tolist())
        found = _BaseBars(number, [trades, *found.trades], [book, *found.book])
    return found


def _engine_of(
    folder: Path, manifest: Manifest, segment: int, aggregation: Aggregation, keep: int, base: _BaseBars
) -> Engine:
    carry, state = read_checkpoint(folder / file_name(CHECKPOINT_KIND, segment - 1))
    trades = pl.concat(base.trades)
    if aggregation.cvd_reset == "day":
        trades = _with_daily_reset(folder, trades, base.first, carry)
    trade_bars = bars.coarser(trades, aggregation.interval_ns // BASE_NS)
    book_bars = concatenated(base.book).coarser(aggregation.interval_ns // BASE_NS)
    book = Book.resumed(
        state,
        interval_ns=aggregation.interval_ns,
        obi_levels=aggregation.obi_levels,
        open_bar=book_bars.tail(1) if len(book_bars) else None,
    )
    closed = bars.finished(trade_bars[:-1].tail(keep)), book_bars.rows(slice(-keep - 1, -1))
    return _engine(manifest, aggregation, keep, carry, book, trade_bars[-1:], closed)


def _with_daily_reset(folder: Path, trades: pl.DataFrame, first: int, carry: Carry) -> pl.DataFrame:
    """Bars of a second with each UTC day's CVD counted from its first trade."""
    day = pl.col("bucket") * BASE_NS // NS_PER_DAY
    before = pl.col("cvd_open").first().over(day)
    if first:
        earlier, _ = read_checkpoint(folder / file_name(CHECKPOINT_KIND, first - 1))
        finer = 10 ** (carry.trade_decimals[1] - earlier.trade_decimals[1])
        of_that_day = (earlier.cvd_lots - earlier.cvd_of_day_lots) * finer
        before = pl.when(day == earlier.cvd_day).then(of_that_day).otherwise(before)
    return trades.with_columns(pl.col(name) - before for name in bars.CVD)


def _engine(
    manifest: Manifest,
    aggregation: Aggregation,
    keep: int | None,
    carry: Carry,
    book: Book,
    open_bar: pl.DataFrame,
    closed: tuple[pl.DataFrame, BookBars],
) -> Engine:
    tape = Tape.resumed(
        interval_ns=aggregation.interval_ns,
        reset=aggregation.cvd_reset,
        decimals=carry.trade_decimals,
        cvd_lots=carry.cvd_of_day_lots if aggregation.cvd_reset == "day" else carry.cvd_lots,
        cvd_day=carry.cvd_day,
        open_bar=open_bar,
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
    )
