"""Heights of price rows: given by a user, or the first of a ladder above the price step that keeps a view small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from processor.core.flow.cells import Cells

_LADDER: Final = (1, 2, 5)
_MOST_DECIMALS: Final = 18


def decimals_of(height: Fraction) -> int:
    """Decimals of prices on which the height is a whole number of ticks."""
    return next(places for places in range(_MOST_DECIMALS + 1) if 10**places % height.denominator == 0)


def ladder(step_ticks: int) -> Iterator[int]:
    """The price step times 1, 2, 5, 10, 20, 50 and so on, without an end."""
    scale = 1
    while True:
        for factor in _LADDER:
            yield step_ticks * factor * scale
        scale *= 10


def least_height(cells: Cells, step_ticks: int, most_rows: int) -> int:
    """The first height of the ladder with which the pieces of `cells` have at most `most_rows` rows together.

    It is so high for one row in each piece where there are more pieces than that.
    """
    most = max(most_rows, len(cells))
    heights = ladder(step_ticks)
    while True:
        height = next(heights)
        rows = cells.price_ticks // height
        is_new = np.ones(len(rows), np.bool_)
        is_new[1:] = np.diff(rows) != 0
        is_new[cells.starts[:-1]] = True
        if int(is_new.sum()) <= most:
            return height
