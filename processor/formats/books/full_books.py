"""Rows that each hold the full visible book, as book events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from processor.core.events import ASK, BID, CLEAR, BookEvents
from processor.formats.lines.kernels import ABSENT
from processor.with_numba import njit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from processor.formats.lines.tables import Rows


def full_books(
    rows: Rows, time_ns: NDArray[np.int64], bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]]
) -> BookEvents:
    """Per row a CLEAR and then its levels; levels without a price or a size are left out as empty.

    `bids` and `asks` are the rows of `rows.values` with the price and the size of each level.
    """
    levels = np.array([(BID, *where) for where in bids] + [(ASK, *where) for where in asks], np.int64)
    room = len(rows) * (1 + len(levels))
    time_column = np.empty(room, np.int64)
    side = np.empty(room, np.int8)
    price_ticks = np.empty(room, np.int64)
    size_lots = np.empty(room, np.int64)
    count = _spread(rows.values, time_ns, levels, time_column, side, price_ticks, size_lots)
    return BookEvents(
        time_ns=time_column[:count],
        price_ticks=price_ticks[:count],
        size_lots=size_lots[:count],
        price_decimals=rows.price_decimals,
        size_decimals=rows.size_decimals,
        side=side[:count],
    )


@njit(cache=True, nogil=True)
def _spread(
    values: NDArray[np.int64],
    times: NDArray[np.int64],
    levels: NDArray[np.int64],
    time_column: NDArray[np.int64],
    side: NDArray[np.int8],
    price_ticks: NDArray[np.int64],
    size_lots: NDArray[np.int64],
) -> int:
    """Fill the columns of the events; returns the number of events."""
    at = 0
    for row in range(len(times)):
        time_column[at] = times[row]
        side[at] = CLEAR
        price_ticks[at] = 0
        size_lots[at] = 0
        at += 1
        for level in range(len(levels)):
            price = values[levels[level, 1], row]
            size = values[levels[level, 2], row]
            if price == ABSENT or size <= 0:  # an absent size too
                continue
            time_column[at] = times[row]
            side[at] = levels[level, 0]
            price_ticks[at] = price
            size_lots[at] = size
            at += 1
    return at
