"""The definitions of the order flow, slowly and obviously: one trade after the other, Fractions throughout.

It shares no code with the processor.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import NamedTuple

DAY_NS = 86_400 * 10**9
BUY, SELL = 1, -1


class Trade(NamedTuple):
    time_ns: int
    price: Fraction
    size: Fraction
    side: int


@dataclass
class Row:
    buy: Fraction = Fraction(0)
    sell: Fraction = Fraction(0)
    unknown: Fraction = Fraction(0)
    trades: int = 0

    @property
    def volume(self) -> Fraction:
        return self.buy + self.sell + self.unknown


def rows_of(trades: list[Trade], height: Fraction) -> dict[int, Row]:
    """Number of each price row with trades, and what was traded in it."""
    rows: dict[int, Row] = defaultdict(Row)
    for trade in trades:
        row = rows[floor(trade.price / height)]
        row.trades += 1
        if trade.side == BUY:
            row.buy += trade.size
        elif trade.side == SELL:
            row.sell += trade.size
        else:
            row.unknown += trade.size
    return dict(sorted(rows.items()))


def value_area(rows: dict[int, Row]) -> tuple[int, int, int] | None:
    """POC, lowest and highest row of the value area; None without volume."""
    total = sum(row.volume for row in rows.values())
    if not total:
        return None
    bottom, top = min(rows), max(rows)
    most = max(row.volume for row in rows.values())
    tied = [number for number, row in rows.items() if row.volume == most]
    poc = min(tied, key=lambda number: (abs(2 * number - bottom - top), number))
    low = high = poc

    def volume(numbers: range) -> Fraction:
        return sum((rows[number].volume for number in numbers if number in rows), Fraction(0))

    while 100 * volume(range(low, high + 1)) < 70 * total:
        above = range(high + 1, min(high + 2, top) + 1)
        below = range(max(low - 2, bottom), low)
        up, down = volume(above), volume(below)
        if above and (up >= down or not below):
            high = above[-1]
        if below and (down >= up or not above):
            low = below[0]
    return poc, low, high


def extremes(trades: list[Trade]) -> tuple[Fraction, Fraction]:
    """Highest and lowest running delta, 0 included."""
    running = high = low = Fraction(0)
    for trade in trades:
        running += trade.side * trade.size
        high, low = max(high, running), min(low, running)
    return high, low


def moments(trades: list[Trade]) -> tuple[Fraction, Fraction] | None:
    """VWAP and variance about it; None without volume."""
    total = sum(trade.size for trade in trades)
    if not total:
        return None
    mean = sum(trade.size * trade.price for trade in trades) / total
    return mean, sum(trade.size * (trade.price - mean) ** 2 for trade in trades) / total


def imbalance(rows: dict[int, Row], ratio: Fraction) -> dict[int, tuple[bool, bool]]:
    """Whether each traded row of a bar has a buy and a sell imbalance."""
    nothing = Row()
    return {
        number: (
            number != min(rows) and row.buy > ratio * rows.get(number - 1, nothing).sell and row.buy >= 0,
            number != max(rows) and row.sell > ratio * rows.get(number + 1, nothing).buy and row.sell >= 0,
        )
        for number, row in rows.items()
    }
