"""Whole columns of the heatmap, as batches make them known: the rows' sums at the last sample, or the greatest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from processor.core.heatmap.resting import Intervals, Resting, column_ends

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from processor.core.aggregates.base import Batch
    from processor.core.heatmap.resting import Cells


class Columns:
    """Gives a column for each interval with a sample or a trade, in order, once it is over.

    In one without a sample there is what its begin finds.
    """

    def __init__(self, interval_ns: int, height: Fraction, *, greatest: bool) -> None:
        """Start with an empty book; intervals end by activity where `interval_ns` is 0."""
        self._resting = Resting(height)
        self._intervals = Intervals(interval_ns)
        self._greatest = greatest
        self._traded: list[int] = []

    def take(self, batch: Batch) -> Iterator[tuple[int, Cells]]:
        """The columns that end in a batch: the name of the interval and what it holds.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        self._intervals.expect(batch.starts_ns, self._resting.last_ns)
        for buckets in batch.buckets:
            self._traded += [each for each in np.unique(buckets).tolist() if each not in self._traded[-1:]]
        for part in batch.book:
            for ended, following in column_ends(self._resting, self._intervals, part):
                yield from self._ended(ended)
                yield from self._without_sample(following)

    def end(self) -> Iterator[tuple[int, Cells]]:
        """The columns that end with the dataset."""
        yield from self._ended(self._intervals.at(self._resting.last_ns)[0] if self._resting.number else None)
        yield from self._without_sample(None)

    def _ended(self, bucket: int | None) -> Iterator[tuple[int, Cells]]:
        if bucket is not None:
            self._drop(bucket)
            yield bucket, self._resting.cells(greatest=self._greatest)

    def _without_sample(self, before: int | None) -> Iterator[tuple[int, Cells]]:
        """Intervals with trades alone, up to one."""
        last = len(self._traded) if before is None else int(np.searchsorted(self._traded, before))
        if last:
            standing = self._resting.cells(greatest=False)
            yield from ((bucket, standing) for bucket in self._traded[:last])
            self._traded = self._traded[last:]

    def _drop(self, bucket: int) -> None:
        if self._traded[:1] == [bucket]:
            self._traded.pop(0)
