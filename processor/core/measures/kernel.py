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

import numpy as np
from numba import njit

from processor.core.events import ASK, BID, CLEAR, ONLY_BID
from processor.core.kernel import (
    BASE,
    BEST,
    EXACT_IN_FLOAT64,
    FAR,
    FAR_AREA,
    HALF,
    LOW_WORD,
    NOTHING,
    SIZES,
    TOTAL,
    TOTAL_HIGH,
    WIDTH,
    apply,
    end_of_interval,
    far_position,
    imbalance,
    imbalance_of,
    interval_at,
    next_below,
    quotient,
    update,
)
from processor.core.measures.nearest import nearest
from processor.units import NS_PER_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.kernel import Ladder

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Scale = tuple[float, int, int]
    """10**decimals of prices or of sizes: as a float, 0 where there is none, and as a product of two words."""

OBI_LEVELS: Final = (1, 5, 10, 20)
"""Numbers of the best levels of which there is an imbalance; there is one of the whole book besides."""
BASIS_POINTS: Final = (5, 10, 25, 100)
OFI_LEVELS: Final = 10
TOP: Final = 20
MEASURES: Final = (
    "spread",
    "mid",
    "weighted_mid",
    *(f"obi_{levels}" for levels in (*OBI_LEVELS, 0)),
    *(f"obi_bp_{points}" for points in BASIS_POINTS),
    *(f"depth_bid_bp_{points}" for points in BASIS_POINTS),
    *(f"depth_ask_bp_{points}" for points in BASIS_POINTS),
)
"""What has a value at each sample, in the order of the columns of a bar."""

_VALUES: Final = len(MEASURES)
_SPREAD: Final = 0
_MID: Final = 1
_WEIGHTED_MID: Final = 2
_OBI: Final = 3
_SUMS: Final = len(OBI_LEVELS)
_OBI_BP: Final = _OBI + _SUMS + 1
_POINTS: Final = len(BASIS_POINTS)
_DEPTH_BID: Final = _OBI_BP + _POINTS
_DEPTH_ASK: Final = _DEPTH_BID + _POINTS

_PER: Final = 10_000
"""Basis points in the whole."""
_NO_EDGE: Final = np.iinfo(np.int64).max
"""Above all keys: nothing is within it."""
_NARROW: Final = float(1 << 61)
_NARROW_WHOLE: Final = float(1 << 57)
_LARGEST_QUOTIENT: Final = float(1 << 39)

# Indices into a clock, the integers of the sampling state.
TIME: Final = 0
PENDING: Final = 1
BUCKET: Final = 2
BUCKET_END: Final = 3
HAS_BAR: Final = 4
SAMPLES: Final = 5
"""Of the open interval."""
_NOW: Final = 6
"""Levels in `top`, of the bids and then of the asks."""
_THEN: Final = 8
"""The same at the last sample, as far as they count for the order flow imbalance."""
_FIRST: Final = 10
"""The best level of `top` that may have changed since the last sample, of the bids and then of the asks."""
_LAST: Final = 12
"""The worst one; better than the best one where none has."""
HAS_EDGES: Final = 14
"""Whether the edges are those of some best prices, which come next: the bid and the ask."""
_TOUCH: Final = 15
CLOCK_FIELDS: Final = 17

# Rows of `around`, each of the bids and then of the asks, and a column for each of BASIS_POINTS.
_EDGES: Final = 0
_WITHIN: Final = 2
_WITHIN_HIGH: Final = 4
_USED: Final = 6
"""The lots that the last values came from."""

OPEN: Final = 0
HIGH: Final = 1
LOW: Final = 2
CLOSE: Final = 3


def new_state() -> tuple[Ints, Ints, Ints, Ints, Ints, Ints, Floats, Floats]:
    """Clock, top, its sums, the top at the last sample, around, order flow, bar and values, before the first event.

    Of `top` and of that at the last sample a side has two rows, keys and lots. `flow` has two words for each level, the
    high one in units of 2**HALF. A bar has a row each for open, high, low and close and a column for each of MEASURES,
    as the last values have, NaN where there is none yet; the imbalance of an empty book is 0.
    """
    clock = np.zeros(CLOCK_FIELDS, np.int64)
    clock[TIME] = np.iinfo(np.int64).min
    clock[[_FIRST, _FIRST + 1]] = TOP
    clock[[_LAST, _LAST + 1]] = -1
    around = np.zeros((8, _POINTS), np.int64)
    around[_EDGES : _EDGES + 2] = _NO_EDGE
    around[_USED : _USED + 2] = -1
    now = np.full(_VALUES, np.nan)
    now[_OBI : _OBI + _SUMS + 1] = 0
    return (
        clock,
        np.zeros((4, TOP), np.int64),
        np.zeros((2, _SUMS), np.int64),
        np.zeros((4, OFI_LEVELS), np.int64),
        around,
        np.zeros((OFI_LEVELS, 2), np.int64),
        np.full((4, _VALUES), np.nan),
        now,
    )


