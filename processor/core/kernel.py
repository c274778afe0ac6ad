"""The compiled book: the ladder that holds it, and the loop that applies events and samples the imbalance.

One module, because a cached kernel is rebuilt when its own file changes, not when a file it calls into does.

The ladder: one side's sizes by price, its best level and its top-N sum, all kept incrementally.

A side is addressed by *key*, the price for bids and minus the price for asks, so that on both sides the best level has
the highest key and one piece of code serves both. Keys within a window of WIDTH ticks lie in a dense array under a
three-level bitmap (64 ticks to a word, 64 words to a block, 64 blocks to the root), so the next occupied level is found
in a few instructions however sparse the book is. Keys below the window lie in a sorted list, the best at its end; keys
above it do not exist, because a better price moves the window. A window without levels means a side without levels.

A ladder is one int64 array of shape (2, room), a row a side (0 bids, 1 asks): compiled code passes one array many times
faster than a structure of them. A row holds the fields below, the bitmap, the window's sizes and the far levels.

A size has at most 63 bits, a sum of them may have more. The sums that are kept wrap around then, which loses nothing:
they are right again as soon as they fit, and whoever samples says beforehand whether they may not (`wide`). A wide
sample counts in two words, the high one in units of 2**32. The quotient is the float nearest to it either way.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.bits import leading_zeros, trailing_zeros
from processor.core.events import ASK, BID, CLEAR, END_OF_TIME, ONLY_BID
from processor.core.intervals import MONDAY_NS, WEEK_NS
from processor.units import NS_PER_MS
from processor.with_numba import ONE, ZERO, njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ladder = NDArray[np.int64]

WIDTH: Final = 64 * 64 * 64
"""Ticks in a side's window."""

_HEADROOM: Final = 4
"""A moved window has its best level at (1 - 1/_HEADROOM) of its width: room to rise, more room to fall."""

BASE: Final = 0
"""Key of the window's first tick."""
BEST: Final = 1
"""Offset of the best level from BASE, -1 for none."""
EDGE: Final = 2
"""Offset of the worst level counted in TOP_SUM; meaningless when TOP is 0."""
TOP: Final = 3
"""Levels counted in TOP_SUM."""
TOP_SUM: Final = 4
"""Lots in the best TOP levels of the window."""
TOTAL: Final = 5
"""Lots on the whole side."""
COUNT: Final = 6
"""Levels in the window."""
FAR: Final = 7
"""Levels below the window."""
_ROOT: Final = 8
"""Bit b set: block b is not empty."""
OUT_OF_REACH: Final = 9
"""A price that was left out because distances from it have no room in a word; 0 for none."""
TOTAL_HIGH: Final = 10
"""High words of the sizes on the whole side, added up. Right from `recount` on, as long as all changes are wide."""

_BLOCKS: Final = 16
"""Bit w of block b set: word 64 b + w is not empty."""
_WORDS: Final = _BLOCKS + 64
"""Bit t of word w set: there is a level at offset 64 w + t."""
SIZES: Final = _WORDS + 64 * 64
"""Lots at each tick of the window."""
FAR_AREA: Final = SIZES + WIDTH
"""Key and size of each far level, keys ascending."""

_LAST: Final = 63
"""The highest bit of a word."""
HALF: Final = 32
"""Bits of the low word of a wide sum."""
LOW_WORD: Final = (1 << 32) - 1
EXACT_IN_FLOAT64: Final = 1 << 53
_REACH: Final = (1 << 62) - WIDTH
"""Prices below it, whose distances from each other and from the edges of a window fit in a word."""
_BITS: Final = 56
"""Of a quotient: those of a float's mantissa, and some to round by."""
_NARROW_BITS: Final = 58
"""Of a number that fits in a word 24 times, which is what a quotient of floats is off by in the last of _BITS bits."""
_ONE: Final = 1
_ALL: Final = -1
"""All 64 bits set."""

