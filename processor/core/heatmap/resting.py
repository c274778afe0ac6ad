"""The levels of a book column by column: what rests in each price row, or what of each level has changed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processor.core.events import ASK, BID, END_OF_TIME, BookEvents, multiplied, read_only, scaled_up
from processor.core.flow.cells import kernel_for
from processor.core.flow.rows import decimals_of
from processor.core.heatmap import kernel
from processor.core.intervals import known_starts
from processor.core.kernel import interval_at
from processor.core.lots import NARROW_LOTS, finer_lots

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from processor.core.lots import Lots

    Ints = NDArray[np.int64]

_ROOM: Final = 1024
_PIECE: Final = 131_072
_BEFORE_TIME: Final = np.iinfo(np.int64).min
_NO_SUMS: Final = np.empty((0, 2), np.int64)
"""Of levels alone: those of rows may be Python's integers by now, which no kernel takes."""


@dataclass(frozen=True, slots=True)
class Cells:
    """What rests in price rows: `side` 0 for bids, 1 for asks, int8; `row` number k of [k h, (k + 1) h); `lots`.

    Bids come first, and the rows of each side ascend. Lots are of 10**-`size_decimals`.
    """

    side: NDArray[np.int8]
    row: Ints
    lots: Lots
    size_decimals: int


