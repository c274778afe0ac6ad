"""The lots within some basis points of the mid: edges that move with it, and what the levels that they pass hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processor.core.kernel import (
    BASE,
    BEST,
    FAR,
    FAR_AREA,
    HALF,
    LOW_WORD,
    SIZES,
    far_position,
    imbalance_of,
    next_below,
)
from processor.core.measures.compiled import compiled
from processor.core.measures.layout import (
    BASIS_POINTS,
    DEPTH_ASK,
    DEPTH_BID,
    EDGES,
    LEAST,
    MOST,
    NO_EDGE,
    OBI_BP,
    PER,
    POINTS,
    USED,
    WITHIN,
    WITHIN_HIGH,
)
from processor.core.measures.values import lots_of, note
from processor.with_numba import ONE, ZERO, njit

if TYPE_CHECKING:
    from processor.core.kernel import Ladder
    from processor.core.measures.layout import Floats, Ints, Scale


@compiled(allocates=False)
def between(ladder: Ladder, s: int, key: int, end_key: int) -> tuple[int, int]:
    """Lots, and high words of lots, of the levels from `key` on and below `end_key`."""
    lots, high = 0, 0
    base = ladder[s, BASE]
    offset = ladder[s, BEST]
    far = ladder[s, FAR]
    if offset >= 0 and end_key <= base + offset:
        if end_key > base:
            offset = next_below(ladder, s, end_key - base)
        else:
            offset = -1
            far = far_position(ladder, s, end_key)
    while offset >= 0 and base + offset >= key:
        lots += ladder[s, SIZES + offset]
        high += ladder[s, SIZES + offset] >> HALF
        offset = next_below(ladder, s, offset)
    if offset < 0:
        while far and ladder[s, FAR_AREA + 2 * far - 2] >= key:
            far -= 1
            lots += ladder[s, FAR_AREA + 2 * far + 1]
            high += ladder[s, FAR_AREA + 2 * far + 1] >> HALF
    return lots, high


@compiled(allocates=False)
def move_edges(ladder: Ladder, around: Ints, bid: int, ask: int) -> None:
    """Let the edges be those of a mid of these prices."""
    both = bid + ask
    # |2 p - both| * PER <= points * |both| means a distance of at most `reach`, without a product that is too long.
    parts, rest = abs(both) // PER, abs(both) % PER
    for k in range(POINTS):
        reach = BASIS_POINTS[k] * parts + BASIS_POINTS[k] * rest // PER
        for s in range(2):
            edge = (both >> 1) - ((reach - (both & 1)) >> 1) if s == 0 else -((both >> 1) + ((reach + (both & 1)) >> 1))
            before = around[EDGES + s, k]
            if edge < before:
                lots, high = between(ladder, s, edge, before)
                around[WITHIN + s, k] += lots
                around[WITHIN_HIGH + s, k] += high
            elif edge > before:
                lots, high = between(ladder, s, before, edge)
                around[WITHIN + s, k] -= lots
                around[WITHIN_HIGH + s, k] -= high
            around[EDGES + s, k] = edge


@compiled(allocates=False)
def beyond(ladder: Ladder, s: int, k: int, around: Ints, bid: int, ask: int) -> tuple[int, int]:
    """Lots, and their high words, of a crossed book's levels that are farther beyond the mid than what counts."""
    # The farthest that still counts is as far beyond the mid as the other side's edge is before it.
    farthest = -around[EDGES + 1 - s, k]
    best = bid if s == 0 else -ask
    if best <= farthest:
        return 0, 0
    return between(ladder, s, farthest + 1, ZERO + NO_EDGE)


@njit(cache=True, nogil=True)
def around_wide(ladder: Ladder, around: Ints, k: int, bid: int, ask: int, now: Floats, size_scale: Scale) -> None:
    """Write what comes of the lots within an edge into `now`, however many they are."""
    bids_beyond, bids_high_beyond = beyond(ladder, ZERO, k, around, bid, ask)
    asks_beyond, asks_high_beyond = beyond(ladder, ONE, k, around, bid, ask)
    bids_high, asks_high = around[WITHIN_HIGH, k] - bids_high_beyond, around[WITHIN_HIGH + 1, k] - asks_high_beyond
    # What the low words add up to fits in a word, so it is right though either of these has wrapped around.
    bids = around[WITHIN, k] - bids_beyond - (bids_high << HALF)
    asks = around[WITHIN + 1, k] - asks_beyond - (asks_high << HALF)
    bids_high, bids = bids_high + (bids >> HALF), bids & LOW_WORD
    asks_high, asks = asks_high + (asks >> HALF), asks & LOW_WORD
    now[OBI_BP + k] = imbalance_of(bids_high, bids, asks_high, asks)
    now[DEPTH_BID + k] = lots_of(bids_high, bids, size_scale)
    now[DEPTH_ASK + k] = lots_of(asks_high, asks, size_scale)
    # Values come from these sums again when they are narrow.
    around[USED, k] = around[USED + 1, k] = -1


@compiled(allocates=False, inlined=True)
def note_depth(around: Ints, k: int, bar: Floats, now: Floats, bids: int, asks: int, size_scale: Scale) -> None:
    """The lots within an edge are these, which matters to the open interval where they are its highest or lowest.

    What they come to at its end is written by `depths_of`.
    """
    for s, lots in enumerate((bids, asks)):
        if around[LEAST + s, k] <= lots <= around[MOST + s, k]:
            continue
        around[MOST + s, k], around[LEAST + s, k] = max(around[MOST + s, k], lots), min(around[LEAST + s, k], lots)
        note(bar, now, DEPTH_BID + s * POINTS + k, lots_of(lots >> HALF, lots & LOW_WORD, size_scale))


@njit(cache=True, nogil=True)
def depths_of(around: Ints, now: Floats, size_scale: Scale) -> None:
    """Write the values of depths at the last sample where they are not written yet."""
    for s in range(2):
        for k in range(POINTS):
            lots = around[USED + s, k]
            if lots >= 0:
                now[DEPTH_BID + s * POINTS + k] = lots_of(lots >> HALF, lots & LOW_WORD, size_scale)


@compiled(allocates=False)
def restart_depths(around: Ints) -> None:
    """An interval begins with the depths of the last sample."""
    for s in range(2):
        for k in range(POINTS):
            lots = around[USED + s, k]
            around[MOST + s, k], around[LEAST + s, k] = (lots, lots) if lots >= 0 else (-1, NO_EDGE)
