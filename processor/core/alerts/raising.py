"""All alerts of some expressions, in one pass over all events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processor.core.alerts.kept import Watching
from processor.core.alerts.parser import parsed
from processor.core.detected.detector import Detector

if TYPE_CHECKING:
    from processor.core.aggregates.base import Batch
    from processor.core.alerts.watch import Alert
    from processor.core.detected.found import Found
    from processor.settings import Aggregation


class Raising:
    """Holds the expressions of `aggregation` against batches from the first event on, with the events they name."""

    def __init__(self, aggregation: Aggregation) -> None:
        """Start before the first event."""
        self._watching = Watching(aggregation)
        self._detector = Detector(aggregation) if any(parsed(text).events for text in aggregation.alerts) else None

    @property
    def until_ns(self) -> int | None:
        """All alerts before this time have been told; None before the first event."""
        return self._watching.state.until_ns

    def take(self, batch: Batch) -> list[Alert]:
        """Take in a batch; the alerts that it lets be told, in order.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        if self._detector is not None:
            self._detector.advance(batch)
        self._watching.advance(batch, self._found())
        return self._taken()

    def end(self) -> list[Alert]:
        """The alerts that are left where no more events come."""
        if self._detector is not None:
            self._detector.settle()
        self._watching.settle(self._found())
        return self._taken()

    def _found(self) -> list[Found]:
        if self._detector is None:
            return []
        found, self._detector.found = self._detector.found, []
        return found

    def _taken(self) -> list[Alert]:
        alerts, self._watching.alerts = self._watching.alerts, []
        return alerts
