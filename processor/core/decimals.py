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
    lowest: Any = values.min() if len(values) else 0
    highest: Any = values.max() if len(values) else 0
    if max(-int(lowest), int(highest)) >= _EXACT_IN_FLOAT64 or decimals > _EXACT_DECIMALS:
        return np.array([value / 10**decimals for value in pl.Series(values).to_list()], np.float64)
    whole = values.cast(pl.Int64).to_numpy() if isinstance(values, pl.Series) else values
    return whole / np.float64(10**decimals)
