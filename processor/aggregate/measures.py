"""The table of the measures of the book: a row for each interval with a sample or a trade."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from processor.aggregate.flow_tables import labelled
from processor.aggregate.partitions import pieces
from processor.aggregate.table import threads_here
from processor.core.flow.counted import Counted
from processor.core.intervals import number_of
from processor.core.measures.frame import measure_rows, measures_frame
from processor.core.measures.kept import Measures
from processor.core.measures.sampled import MeasuredBook, joined, no_bars
from processor.core.measures.traded import joined as joined_trades
from processor.core.measures.traded import no_trades, traded_bars
from processor.store.base_bars import all_intervals_before
from processor.store.files import book_of_segment, trades_of_segment
from processor.store.measures import adds_up, bars_before, book_before, coarser, traded_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction
    from pathlib import Path

    from processor.aggregate.partitions import Partition
    from processor.core.aggregates.base import Batch
    from processor.core.measures.sampled import MeasureBars
    from processor.core.measures.traded import TradedBars
    from processor.settings import Aggregation
    from processor.store.manifest import Manifest


def measures_of_store(
    folder: Path, manifest: Manifest, aggregation: Aggregation, on_events: Callable[[int], None]
) -> pl.DataFrame:
    """The table of a complete store, whose intervals are of time: from its bars alone where they add up, or by threads.

    `on_events` is called with numbers of events that have been taken in.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    end = len(manifest.segments)
    first_trade, first_book = (
        None if first_ns is None else number_of(first_ns, aggregation.interval_ns)
        for first_ns in (manifest.first_trade_ns, manifest.first_book_ns)
    )
    opens_at_nothing = first_trade is not None and first_book is not None and first_trade < first_book
    if end and adds_up(aggregation):
        # What is traded is the same whatever the levels of the imbalance.
        of_trades = replace(aggregation, obi_levels=0, cvd_reset="none")
        trade_bars = all_intervals_before(folder, manifest, end, of_trades, lambda _segment: None).trade_bars
        book = bars_before(folder, manifest, end, aggregation, None)
        traded = traded_of(trade_bars, manifest.segments[-1].trade_decimals[1])
    else:
        book, traded = _of_events(folder, manifest, aggregation, on_events)
    first_sampled = first_book if opens_at_nothing else None
    rows = measure_rows(book, traded, first_sampled=first_sampled, own=aggregation.own)
    return labelled(measures_frame(rows), aggregation.interval_ns)


def _of_events(
    folder: Path, manifest: Manifest, aggregation: Aggregation, on_events: Callable[[int], None]
) -> tuple[MeasureBars, TradedBars]:
    """All intervals, by a thread for each core: what takes time in them does not hold the interpreter's lock."""
    threads = threads_here()
    stretches = pieces(folder, manifest, aggregation, len(manifest.segments), threads)
    books, traded = [no_bars()], [no_trades()]
    with ThreadPoolExecutor(threads) as pool:
        for stretch, (book, of_trades) in zip(
            stretches, pool.map(lambda each: _measured(each, manifest), stretches), strict=True
        ):
            books.append(book)
            traded.append(of_trades)
            on_events(stretch.events)
    # An interval that is cut between two stretches is in both of them.
    return coarser(joined(books), 1), joined_trades(traded)


def _measured(stretch: Partition, manifest: Manifest) -> tuple[MeasureBars, TradedBars]:
    """The intervals of some segments; the first one opens with the values that stand before it."""
    folder, interval_ns = stretch.folder, stretch.aggregation.interval_ns
    measured = book_before(folder, manifest, stretch.first, interval_ns, None, own=stretch.aggregation.own)
    counted = Counted()
    books, traded = [no_bars()], [no_trades()]
    for number in range(stretch.first, stretch.end):
        segment = manifest.segments[number]
        books += [measured.advance(part) for part in book_of_segment(folder, number, segment)]
        for part in trades_of_segment(folder, number, segment):
            trades, is_narrow = counted.take(part)
            traded.append(traded_bars(trades, number_of(trades.time_ns, interval_ns), is_narrow=is_narrow))
    return joined([*books, measured.open_bars()]), joined_trades(traded)


class MeasuresTable:
    """See BookTable."""

    name: ClassVar = "measures"
    counted: ClassVar = "bars"
    time: ClassVar = "timestamp_ms"
    has_rows_of_price: ClassVar = False

    def __init__(self, aggregation: Aggregation, height: Fraction) -> None:  # noqa: ARG002 - it has no price rows
        """Start before the first event."""
        self._interval_ns = aggregation.interval_ns
        self._book = MeasuredBook(interval_ns=aggregation.interval_ns, own=aggregation.own)
        self._measures = Measures(self._book, keep=None)
        self._given: int | None = None
        """The last interval whose row was given, None before the first."""

    def take(self, batch: Batch) -> pl.DataFrame:
        """See BookTable."""
        self._measures.advance(batch)
        lasts = [int(buckets[-1]) for buckets in batch.buckets[-1:]]
        lasts += [self._book.interval_at(int(part.time_ns[-1])) for part in batch.book[-1:]]
        rows = measures_frame(self._measures.rows())
        if not lasts:
            return labelled(rows.clear(), self._interval_ns)
        # What is to come is in the interval of the last event, or in later ones.
        open_ = max(lasts)
        self._measures.forget_before(open_)
        return self._since_given(rows.filter(pl.col("bucket") < open_))

    def end(self) -> pl.DataFrame:
        """See BookTable."""
        return self._since_given(measures_frame(self._measures.rows()))

    def _since_given(self, rows: pl.DataFrame) -> pl.DataFrame:
        if self._given is not None:
            rows = rows.filter(pl.col("bucket") > self._given)
        if len(rows):
            self._given = rows["bucket"][-1]
        return labelled(rows, self._interval_ns)
