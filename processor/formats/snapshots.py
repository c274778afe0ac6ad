"""Where snapshots begin among rows that are flagged as parts of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from processor.events import CLEAR, BookEvents

if TYPE_CHECKING:
    from numpy.typing import NDArray


class SnapshotRuns:
    """Finds the snapshots of a file, whose rows are flagged, chunk by chunk.

    A flagged row begins a snapshot if the row before is not flagged, or bears another time: whole books that follow
    each other are one a moment.
    """

    def __init__(self) -> None:
        self._time_ns: int | None = None
        """Of the row before, if that is flagged."""

    def starts(self, flags: NDArray[np.bool_], times: NDArray[np.int64]) -> NDArray[np.intp]:
        """Which of the next rows begin a snapshot, by their flags and the times of their messages."""
        if not len(flags):
            return np.empty(0, np.intp)
        goes_on = np.zeros(len(flags), np.bool_)
        goes_on[1:] = flags[:-1] & (times[1:] == times[:-1])
        goes_on[0] = self._time_ns is not None and int(times[0]) == self._time_ns
        self._time_ns = int(times[-1]) if flags[-1] else None
        return np.flatnonzero(flags & ~goes_on)


def with_clears(events: BookEvents, starts: NDArray[np.intp]) -> BookEvents:
    """The events, with a CLEAR before each of `starts`."""
    if not len(starts):
        return events
    return BookEvents(
        time_ns=np.insert(events.time_ns, starts, events.time_ns[starts]),
        price_ticks=np.insert(events.price_ticks, starts, 0),
        size_lots=np.insert(events.size_lots, starts, 0),
        price_decimals=events.price_decimals,
        size_decimals=events.size_decimals,
        side=np.insert(events.side, starts, CLEAR),
    )