NO_PRICE: Final = np.iinfo(np.int64).min
"""A best price where the side is empty."""
PERIODS_KEPT: Final = 20
"""Periods whose begin and end are remembered, of each kind."""

NOTHING: Final = 5
"""The `side` of an event that only lets time pass."""

CROSSED: Final = 0
LOCKED: Final = 1
APART: Final = 2

ENDS: Final = 2
"""Where the ends of periods follow their begins, in rows of an array of periods."""

# Indices into a clock, the integers of a book's sampling state.
TIME: Final = 0
PENDING: Final = 1
BUCKET: Final = 2
BUCKET_END: Final = 3
HAS_BAR: Final = 4
SAMPLES: Final = 5
BEST_BID: Final = 6
BEST_ASK: Final = 7
SPREAD_STATE: Final = 8
TOUCHING: Final = 9
"""Samples of a crossed book, and in the next place of a locked one."""
PERIODS: Final = 11
"""Periods of a crossed book, and in the next place of a locked one."""
CLOCK_FIELDS: Final = 13

# Indices into a bar, the open interval's OBI.
OPEN: Final = 0
HIGH: Final = 1
LOW: Final = 2
CLOSE: Final = 3


def new_ladder() -> Ladder:
    """An empty ladder."""
    ladder = np.zeros((2, FAR_AREA), np.int64)
    ladder[:, BEST] = -1
    return ladder


