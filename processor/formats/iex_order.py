"""Sorts the segments of an IEX session by their numbers, whatever the order of the packets.

A segment whose predecessors are missing waits for them until WINDOW other segments have come. Then the missing range
is a gap, unless most of the others have much lower numbers: then its number is damaged, and it is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processor.with_numba import njit

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Ints: TypeAlias = NDArray[np.int64]
    Segments: TypeAlias = NDArray[Any]

WINDOW: Final = 4096
"""How many new segments may come before one that precedes them all."""

SEGMENT: Final = np.dtype(
    [
        ("arrival", np.int64), ("file", np.int64), ("packet", np.int64), ("sent_ns", np.int64), ("first", np.int64),
        ("beyond", np.int64), ("message_ns", np.int64), ("alone", np.bool_), ("start", np.int64), ("missing", np.int64),
        ("repeated", np.int64), ("late", np.int64), ("early", np.bool_), ("misnumbered", np.bool_),
    ]
)  # fmt: skip
"""A segment: its number in the order of arrival, its file and packet, when it was sent, the numbers of its messages.

Segments that come in order while none waits are joined to one.

`message_ns` is the time of its first message, 0 without one. `alone`: no neighbour in number arrived directly before or
after it. Once it is in order, its messages from number `start` on are new; `missing` messages are missing before it,
`repeated` of its messages are repeated, and `late` came too late. It is `early` if it came before the segment that
precedes it. A `misnumbered` segment has no new messages.
"""

_NEXT, _NEW, _LAST_BEYOND, _HELD, _ALONE, _OLDEST, _GAPS, _DELIVERED = range(8)


class SegmentOrder:
    """Sorts segments, block by block, over all files of a session."""

    def __init__(self, number: int) -> None:
        self._state = np.array([number, 0, number, 0, 0, 0, 0, -1], np.int64)
        """The next number, new segments so far, the number after the last segment, how many are held, and are alone of
        these, how many were new when the oldest of them came or before, ranges given up, and the last arrival in order.
        """
        self._held = np.zeros(WINDOW + 2, SEGMENT)
        """Waiting segments by their numbers, equal numbers by arrival."""
        self._gaps = np.zeros((2, 64), np.int64)
        """Starts and ends of the ranges of numbers that were given up."""

    @property
    def expected(self) -> int:
        """The number of the next message if no segment is waiting; otherwise -1."""
        return -1 if self._state[_HELD] else int(self._state[_NEXT])

    def order(self, arrived: Segments, *, ends: bool) -> Segments:
        """The segments whose order is now final; `ends`: no more will come, so all are final."""
        room = int(self._state[_HELD]) + len(arrived)
        if self._state[_GAPS] + room > self._gaps.shape[1]:
            self._gaps = np.concatenate((self._gaps, np.zeros((2, self._gaps.shape[1] + room), np.int64)), axis=1)
        ordered = np.empty(room, SEGMENT)
        count = _order(arrived, self._held, self._gaps, self._state, ordered, ends)
        return ordered[:count]


@njit(cache=True, nogil=True)
def _order(
    arrived: Segments,
    held: Segments,
    gaps: Ints,
    state: Ints,
    ordered: Segments,
    ends: bool,  # noqa: FBT001 - a kernel
) -> int:
    """Fill `ordered`; returns the number of segments."""
    count = 0
    for row in range(len(arrived)):
        segment = arrived[row]
        follows = segment.first == state[_LAST_BEYOND]
        state[_LAST_BEYOND] = segment.beyond
        if state[_HELD]:
            if follows and state[_ALONE]:
                count = _note_followed(segment.arrival - 1, held, state, ordered, count)
                first, beyond, message_ns = segment.first, segment.beyond, segment.message_ns
                count = _drop_contradicted(first, beyond, message_ns, held, state, ordered, count)
            count = _release(held, gaps, state, ordered, count)
        if segment.first < state[_NEXT]:
            _deliver(segment, gaps, state, ordered, count)
            count += 1
            continue
        state[_NEW] += 1
        if segment.first == state[_NEXT]:
            _deliver(segment, gaps, state, ordered, count)
            count += 1
        else:
            _hold(segment, not follows, held, state)
        if state[_HELD]:
            if not held[0].alone:  # otherwise it waits for one more, which may contradict it
                count = _release(held, gaps, state, ordered, count)
            count = _give_up(held, gaps, state, ordered, count)
    while ends and state[_HELD]:
        count = _leave(_oldest(held, state), held, gaps, state, ordered, count)
    return count


@njit()
def _deliver(segment: Any, gaps: Ints, state: Ints, ordered: Segments, at: int) -> None:  # noqa: ANN401 - a record
    """Write a segment whose order is final to `ordered`."""
    ordered[at] = segment
    expected = state[_NEXT]
    ordered[at].missing = max(segment.first - expected, 0)
    ordered[at].start = max(segment.first, expected)
    if segment.first > expected:
        gaps[0, state[_GAPS]], gaps[1, state[_GAPS]] = expected, segment.first
        state[_GAPS] += 1
    elif segment.first < expected:
        stop = min(segment.beyond, expected)
        late = _given_up(segment.first, stop, gaps, state[_GAPS])
        ordered[at].late = late
        ordered[at].repeated = stop - segment.first - late
    if segment.beyond > ordered[at].start:
        ordered[at].early = segment.arrival < state[_DELIVERED]
        state[_DELIVERED] = segment.arrival
    state[_NEXT] = max(expected, segment.beyond)


@njit()
def _given_up(first: int, stop: int, gaps: Ints, count: int) -> int:
    """How many of these numbers were given up."""
    found = 0
    at = np.searchsorted(gaps[1, :count], first, side="right")
    while at < count and gaps[0, at] < stop:
        found += max(min(gaps[1, at], stop) - max(gaps[0, at], first), 0)
        at += 1
    return found


@njit()
def _hold(segment: Any, alone: bool, held: Segments, state: Ints) -> None:  # noqa: ANN401, FBT001 - a kernel
    at = state[_HELD]
    while at and held[at - 1].first > segment.first:
        held[at] = held[at - 1]
        at -= 1
    held[at] = segment
    held[at].alone = alone
    held[at].late = state[_NEW]  # until delivery, this field holds its order of arrival among the new segments
    if not state[_HELD]:
        state[_OLDEST] = state[_NEW]
    state[_HELD] += 1
    state[_ALONE] += alone


@njit()
def _take_out(held: Segments, state: Ints, at: int) -> None:
    state[_ALONE] -= held[at].alone
    for place in range(at, state[_HELD] - 1):
        held[place] = held[place + 1]
    state[_HELD] -= 1


@njit()
def _note_followed(arrival: int, held: Segments, state: Ints, ordered: Segments, count: int) -> int:
    """Note that the segment that came last was followed by the next number."""
    at = state[_HELD] - 1
    while at >= 0 and held[at].arrival != arrival:
        at -= 1
    if at < 0 or not held[at].alone:
        return count
    held[at].alone = False
    state[_ALONE] -= 1
    return _drop_contradicted(held[at].first, held[at].beyond, held[at].message_ns, held, state, ordered, count)


@njit()
def _drop_contradicted(
    first: int, beyond: int, message_ns: int, held: Segments, state: Ints, ordered: Segments, count: int
) -> int:
    """Leave out waiting segments marked alone that contradict a segment followed by, or following, its neighbour."""
    at = 0
    while state[_ALONE] and at < state[_HELD] and held[at].first < beyond:
        differs = held[at].message_ns != message_ns and held[at].message_ns and message_ns
        contradicts = differs if held[at].first == first else held[at].beyond > first
        if held[at].alone and contradicts:
            count = _drop(held, state, at, ordered, count)
        else:
            at += 1
    return count


@njit()
def _drop(held: Segments, state: Ints, at: int, ordered: Segments, count: int) -> int:
    ordered[count] = held[at]
    ordered[count].start = held[at].beyond
    ordered[count].late = 0
    ordered[count].misnumbered = True
    _take_out(held, state, at)
    return count + 1


@njit()
def _release_first(held: Segments, gaps: Ints, state: Ints, ordered: Segments, count: int) -> int:
    held[0].late = 0
    _deliver(held[0], gaps, state, ordered, count)
    _take_out(held, state, 0)
    return count + 1


@njit()
def _release(held: Segments, gaps: Ints, state: Ints, ordered: Segments, count: int) -> int:
    """Deliver the segments without missing predecessors."""
    taken = 0
    while taken < state[_HELD] and held[taken].first <= state[_NEXT]:
        held[taken].late = 0
        state[_ALONE] -= held[taken].alone
        _deliver(held[taken], gaps, state, ordered, count)
        taken += 1
        count += 1
    if taken:
        state[_HELD] -= taken
        for at in range(state[_HELD]):
            held[at] = held[at + taken]
    return count


@njit()
def _oldest(held: Segments, state: Ints) -> int:
    oldest = 0
    for at in range(1, state[_HELD]):
        if held[at].late < held[oldest].late:
            oldest = at
    state[_OLDEST] = held[oldest].late
    return oldest


@njit()
def _give_up(held: Segments, gaps: Ints, state: Ints, ordered: Segments, count: int) -> int:
    """Stop waiting for the predecessors of segments that have waited too long."""
    while state[_HELD] and state[_NEW] - state[_OLDEST] >= WINDOW:
        oldest = _oldest(held, state)
        if state[_NEW] - state[_OLDEST] >= WINDOW:
            count = _leave(oldest, held, gaps, state, ordered, count)
    return count


@njit()
def _leave(oldest: int, held: Segments, gaps: Ints, state: Ints, ordered: Segments, count: int) -> int:
    """Drop the oldest segment if its number is damaged; otherwise make a gap of what is missing before the first."""
    came, beyond = state[_NEW] - state[_OLDEST], state[_HELD] - 1 - oldest
    if held[oldest].first - state[_NEXT] > WINDOW and 2 * beyond < came:
        return _drop(held, state, oldest, ordered, count)
    count = _release_first(held, gaps, state, ordered, count)
    return _release(held, gaps, state, ordered, count)
