"""What is shown of the columns that a replay keeps: a window of price rows in each, about its own best prices.

A window follows from its column, the height of the rows and their number, so a column that has closed is made once. The
height and the number follow from the columns kept: all is the same whatever way led to a moment.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processor.core.flow.rows import decimals_of, ladder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from processor.core.heatmap.kept import Column, KeptColumns
    from processor.core.heatmap.resting import Extent
    from processor.core.lots import Lots

MOST_CELLS: Final = 50_000
"""Rows of the windows of all columns together."""
_MOST_COLUMNS: Final = (125, 167, 250, 333, 500, 700, 1000)
"""For up to so many columns windows have equally many rows: with each other number all columns are made again."""
_COLUMNS_IN_VIEW: Final = 120
"""Rows are so high that the best prices of so many columns fit into a window."""
_SHALLOW: Final = 25
"""A book of so many levels a side is looked at whole: its rows are no higher than its levels need."""


@dataclass(frozen=True, slots=True)
class Window:
    """What rests in the rows of a column from number `first_row` on: `lots` of shape (2, rows), bids and asks."""

    bucket: int
    extent: Extent
    first_row: int
    lots: Lots


@dataclass(frozen=True, slots=True)
class Windows:
    """The columns that are shown, oldest first, in rows of `height`, on this scale; closed ones never change."""

    height: Fraction
    rows: int
    price_decimals: int
    size_decimals: int
    closed: Sequence[Window]
    open: Sequence[Window]

    @property
    def made_with(self) -> tuple[Any, ...]:
        """What a column that has closed depends on."""
        return self.height, self.rows, self.price_decimals, self.size_decimals


class HeatmapShown:
    """The windows of `kept`, whose values are always those of this moment."""

    def __init__(self, kept: KeptColumns) -> None:
        self._kept = kept
        self._made_with: tuple[Any, ...] = ()
        self._book = kept.before.copy()
        self._number = 0
        self._closed: deque[Window] = deque()
        self._asked: tuple[Any, ...] = ()
        self._found: Windows | None = None

    def windows(self, height: Fraction | None, step: Fraction) -> Windows:
        """The newest columns that are kept, in rows of that height, or of one of the ladder above the price step."""
        kept = self._kept
        asked = (kept.advances, height, step)
        if self._found is not None and self._asked == asked:
            return self._found
        self._asked = asked
        open_columns = kept.open
        first = kept.first_kept(open_columns)
        rows = rows_of(min(kept.keep, len(kept.closed) - first + len(open_columns)))
        price_decimals, size_decimals = kept.scale
        # Where there are but trades, or a height is given, ticks of the book may be too coarse.
        finer = max(0, decimals_of(step) - price_decimals, decimals_of(height or step) - price_decimals)
        if height is None:
            in_view = min(_COLUMNS_IN_VIEW, len(kept.closed) - first)
            viewed = [*islice(reversed(kept.closed), in_view)] or open_columns
            height = least_height([each.extent.finer(finer) for each in viewed], step, rows, price_decimals + finer)
        made_with = (height, rows, price_decimals + finer, size_decimals)
        fresh = self._go_on(made_with, first, finer)
        self._closed.extend(self._made(fresh, height, rows))
        while len(self._closed) > len(kept.closed) - first:
            self._closed.popleft()
        if finer:
            open_columns = [each.finer(finer, 0) for each in open_columns]
        found = Windows(*made_with, self._closed, self._made(open_columns, height, rows)[-kept.keep :])
        self._book.apply([each.changes.undone() for each in reversed(open_columns)])
        self._found = found
        return found

    def _go_on(self, made_with: tuple[Any, ...], first: int, finer: int) -> list[Column]:
        """The columns that have closed since the book of the windows stood still; all of them where it is of no use.

        They are given with `finer` more decimals of prices.
        """
        kept = self._kept
        if made_with != self._made_with or self._number < kept.gone + first:
            self._closed.clear()
            self._made_with, self._number = made_with, kept.gone + first
            self._book = kept.before.copy()
            self._book.apply([each.changes for each in islice(kept.closed, first)])
            self._book.rescale(kept.scale[0] + finer, kept.scale[1])
        fresh = [*islice(kept.closed, self._number - kept.gone, None)]
        self._number += len(fresh)
        return [each.finer(finer, 0) for each in fresh] if finer else fresh

    def _made(self, columns: Sequence[Column], height: Fraction, rows: int) -> list[Window]:
        """The windows of the columns that follow the book, which goes on to the last of them."""
        ticks = int(height * 10**self._book.price_decimals)
        first_rows = [middle_of(each.extent) // ticks - rows // 2 for each in columns]
        lots = self._book.windows([each.changes for each in columns], np.array(first_rows, np.int64), rows, ticks)
        return [
            Window(each.bucket, each.extent, first_row, found)
            for each, first_row, found in zip(columns, first_rows, lots, strict=True)
        ]


def rows_of(columns: int) -> int:
    """Rows in the window of each of so many columns: the more, the fewer there are."""
    return MOST_CELLS // next((most for most in _MOST_COLUMNS if columns <= most), columns)


def middle_of(extent: Extent) -> int:
    """The price in ticks, rounded down, that a window is about; 0 without a level."""
    best = [each for each in (extent.best_bid, extent.best_ask) if each is not None]
    return sum(best) // max(1, len(best))


def least_height(extents: Sequence[Extent], step: Fraction, rows: int, price_decimals: int) -> Fraction:
    """The first height of the ladder above the price step with which the best prices of columns are in so many rows.

    Of a shallow book, that with which all of its levels are, if that is less.
    """
    span = _span([each.best_bid for each in extents], [each.best_ask for each in extents])
    if all(each.levels <= _SHALLOW for each in extents):
        span = min(span, max((_span([each.lowest_bid], [each.highest_ask]) for each in extents), default=0))
    step_ticks = int(step * 10**price_decimals)
    height = next(each for each in ladder(step_ticks) if span // each < rows)
    return step * (height // step_ticks)


def _span(lowest: Sequence[int | None], highest: Sequence[int | None]) -> int:
    known = [each for each in (*lowest, *highest) if each is not None]
    return max(known) - min(known) if known else 0
