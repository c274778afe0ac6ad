"""Where the bars of an activity begin in a store, found by reading its trades once and nothing else."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from processor.core.aggregates.activity import ActivityCounter, bar_around
from processor.store.reader import segment_holding, trades_of_segment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from processor.core.events import Trades
    from processor.settings import Activity
    from processor.store.manifest import Manifest


class ActivityIndex:
    """The bars of `activity` in the store at `folder`, as far as it has been looked at."""

    def __init__(self, folder: Path, activity: Activity, first_ns: int) -> None:
        """Begin with the store's first event, at `first_ns`; nothing is read yet."""
        self._folder = folder
        # Before each segment, and after the last one looked at: the open bar, and how many have begun.
        self._fills = [ActivityCounter(activity, first_ns)]
        self._begun = [1]

    def look(self, manifest: Manifest, segment: int) -> None:
        """See where bars begin before `segment`.

        Raises:
            DatasetError: a file of the store is damaged.
        """
        for number in range(len(self._fills) - 1, segment):
            fills, begun = deepcopy(self._fills[-1]), self._begun[-1]
            for trades in trades_of_segment(self._folder, number, manifest.segments[number]):
                begun += len(fills.take(trades)[1])
            self._fills.append(fills)
            self._begun.append(begun)

    def before(self, segment: int) -> ActivityCounter:
        """The open bar before a segment up to which has been looked."""
        return deepcopy(self._fills[segment])

    def first_of(self, segment: int, bars: int) -> int:
        """The last segment with at least so many bars that begin in or after it, and before `segment`; 0 for fewer."""
        first = segment
        while first and self._begun[segment] - self._begun[first] < bars:
            first -= 1
        return first

    def bar(self, manifest: Manifest, at_ns: int) -> tuple[int, int | None]:
        """Begin of the bar that holds `at_ns` and of the next one; None if what there is of the store does not fill it.

        Raises:
            DatasetError: a file of the store is damaged.
        """
        first = segment_holding(manifest, at_ns)
        self.look(manifest, first)

        def later() -> Iterator[Trades]:
            for number in range(first, len(manifest.segments)):
                yield from trades_of_segment(self._folder, number, manifest.segments[number])

        return bar_around(self.before(first), later(), at_ns)
