"""What trades cost beside the mid: effective spread, realised spread, and what the price moved after them.

Of a trade at p by a buyer (d = 1) or a seller (d = -1), with m the mid just before it and m' the one that stands some
time later, in basis points of |m|: effective 2 d (p - m), realised 2 d (p - m'), impact 2 d (m' - m).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processor.core.events import UNKNOWN, Trades, concatenated, scaled_up
from processor.core.measures.mids import Mids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from processor.core.aggregates.base import Batch
    from processor.core.measures.layout import Ints

_PER: Final = 10_000
"""Basis points in the whole."""
_NARROW: Final = 1 << 48
"""Ticks whose differences times `_PER` stay within 62 bits."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Trades of a known side, with the mids about them.

    `bucket` names each trade's interval. `sums` is twice the mid just before, in the ticks of `trades`, `later_sums`
    twice the one after the time given; they count where `known` and `later_known` say so.
    """

    trades: Trades
    bucket: Ints
    sums: Ints
    later_sums: Ints
    known: NDArray[np.bool_]
    later_known: NDArray[np.bool_]

    def numerators(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Effective, realised and impact of each trade times |sums|: int64, or objects where that has no room."""
        columns = self.trades.price_ticks, self.sums, self.later_sums
        is_narrow = all(not len(column) or max(column.max(), -column.min()) < _NARROW for column in columns)
        price, sums, later = (column if is_narrow else column.astype(object) for column in columns)
        # 2 d (p - m) / |m| is 2 d (2 p - 2 m) / |2 m|.
        factor = 2 * _PER * self.trades.aggressor.astype(np.int64)
        return factor * (2 * price - sums), factor * (2 * price - later), factor * (later - sums)


class TradeCosts:
    """Trades fed batch by batch, each of whole times; they are given once the mid `tau_ns` later is known."""

    def __init__(self, tau_ns: int) -> None:
        """Start before the first event."""
        self._tau_ns = tau_ns
        self._mids = Mids()
        self._waiting: list[tuple[Trades, Ints]] = []
        self._now_ns = np.iinfo(np.int64).min

    def take(self, batch: Batch) -> Costs | None:
        """The trades whose later mid is known with these events, None without any."""
        for part in batch.book:
            self._mids.advance(part)
        for trades, buckets in zip(batch.trades, batch.buckets, strict=True):
            known = trades.aggressor != UNKNOWN
            self._waiting.append((trades.rows(known), buckets[known]))
        lasts = [int(part.time_ns[-1]) for part in (*batch.trades[-1:], *batch.book[-1:])]
        self._now_ns = max(lasts, default=self._now_ns)
        return self._given(self._now_ns - self._tau_ns)

    def end(self) -> Costs | None:
        """The others: nothing stands after the last event."""
        return self._given(None)

    @property
    def first_waiting(self) -> int | None:
        """Name of the interval of the first trade that is not given yet, None without any."""
        return next((int(buckets[0]) for _, buckets in self._waiting if len(buckets)), None)

    def _given(self, until_ns: int | None) -> Costs | None:
        """The trades up to a time, None for all."""
        if not any(len(part) for part, _ in self._waiting):
            return None
        trades = concatenated([part for part, _ in self._waiting])
        buckets = np.concatenate([each for _, each in self._waiting])
        count = len(trades) if until_ns is None else int(np.searchsorted(trades.time_ns, until_ns, side="right"))
        self._waiting = [(trades.rows(slice(count, None)), buckets[count:])]
        if not count:
            return None
        found = self._with_mids(trades.rows(slice(0, count)), buckets[:count])
        self._mids.forget_before(int(trades.time_ns[count - 1]))
        return found

    def _with_mids(self, trades: Trades, buckets: Ints) -> Costs:
        decimals = max(trades.price_decimals, self._mids.price_decimals)
        trades = trades.rescaled(decimals, trades.size_decimals)
        sums = scaled_up(self._mids.sums, decimals - self._mids.price_decimals)
        before = self._mids.standing(trades.time_ns, before=True)
        after = self._mids.standing(trades.time_ns + self._tau_ns)
        known = before >= 0
        known[known] = sums[before[known]] != 0
        later_known = known & (after >= 0) & (trades.time_ns <= self._now_ns - self._tau_ns)
        values, later_values = np.zeros(len(trades), np.int64), np.zeros(len(trades), np.int64)
        values[known], later_values[later_known] = sums[before[known]], sums[after[later_known]]
        return Costs(trades, buckets, values, later_values, known, later_known)


def weighted_mean(numerators: Sequence[int], sums: Sequence[int], lots: Sequence[int]) -> float | None:
    """The float nearest to the mean of numerators / |sums|, each weighted by its `lots`; None without any."""
    volume = sum(lots)
    if not volume:
        return None
    # Trades at one mid have one divisor.
    by_divisor: dict[int, int] = {}
    for numerator, divisor, each in zip(numerators, sums, lots, strict=True):
        by_divisor[abs(divisor)] = by_divisor.get(abs(divisor), 0) + numerator * each
    part, whole = _added([(part, whole) for whole, part in by_divisor.items()])
    return float(Fraction(part, whole * volume))


def _added(quotients: list[tuple[int, int]]) -> tuple[int, int]:
    """The sum of some quotients, two halves at a time, so that long numbers are multiplied with long ones only."""
    while len(quotients) > 1:
        pairs = zip(quotients[::2], quotients[1::2], strict=False)
        rest = quotients[-1:] if len(quotients) % 2 else []
        quotients = [(a * d + c * b, b * d) for (a, b), (c, d) in pairs] + rest
    return quotients[0]
