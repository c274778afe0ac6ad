"""The best levels of each side, kept beside the ladder and changed with each event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from processor.core.events import CLEAR, ONLY_BID
from processor.core.kernel import (
    BASE,
    BEST,
    FAR,
    FAR_AREA,
    HALF,
    LOW_WORD,
    SIZES,
    apply,
    far_position,
    imbalance_of,
    next_below,
)
from processor.core.measures.compiled import compiled
from processor.core.measures.layout import (
    CHANGED,
    DIRTY,
    EDGES,
    EVERY,
    HAS_EDGES,
    LEAST,
    MOST,
    NO_EDGE,
    NO_KEY,
    NOW,
    OBI_LEVELS,
    POINTS,
    SUMS,
    TOP,
    USED,
    WITHIN,
    WITHIN_HIGH,
)
from processor.with_numba import ZERO, njit

if TYPE_CHECKING:
    from processor.core.kernel import Ladder
    from processor.core.measures.layout import Ints


@compiled(allocates=False)
def refill(ladder: Ladder, clock: Ints, top: Ints, top_sums: Ints, around: Ints) -> None:
    """Read all that is kept beside the ladder from it again, the edges when the next sample is taken."""
    around[EDGES : EDGES + 2] = NO_EDGE
    around[WITHIN:] = 0
    around[USED : MOST + 2] = -1
    around[LEAST:] = NO_EDGE
    clock[HAS_EDGES] = 0
    for s in range(2):
        _refill_top(ladder, clock, top, top_sums, s)


@compiled(allocates=False)
def _refill_top(ladder: Ladder, clock: Ints, top: Ints, top_sums: Ints, s: int) -> None:
    """Read the best levels of one side from the ladder again."""
    top[2 * s], top[2 * s + 1] = NO_KEY, 0
    top_sums[s] = 0
    count = 0
    key, lots = best_level(ladder, s)
    while lots and count < TOP:
        top[2 * s, count], top[2 * s + 1, count] = key, lots
        for n in range(SUMS):
            top_sums[s, n] += lots if count < OBI_LEVELS[n] else 0
        count += 1
        key, lots = level_below(ladder, s, key)
    clock[NOW + s], clock[CHANGED + s] = count, EVERY
    clock[DIRTY + s] = 1


@compiled(allocates=False)
def best_level(ladder: Ladder, s: int) -> tuple[int, int]:
    """Key and lots of the best level; no lots for none."""
    offset = ladder[s, BEST]
    if offset < 0:
        return 0, 0
    return ladder[s, BASE] + offset, ladder[s, SIZES + offset]


@compiled(allocates=False)
def level_below(ladder: Ladder, s: int, key: int) -> tuple[int, int]:
    """Key and lots of the best level that is worse than `key`, a level's; no lots for none."""
    far = ladder[s, FAR]
    if key >= ladder[s, BASE]:
        offset = next_below(ladder, s, key - ladder[s, BASE])
        if offset >= 0:
            return ladder[s, BASE] + offset, ladder[s, SIZES + offset]
    else:
        far = far_position(ladder, s, key)
    if far == 0:
        return 0, 0
    return ladder[s, FAR_AREA + 2 * far - 2], ladder[s, FAR_AREA + 2 * far - 1]


@compiled(allocates=False)
def far_lots(ladder: Ladder, s: int, key: int) -> int:
    """Lots of a level below the window; 0 for none."""
    at = far_position(ladder, s, key)
    lots: int = 0
    if at < ladder[s, FAR] and ladder[s, FAR_AREA + 2 * at] == key:
        lots = ladder[s, FAR_AREA + 2 * at + 1]
    return lots


@compiled(allocates=False, inlined=True)
def place_of(top: Ints, s: int, key: int) -> int:
    """How many of the best levels are better than a key that is among them or comes to them.

    Of each four the last one is looked at, then the others of one four: nothing foretells a branch here.
    """
    keys = 2 * s
    fours = int(top[keys, 3] > key) + int(top[keys, 7] > key) + int(top[keys, 11] > key) + int(top[keys, 15] > key)
    place = 4 * fours
    return place + int(top[keys, place] > key) + int(top[keys, place + 1] > key) + int(top[keys, place + 2] > key)


@compiled(allocates=False)
def shift_top(ladder: Ladder, clock: Ints, top: Ints, top_sums: Ints, s: int, key: int, old: int, size: int) -> None:
    """A level of `size` lots has come to the best ones, or for 0 one of `old` lots has gone, as the ladder knows."""
    count = clock[NOW + s]
    keys, lots = 2 * s, 2 * s + 1
    at = place_of(top, s, key)
    if size:
        for n in range(SUMS):
            top_sums[s, n] += size - top[lots, OBI_LEVELS[n] - 1] if at < OBI_LEVELS[n] else 0
        count = min(count + 1, TOP)
        for i in range(count - 1, at, -1):
            top[keys, i], top[lots, i] = top[keys, i - 1], top[lots, i - 1]
        top[keys, at], top[lots, at] = key, size
    else:
        for i in range(at, count - 1):
            top[keys, i], top[lots, i] = top[keys, i + 1], top[lots, i + 1]
        count -= 1
        top[keys, count], top[lots, count] = NO_KEY, 0
        if count == TOP - 1:
            # There may be one more than those.
            next_key, next_lots = level_below(ladder, s, top[keys, count - 1])
            if next_lots:
                top[keys, count], top[lots, count] = next_key, next_lots
                count += 1
        for n in range(SUMS):
            top_sums[s, n] += top[lots, OBI_LEVELS[n] - 1] - old if at < OBI_LEVELS[n] else 0
    clock[NOW + s] = count
    clock[CHANGED + s] |= EVERY & (EVERY << at)


@njit(cache=True, nogil=True)
def empty(
    ladder: Ladder, clock: Ints, top: Ints, top_sums: Ints, around: Ints, side: int, price: int, size: int
) -> None:
    """An event that empties one side or both, and may set a level then."""
    apply(ladder, side, price, size, ZERO)
    for s in range(2):
        if side == CLEAR or s == side - ONLY_BID:
            around[WITHIN + s] = 0
            around[WITHIN_HIGH + s] = 0
            key = price if s == 0 else -price
            if side != CLEAR and size:
                for k in range(POINTS):
                    if key >= around[EDGES + s, k]:
                        around[WITHIN + s, k] = size
                        around[WITHIN_HIGH + s, k] = size >> HALF
            _refill_top(ladder, clock, top, top_sums, s)


@njit(cache=True, nogil=True)
def imbalance_of_top(top: Ints, levels: int) -> float:
    """OBI of the best `levels` of each side, however many lots they are."""
    words = np.zeros((2, 2), np.int64)
    for s in range(2):
        for i in range(levels):
            words[s, 0] += top[2 * s + 1, i] >> HALF
            words[s, 1] += top[2 * s + 1, i] & LOW_WORD
        words[s, 0] += words[s, 1] >> HALF
        words[s, 1] &= LOW_WORD
    return imbalance_of(words[0, 0], words[0, 1], words[1, 0], words[1, 1])
