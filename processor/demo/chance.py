"""Seeded random numbers in compiled code, the same on every platform.

Only integer arithmetic and the four IEEE operations with the square root are used in the kernels: exp, log and cos
differ in their last bit between C libraries, and one bit would soon lead to another market. Distributions that need
them are tables, rounded far above that bit.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from processor.with_numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TABLE_SIZE: Final = 4096

FunctionT = TypeVar("FunctionT", bound="Callable[..., Any]")

_GAMMA: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_S27: Final = np.uint64(27)
_S30: Final = np.uint64(30)
_S31: Final = np.uint64(31)
_S11: Final = np.uint64(11)
_S16: Final = np.uint64(16)
_LOW_16: Final = np.uint64(0xFFFF)
_TO_UNIT: Final = 1.0 / 9007199254740992.0


def kernel(function: FunctionT) -> FunctionT:
    """Compile a function that only compiled functions call."""
    return njit(nogil=True, error_model="numpy")(function)


@kernel
def scrambled(word: np.uint64) -> np.uint64:
    """A 64-bit hash of `word` (the finaliser of SplitMix64)."""
    word = (word ^ (word >> _S30)) * _MIX_1
    word = (word ^ (word >> _S27)) * _MIX_2
    return word ^ (word >> _S31)


@kernel
def uniform(dice: NDArray[np.uint64]) -> float:
    """A number in [0, 1); `dice` is the generator's state, one uint64."""
    dice[0] += _GAMMA
    return float(scrambled(dice[0]) >> _S11) * _TO_UNIT


@kernel
def happens(dice: NDArray[np.uint64], chance: float) -> bool:
    """Whether an event with this probability happens."""
    return uniform(dice) < chance


@kernel
def picked(dice: NDArray[np.uint64], table: NDArray[np.float64]) -> float:
    """A random entry of the table; for a table of quantiles, a number of that distribution."""
    return float(table[int(uniform(dice) * len(table))])


@kernel
def normal(dice: NDArray[np.uint64]) -> float:
    """A nearly Gaussian number of mean 0 and variance 1: the sum of twelve uniform numbers."""
    total = 0.0
    for _ in range(3):
        dice[0] += _GAMMA
        word = scrambled(dice[0])
        for _ in range(4):
            total += float(word & _LOW_16)
            word >>= _S16
    return (total + 6.0) / 65536.0 - 6.0


@kernel
def decayed(ratio: float) -> float:
    """About exp(-ratio), for ratio >= 0."""
    return 1.0 / (1.0 + ratio + 0.5 * ratio * ratio)


@kernel
def exponential(exponent: float) -> float:
    """About exp(exponent), for exponents within +-3."""
    root = 1.0 + exponent / 64.0
    for _ in range(6):
        root *= root
    return root


@kernel
def squashed(value: float) -> float:
    """`value` mapped into (-1, 1), keeping sign and order."""
    return value / (1.0 + abs(value))


def waiting_table() -> NDArray[np.float64]:
    """Quantiles of the exponential distribution of mean 1."""
    return np.round(-np.log1p(-_quantiles()), 9).astype(np.float64)


def lognormal_table(sigma: float) -> NDArray[np.float64]:
    """Quantiles of the lognormal distribution of median 1."""
    gaussian = NormalDist()
    deviates = np.array([gaussian.inv_cdf(float(share)) for share in _quantiles()])
    return np.round(np.exp(sigma * deviates), 9).astype(np.float64)


def _quantiles() -> NDArray[np.float64]:
    return np.linspace(0.5 / TABLE_SIZE, 1.0 - 0.5 / TABLE_SIZE, TABLE_SIZE)
