"""Where the bars of an activity start in a store, found by reading its trades once and nothing else."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from processor.core.aggregates.activity import ActivityCounter, bar_around
from processor.store.files import trades_of_segment
from processor.store.reader import segment_holding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from processor.core.events import Trades
    from processor.settings import Activity
    from processor.store.manifest import Manifest


class ActivityIndex:
    """The bars of `activity` in the store at `folder`, as far as its trades have been read."""

    def __init__(self, folder: Path, activity: Activity, first_ns: int) -> None:
        """Start with the store's first event, at `first_ns`; nothing is read yet."""
        self._folder = folder
        # Before each segment, and after the last one read: the open bar, and how many bars have started.
        self._counters = [ActivityCounter(activity, first_ns)]
        self._started = [1]

    def extend(self, manifest: Manifest, segment: int) -> None:
        """Find where bars start before `segment`.

        Raises:
            DatasetError: a file of the store is damaged.
        """
        for number in range(len(self._counters) - 1, segment):
            counter, started = deepcopy(self._counters[-1]), self._started[-1]
            for trades in trades_of_segment(self._folder, number, manifest.segments[number]):
                started += len(counter.take(trades)[1])
            self._counters.append(counter)
            self._started.append(started)

    def before(self, segment: int) -> ActivityCounter:
        """The open bar before `segment`, up to which the index has been extended."""
        return deepcopy(self._counters[segment])

    def first_of(self, segment: int, bars: int) -> int:
        """The last segment with at least so many bars that start in or after it, and before `segment`; 0 for fewer."""
        first = segment
        while first and self._started[segment] - self._started[first] < bars:
            first -= 1
        return first

    def bar(self, manifest: Manifest, at_ns: int) -> tuple[int, int | None]:
        """Start of the bar that holds `at_ns` and of the next one; None if what there is of the store does not fill it.

        Raises:
            DatasetError: a file of the store is damaged.
        """
        first = segment_holding(manifest, at_ns)
        self.extend(manifest, first)

        def later() -> Iterator[Trades]:
            for number in range(first, len(manifest.segments)):
                yield from trades_of_segment(self._folder, number, manifest.segments[number])

        return bar_around(self.before(first), later(), at_ns)
