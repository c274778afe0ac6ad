"""Divergences: a higher pivot high of prices at a lower CVD, or a lower pivot low at a higher one.

A pivot is a bar whose extreme is strictly beyond that of three bars on either side, bars being those with trades; it is
compared with the pivot before it, and is known at the end of the third bar after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.aggregates import bars
from processor.core.detected.found import Found
from processor.core.events import BUY, SELL, scaled_up
from processor.core.intervals import start_of
from processor.core.lots import NARROW_LOTS, finer_lots
from processor.core.runs import run_starts
from processor.core.sessions import session_of
from processor.units import NS_PER_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.events import Trades
    from processor.core.lots import Lots
    from processor.settings import Aggregation

    Ints = NDArray[np.int64]

REACH: Final = 3
"""Bars on either side of a pivot."""


def _no_ints() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Bars:
    """Successive bars with trades: name (see `Engine`), extremes in ticks, and the CVD at the end in lots."""

    bucket: Ints = field(default_factory=_no_ints)
    high_ticks: Ints = field(default_factory=_no_ints)
    low_ticks: Ints = field(default_factory=_no_ints)
    cvd_lots: Lots = field(default_factory=_no_ints)

    def __len__(self) -> int:
        return len(self.bucket)

    def rows(self, which: slice) -> Bars:
        """Some of them."""
        return Bars(self.bucket[which], self.high_ticks[which], self.low_ticks[which], self.cvd_lots[which])

    def followed_by(self, later: Bars) -> Bars:
        """These and later ones; the first of those may go on with the last of these."""
        if not len(self) or not len(later):
            return later if len(later) else self
        first = self
        if self.bucket[-1] == later.bucket[0]:
            first = self.rows(slice(0, -1))
            later = replace(later, high_ticks=later.high_ticks.copy(), low_ticks=later.low_ticks.copy())
            later.high_ticks[0] = max(self.high_ticks[-1], later.high_ticks[0])
            later.low_ticks[0] = min(self.low_ticks[-1], later.low_ticks[0])
        return Bars(
            np.concatenate([first.bucket, later.bucket]),
            np.concatenate([first.high_ticks, later.high_ticks]),
            np.concatenate([first.low_ticks, later.low_ticks]),
            np.concatenate([first.cvd_lots, later.cvd_lots]),
        )

    def finer(self, price_decimals: int, size_decimals: int) -> Bars:
        """The same with so many more decimals.

        Raises:
            ScaleOverflow: a price has no room in 64 bits on that scale.
        """
        return Bars(
            self.bucket,
            scaled_up(self.high_ticks, price_decimals),
            scaled_up(self.low_ticks, price_decimals),
            finer_lots(self.cvd_lots, size_decimals),
        )


@dataclass(frozen=True, slots=True)
class Pivot:
    """The last pivot of a kind: its price in ticks, and the CVD at the end of its bar in lots."""

    price_ticks: int
    cvd_lots: int

    def finer(self, price_decimals: int, size_decimals: int) -> Pivot:
        """The same with so many more decimals."""
        return Pivot(self.price_ticks * 10**price_decimals, self.cvd_lots * 10**size_decimals)


@dataclass(frozen=True, slots=True)
class Diverging:
    """The last bars, which may be or decide about pivots, the pivots before these, and the CVD.

    `day` is the session of the last trade. `starts_ns` are those of the last bars, and of later ones as far as
    they are known, where bars end by activity.
    """

    bars: Bars = field(default_factory=Bars)
    high: Pivot | None = None
    low: Pivot | None = None
    cvd_lots: int = 0
    day: int = 0
    starts_ns: Ints = field(default_factory=_no_ints)

    def finer(self, price_decimals: int, size_decimals: int) -> Diverging:
        """The same with so many more decimals."""
        grown = price_decimals, size_decimals
        return replace(
            self,
            bars=self.bars.finer(*grown),
            high=self.high and self.high.finer(*grown),
            low=self.low and self.low.finer(*grown),
            cvd_lots=self.cvd_lots * 10**size_decimals,
        )

    def added(
        self, trades: Trades, buckets: Ints, until_ns: int, aggregation: Aggregation
    ) -> tuple[list[Found], Diverging]:
        """The divergences known with all trades before `until_ns`, in bars that ended before it, and the state then."""
        state = self.traded(trades, buckets, aggregation) if len(trades) else self
        ends_ns = state.ends_ns(aggregation.interval_ns)
        ended = int(np.searchsorted(ends_ns, until_ns))
        found: list[Found] = []
        decided = []
        for side, sign, extremes, before in (
            ("high", 1, state.bars.high_ticks, state.high),
            ("low", -1, -state.bars.low_ticks, state.low),
        ):
            last = before
            for at in pivots(extremes[:ended]).tolist():
                pivot = Pivot(sign * int(extremes[at]), int(state.bars.cvd_lots[at]))
                if last is not None and _diverges(sign, last, pivot):
                    start_ns = start_of_bar(int(state.bars.bucket[at]), aggregation.interval_ns)
                    price = pivot.price_ticks / 10**trades.price_decimals
                    size = (pivot.cvd_lots - last.cvd_lots) / 10**trades.size_decimals
                    found.append(Found(int(ends_ns[at + REACH]), "divergence", side, price, size, start_ns, ""))
                last = pivot
            decided.append(last)
        # Bars whose third one after has ended are decided, and judge at most three others.
        kept = slice(max(0, ended - 2 * REACH), None)
        kept_bars = state.bars.rows(kept)
        starts_ns = state.starts_ns
        if len(kept_bars) and len(starts_ns):
            starts_ns = starts_ns[np.searchsorted(starts_ns, kept_bars.bucket[0] * NS_PER_MS) :]
        high, low = decided
        return found, replace(state, bars=kept_bars, high=high, low=low, starts_ns=starts_ns)

    def traded(self, trades: Trades, buckets: Ints, aggregation: Aggregation) -> Diverging:
        """With trades on the scale of these, but nothing told of them yet."""
        narrow = bars.traded(trades).volume + abs(self.cvd_lots) < NARROW_LOTS
        lots = trades.size_lots.astype(np.int64 if narrow else object)
        signed = np.where(trades.aggressor == BUY, lots, np.where(trades.aggressor == SELL, -lots, lots - lots))
        cvd = np.cumsum(signed) + self.cvd_lots
        days = session_of(trades.time_ns, aggregation.session_ns)
        if aggregation.cvd_reset == "day":
            # The value before the first trade of each session, for all trades of it.
            is_first = np.diff(days, prepend=self.day) != 0
            firsts = np.maximum.accumulate(np.where(is_first, np.arange(len(days)), -1))
            cvd = np.where(firsts < 0, cvd, cvd - (cvd - signed)[np.maximum(firsts, 0)])
        starts = run_starts(buckets)
        lasts = np.append(starts[1:], len(trades)) - 1
        prices = trades.price_ticks.astype(np.int64, copy=False)
        later = Bars(
            buckets[starts], np.maximum.reduceat(prices, starts), np.minimum.reduceat(prices, starts), cvd[lasts]
        )
        return replace(self, bars=self.bars.followed_by(later), cvd_lots=int(cvd[-1]), day=int(days[-1]))

    def ends_ns(self, interval_ns: int) -> Ints:
        """Where each bar ends; the end of time where that is not known."""
        if interval_ns:
            return start_of(self.bars.bucket + 1, interval_ns)
        known = np.append(self.starts_ns, np.iinfo(np.int64).max)
        ends: Ints = known[np.searchsorted(self.starts_ns, self.bars.bucket * NS_PER_MS, side="right")]
        return ends


def start_of_bar(bucket: int, interval_ns: int) -> int:
    """Start of a bar in ns by its name."""
    return start_of(bucket, interval_ns) if interval_ns else bucket * NS_PER_MS


def pivots(extremes: Ints) -> Ints:
    """The rows of pivots that are known, of bars in order, by what is highest at one."""
    count = max(0, len(extremes) - 2 * REACH)
    middle = extremes[REACH : REACH + count]
    is_pivot = np.ones(count, np.bool_)
    for shift in range(2 * REACH + 1):
        if shift != REACH:
            is_pivot &= middle > extremes[shift : shift + count]
    return np.flatnonzero(is_pivot) + REACH


def _diverges(sign: int, before: Pivot, now: Pivot) -> bool:
    return sign * (now.price_ticks - before.price_ticks) > 0 and sign * (now.cvd_lots - before.cvd_lots) < 0
