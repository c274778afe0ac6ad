"""The compiled loop of the heatmap: levels by price, what of them has changed in a column, and sums of price rows.

A level, a price of one side, has a *slot* as long as it rests or has changed in the column; a hash table with open
addressing finds it. A slot knows its size now and when the column began. Where rows are wanted, it knows its row, too,
which has a slot of its own with its sum, and the greatest that this was at the column's samples.

The sums may need more than 64 bits. Then they are Python's integers in an array of objects, and `advance` runs as plain
Python: slowly, but right. Nothing that it calls takes in sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import ASK, BID, CLEAR, ONLY_BID
from processor.core.kernel import NOTHING, interval_at
from processor.with_numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.lots import Lots

    Ints = NDArray[np.int64]

# Columns of an array of slots, of levels and of rows.
KEY: Final = 0
"""Price in ticks, or number of a row."""
SIDE: Final = 1
SIZE: Final = 2
"""Of a level: lots now."""
BEFORE: Final = 3
"""Of a level: lots when the column began, if it has changed since."""
COLUMN: Final = 4
"""Number of the column in which the slot has last changed."""
PLACE: Final = 5
"""Of a level: its place among those of its side that rest."""
ROW: Final = 6
"""Of a level: the slot of its row."""
WAITS: Final = 7
"""Of a row: whether it has changed since the last sample."""
SLOT_FIELDS: Final = 8

# Columns of an array of sums.
SUM: Final = 0
GREATEST: Final = 1

# Indices into the state.
TIME: Final = 0
NUMBER: Final = 1
"""Of the column, from 1; 0 before the first."""
END: Final = 2
"""When the column ends."""
LEVELS: Final = 3
"""Slots of levels in use."""
ROWS: Final = 4
CHANGED: Final = 5
"""Levels that have changed in the column."""
WAITING: Final = 6
"""Rows that have changed since the last sample."""
RESTING: Final = 7
"""Bids that rest, and in the next place asks."""
STATE_FIELDS: Final = 9

# Columns of an array of columns that have ended.
ENDED: Final = 0
"""Name of its interval, NO_COLUMN where the next one is the first."""
FOLLOWING: Final = 1
"""Name of the interval of the next one."""
LAST: Final = 2
"""Time of the last event before its end."""
CHANGES: Final = 3
"""How many changes there are up to its end, from the first of the columns on."""
BIDS: Final = 4
"""Bids that rest at its end, and in the next place asks."""
PRICES: Final = 6
"""Lowest and highest price of the bids, and then of the asks."""
END_FIELDS: Final = 10
NO_COLUMN: Final = -(1 << 63)

_FREE: Final = -1
_SPREAD: Final = -7046029254386353131
"""An odd number, the golden ratio in 64 bits."""
_MIX: Final = 29


@njit(cache=True, nogil=True)
def place_of(table: NDArray[np.int32], slots: Ints, side: int, key: int) -> int:
    """Where in `table`, whose length is a power of two, the slot of a key stands, or has room."""
    mask = len(table) - 1
    mixed = (key * 2 + side) * _SPREAD
    place = (mixed ^ (mixed >> _MIX)) & mask
    while True:
        slot = table[place]
        if slot == _FREE or (slots[slot, KEY] == key and slots[slot, SIDE] == side):
            return place
        place = (place + 1) & mask


@njit(cache=True, nogil=True)
def fill(table: NDArray[np.int32], slots: Ints, used: int) -> None:
    """Enter the first `used` slots into a table."""
    table[:] = _FREE
    for slot in range(used):
        table[place_of(table, slots, slots[slot, SIDE], slots[slot, KEY])] = slot


@njit(cache=True, nogil=True)
def advance(  # noqa: C901, PLR0912, PLR0915 - one loop: every call in it is felt
    state: Ints,
    table: NDArray[np.int32],
    slots: Ints,
    resting: NDArray[np.int32],
    changed: NDArray[np.int32],
    height_ticks: int,
    row_table: NDArray[np.int32],
    row_slots: Ints,
    waiting: NDArray[np.int32],
    sums: Lots,
    time_ns: Ints,
    side: NDArray[np.int8],
    price: Ints,
    size: Ints,
    first: int,
) -> int:
    """Apply events from number `first` on, in order; return how many are applied by the end.

    It ends before an event for which there is no room, and before the first event of another column; without a column
    before any. With `height_ticks` 0 there are no rows.
    """
    count = len(time_ns)
    number, now_ns = state[NUMBER], state[TIME]
    for i in range(first, count):
        if state[LEVELS] == len(slots) or state[ROWS] == len(row_slots):
            return i
        if time_ns[i] != now_ns or number == 0:
            for k in range(state[WAITING]):
                row = waiting[k]
                row_slots[row, WAITS] = 0
                sums[row, GREATEST] = max(sums[row, GREATEST], sums[row, SUM])
            state[WAITING] = 0
            if number == 0 or time_ns[i] >= state[END]:
                return i
            state[TIME] = now_ns = time_ns[i]
        kind = int(side[i])
        if kind <= ASK and height_ticks == 0:
            # What nearly every event of a replay does: the size of a level that rests and has changed already.
            slot = int(table[place_of(table, slots, kind - BID, price[i])])
            if slot != _FREE and slots[slot, COLUMN] == number and slots[slot, SIZE] and size[i]:
                slots[slot, SIZE] = size[i]
                continue
        # The sides that are emptied first.
        emptied, end = 0, 0
        if kind == CLEAR:
            emptied, end = 0, 2
        elif kind > CLEAR and kind != NOTHING:
            emptied = kind - ONLY_BID
            end = emptied + 1
        while True:
            is_level = False
            if emptied < end:
                rest = state[RESTING + emptied]
                if rest == 0:
                    emptied += 1
                    continue
                slot = int(resting[emptied, rest - 1])
                lots = np.int64(0)
            elif kind in (CLEAR, NOTHING):
                break
            else:
                is_level = True
                s = kind - BID if kind <= ASK else kind - ONLY_BID
                lots = size[i]
                at = place_of(table, slots, s, price[i])
                slot = int(table[at])
                if slot == _FREE:
                    if lots == 0:
                        break
                    slot = int(state[LEVELS])
                    state[LEVELS] += 1
                    table[at] = slot
                    slots[slot, KEY], slots[slot, SIDE] = price[i], s
                    slots[slot, SIZE], slots[slot, COLUMN] = 0, 0
                    if height_ticks:
                        key = price[i] // height_ticks
                        at = place_of(row_table, row_slots, s, key)
                        row = int(row_table[at])
                        if row == _FREE:
                            row = int(state[ROWS])
                            state[ROWS] += 1
                            row_table[at] = row
                            row_slots[row, KEY], row_slots[row, SIDE] = key, s
                            row_slots[row, COLUMN], row_slots[row, WAITS] = 0, 0
                            sums[row, SUM] = sums[row, GREATEST] = 0
                        slots[slot, ROW] = row
            old = slots[slot, SIZE]
            if old != lots:
                if slots[slot, COLUMN] != number:
                    slots[slot, COLUMN] = number
                    slots[slot, BEFORE] = old
                    changed[state[CHANGED]] = slot
                    state[CHANGED] += 1
                slots[slot, SIZE] = lots
                s = slots[slot, SIDE]
                if old == 0:
                    rest = state[RESTING + s]
                    slots[slot, PLACE] = rest
                    resting[s, rest] = slot
                    state[RESTING + s] = rest + 1
                elif lots == 0:
                    rest = state[RESTING + s] - 1
                    last = resting[s, rest]
                    resting[s, slots[slot, PLACE]] = last
                    slots[last, PLACE] = slots[slot, PLACE]
                    state[RESTING + s] = rest
                if height_ticks:
                    row = int(slots[slot, ROW])
                    if row_slots[row, COLUMN] != number:
                        row_slots[row, COLUMN] = number
                        sums[row, GREATEST] = sums[row, SUM]
                    if row_slots[row, WAITS] == 0:
                        row_slots[row, WAITS] = 1
                        waiting[state[WAITING]] = row
                        state[WAITING] += 1
                    sums[row, SUM] += int(lots) - int(old)
            if is_level:
                break
    return count


@njit(cache=True, nogil=True)
def extremes(slots: Ints, resting: NDArray[np.int32], counts: Ints) -> Ints:
    """The lowest and the highest price of each side's levels that rest, of which there are `counts`; 0 for none."""
    found = np.zeros(4, np.int64)
    for s in range(2):
        if counts[s]:
            lowest = highest = slots[resting[s, 0], KEY]
            for i in range(1, counts[s]):
                price = slots[resting[s, i], KEY]
                lowest, highest = min(lowest, price), max(highest, price)
            found[2 * s], found[2 * s + 1] = lowest, highest
    return found


