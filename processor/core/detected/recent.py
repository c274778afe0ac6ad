"""The trades of the last second, by which it is told how a wall ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from processor.core.events import scaled_up
from processor.core.lots import finer_lots
from processor.units import NS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from processor.core.events import Trades
    from processor.core.lots import Lots

    Ints = NDArray[np.int64]


def _no_ints() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Recent:
    """Trades in order of time: time, price in ticks and lots, whatever their side."""

    time_ns: Ints = field(default_factory=_no_ints)
    price_ticks: Ints = field(default_factory=_no_ints)
    lots: Lots = field(default_factory=_no_ints)

    def followed_by(self, trades: Trades) -> Recent:
        """These and later ones on their scale."""
        return Recent(
            np.concatenate([self.time_ns, trades.time_ns]),
            np.concatenate([self.price_ticks, trades.price_ticks]),
            np.concatenate([self.lots, trades.size_lots]),
        )

    def last_second(self, until_ns: int) -> Recent:
        """Those that may be within a second before a time that is not before `until_ns`."""
        first = int(np.searchsorted(self.time_ns, until_ns - NS_PER_SECOND, side="right"))
        # A slice would keep all of them in memory.
        return Recent(self.time_ns[first:].copy(), self.price_ticks[first:].copy(), self.lots[first:].copy())

    def at(self, prices: Collection[int]) -> Recent:
        """Those at some prices."""
        which = np.isin(self.price_ticks, sorted(prices))
        return Recent(self.time_ns[which], self.price_ticks[which], self.lots[which])

    def traded(self, time_ns: int, price_ticks: int) -> int:
        """Lots traded at a price in the second up to a time, that time included."""
        first, end = np.searchsorted(self.time_ns, (time_ns - NS_PER_SECOND, time_ns), side="right").tolist()
        at_price = self.price_ticks[first:end] == price_ticks
        return sum(self.lots[first:end][at_price].tolist())

    def finer(self, price_decimals: int, size_decimals: int) -> Recent:
        """The same with so many more decimals.

        Raises:
            ScaleOverflow: a price has no room in 64 bits on that scale.
        """
        prices = scaled_up(self.price_ticks, price_decimals)
        return Recent(self.time_ns, prices, finer_lots(self.lots, size_decimals))
