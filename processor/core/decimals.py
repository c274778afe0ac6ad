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
_FEW: Final = 8
"""Numbers that are divided one by one sooner than all at once."""


def decimal_floats(values: pl.Series | NDArray[np.int64], decimals: int) -> NDArray[np.float64]:
    """Values / 10**decimals, each correctly rounded, so its shortest decimal is the one that went in.

    The values are whole numbers of any length, and none is null.
    """
    if len(values) <= _FEW:
        return _one_by_one(values, decimals)
    lowest: Any = values.min()
    highest: Any = values.max()
    if max(-int(lowest), int(highest)) >= _EXACT_IN_FLOAT64 or decimals > _EXACT_DECIMALS:
        return _one_by_one(values, decimals)
    whole = values.cast(pl.Int64).to_numpy() if isinstance(values, pl.Series) else values
    return whole / np.float64(10**decimals)


def _one_by_one(values: pl.Series | NDArray[np.int64], decimals: int) -> NDArray[np.float64]:
    scale = 10**decimals
    numbers = values.to_list() if isinstance(values, pl.Series) else values.tolist()
    return np.array([number / scale for number in numbers], np.float64)
