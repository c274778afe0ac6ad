"""Which orders are large: at least three standard deviations above the mean of the orders of the hour before.

Volumes v of n orders with sum S1 and sum of squares S2 in [t - 60 min, t): v n > S1 and
(v n - S1)^2 >= 9 (n S2 - S1^2) > 0, in integers of any length.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import read_only
from processor.core.lots import NARROW_LOTS, finer_lots
from processor.with_numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.lots import Lots

    Ints = NDArray[np.int64]

WINDOW_NS: Final = 3_600 * 10**9
LEAST_ORDERS: Final = 100
_DEVIATIONS: Final = 3
_DOUBT: Final = 1e-9

_WORD: Final = 62
"""Bits of the low word of a sum of squares; the high one counts in units of 2**_WORD."""
_LOW_WORD: Final = (1 << _WORD) - 1
_HALF: Final = _WORD // 2
_LOW_HALF: Final = (1 << _HALF) - 1

# Indices into the sums of a window.
_START: Final = 0
"""The first order of it."""
_END: Final = 1
"""The first order after it."""
_S1: Final = 2
_S2_HIGH: Final = 3
_S2_LOW: Final = 4
_FIELDS: Final = 5


def is_large(volume: int, n: int, s1: int, s2: int) -> bool:
    """Whether an order of some lots is large after `n` orders of so many in all, and of so many as a sum of squares."""
    if n < LEAST_ORDERS or volume * n <= s1:
        return False
    spread = n * s2 - s1 * s1
    return spread > 0 and (volume * n - s1) ** 2 >= _DEVIATIONS**2 * spread


@dataclass(slots=True)
class _Room:
    """Columns with room behind what is `used` of them: whoever ends there goes on without copying an hour."""

    time_ns: Ints
    lots: Ints
    used: int


@dataclass(frozen=True, slots=True)
class Hour:
    """When something of some lots ended, for all that did in the last hour, oldest first.

    `totals` are the sum of these lots and that of their squares, where they are known.
    """

    time_ns: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    lots: Lots = field(default_factory=lambda: np.zeros(0, np.int64))
    totals: tuple[int, int] | None = None
    _room: _Room | None = field(default=None, repr=False, compare=False)
    _end: int = field(default=0, repr=False, compare=False)
    """Where in the room this ends."""

    def judged(self, time_ns: Ints, lots: Lots) -> tuple[NDArray[np.bool_], Hour]:
        """Whether each of some further ones is large by the rule of large orders, and the hour after them."""
        if not len(time_ns):
            return np.zeros(0, np.bool_), self
        found, start, totals = self._judged(time_ns, lots)
        following = self._followed_by(Hour(time_ns, lots), start)
        return found, replace(following, lots=_narrowed(following.lots), totals=totals)

    def are_large(self, time_ns: Ints, lots: Lots) -> NDArray[np.bool_]:
        """The same without the hour after them."""
        return self._judged(time_ns, lots)[0] if len(time_ns) else np.zeros(0, np.bool_)

    def _judged(self, time_ns: Ints, lots: Lots) -> tuple[NDArray[np.bool_], int, tuple[int, int]]:
        """Whether each is large, the number of the first that is in the hour of the last, and the totals from it on."""
        judge = _judge if _have_room(self, lots) else _judge_slowly
        return judge(self, Hour(time_ns, lots))

    def since(self, after_ns: int) -> Hour:
        """Those that ended after a time."""
        first = int(np.searchsorted(self.time_ns, after_ns, side="right"))
        return Hour(self.time_ns[first:], self.lots[first:])

    def before(self, later: Hour, *, since: int = 0) -> Hour:
        """These, from number `since` on, and later ones."""
        # Copies, as slices would keep all of them in memory.
        of_later = slice(max(0, since - len(self.time_ns)), None)
        return Hour(
            np.concatenate([self.time_ns[since:], later.time_ns[of_later]]),
            np.concatenate([self.lots[since:], later.lots[of_later]]),
        )

    def _followed_by(self, later: Hour, since: int) -> Hour:
        """As `before`, in the room behind these if there is one."""
        kept, count = len(self.lots) - since, len(later.lots)
        if kept < 0 or np.result_type(self.lots, later.lots).hasobject:
            return self.before(later, since=since)
        room, end = self._room, self._end
        if room is None or room.used != end or end + count > len(room.lots):
            length = 2 * (kept + count)
            room, end = _Room(np.empty(length, np.int64), np.empty(length, np.int64), kept), kept
            room.time_ns[:kept], room.lots[:kept] = self.time_ns[since:], self.lots[since:]
        room.used += count
        room.time_ns[end : room.used], room.lots[end : room.used] = later.time_ns, later.lots
        of_both = slice(end - kept, room.used)
        return Hour(room.time_ns[of_both], room.lots[of_both], None, room, room.used)

    def finer(self, size_decimals: int) -> Hour:
        """The same in lots of so many more decimals."""
        if not size_decimals:
            return self
        factor = 10**size_decimals
        totals = self.totals and (self.totals[0] * factor, self.totals[1] * factor * factor)
        return Hour(self.time_ns, finer_lots(self.lots, size_decimals), totals)


def _have_room(hour: Hour, lots: Lots) -> bool:
    """Whether the words of all sums have room for the lots of an hour and further ones."""
    if object in (hour.lots.dtype, lots.dtype):
        return False
    count, further = len(hour.lots) + len(lots), int(lots.max(initial=0))
    if hour.totals is not None and _fit(count, max(hour.totals[0], further)):
        # No part of a sum is more than the sum, and an hour may be long.
        return True
    return _fit(count, max(int(hour.lots.max(initial=0)), further))


def _fit(count: int, largest: int) -> bool:
    """Whether the words of the sums of so many lots have room, and of their squares, if none is larger."""
    high: int = (largest >> _HALF) ** 2 + largest + 1
    return count * max(largest, high) < NARROW_LOTS


def _narrowed(lots: Lots) -> Lots:
    return lots.astype(np.int64) if lots.dtype == object and int(lots.max(initial=0)) < NARROW_LOTS else lots


def _judge(hour: Hour, later: Hour) -> tuple[NDArray[np.bool_], int, tuple[int, int]]:
    sums = np.zeros(_FIELDS, np.int64)
    if hour.totals is not None:
        s1, s2 = hour.totals
        sums[:] = 0, len(hour.lots), s1, s2 >> _WORD, s2 & _LOW_WORD
    count = len(later.lots)
    found, numbers, before = np.zeros(count, np.bool_), np.empty(count, np.int64), np.empty((count, _FIELDS), np.int64)
    held, further = ((read_only(each.time_ns), read_only(each.lots)) for each in (hour, later))
    near = _near(*held, *further, LEAST_ORDERS, sums, numbers, before)
    for number, row in zip(numbers[:near].tolist(), before[:near].tolist(), strict=True):
        found[number] = is_large(int(later.lots[number]), row[_END] - row[_START], row[_S1], _s2(row))
    left: list[int] = sums.tolist()
    return found, left[_START], (left[_S1], _s2(left))


def _judge_slowly(hour: Hour, later: Hour) -> tuple[NDArray[np.bool_], int, tuple[int, int]]:
    """The same, whatever the lots come to."""
    both, first = hour.before(later), len(hour.time_ns)
    times, lots = both.time_ns.tolist(), both.lots.tolist()
    start, end = 0, 0 if hour.totals is None else first
    s1, s2 = hour.totals or (0, 0)
    while end and times[end - 1] == times[first]:
        end -= 1
        s1, s2 = s1 - lots[end], s2 - lots[end] ** 2
    found = []
    for number in range(first, len(times)):
        while times[end] < times[number]:
            s1, s2, end = s1 + lots[end], s2 + lots[end] ** 2, end + 1
        while times[start] < times[number] - WINDOW_NS:
            s1, s2, start = s1 - lots[start], s2 - lots[start] ** 2, start + 1
        found.append(is_large(lots[number], end - start, s1, s2))
    return np.array(found, np.bool_), start, (s1 + sum(lots[end:]), s2 + sum(each**2 for each in lots[end:]))


def _s2(sums: list[int]) -> int:
    return (sums[_S2_HIGH] << _WORD) + sums[_S2_LOW]


@njit(cache=True, nogil=True)
def _add_square(sums: Ints, lots: int) -> None:
    """Add the square of lots from 0 to 2**_WORD to two words."""
    high, low = lots >> _HALF, lots & _LOW_HALF
    both = high * low
    # 2 high low 2**31 is both 2**32: what of it is above the low word, and the rest.
    below = sums[_S2_LOW] + ((both & (_LOW_HALF >> 1)) << (_HALF + 1))
    carried = below >> _WORD
    below = (below & _LOW_WORD) + low * low
    sums[_S2_HIGH] += high * high + (both >> (_HALF - 1)) + carried + (below >> _WORD)
    sums[_S2_LOW] = below & _LOW_WORD


@njit(cache=True, nogil=True)
def _take_square(sums: Ints, lots: int) -> None:
    """Take it away again."""
    high, low = lots >> _HALF, lots & _LOW_HALF
    both = high * low
    below = sums[_S2_LOW] - ((both & (_LOW_HALF >> 1)) << (_HALF + 1))
    borrowed = below >> _WORD
    below = (below & _LOW_WORD) - low * low
    sums[_S2_HIGH] += borrowed + (below >> _WORD) - high * high - (both >> (_HALF - 1))
    sums[_S2_LOW] = below & _LOW_WORD


@njit(cache=True, nogil=True)
def _near(
    held_ns: Ints, held: Ints, time_ns: Ints, lots: Ints, least: int, sums: Ints, numbers: Ints, before: Ints
) -> int:
    """Write the number of each order that is large, or so near to it that floats do not tell; return how many.

    `held` are those before. `before` gets the sums of the hour before each of those found. `sums` are those of a window
    that ends before the first order, and then those of all from the hour before the last one on.
    """
    start, end, s1 = sums[_START], sums[_END], sums[_S1]
    known = len(held)
    count = 0
    # Those of the first one's own time do not count for it.
    while 0 < end <= known and held_ns[end - 1] == time_ns[0]:
        end -= 1
        s1 -= held[end]
        _take_square(sums, held[end])
    for number in range(len(lots)):
        now_ns = time_ns[number]
        while (held_ns[end] if end < known else time_ns[end - known]) < now_ns:
            volume = held[end] if end < known else lots[end - known]
            s1 += volume
            _add_square(sums, volume)
            end += 1
        while (held_ns[start] if start < known else time_ns[start - known]) < now_ns - WINDOW_NS:
            volume = held[start] if start < known else lots[start - known]
            s1 -= volume
            _take_square(sums, volume)
            start += 1
        if end - start < least:
            continue
        n = float(end - start)
        in_all = float(s1)
        above = float(lots[number]) * n - in_all + _DOUBT * in_all
        n_s2 = n * (float(sums[_S2_HIGH]) * 2.0**_WORD + float(sums[_S2_LOW]))
        # No difference is off by more than so much of what it is taken from.
        if above > 0 and above * above >= _DEVIATIONS**2 * (n_s2 - in_all * in_all - _DOUBT * n_s2):
            numbers[count] = number
            before[count] = sums
            before[count, _START], before[count, _END], before[count, _S1] = start, end, s1
            count += 1
    for number in range(end, known + len(lots)):
        volume = held[number] if number < known else lots[number - known]
        s1 += volume
        _add_square(sums, volume)
    sums[_START], sums[_END], sums[_S1] = start, end, s1
    return count
