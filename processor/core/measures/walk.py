"""The compiled part of measures with parameters of one's own: a walk over the levels of a side as far as they need it.

To trade X lots, all levels better than the last one that is needed are taken whole. With d the distance of a level from
the best one of its side, and of that last one D, T the sum of d times lots of those before it and C their lots, X are
traded (T + D (X - C)) / X off the best price; X is `LOTS` / `LOTS_DIVISOR`, and the amount kept is this times LOTS:

    LOTS_DIVISOR T + D (LOTS - LOTS_DIVISOR C)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.kernel import HALF, LOW_WORD, TOTAL, imbalance_of, quotient
from processor.core.measures.best_levels import best_level, level_below
from processor.core.measures.compiled import compiled
from processor.core.measures.layout import (
    AMOUNT,
    DIRTY,
    FOUND,
    HIGH,
    LEVELS,
    LOTS,
    LOTS_DIVISOR,
    LOW,
    NARROW,
    NEED,
    NO_EDGE,
    OPEN,
    PER,
    REACH,
    THIN,
    VALUES,
    WIDE,
)
from processor.core.measures.nearest import limbs_of, nearest_cost, product_of, sum_of
from processor.core.measures.values import LARGEST_QUOTIENT, NARROW_PART, NARROW_WHOLE
from processor.with_numba import ZERO

if TYPE_CHECKING:
    from processor.core.kernel import Ladder
    from processor.core.measures.layout import Floats, Ints

_BUY: Final = 1
"""The side that buyers take, as the ladder numbers it."""


@compiled(allocates=False)
def note_own(ladder: Ladder, clock: Ints, own: Ints, now: Floats, bar: Floats, wide: bool) -> None:  # noqa: FBT001 - kernels take no keywords
    """Write the values of a sample behind the others, as far as they may be other ones than at the last sample."""
    for s in range(2):
        if clock[DIRTY + s]:
            _walk(ladder, clock, own, s, wide)
    bid, bid_lots = best_level(ladder, 0)
    ask, ask_lots = best_level(ladder, 1)
    column = VALUES
    for c in range(own.shape[1]):
        if own[LEVELS, c]:
            _note(bar, now, column, imbalance_of(own[FOUND, c], own[AMOUNT, c], own[FOUND + 1, c], own[AMOUNT + 1, c]))
            column += 1
            continue
        if bid_lots and ask_lots:
            for side in range(2):
                _note(bar, now, column + side, _cost(ladder, own, c, _BUY - side, bid, -ask))
        column += 2


@compiled(allocates=False)
def _note(bar: Floats, now: Floats, m: int, value: float) -> None:
    now[m] = value
    if np.isnan(value):
        return
    if np.isnan(bar[OPEN, m]):
        bar[OPEN, m] = bar[HIGH, m] = bar[LOW, m] = value
    bar[HIGH, m] = max(bar[HIGH, m], value)
    bar[LOW, m] = min(bar[LOW, m], value)


@compiled(allocates=False)
def _walk(ladder: Ladder, clock: Ints, own: Ints, s: int, wide: bool) -> None:  # noqa: FBT001 - kernels take no keywords
    """Look at the levels of a side, and remember what was found and how far one had to go."""
    waiting = 0
    whole_side = False
    for c in range(own.shape[1]):
        own[FOUND + s, c], own[AMOUNT + s, c] = THIN, 0
        if own[LEVELS, c] or wide or ladder[s, TOTAL] >= own[NEED, c]:
            waiting += 1
        else:
            whole_side = True
    best, lots = best_level(ladder, s)
    key, last = best, NO_EDGE
    count, high, low = 0, 0, 0
    # Sums that are no more right once they have no room in a word: what was found then is WIDE.
    taken, off = 0, 0
    while lots and waiting:
        count, last = count + 1, key
        high, low = high + (lots >> HALF), low + (lots & LOW_WORD)
        for c in range(own.shape[1]):
            if own[LEVELS, c]:
                waiting -= own[LEVELS, c] == count
                if own[LEVELS, c] >= count:
                    own[FOUND + s, c], own[AMOUNT + s, c] = high + (low >> HALF), low & LOW_WORD
            elif own[FOUND + s, c] == THIN and lots >= own[NEED, c] - taken:
                waiting -= 1
                own[FOUND + s, c] = WIDE
                if float(best - key) * float(own[LOTS, c]) < NARROW_PART:
                    own[FOUND + s, c] = NARROW
                    rest = own[LOTS, c] - own[LOTS_DIVISOR, c] * taken
                    own[AMOUNT + s, c] = own[LOTS_DIVISOR, c] * off + (best - key) * rest
        taken, off = taken + lots, off + (best - key) * lots
        key, lots = level_below(ladder, s, key)
    clock[DIRTY + s] = 0
    clock[REACH + s] = -NO_EDGE if waiting or whole_side else last


@compiled(allocates=False)
def _cost(ladder: Ladder, own: Ints, c: int, s: int, bid: int, ask: int) -> float:
    """What trading against side `s` costs beside the mid, in basis points of it; NaN where there is no such value."""
    spread, both = ask - bid, bid + ask
    if own[FOUND + s, c] == THIN or both == 0:
        return np.nan
    amount, lots = own[AMOUNT + s, c], own[LOTS, c]
    if own[FOUND + s, c] == NARROW:
        # Of (spread / 2 + amount / lots) * PER / (both / 2), however its parts cancel out.
        most = PER * (abs(float(spread)) * float(lots) + 2 * float(amount))
        whole = abs(float(both)) * float(lots)
        if most < NARROW_PART and whole < NARROW_WHOLE and most < whole * LARGEST_QUOTIENT:
            part = PER * (spread * lots + 2 * amount)
            value = quotient(abs(part), abs(both) * lots)
            return -value if part < 0 else value
    return _cost_of_any(ladder, own, c, s, spread, both)


@compiled(allocates=True)
def _cost_of_any(ladder: Ladder, own: Ints, c: int, s: int, spread: int, both: int) -> float:
    """The same of numbers however long, from the levels again."""
    best, lots = best_level(ladder, s)
    key, taken, off = best, 0, limbs_of(ZERO)
    while lots < own[NEED, c] - taken:
        taken, off = taken + lots, sum_of(off, product_of(limbs_of(best - key), lots))
        key, lots = level_below(ladder, s, key)
    rest = own[LOTS, c] - own[LOTS_DIVISOR, c] * taken
    amount = sum_of(product_of(off, own[LOTS_DIVISOR, c]), product_of(limbs_of(best - key), rest))
    return nearest_cost(spread, amount, own[LOTS, c], both, ZERO + PER)
