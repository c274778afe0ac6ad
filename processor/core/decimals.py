"""Whole numbers of ticks and lots as numbers in the instrument's own units: the one conversion, at the edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXACT_IN_FLOAT64: Final = 2**53
_EXACT_DECIMALS: Final = 22
"""10 to the power of more is no float."""


def decimal_floats(values: pl.Series | NDArray[np.int64], decimals: int) -> NDArray[np.float64]:
    """Values / 10**decimals, each correctly rounded, so its shortest decimal is the one that went in.

    The values are whole numbers of any length, and none is null.
    """
    column = pl.Series(values)
    lowest: Any = column.min()
    highest: Any = column.max()
    if column.is_empty() or (max(-lowest, highest) < _EXACT_IN_FLOAT64 and decimals <= _EXACT_DECIMALS):
        return column.cast(pl.Int64).to_numpy() / np.float64(10**decimals)
    return np.array([value / 10**decimals for value in column.to_list()])
