"""Guesses the price, the size, bid and ask among the columns of an unknown table without column names."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

from processor.formats.mapped.samples import is_numeric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.formats.mapped.samples import Sample

_DIGITS_OF_IDS: Final = 6
_NEAR: Final = 0.02
_STEADY: Final = 0.05
_BESIDE_A_TRADE: Final = 2
_OF_A_BAR: Final = 3
_WORDS_FOR_SIDES: Final = {"0", "1", "-1", "2"}


@dataclass(frozen=True, slots=True)
class Ordered:
    """What columns seem to be by their numbers: trades (`price`, `size`), a book of one level, or both.

    `bars`: four prices per row.
    """

    price: str | None = None
    size: str | None = None
    level: tuple[str, ...] = ()
    bars: bool = False

    @property
    def used(self) -> set[str]:
        """The columns with a known meaning."""
        return {each for each in (self.price, self.size, *self.level) if each is not None}


def ordered(sample: Sample, names: Sequence[str], *, has_sides: bool) -> Ordered:
    """Guess the columns of numbers: the first steady one is the price, two near it bid and ask, the next the size.

    Two prices alone, of which the same one is always lower, are bid and ask, unless there is a column of sides.
    """
    numeric = [name for name in names if is_numeric(sample, name) and not _counts(sample.values(name))]
    if not numeric:
        return Ordered()
    numbers = {name: [_float(value) for value in sample.values(name)] for name in numeric}
    price = next((name for name in numeric if _is_steady(numbers[name])), numeric[0])
    near = [name for name in numeric if name != price and _is_near(numbers[price], numbers[name])]
    at = numeric.index(price)
    others = [name for name in (*numeric[at + 1 :], *numeric[:at]) if name not in near]
    others.sort(key=lambda name: set(sample.values(name)) <= _WORDS_FOR_SIDES)
    if len(near) == 1 and not has_sides and _is_below(numbers[price], numbers[near[0]]) is not None:
        return Ordered(level=_level(price, near[0], sorted(others, key=numeric.index), numbers))
    level: tuple[str, ...] = ()
    if len(near) == _BESIDE_A_TRADE:
        level = tuple(sorted(near, key=lambda name: sum(numbers[name])))
    size = others[0] if others else near[0] if len(near) == 1 else None
    return Ordered(price, size, level, bars=len(near) >= _OF_A_BAR)


def _level(one: str, other: str, sizes: Sequence[str], numbers: dict[str, list[float]]) -> tuple[str, ...]:
    """Bid and ask, with their sizes if there are two, in the order of the prices."""
    if len(sizes) < 2 or not any(map(any, (numbers[name] for name in sizes[:2]))):  # noqa: PLR2004
        return (one, other) if _is_below(numbers[one], numbers[other]) else (other, one)
    pairs = (one, sizes[0]), (other, sizes[1])
    bid, ask = pairs if _is_below(numbers[one], numbers[other]) else pairs[::-1]
    return (*bid, *ask)


def _is_below(these: Sequence[float], those: Sequence[float]) -> bool | None:
    """Whether `these` prices are never above `those`; None if neither side is always lower."""
    pairs = list(zip(these, those, strict=False))
    if all(one <= other for one, other in pairs):
        return True
    return False if all(one >= other for one, other in pairs) else None


def _is_near(prices: Sequence[float], values: Sequence[float]) -> bool:
    """Whether each value is within two percent of the price beside it, so it is also a price."""
    pairs = zip(prices, values, strict=False)
    return bool(values) and all(abs(value - price) <= _NEAR * abs(price) for price, value in pairs)


def _is_steady(values: Sequence[float]) -> bool:
    """Whether the values move little from row to row, as prices do, unlike sizes and words for sides."""
    steps = [abs(after - before) for before, after in pairwise(values)]
    return not steps or (median(steps) <= _STEADY * median(map(abs, values)) and not set(values) <= {0.0, 1.0, -1.0})


def _float(number: str) -> float:
    """A number as a float, exact enough to tell a price from a size."""
    try:
        return float(number.replace(",", "."))
    except ValueError:
        return 0.0


def _counts(values: Sequence[str]) -> bool:
    """Whether numbers are ids: whole, all different, and long."""
    longest = max(map(len, values), default=0)
    return all(map(str.isdecimal, values)) and len(set(values)) == len(values) > 1 and longest >= _DIGITS_OF_IDS