@njit(cache=True, nogil=True)
def list_changes(slots: Ints, changed: NDArray[np.int32]) -> tuple[NDArray[np.int8], Ints, Ints, Ints]:
    """The levels that changed in a column and are others at its end, bids first, ascending.

    Their sides, prices, and sizes at the end and before.
    """
    kept = np.empty(len(changed), np.int32)
    price = np.empty(len(changed), np.int64)
    bids, count = 0, 0
    for s in range(2):
        bids = count
        for i in range(len(changed)):
            slot = changed[i]
            if slots[slot, SIDE] == s and slots[slot, SIZE] != slots[slot, BEFORE]:
                kept[count], price[count] = slot, slots[slot, KEY]
                count += 1
    side = np.zeros(count, np.int8)
    size, before = np.empty(count, np.int64), np.empty(count, np.int64)
    for s in range(2):
        first, end = (0, bids) if s == 0 else (bids, count)
        order = np.argsort(price[first:end])
        for i in range(end - first):
            slot = kept[first + order[i]]
            side[first + i], size[first + i], before[first + i] = s, slots[slot, SIZE], slots[slot, BEFORE]
        price[first:end] = price[first:end][order]
    return side, price[:count].copy(), size, before


@njit(cache=True, nogil=True)
def advance_columns(
    state: Ints,
    table: NDArray[np.int32],
    slots: Ints,
    resting: NDArray[np.int32],
    changed: NDArray[np.int32],
    row_table: NDArray[np.int32],
    row_slots: Ints,
    waiting: NDArray[np.int32],
    sums: Ints,
    interval_ns: int,
    starts_ns: Ints,
    time_ns: Ints,
    side: NDArray[np.int8],
    price: Ints,
    size: Ints,
    first: int,
    ends: Ints,
    changed_side: NDArray[np.int8],
    changes: Ints,
) -> tuple[int, int]:
    """Apply events from number `first` on, in order, column after column, without rows.

    Of each column that ends, `ends` gets a row of END_FIELDS, `changed_side` and `changes` (prices, sizes and sizes
    before) get what `list_changes` gives. Returns how many events are applied by the end, and how many columns have
    ended. It ends early where there is no room, in which case it may be called again with more.
    """
    name = NO_COLUMN
    if state[NUMBER]:
        name, state[END] = interval_at(interval_ns, starts_ns, state[TIME])
    count = columns = 0
    while True:
        first = advance(
            state,
            table,
            slots,
            resting,
            changed,
            0,
            row_table,
            row_slots,
            waiting,
            sums,
            time_ns,
            side,
            price,
            size,
            first,
        )
        no_room = columns == len(ends) or count + state[CHANGED] > len(changed_side)
        if first == len(time_ns) or state[LEVELS] == len(slots) or no_room:
            return first, columns
        following, end_ns = interval_at(interval_ns, starts_ns, time_ns[first])
        if state[NUMBER]:
            sides, prices, sizes, before = list_changes(slots, changed[: state[CHANGED]])
            more = len(sides)
            changed_side[count : count + more] = sides
            changes[0, count : count + more] = prices
            changes[1, count : count + more] = sizes
            changes[2, count : count + more] = before
            count += more
        row = ends[columns]
        row[ENDED], row[FOLLOWING], row[LAST], row[CHANGES] = name, following, state[TIME], count
        row[BIDS], row[BIDS + 1] = state[RESTING], state[RESTING + 1]
        row[PRICES : PRICES + 4] = extremes(slots, resting, state[RESTING : RESTING + 2])
        columns += 1
        name = following
        state[NUMBER] += 1
        state[CHANGED] = 0
        state[END] = end_ns
