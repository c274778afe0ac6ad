"""The order book and its imbalance: one sample per distinct event time, gathered into intervals.

OBI = (B - A) / (B + A) with B and A the lots resting on the best N levels of each side (N = 0: on all); 0 for an empty
book. A sample is taken after the last update that bears a time, so it is pending until a later time shows up; whatever
the batches, the result is that of one piece.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core import kernel
from processor.core.events import END_OF_TIME, BookEvents, read_only, scaled_up
from processor.core.intervals import begin_at, known_starts, number_of, start_of
from processor.core.kernel import NO_PRICE
from processor.core.levels import Levels, largest_lots_of
from processor.units import NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from processor.core.levels import Side

_BEFORE_TIME: Final = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class BookBars:
    """Intervals with at least one sample, oldest first; all columns equally long.

    `bucket` names the interval (see `Engine`), `bid_ticks` and `ask_ticks` the best prices at its last sample
    (NO_PRICE for an empty side).
    """

    bucket: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    bid_ticks: NDArray[np.int64]
    ask_ticks: NDArray[np.int64]

    def __len__(self) -> int:
        """Intervals."""
        return len(self.bucket)

    def rows(self, where: slice) -> BookBars:
        """Some of them."""
        return _bars(self._times()[:, where], self._values()[:, where])

    def tail(self, rows: int) -> BookBars:
        """The last `rows` of them, at least one."""
        return self.rows(slice(-rows, None))

    def coarser(self, intervals: int) -> BookBars:
        """The same gathered `intervals` at a time; there may be several of one interval, of which each holds more."""
        bucket = self.bucket // intervals
        first = np.flatnonzero(np.diff(bucket, prepend=bucket[:1] - 1))
        last = np.append(first[1:], len(bucket)) - 1 if len(first) else first
        return BookBars(
            bucket[first],
            self.open[first],
            np.maximum.reduceat(self.high, first) if len(first) else self.high,
            np.minimum.reduceat(self.low, first) if len(first) else self.low,
            self.close[last],
            self.bid_ticks[last],
            self.ask_ticks[last],
        )

    def since(self, bucket: int) -> BookBars:
        """Those of interval number `bucket` and later."""
        first = int(np.searchsorted(self.bucket, bucket))
        return self.rows(slice(first, None))

    def finer(self, decimals: int) -> BookBars:
        """The same intervals with prices of that many more decimals.

        Raises:
            ScaleOverflow: a price has no room in 64 bits on that scale.
        """
        times = self._times()
        for row in (1, 2):
            there = times[row] != NO_PRICE
            times[row, there] = scaled_up(times[row, there], decimals)
        return _bars(times, self._values())

    def _times(self) -> NDArray[np.int64]:
        return np.stack((self.bucket, self.bid_ticks, self.ask_ticks))

    def _values(self) -> NDArray[np.float64]:
        return np.stack((self.open, self.high, self.low, self.close))


def concatenated(parts: Sequence[BookBars]) -> BookBars:
    """The intervals of all parts in order; there must be at least one part."""
    return _bars(
        np.concatenate([part._times() for part in parts], axis=1),  # noqa: SLF001 - of its own kind
        np.concatenate([part._values() for part in parts], axis=1),  # noqa: SLF001
    )


@dataclass(frozen=True, slots=True)
class Periods:
    """How often and when the book was crossed, or locked: `count` periods with `samples` in all of them.

    `starts_ns` are the times of the first sample in each of the first few periods, `ends_ns` those of the first sample
    after it, None while the period lasts.
    """

    samples: int
    count: int
    starts_ns: tuple[int, ...]
    ends_ns: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class BookState:
    """A book at a moment that has no more events: all its levels, best first, and what its samples have told so far.

    `bids` and `asks` are each (price_ticks, size_lots). `clock` and `periods` are the kernel's,
    without a pending sample.
    """

    price_decimals: int
    size_decimals: int
    bids: tuple[NDArray[np.int64], NDArray[np.int64]]
    asks: tuple[NDArray[np.int64], NDArray[np.int64]]
    clock: NDArray[np.int64]
    periods: NDArray[np.int64]


class Book:
    """A book fed batch by batch.

    `advance` takes events in time order and returns the intervals they closed; a batch may end between events of equal
    time. `open_bars` is the rest, as if no more events of the last time were to come.
    """

    def __init__(self, *, interval_ns: int, obi_levels: int) -> None:
        """Start with an empty book. `obi_levels` 0 is the whole book.

        With `interval_ns` 0, `expect` says where intervals start.
        """
        self._interval_ns = interval_ns
        self._obi_levels = obi_levels
        self._levels = Levels(obi_levels)
        self._clock = np.zeros(kernel.CLOCK_FIELDS, np.int64)
        self._clock[kernel.TIME] = _BEFORE_TIME
        self._clock[kernel.SPREAD_STATE] = kernel.APART
        self._bar = np.zeros(4)
        self._periods = np.zeros((4, kernel.PERIODS_KEPT), np.int64)
        self._starts_ns = np.empty(0, np.int64)

    def expect(self, starts_ns: NDArray[np.int64]) -> None:
        """Register where intervals start, for `interval_ns` 0. Call it before `advance` takes in events of them.

        `starts_ns` must be later than all starts registered before. No later event may be earlier than the
        second-to-last of those.
        """
        self._starts_ns = known_starts(self._starts_ns, starts_ns, int(self._clock[kernel.TIME]))

    def interval_at(self, time_ns: int) -> int:
        """Name of the interval that holds `time_ns`, the time of the next or of the last event."""
        if self._interval_ns:
            return number_of(time_ns, self._interval_ns)
        return begin_at(time_ns, 0, self._starts_ns) // NS_PER_MS

    def advance(self, events: BookEvents) -> BookBars:
        """Apply `events` and return the intervals they closed.

        Raises:
            ScaleOverflow: a price or size has no room in 64 bits on the finest scale seen.
        """
        if not len(events):
            return no_bars()
        grown, _ = self._levels.rescale(events.price_decimals, events.size_decimals)
        best = self._clock[[kernel.BEST_BID, kernel.BEST_ASK]]
        standing = best != NO_PRICE
        best[standing] = scaled_up(best[standing], grown)
        self._clock[[kernel.BEST_BID, kernel.BEST_ASK]] = best
        largest_lots = largest_lots_of(events.rescaled(self.price_decimals, self.size_decimals))
        return concatenated([self._advance(piece, largest_lots) for piece in self._levels.pieces(events)])

    def _advance(self, events: BookEvents, largest_lots: int) -> BookBars:
        """Apply `events`, of which none is of more than `largest_lots`."""
        span = int(events.time_ns[-1]) - int(events.time_ns[0])
        intervals = span // self._interval_ns + 2 if self._interval_ns else len(self._starts_ns)
        room = min(len(events), intervals) + 1
        times, values = np.empty((3, room), np.int64), np.empty((4, room))
        closed = kernel.advance(
            self._levels.ladder,
            self._clock,
            self._bar,
            self._periods,
            self._obi_levels,
            self._is_wide(len(events), largest_lots),
            self._interval_ns,
            read_only(self._starts_ns),
            read_only(events.time_ns),
            read_only(events.side),
            read_only(events.price_ticks),
            read_only(events.size_lots),
            times,
            values,
        )
        self._levels.check_reach()
        return _bars(times[:, :closed], values[:, :closed])

    def _is_wide(self, events: int, largest_lots: int) -> bool:
        return self._levels.is_wide(2 * self._obi_levels, events, largest_lots)

    @classmethod
    def resumed(
        cls,
        state: BookState,
        *,
        interval_ns: int,
        obi_levels: int,
        open_bar: BookBars | None = None,
        starts_ns: NDArray[np.int64] | None = None,
    ) -> Book:
        """A book that goes on from `state`, whatever interval and levels that was recorded with.

        `open_bar` is the interval of the last sample, one row, as far as it is known; without it the interval opens
        with the last sample. For `interval_ns` 0, `starts_ns` are the starts of the interval that the last event is in
        and of later ones; a last sample from before is in an interval of its own.
        """
        book = cls(interval_ns=interval_ns, obi_levels=obi_levels)
        if starts_ns is not None:
            book.expect(starts_ns)
        book._levels.rescale(state.price_decimals, state.size_decimals)
        book._levels.hold((state.bids, state.asks))
        book._clock, book._periods = state.clock.copy(), state.periods.copy()
        if not book._clock[kernel.SAMPLES]:
            return book
        time_ns = int(book._clock[kernel.TIME])
        if starts_ns is None:
            bucket = number_of(time_ns, interval_ns)
            end_ns = start_of(bucket + 1, interval_ns)
        else:
            # The kernel looks for the end in `starts_ns`.
            bucket, end_ns = min(time_ns, int(starts_ns[0])) // NS_PER_MS, 0
        book._clock[[kernel.BUCKET, kernel.BUCKET_END, kernel.HAS_BAR]] = bucket, end_ns, 1
        if open_bar is None:
            book._bar[:] = kernel.imbalance(book._levels.ladder, obi_levels, True)  # noqa: FBT003 - kernels take no keywords
        else:
            book._bar[:] = open_bar._values()[:, -1]  # noqa: SLF001 - of its own kind
        return book

    def state(self) -> BookState:
        """What `resumed` needs to go on from here, when no more events of the last time are to come."""
        clock, _, periods, _, _ = self._settled()
        clock[kernel.PENDING] = 0
        bids, asks = self._levels.both_sides()
        return BookState(self.price_decimals, self.size_decimals, bids, asks, clock, periods)

    def open_bars(self) -> BookBars:
        """What `advance` would still return if the events ended here: a closed and an open interval at most."""
        if not self._clock[kernel.PENDING] and not self._clock[kernel.HAS_BAR]:
            return no_bars()
        clock, bar, _, times, values = self._settled()
        times = np.column_stack((times, clock[[kernel.BUCKET, kernel.BEST_BID, kernel.BEST_ASK]]))
        return _bars(times, np.column_stack((values, bar)))

    def _settled(
        self,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Clock, bar and periods as they are once a pending sample is taken, and the intervals that it closes."""
        clock, bar, periods = self._clock.copy(), self._bar.copy(), self._periods.copy()
        times, values = np.empty((3, 1), np.int64), np.empty((4, 1))
        closed = 0
        if clock[kernel.PENDING]:
            later = read_only(np.array([END_OF_TIME], np.int64))
            nothing = read_only(np.array([kernel.NOTHING], np.int8))
            closed = kernel.advance(
                self._levels.ladder,
                clock,
                bar,
                periods,
                self._obi_levels,
                self._is_wide(0, 0),
                self._interval_ns,
                read_only(self._starts_ns),
                later,
                nothing,
                later,
                later,
                times,
                values,
            )
            clock[kernel.TIME] = self._clock[kernel.TIME]
        return clock, bar, periods, times[:, :closed], values[:, :closed]

    def levels(self, limit: int | None = None) -> tuple[Side, Side]:
        """Bids and asks, each (price_ticks, size_lots), best first, at most `limit` levels a side, None for all."""
        return self._levels.both_sides(limit)

    def imbalance(self) -> float:
        """OBI of the book as it stands, by Python's integers and from its levels: what the last sample must be."""
        sides = self._levels.both_sides(self._obi_levels or None)
        bid_lots, ask_lots = (sum(sizes.tolist()) for _, sizes in sides)
        return (bid_lots - ask_lots) / (bid_lots + ask_lots) if bid_lots + ask_lots else 0.0

    @property
    def price_decimals(self) -> int:
        """Those of the finest price so far."""
        return self._levels.price_decimals

    @property
    def size_decimals(self) -> int:
        """Those of the finest size so far."""
        return self._levels.size_decimals

    @property
    def samples(self) -> int:
        """Samples taken, the pending one included."""
        return int(self._clock[kernel.SAMPLES] + self._clock[kernel.PENDING])

    @property
    def crossed(self) -> Periods:
        """Periods whose best bid was above the best ask; a pending sample does not count yet."""
        return self._periods_of(kernel.CROSSED)

    @property
    def locked(self) -> Periods:
        """Periods whose best bid was the best ask; a pending sample does not count yet."""
        return self._periods_of(kernel.LOCKED)

    def _periods_of(self, kind: int) -> Periods:
        count = int(self._clock[kernel.PERIODS + kind])
        kept = min(count, kernel.PERIODS_KEPT)
        starts_ns: list[int] = self._periods[kind, :kept].tolist()
        ends_ns: list[int | None] = self._periods[kernel.ENDS + kind, :kept].tolist()
        if self._clock[kernel.SPREAD_STATE] == kind and kept == count:
            ends_ns[-1] = None
        return Periods(int(self._clock[kernel.TOUCHING + kind]), count, tuple(starts_ns), tuple(ends_ns))


def _bars(times: NDArray[np.int64], values: NDArray[np.float64]) -> BookBars:
    bucket, bid_ticks, ask_ticks = times
    open_, high, low, close = values
    return BookBars(bucket, open_, high, low, close, bid_ticks, ask_ticks)


def no_bars() -> BookBars:
    """No intervals."""
    return _bars(np.empty((3, 0), np.int64), np.empty((4, 0)))
