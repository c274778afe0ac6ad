"""The compiled loop that samples a book into the values of MEASURES, and sums its order flow imbalance.

A sample costs what has changed near the touch since the one before. Kept beside the ladder (see `core.kernel`,
whose keys and two-word sums these are) and changed with each event:

- `top`: the best TOP levels of each side, best first, and in `top_sums` the lots of the best OBI_LEVELS of them;
- `around`: for each of BASIS_POINTS and each side an edge, and the lots of all levels whose key is not below it. When
  the mid moves, so do the edges, and only the levels that they pass are looked at.

Values are in the instrument's own units, each the float nearest to the exact value, so they do not depend on the scale
that prices and sizes have when they are computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.core.bits import trailing_zeros
from processor.core.events import ASK
from processor.core.kernel import (
    BASE,
    HALF,
    LOW_WORD,
    NOTHING,
    SIZES,
    TOTAL,
    TOTAL_HIGH,
    WIDTH,
    end_of_interval,
    imbalance,
    interval_at,
    update,
)
from processor.core.measures.around import around_wide, beyond, depths_of, move_edges, note_depth, restart_depths
from processor.core.measures.best_levels import empty, far_lots, imbalance_of_top, place_of, shift_top
from processor.core.measures.layout import (
    BUCKET,
    BUCKET_END,
    CHANGED,
    CLOSE,
    DEPTH_ASK,
    DEPTH_BID,
    DIRTY,
    EDGES,
    HAS_BAR,
    HAS_EDGES,
    HIGH,
    LOW,
    MID,
    NOW,
    OBI,
    OBI_BP,
    OBI_LEVELS,
    OFI_LEVELS,
    OPEN,
    PENDING,
    POINTS,
    REACH,
    SAMPLES,
    SPREAD,
    SUMS,
    THEN,
    TIME,
    TOP,
    TOUCH,
    USED,
    WEIGHTED_MID,
    WITHIN,
    WITHIN_HIGH,
)
from processor.core.measures.values import note, price_of, share, weighted
from processor.core.measures.walk import note_own
from processor.units import NS_PER_MS
from processor.with_numba import ONE, ZERO, njit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from processor.core.kernel import Ladder
    from processor.core.measures.layout import Floats, Ints, Scale

_OFI: Final = (1 << OFI_LEVELS) - 1
"""The bits of the levels that have an order flow imbalance."""


@njit(cache=True, nogil=True)
def _close(bar: Floats, now: Floats, flow: Ints, closed_bar: Floats, closed_flow: Ints) -> None:
    """A bar has ended with these values, and the next one begins with them."""
    bar[CLOSE] = now
    closed_bar[:], closed_flow[:] = bar, flow
    flow[:] = 0
    _restart(bar, now)


@njit(cache=True, nogil=True)
def _restart(bar: Floats, now: Floats) -> None:
    """A bar begins with these values."""
    bar[OPEN], bar[HIGH], bar[LOW] = now, now, now


@njit(cache=True, nogil=True)
def advance(  # noqa: C901, PLR0912, PLR0915 - one loop: every array that is handed to a function is felt
    ladder: Ladder,
    clock: Ints,
    top: Ints,
    top_sums: Ints,
    then: Ints,
    around: Ints,
    flow: Ints,
    bar: Floats,
    now: Floats,
    own: Ints,
    wide: bool,  # noqa: FBT001 - kernels take no keywords
    price_scale: Scale,
    size_scale: Scale,
    interval_ns: int,
    starts_ns: Ints,
    time_ns: Ints,
    side: NDArray[np.int8],
    price: Ints,
    size: Ints,
    closed_times: Ints,
    closed_bars: Floats,
    closed_flows: Ints,
) -> int:
    """Apply events in order; return how many intervals were closed.

    Of each, `closed_times` has the name and the number of samples, the others its bar and its order flow. The arguments
    up to `now` are those of `new_state`, `own` are the columns of `OwnMeasures`, the others are as
    `processor.core.kernel.advance` has them.
    """
    now_ns, pending = clock[TIME], clock[PENDING]
    closed = 0
    has_own = own.shape[1] > 0
    if interval_ns == 0 and clock[HAS_BAR]:
        # By now it may be known where the open one ends.
        clock[BUCKET_END] = end_of_interval(starts_ns, clock[BUCKET] * NS_PER_MS)
    for i in range(len(time_ns)):
        if time_ns[i] != now_ns:
            if pending:
                is_first = not clock[HAS_BAR]
                if now_ns >= clock[BUCKET_END] or is_first:
                    if not is_first:
                        closed_times[closed, 0], closed_times[closed, 1] = clock[BUCKET], clock[SAMPLES]
                        depths_of(around, now, size_scale)
                        _close(bar, now, flow, closed_bars[closed], closed_flows[closed])
                        restart_depths(around)
                        closed += 1
                    clock[SAMPLES] = 0
                    clock[BUCKET], clock[BUCKET_END] = interval_at(interval_ns, starts_ns, now_ns)
                    clock[HAS_BAR] = 1
                clock[SAMPLES] += 1
                changed = clock[CHANGED] | clock[CHANGED + 1]
                if changed:
                    for s in range(2):
                        rest = clock[CHANGED + s] & _OFI
                        while rest:
                            m = trailing_zeros(rest)
                            rest &= rest - 1
                            key, lots = top[2 * s, m], top[2 * s + 1, m]
                            old_key, old = then[2 * s, m], then[2 * s + 1, m]
                            if m < clock[NOW + s] and m < clock[THEN + s]:
                                term = (lots if key >= old_key else 0) - (old if key <= old_key else 0)
                                term = term if s == 0 else -term
                                flow[m, 0] += term >> HALF
                                flow[m, 1] += term & LOW_WORD
                            then[2 * s, m], then[2 * s + 1, m] = key, lots
                        clock[THEN + s] = clock[NOW + s]
                        clock[CHANGED + s] = 0
                    for n in range(SUMS):
                        if not changed & ((1 << OBI_LEVELS[n]) - 1):
                            continue
                        if wide:
                            note(bar, now, OBI + n, imbalance_of_top(top, OBI_LEVELS[n]))
                        else:
                            note(bar, now, OBI + n, share(top_sums[0, n], top_sums[1, n]))
                if wide:
                    note(bar, now, OBI + SUMS, imbalance(ladder, ZERO, wide))
                else:
                    note(bar, now, OBI + SUMS, share(ladder[0, TOTAL], ladder[1, TOTAL]))
                if clock[NOW] and clock[NOW + 1]:
                    bid, ask = top[0, 0], -top[2, 0]
                    if changed & 1:
                        note(bar, now, WEIGHTED_MID, weighted(bid, top[1, 0], ask, top[3, 0], price_scale))
                        if not clock[HAS_EDGES] or bid != clock[TOUCH] or ask != clock[TOUCH + 1]:
                            note(bar, now, SPREAD, price_of(ask - bid, ONE, price_scale))
                            note(bar, now, MID, price_of(bid + ask, ONE + ONE, price_scale))
                            if not clock[HAS_EDGES] or bid + ask != clock[TOUCH] + clock[TOUCH + 1]:
                                move_edges(ladder, around, bid, ask)
                            clock[HAS_EDGES], clock[TOUCH], clock[TOUCH + 1] = 1, bid, ask
                    for k in range(POINTS):
                        if wide:
                            around_wide(ladder, around, k, bid, ask, now, size_scale)
                            for m in (OBI_BP + k, DEPTH_BID + k, DEPTH_ASK + k):
                                note(bar, now, m, now[m])
                            continue
                        bids, asks = around[WITHIN, k], around[WITHIN + 1, k]
                        if bid > ask:
                            bids -= beyond(ladder, ZERO, k, around, bid, ask)[0]
                            asks -= beyond(ladder, ONE, k, around, bid, ask)[0]
                        if bids != around[USED, k] or asks != around[USED + 1, k]:
                            around[USED, k], around[USED + 1, k] = bids, asks
                            note(bar, now, OBI_BP + k, share(bids, asks))
                            note_depth(around, k, bar, now, bids, asks, size_scale)
                if has_own and (clock[DIRTY] or clock[DIRTY + 1]):
                    note_own(ladder, clock, own, now, bar, wide)
                if is_first:
                    # What is not known yet stays NaN, and what is noted is in all of them already.
                    _restart(bar, now)
            now_ns = time_ns[i]
        pending = 1
        if side[i] > ASK:
            if side[i] != NOTHING:
                # As int64: for an int8, all that is called here would be compiled once more.
                empty(ladder, clock, top, top_sums, around, int(side[i]), price[i], size[i])
            continue
        # Not a difference: an index that may be below 0 costs a comparison wherever it is used.
        s = 1 if side[i] == ASK else 0
        key = price[i] if s == 0 else -price[i]
        offset = key - ladder[s, BASE]
        old = 0
        if 0 <= offset < WIDTH:
            old = ladder[s, SIZES + offset]
        elif offset < 0:
            old = far_lots(ladder, s, key)
        change = size[i] - old
        if change == 0:
            continue
        if old and size[i] and offset >= 0:
            ladder[s, SIZES + offset] = size[i]
            ladder[s, TOTAL] += change
            if wide:
                ladder[s, TOTAL_HIGH] += (size[i] >> HALF) - (old >> HALF)
        else:
            update(ladder, s, price[i], size[i], ZERO)
        for k in range(POINTS):
            around[WITHIN + s, k] += change if key >= around[EDGES + s, k] else 0
        if wide:
            for k in range(POINTS):
                if key >= around[EDGES + s, k]:
                    around[WITHIN_HIGH + s, k] += (size[i] >> HALF) - (old >> HALF)
        if key >= clock[REACH + s]:
            clock[DIRTY + s] = 1
        if clock[NOW + s] == TOP and key < top[2 * s, TOP - 1]:
            continue
        if old and size[i]:
            at = place_of(top, s, key)
            top[2 * s + 1, at] = size[i]
            for n in range(SUMS):
                top_sums[s, n] += change if at < OBI_LEVELS[n] else 0
            clock[CHANGED + s] |= 1 << at
        else:
            shift_top(ladder, clock, top, top_sums, s, key, old, size[i])
    clock[TIME], clock[PENDING] = now_ns, pending
    depths_of(around, now, size_scale)
    return closed
