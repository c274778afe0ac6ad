"""Windows of price rows over successive columns: a book goes from column to column, and each has what rests in its own.

A side of the book is keys in ascending order, the price for bids and minus the price for asks: the best level is the
last one, and most changes are near it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import multiplied, read_only, scaled_up
from processor.core.flow.cells import kernel_for
from processor.core.lots import NARROW_LOTS
from processor.with_numba import njit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from processor.core.heatmap.resting import Changes
    from processor.core.lots import Lots

    Ints = NDArray[np.int64]

_KEY: Final = 0
_LOTS: Final = 1


class SortedBook:
    """All levels of a book, which changes of successive columns are put into."""

    def __init__(self) -> None:
        """Start with an empty book."""
        self.price_decimals = 0
        self.size_decimals = 0
        self._levels = np.zeros((2, 2, 0), np.int64)
        self._counts = np.zeros(2, np.int64)

    def copy(self) -> SortedBook:
        """Another one that goes on by itself."""
        found = SortedBook()
        found.price_decimals, found.size_decimals = self.price_decimals, self.size_decimals
        found._levels, found._counts = self._levels[:, :, : self._counts.max()].copy(), self._counts.copy()
        return found

    def hold(self, sides: Sequence[tuple[Ints, Ints]], price_decimals: int, size_decimals: int) -> None:
        """Let these levels rest, bids and asks, best first, and no others."""
        self.price_decimals, self.size_decimals = price_decimals, size_decimals
        self._counts = np.array([len(prices) for prices, _ in sides], np.int64)
        self._levels = np.zeros((2, 2, int(self._counts.max())), np.int64)
        for side, (prices, sizes) in enumerate(sides):
            count = len(prices)
            self._levels[side, _KEY, :count] = (-prices if side else prices)[::-1]
            self._levels[side, _LOTS, :count] = sizes[::-1]

    def sides(self) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
        """Bids and asks, prices and sizes, best first."""
        bids, asks = (self._levels[side, :, : self._counts[side]][:, ::-1] for side in (0, 1))
        return (bids[_KEY], bids[_LOTS]), (-asks[_KEY], asks[_LOTS])

    def rescale(self, price_decimals: int, size_decimals: int) -> None:
        """Go on with so many decimals, at least those that there are.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on that scale.
        """
        for side in (0, 1):
            used = self._levels[side, :, : self._counts[side]]
            used[_KEY] = scaled_up(used[_KEY].copy(), price_decimals - self.price_decimals)
            used[_LOTS] = multiplied(used[_LOTS].copy(), 10 ** (size_decimals - self.size_decimals))
        self.price_decimals, self.size_decimals = price_decimals, size_decimals

    def apply(self, columns: Sequence[Changes]) -> None:
        """Put in the changes of columns, which are on the scale of the book."""
        self.windows(columns, np.zeros(len(columns), np.int64), 0, 1)

    def windows(self, columns: Sequence[Changes], first_rows: Ints, rows: int, height_ticks: int) -> Lots:
        """Put in the changes of columns; what rests at the end of each in a window of `rows` price rows.

        The windows begin at `first_rows`. Lots of shape (columns, 2, rows), bids and then asks: int64, or objects where
        sums may leave 64 bits.
        """
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(each.side) for each in columns])])
        starts = starts.astype(np.int64)
        changes = int(starts[-1])
        needed = int(self._counts.max()) + changes
        if needed > self._levels.shape[2]:
            grown = np.zeros((2, 2, needed + needed // 2), np.int64)
            grown[:, :, : self._levels.shape[2]] = self._levels
            self._levels = grown
        none = np.empty(0, np.int64)
        size = np.concatenate([none, *(each.size_lots for each in columns)])
        held = (self._levels[side, _LOTS, : self._counts[side]] for side in (0, 1))
        is_wide = rows > 0 and needed * max(int(lots.max(initial=0)) for lots in (size, *held)) >= NARROW_LOTS
        lots: Lots = np.zeros((len(columns), 2, rows), object if is_wide else np.int64)
        kernel_for(_windows, lots)(
            self._levels,
            self._counts,
            read_only(starts),
            read_only(np.concatenate([np.empty(0, np.int8), *(each.side for each in columns)])),
            read_only(np.concatenate([none, *(each.price_ticks for each in columns)])),
            read_only(size),
            read_only(first_rows),
            height_ticks,
            lots,
        )
        return lots


@njit(cache=True, nogil=True)
def _put(levels: Ints, counts: Ints, side: int, price: int, lots: int) -> None:
    """Set one level, 0 for none."""
    key = -price if side else price
    count = counts[side]
    low, high = 0, count
    while low < high:
        middle = (low + high) >> 1
        if levels[side, _KEY, middle] < key:
            low = middle + 1
        else:
            high = middle
    if low < count and levels[side, _KEY, low] == key:
        if lots:
            levels[side, _LOTS, low] = lots
            return
        for i in range(low, count - 1):
            levels[side, _KEY, i], levels[side, _LOTS, i] = levels[side, _KEY, i + 1], levels[side, _LOTS, i + 1]
        counts[side] = count - 1
    elif lots:
        for i in range(count, low, -1):
            levels[side, _KEY, i], levels[side, _LOTS, i] = levels[side, _KEY, i - 1], levels[side, _LOTS, i - 1]
        levels[side, _KEY, low], levels[side, _LOTS, low] = key, lots
        counts[side] = count + 1


@njit(cache=True, nogil=True)
def _windows(
    levels: Ints,
    counts: Ints,
    starts: Ints,
    side: NDArray[np.int8],
    price: Ints,
    size: Ints,
    first_rows: Ints,
    height_ticks: int,
    lots: Lots,
) -> None:
    """Write what `SortedBook.windows` gives; `lots` comes with zeros."""
    rows = lots.shape[2]
    for column in range(len(starts) - 1):
        for i in range(starts[column], starts[column + 1]):
            _put(levels, counts, int(side[i]), price[i], size[i])
        if rows == 0:
            continue
        first = first_rows[column]
        for s in range(2):
            for i in range(counts[s] - 1, -1, -1):
                key = levels[s, _KEY, i]
                row = (-key if s else key) // height_ticks - first
                if 0 <= row < rows:
                    lots[column, s, row] += int(levels[s, _LOTS, i])
                elif (row < 0) == (s == 0):
                    break
