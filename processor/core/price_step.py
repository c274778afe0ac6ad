"""The price step of an instrument: the greatest common divisor of its prices.

Two decimals suggest a step of 0.01; if all prices are multiples of 0.25, it is 0.25. The prices of the book decide,
those of removals too, and those of the trades where there is no book: hidden executions print between the steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import CLEAR
from processor.errors import ScaleOverflow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from processor.core.events import BookEvents, Trades

_AT_ONCE: Final = 1024
_INT64_MAX: Final = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True)
class Divisor:
    """The greatest common divisor of some prices: `ticks` of 10**-`decimals`, with as few decimals as it needs.

    0 ticks where there is no price but 0.
    """

    ticks: int = 0
    decimals: int = 0

    @property
    def value(self) -> float:
        """The float nearest to it."""
        nearest: float = self.ticks / 10**self.decimals
        return nearest

    def including(self, prices: NDArray[np.integer], decimals: int) -> Divisor:
        """That of these prices, too, which are ticks of 10**-`decimals`."""
        scale = max(self.decimals, decimals)
        known = self.ticks * 10 ** (scale - self.decimals)
        # gcd(known, p * finer) = shared * gcd(known / shared, p), which saves scaling the prices.
        shared = math.gcd(known, 10 ** (scale - decimals))
        return _shortest(shared * _divisor(prices, known // shared), scale)

    def merged(self, other: Divisor) -> Divisor:
        """That of the prices of both."""
        scale = max(self.decimals, other.decimals)
        return _shortest(math.gcd(self.at(scale), other.at(scale)), scale)

    def at(self, decimals: int) -> int:
        """Its ticks of 10**-`decimals`.

        Raises:
            ScaleOverflow: it is no whole number of them.
        """
        if decimals < self.decimals:
            msg = f"a price step of {self.ticks} / 10**{self.decimals} is no whole number of 1 / 10**{decimals}"
            raise ScaleOverflow(msg)
        grown: int = 10 ** (decimals - self.decimals)
        return self.ticks * grown


NO_DIVISOR: Final = Divisor()


@dataclass(frozen=True, slots=True)
class PriceStep:
    """The price step as far as the events show it; it becomes finer with more of them, never coarser.

    The exception is a first price of the book, which may be coarser than the trades before it.
    """

    book: Divisor = NO_DIVISOR
    trades: Divisor = NO_DIVISOR

    @property
    def divisor(self) -> Divisor | None:
        """The step; None where there is no price but 0."""
        found = self.book if self.book.ticks else self.trades
        return found if found.ticks else None

    @property
    def height(self) -> Fraction | None:
        """The step as a price; None where there is no price but 0."""
        return None if self.divisor is None else Fraction(self.divisor.ticks, 10**self.divisor.decimals)

    def ticks(self, decimals: int) -> int | None:
        """The step in ticks of 10**-`decimals`; None where there is no price but 0.

        Decimals that the prices taken in have are enough.

        Raises:
            ScaleOverflow: it is no whole number of ticks.
        """
        return None if self.divisor is None else self.divisor.at(decimals)

    def advanced(self, trades: Iterable[Trades], book: Iterable[BookEvents]) -> PriceStep:
        """The step with these events, too. They may be in any order."""
        of_book, of_trades = self.book, self.trades
        for events in book:
            of_book = of_book.including(_levels(events), events.price_decimals)
        for part in trades:
            of_trades = of_trades.including(part.price_ticks, part.price_decimals)
        return PriceStep(of_book, of_trades)

    def merged(self, other: PriceStep) -> PriceStep:
        """The step of the events of both."""
        return PriceStep(self.book.merged(other.book), self.trades.merged(other.trades))


NO_STEP: Final = PriceStep()


def _levels(events: BookEvents) -> NDArray[np.int64]:
    """The prices of `events`; a row that empties the book has none."""
    clears = events.side == CLEAR
    return events.price_ticks[~clears] if clears.any() else events.price_ticks


def _divisor(prices: NDArray[np.integer], divisor: int) -> int:
    """The greatest common divisor of `divisor` and all prices."""
    wide = prices.astype(np.int64, copy=False) if divisor != 1 else prices[:0]
    if not 0 < divisor <= _INT64_MAX:
        # No price can be divided by it, other than 0 and the lowest number there is.
        wide = wide[wide != 0]
        divisor = math.gcd(divisor, int(np.gcd.reduce(wide[:_AT_ONCE])))
    while 1 < divisor <= _INT64_MAX:
        # Numpy divides by one number with vector instructions, but has none for the remainder.
        wide = wide[wide // divisor * divisor != wide]
        if not len(wide):
            break
        divisor = math.gcd(divisor, int(np.gcd.reduce(wide[:_AT_ONCE])))
    if divisor > _INT64_MAX:
        divisor = math.gcd(divisor, *map(int, np.unique(wide)))
    return divisor


def _shortest(ticks: int, decimals: int) -> Divisor:
    if not ticks:
        return NO_DIVISOR
    while decimals and ticks % 10 == 0:
        ticks, decimals = ticks // 10, decimals - 1
    return Divisor(ticks, decimals)
