"""Where sessions start: at a time of each UTC day, midnight if not set, and after an hour or more without any event.

That time is in ns since midnight, below a day. A session is named by the number of the UTC day that it starts on: with
a start at 22:00, that of a Monday ends on Tuesday at 22:00. What is summed up over a session knows no pauses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, overload

import numpy as np

from processor.units import NS_PER_DAY, NS_PER_HOUR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.merge.chunk import Chunk

    Times = NDArray[np.int64]

QUIET_NS: Final = NS_PER_HOUR
"""The first event after so long without any starts a session."""


@overload
def session_of(time_ns: int, start_ns: int) -> int: ...
@overload
def session_of(time_ns: Times, start_ns: int) -> Times: ...
def session_of(time_ns: int | Times, start_ns: int) -> int | Times:
    """The number of the session that a time is in, where sessions start at `start_ns` of a day."""
    return (time_ns - start_ns) // NS_PER_DAY


@overload
def begin_of(session: int, start_ns: int) -> int: ...
@overload
def begin_of(session: Times, start_ns: int) -> Times: ...
def begin_of(session: int | Times, start_ns: int) -> int | Times:
    """The time in ns since the Unix epoch that a session begins at."""
    return session * NS_PER_DAY + start_ns


def times_of(chunk: Chunk) -> Times:
    """The times of the events of `chunk`, each once, in order."""
    parts = [part.time_ns for part in (*chunk.trades, *chunk.book)]
    return np.unique(np.concatenate([np.empty(0, np.int64), *parts]))


def starts_among(times: Times, before_ns: int | None, start_ns: int) -> Times:
    """Those of `times` that start a session, given the time of the event before them; None: there is none."""
    if not len(times):
        return times
    earlier = np.concatenate([times[:1] if before_ns is None else [before_ns], times[:-1]])
    is_start = (times - earlier >= QUIET_NS) | (session_of(times, start_ns) != session_of(earlier, start_ns))
    is_start[0] |= before_ns is None
    starts: Times = times[is_start]
    return starts


def nearest(starts: Times, at_ns: int, *, forward: bool) -> int | None:
    """The first of `starts` later than `at_ns`, or the last one earlier; None where there is none."""
    index = int(np.searchsorted(starts, at_ns, side="right")) if forward else int(np.searchsorted(starts, at_ns)) - 1
    return int(starts[index]) if 0 <= index < len(starts) else None
