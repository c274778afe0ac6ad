"""Walls: levels of the book that are much larger than their neighbours, five seconds in a row.

One compiled loop applies the events to a ladder of its own, looks at its best levels at each whole second, and notes
the best prices at the times it is asked for. What stands at a time is what all events up to it have left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import ASK, BID, END_OF_TIME, BookEvents, read_only, scaled_up
from processor.core.kernel import BASE, BEST, NO_PRICE, SIZES, TOTAL, WIDTH, apply, best_levels, size_at
from processor.core.levels import Levels
from processor.units import NS_PER_SECOND
from processor.with_numba import ZERO, njit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from processor.core.book import BookState
    from processor.core.kernel import Ladder

    Ints = NDArray[np.int64]

SECONDS: Final = 5
"""Whole seconds in a row after which a level is a wall."""
_LEVELS: Final = 50
_TIMES: Final = 10
"""A level counts from so many times the median on."""

# Indices into a clock.
_SECOND: Final = 0
"""The next whole second to look at, in ns; the end of time before the first event."""
_CHANGED: Final = 1
"""Whether the book may have changed since the last look."""
_YOUNG: Final = 2
"""How many levels that count are not walls yet."""
_COUNT: Final = 3
"""Bids that count, and in the next place asks."""
_CLOCK_FIELDS: Final = 5

# Columns of the levels that count.
PRICE: Final = 0
IN_A_ROW: Final = 1
FIRST: Final = 2
SIZE: Final = 3
_LEVEL_FIELDS: Final = 4

# Columns of a change of a wall.
_ROOM: Final = 4096
_MOST_AT_ONCE: Final = 4 * _LEVELS
"""Changes within a second."""
TIME: Final = 0
SIDE: Final = 1
LEVEL: Final = 2
"""The price."""
LOTS: Final = 3
FROM: Final = 4
FALL: Final = 5
"""How much its size fell since the second before when it ends; STARTED when it starts."""
_CHANGE_FIELDS: Final = 6
STARTED: Final = np.iinfo(np.int64).min


@njit(cache=True, nogil=True)
def _counts(size: int, middle: tuple[int, int]) -> bool:
    """Whether a size is 10 times the median or more, which is the mean of the `middle` two, or both of them."""
    # 2 size >= 10 (low + high), without sums or products that have no room.
    low, high = middle
    return high <= size // (_TIMES // 2) - low


@njit(cache=True, nogil=True)
def _look(ladder: Ladder, clock: Ints, levels: Ints, now_ns: int, changes: Ints, count: int) -> int:
    """Look at the best levels of a whole second; write what changed of walls from row `count` on, return its end."""
    young = 0
    for s in range(2):
        prices, sizes = best_levels(ladder, s, ZERO + _LEVELS)
        known = clock[_COUNT + s]
        before = levels[s, :known].copy()
        sign = 1 if s == 0 else -1
        ascending = np.sort(sizes)
        middle = (ascending[(len(sizes) - 1) // 2], ascending[len(sizes) // 2]) if len(sizes) else (0, 0)
        at, found = 0, 0
        for i in range(len(sizes) + 1):
            if i < len(sizes) and not _counts(sizes[i], middle):
                continue
            # Both are in order, the best price first.
            while at < known and (i == len(sizes) or sign * before[at, PRICE] > sign * prices[i]):
                if before[at, IN_A_ROW] >= SECONDS:
                    changes[count, TIME], changes[count, SIDE], changes[count, LEVEL] = now_ns, s, before[at, PRICE]
                    changes[count, LOTS], changes[count, FROM] = before[at, SIZE], before[at, FIRST]
                    changes[count, FALL] = before[at, SIZE] - size_at(ladder, s, before[at, PRICE])
                    count += 1
                at += 1
            if i == len(sizes):
                break
            in_a_row, first_ns = 1, now_ns
            if at < known and before[at, PRICE] == prices[i]:
                in_a_row, first_ns = before[at, IN_A_ROW] + 1, before[at, FIRST]
                at += 1
            levels[s, found, PRICE], levels[s, found, IN_A_ROW] = prices[i], in_a_row
            levels[s, found, FIRST], levels[s, found, SIZE] = first_ns, sizes[i]
            found += 1
            young += in_a_row < SECONDS
            if in_a_row == SECONDS:
                count = _start(levels[s, found - 1], s, now_ns, changes, count)
        clock[_COUNT + s] = found
    clock[_YOUNG] = young
    return count


@njit(cache=True, nogil=True)
def _look_again(clock: Ints, levels: Ints, now_ns: int, changes: Ints, count: int) -> int:
    """The same for a book that has not changed since the second before."""
    young = 0
    for s in range(2):
        for at in range(clock[_COUNT + s]):
            levels[s, at, IN_A_ROW] += 1
            young += levels[s, at, IN_A_ROW] < SECONDS
            if levels[s, at, IN_A_ROW] == SECONDS:
                count = _start(levels[s, at], s, now_ns, changes, count)
    clock[_YOUNG] = young
    return count


@njit(cache=True, nogil=True)
def _start(level: Ints, s: int, now_ns: int, changes: Ints, count: int) -> int:
    """Write that a level is a wall now; return the number of changes."""
    changes[count, TIME], changes[count, SIDE], changes[count, LEVEL] = now_ns, s, level[PRICE]
    changes[count, LOTS], changes[count, FROM], changes[count, FALL] = level[SIZE], level[FIRST], STARTED
    return count + 1


@njit(cache=True, nogil=True)
def _whole_second(time_ns: int) -> int:
    """The first whole second at or after a time."""
    return -(-time_ns // NS_PER_SECOND) * NS_PER_SECOND


@njit(cache=True, nogil=True)
def watch(  # noqa: C901 - one loop: every call in it is felt
    ladder: Ladder,
    clock: Ints,
    levels: Ints,
    until_ns: int,
    time_ns: Ints,
    side: NDArray[np.int8],
    price: Ints,
    size: Ints,
    asked_ns: Ints,
    bests: Ints,
    changes: Ints,
    place: Ints,
) -> int:
    """Apply events in order, and see to all that is due before `until_ns`; return how many `changes` there are.

    `asked_ns` are times in order, at which the best bid and ask are written to `bests`. `place` has the next event and
    the next of the times asked for, and, when this returns, whether it stopped as there was no room for `changes`: then
    it goes on from there when called again.
    """
    count = ZERO
    i, asked = place[0], place[1]
    place[2] = 0
    while True:
        is_over = i == len(time_ns)
        bound_ns = until_ns if is_over else time_ns[i]
        due_ns = min(clock[_SECOND], asked_ns[asked] if asked < len(asked_ns) else END_OF_TIME)
        while due_ns < bound_ns:
            while asked < len(asked_ns) and asked_ns[asked] == due_ns:
                bests[0, asked] = ladder[0, BASE] + ladder[0, BEST] if ladder[0, BEST] >= 0 else NO_PRICE
                bests[1, asked] = -(ladder[1, BASE] + ladder[1, BEST]) if ladder[1, BEST] >= 0 else NO_PRICE
                asked += 1
            if clock[_SECOND] == due_ns:
                if count + _MOST_AT_ONCE > len(changes):
                    place[0], place[1], place[2] = i, asked, 1
                    return count
                if clock[_CHANGED]:
                    count = _look(ladder, clock, levels, due_ns, changes, count)
                    clock[_CHANGED] = 0
                elif clock[_YOUNG]:
                    count = _look_again(clock, levels, due_ns, changes, count)
                is_settled = not clock[_CHANGED] and not clock[_YOUNG]
                # A book that does not change needs no second look.
                clock[_SECOND] = max(_whole_second(bound_ns), due_ns) if is_settled else due_ns + NS_PER_SECOND
            due_ns = min(clock[_SECOND], asked_ns[asked] if asked < len(asked_ns) else END_OF_TIME)
        if is_over:
            place[0], place[1] = i, asked
            return count
        if clock[_SECOND] == END_OF_TIME:
            clock[_SECOND] = _whole_second(bound_ns)
            due_ns = min(due_ns, clock[_SECOND])
        clock[_CHANGED] = 1
        while i < len(time_ns) and time_ns[i] <= due_ns:
            # A change of a level's size, as nearly every event is, is written out here: a call is felt.
            s = int(side[i]) - BID
            offset = (price[i] if s == 0 else -price[i]) - ladder[s & 1, BASE]
            old = ladder[s, SIZES + offset] if side[i] <= ASK and 0 <= offset < WIDTH else 0
            if old and size[i]:
                ladder[s, SIZES + offset] = size[i]
                ladder[s, TOTAL] += size[i] - old
            else:
                apply(ladder, int(side[i]), price[i], size[i], ZERO)
            i += 1


@dataclass(frozen=True, slots=True)
class WallState:
    """What is known of the levels that count, on the scale of the book: its clock, and the columns of either side."""

    clock: Ints
    levels: Ints

    def finer(self, price_decimals: int, size_decimals: int) -> WallState:
        """The same with so many more decimals.

        Raises:
            ScaleOverflow: a price or size has no room in 64 bits on that scale.
        """
        levels = self.levels.copy()
        for s in range(2):
            counted = levels[s, : self.clock[_COUNT + s]]
            counted[:, PRICE] = scaled_up(counted[:, PRICE], price_decimals)
            counted[:, SIZE] = scaled_up(counted[:, SIZE], size_decimals)
        return WallState(self.clock, levels)

    def copy(self) -> WallState:
        """One that can be written to."""
        return WallState(self.clock.copy(), self.levels.copy())

    @property
    def counted(self) -> tuple[list[list[int]], list[list[int]]]:
        """The levels of each side that count, best first: price, seconds in a row, the first of these, and size."""
        bids, asks = (self.levels[s, : self.clock[_COUNT + s]].tolist() for s in range(2))
        return bids, asks

    @classmethod
    def of(cls, clock: list[int], counted: tuple[list[list[int]], list[list[int]]]) -> WallState:
        """One that has these."""
        found = no_walls()
        found.clock[:] = clock
        for s, levels in enumerate(counted):
            found.levels[s, : len(levels)] = np.array(levels, np.int64).reshape(-1, _LEVEL_FIELDS)
        return found


def no_walls() -> WallState:
    """Before the first event."""
    clock = np.zeros(_CLOCK_FIELDS, np.int64)
    clock[_SECOND] = END_OF_TIME
    return WallState(clock, np.zeros((2, _LEVELS, _LEVEL_FIELDS), np.int64))


Seen = tuple["Ints", "Ints"]
"""Best bids and asks at the times asked for, NO_PRICE for an empty side; and changes of walls, a row each."""


class WatchedBook:
    """A book whose walls are watched, whatever batches its events come in."""

    def __init__(self) -> None:
        """Start before the first event."""
        self._levels = Levels()
        self.state = no_walls()

    @classmethod
    def resumed(cls, state: WallState, book: BookState, price_decimals: int) -> WatchedBook:
        """Go on with the levels of `book`; prices of `state` have `price_decimals`, at least as many as those."""
        found = cls()
        found._levels.rescale(book.price_decimals, book.size_decimals)
        found._levels.hold((book.bids, book.asks))
        found.rescale(price_decimals, book.size_decimals)
        found.state = state.copy()
        return found

    @property
    def decimals(self) -> tuple[int, int]:
        """Those of prices and of sizes."""
        return self._levels.price_decimals, self._levels.size_decimals

    def rescale(self, price_decimals: int, size_decimals: int) -> None:
        """Go on with at least so many decimals.

        Raises:
            ScaleOverflow: a price or size that rests has no room in 64 bits on that scale.
        """
        self.state = self.state.finer(*self._levels.rescale(price_decimals, size_decimals))

    def advance(self, parts: Sequence[BookEvents], asked_ns: Ints, until_ns: int) -> Seen:
        """Apply events, and see to all that is due before `until_ns`, which no event is later than.

        `rescale` must have been called with their decimals.

        Raises:
            ScaleOverflow: a price is too large for a ladder.
        """
        bests = np.full((2, len(asked_ns)), NO_PRICE)
        place = np.zeros(3, np.int64)
        found = []
        for part in parts:
            for piece in self._levels.pieces(part):
                found += self._watched(self.state, piece, int(piece.time_ns[0]), asked_ns, bests, place)
                self._levels.check_reach()
        found += self._watched(self.state, _no_events(), until_ns, asked_ns, bests, place)
        return bests, np.concatenate(found)

    def seen(self, asked_ns: Ints, until_ns: int) -> Seen:
        """What would be due before `until_ns` if no more events came before it; nothing changes."""
        bests = np.full((2, len(asked_ns)), NO_PRICE)
        found = self._watched(self.state.copy(), _no_events(), until_ns, asked_ns, bests, np.zeros(3, np.int64))
        return bests, np.concatenate(found)

    def _watched(
        self, state: WallState, events: BookEvents, until_ns: int, asked_ns: Ints, bests: Ints, place: Ints
    ) -> list[Ints]:
        found = []
        place[0], place[2] = 0, 1
        while place[2]:
            changes = np.empty((_ROOM, _CHANGE_FIELDS), np.int64)
            count = watch(
                self._levels.ladder,
                state.clock,
                state.levels,
                until_ns,
                read_only(events.time_ns),
                read_only(events.side),
                read_only(events.price_ticks),
                read_only(events.size_lots),
                read_only(asked_ns),
                bests,
                changes,
                place,
            )
            found.append(changes[:count])
        return found


def _no_events() -> BookEvents:
    none = np.zeros(0, np.int64)
    return BookEvents(
        time_ns=none, price_ticks=none, size_lots=none, side=np.zeros(0, np.int8), price_decimals=0, size_decimals=0
    )


SIDES: Final = {BID - BID: "bid", ASK - BID: "ask"}
