"""How much has been traded so far, by which it is decided whether sums of lots stay within 64 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processor.core.aggregates import bars
from processor.core.lots import NARROW_LOTS

if TYPE_CHECKING:
    from processor.core.events import Trades


class Counted:
    """The lots of all sides that were traded, on the finest scale of sizes seen so far."""

    def __init__(self, lots: int = 0, size_decimals: int = 0) -> None:
        """Start with what was traded before."""
        self._lots = lots
        self._size_decimals = size_decimals

    def take(self, trades: Trades) -> tuple[Trades, bool]:
        """The trades on that scale, and whether they and all before come to less than NARROW_LOTS.

        Raises:
            ScaleOverflow: a size has no room in 64 bits on the finest scale seen.
        """
        decimals = max(trades.size_decimals, self._size_decimals)
        trades = trades.rescaled(trades.price_decimals, decimals)
        self.add(bars.traded(trades).volume, decimals)
        return trades, self._lots < NARROW_LOTS

    def add(self, lots: int, size_decimals: int) -> None:
        """Count lots of at least as many decimals as those before."""
        self._lots = self._lots * 10 ** (size_decimals - self._size_decimals) + lots
        self._size_decimals = size_decimals
