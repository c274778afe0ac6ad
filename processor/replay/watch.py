"""Watches whether the files of a dataset change while it is replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.formats import changes
from processor.replay.resume import digest_of_marks
from processor.units import NS_PER_SECOND

if TYPE_CHECKING:
    from processor.clock import WallClock
    from processor.formats import Dataset

_PERIOD_NS: Final = 2 * NS_PER_SECOND
_REST: Final = 100
"""So many times as long as a look takes, there is none."""


class DatasetWatch:
    """Compares the files of a dataset with what they were when the watch was made; `digest` is that in one word."""

    def __init__(self, dataset: Dataset, clock: WallClock) -> None:
        self._dataset = dataset
        self._clock = clock
        self._marks = dataset.marks()
        self.digest: Final = digest_of_marks(dataset.path, self._marks)
        self._next_ns = clock.monotonic_ns() + _PERIOD_NS
        self._has_changed = False

    def new_changes(self) -> str | None:
        """What has changed, the first time that something has.

        The files are looked at once in two seconds, or where that takes long, for a hundredth of the time.
        """
        now_ns = self._clock.monotonic_ns()
        if self._has_changed or now_ns < self._next_ns:
            return None
        found = changes(self._marks, self._dataset.marks())
        taken_ns = self._clock.monotonic_ns() - now_ns
        self._next_ns = now_ns + max(_PERIOD_NS, _REST * taken_ns)
        self._has_changed = bool(found)
        return found or None
