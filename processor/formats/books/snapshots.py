"""Where snapshots start among rows that are flagged as parts of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from processor.core.events import CLEAR, BookEvents

if TYPE_CHECKING:
    from numpy.typing import NDArray


class SnapshotRuns:
    """Finds the snapshots among rows that are flagged as parts of one, chunk by chunk.

    A flagged row starts a snapshot if the row before is not flagged or has another time: full books that follow
    each other have different times. Rows of another time inside a snapshot do not end it.
    """

    def __init__(self) -> None:
        self._time_ns: int | None = None
        """Time of the row before, if that row is flagged."""
        self._flagged_ns: int | None = None
        """Time of the latest flagged row."""
        self._above_ns: int | None = None
        """Time of the row before."""
        self._is_last = False
        """Whether the row before is marked as the last of its snapshot."""
        self._ended = False
        """Whether the row before is flagged."""

    def starts(
        self, flags: NDArray[np.bool_], times: NDArray[np.int64], lasts: NDArray[np.bool_] | None = None
    ) -> NDArray[np.intp]:
        """The next rows that start a snapshot, by their flags and the times of their messages.

        `lasts`: which rows the vendor marks as the last of a snapshot, if it does. If every row is marked, the mark
        means nothing.
        """
        if not len(flags):
            return np.empty(0, np.intp)
        if not flags.any():
            self._time_ns, self._above_ns = None, int(times[-1])
            return np.empty(0, np.intp)
        lasts = np.zeros(len(flags), np.bool_) if lasts is None else lasts
        goes_on = np.zeros(len(flags), np.bool_)
        goes_on[1:] = flags[:-1] & (times[1:] == times[:-1])
        goes_on[0] = self._time_ns is not None and int(times[0]) == self._time_ns
        was_last = np.concatenate(([self._is_last], lasts[:-1]))
        ended = lasts & goes_on & ~was_last
        goes_on &= ~np.concatenate(([self._ended], ended[:-1]))
        self._go_on_after_strays(flags, times, goes_on)
        self._time_ns = int(times[-1]) if flags[-1] else None
        self._above_ns = int(times[-1])
        self._is_last, self._ended = bool(lasts[-1]), bool(ended[-1])
        return np.flatnonzero(flags & ~goes_on)

    def _go_on_after_strays(
        self, flags: NDArray[np.bool_], times: NDArray[np.int64], goes_on: NDArray[np.bool_]
    ) -> None:
        """Mark flagged rows that continue the snapshot above, after unflagged rows of another time."""
        flagged = np.flatnonzero(flags)
        for place in np.flatnonzero(np.diff(flagged, prepend=-1 if self._time_ns is not None else -2) > 1).tolist():
            row = int(flagged[place])
            latest_ns = int(times[flagged[place - 1]]) if place else self._flagged_ns
            above_ns = int(times[row - 1]) if row else self._above_ns
            goes_on[row] |= latest_ns == int(times[row]) != above_ns
        self._flagged_ns = int(times[flagged[-1]])


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