@njit(cache=True, nogil=True)
def refill(ladder: Ladder, clock: Ints, top: Ints, top_sums: Ints, around: Ints) -> None:
    """Read all that is kept beside the ladder from it again, the edges when the next sample is taken."""
    around[_EDGES : _EDGES + 2] = _NO_EDGE
    around[_WITHIN:] = 0
    around[_USED:] = -1
    clock[HAS_EDGES] = 0
    for s in range(2):
        _refill_top(ladder, clock, top, top_sums, s)


@njit(cache=True, nogil=True)
def _refill_top(ladder: Ladder, clock: Ints, top: Ints, top_sums: Ints, s: int) -> None:
    top[2 * s + 1] = 0
    top_sums[s] = 0
    count = 0
    key, lots = _best(ladder, s)
    while lots and count < TOP:
        top[2 * s, count], top[2 * s + 1, count] = key, lots
        for n in range(_SUMS):
            top_sums[s, n] += lots if count < OBI_LEVELS[n] else 0
        count += 1
        key, lots = _level_below(ladder, s, key)
    clock[_NOW + s], clock[_FIRST + s], clock[_LAST + s] = count, 0, TOP - 1


@njit(cache=True, nogil=True)
def _best(ladder: Ladder, s: int) -> tuple[int, int]:
    """Key and lots of the best level; no lots for none."""
    offset = ladder[s, BEST]
    if offset < 0:
        return 0, 0
    return ladder[s, BASE] + offset, ladder[s, SIZES + offset]


@njit(cache=True, nogil=True)
def _level_below(ladder: Ladder, s: int, key: int) -> tuple[int, int]:
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


@njit(cache=True, nogil=True)
def _far_lots(ladder: Ladder, s: int, key: int) -> int:
    """Lots of a level below the window; 0 for none."""
    at = far_position(ladder, s, key)
    lots: int = 0
    if at < ladder[s, FAR] and ladder[s, FAR_AREA + 2 * at] == key:
        lots = ladder[s, FAR_AREA + 2 * at + 1]
    return lots


@njit(cache=True, nogil=True)
def _between(ladder: Ladder, s: int, key: int, end_key: int) -> tuple[int, int]:
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


@njit(cache=True, nogil=True)
def _shift_top(ladder: Ladder, clock: Ints, top: Ints, top_sums: Ints, s: int, key: int, old: int, size: int) -> None:
    """A level of `size` lots has come to the best ones, or for 0 one of `old` lots has gone, as the ladder knows."""
    count = clock[_NOW + s]
    keys, lots = 2 * s, 2 * s + 1
    at = 0
    while at < count and top[keys, at] > key:
        at += 1
    if size:
        for n in range(_SUMS):
            top_sums[s, n] += size - top[lots, OBI_LEVELS[n] - 1] if at < OBI_LEVELS[n] else 0
        count = min(count + 1, TOP)
        for i in range(count - 1, at, -1):
            top[keys, i], top[lots, i] = top[keys, i - 1], top[lots, i - 1]
        top[keys, at], top[lots, at] = key, size
    else:
        for i in range(at, count - 1):
            top[keys, i], top[lots, i] = top[keys, i + 1], top[lots, i + 1]
        count -= 1
        top[lots, count] = 0
        if count == TOP - 1:
            # There may be one more than those.
            next_key, next_lots = _level_below(ladder, s, top[keys, count - 1])
            if next_lots:
                top[keys, count], top[lots, count] = next_key, next_lots
                count += 1
        for n in range(_SUMS):
            top_sums[s, n] += top[lots, OBI_LEVELS[n] - 1] - old if at < OBI_LEVELS[n] else 0
    clock[_NOW + s] = count
    clock[_FIRST + s] = min(clock[_FIRST + s], at)
    clock[_LAST + s] = TOP - 1