@dataclass(frozen=True, slots=True)
class Changes:
    """Levels that changed in a column, bids first, ascending: their prices, and sizes at its end, 0 for none.

    `before_lots` are their sizes when it began.
    """

    side: NDArray[np.int8]
    price_ticks: Ints
    size_lots: Ints
    before_lots: Ints

    def __len__(self) -> int:
        """Levels."""
        return len(self.side)

    def finer(self, price_decimals: int, size_decimals: int) -> Changes:
        """The same with that many more decimals.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on that scale.
        """
        return Changes(
            self.side,
            scaled_up(self.price_ticks, price_decimals),
            scaled_up(self.size_lots, size_decimals),
            scaled_up(self.before_lots, size_decimals),
        )

    def undone(self) -> Changes:
        """What takes them back."""
        return Changes(self.side, self.price_ticks, self.before_lots, self.size_lots)


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the levels of a book lie, in ticks; None for an empty side. The fuller side has so many `levels`."""

    lowest_bid: int | None
    best_bid: int | None
    best_ask: int | None
    highest_ask: int | None
    levels: int

    def finer(self, decimals: int) -> Extent:
        """The same with prices of that many more decimals."""
        if not decimals:
            return self
        known = (self.lowest_bid, self.best_bid, self.best_ask, self.highest_ask)
        lowest_bid, best_bid, best_ask, highest_ask = (None if each is None else each * 10**decimals for each in known)
        return Extent(lowest_bid, best_bid, best_ask, highest_ask, self.levels)


@dataclass(frozen=True, slots=True)
class Ended:
    """A column at its end: the time of its last event, what has changed in it, and where the book lies then."""

    last_ns: int
    changes: Changes
    extent: Extent


@dataclass(slots=True)
class _Room:
    """Arrays of the kernel for a number of slots, and twice as many places to find them by."""

    slots: Ints
    table: NDArray[np.int32]
    listed: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        self.listed = np.empty(len(self.slots), np.int32)


def _room(slots: int) -> _Room:
    found = _Room(np.zeros((slots, kernel.SLOT_FIELDS), np.int64), np.empty(2 * slots, np.int32))
    kernel.fill(found.table, found.slots, 0)
    return found


class Resting:
    """A book's levels in columns, fed in any pieces: `advance` stops before each column, which `begin` opens.

    Rows of `height`, a price, are summed; None for levels alone. A column is open from `begin` on, and the last event
    taken in is one of it. The sums of rows are on scale `size_decimals`, prices on `price_decimals`.
    """

    def __init__(self, height: Fraction | None = None) -> None:
        """Start with an empty book."""
        self.price_decimals = 0 if height is None else decimals_of(height)
        self.size_decimals = 0
        self._height = height
        self._levels = _room(_ROOM)
        self._resting = np.empty((2, _ROOM), np.int32)
        self._rows = _room(_ROOM)
        self._sums: Lots = np.zeros((_ROOM, 2), np.int64)
        self._state = np.zeros(kernel.STATE_FIELDS, np.int64)
        self._state[kernel.TIME] = _BEFORE_TIME
        self._largest_lots = 0

    @property
    def number(self) -> int:
        """How many columns have begun."""
        return int(self._state[kernel.NUMBER])

    @property
    def last_ns(self) -> int:
        """Time of the last event."""
        return int(self._state[kernel.TIME])

    def hold(self, sides: Sequence[tuple[Ints, Ints]], price_decimals: int, size_decimals: int) -> None:
        """Let these levels, prices and sizes of bids and asks, rest before the first column. Of an empty book."""
        counts = [len(prices) for prices, _ in sides]
        events = BookEvents(
            time_ns=np.full(sum(counts), _BEFORE_TIME),
            side=np.repeat(np.array([BID, ASK], np.int8), counts),
            price_ticks=np.concatenate([prices for prices, _ in sides]),
            size_lots=np.concatenate([sizes for _, sizes in sides]),
            price_decimals=price_decimals,
            size_decimals=size_decimals,
        )
        self.begin(END_OF_TIME)
        self.advance(self.rescaled(events), 0)
        # They have changed in none of the columns to come.
        self._levels.slots[:, kernel.COLUMN] = self._rows.slots[:, kernel.COLUMN] = 0
        self._state[kernel.NUMBER] = 0

    def begin(self, end_ns: int) -> None:
        """Begin a column, which holds what comes before `end_ns`."""
        self._state[kernel.NUMBER] += 1
        self._state[kernel.CHANGED] = 0
        self._state[kernel.END] = end_ns

    def extend(self, end_ns: int) -> None:
        """Let the open column end elsewhere than was known when it began."""
        self._state[kernel.END] = end_ns

    def rescaled(self, events: BookEvents) -> BookEvents:
        """The events in int64 on the scale of what rests, which goes on with as many decimals as they need.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        grown_price = max(0, events.price_decimals - self.price_decimals)
        grown_size = max(0, events.size_decimals - self.size_decimals)
        used = self._levels.slots[: self._state[kernel.LEVELS]]
        if grown_price:
            used[:, kernel.KEY] = scaled_up(used[:, kernel.KEY].copy(), grown_price)
            kernel.fill(self._levels.table, self._levels.slots, len(used))
        if grown_size:
            for column in (kernel.SIZE, kernel.BEFORE):
                used[:, column] = multiplied(used[:, column].copy(), 10**grown_size)
            self._largest_lots *= 10**grown_size
            self._sums = finer_lots(self._sums, grown_size)
        self.price_decimals += grown_price
        self.size_decimals += grown_size
        events = events.rescaled(self.price_decimals, self.size_decimals)
        price_ticks, size_lots = (
            column.astype(np.int64, copy=False) for column in (events.price_ticks, events.size_lots)
        )
        return replace(events, price_ticks=price_ticks, size_lots=size_lots)

    def advance(self, events: BookEvents, first: int) -> int:
        """Take in events, which `rescaled` gave, from number `first` on; return how many are taken in by the end.

        It ends before the first one of another column.
        """
        if first == 0:
            self._widen(events)
        height_ticks = 0 if self._height is None else int(self._height * 10**self.price_decimals)
        given = [read_only(each) for each in (events.time_ns, events.side, events.price_ticks, events.size_lots)]
        while True:
            first = kernel_for(kernel.advance, self._sums)(
                self._state,
                self._levels.table,
                self._levels.slots,
                self._resting,
                self._levels.listed,
                height_ticks,
                self._rows.table,
                self._rows.slots,
                self._rows.listed,
                self._sums,
                *given,
                first,
            )
            is_full = self._state[kernel.LEVELS] == len(self._levels.slots)
            if not is_full and self._state[kernel.ROWS] != len(self._rows.slots):
                return int(first)
            self._make_room(is_full=bool(is_full))

    def advance_columns(self, intervals: Intervals, events: BookEvents) -> Iterator[tuple[int | None, int, Ended]]:
        """Take in events, which `rescaled` gave, of levels alone: see `columns_at_ends`."""
        time_ns, side = read_only(events.time_ns), read_only(events.side)
        price, size = read_only(events.price_ticks), read_only(events.size_lots)
        most = intervals.between(events)
        room = len(events)
        taken = 0
        while taken < len(events):
            room = max(room, int(self._state[kernel.CHANGED]))
            ends = np.empty((most, kernel.END_FIELDS), np.int64)
            changed_side, changes = np.empty(room, np.int8), np.empty((3, room), np.int64)
            taken, count = kernel.advance_columns(
                self._state,
                self._levels.table,
                self._levels.slots,
                self._resting,
                self._levels.listed,
                self._rows.table,
                self._rows.slots,
                self._rows.listed,
                _NO_SUMS,
                *intervals.given,
                time_ns,
                side,
                price,
                size,
                taken,
                ends,
                changed_side,
                changes,
            )
            yield from _ends(ends[:count], changed_side, changes)
            if self._state[kernel.LEVELS] == len(self._levels.slots):
                self._keep_levels()

    def _widen(self, events: BookEvents) -> None:
        """Have sums of objects where they may leave 64 bits with these events, and only there."""
        largest = max(self._largest_lots, int(events.size_lots.max()) if len(events) else 0)
        most = int(self._state[kernel.RESTING : kernel.RESTING + 2].sum()) + len(events)
        if most * largest >= NARROW_LOTS:
            # What made it so may be gone by now.
            used = self._levels.slots[: self._state[kernel.LEVELS]]
            rests = int(used[:, kernel.SIZE].max()) if len(used) else 0
            largest = max(rests, int(events.size_lots.max()) if len(events) else 0)
        self._largest_lots = largest
        is_wide = most * largest >= NARROW_LOTS
        if is_wide and self._sums.dtype != object:
            self._sums = self._sums.astype(object)
        elif not is_wide and self._sums.dtype == object and int(self._sums.max()) < NARROW_LOTS:
            self._sums = self._sums.astype(np.int64)

    def _make_room(self, *, is_full: bool) -> None:
        """Forget slots that say nothing any more, and have at least as much room again."""
        if is_full:
            self._keep_levels()
        else:
            self._keep_rows()

    def _keep_levels(self) -> None:
        used = self._levels.slots[: self._state[kernel.LEVELS]]
        rests = used[:, kernel.SIZE] > 0
        kept = np.flatnonzero(rests | (used[:, kernel.COLUMN] == self.number))
        known = _moved(self._levels, kept)
        moved_to = np.empty(len(used), np.int32)
        moved_to[kept] = np.arange(len(kept), dtype=np.int32)
        changes = int(self._state[kernel.CHANGED])
        known.listed[:changes] = moved_to[self._levels.listed[:changes]]
        resting = np.empty((2, len(known.slots)), np.int32)
        for side in (0, 1):
            count = int(self._state[kernel.RESTING + side])
            resting[side, :count] = moved_to[self._resting[side, :count]]
        self._levels, self._resting = known, resting
        self._state[kernel.LEVELS] = len(kept)

    def _keep_rows(self) -> None:
        used = self._rows.slots[: self._state[kernel.ROWS]]
        sums = self._sums[: len(used)]
        levels = self._levels.slots[: self._state[kernel.LEVELS]]
        is_kept = (used[:, kernel.COLUMN] == self.number) | (sums[:, kernel.SUM] > 0).astype(np.bool_)
        # Levels that are not forgotten yet point at their rows.
        is_kept[levels[:, kernel.ROW]] = True
        kept = np.flatnonzero(is_kept)
        known = _moved(self._rows, kept)
        moved_to = np.empty(len(used), np.int64)
        moved_to[kept] = np.arange(len(kept))
        levels[:, kernel.ROW] = moved_to[levels[:, kernel.ROW]]
        waiting = int(self._state[kernel.WAITING])
        known.listed[:waiting] = moved_to[self._rows.listed[:waiting]]
        kept_sums: Any = np.zeros((len(known.slots), 2), self._sums.dtype)
        kept_sums[: len(kept)] = sums[kept]
        self._rows, self._sums = known, kept_sums
        self._state[kernel.ROWS] = len(kept)

    def cells(self, *, greatest: bool) -> Cells:
        """What rests in rows at the last sample, or the greatest of the column's samples and of what its begin found.

        Rows without any are absent.
        """
        used = self._rows.slots[: self._state[kernel.ROWS]]
        sums = self._sums[: len(used)]
        lots = sums[:, kernel.SUM]
        if greatest:
            of_column = np.where(lots > sums[:, kernel.GREATEST], lots, sums[:, kernel.GREATEST])
            lots = np.where(used[:, kernel.COLUMN] == self.number, of_column, lots)
        there = np.flatnonzero((lots > 0).astype(np.bool_))
        side, row = used[there, kernel.SIDE], used[there, kernel.KEY]
        order = np.lexsort((row, side))
        return Cells(side[order].astype(np.int8), row[order], lots[there[order]], self.size_decimals)

    def changes(self) -> Changes:
        """Levels that are others than when the column began, up to the last event."""
        listed = self._levels.listed[: self._state[kernel.CHANGED]]
        return Changes(*kernel.list_changes(self._levels.slots, listed))

    def extent(self) -> Extent:
        """Where the levels lie that rest now."""
        counts = self._state[kernel.RESTING : kernel.RESTING + 2]
        return _extent(*counts.tolist(), *kernel.extremes(self._levels.slots, self._resting, counts).tolist())


