"""Columns of the heatmap: an interval each with a sample or a trade, in order, as batches make them known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from processor.core.heatmap.resting import Intervals, Resting, column_ends
from processor.core.runs import distinct

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from processor.core.aggregates.base import Batch
    from processor.core.heatmap.resting import Cells


class Walk:
    """Takes `resting` from column to column; intervals end by activity where `interval_ns` is 0."""

    def __init__(self, resting: Resting, interval_ns: int) -> None:
        """Start where `resting` is."""
        self.resting = resting
        self._intervals = Intervals(interval_ns)
        self._traded: list[int] = []

    def take(self, batch: Batch) -> Iterator[tuple[int, bool]]:
        """The name of each column that ends in a batch, and whether it has a sample, while `resting` stands at its end.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        self._intervals.expect(batch.starts_ns, self.resting.last_ns)
        for buckets in batch.buckets:
            self._traded += [each for each in distinct(buckets).tolist() if each not in self._traded[-1:]]
        for part in batch.book:
            for ended, following in column_ends(self.resting, self._intervals, part):
                if ended is not None:
                    yield ended, True
                alone = self._alone(ended)
                last = int(np.searchsorted(alone, following))
                yield from ((bucket, False) for bucket in alone[:last])
                self._traded = alone[last:]

    def open(self) -> list[tuple[int, bool]]:
        """The same of the columns that would end if the events ended here; `resting` stands at the end of each."""
        if not self.resting.number:
            return [(bucket, False) for bucket in self._traded]
        bucket, _ = self._intervals.at(self.resting.last_ns)
        return [(bucket, True), *((each, False) for each in self._alone(bucket))]

    def _alone(self, bucket: int | None) -> list[int]:
        """Intervals with trades after a column with samples; what there was before it has been told."""
        return self._traded[1:] if self._traded[:1] == [bucket] else self._traded


class Columns:
    """Gives what rests in the price rows of each column once it is over.

    That is what rests at its last sample, or the `greatest` sum of each row; without a sample what its begin finds.
    """

    def __init__(self, interval_ns: int, height: Fraction, *, greatest: bool) -> None:
        """Start with an empty book; intervals end by activity where `interval_ns` is 0."""
        self._resting = Resting(height)
        self._walk = Walk(self._resting, interval_ns)
        self._greatest = greatest

    def take(self, batch: Batch) -> Iterator[tuple[int, Cells]]:
        """The columns that end in a batch: the name of the interval and what it holds.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        for bucket, has_sample in self._walk.take(batch):
            yield bucket, self._resting.cells(greatest=self._greatest and has_sample)

    def end(self) -> Iterator[tuple[int, Cells]]:
        """The columns that end with the dataset."""
        for bucket, has_sample in self._walk.open():
            yield bucket, self._resting.cells(greatest=self._greatest and has_sample)