@njit(cache=True, nogil=True)
def _empty(
    ladder: Ladder, clock: Ints, top: Ints, top_sums: Ints, around: Ints, side: int, price: int, size: int
) -> None:
    """An event that empties one side or both, and may set a level then."""
    apply(ladder, side, price, size, 0)
    for s in range(2):
        if side == CLEAR or s == side - ONLY_BID:
            around[_WITHIN + s] = 0
            around[_WITHIN_HIGH + s] = 0
            key = price if s == 0 else -price
            if side != CLEAR and size:
                for k in range(_POINTS):
                    if key >= around[_EDGES + s, k]:
                        around[_WITHIN + s, k] = size
                        around[_WITHIN_HIGH + s, k] = size >> HALF
            _refill_top(ladder, clock, top, top_sums, s)


@njit(cache=True, nogil=True)
def _price(ticks: int, divisor: int, scale: Scale) -> float:
    """`ticks` / `divisor`, which is 1 or 2, as a price."""
    if scale[0] and abs(ticks) <= EXACT_IN_FLOAT64:
        return ticks / (divisor * scale[0])
    return nearest(ticks, 1, 0, 0, divisor, 0, scale[1], scale[2])


@njit(cache=True, nogil=True)
def _lots(high: int, low: int, scale: Scale) -> float:
    """A sum of lots in two words as an amount."""
    if scale[0] and high < EXACT_IN_FLOAT64 >> HALF:
        return ((high << HALF) + low) / scale[0]
    return nearest(high, 1 << HALF, low, 1, 1, 0, scale[1], scale[2])


@njit(cache=True, nogil=True)
def _weighted(bid: int, bid_lots: int, ask: int, ask_lots: int, scale: Scale) -> float:
    """The weighted mid, (bid_lots ask + ask_lots bid) / (bid_lots + ask_lots)."""
    of_bid, of_ask = float(ask_lots) * float(bid), float(bid_lots) * float(ask)
    whole = (float(bid_lots) + float(ask_lots)) * scale[0]
    both = abs(of_bid) + abs(of_ask)
    if scale[0] and both <= EXACT_IN_FLOAT64 and whole <= EXACT_IN_FLOAT64:
        return (of_bid + of_ask) / whole
    if scale[0] and both < _NARROW and whole < _NARROW_WHOLE and both < whole * _LARGEST_QUOTIENT:
        part = bid_lots * ask + ask_lots * bid
        mid = quotient(abs(part), (bid_lots + ask_lots) * scale[1])
        return -mid if part < 0 else mid
    return nearest(ask, bid_lots, bid, ask_lots, bid_lots, ask_lots, scale[1], scale[2])


@njit(cache=True, nogil=True)
def _move_edges(ladder: Ladder, around: Ints, bid: int, ask: int) -> None:
    """Let the edges be those of a mid of these prices."""
    both = bid + ask
    # |2 p - both| * _PER <= points * |both| means a distance of at most `reach`, without a product that is too long.
    parts, rest = abs(both) // _PER, abs(both) % _PER
    for k in range(_POINTS):
        reach = BASIS_POINTS[k] * parts + BASIS_POINTS[k] * rest // _PER
        for s in range(2):
            edge = (both >> 1) - ((reach - (both & 1)) >> 1) if s == 0 else -((both >> 1) + ((reach + (both & 1)) >> 1))
            before = around[_EDGES + s, k]
            if edge < before:
                lots, high = _between(ladder, s, edge, before)
                around[_WITHIN + s, k] += lots
                around[_WITHIN_HIGH + s, k] += high
            elif edge > before:
                lots, high = _between(ladder, s, before, edge)
                around[_WITHIN + s, k] -= lots
                around[_WITHIN_HIGH + s, k] -= high
            around[_EDGES + s, k] = edge


@njit(cache=True, nogil=True)
def _beyond(ladder: Ladder, s: int, k: int, around: Ints, bid: int, ask: int) -> tuple[int, int]:
    """Lots, and their high words, of a crossed book's levels that are farther beyond the mid than what counts."""
    # The farthest that still counts is as far beyond the mid as the other side's edge is before it.
    farthest = -around[_EDGES + 1 - s, k]
    best = bid if s == 0 else -ask
    if best <= farthest:
        return 0, 0
    return _between(ladder, s, farthest + 1, _NO_EDGE)


