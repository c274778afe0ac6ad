"""Single orders to price levels: the size resting at a price is the sum of the orders there.

Orders are found by their id, levels by side and price, in two open-addressed tables of plain arrays, which a compiled
kernel keeps from one call to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processor.core.events import CLEAR, BookEvents, multiplied
from processor.errors import ScaleOverflow
from processor.formats.lines.kernels import ABSENT
from processor.with_numba import njit

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Table: TypeAlias = NDArray[Any]
    Ints: TypeAlias = NDArray[np.int64]
    Bytes: TypeAlias = NDArray[np.int8]

ADD: Final = 0
CANCEL: Final = 1
MODIFY: Final = 2
RESET: Final = 3
REPLACE_SIDE: Final = 4
"""The order becomes the whole of its side; without a price, the side becomes empty."""
EXECUTE: Final = 5
"""As CANCEL, and writes the side and price of the order into their columns."""
DELETE: Final = 6
"""Cancels all of the order, and writes its side and price into their columns."""
SUCCEED: Final = 7
"""An order that replaces the one deleted by the row above: on the same side, with its own id and price.

Without that order, nothing is added."""

SOUND: Final = 0
UNSEEDED: Final = 1
"""A change before the book was first emptied: the orders resting then are unknown."""
UNKNOWN_ORDER: Final = 2
TOO_MUCH: Final = 3
"""More is cancelled than is resting."""
KNOWN_ORDER: Final = 4
"""An order is added that is already resting: the new one replaces it."""

_ENTRY: Final = np.dtype(
    [("used", np.int8), ("key", np.int64), ("side", np.int8), ("price", np.int64), ("size", np.int64)]
)
_EVENT: Final = np.dtype([("time", np.int64), ("price", np.int64), ("size", np.int64), ("side", np.int8)])
_FIRST_ROOM: Final = 1 << 10
_EVENTS_PER_ACTION: Final = 2
_MOST_LOTS: Final = int(np.iinfo(np.int64).max)


class OrderBook:
    """The orders of one instrument at one venue."""

    def __init__(self) -> None:
        self._orders = np.zeros(_FIRST_ROOM, _ENTRY)
        self._levels = np.zeros(_FIRST_ROOM, _ENTRY)
        self._state = np.array([0, 0, 0, ABSENT, ABSENT], np.int64)
        """Orders, levels, whether the book has been emptied once, and the prices of a whole bid and ask side."""

    @property
    def has_begun(self) -> bool:
        """Whether the book has been emptied once, so that all resting orders are known."""
        return bool(self._state[2])

    def apply(
        self, time_ns: Ints, action: Bytes, order_id: Ints, side: Bytes, price_ticks: Ints, size_lots: Ints
    ) -> tuple[BookEvents, NDArray[np.int8]]:
        """The level updates that result from actions on orders (decimals 0), and the fault of each action.

        All actions must be on one scale of prices; `rescale` converts the resting orders. `side` and `price_ticks` are
        written to by some actions; for an unknown order the side is -1 and the price ABSENT.

        Raises:
            ScaleOverflow: the orders at one price add up to more than 64 bits hold.
        """
        rows = len(time_ns)
        self._orders = _with_room(self._orders, int(self._state[0]) + rows)
        self._levels = _with_room(self._levels, int(self._state[1]) + rows)
        found = np.empty(rows * _EVENTS_PER_ACTION, _EVENT)
        faults = np.empty(rows, np.int8)
        count = _apply(
            time_ns, action, order_id, side, price_ticks, size_lots,
            self._orders, self._levels, self._state, found, faults,
        )  # fmt: skip
        found = found[:count]
        if count and found["size"][-1] < 0:
            self._refuse(found[-1])
        events = BookEvents(
            time_ns=found["time"].copy(),
            price_ticks=found["price"].copy(),
            size_lots=found["size"].copy(),
            price_decimals=0,
            size_decimals=0,
            side=found["side"].copy(),
        )
        return events, faults

    def emptied(self) -> BookEvents:
        """Empty the book; returns the event for that, at time 0."""
        none, nothing = np.zeros(1, np.int64), np.zeros(1, np.int8)
        return self.apply(none, np.array([RESET], np.int8), none, nothing, none, none)[0]

    def _refuse(self, event: np.void) -> None:
        """Raise for an order that overflows its price; `event` has the overflow as a negative size."""
        level = (self._levels["key"] == event["price"]) & (self._levels["side"] == event["side"])
        lots = int(self._levels["size"][level & (self._levels["used"] == 1)][0]) - int(event["size"])
        msg = f"the orders at a price of {event['price']} ticks add up to {lots} lots, more than 64 bits hold"
        raise ScaleOverflow(msg)

    def rescale(self, factor: int, size_factor: int = 1) -> None:
        """Multiply all prices, and all sizes.

        Raises:
            ScaleOverflow: one of them does not fit into 64 bits then.
        """
        orders = self._orders["used"] == 1
        self._orders["price"][orders] = multiplied(self._orders["price"][orders], factor)
        self._orders["size"][orders] = multiplied(self._orders["size"][orders], size_factor)
        levels = self._levels[self._levels["used"] == 1]
        levels["price"] = levels["key"] = multiplied(levels["price"], factor)
        levels["size"] = multiplied(levels["size"], size_factor)
        self._levels = np.zeros_like(self._levels)
        _insert(self._levels, levels)
        sides = self._state[3:]
        sides[sides != ABSENT] = multiplied(sides[sides != ABSENT], factor)


def _with_room(table: Table, entries: int) -> Table:
    """The table, or a larger one with the same entries, at most half full with `entries`."""
    room = len(table)
    while room < 2 * entries:
        room *= 2
    if room == len(table):
        return table
    larger = np.zeros(room, table.dtype)
    _insert(larger, table[table["used"] == 1])
    return larger


@njit(inline="always")
def _home(key: int, mask: int) -> int:
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    return np.int64(mixed >> np.uint64(20)) & mask  # type: ignore[return-value]


@njit(cache=True, nogil=True)
def _insert(table: Table, entries: Table) -> None:
    """Insert new entries into a table with room for them."""
    mask = len(table) - 1
    for number in range(len(entries)):
        at = _home(entries[number].key, mask)
        while table[at].used:
            at = (at + 1) & mask
        table[at] = entries[number]


@njit()
def _find(table: Table, key: int, side: int) -> int:
    """The index of an entry, or the free index where it belongs; `side` is -1 if the key alone identifies entries."""
    mask = len(table) - 1
    at = _home(key, mask)
    while table[at].used and (table[at].key != key or (side >= 0 and table[at].side != side)):
        at = (at + 1) & mask
    return at


@njit()
def _remove(table: Table, hole: int) -> None:
    """Free an index, and move up the entries that were pushed beyond it."""
    mask = len(table) - 1
    at = hole
    while True:
        at = (at + 1) & mask
        if not table[at].used:
            break
        home = _home(table[at].key, mask)
        if ((at - home) & mask) >= ((at - hole) & mask):
            table[hole] = table[at]
            hole = at
    table[hole].used = 0


@njit()
def _change_level(levels: Table, state: Ints, side: int, price: int, change: int) -> int:
    """Add to the size at a price; returns the new size, or the negative change if it does not fit."""
    at = _find(levels, price, side)
    if not levels[at].used:
        levels[at].used = 1
        levels[at].key = price
        levels[at].side = side
        levels[at].price = price
        levels[at].size = 0
        state[1] += 1
    if change > _MOST_LOTS - levels[at].size:
        return -change
    levels[at].size += change
    left: int = levels[at].size
    if left <= 0:
        _remove(levels, at)
        state[1] -= 1
        left = 0
    return left


@njit()
def _emit(events: Table, count: int, time: int, side: int, price: int, size: int) -> int:
    events[count].time = time
    events[count].side = side
    events[count].price = price
    events[count].size = size
    return count + 1


@njit()
def _empty(orders: Table, levels: Table, state: Ints) -> None:
    for at in range(len(orders)):
        orders[at].used = 0
    for at in range(len(levels)):
        levels[at].used = 0
    state[:] = 0
    state[2] = 1
    state[3:] = ABSENT


@njit()
def _replace_side(events: Table, count: int, state: Ints, time: int, side: int, price: int, size: int) -> int:
    if not state[2]:
        state[2] = 1
        count = _emit(events, count, time, CLEAR, 0, 0)
    previous = state[3 + side]
    if previous not in (ABSENT, price):
        count = _emit(events, count, time, side, previous, 0)
    state[3 + side] = price
    return count if price == ABSENT else _emit(events, count, time, side, price, size)


@njit()
def _cancel(
    events: Table, count: int, orders: Table, levels: Table, state: Ints, at: int, time: int, size: int
) -> tuple[int, int]:
    """Take `size` off the order at `at`; returns the number of events so far, and the fault."""
    fault = SOUND
    if size > orders[at].size:
        fault = TOO_MUCH
        size = orders[at].size
    side, price = orders[at].side, orders[at].price
    orders[at].size -= size
    if orders[at].size == 0:
        _remove(orders, at)
        state[0] -= 1
    return _emit(events, count, time, side, price, _change_level(levels, state, side, price, -size)), fault


@njit()
def _place(
    events: Table,
    count: int,
    orders: Table,
    levels: Table,
    state: Ints,
    at: int,
    order: int,
    time: int,
    side: int,
    price: int,
    size: int,
) -> int:
    """Put an order at `at`, replacing the one there; returns the number of events so far."""
    if orders[at].used:
        from_side, from_price = orders[at].side, orders[at].price
        left = _change_level(levels, state, from_side, from_price, -orders[at].size)
        if from_price != price or from_side != side:
            count = _emit(events, count, time, from_side, from_price, left)
    else:
        orders[at].used = 1
        orders[at].key = order
        state[0] += 1
    orders[at].side = side
    orders[at].price = price
    orders[at].size = size
    return _emit(events, count, time, side, price, _change_level(levels, state, side, price, size))


@njit(cache=True, nogil=True)
def _apply(  # noqa: C901 - one case an action
    times: Ints,
    actions: Bytes,
    ids: Ints,
    sides: Bytes,
    prices: Ints,
    sizes: Ints,
    orders: Table,
    levels: Table,
    state: Ints,
    events: Table,
    faults: Bytes,
) -> int:
    """Fill `events` and `faults`, update the tables; returns the number of events.

    Ends early with an event of negative size, for an order that does not fit at its price.
    """
    count = 0
    for row in range(len(times)):
        faults[row] = SOUND
        action, time = actions[row], times[row]
        if action == RESET:
            _empty(orders, levels, state)
            count = _emit(events, count, time, CLEAR, 0, 0)
        elif action == REPLACE_SIDE:
            count = _replace_side(events, count, state, time, sides[row], prices[row], sizes[row])
        elif not state[2]:
            faults[row] = UNSEEDED
        else:
            at = _find(orders, ids[row], -1)
            places = action in (ADD, MODIFY, SUCCEED)
            if orders[at].used == (action in (ADD, SUCCEED)):
                faults[row] = KNOWN_ORDER if orders[at].used else UNKNOWN_ORDER
            if action == SUCCEED:
                sides[row] = sides[row - 1]
            elif not places and action != CANCEL:
                sides[row], prices[row] = _where(orders, at)
            if places and sides[row] >= 0:
                count = _place(
                    events, count, orders, levels, state, at, ids[row], time, sides[row], prices[row], sizes[row]
                )
            elif not places and orders[at].used:
                size = orders[at].size if action == DELETE else sizes[row]
                count, faults[row] = _cancel(events, count, orders, levels, state, at, time, size)
            if count and events[count - 1].size < 0:
                break
    return count


@njit()
def _where(orders: Table, at: int) -> tuple[int, int]:
    """The side and price of the order at `at`; -1 and ABSENT if there is none."""
    if orders[at].used:
        return orders[at].side, orders[at].price
    return -1, ABSENT
