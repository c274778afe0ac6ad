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
        self._lots = self._lots * 10 ** (decimals - self._size_decimals) + bars.traded(trades).volume
        self._size_decimals = decimals
        return trades, self._lots < NARROW_LOTS
