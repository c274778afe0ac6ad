"""Absorption: much is traded at one price by one side within ten seconds, and the price still stands.

A window opens with a trade at price x by side d when none is open for (x, d). Windows are all equally long, so they end
in the order in which they opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.aggregates import bars
from processor.core.aggregates.large_orders import Hour
from processor.core.events import UNKNOWN, read_only, scaled_up
from processor.core.flow.cells import kernel_for
from processor.core.lots import NARROW_LOTS, finer_lots
from processor.units import NS_PER_SECOND
from processor.with_numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.events import Trades
    from processor.core.lots import Lots

    Ints = NDArray[np.int64]

LENGTH_NS: Final = 10 * NS_PER_SECOND


def _no_ints() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows in the order in which they opened: begin, price, side and the lots that its side traded at its price."""

    begin_ns: Ints = field(default_factory=_no_ints)
    price_ticks: Ints = field(default_factory=_no_ints)
    side: NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))
    lots: Lots = field(default_factory=_no_ints)

    def __len__(self) -> int:
        return len(self.begin_ns)

    @property
    def end_ns(self) -> Ints:
        """Where each ends: the first time that is not in it."""
        return self.begin_ns + LENGTH_NS

    def rows(self, which: slice | NDArray[np.bool_]) -> Windows:
        """Some of them."""
        return Windows(self.begin_ns[which], self.price_ticks[which], self.side[which], self.lots[which])

    def finer(self, price_decimals: int, size_decimals: int) -> Windows:
        """The same with so many more decimals.

        Raises:
            ScaleOverflow: a price has no room in 64 bits on that scale.
        """
        prices = scaled_up(self.price_ticks, price_decimals)
        return replace(self, price_ticks=prices, lots=finer_lots(self.lots, size_decimals))

    def added(self, trades: Trades) -> Windows:
        """These, all of them open, with later trades on their scale, and the windows that those open."""
        if not len(trades):
            return self
        taken = trades.rows(trades.aggressor != UNKNOWN)
        is_narrow = bars.traded(taken).volume + sum(self.lots.tolist()) < NARROW_LOTS
        kind = np.int64 if is_narrow else object
        # What an open window holds so far is as one trade that opens it.
        begin_ns = np.concatenate([self.begin_ns, taken.time_ns])
        price = np.concatenate([self.price_ticks, taken.price_ticks])
        side = np.concatenate([self.side, taken.aggressor])
        lots = np.concatenate([self.lots.astype(kind), taken.size_lots.astype(kind)])
        order = np.lexsort((side, price))
        firsts, sums = np.empty(len(order), np.int64), np.empty_like(lots)
        given = (read_only(column) for column in (order, begin_ns, price, side, lots))
        count = kernel_for(_chained, lots)(*given, firsts, sums)
        by_begin = np.argsort(firsts[:count])
        firsts = firsts[:count][by_begin]
        return Windows(begin_ns[firsts], price[firsts], side[firsts], sums[:count][by_begin])


@njit(cache=True, nogil=True)
def _chained(
    order: Ints, time_ns: Ints, price: Ints, side: NDArray[np.int8], lots: Lots, firsts: Ints, sums: Lots
) -> int:
    """Write the row that opens each window, and its lots; return how many there are.

    `order` has the rows of equal price and side together, each in order of time.
    """
    count = 0
    for k in range(len(order)):
        i, before = order[k], order[max(k - 1, 0)]
        if (
            k == 0
            or price[i] != price[before]
            or side[i] != side[before]
            or time_ns[i] - time_ns[firsts[count - 1]] >= LENGTH_NS
        ):
            firsts[count], sums[count] = i, lots[i]
            count += 1
        else:
            sums[count - 1] += lots[i]
    return count


@dataclass(frozen=True, slots=True)
class Absorbing:
    """The windows that are open, and those that ended in the last hour, on a scale that its holder knows."""

    open: Windows = field(default_factory=Windows)
    hour: Hour = field(default_factory=Hour)

    def added(self, trades: Trades, until_ns: int, *, goes_on: bool) -> tuple[Absorbing, Windows]:
        """The state after all trades before `until_ns`, and the large ones of the windows that ended before it.

        Without `goes_on` its hour is not that.
        """
        windows = self.open.added(trades)
        count = int(np.searchsorted(windows.end_ns, until_ns))
        ended = windows.rows(slice(0, count))
        hour = self.hour
        if goes_on:
            is_large, hour = hour.judged(ended.end_ns, ended.lots)
        else:
            is_large = hour.are_large(ended.end_ns, ended.lots)
        return Absorbing(windows.rows(slice(count, None)), hour), ended.rows(is_large)

    def finer(self, price_decimals: int, size_decimals: int) -> Absorbing:
        """The same with so many more decimals."""
        return Absorbing(self.open.finer(price_decimals, size_decimals), self.hour.finer(size_decimals))
