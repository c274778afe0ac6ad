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


@dataclass(frozen=True, slots=True)
class LadderRows:
    """Price rows with something in them, ascending by `price_ticks`, their lower edges; `lots` has COLUMNS."""

    price_ticks: Ints
    lots: Mapping[str, Lots]
    price_decimals: int
    size_decimals: int


@dataclass(frozen=True, slots=True)
class _Source:
    """Sizes at prices, in ticks and lots of these decimals, by what they are."""

    price_ticks: Ints
    lots: Mapping[str, Lots]
    price_decimals: int
    size_decimals: int


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
    `session` the cells of that bar and of the session, at single prices. The middle is between the best prices; the
    best price where a side is empty, and `last_price` where both are. Its own row is on the lower side.

    Raises:
        ScaleOverflow: a price has no room in 64 bits on the finest scale among them.
    """
    sources = [*_of_levels(now, ("bid", "ask")), *_of_levels(begin, ("bid_before", "ask_before"))]
    sources += [_of_cells(cells, prefix) for prefix, cells in (("bar", bar), ("session", session))]
    price_decimals = max(decimals_of(height), *(each.price_decimals for each in sources))
    size_decimals = max(each.size_decimals for each in sources)
    ticks = int(height * 10**price_decimals)
    placed = [
        (scaled_up(each.price_ticks, price_decimals - each.price_decimals) // ticks, name, lots)
        for each in sources
        for name, lots in each.lots.items()
    ]
    grown = {name: size_decimals - each.size_decimals for each in sources for name in each.lots}
    finer = {name: finer_lots(lots, grown[name]) for _, name, lots in placed}
    is_narrow = all(_is_narrow(lots) for lots in finer.values())
    numbers = np.unique(np.concatenate([rows for rows, _, _ in placed]))
    found = {name: _sums(numbers, rows, finer[name], is_narrow=is_narrow) for rows, name, _ in placed}
    found["bid_sum"] = np.cumsum(found["bid"][::-1])[::-1]
    found["ask_sum"] = np.cumsum(found["ask"])
    found["bid_change"] = found["bid"] - found.pop("bid_before") + found["bar_sell_lots"]
    found["ask_change"] = found["ask"] - found.pop("ask_before") + found["bar_buy_lots"]
    kept = slice(0, 0)
    if (middle := _middle(now, last_price)) is not None:
        lower = int(np.searchsorted(numbers, int(middle // height), side="right"))
        kept = slice(max(0, lower - most_rows), lower + most_rows)
    return LadderRows(
        numbers[kept] * ticks, {name: found[name][kept] for name in COLUMNS}, price_decimals, size_decimals
    )


def _of_levels(levels: StandingLevels, names: tuple[str, str]) -> list[_Source]:
    return [
        _Source(prices, {name: sizes}, levels.price_decimals, levels.size_decimals)
        for name, (prices, sizes) in zip(names, (levels.bids, levels.asks), strict=True)
    ]


def _of_cells(cells: Cells, prefix: str) -> _Source:
    lots = {f"{prefix}_{name}": getattr(cells, name) for name in LOTS}
    return _Source(cells.price_ticks, lots, cells.price_decimals, cells.size_decimals)


def _is_narrow(lots: Lots) -> bool:
    if lots.dtype == object or not len(lots):
        return not len(lots)
    return int(lots.max()) * len(lots) < _SURELY_NARROW or sum(lots.tolist()) < _SURELY_NARROW


def _sums(numbers: Ints, rows: Ints, lots: Lots, *, is_narrow: bool) -> Lots:
    """What `lots` in `rows` come to in each of `numbers`."""
    sums: np.ndarray[Any, Any] = np.zeros(len(numbers), np.int64 if is_narrow else object)
    np.add.at(sums, np.searchsorted(numbers, rows), lots if is_narrow else lots.astype(object))
    return sums


def _middle(now: StandingLevels, last_price: Fraction | None) -> Fraction | None:
    best = [Fraction(int(prices[0]), 10**now.price_decimals) for prices, _ in (now.bids, now.asks) if len(prices)]
    return sum(best, Fraction(0)) / len(best) if best else last_price
