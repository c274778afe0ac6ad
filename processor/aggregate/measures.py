"""The table of the measures of the book: a row for each interval with a sample or a trade."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import polars as pl

from processor.aggregate.flow_tables import labelled
from processor.core.measures.kept import Measures
from processor.core.measures.sampled import MeasuredBook

if TYPE_CHECKING:
    from fractions import Fraction

    from processor.core.aggregates.base import Batch
    from processor.settings import Aggregation


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
