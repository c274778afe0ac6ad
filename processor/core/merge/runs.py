"""Whether two parts tell the same one after the other, whenever they say that it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Keys = NDArray[np.uint64]

_FACTORS: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))
_SHIFT: Final = np.uint64(31)
_RUN: Final = 4
"""Rows that follow each other make a run: two different markets have hardly one in common."""
_LEAST_SHARE: Final = 0.25
"""Of the runs of the shorter part. Parts that are some time apart have less in common than they have rows."""
_DISTINCT_SHARE: Final = 0.9
"""Where more runs than the rest repeat, they are no mark of a market: all prices and sizes may be equal."""
_LOOKED_AT: Final = 1 << 17
"""Rows of either, which take a tenth of a second."""
ENOUGH: Final = 4096
"""Of so many rows that had no runs in common it is known that they are of two markets."""


def mixed(before: Keys, values: Keys) -> Keys:
    """A number for each row from one for what precedes it and one for what comes next, both of any 64 bits."""
    found = (before ^ values) * _FACTORS[0]
    found ^= found >> _SHIFT
    found = found * _FACTORS[1]
    return found ^ (found >> _SHIFT)


def in_common(one: Keys, other: Keys) -> int:
    """How many runs of the first rows are in both parts; 0 for what chance explains.

    `one` and `other` have a number for the content of each row.
    """
    runs = _runs(one[:_LOOKED_AT]), _runs(other[:_LOOKED_AT])
    first, second = (np.unique(each) for each in runs)
    if any(len(few) < _DISTINCT_SHARE * len(each) for few, each in zip((first, second), runs, strict=True)):
        return 0
    found = len(np.intersect1d(first, second, assume_unique=True))
    least = min(map(len, runs))
    return found if found >= max(_RUN, _LEAST_SHARE * least) else 0


def _runs(keys: Keys) -> Keys:
    count = max(len(keys) - _RUN + 1, 0)
    runs = np.zeros(count, np.uint64)
    for at in range(_RUN):
        runs = mixed(runs, keys[at : at + count])
    return runs
