"""The numbers of trades that a condition may name, after each trade: whole ticks and lots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.alerts.names import PRICE
from processor.core.events import BUY, SELL
from processor.core.lots import NARROW_LOTS, narrow_lots
from processor.core.sessions import session_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.events import Trades
    from processor.core.lots import Lots
    from processor.settings import CvdReset

    Ints = NDArray[np.int64]

_SUMS: Final = ("delta", "volume", "session_delta", "session_volume", "cvd")


@dataclass(frozen=True, slots=True)
class TradedState:
    """What stands after the last trade, and the bar and the session it was in; before the first one, `is_known` is not.

    `values` are those of TRADED, in ticks and lots of `decimals`.
    """

    is_known: bool = False
    decimals: tuple[int, int] = (0, 0)
    bucket: int = 0
    day: int = 0
    price: int = 0
    size: int = 0
    sums: tuple[int, ...] = (0,) * len(_SUMS)

    def finer(self, decimals: tuple[int, int]) -> TradedState:
        """The same on a scale at least as fine."""
        price, size = (10 ** (now - then) for now, then in zip(decimals, self.decimals, strict=True))
        return TradedState(
            self.is_known,
            decimals,
            self.bucket,
            self.day,
            self.price * price,
            self.size * size,
            tuple(each * size for each in self.sums),
        )


@dataclass(frozen=True, slots=True)
class Traded:
    """Per name of TRADED its values after each of some trades, and what stands then.

    Row 0 is what stood before, which `was_known` says is of a trade.
    """

    values: dict[str, Lots]
    was_known: bool
    after: TradedState

    def decimals_of(self, name: str) -> int:
        """Those of the values of a name."""
        return self.after.decimals[name != PRICE]


def traded(before: TradedState, trades: Trades, buckets: Ints, *, reset: CvdReset, session_ns: int) -> Traded:
    """The numbers of some trades, on a scale at least as fine as that of `before`.

    Sessions start at `session_ns` of a day.
    """
    before = before.finer((trades.price_decimals, trades.size_decimals))
    prices = np.concatenate([narrow_lots([before.price]), trades.price_ticks])
    sizes = np.concatenate([narrow_lots([before.size]), trades.size_lots])
    if not len(trades):
        sums = {name: narrow_lots([lots]) for name, lots in zip(_SUMS, before.sums, strict=True)}
        return Traded({PRICE: prices, "size": sizes, **sums}, before.is_known, before)
    most = sum(map(abs, before.sums)) + int(trades.size_lots.max()) * len(trades)
    lots = trades.size_lots.astype(np.int64 if 2 * most < NARROW_LOTS else object)
    signed = np.where(trades.aggressor == BUY, lots, np.where(trades.aggressor == SELL, -lots, lots - lots))
    days = session_of(trades.time_ns, session_ns)
    new_bar = np.diff(buckets, prepend=before.bucket if before.is_known else buckets[0] - 1) != 0
    new_day = np.diff(days, prepend=before.day if before.is_known else days[0] - 1) != 0
    never = np.zeros(len(trades), np.bool_)
    columns = dict(
        zip(
            _SUMS,
            (
                _summed(signed, before.sums[0], new_bar),
                _summed(lots, before.sums[1], new_bar),
                _summed(signed, before.sums[2], new_day),
                _summed(lots, before.sums[3], new_day),
                _summed(signed, before.sums[4], new_day if reset == "day" else never),
            ),
            strict=True,
        )
    )
    after = TradedState(
        is_known=True,
        decimals=before.decimals,
        bucket=int(buckets[-1]),
        day=int(days[-1]),
        price=int(prices[-1]),
        size=int(sizes[-1]),
        sums=tuple(int(column[-1]) for column in columns.values()),
    )
    return Traded({PRICE: prices, "size": sizes, **columns}, before.is_known, after)


def _summed(lots: Lots, before: int, restarts: NDArray[np.bool_]) -> Lots:
    """Running sums that go on from `before`, and restart from 0 with some of the lots; `before` is row 0."""
    sums = np.cumsum(lots) + before
    firsts = np.maximum.accumulate(np.where(restarts, np.arange(len(lots)), -1))
    # The value before the first of those that the sum is of.
    begun = np.where(firsts < 0, lots - lots, (sums - lots)[np.maximum(firsts, 0)])
    found: Lots = np.concatenate([np.array([before], lots.dtype), sums - begun])
    return found
