"""A cross-check of the measures: their newest values are compared with the book, which is kept without them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from processor.core.measures.frame import VALUE_COLUMNS, column_of
from processor.core.measures.kernel import BASIS_POINTS, OBI_LEVELS

if TYPE_CHECKING:
    from processor.core.book import Book
    from processor.core.measures.kept import Measures

    Levels = list[tuple[int, int]]

MEASURES_CHECKS: Final = ("measures_are_book",)
_ALL: Final = 1 << 40
"""Levels, more than there are."""
_PER: Final = 10_000
"""Basis points in the whole."""


def measures_checks(measures: Measures | None, book: Book) -> dict[str, bool | None]:
    """Whether it holds; null where there is nothing to check.

    `measures_are_book`: the newest values are what comes of the levels of the book by Python's integers.
    """
    if measures is None or not book.samples:
        return dict.fromkeys(MEASURES_CHECKS)
    newest = measures.rows(int(measures.buckets()[-1])).values[-1].tolist()
    bids, asks = (list(zip(*(column.tolist() for column in side), strict=True)) for side in book.levels(_ALL))
    wanted = _values(bids, asks, 10**book.price_decimals, 10**book.size_decimals)
    found = {name: newest[VALUE_COLUMNS.index(column_of(name, "close"))] for name in wanted}
    return {"measures_are_book": found == {name: float(value) for name, value in wanted.items()}}


def _values(bids: Levels, asks: Levels, price: int, size: int) -> dict[str, Fraction]:
    """What follows from the levels, best first, of so many ticks and lots to one; nothing but OBI without two sides."""
    values = {f"obi_{levels}": _share(_lots(bids[:levels]), _lots(asks[:levels])) for levels in OBI_LEVELS}
    values["obi_0"] = _share(_lots(bids), _lots(asks))
    if not bids or not asks:
        return values
    (bid, bid_lots), (ask, ask_lots) = bids[0], asks[0]
    values["spread"], values["mid"] = Fraction(ask - bid, price), Fraction(bid + ask, 2 * price)
    values["weighted_mid"] = Fraction(bid_lots * ask + ask_lots * bid, (bid_lots + ask_lots) * price)
    for points in BASIS_POINTS:
        most = points * abs(bid + ask)
        near = [sum(lots for ticks, lots in side if abs(2 * ticks - bid - ask) * _PER <= most) for side in (bids, asks)]
        values[f"obi_bp_{points}"] = _share(*near)
        values[f"depth_bid_bp_{points}"], values[f"depth_ask_bp_{points}"] = (Fraction(lots, size) for lots in near)
    return values


def _lots(levels: Levels) -> int:
    return sum(lots for _, lots in levels)


def _share(bids: int, asks: int) -> Fraction:
    return Fraction(bids - asks, bids + asks) if bids + asks else Fraction(0)
