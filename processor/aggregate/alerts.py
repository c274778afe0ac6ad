"""The alerts of some expressions as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from processor.core.alerts.raising import Raising
from processor.core.alerts.table import alerts_frame

if TYPE_CHECKING:
    from fractions import Fraction

    import polars as pl

    from processor.core.aggregates.base import Batch
    from processor.settings import Aggregation


class AlertsTable:
    """A row for each alert, at the time at which it became known; see BookTable.

    It is no view of `processor aggregate`, as it needs expressions.
    """

    name: ClassVar = "alerts"
    counted: ClassVar = "alerts"
    time: ClassVar = "time_ns"
    has_rows_of_price: ClassVar = False

    def __init__(self, aggregation: Aggregation, height: Fraction) -> None:  # noqa: ARG002 - it has no price rows
        """See BookTable."""
        self._raising = Raising(aggregation)

    def take(self, batch: Batch) -> pl.DataFrame:
        """See BookTable."""
        return alerts_frame(self._raising.take(batch))

    def end(self) -> pl.DataFrame:
        """See BookTable."""
        return alerts_frame(self._raising.end())
