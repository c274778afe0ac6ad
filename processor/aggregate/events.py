"""Sweeps, absorption, walls and divergences as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from processor.core.detected.detector import Detector
from processor.core.detected.table import found_frame

if TYPE_CHECKING:
    from fractions import Fraction

    import polars as pl

    from processor.core.aggregates.base import Batch
    from processor.settings import Aggregation


class Events:
    """A row for each event, at the time at which it became known; see BookTable."""

    name: ClassVar = "events"
    counted: ClassVar = "events"
    time: ClassVar = "time_ns"
    has_rows_of_price: ClassVar = False

    def __init__(self, aggregation: Aggregation, height: Fraction) -> None:  # noqa: ARG002 - it has no price rows
        """See BookTable."""
        self._detector = Detector(aggregation)

    def take(self, batch: Batch) -> pl.DataFrame:
        """See BookTable."""
        self._detector.advance(batch)
        return self._taken()

    def end(self) -> pl.DataFrame:
        """See BookTable."""
        self._detector.settle()
        return self._taken()

    def _taken(self) -> pl.DataFrame:
        """What has been found since the last time; large orders are marked in the table of the tape."""
        found, self._detector.found = self._detector.found, []
        return found_frame([each for each in found if each.kind != "large"])
