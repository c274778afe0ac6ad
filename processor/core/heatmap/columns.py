"""Columns of the heatmap: an interval each with a sample or a trade, in order, as batches make them known."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from processor.core.heatmap.resting import Intervals, Resting, column_ends
from processor.core.runs import distinct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from fractions import Fraction

    from processor.core.aggregates.base import Batch
    from processor.core.events import BookEvents
    from processor.core.heatmap.resting import Cells


_End = TypeVar("_End")


class Walk(Generic[_End]):
    """Takes `resting` from column to column; intervals end by activity where `interval_ns` is 0.

    `ends` takes in events, and gives what each column comes to at its end.
    """

    def __init__(
        self,
        resting: Resting,
        interval_ns: int,
        ends: Callable[[Resting, Intervals, BookEvents], Iterator[tuple[int | None, int, _End]]],
    ) -> None:
        """Start where `resting` is."""
        self.resting = resting
        self._intervals = Intervals(interval_ns)
        self._ends = ends
        self._traded: deque[int] = deque()

    def take(self, batch: Batch) -> Iterator[tuple[int, bool, _End]]:
        """The name of each column that ends in a batch, whether it has a sample, and what there is at its end.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        self._intervals.expect(batch.starts_ns, self.resting.last_ns)
        traded = self._traded
        for buckets in batch.buckets:
            found = distinct(buckets).tolist()
            traded.extend(found[1:] if traded and traded[-1] == found[0] else found)
        for part in batch.book:
            for ended, following, at_end in self._ends(self.resting, self._intervals, part):
                if ended is not None:
                    yield ended, True, at_end
                    if traded and traded[0] == ended:
                        traded.popleft()
                while traded and traded[0] < following:
                    yield traded.popleft(), False, at_end

    def open(self) -> list[tuple[int, bool]]:
        """The same of the columns that would end if the events ended here; `resting` stands at the end of each."""
        # What there was before the open column has been told.
        alone = [*self._traded]
        if not self.resting.number:
            return [(bucket, False) for bucket in alone]
        bucket, _ = self._intervals.at(self.resting.last_ns)
        return [(bucket, True), *((each, False) for each in (alone[1:] if alone[:1] == [bucket] else alone))]


class Columns:
    """Gives what rests in the price rows of each column once it is over.

    That is what rests at its last sample, or the `greatest` sum of each row; without a sample what its begin finds.
    """

    def __init__(self, interval_ns: int, height: Fraction, *, greatest: bool) -> None:
        """Start with an empty book; intervals end by activity where `interval_ns` is 0."""
        self._resting = Resting(height)
        self._walk = Walk(self._resting, interval_ns, column_ends)
        self._greatest = greatest

    def take(self, batch: Batch) -> Iterator[tuple[int, Cells]]:
        """The columns that end in a batch: the name of the interval and what it holds.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        for bucket, has_sample, resting in self._walk.take(batch):
            yield bucket, resting.cells(greatest=self._greatest and has_sample)

    def end(self) -> Iterator[tuple[int, Cells]]:
        """The columns that end with the dataset."""
        for bucket, has_sample in self._walk.open():
            yield bucket, self._resting.cells(greatest=self._greatest and has_sample)
