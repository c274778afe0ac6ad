"""Where sessions start: with the first event of a UTC day, and with the first one after an hour or more without any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.units import NS_PER_DAY, NS_PER_HOUR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.merge.chunk import Chunk

    Times = NDArray[np.int64]

QUIET_NS: Final = NS_PER_HOUR
"""The first event after so long without any starts a session."""


def times_of(chunk: Chunk) -> Times:
    """The times of the events of `chunk`, each once, in order."""
    parts = [part.time_ns for part in (*chunk.trades, *chunk.book)]
    return np.unique(np.concatenate([np.empty(0, np.int64), *parts]))


def starts_among(times: Times, before_ns: int | None) -> Times:
    """Those of `times` that start a session, given the time of the event before them; None: there is none."""
    if not len(times):
        return times
    earlier = np.concatenate([times[:1] if before_ns is None else [before_ns], times[:-1]])
    is_start = (times - earlier >= QUIET_NS) | (times // NS_PER_DAY != earlier // NS_PER_DAY)
    is_start[0] |= before_ns is None
    starts: Times = times[is_start]
    return starts


def nearest(starts: Times, at_ns: int, *, forward: bool) -> int | None:
    """The first of `starts` later than `at_ns`, or the last one earlier; None where there is none."""
    index = int(np.searchsorted(starts, at_ns, side="right")) if forward else int(np.searchsorted(starts, at_ns)) - 1
    return int(starts[index]) if 0 <= index < len(starts) else None