def with_room(ladder: Ladder, events: int) -> Ladder:
    """The same ladder with room for whatever `events` more updates can push below the window."""
    needed = FAR_AREA + 2 * (int((ladder[:, COUNT] + ladder[:, FAR]).max()) + events)
    if needed <= ladder.shape[1]:
        return ladder
    grown = np.zeros((2, needed + needed // 2), np.int64)
    grown[:, : ladder.shape[1]] = ladder
    return grown


@njit(cache=True, nogil=True)
def _next_above(ladder: Ladder, s: int, offset: int) -> int:
    """Offset of the nearest occupied tick above `offset`, -1 for none."""
    w = offset >> 6
    bit = offset & 63
    if bit != _LAST:
        word = ladder[s, _WORDS + w] & (_ALL << (bit + 1))
        if word:
            return (w << 6) + trailing_zeros(word)
    b = w >> 6
    bit = w & 63
    if bit != _LAST:
        block = ladder[s, _BLOCKS + b] & (_ALL << (bit + 1))
        if block:
            w = (b << 6) + trailing_zeros(block)
            return (w << 6) + trailing_zeros(ladder[s, _WORDS + w])
    if b != _LAST:
        root = ladder[s, _ROOT] & (_ALL << (b + 1))
        if root:
            b = trailing_zeros(root)
            w = (b << 6) + trailing_zeros(ladder[s, _BLOCKS + b])
            return (w << 6) + trailing_zeros(ladder[s, _WORDS + w])
    return -1


@njit(cache=True, nogil=True)
def next_below(ladder: Ladder, s: int, offset: int) -> int:
    """Offset of the nearest occupied tick below `offset`, -1 for none."""
    w = offset >> 6
    word = ladder[s, _WORDS + w] & ((_ONE << (offset & 63)) - _ONE)
    if word:
        return (w << 6) + 63 - leading_zeros(word)
    b = w >> 6
    block = ladder[s, _BLOCKS + b] & ((_ONE << (w & 63)) - _ONE)
    if block:
        w = (b << 6) + 63 - leading_zeros(block)
        return (w << 6) + 63 - leading_zeros(ladder[s, _WORDS + w])
    root = ladder[s, _ROOT] & ((_ONE << b) - _ONE)
    if root:
        b = 63 - leading_zeros(root)
        w = (b << 6) + 63 - leading_zeros(ladder[s, _BLOCKS + b])
        return (w << 6) + 63 - leading_zeros(ladder[s, _WORDS + w])
    return -1


@njit(cache=True, nogil=True)
def _mark(ladder: Ladder, s: int, offset: int) -> None:
    w = offset >> 6
    b = w >> 6
    ladder[s, _WORDS + w] |= _ONE << (offset & 63)
    ladder[s, _BLOCKS + b] |= _ONE << (w & 63)
    ladder[s, _ROOT] |= _ONE << b


@njit(cache=True, nogil=True)
def _unmark(ladder: Ladder, s: int, offset: int) -> None:
    w = offset >> 6
    word = ladder[s, _WORDS + w] & ~(_ONE << (offset & 63))
    ladder[s, _WORDS + w] = word
    if not word:
        b = w >> 6
        block = ladder[s, _BLOCKS + b] & ~(_ONE << (w & 63))
        ladder[s, _BLOCKS + b] = block
        if not block:
            ladder[s, _ROOT] &= ~(_ONE << b)


@njit(cache=True, nogil=True)
def clear(ladder: Ladder) -> None:
    """Empty both sides, touching only what is occupied."""
    for s in range(2):
        clear_side(ladder, s)


@njit(cache=True, nogil=True)
def clear_side(ladder: Ladder, s: int) -> None:
    """Empty one side, touching only what is occupied."""
    offset = ladder[s, BEST]
    while offset >= 0:
        below = next_below(ladder, s, offset)
        ladder[s, SIZES + offset] = 0
        _unmark(ladder, s, offset)
        offset = below
    ladder[s, BEST] = -1
    ladder[s, TOP] = 0
    ladder[s, TOP_SUM] = 0
    ladder[s, TOTAL] = 0
    ladder[s, TOTAL_HIGH] = 0
    ladder[s, COUNT] = 0
    ladder[s, FAR] = 0


@njit(cache=True, nogil=True)
def far_position(ladder: Ladder, s: int, key: int) -> int:
    """Number of far levels of side `s` whose key is below `key`."""
    low = 0
    high = ladder[s, FAR]
    while low < high:
        middle = (low + high) >> 1
        if ladder[s, FAR_AREA + 2 * middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def _far_update(ladder: Ladder, s: int, key: int, size: int) -> None:
    """Set one level below the window; the top-N sum of the window does not know it."""
    far = ladder[s, FAR]
    at = far_position(ladder, s, key)
    if at < far and ladder[s, FAR_AREA + 2 * at] == key:
        old = ladder[s, FAR_AREA + 2 * at + 1]
        ladder[s, TOTAL] += size - old
        ladder[s, TOTAL_HIGH] += (size >> HALF) - (old >> HALF)
        if size:
            ladder[s, FAR_AREA + 2 * at + 1] = size
            return
        for i in range(at, far - 1):
            ladder[s, FAR_AREA + 2 * i] = ladder[s, FAR_AREA + 2 * (i + 1)]
            ladder[s, FAR_AREA + 2 * i + 1] = ladder[s, FAR_AREA + 2 * (i + 1) + 1]
        ladder[s, FAR] = far - 1
    elif size:
        for i in range(far, at, -1):
            ladder[s, FAR_AREA + 2 * i] = ladder[s, FAR_AREA + 2 * (i - 1)]
            ladder[s, FAR_AREA + 2 * i + 1] = ladder[s, FAR_AREA + 2 * (i - 1) + 1]
        ladder[s, FAR_AREA + 2 * at] = key
        ladder[s, FAR_AREA + 2 * at + 1] = size
        ladder[s, FAR] = far + 1
        ladder[s, TOTAL] += size
        ladder[s, TOTAL_HIGH] += size >> HALF


@njit(cache=True, nogil=True)
def _recount_top(ladder: Ladder, s: int, top_levels: int) -> None:
    ladder[s, TOP] = 0
    ladder[s, TOP_SUM] = 0
    offset = ladder[s, BEST]
    while offset >= 0 and ladder[s, TOP] < top_levels:
        ladder[s, TOP] += 1
        ladder[s, TOP_SUM] += ladder[s, SIZES + offset]
        ladder[s, EDGE] = offset
        offset = next_below(ladder, s, offset)


@njit(cache=True, nogil=True)
def _move_window(ladder: Ladder, s: int, key: int, top_levels: int) -> None:
    """Move the window so that `key`, the best there is or will be, lies near its upper end."""
    old_base = ladder[s, BASE]
    new_base = key - (WIDTH - WIDTH // _HEADROOM)
    # Upwards, what falls out of the window is better than all of `far`: append it there, worst first.
    kept = 0
    count = ladder[s, COUNT]
    keys = np.empty(count, np.int64)
    sizes = np.empty(count, np.int64)
    offset = ladder[s, BEST]
    for i in range(count - 1, -1, -1):
        keys[i] = old_base + offset
        sizes[i] = ladder[s, SIZES + offset]
        below = next_below(ladder, s, offset)
        ladder[s, SIZES + offset] = 0
        _unmark(ladder, s, offset)
        offset = below
    far = ladder[s, FAR]
    for i in range(count):
        if keys[i] < new_base:
            ladder[s, FAR_AREA + 2 * far] = keys[i]
            ladder[s, FAR_AREA + 2 * far + 1] = sizes[i]
            far += 1
        else:
            ladder[s, SIZES + keys[i] - new_base] = sizes[i]
            _mark(ladder, s, keys[i] - new_base)
            kept += 1
    # Downwards, the upper part of `far` comes into it.
    while far and ladder[s, FAR_AREA + 2 * (far - 1)] >= new_base:
        far -= 1
        offset = ladder[s, FAR_AREA + 2 * far] - new_base
        ladder[s, SIZES + offset] = ladder[s, FAR_AREA + 2 * far + 1]
        _mark(ladder, s, offset)
        kept += 1
    ladder[s, FAR] = far
    ladder[s, COUNT] = kept
    ladder[s, BASE] = new_base
    ladder[s, BEST] = next_below(ladder, s, WIDTH - 1)
    if ladder[s, SIZES + WIDTH - 1]:
        ladder[s, BEST] = WIDTH - 1
    _recount_top(ladder, s, top_levels)


@njit(cache=True, nogil=True)
def _insert(ladder: Ladder, s: int, offset: int, size: int, top_levels: int) -> None:
    """A level has come to the window; its size is already set."""
    _mark(ladder, s, offset)
    ladder[s, COUNT] += 1
    ladder[s, BEST] = max(ladder[s, BEST], offset)
    if ladder[s, TOP] < top_levels:
        if ladder[s, TOP] == 0 or offset < ladder[s, EDGE]:
            ladder[s, EDGE] = offset
        ladder[s, TOP] += 1
        ladder[s, TOP_SUM] += size
    elif top_levels and offset > ladder[s, EDGE]:
        edge = ladder[s, EDGE]
        ladder[s, TOP_SUM] += size - ladder[s, SIZES + edge]
        ladder[s, EDGE] = _next_above(ladder, s, edge)


@njit(cache=True, nogil=True)
def _remove(ladder: Ladder, s: int, offset: int, old: int, top_levels: int) -> None:
    """A level of `old` lots has gone from the window; its size is already 0."""
    _unmark(ladder, s, offset)
    ladder[s, COUNT] -= 1
    if offset == ladder[s, BEST]:
        ladder[s, BEST] = next_below(ladder, s, offset)
    if ladder[s, TOP] and offset >= ladder[s, EDGE]:
        ladder[s, TOP_SUM] -= old
        edge = next_below(ladder, s, ladder[s, EDGE])
        if edge >= 0:
            ladder[s, TOP_SUM] += ladder[s, SIZES + edge]
            ladder[s, EDGE] = edge
        else:
            ladder[s, TOP] -= 1
            if offset == ladder[s, EDGE]:
                ladder[s, EDGE] = _next_above(ladder, s, offset)
    if ladder[s, COUNT] == 0 and ladder[s, FAR]:
        _move_window(ladder, s, ladder[s, FAR_AREA + 2 * (ladder[s, FAR] - 1)], top_levels)


@njit(cache=True, nogil=True)
def update(ladder: Ladder, s: int, price: int, size: int, top_levels: int) -> None:
    """Let `size` lots rest at `price` of side `s`; 0 removes the level. Top-N sums are kept for N = `top_levels`."""
    if not -_REACH < price < _REACH:
        ladder[s, OUT_OF_REACH] = price
        return
    key = price if s == 0 else -price
    offset = key - ladder[s, BASE]
    if offset >= WIDTH or ladder[s, COUNT] == 0:
        if size == 0:
            return
        _move_window(ladder, s, key, top_levels)
        offset = key - ladder[s, BASE]
    elif offset < 0:
        _far_update(ladder, s, key, size)
        return
    old = ladder[s, SIZES + offset]
    if old == size:
        return
    ladder[s, SIZES + offset] = size
    ladder[s, TOTAL] += size - old
    ladder[s, TOTAL_HIGH] += (size >> HALF) - (old >> HALF)
    if size == 0:
        _remove(ladder, s, offset, old, top_levels)
    elif old == 0:
        _insert(ladder, s, offset, size, top_levels)
    elif ladder[s, TOP] and offset >= ladder[s, EDGE]:
        ladder[s, TOP_SUM] += size - old


@njit(cache=True, nogil=True)
def apply(ladder: Ladder, side: int, price: int, size: int, top_levels: int) -> None:
    """Apply one event of the book, whose `side` is one of `events`, or NOTHING."""
    if side in (BID, ASK):
        update(ladder, side - BID, price, size, top_levels)
    elif side == CLEAR:
        clear(ladder)
    elif side != NOTHING:
        clear_side(ladder, side - ONLY_BID)
        update(ladder, side - ONLY_BID, price, size, top_levels)


@njit(cache=True, nogil=True)
def _resting(ladder: Ladder, s: int, top_levels: int) -> int:
    """Lots in the best `top_levels` levels of side `s`, or on the whole side for 0, where they fit in a word."""
    lots: int = ladder[s, TOTAL]
    if top_levels == 0:
        return lots
    lots = ladder[s, TOP_SUM]
    missing = top_levels - ladder[s, TOP]
    far = ladder[s, FAR]
    if missing and far:
        for i in range(far - 1, max(far - 1 - missing, -1), -1):
            lots += ladder[s, FAR_AREA + 2 * i + 1]
    return lots


@njit(cache=True, nogil=True)
def _resting_words(
    ladder: Ladder,
    s: int,
    top_levels: int,
    wide: bool,  # noqa: FBT001 - kernels take no keywords
) -> tuple[int, int]:
    """The same in two words; if it is `wide`, however many lots they are."""
    high: int = 0
    low: int = 0
    if not wide:
        low = _resting(ladder, s, top_levels)
    elif top_levels == 0:
        high = ladder[s, TOTAL_HIGH]
        # What the low words add up to fits in a word, so it is right though either of these has wrapped around.
        low = ladder[s, TOTAL] - (high << HALF)
    else:
        offset = ladder[s, BEST]
        missing = top_levels
        while missing and offset >= 0:
            high += ladder[s, SIZES + offset] >> HALF
            low += ladder[s, SIZES + offset] & LOW_WORD
            offset = next_below(ladder, s, offset)
            missing -= 1
        far = ladder[s, FAR]
        for i in range(far - 1, max(far - 1 - missing, -1), -1):
            high += ladder[s, FAR_AREA + 2 * i + 1] >> HALF
            low += ladder[s, FAR_AREA + 2 * i + 1] & LOW_WORD
    return high + (low >> HALF), low & LOW_WORD


@njit(cache=True, nogil=True)
def recount(ladder: Ladder) -> int:
    """Add the high words of both sides up anew; return the largest size that rests."""
    largest = 0
    for s in range(2):
        high = 0
        offset = ladder[s, BEST]
        while offset >= 0:
            high += ladder[s, SIZES + offset] >> HALF
            largest = max(largest, ladder[s, SIZES + offset])
            offset = next_below(ladder, s, offset)
        for i in range(ladder[s, FAR]):
            high += ladder[s, FAR_AREA + 2 * i + 1] >> HALF
            largest = max(largest, ladder[s, FAR_AREA + 2 * i + 1])
        ladder[s, TOTAL_HIGH] = high
    return largest


@njit(cache=True, nogil=True)
def quotient(part: int, whole: int) -> float:
    """The float nearest to `part` / `whole`, which is below 2**40, of 0 <= `part` < 2**62, 0 < `whole` < 2**58."""
    near = part / whole
    if max(part, whole) <= EXACT_IN_FLOAT64 or part == 0:
        return near
    _, exponent = math.frexp(near)
    shift = _BITS - exponent
    bits = int(math.ldexp(near, shift))
    # Of either product only what a word holds is known, and what they differ by fits in one.
    rest = (part << shift if shift <= _LAST else 0) - bits * whole
    missing = rest // whole
    # A last bit for whatever is left lets the rest be rounded rightly.
    return math.ldexp(float((bits + missing) | (rest != missing * whole)), -shift)


@njit(cache=True, nogil=True)
def _quotient_wide(high: int, low: int, of_high: int, of_low: int) -> float:
    """The same for a wide number above 0 and one that is no smaller, bit by bit."""
    shift = _BITS - 1
    while high < of_high or (high == of_high and low < of_low):
        high, low = (high << 1) + (low >> (HALF - 1)), (low << 1) & LOW_WORD
        shift += 1
    bits = 0
    for _ in range(_BITS):
        bits <<= 1
        if high > of_high or (high == of_high and low >= of_low):
            bits += 1
            low -= of_low
            high, low = high - of_high + (low >> HALF), low & LOW_WORD
        high, low = (high << 1) + (low >> (HALF - 1)), (low << 1) & LOW_WORD
    return math.ldexp(float(bits | (high != 0 or low != 0)), -shift)


@njit(cache=True, nogil=True)
def imbalance_of(high: int, low: int, ask_high: int, ask_low: int) -> float:
    """OBI of two wide sums of lots, the bids' first: the float nearest to it."""
    negative = high < ask_high or (high == ask_high and low < ask_low)
    both_high, both_low = high + ask_high + ((low + ask_low) >> HALF), (low + ask_low) & LOW_WORD
    high, low = (ask_high - high, ask_low - low) if negative else (high - ask_high, low - ask_low)
    high, low = high + (low >> HALF), low & LOW_WORD
    if high == 0 and low == 0:
        return 0.0
    if both_high >> (_NARROW_BITS - HALF):
        obi = _quotient_wide(high, low, both_high, both_low)
    else:
        obi = quotient((high << HALF) + low, (both_high << HALF) + both_low)
    return -obi if negative else obi


@njit(cache=True, nogil=True)
def imbalance(ladder: Ladder, top_levels: int, wide: bool) -> float:  # noqa: FBT001 - kernels take no keywords
    """OBI of the book as it stands, the float nearest to it.

    If it is `wide`, all changes since the last `recount` must have been made so; if not, either side's lots must fit in
    a word.
    """
    return imbalance_of(
        *_resting_words(ladder, ZERO, top_levels, wide),
        *_resting_words(ladder, ONE, top_levels, wide),
    )


@njit(cache=True, nogil=True)
def best_levels(ladder: Ladder, s: int, limit: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The best `limit` levels of side `s`, best first: (prices, sizes), each int64 and at most `limit` long."""
    levels = min(limit, ladder[s, COUNT] + ladder[s, FAR])
    prices = np.empty(levels, np.int64)
    sizes = np.empty(levels, np.int64)
    offset = ladder[s, BEST]
    i = 0
    while i < levels and offset >= 0:
        prices[i] = ladder[s, BASE] + offset
        sizes[i] = ladder[s, SIZES + offset]
        offset = next_below(ladder, s, offset)
        i += 1
    far = ladder[s, FAR]
    while i < levels:
        far -= 1
        prices[i] = ladder[s, FAR_AREA + 2 * far]
        sizes[i] = ladder[s, FAR_AREA + 2 * far + 1]
        i += 1
    if s == 1:
        prices = -prices
    return prices, sizes


@njit(cache=True, nogil=True)
def size_at(ladder: Ladder, s: int, price: int) -> int:
    """Lots that rest at `price` of side `s`, 0 for none."""
    key = price if s == 0 else -price
    offset = key - ladder[s, BASE]
    lots: int = 0
    if 0 <= offset < WIDTH:
        lots = ladder[s, SIZES + offset]
    elif offset < 0:
        at = far_position(ladder, s, key)
        if at < ladder[s, FAR] and ladder[s, FAR_AREA + 2 * at] == key:
            lots = ladder[s, FAR_AREA + 2 * at + 1]
    return lots


@njit(cache=True, nogil=True)
def refill(ladder: Ladder, s: int, prices: NDArray[np.int64], sizes: NDArray[np.int64], top_levels: int) -> None:
    """Let these levels rest on side `s`."""
    for i in range(len(prices)):
        update(ladder, s, prices[i], sizes[i], top_levels)


@njit(cache=True, nogil=True)
def _note_spread_state(clock: NDArray[np.int64], periods: NDArray[np.int64], spread_state: int, time_ns: int) -> None:
    """End the period that stood, if any, and count the one of a crossed or locked book that begins at `time_ns`.

    `periods` has four rows: the begins of crossed and of locked periods, then the ends of either.
    """
    stood = clock[SPREAD_STATE]
    if stood != APART:
        period = clock[PERIODS + stood] - 1
        if period < PERIODS_KEPT:
            periods[ENDS + stood, period] = time_ns
    if spread_state != APART:
        period = clock[PERIODS + spread_state]
        if period < PERIODS_KEPT:
            periods[spread_state, period] = time_ns
        clock[PERIODS + spread_state] = period + 1
    clock[SPREAD_STATE] = spread_state


@njit(cache=True, nogil=True)
def interval_at(interval_ns: int, starts_ns: NDArray[np.int64], now_ns: int) -> tuple[int, int]:
    """Name (see `Engine`) and end in ns of the interval that holds `now_ns`; of `advance`'s arguments."""
    if interval_ns:
        origin_ns = MONDAY_NS if interval_ns == WEEK_NS else 0
        bucket = (now_ns - origin_ns) // interval_ns
        return bucket, (bucket + 1) * interval_ns + origin_ns
    start_ns = starts_ns[np.searchsorted(starts_ns, now_ns, side="right") - 1]
    return start_ns // NS_PER_MS, end_of_interval(starts_ns, now_ns)


@njit(cache=True, nogil=True)
def end_of_interval(starts_ns: NDArray[np.int64], now_ns: int) -> int:
    """Begin of the interval after the one that holds `now_ns`; the end of time where it is not known."""
    at = np.searchsorted(starts_ns, now_ns, side="right")
    return starts_ns[at] if at < len(starts_ns) else END_OF_TIME


@njit(cache=True, nogil=True)
def advance(  # noqa: C901, PLR0912, PLR0915 - one loop: every call in it is felt
    ladder: Ladder,
    clock: NDArray[np.int64],
    bar: NDArray[np.float64],
    periods: NDArray[np.int64],
    top_levels: int,
    wide: bool,  # noqa: FBT001 - kernels take no keywords
    interval_ns: int,
    starts_ns: NDArray[np.int64],
    time_ns: NDArray[np.int64],
    side: NDArray[np.int8],
    price: NDArray[np.int64],
    size: NDArray[np.int64],
    times: NDArray[np.int64],
    values: NDArray[np.float64],
) -> int:
    """Apply events in order; return how many intervals were closed into `times` and `values`.

    Samples must be `wide` unless no two sums of lots, whatever comes of these events, can together reach 2**62.

    With `interval_ns` 0, intervals begin at `starts_ns`: there are those of whatever is sampled here and, as far as
    they are known, those after.

    What nearly every event does is written out here, and the sampling state lives in locals while events flow: handing
    arrays to a function costs more than a sample or a change of a level's size.
    """
    now_ns, pending, samples, spread_state = clock[TIME], clock[PENDING], clock[SAMPLES], clock[SPREAD_STATE]
    bucket, bucket_end_ns, has_bar = clock[BUCKET], clock[BUCKET_END], clock[HAS_BAR]
    bid, ask = clock[BEST_BID], clock[BEST_ASK]
    open_, high, low, close = bar[OPEN], bar[HIGH], bar[LOW], bar[CLOSE]
    closed = 0
    counted = TOP_SUM if top_levels else TOTAL
    if interval_ns == 0 and has_bar:
        # By now it may be known where the open one ends.
        bucket_end_ns = end_of_interval(starts_ns, bucket * NS_PER_MS)
    for i in range(len(time_ns)):
        if time_ns[i] != now_ns:
            if pending:
                bid_lots = ladder[0, counted] if ladder[0, TOP] == top_levels else _resting(ladder, ZERO, top_levels)
                ask_lots = ladder[1, counted] if ladder[1, TOP] == top_levels else _resting(ladder, ONE, top_levels)
                both = bid_lots + ask_lots
                if wide or both > EXACT_IN_FLOAT64:
                    obi = imbalance(ladder, top_levels, wide)
                else:
                    obi = (bid_lots - ask_lots) / both if both else 0.0
                if now_ns >= bucket_end_ns or not has_bar:
                    if has_bar:
                        times[0, closed], times[1, closed], times[2, closed] = bucket, bid, ask
                        values[0, closed], values[1, closed] = open_, high
                        values[2, closed], values[3, closed] = low, close
                        closed += 1
                    open_ = close if has_bar else obi
                    high = low = open_
                    bucket, bucket_end_ns = interval_at(interval_ns, starts_ns, now_ns)
                    has_bar = 1
                high = max(high, obi)
                low = min(low, obi)
                close = obi
                bid = ladder[0, BASE] + ladder[0, BEST] if ladder[0, BEST] >= 0 else NO_PRICE
                ask = -(ladder[1, BASE] + ladder[1, BEST]) if ladder[1, BEST] >= 0 else NO_PRICE
                samples += 1
                touching = APART
                if bid >= ask and ask != NO_PRICE:
                    touching = CROSSED if bid > ask else LOCKED
                    clock[TOUCHING + touching] += 1
                if touching != spread_state:
                    _note_spread_state(clock, periods, touching, now_ns)
                    spread_state = touching
            now_ns = time_ns[i]
        pending = 1
        if side[i] > ASK:
            # As int64: for an int8, all that is called here would be compiled once more.
            apply(ladder, int(side[i]), price[i], size[i], top_levels)
        else:
            s = int(side[i]) - BID
            offset = (price[i] if s == 0 else -price[i]) - ladder[s, BASE]
            old = ladder[s, SIZES + offset] if 0 <= offset < WIDTH else 0
            if old and size[i]:
                ladder[s, SIZES + offset] = size[i]
                ladder[s, TOTAL] += size[i] - old
                if wide:
                    ladder[s, TOTAL_HIGH] += (size[i] >> HALF) - (old >> HALF)
                if ladder[s, TOP] and offset >= ladder[s, EDGE]:
                    ladder[s, TOP_SUM] += size[i] - old
            else:
                update(ladder, s, price[i], size[i], top_levels)
    clock[TIME], clock[PENDING], clock[SAMPLES] = now_ns, pending, samples
    clock[BUCKET], clock[BUCKET_END], clock[HAS_BAR] = bucket, bucket_end_ns, has_bar
    clock[BEST_BID], clock[BEST_ASK] = bid, ask
    bar[OPEN], bar[HIGH], bar[LOW], bar[CLOSE] = open_, high, low, close
    return closed
