"""The ladder: by price row what rests, what was traded, and what has been stacked and pulled since the bar began.

Stacked or pulled is what a row holds now, less what it held when the open bar began, plus what has been traded against
it since: sells against bids, buys against asks. Above 0 it was stacked, below 0 pulled.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processor.core.events import scaled_up
from processor.core.flow.cells import LOTS
from processor.core.flow.rows import decimals_of
from processor.core.lots import finer_lots
from processor.core.runs import distinct, run_starts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processor.core.aggregates.standing import StandingLevels
    from processor.core.flow.cells import Cells, Ints
    from processor.core.lots import Lots

COLUMNS: Final = (
    "bid",
    "ask",
    "bid_sum",
    "ask_sum",
    *(f"bar_{name}" for name in LOTS),
    *(f"session_{name}" for name in LOTS),
    "bid_change",
    "ask_change",
)
"""Lots of each row. `bid_sum` are the bids in it and in all rows above, `ask_sum` the asks in it and in all below."""

_SURELY_NARROW: Final = 2**60
"""Where no column of a source comes to more, no sum of a row of several of them leaves 64 bits."""
_FARTHEST: Final = np.iinfo(np.int64).max
"""Farther from 0 than the number of any row."""


@dataclass(frozen=True, slots=True)
class LadderRows:
    """Price rows with something in them, ascending by `price_ticks`, their lower edges; `lots` has COLUMNS."""

    price_ticks: Ints
    lots: Mapping[str, Lots]
    price_decimals: int
    size_decimals: int


class _Source:
    """Sizes at prices, by what they are, gathered into the rows of a ladder on its scale; their numbers ascend."""

    def __init__(self, price_ticks: Ints, lots: Mapping[str, Lots], price_decimals: int, size_decimals: int) -> None:
        """Prices ascend."""
        self.price_decimals, self.size_decimals = price_decimals, size_decimals
        self._price_ticks, self._lots = price_ticks, lots
        self._rows = price_ticks

    def place(self, height_ticks: int, price_decimals: int) -> None:
        """Name the row of each price, of which so many ticks make one."""
        self._rows = scaled_up(self._price_ticks, price_decimals - self.price_decimals) // height_ticks

    def nearest(self, middle: int, most_rows: int) -> Ints:
        """Of its rows, at most `most_rows` up to `middle` and as many above: the nearest."""
        rows = distinct(self._rows)
        lower = int(np.searchsorted(rows, middle, side="right"))
        return rows[max(0, lower - most_rows) : lower + most_rows]

    def lots(self, size_decimals: int, first: int, last: int) -> tuple[Ints, dict[str, Lots]]:
        """The rows from `first` to `last` of its prices there, and their lots."""
        start, end = np.searchsorted(self._rows, first), np.searchsorted(self._rows, last, side="right")
        grown = size_decimals - self.size_decimals
        return self._rows[start:end], {name: finer_lots(lots[start:end], grown) for name, lots in self._lots.items()}


def ladder_rows(
    now: StandingLevels,
    begin: StandingLevels,
    bar: Cells,
    session: Cells,
    last_price: Fraction | None,
    *,
    height: Fraction,
    most_rows: int,
) -> LadderRows:
    """At most `most_rows` rows on each side of the middle: those nearest to it, of all that hold something.

    The rows are `height` high. `now` and `begin` are the levels now and at the begin of the open bar, `bar` and
    `session` the cells of that bar and of the session, at single prices, at most one piece each. The middle is between
    the best prices; the best price where a side is empty, and `last_price` where both are. Its own row is on the lower
    side.

    Raises:
        ScaleOverflow: a price has no room in 64 bits on the finest scale among them.
    """
    sources = [*_of_levels(now, ("bid", "ask")), *_of_levels(begin, ("bid_before", "ask_before"))]
    sources += [_of_cells(cells, prefix) for prefix, cells in (("bar", bar), ("session", session))]
    price_decimals = max(decimals_of(height), *(each.price_decimals for each in sources))
    size_decimals = max(each.size_decimals for each in sources)
    ticks = int(height * 10**price_decimals)
    for each in sources:
        each.place(ticks, price_decimals)
    middle = _middle(now, last_price)
    numbers = np.empty(0, np.int64)
    if middle is not None:
        row = int(middle // height)
        numbers = distinct(np.sort(np.concatenate([each.nearest(row, most_rows) for each in sources])))
        lower = int(np.searchsorted(numbers, row, side="right"))
        numbers = numbers[max(0, lower - most_rows) : lower + most_rows]
    if not len(numbers):
        return LadderRows(numbers, dict.fromkeys(COLUMNS, numbers), price_decimals, size_decimals)
    first, last = int(numbers[0]), int(numbers[-1])
    placed = [each.lots(size_decimals, first, last) for each in sources]
    bids, asks = sources[0], sources[1]
    better_bids = _sum(bids.lots(size_decimals, last + 1, _FARTHEST)[1]["bid"])
    better_asks = _sum(asks.lots(size_decimals, -_FARTHEST, first - 1)[1]["ask"])
    is_narrow = all(_sum(lots) < _SURELY_NARROW for _, columns in placed for lots in columns.values())
    is_narrow = is_narrow and max(better_bids, better_asks) < _SURELY_NARROW
    found: dict[str, Lots] = {}
    for rows, columns in placed:
        found |= _sums(numbers, rows, columns, is_narrow=is_narrow)
    found["bid_sum"] = np.cumsum(found["bid"][::-1])[::-1] + better_bids
    found["ask_sum"] = np.cumsum(found["ask"]) + better_asks
    found["bid_change"] = found["bid"] - found.pop("bid_before") + found["bar_sell_lots"]
    found["ask_change"] = found["ask"] - found.pop("ask_before") + found["bar_buy_lots"]
    return LadderRows(numbers * ticks, {name: found[name] for name in COLUMNS}, price_decimals, size_decimals)


def _of_levels(levels: StandingLevels, names: tuple[str, str]) -> list[_Source]:
    prices, sizes = levels.bids
    # The best come first, so that prices of bids descend.
    sides = (prices[::-1], sizes[::-1]), levels.asks
    return [
        _Source(prices, {name: sizes}, levels.price_decimals, levels.size_decimals)
        for name, (prices, sizes) in zip(names, sides, strict=True)
    ]


def _of_cells(cells: Cells, prefix: str) -> _Source:
    lots = {f"{prefix}_{name}": getattr(cells, name) for name in LOTS}
    return _Source(cells.price_ticks, lots, cells.price_decimals, cells.size_decimals)


def _sum(lots: Lots) -> int:
    """All of them, however many that are."""
    if lots.dtype != object and len(lots) and int(lots.max()) * len(lots) < _SURELY_NARROW:
        return int(lots.sum())
    return sum(lots.tolist())


def _sums(numbers: Ints, rows: Ints, columns: Mapping[str, Lots], *, is_narrow: bool) -> dict[str, Lots]:
    """What the lots of each of `columns` in `rows`, which ascend, come to in each of `numbers`."""
    starts = run_starts(rows)
    places = np.searchsorted(numbers, rows[starts])
    found = {}
    for name, lots in columns.items():
        sums: np.ndarray[Any, Any] = np.zeros(len(numbers), np.int64 if is_narrow else object)
        if len(starts):
            sums[places] = np.add.reduceat(lots if is_narrow else lots.astype(object), starts)
        found[name] = sums
    return found


def _middle(now: StandingLevels, last_price: Fraction | None) -> Fraction | None:
    best = [Fraction(int(prices[0]), 10**now.price_decimals) for prices, _ in (now.bids, now.asks) if len(prices)]
    return sum(best, Fraction(0)) / len(best) if best else last_price
