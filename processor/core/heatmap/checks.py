"""A cross-check of the heatmap: its newest column is compared with the book, which is kept without it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from processor.core.book import Book
    from processor.core.heatmap.shown import HeatmapShown
    from processor.core.price_step import PriceStep

HEATMAP_CHECKS: Final = ("heatmap_is_book",)
_ALL: Final = 1 << 40
"""Levels, more than there are."""


def heatmap_checks(
    shown: HeatmapShown | None, book: Book, height: Fraction | None, step: PriceStep
) -> dict[str, bool | None]:
    """Whether it holds; null where there is nothing to check.

    `heatmap_is_book`: what the newest column shows in each row is what the levels of the book come to there, added up
    one by one, and its best prices are the book's.
    """
    if shown is None or not book.samples:
        return dict.fromkeys(HEATMAP_CHECKS)
    found = shown.windows(height, step.height or Fraction(1))
    if not found.open:
        return dict.fromkeys(HEATMAP_CHECKS)
    newest = found.open[-1]
    ticks = int(found.height * 10**found.price_decimals)
    finer = 10 ** (found.price_decimals - book.price_decimals)
    wanted = {side: [0] * found.rows for side in (0, 1)}
    best: list[int | None] = []
    for side, (prices, sizes) in enumerate(book.levels(_ALL)):
        of_side = prices.tolist()
        best.append(of_side[0] * finer if of_side else None)
        for price, size in zip(of_side, sizes.tolist(), strict=True):
            row = price * finer // ticks - newest.first_row
            if 0 <= row < found.rows:
                wanted[side][row] += size
            elif (row < 0) == (side == 0):
                break
    agrees = [newest.lots[side].tolist() == wanted[side] for side in (0, 1)]
    agrees.append(best == [newest.extent.best_bid, newest.extent.best_ask])
    return {"heatmap_is_book": all(agrees)}
