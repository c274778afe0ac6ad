"""The table of the measures of the book: a row for each interval with a sample or a trade."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from processor.aggregate.flow_tables import labelled
from processor.core.intervals import number_of
from processor.core.measures.frame import measures_frame
from processor.core.measures.kept import Measures
from processor.core.measures.sampled import MeasuredBook, no_bars
from processor.core.measures.traded import no_trades
from processor.store.base_bars import all_intervals_before
from processor.store.measures import bars_before, traded_of

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path

    from processor.core.aggregates.base import Batch
    from processor.settings import Aggregation
    from processor.store.manifest import Manifest


def stored_measures(folder: Path, manifest: Manifest, aggregation: Aggregation) -> pl.DataFrame:
    """The table of a complete store from the bars in it alone; see `store.measures.adds_up`.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    end = len(manifest.segments)
    if not end:
        return labelled(measures_frame(no_bars(), no_trades(), first_sampled=None), aggregation.interval_ns)
    # What is traded is the same whatever the levels of the imbalance.
    of_trades = replace(aggregation, obi_levels=0, cvd_reset="none")
    trade_bars = all_intervals_before(folder, manifest, end, of_trades, lambda _segment: None).trade_bars
    first_trade, first_book = (
        None if first_ns is None else number_of(first_ns, aggregation.interval_ns)
        for first_ns in (manifest.first_trade_ns, manifest.first_book_ns)
    )
    opens_at_nothing = first_trade is not None and first_book is not None and first_trade < first_book
    rows = measures_frame(
        bars_before(folder, manifest, end, aggregation, None),
        traded_of(trade_bars, manifest.segments[-1].trade_decimals[1]),
        first_sampled=first_book if opens_at_nothing else None,
    )
    return labelled(rows, aggregation.interval_ns)


class MeasuresTable:
    """See BookTable."""

    name: ClassVar = "measures"
    counted: ClassVar = "bars"
    time: ClassVar = "timestamp_ms"
    has_rows_of_price: ClassVar = False

    def __init__(self, aggregation: Aggregation, height: Fraction) -> None:  # noqa: ARG002 - it has no price rows
        """Start before the first event."""
        self._interval_ns = aggregation.interval_ns
        self._book = MeasuredBook(interval_ns=aggregation.interval_ns)
        self._measures = Measures(self._book, keep=None)
        self._given: int | None = None
        """The last interval whose row was given, None before the first."""

    def take(self, batch: Batch) -> pl.DataFrame:
        """See BookTable."""
        self._measures.advance(batch)
        lasts = [int(buckets[-1]) for buckets in batch.buckets[-1:]]
        lasts += [self._book.interval_at(int(part.time_ns[-1])) for part in batch.book[-1:]]
        rows = self._measures.rows()
        if not lasts:
            return labelled(rows.clear(), self._interval_ns)
        # What is to come is in the interval of the last event, or in later ones.
        open_ = max(lasts)
        self._measures.forget_before(open_)
        return self._since_given(rows.filter(pl.col("bucket") < open_))

    def end(self) -> pl.DataFrame:
        """See BookTable."""
        return self._since_given(self._measures.rows())

    def _since_given(self, rows: pl.DataFrame) -> pl.DataFrame:
        if self._given is not None:
            rows = rows.filter(pl.col("bucket") > self._given)
        if len(rows):
            self._given = rows["bucket"][-1]
        return labelled(rows, self._interval_ns)
