"""What a replay keeps for the heatmap: the book before the oldest column kept, and what has changed in each since.

Columns are kept as changes of single levels, so that rows of any height and windows at any price come from them, and so
that a book of many levels takes no more memory than what happens in it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.aggregates.base import Batch
from processor.core.heatmap.columns import Walk
from processor.core.heatmap.resting import Changes, Extent, Resting, columns_at_ends
from processor.core.heatmap.windows import SortedBook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from processor.core.events import BookEvents

    Side = tuple[NDArray[np.int64], NDArray[np.int64]]
    """Prices in ticks and sizes in lots of one side's levels, best first."""

MOST_CHANGES: Final = 1 << 22
"""Columns are kept as long as they and all later ones have no more changes than this together: some 100 MB."""
_SPARE: Final = 64
"""Columns more than are wanted that are kept, so that the oldest are forgotten several at once."""
_NOTHING: Final = Changes(np.empty(0, np.int8), *(np.empty(0, np.int64) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the name of its interval, what has changed in it, and where the book lies at its end."""

    bucket: int
    changes: Changes
    extent: Extent

    def finer(self, price_decimals: int, size_decimals: int) -> Column:
        """The same with that many more decimals.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on that scale.
        """
        return Column(self.bucket, self.changes.finer(price_decimals, size_decimals), self.extent.finer(price_decimals))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatmapState:
    """What an engine resumes from: the levels of the book at a moment, and what has happened since.

    `since` are book events, or what they come to at the end of each interval; `traded` names the intervals with trades.
    """

    bids: Side
    asks: Side
    price_decimals: int
    size_decimals: int
    since: Iterable[BookEvents] = ()
    traded: NDArray[np.int64]


class KeptColumns:
    """The newest `keep` columns, and the open one; an aggregate (see `Aggregate`).

    `before` is the book before the oldest column of `closed`, which may have more than `keep`; `gone` were forgotten.
    `advances` counts the batches.
    """

    def __init__(
        self,
        keep: int,
        interval_ns: int,
        state: HeatmapState | None = None,
        starts_ns: NDArray[np.int64] | None = None,
    ) -> None:
        """Start before the first event, or go on from `state`.

        Where intervals end by activity, `starts_ns` are those of the intervals that hold the next event and later ones.
        """
        self.before = SortedBook()
        self.closed: deque[Column] = deque()
        self.gone = 0
        self.advances = 0
        self.keep = keep
        self._resting = Resting()
        self._walk = Walk(self._resting, interval_ns, columns_at_ends)
        self._changes = 0
        if starts_ns is not None:
            self.advance(Batch((), (), (), starts_ns))
        if state is not None:
            scale = state.price_decimals, state.size_decimals
            self.before.hold((state.bids, state.asks), *scale)
            self._resting.hold((state.bids, state.asks), *scale)
            buckets = [state.traded] if len(state.traded) else []
            self.advance(Batch((), buckets, ()))
            for part in state.since:
                self.advance(Batch((), (), (part,)))

    def advance(self, batch: Batch) -> bool:
        """See Aggregate: whether an interval is closed is for the bars to say."""
        self.advances += 1
        resting = self._resting
        for bucket, has_sample, end in self._walk.take(batch):
            self._rescale(resting.price_decimals, resting.size_decimals)
            changes = end.changes if has_sample else _NOTHING
            self.closed.append(Column(bucket, changes, end.extent))
            self._changes += len(changes)
        if len(self.closed) > self.keep + _SPARE or self._changes > MOST_CHANGES:
            self._forget()
        return False

    @property
    def scale(self) -> tuple[int, int]:
        """Decimals of prices and sizes."""
        return self.before.price_decimals, self.before.size_decimals

    @property
    def open(self) -> list[Column]:
        """The columns that would close if the events ended here, oldest first; there may be one more than is wanted."""
        self._rescale(self._resting.price_decimals, self._resting.size_decimals)
        extent = self._resting.extent()
        columns = self._walk.open()
        return [
            Column(bucket, self._resting.changes() if has_sample else _NOTHING, extent)
            for bucket, has_sample in (*columns[: -self.keep][:1], *columns[-self.keep :])
        ]

    def first_kept(self, open_columns: Sequence[Column]) -> int:
        """The first of `closed` that is among the newest columns wanted."""
        most = MOST_CHANGES - sum(len(each.changes) for each in open_columns)
        if self._changes <= most:
            return min(len(self.closed), max(0, len(self.closed) + len(open_columns) - self.keep))
        first = len(self.closed)
        while first and len(self.closed) - first + len(open_columns) < self.keep:
            most -= len(self.closed[first - 1].changes)
            if most < 0:
                break
            first -= 1
        return first

    def _rescale(self, price_decimals: int, size_decimals: int) -> None:
        grown = price_decimals - self.before.price_decimals, size_decimals - self.before.size_decimals
        if any(grown):
            self.before.rescale(price_decimals, size_decimals)
            self.closed = deque(each.finer(*grown) for each in self.closed)

    def _forget(self) -> None:
        count = self.first_kept(())
        gone = [self.closed.popleft() for _ in range(count)]
        self.before.apply([each.changes for each in gone])
        self.gone += count
        self._changes -= sum(len(each.changes) for each in gone)
