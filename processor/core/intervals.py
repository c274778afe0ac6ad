"""Intervals of a fixed length: their numbers and starts.

They count from the Unix epoch, a Thursday; weeks count from its first Monday. `kernel.advance` does the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from processor.units import NS_PER_DAY, NS_PER_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Number = TypeVar("Number", int, NDArray[np.int64])

WEEK_NS: Final = 7 * NS_PER_DAY
MONDAY_NS: Final = 4 * NS_PER_DAY
"""Monday, 5 January 1970."""


def origin_ns(interval_ns: int) -> int:
    """Where interval number 0 starts."""
    return MONDAY_NS if interval_ns == WEEK_NS else 0


def number_of(time_ns: Number, interval_ns: int) -> Number:
    """Number of the interval that holds a time."""
    return (time_ns - origin_ns(interval_ns)) // interval_ns


def start_of(number: Number, interval_ns: int) -> Number:
    """Start of an interval in ns."""
    return number * interval_ns + origin_ns(interval_ns)


def begin_at(time_ns: int, interval_ns: int, starts_ns: NDArray[np.int64]) -> int:
    """Start in ns of the interval that holds `time_ns`; with `interval_ns` 0 it is the last of `starts_ns` up to it."""
    if interval_ns:
        return start_of(number_of(time_ns, interval_ns), interval_ns)
    return int(starts_ns[np.searchsorted(starts_ns, time_ns, side="right") - 1])


def labels_ms(buckets: NDArray[np.int64], interval_ns: int) -> NDArray[np.int64]:
    """Start of each interval in ms, by its name: its number, or with `interval_ns` 0 its start."""
    return start_of(buckets, interval_ns) // NS_PER_MS if interval_ns else buckets


def known_starts(known_ns: NDArray[np.int64], further_ns: NDArray[np.int64], last_ns: int) -> NDArray[np.int64]:
    """Starts of intervals that end by activity, as far as somebody whose last event was at `last_ns` will need them.

    `further_ns` are later than those known. No later event may be earlier than the second-to-last of them.
    """
    if len(known_ns):
        # Of the others none will be asked for: what is pending is in one that was known then, what is to come in
        # one of the last two, and whatever is open has ended by then.
        pending = int(np.searchsorted(known_ns, last_ns, side="right")) - 1
        last = len(known_ns) - 1
        known_ns = known_ns[np.unique(np.maximum((pending, last - 1, last), 0))]
    return np.concatenate((known_ns, further_ns))
