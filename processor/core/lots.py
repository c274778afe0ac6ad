"""Columns of lots that may need more than 64 bits: int64 where they have room, else objects, Python's integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Lots = NDArray[Any]
    """Lots as int64, or as objects."""

NARROW_LOTS: Final = 2**62
"""Where all that was traded is less than this, no sum of it leaves 64 bits."""


def narrow_lots(lots: list[int]) -> Lots:
    """Whole numbers as a column."""
    has_room = not lots or (max(lots) < NARROW_LOTS and -min(lots) < NARROW_LOTS)
    return np.array(lots, np.int64 if has_room else object)


def finer_lots(lots: Lots, decimals: int) -> Lots:
    """The same with that many more decimals; objects where they have no room in 64 bits any more."""
    if not decimals or not len(lots):
        return lots
    wide: Lots = lots.astype(object) * 10**decimals
    has_room = max(int(wide.max()), -int(wide.min())) < NARROW_LOTS
    return wide.astype(np.int64) if lots.dtype != object and has_room else wide