@njit(cache=True, nogil=True)
def _imbalance_of_top(top: Ints, levels: int) -> float:
    """OBI of the best `levels` of each side, however many lots they are."""
    words = np.zeros((2, 2), np.int64)
    for s in range(2):
        for i in range(levels):
            words[s, 0] += top[2 * s + 1, i] >> HALF
            words[s, 1] += top[2 * s + 1, i] & LOW_WORD
        words[s, 0] += words[s, 1] >> HALF
        words[s, 1] &= LOW_WORD
    return imbalance_of(words[0, 0], words[0, 1], words[1, 0], words[1, 1])


@njit(cache=True, nogil=True)
def _share(bids: int, asks: int) -> float:
    """(bids - asks) / (bids + asks), 0 for nothing, of sums that fit in a word together."""
    both = bids + asks
    if both > EXACT_IN_FLOAT64:
        return imbalance_of(bids >> HALF, bids & LOW_WORD, asks >> HALF, asks & LOW_WORD)
    return (bids - asks) / both if both else 0.0


@njit(cache=True, nogil=True)
def _around_wide(ladder: Ladder, around: Ints, k: int, bid: int, ask: int, now: Floats, size_scale: Scale) -> None:
    """Write what comes of the lots within an edge into `now`, however many they are."""
    bids_beyond, bids_high_beyond = _beyond(ladder, 0, k, around, bid, ask)
    asks_beyond, asks_high_beyond = _beyond(ladder, 1, k, around, bid, ask)
    bids_high, asks_high = around[_WITHIN_HIGH, k] - bids_high_beyond, around[_WITHIN_HIGH + 1, k] - asks_high_beyond
    # What the low words add up to fits in a word, so it is right though either of these has wrapped around.
    bids = around[_WITHIN, k] - bids_beyond - (bids_high << HALF)
    asks = around[_WITHIN + 1, k] - asks_beyond - (asks_high << HALF)
    bids_high, bids = bids_high + (bids >> HALF), bids & LOW_WORD
    asks_high, asks = asks_high + (asks >> HALF), asks & LOW_WORD
    now[_OBI_BP + k] = imbalance_of(bids_high, bids, asks_high, asks)
    now[_DEPTH_BID + k] = _lots(bids_high, bids, size_scale)
    now[_DEPTH_ASK + k] = _lots(asks_high, asks, size_scale)
    # Values come from these sums again when they are narrow.
    around[_USED, k] = -1


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
    up to `now` are those of `new_state`, the others as `processor.core.kernel.advance` has them.
    """
    now_ns, pending = clock[TIME], clock[PENDING]
    closed = 0
    if interval_ns == 0 and clock[HAS_BAR]:
        # By now it may be known where the open one ends.
        clock[BUCKET_END] = end_of_interval(starts_ns, clock[BUCKET] * NS_PER_MS)
    for i in range(len(time_ns)):
        if time_ns[i] != now_ns:
            if pending:
                if now_ns >= clock[BUCKET_END] or not clock[HAS_BAR]:
                    if clock[HAS_BAR]:
                        closed_times[closed, 0], closed_times[closed, 1] = clock[BUCKET], clock[SAMPLES]
                        closed_bars[closed], closed_flows[closed] = bar, flow
                        closed += 1
                        bar[OPEN], bar[HIGH], bar[LOW] = bar[CLOSE], bar[CLOSE], bar[CLOSE]
                    flow[:] = 0
                    clock[SAMPLES] = 0
                    clock[BUCKET], clock[BUCKET_END] = interval_at(interval_ns, starts_ns, now_ns)
                    clock[HAS_BAR] = 1
                clock[SAMPLES] += 1
                touched = clock[_FIRST] == 0 or clock[_FIRST + 1] == 0
                if clock[_LAST] >= 0 or clock[_LAST + 1] >= 0:
                    for s in range(2):
                        for m in range(clock[_FIRST + s], min(clock[_LAST + s], OFI_LEVELS - 1) + 1):
                            key, lots = top[2 * s, m], top[2 * s + 1, m]
                            old_key, old = then[2 * s, m], then[2 * s + 1, m]
                            if m < clock[_NOW + s] and m < clock[_THEN + s]:
                                term = (lots if key >= old_key else 0) - (old if key <= old_key else 0)
                                term = term if s == 0 else -term
                                flow[m, 0] += term >> HALF
                                flow[m, 1] += term & LOW_WORD
                            then[2 * s, m], then[2 * s + 1, m] = key, lots
                        clock[_THEN + s] = clock[_NOW + s]
                        clock[_FIRST + s], clock[_LAST + s] = TOP, -1
                    for n in range(_SUMS):
                        if wide:
                            now[_OBI + n] = _imbalance_of_top(top, OBI_LEVELS[n])
                        else:
                            now[_OBI + n] = _share(top_sums[0, n], top_sums[1, n])
                if wide:
                    now[_OBI + _SUMS] = imbalance(ladder, 0, wide)
                else:
                    now[_OBI + _SUMS] = _share(ladder[0, TOTAL], ladder[1, TOTAL])
                if clock[_NOW] and clock[_NOW + 1]:
                    bid, ask = top[0, 0], -top[2, 0]
                    if touched:
                        now[_WEIGHTED_MID] = _weighted(bid, top[1, 0], ask, top[3, 0], price_scale)
                        if not clock[HAS_EDGES] or bid != clock[_TOUCH] or ask != clock[_TOUCH + 1]:
                            now[_SPREAD] = _price(ask - bid, 1, price_scale)
                            now[_MID] = _price(bid + ask, 2, price_scale)
                            if not clock[HAS_EDGES] or bid + ask != clock[_TOUCH] + clock[_TOUCH + 1]:
                                _move_edges(ladder, around, bid, ask)
                            clock[HAS_EDGES], clock[_TOUCH], clock[_TOUCH + 1] = 1, bid, ask
                    for k in range(_POINTS):
                        if wide:
                            _around_wide(ladder, around, k, bid, ask, now, size_scale)
                            continue
                        bids, asks = around[_WITHIN, k], around[_WITHIN + 1, k]
                        if bid > ask:
                            bids -= _beyond(ladder, 0, k, around, bid, ask)[0]
                            asks -= _beyond(ladder, 1, k, around, bid, ask)[0]
                        if bids != around[_USED, k] or asks != around[_USED + 1, k]:
                            around[_USED, k], around[_USED + 1, k] = bids, asks
                            now[_OBI_BP + k] = _share(bids, asks)
                            now[_DEPTH_BID + k] = _lots(bids >> HALF, bids & LOW_WORD, size_scale)
                            now[_DEPTH_ASK + k] = _lots(asks >> HALF, asks & LOW_WORD, size_scale)
                for m in range(_VALUES):
                    # No comparison holds with NaN, which is no value yet.
                    value = now[m]
                    bar[OPEN, m] = value if np.isnan(bar[OPEN, m]) else bar[OPEN, m]
                    bar[HIGH, m] = bar[HIGH, m] if value <= bar[HIGH, m] else value  # noqa: FURB136
                    bar[LOW, m] = bar[LOW, m] if value >= bar[LOW, m] else value  # noqa: FURB136
                    bar[CLOSE, m] = value
            now_ns = time_ns[i]
        pending = 1
        if side[i] > ASK:
            if side[i] != NOTHING:
                # As int64: for an int8, all that is called here would be compiled once more.
                _empty(ladder, clock, top, top_sums, around, int(side[i]), price[i], size[i])
            continue
        s = int(side[i]) - BID
        key = price[i] if s == 0 else -price[i]
        offset = key - ladder[s, BASE]
        old = 0
        if 0 <= offset < WIDTH:
            old = ladder[s, SIZES + offset]
        elif offset < 0:
            old = _far_lots(ladder, s, key)
        change = size[i] - old
        if change == 0:
            continue
        if old and size[i] and offset >= 0:
            ladder[s, SIZES + offset] = size[i]
            ladder[s, TOTAL] += change
            if wide:
                ladder[s, TOTAL_HIGH] += (size[i] >> HALF) - (old >> HALF)
        else:
            update(ladder, s, price[i], size[i], 0)
        for k in range(_POINTS):
            around[_WITHIN + s, k] += change if key >= around[_EDGES + s, k] else 0
        if wide:
            for k in range(_POINTS):
                if key >= around[_EDGES + s, k]:
                    around[_WITHIN_HIGH + s, k] += (size[i] >> HALF) - (old >> HALF)
        if clock[_NOW + s] == TOP and key < top[2 * s, TOP - 1]:
            continue
        if old and size[i]:
            at = 0
            while top[2 * s, at] > key:
                at += 1
            top[2 * s + 1, at] = size[i]
            for n in range(_SUMS):
                top_sums[s, n] += change if at < OBI_LEVELS[n] else 0
            clock[_FIRST + s] = min(clock[_FIRST + s], at)
            clock[_LAST + s] = max(clock[_LAST + s], at)
        else:
            _shift_top(ladder, clock, top, top_sums, s, key, old, size[i])
    clock[TIME], clock[PENDING] = now_ns, pending
    return closed
