"""Values in the instrument's own units: each is the float nearest to the exact one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.kernel import EXACT_IN_FLOAT64, HALF, LOW_WORD, imbalance_of, quotient
from processor.core.measures.compiled import compiled
from processor.core.measures.layout import HIGH, LOW, OPEN
from processor.core.measures.nearest import nearest
from processor.with_numba import ONE, ZERO, njit

if TYPE_CHECKING:
    from processor.core.measures.layout import Floats, Scale


NARROW_PART: Final = float(1 << 61)
NARROW_WHOLE: Final = float(1 << 57)
LARGEST_QUOTIENT: Final = float(1 << 39)


@njit(cache=True, nogil=True)
def price_of(ticks: int, divisor: int, scale: Scale) -> float:
    """`ticks` / `divisor`, which is 1 or 2, as a price."""
    if scale[0] and abs(ticks) <= EXACT_IN_FLOAT64:
        return ticks / (divisor * scale[0])
    return nearest(ticks, ONE, ZERO, ZERO, divisor, ZERO, scale[1], scale[2])


@njit(cache=True, nogil=True)
def lots_of(high: int, low: int, scale: Scale) -> float:
    """A sum of lots in two words as an amount."""
    if scale[0] and high < EXACT_IN_FLOAT64 >> HALF:
        return ((high << HALF) + low) / scale[0]
    return nearest(high, ONE << HALF, low, ONE, ONE, ZERO, scale[1], scale[2])


@njit(cache=True, nogil=True)
def weighted(bid: int, bid_lots: int, ask: int, ask_lots: int, scale: Scale) -> float:
    """The weighted mid, (bid_lots ask + ask_lots bid) / (bid_lots + ask_lots)."""
    of_bid, of_ask = float(ask_lots) * float(bid), float(bid_lots) * float(ask)
    whole = (float(bid_lots) + float(ask_lots)) * scale[0]
    both = abs(of_bid) + abs(of_ask)
    if scale[0] and both <= EXACT_IN_FLOAT64 and whole <= EXACT_IN_FLOAT64:
        return (of_bid + of_ask) / whole
    if scale[0] and both < NARROW_PART and whole < NARROW_WHOLE and both < whole * LARGEST_QUOTIENT:
        part = bid_lots * ask + ask_lots * bid
        mid = quotient(abs(part), (bid_lots + ask_lots) * scale[1])
        return -mid if part < 0 else mid
    return nearest(ask, bid_lots, bid, ask_lots, bid_lots, ask_lots, scale[1], scale[2])


@compiled(allocates=True, inlined=True)
def share(bids: int, asks: int) -> float:
    """(bids - asks) / (bids + asks), 0 for nothing, of sums that fit in a word together."""
    both = bids + asks
    if both > EXACT_IN_FLOAT64:
        return imbalance_of(bids >> HALF, bids & LOW_WORD, asks >> HALF, asks & LOW_WORD)
    return (bids - asks) / both if both else 0.0


@compiled(allocates=False, inlined=True)
def note(bar: Floats, now: Floats, m: int, value: float) -> None:
    """A measure has this value at the sample that is taken; no comparison holds with NaN, which is no value yet."""
    now[m] = value
    if not value <= bar[HIGH, m]:
        bar[HIGH, m] = value
        if np.isnan(bar[OPEN, m]):
            bar[OPEN, m] = value
    if not value >= bar[LOW, m]:
        bar[LOW, m] = value
