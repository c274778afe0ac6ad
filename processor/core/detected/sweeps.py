"""Sweeps: orders that trade at three or more distinct prices; and large orders."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit

from processor.core.aggregates import bars
from processor.core.aggregates.large_orders import WINDOW_NS, are_large, is_large, running_sums
from processor.core.aggregates.orders import SIDES, order_starts
from processor.core.detected.found import Found
from processor.core.events import read_only
from processor.core.lots import NARROW_LOTS, finer_lots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.events import Trades
    from processor.core.lots import Lots

    Ints = NDArray[np.int64]

LEAST_PRICES: Final = 3
_FEW: Final = 256
"""Orders that are judged one by one: sums over the whole hour take longer."""


@dataclass(frozen=True, slots=True)
class Hour:
    """When something of some lots ended, for all that did in the last hour, oldest first."""

    time_ns: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    lots: Lots = field(default_factory=lambda: np.zeros(0, np.int64))
    totals: tuple[int, int] | None = None
    """The sum of these lots and that of their squares, where they are known."""

    def judged(self, time_ns: Ints, lots: Lots) -> tuple[NDArray[np.bool_], Hour]:
        """Whether each of some further ones is large by the rule of large orders, and the hour after them."""
        if not len(time_ns):
            return np.zeros(0, np.bool_), self
        both, old = self.before(Hour(time_ns, lots)), len(self.time_ns)
        kept = int(np.searchsorted(both.time_ns, both.time_ns[-1] - WINDOW_NS))
        totals = None
        if len(time_ns) > _FEW:
            found = are_large(both.time_ns, both.lots, old)
        else:
            found, totals = both.judged_one_by_one(old, self.totals or self._totals())
        return found, Hour(both.time_ns[kept:].copy(), both.lots[kept:].copy(), totals)

    def _totals(self) -> tuple[int, int]:
        """The sum of all, and that of their squares."""
        if not len(self.lots):
            return 0, 0
        sums, squares = running_sums(self.lots, len(self.lots))
        return int(sums[-1]), sum(int(part[-1]) << shift for part, shift in squares)

    def judged_one_by_one(self, first: int, totals: tuple[int, int]) -> tuple[NDArray[np.bool_], tuple[int, int]]:
        """Whether each from number `first` on is large, and the totals of the hour before the last of them, with it.

        `totals` are those of all before the first.
        """
        found = np.zeros(len(self.time_ns) - first, np.bool_)
        s1, s2 = totals
        start, end = 0, first

        def counted(number: int, sign: int) -> None:
            nonlocal s1, s2
            volume = int(self.lots[number])
            s1, s2 = s1 + sign * volume, s2 + sign * volume * volume

        for number, time_ns in enumerate(self.time_ns[first:].tolist(), first):
            while self.time_ns[end] < time_ns:
                counted(end, 1)
                end += 1
            while self.time_ns[start] < time_ns - WINDOW_NS:
                counted(start, -1)
                start += 1
            found[number - first] = is_large(int(self.lots[number]), end - start, s1, s2)
        for number in range(end, len(self.time_ns)):
            counted(number, 1)
        return found, (s1, s2)

    def since(self, after_ns: int) -> Hour:
        """Those that ended after a time."""
        first = int(np.searchsorted(self.time_ns, after_ns, side="right"))
        return Hour(self.time_ns[first:], self.lots[first:])

    def before(self, later: Hour) -> Hour:
        """These and later ones."""
        return Hour(np.concatenate([self.time_ns, later.time_ns]), np.concatenate([self.lots, later.lots]))

    def finer(self, size_decimals: int) -> Hour:
        """The same in lots of so many more decimals."""
        factor = 10**size_decimals
        totals = self.totals and (self.totals[0] * factor, self.totals[1] * factor * factor)
        return replace(self, lots=finer_lots(self.lots, size_decimals), totals=totals)


def orders_found(trades: Trades, hour: Hour) -> tuple[list[Found], Hour]:
    """The sweeps and the large orders among whole orders, and the hour after these.

    `hour` holds the orders of the hour before, on the scale of `trades`.
    """
    if not len(trades):
        return [], hour
    starts = order_starts(trades)
    ends = np.append(starts[1:], len(trades))
    volumes = _volumes(trades, starts)
    is_large, hour = hour.judged(trades.time_ns[starts], volumes)
    prices_of = np.empty(len(starts), np.int64)
    _distinct(read_only(starts), read_only(ends), read_only(trades.price_ticks), prices_of)
    found = []
    for order in np.flatnonzero(is_large | (prices_of >= LEAST_PRICES)).tolist():
        first, end = int(starts[order]), int(ends[order])
        time_ns, side = int(trades.time_ns[first]), SIDES[int(trades.aggressor[first])]
        price = int(trades.price_ticks[end - 1]) / 10**trades.price_decimals
        size = int(volumes[order]) / 10**trades.size_decimals
        if prices_of[order] >= LEAST_PRICES:
            found.append(Found(time_ns, "sweep", side, price, size, time_ns, str(prices_of[order])))
        if is_large[order]:
            found.append(Found(time_ns, "large", side, price, size, time_ns, str(end - first)))
    return found, hour


def orders_of_hour(trades: Trades, until_ns: int) -> Hour:
    """The orders of the hour up to a time, of some that are not later."""
    starts = order_starts(trades)
    if not len(starts):
        return Hour()
    times_ns = trades.time_ns[starts]
    kept = int(np.searchsorted(times_ns, until_ns - WINDOW_NS))
    return Hour(times_ns[kept:], _volumes(trades, starts)[kept:])


def _volumes(trades: Trades, starts: Ints) -> Lots:
    """Lots of each order."""
    lots = trades.size_lots.astype(np.int64 if bars.traded(trades).volume < NARROW_LOTS else object, copy=False)
    found: Lots = np.add.reduceat(lots, starts)
    return found


@njit(cache=True, nogil=True)
def _distinct(starts: Ints, ends: Ints, price: Ints, prices: Ints) -> None:
    """Write the number of distinct prices of each order; of one that has too few trades, how many they are."""
    for order in range(len(starts)):
        first, end = starts[order], ends[order]
        prices[order] = end - first
        if end - first >= LEAST_PRICES:
            ascending = np.sort(price[first:end])
            prices[order] = 1 + np.sum(ascending[1:] != ascending[:-1])
