"""Runs of equal neighbours in a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def run_starts(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The row at which each run starts."""
    is_new = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=is_new[1:])
    return is_new.nonzero()[0]


def distinct(ascending: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each of some numbers in order once."""
    return ascending[run_starts(ascending)]