def _moved(room: _Room, kept: NDArray[np.intp]) -> _Room:
    """Some of its slots in an array that is at least twice as long as they are many."""
    known = _room(max(_ROOM, 1 << (2 * len(kept)).bit_length()))
    known.slots[: len(kept)] = room.slots[kept]
    kernel.fill(known.table, known.slots, len(kept))
    return known


def _ends(ends: Ints, side: NDArray[np.int8], changes: Ints) -> Iterator[tuple[int | None, int, Ended]]:
    """Columns as the kernel gives them."""
    if not len(ends):
        return
    # A slice would keep all the room in memory.
    count = int(ends[-1, kernel.CHANGES])
    side, changes = side[:count].copy(), changes[:, :count].copy()
    prices, sizes, before = changes
    first = 0
    for name, following, last_ns, end, *extent in ends.tolist():
        found = Changes(side[first:end], prices[first:end], sizes[first:end], before[first:end])
        yield None if name == kernel.NO_COLUMN else name, following, Ended(last_ns, found, _extent(*extent))
        first = end


def _extent(bids: int, asks: int, *prices: int) -> Extent:
    """Of so many bids and asks, with the lowest and the highest price of each side."""
    lowest_bid, best_bid = prices[:2] if bids else (None, None)
    best_ask, highest_ask = prices[2:] if asks else (None, None)
    return Extent(lowest_bid, best_bid, best_ask, highest_ask, max(bids, asks))


