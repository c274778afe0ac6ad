"""Events as batches, in which each trade has its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from processor.core.aggregates.activity import ActivityCounter
from processor.core.aggregates.base import Batch
from processor.core.intervals import number_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from processor.core.events import BookEvents, Trades
    from processor.settings import Aggregation


class Batches:
    """Makes successive events into batches; `first_ns` is the time of the first of all events, None before it."""

    def __init__(
        self, aggregation: Aggregation, first_ns: int | None = None, counter: ActivityCounter | None = None
    ) -> None:
        """Start before the first event, or go on with a `counter`, whose starts whoever takes the batches knows."""
        self.first_ns = first_ns
        self._aggregation = aggregation
        self._counter = counter

    def of(self, trades: Iterable[Trades], book: Iterable[BookEvents]) -> Batch:
        """A batch of events that follow the earlier ones in time.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        trade_parts = [part for part in trades if len(part)]
        book_parts = [part for part in book if len(part)]
        if self.first_ns is None:
            firsts = [int(part.time_ns[0]) for part in (*trade_parts[:1], *book_parts[:1])]
            self.first_ns = min(firsts, default=None)
        if self._aggregation.activity is None:
            buckets = [number_of(part.time_ns, self._aggregation.interval_ns) for part in trade_parts]
            return Batch(trade_parts, buckets, book_parts)
        if self.first_ns is None:
            return Batch((), (), ())
        starts_ns = []
        if self._counter is None:
            self._counter = ActivityCounter(self._aggregation.activity, self.first_ns)
            starts_ns.append(self._counter.starts_ns)
        taken = [self._counter.take(part) for part in trade_parts]
        starts_ns += [found_ns for _, found_ns in taken]
        found = np.concatenate(starts_ns) if starts_ns else np.empty(0, np.int64)
        return Batch(trade_parts, [buckets for buckets, _ in taken], book_parts, found)
