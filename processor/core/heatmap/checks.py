"""A cross-check of the heatmap: its newest column is compared with the book, which is kept without it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.lots import NARROW_LOTS

if TYPE_CHECKING:
    from processor.core.book import Book
    from processor.core.heatmap.shown import HeatmapShown
    from processor.core.levels import Side
    from processor.core.lots import Lots
    from processor.core.price_step import PriceStep

HEATMAP_CHECKS: Final = ("heatmap_is_book",)


def heatmap_checks(
    shown: HeatmapShown | None, book: Book, height: Fraction | None, step: PriceStep
) -> dict[str, bool | None]:
    """Whether it holds; null where there is nothing to check.

    `heatmap_is_book`: what the newest column shows in each row is what the levels of the book come to there, and its
    best prices are the book's.
    """
    if shown is None or not book.samples:
        return dict.fromkeys(HEATMAP_CHECKS)
    found = shown.windows(height, step.height or Fraction(1))
    if not found.open:
        return dict.fromkeys(HEATMAP_CHECKS)
    newest = found.open[-1]
    ticks = int(found.height * 10**found.price_decimals)
    finer = 10 ** (found.price_decimals - book.price_decimals)
    agrees = []
    for levels, lots, best in zip(
        book.levels(), newest.lots, (newest.extent.best_bid, newest.extent.best_ask), strict=True
    ):
        agrees.append(lots.tolist() == _in_rows(levels, finer, ticks, newest.first_row, found.rows))
        agrees.append(best == (int(levels[0][0]) * finer if len(levels[0]) else None))
    return {"heatmap_is_book": all(agrees)}


def _in_rows(levels: Side, finer: int, ticks: int, first_row: int, rows: int) -> list[int]:
    """Lots in each of so many rows from number `first_row` on, by levels whose prices are to be taken `finer` times."""
    prices: Lots
    sizes: Lots
    prices, sizes = levels
    farthest = max(int(prices.max(initial=0)), -int(prices.min(initial=0))) * finer
    if max(farthest, finer, ticks, int(sizes.max(initial=0)) * len(sizes)) >= NARROW_LOTS:
        prices, sizes = prices.astype(object), sizes.astype(object)
    numbers = prices * finer // ticks - first_row
    is_there = ((numbers >= 0) & (numbers < rows)).astype(np.bool_)
    sums: Lots = np.zeros(rows, sizes.dtype)
    np.add.at(sums, numbers[is_there].astype(np.int64), sizes[is_there])
    found: list[int] = sums.tolist()
    return found
