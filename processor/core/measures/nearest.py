"""The float nearest to a quotient of sums of products, however long: what the kernel of measures falls back to.

Numbers are arrays of _LIMBS limbs of 30 bits, the lowest first, so that products of limbs add up within a word.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.with_numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Limbs = NDArray[np.int64]

_LIMB_BITS: Final = 30
_LIMB: Final = (1 << 30) - 1
_LIMBS: Final = 10
"""300 bits: two products of 127 bits, or one with a power of ten below 2**128, and what they are shifted by."""
_BITS: Final = 56
"""Of a quotient: those of a float's mantissa, and some to round by."""


@njit(cache=True, nogil=True)
def nearest(a: int, b: int, c: int, d: int, e: int, f: int, scale: int, more_scale: int) -> float:
    """The float nearest to (a b + c d) / ((e + f) scale more_scale), of which only `a` and `c` may be below 0.

    The divisor is not 0.
    """
    first, second = product_of(limbs_of(abs(a)), b), product_of(limbs_of(abs(c)), d)
    negative = a < 0
    if (a < 0) == (c < 0):
        part = sum_of(first, second)
    elif _compare(first, second) >= 0:
        part = _difference(first, second)
    else:
        part = _difference(second, first)
        negative = c < 0
    whole = product_of(product_of(sum_of(limbs_of(e), limbs_of(f)), scale), more_scale)
    value = _quotient(part, whole)
    return -value if negative else value


@njit(cache=True, nogil=True)
def nearest_cost(spread: int, amount: Limbs, lots: int, both: int, per: int) -> float:
    """The float nearest to `per` (`spread` `lots` + 2 `amount`) / (`lots` |`both`|), whose divisor is not 0.

    Only `spread` and `both` may be below 0.
    """
    of_spread, twice = product_of(limbs_of(abs(spread)), lots), sum_of(amount, amount)
    negative = False
    if spread >= 0:
        part = sum_of(of_spread, twice)
    elif _compare(of_spread, twice) > 0:
        part, negative = _difference(of_spread, twice), True
    else:
        part = _difference(twice, of_spread)
    value = _quotient(product_of(part, per), product_of(limbs_of(lots), abs(both)))
    return -value if negative else value


@njit(cache=True, nogil=True)
def limbs_of(value: int) -> Limbs:
    """A number that is not below 0."""
    limbs = np.zeros(_LIMBS, np.int64)
    for i in range(3):
        limbs[i] = value & _LIMB
        value >>= _LIMB_BITS
    return limbs


@njit(cache=True, nogil=True)
def product_of(limbs: Limbs, factor: int) -> Limbs:
    """A number times a word that is not below 0."""
    product = np.zeros(_LIMBS, np.int64)
    for i in range(_LIMBS):
        rest = factor
        for k in range(min(3, _LIMBS - i)):
            product[i + k] += limbs[i] * (rest & _LIMB)
            rest >>= _LIMB_BITS
    for i in range(_LIMBS - 1):
        product[i + 1] += product[i] >> _LIMB_BITS
        product[i] &= _LIMB
    return product


@njit(cache=True, nogil=True)
def sum_of(some: Limbs, more: Limbs) -> Limbs:
    """Both together."""
    total = some + more
    for i in range(_LIMBS - 1):
        total[i + 1] += total[i] >> _LIMB_BITS
        total[i] &= _LIMB
    return total


@njit(cache=True, nogil=True)
def _difference(some: Limbs, less: Limbs) -> Limbs:
    rest = some - less
    for i in range(_LIMBS - 1):
        rest[i + 1] += rest[i] >> _LIMB_BITS
        rest[i] &= _LIMB
    return rest


@njit(cache=True, nogil=True)
def _compare(some: Limbs, other: Limbs) -> int:
    for i in range(_LIMBS - 1, -1, -1):
        if some[i] != other[i]:
            return 1 if some[i] > other[i] else -1
    return 0


@njit(cache=True, nogil=True)
def _quotient(part: Limbs, whole: Limbs) -> float:
    if not part.any():
        return 0.0
    shift = _BITS - 1
    while _compare(part, whole) < 0:
        part = sum_of(part, part)
        shift += 1
    twice = sum_of(whole, whole)
    while _compare(part, twice) >= 0:
        whole, twice = twice, sum_of(twice, twice)
        shift -= 1
    bits = 0
    for _ in range(_BITS):
        bits <<= 1
        if _compare(part, whole) >= 0:
            bits += 1
            part = _difference(part, whole)
        part = sum_of(part, part)
    # A last bit for whatever is left lets the rest be rounded rightly.
    return math.ldexp(float(bits | part.any()), -shift)
