"""A cross-check of the measures: their newest values are compared with the book, which is kept without them."""

from __future__ import annotations

from fractions import Fraction
from math import isnan
from typing import TYPE_CHECKING, Final

from processor.core.lots import NARROW_LOTS
from processor.core.measures.frame import VALUE_COLUMNS, column_of
from processor.core.measures.layout import BASIS_POINTS, CLOSE, OBI_LEVELS

if TYPE_CHECKING:
    from processor.core.book import Book
    from processor.core.lots import Lots
    from processor.core.measures.kept import Measures
    from processor.core.measures.layout import Ints
    from processor.core.measures.own import OwnMeasures

    Side = tuple[Lots, Lots]
    """Prices in ticks and sizes in lots of one side's levels, best first."""

MEASURES_CHECKS: Final = ("measures_are_book",)
_PER: Final = 10_000
"""Basis points in the whole."""


def measures_checks(measures: Measures | None, book: Book) -> dict[str, bool | None]:
    """Whether it holds; null where there is nothing to check.

    `measures_are_book`: the newest values are what comes of the levels of the book by Python's integers.
    """
    if measures is None or not book.samples:
        return dict.fromkeys(MEASURES_CHECKS)
    rows = measures.rows(int(measures.buckets()[-1]))
    newest = rows.values[-1].tolist()
    prices, sizes = (_exact(*columns) for columns in zip(*book.levels(), strict=True))
    bids, asks = zip(prices, sizes, strict=True)
    wanted = _values(bids, asks, 10**book.price_decimals, 10**book.size_decimals)
    found = {name: newest[VALUE_COLUMNS.index(column_of(name, "close"))] for name in wanted}
    own = _own_values(bids, asks, measures.own, 10**book.size_decimals)
    closes = dict(zip(rows.own_names, rows.own[-1, CLOSE].tolist(), strict=True)) if rows.own_names else {}
    found |= {name: None if isnan(closes[name]) else closes[name] for name in own}
    expected = {name: None if value is None else float(value) for name, value in (wanted | own).items()}
    return {"measures_are_book": found == expected}


def _exact(*columns: Ints) -> list[Lots]:
    """Columns whose sums, and products with 4 * _PER, are exact: Python's integers where they might overflow."""
    largest = max(abs(int(value)) for column in columns for value in (column.min(initial=0), column.max(initial=0)))
    is_narrow = largest * max(4 * _PER, *map(len, columns)) < NARROW_LOTS
    return [column if is_narrow else column.astype(object) for column in columns]


def _values(bids: Side, asks: Side, price: int, size: int) -> dict[str, Fraction]:
    """What follows from the levels, best first, of so many ticks and lots to one; nothing but OBI without two sides."""
    values = {
        f"obi_{levels or 0}": _share(*(_lots(lots[:levels]) for _, lots in (bids, asks)))
        for levels in (*OBI_LEVELS, None)
    }
    if not len(bids[0]) or not len(asks[0]):
        return values
    (bid, bid_lots), (ask, ask_lots) = ((int(prices[0]), int(lots[0])) for prices, lots in (bids, asks))
    values["spread"], values["mid"] = Fraction(ask - bid, price), Fraction(bid + ask, 2 * price)
    values["weighted_mid"] = Fraction(bid_lots * ask + ask_lots * bid, (bid_lots + ask_lots) * price)
    apart = [abs(2 * prices - (bid + ask)) * _PER for prices, _ in (bids, asks)]
    for points in BASIS_POINTS:
        most = points * abs(bid + ask)
        near = [_lots(lots[far <= most]) for far, (_, lots) in zip(apart, (bids, asks), strict=True)]
        values[f"obi_bp_{points}"] = _share(*near)
        values[f"depth_bid_bp_{points}"], values[f"depth_ask_bp_{points}"] = (Fraction(lots, size) for lots in near)
    return values


def _own_values(bids: Side, asks: Side, own: OwnMeasures, size: int) -> dict[str, Fraction | None]:
    """The same of one's own measures, of so many lots to one; None where there is none."""
    values: dict[str, Fraction | None] = {
        f"obi_{levels}": _share(*(_lots(lots[:levels]) for _, lots in (bids, asks))) for levels in own.depths
    }
    if not len(bids[0]) or not len(asks[0]):
        return values
    twice_mid = int(bids[0][0]) + int(asks[0][0])
    for wanted in own.sizes:
        bought, sold = (_average(side, Fraction(wanted) * size) for side in (asks, bids))
        for name, price, sign in (("buy", bought, 1), ("sell", sold, -1)):
            cost = None if price is None or not twice_mid else sign * (2 * price - twice_mid) * _PER / abs(twice_mid)
            values[f"cost_{name}_bp_{wanted:f}"] = cost
    return values


def _average(side: Side, wanted: Fraction) -> Fraction | None:
    """The average price in ticks of so many lots of a side; None where it holds less."""
    prices, sizes = side
    if _lots(sizes) < wanted:
        return None
    left, paid = wanted.numerator, 0
    for price, lots in zip(prices.tolist(), sizes.tolist(), strict=True):
        taken = min(left, lots * wanted.denominator)
        left, paid = left - taken, paid + taken * price
        if not left:
            break
    return Fraction(paid, wanted.numerator)


def _lots(lots: Lots) -> int:
    return int(lots.sum())


def _share(bids: int, asks: int) -> Fraction:
    return Fraction(bids - asks, bids + asks) if bids + asks else Fraction(0)
