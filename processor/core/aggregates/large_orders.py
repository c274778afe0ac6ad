"""Which orders are large: at least three standard deviations above the mean of the orders of the hour before.

Volumes v of n orders with sum S1 and sum of squares S2 in [t - 60 min, t): v n > S1 and
(v n - S1)^2 >= 9 (n S2 - S1^2) > 0, in integers of any length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from processor.core.lots import NARROW_LOTS, finer_lots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.lots import Lots

    Ints = NDArray[np.int64]

WINDOW_NS: Final = 3_600 * 10**9
LEAST_ORDERS: Final = 100
_DEVIATIONS: Final = 3
_DOUBT: Final = 1e-9
_BITS: Final = 64
_PARTS: Final = 3
"""Volumes are squared in so many parts, whose products add up in 64 bits."""


def are_large(time_ns: Ints, lots: Lots, first: int = 0) -> NDArray[np.bool_]:
    """Whether each order from number `first` on is large, of orders in time order with all of the hour before these."""
    times, volumes = time_ns[first:], lots[first:]
    starts = np.searchsorted(time_ns, times - WINDOW_NS)
    ends = np.searchsorted(time_ns, times)
    found = np.zeros(len(times), np.bool_)
    judged = np.flatnonzero(ends - starts >= LEAST_ORDERS)
    if not len(judged):
        return found
    offset = int(starts[judged[0]])
    windows = starts[judged] - offset, ends[judged] - offset
    counts = windows[1] - windows[0]
    sums, squares = running_sums(lots[offset : int(ends[-1])], int(counts.max()))
    of_windows = sums[windows[1]] - sums[windows[0]]
    # v > S1 // n where v n > S1; few are left of the others.
    above = np.flatnonzero(volumes[judged] > of_windows // counts)
    if len(above):
        above = above[
            _may_be_large(
                volumes[judged][above],
                counts[above],
                of_windows[above],
                [(part[windows[1][above]] - part[windows[0][above]], shift) for part, shift in squares],
            )
        ]
    for index in above.tolist():
        s2 = sum(int(part[windows[1][index]] - part[windows[0][index]]) << shift for part, shift in squares)
        found[judged[index]] = is_large(int(volumes[judged[index]]), int(counts[index]), int(of_windows[index]), s2)
    return found


def is_large(volume: int, n: int, s1: int, s2: int) -> bool:
    """Whether an order of some lots is large after `n` orders of so many in all, and of so many as a sum of squares."""
    if n < LEAST_ORDERS or volume * n <= s1:
        return False
    spread = n * s2 - s1 * s1
    return spread > 0 and (volume * n - s1) ** 2 >= _DEVIATIONS**2 * spread


def _may_be_large(volume: Lots, count: Ints, lots: Lots, squares: list[tuple[NDArray[Any], int]]) -> NDArray[np.bool_]:
    """Whether each is large by floats, or so near to it that they do not tell."""
    n, s1 = count.astype(np.float64), lots.astype(np.float64)
    n_s2 = n * sum(part.astype(np.float64) * 2.0**shift for part, shift in squares)
    above = volume.astype(np.float64) * n - s1
    # No difference is off by more than so much of what it is taken from.
    near: NDArray[np.bool_] = (above + _DOUBT * s1) ** 2 >= _DEVIATIONS**2 * (n_s2 - s1 * s1 - _DOUBT * n_s2)
    return near


class LastHour:
    """Judges successive orders, and keeps what those after them are judged by."""

    def __init__(self) -> None:
        self._time_ns: Ints = np.zeros(0, np.int64)
        self._lots: Lots = np.zeros(0, np.int64)
        self._size_decimals = 0

    def judged(self, time_ns: Ints, volume: pl.Series, size_decimals: int) -> NDArray[np.bool_]:
        """Whether each of some further orders is large; their sizes have as many decimals as those before, or more."""
        fits = int(volume.max() or 0) < NARROW_LOTS  # type: ignore[arg-type] # whole numbers
        lots = volume.cast(pl.Int64).to_numpy() if fits else np.array(volume.to_list(), dtype=object)
        before = finer_lots(self._lots, size_decimals - self._size_decimals)
        first = len(before)
        times, all_lots = np.concatenate([self._time_ns, time_ns]), np.concatenate([before, lots])
        found = are_large(times, all_lots, first)
        if len(times):
            kept = int(np.searchsorted(times, times[-1] - WINDOW_NS))
            self._time_ns, self._lots, self._size_decimals = times[kept:].copy(), all_lots[kept:].copy(), size_decimals
        return found


def running_sums(lots: Lots, most: int) -> tuple[Lots, list[tuple[NDArray[Any], int]]]:
    """Running sums from 0 of volumes, and of their squares in parts that are to be shifted to the left by so many bits.

    They are those of windows of at most `most` orders: what is more than 64 bits cancels out.
    """
    bits = int(lots.max()).bit_length()
    width = -(-bits // _PARTS)
    sum_bits, square_bits = bits + most.bit_length(), 2 * width + 2 + most.bit_length()
    if lots.dtype == object or max(sum_bits + 1, square_bits) > _BITS:
        wide = lots.astype(object)
        return _running(wide), [(_running(wide * wide), 0)]
    mask = (1 << width) - 1
    low, middle, high = ((lots >> (width * part) & mask).astype(np.uint64) for part in range(_PARTS))
    parts = (low * low, 2 * low * middle, 2 * low * high + middle * middle, 2 * middle * high, high * high)
    return _running(lots), [(_running(part), width * number) for number, part in enumerate(parts)]


def _running(values: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([np.zeros(1, values.dtype), np.cumsum(values, dtype=values.dtype)])
