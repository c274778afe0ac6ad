"""The alerts of some expressions as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from processor.core.alerts.kept import Watching
from processor.core.alerts.parser import parsed
from processor.core.alerts.table import alerts_frame
from processor.core.detected.detector import Detector

if TYPE_CHECKING:
    from fractions import Fraction

    import polars as pl

    from processor.core.aggregates.base import Batch
    from processor.core.detected.found import Found
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
        self._watching = Watching(aggregation)
        self._detector = Detector(aggregation) if any(parsed(text).events for text in aggregation.alerts) else None

    def take(self, batch: Batch) -> pl.DataFrame:
        """See BookTable."""
        if self._detector is not None:
            self._detector.advance(batch)
        self._watching.advance(batch, self._found())
        return self._taken()

    def end(self) -> pl.DataFrame:
        """See BookTable."""
        if self._detector is not None:
            self._detector.settle()
        self._watching.settle(self._found())
        return self._taken()

    def _found(self) -> list[Found]:
        if self._detector is None:
            return []
        found, self._detector.found = self._detector.found, []
        return found

    def _taken(self) -> pl.DataFrame:
        alerts, self._watching.alerts = self._watching.alerts, []
        return alerts_frame(alerts)
