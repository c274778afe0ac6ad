"""Bars that end by activity rather than by time: after so many trades, so much volume, or so much turnover.

A bar ends with the millisecond of the trade that fills it. That trade belongs to it whole, and so does every event of
the same millisecond, because files give times in milliseconds and the executions of one order share theirs. The next
bar starts with the millisecond after, so that bars leave no time between them and each has a label of its own. The
first bar starts with the dataset's first event. What fills a bar is counted in trades, in lots, or in ticks times lots,
from the trades since its start alone.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import read_only
from processor.errors import ScaleOverflow
from processor.units import NS_PER_MS
from processor.with_numba import njit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from processor.core.events import Trades
    from processor.settings import Activity

_TRADES: Final = 0
_VOLUME: Final = 1
_TURNOVER: Final = 2
_UNITS: Final = {"t": _TRADES, "v": _VOLUME, "q": _TURNOVER}

_WORD: Final = 2**60
"""Amounts are counted in two words, the high one in units of this: turnover has as many decimals as prices and sizes
together."""
_MOST: Final = 2**108
_SURELY_MORE: Final = 2.0**109
"""A float product from here on is more than any limit; below it, it is right to a fraction of a word."""
_UNFILLED: Final = np.iinfo(np.int64).min

# Indices into the state of the open bar.
_START_MS: Final = 0
_HIGH: Final = 1
_LOW: Final = 2
_FULL_MS: Final = 3
"""The millisecond in which it was filled, or _UNFILLED."""


class ActivityCounter:
    """The open bar of an activity, fed with trades in time order."""

    def __init__(self, activity: Activity, first_ns: int) -> None:
        """Start with the dataset's first event, at `first_ns`."""
        self._activity = activity
        self._decimals = (0, 0)
        self._limit = _limit_of(activity, *self._decimals)
        self._state = np.array([first_ns // NS_PER_MS, 0, 0, _UNFILLED], np.int64)

    @property
    def starts_ns(self) -> NDArray[np.int64]:
        """Start of the bar of the last trade, and of the next bar if that is known already."""
        start_ms, _, _, full_ms = self._state.tolist()
        return np.array([start_ms] if full_ms == _UNFILLED else [start_ms, full_ms + 1], np.int64) * NS_PER_MS

    def take(self, trades: Trades) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Take in `trades`; return the start of each trade's bar in ms, and in ns the starts that became known.

        Raises:
            ScaleOverflow: a price, a size or the limit has no room on the finest scale seen.
        """
        self._rescale(trades.price_decimals, trades.size_decimals)
        trades = trades.rescaled(*self._decimals)
        buckets, starts_ms = np.empty(len(trades), np.int64), np.empty(len(trades), np.int64)
        found = _count(
            self._state,
            _UNITS[self._activity.unit],
            *divmod(self._limit, _WORD),
            read_only(trades.time_ns),
            read_only(trades.price_ticks),
            read_only(trades.size_lots),
            buckets,
            starts_ms,
        )
        return buckets, starts_ms[:found] * NS_PER_MS

    def _rescale(self, price_decimals: int, size_decimals: int) -> None:
        decimals = max(price_decimals, self._decimals[0]), max(size_decimals, self._decimals[1])
        if decimals == self._decimals:
            return
        before, after = (sum(_decimals_of(self._activity, *both)) for both in (self._decimals, decimals))
        self._limit = _limit_of(self._activity, *decimals)
        if self._state[_FULL_MS] == _UNFILLED:
            filled = int(self._state[_HIGH]) * _WORD + int(self._state[_LOW])
            self._state[[_HIGH, _LOW]] = divmod(filled * 10 ** (after - before), _WORD)
        self._decimals = decimals


def _limit_of(activity: Activity, price_decimals: int, size_decimals: int) -> int:
    """What fills a bar, in trades, in lots, or in ticks times lots of these decimals."""
    numerator, denominator = activity.limit.as_integer_ratio()
    decimals = sum(_decimals_of(activity, price_decimals, size_decimals))
    limit: int = -(-numerator * 10**decimals // denominator)
    if limit >= _MOST:
        msg = f"a bar of {activity} is too large for prices of {price_decimals} and sizes of {size_decimals} decimals"
        raise ScaleOverflow(msg)
    return limit


def _decimals_of(activity: Activity, price_decimals: int, size_decimals: int) -> tuple[int, int]:
    """Those that count in what an activity's bars are filled with."""
    return (price_decimals if activity.unit == "q" else 0), (0 if activity.unit == "t" else size_decimals)


def bar_around(counter: ActivityCounter, trades: Iterable[Trades], at_ns: int) -> tuple[int, int | None]:
    """Start of the bar that holds `at_ns`, and of the one after it; None if these trades do not fill it.

    `trades` continue from `counter`, whose open bar is that bar or an earlier one.
    """
    starts_ns: list[int] = counter.starts_ns.tolist()
    for part in trades:
        if starts_ns[-1] > at_ns:
            break
        _, found_ns = counter.take(part)
        starts_ns = [*starts_ns[-1:], *found_ns.tolist()]
    at = bisect_right(starts_ns, at_ns)
    return starts_ns[at - 1], starts_ns[at] if at < len(starts_ns) else None


@njit(cache=True, nogil=True)
def _count(
    state: NDArray[np.int64],
    unit: int,
    limit_high: int,
    limit_low: int,
    time_ns: NDArray[np.int64],
    price_ticks: NDArray[np.int64],
    size_lots: NDArray[np.int64],
    buckets: NDArray[np.int64],
    starts_ms: NDArray[np.int64],
) -> int:
    """Write the start of each trade's bar into `buckets`, new starts into `starts_ms`; return how many of these."""
    start_ms, high, low, full_ms = state[_START_MS], state[_HIGH], state[_LOW], state[_FULL_MS]
    found = 0
    for i in range(len(time_ns)):
        time_ms = time_ns[i] // NS_PER_MS
        if full_ms != _UNFILLED and time_ms > full_ms:
            start_ms, high, low, full_ms = full_ms + 1, 0, 0, _UNFILLED
        buckets[i] = start_ms
        if full_ms != _UNFILLED:
            continue
        if unit == _TRADES:
            low += 1
        elif unit == _VOLUME:
            high += size_lots[i] // _WORD
            low += size_lots[i] % _WORD
        else:
            ticks, lots = abs(price_ticks[i]), size_lots[i]
            product = abs(float(price_ticks[i])) * float(lots)
            if product >= _SURELY_MORE:
                high = limit_high + 1
            else:
                # What the float is off by is in the rest, which is right however large the product.
                words = int(product / _WORD)
                high += words
                low += ticks * lots - words * _WORD
        while low >= _WORD:
            high, low = high + 1, low - _WORD
        while low < 0:
            high, low = high - 1, low + _WORD
        if high > limit_high or (high == limit_high and low >= limit_low):
            full_ms = time_ms
            starts_ms[found] = full_ms + 1
            found += 1
    state[_START_MS], state[_HIGH], state[_LOW], state[_FULL_MS] = start_ms, high, low, full_ms
    return found