class Intervals:
    """Which interval holds a time: of `interval_ns`, or where it is 0, from each start that `expect` was given."""

    def __init__(self, interval_ns: int) -> None:
        self._interval_ns = interval_ns
        self._starts_ns = np.empty(0, np.int64)

    def expect(self, starts_ns: Ints, last_ns: int) -> None:
        """Register where intervals start, for somebody whose last event was at `last_ns`; see `known_starts`."""
        if len(starts_ns):
            self._starts_ns = known_starts(self._starts_ns, starts_ns, last_ns)

    @property
    def given(self) -> tuple[int, Ints]:
        """Their length and their starts, as kernels take them."""
        return self._interval_ns, read_only(self._starts_ns)

    def between(self, events: BookEvents) -> int:
        """At least as many as those in which some events lie."""
        if not self._interval_ns:
            return min(len(events), len(self._starts_ns) + 1)
        first_ns, last_ns = int(events.time_ns[0]), int(events.time_ns[-1])
        return min(len(events), (last_ns - first_ns) // self._interval_ns + 2)

    def at(self, time_ns: int) -> tuple[int, int]:
        """Name and end of the interval that holds a time; the end of time where that is not known."""
        bucket, end_ns = interval_at(*self.given, time_ns)
        return int(bucket), int(end_ns)


def column_ends(
    resting: Resting, intervals: Intervals, events: BookEvents
) -> Iterator[tuple[int | None, int, Resting]]:
    """Take in events; before each column begins, give the name of the one that has ended, None for none, and its own.

    What has ended is to be taken at once from `resting`, which comes with it.
    """
    for piece in _pieces(resting, events):
        yield from _column_ends(resting, intervals, piece)


def columns_at_ends(
    resting: Resting, intervals: Intervals, events: BookEvents
) -> Iterator[tuple[int | None, int, Ended]]:
    """The same of levels alone, many columns at once, with what each comes to at its end; `resting` is ahead of it."""
    for piece in _pieces(resting, events):
        yield from resting.advance_columns(intervals, piece)


def _pieces(resting: Resting, events: BookEvents) -> Iterator[BookEvents]:
    # A piece at a time, so that what is widened stays in the processor's cache.
    for at in range(0, len(events), _PIECE):
        yield resting.rescaled(events.rows(slice(at, at + _PIECE)))


def _column_ends(
    resting: Resting, intervals: Intervals, events: BookEvents
) -> Iterator[tuple[int | None, int, Resting]]:
    bucket = None
    if resting.number:
        bucket, end_ns = intervals.at(resting.last_ns)
        resting.extend(end_ns)
    taken = 0
    while (taken := resting.advance(events, taken)) < len(events):
        following, end_ns = intervals.at(int(events.time_ns[taken]))
        yield bucket, following, resting
        resting.begin(end_ns)
        bucket = following
