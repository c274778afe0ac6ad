"""The occupied prices of a side, for clears that remove all levels in a range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from processor.core.events import multiplied

if TYPE_CHECKING:
    from numpy.typing import NDArray


class OccupiedPrices:
    """The prices of one side with a resting size."""

    def __init__(self) -> None:
        self._prices = np.empty(0, np.int64)

    def update(self, prices: NDArray[np.int64], sizes: NDArray[np.int64]) -> None:
        """Apply the next rows: the sizes that now rest at these prices."""
        if not len(prices):
            return
        changed, last = np.unique(prices[::-1], return_index=True)
        unchanged = np.setdiff1d(self._prices, changed, assume_unique=True)
        self._prices = np.concatenate((unchanged, changed[sizes[::-1][last] > 0]))

    def take(self, lowest: int | None, highest: int | None) -> NDArray[np.int64]:
        """Remove and return the occupied prices in this range; None for an open end."""
        gone = np.ones(len(self._prices), np.bool_)
        if lowest is not None:
            gone &= self._prices >= lowest
        if highest is not None:
            gone &= self._prices <= highest
        taken = np.sort(self._prices[gone])
        self._prices = self._prices[~gone]
        return taken

    def rescale(self, factor: int) -> None:
        """Multiply all prices.

        Raises:
            ScaleOverflow: one of them does not fit into 64 bits then.
        """
        self._prices = multiplied(self._prices, factor)
