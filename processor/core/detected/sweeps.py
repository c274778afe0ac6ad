"""Sweeps: orders that trade at three or more distinct prices; and large orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.aggregates.large_orders import WINDOW_NS, Hour
from processor.core.aggregates.orders import SIDES, distinct_prices, order_starts, volumes_of
from processor.core.detected.found import Found

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.events import Trades

    Ints = NDArray[np.int64]

LEAST_PRICES: Final = 3


def orders_found(trades: Trades, hour: Hour, *, goes_on: bool) -> tuple[list[Found], Hour]:
    """The sweeps and the large orders among whole orders, and the hour after these if it `goes_on`.

    `hour` holds the orders of the hour before, on the scale of `trades`.
    """
    if not len(trades):
        return [], hour
    starts = order_starts(trades)
    ends = np.append(starts[1:], len(trades))
    volumes = volumes_of(trades, starts)
    times_ns = trades.time_ns[starts]
    is_large, hour = hour.judged(times_ns, volumes) if goes_on else (hour.are_large(times_ns, volumes), hour)
    prices_of = distinct_prices(trades, starts)
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
    return Hour(times_ns[kept:], volumes_of(trades, starts)[kept:])
