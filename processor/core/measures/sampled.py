"""A book that is sampled into measures: one sample per distinct event time, gathered into intervals.

A sample is taken after the last update that bears a time, so it is pending until a later time shows up; whatever the
batches, the result is that of one piece.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core import kernel as book_kernel
from processor.core.events import END_OF_TIME, read_only, scaled_up
from processor.core.intervals import known_starts, number_of, start_of
from processor.core.levels import Levels, largest_lots_of
from processor.core.lots import NARROW_LOTS, finer_lots
from processor.core.measures import kernel, layout
from processor.core.measures.best_levels import refill
from processor.core.measures.layout import MEASURES, OFI_LEVELS
from processor.core.measures.own import NO_OWN
from processor.errors import ScaleOverflow
from processor.units import NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from processor.core.book import BookState
    from processor.core.events import BookEvents
    from processor.core.lots import Lots
    from processor.core.measures.layout import Floats, Ints, Scale
    from processor.core.measures.own import OwnMeasures

_PIECE: Final = 131_072
"""Events that are sampled at once: a bar takes a kilobyte, and each of them may close one."""
_WORD_DECIMALS: Final = 18
"""10 to the power of more has no room in a word."""
_STATE: Final = ("_clock", "_top", "_top_sums", "_then", "_around", "_flow", "_bar", "_now")
_FLOAT_DECIMALS: Final = 22
"""10 to the power of more is no float."""


@dataclass(frozen=True, slots=True)
class MeasureBars:
    """Intervals with at least one sample, oldest first; N of them.

    `bucket` names the interval (see `Engine`), `samples` counts. `values` (N x open, high, low, close x MEASURES, and
    then one's own) are in the instrument's own units, NaN where there was none yet. `flow` (N x OFI_LEVELS) is the
    order flow imbalance of each level, in lots of `size_decimals`.
    """

    bucket: Ints
    samples: Ints
    values: Floats
    flow: Lots
    size_decimals: int

    def __len__(self) -> int:
        """Intervals."""
        return len(self.bucket)

    def rows(self, where: slice | NDArray[np.intp]) -> MeasureBars:
        """Some of them."""
        return replace(
            self,
            bucket=self.bucket[where],
            samples=self.samples[where],
            values=self.values[where],
            flow=self.flow[where],
        )

    def finer(self, size_decimals: int) -> MeasureBars:
        """The same with lots of at least as many decimals."""
        flow = finer_lots(self.flow, size_decimals - self.size_decimals)
        return replace(self, flow=flow, size_decimals=size_decimals)


def no_bars(size_decimals: int = 0) -> MeasureBars:
    """No intervals."""
    nothing = np.empty(0, np.int64)
    values = np.empty((0, 4, len(MEASURES)))
    return MeasureBars(nothing, nothing, values, np.empty((0, OFI_LEVELS), np.int64), size_decimals)


def joined(parts: Sequence[MeasureBars]) -> MeasureBars:
    """The intervals of all parts in order; there must be at least one part."""
    size_decimals = max(part.size_decimals for part in parts)
    # No intervals may be without one's own measures.
    level = [part.finer(size_decimals) for part in parts if len(part)] or [no_bars(size_decimals)]
    return MeasureBars(
        np.concatenate([part.bucket for part in level]),
        np.concatenate([part.samples for part in level]),
        np.concatenate([part.values for part in level]),
        np.concatenate([part.flow for part in level]),
        size_decimals,
    )


class MeasuredBook:
    """A book fed batch by batch, like `Book`, with more that is sampled.

    `advance` takes events in time order and returns the intervals they closed. `open_bars` is the rest, as if no more
    events of the last time were to come.
    """

    def __init__(self, *, interval_ns: int, own: OwnMeasures = NO_OWN) -> None:
        """Start with an empty book. With `interval_ns` 0, `expect` says where intervals start."""
        self.own = own
        self._own_columns = layout.own_columns(own, 0)
        self._interval_ns = interval_ns
        self._levels = Levels()
        self._starts_ns = np.empty(0, np.int64)
        self._was_wide = False
        self._open: MeasureBars | None = None
        """What `open_bars` has given since the last events."""
        clock, top, top_sums, then, around, flow, bar, now = layout.new_state(len(own.depths), len(own.sizes))
        self._clock, self._top, self._top_sums, self._then = clock, top, top_sums, then
        self._around, self._flow, self._bar, self._now = around, flow, bar, now

    def expect(self, starts_ns: Ints) -> None:
        """Register where intervals start: see `Book.expect`."""
        self._starts_ns = known_starts(self._starts_ns, starts_ns, int(self._clock[layout.TIME]))
        self._open = None

    def interval_at(self, time_ns: int) -> int:
        """Name of the interval that holds `time_ns`, the time of the next or of the last event."""
        return int(book_kernel.interval_at(self._interval_ns, read_only(self._starts_ns), time_ns)[0])

    @classmethod
    def resumed(
        cls,
        state: BookState,
        *,
        interval_ns: int,
        own: OwnMeasures = NO_OWN,
        starts_ns: Ints | None = None,
        open_bar: MeasureBars | None = None,
        standing: Floats | None = None,
    ) -> MeasuredBook:
        """A book that goes on from `state`; see `Book.resumed`.

        `open_bar` is the interval of the last sample as far as it is known, a row or none. Without it, the interval
        opens with the values `standing` after that sample, or with what the book says of them: where a side of it is
        empty, no value but the imbalances of levels is known then.
        """
        book = cls(interval_ns=interval_ns, own=own)
        if starts_ns is not None:
            book.expect(starts_ns)
        book._levels.rescale(state.price_decimals, state.size_decimals)
        book._levels.hold((state.bids, state.asks))
        book._refill()
        if not state.clock[book_kernel.SAMPLES]:
            return book
        time_ns = int(state.clock[book_kernel.TIME])
        book._clock[[layout.TIME, layout.PENDING]] = time_ns, 1
        book._take_pending()
        if starts_ns is None:
            bucket = number_of(time_ns, interval_ns)
            end_ns = start_of(bucket + 1, interval_ns)
        else:
            # The kernel looks for the end in `starts_ns`.
            bucket, end_ns = min(time_ns, int(starts_ns[0])) // NS_PER_MS, 0
        book._clock[[layout.BUCKET, layout.BUCKET_END, layout.SAMPLES]] = bucket, end_ns, 0
        if open_bar is not None and len(open_bar):
            book._clock[layout.SAMPLES] = open_bar.samples[0]
            book._bar[:], book._now[:] = open_bar.values[0], open_bar.values[0, layout.CLOSE]
            flow = open_bar.finer(state.size_decimals).flow[0]
            book._flow[:] = [divmod(lots, 1 << book_kernel.HALF) for lots in flow.tolist()]
        elif standing is not None:
            book._bar[:] = book._now[:] = standing
        return book

    def advance(self, events: BookEvents) -> MeasureBars:
        """Apply `events` and return the intervals they closed.

        Raises:
            ScaleOverflow: a price or size has no room in 64 bits on the finest scale seen.
        """
        if not len(events):
            return no_bars(self.size_decimals)
        self._open = None
        grown_price, grown_size = self._levels.rescale(events.price_decimals, events.size_decimals)
        if grown_price or grown_size:
            self._rescale(grown_price, grown_size)
        largest_lots = largest_lots_of(events.rescaled(self._levels.price_decimals, self.size_decimals))
        pieces = [
            self._advance(piece.rows(slice(at, at + _PIECE)), largest_lots)
            for piece in self._levels.pieces(events)
            for at in range(0, len(piece), _PIECE)
        ]
        return joined(pieces)

    def _rescale(self, grown_price: int, grown_size: int) -> None:
        for s in (0, 1):
            keys, lots = self._then[2 * s], self._then[2 * s + 1]
            there = lots > 0
            keys[there], lots[there] = scaled_up(keys[there], grown_price), scaled_up(lots[there], grown_size)
        flow = _whole(self._flow).astype(object) * 10**grown_size
        if max(map(abs, flow.tolist())) >> book_kernel.HALF >= NARROW_LOTS:
            msg = f"an order flow of {max(map(abs, flow.tolist()))} lots has no room in 94 bits"
            raise ScaleOverflow(msg)
        self._flow[:] = [divmod(lots, 1 << book_kernel.HALF) for lots in flow.tolist()]
        self._refill()

    def _refill(self) -> None:
        self._own_columns = layout.own_columns(self.own, self.size_decimals)
        refill(self._levels.ladder, self._clock, self._top, self._top_sums, self._around)

    def _advance(self, events: BookEvents, largest_lots: int) -> MeasureBars:
        """Apply `events`, of which none is of more than `largest_lots`."""
        span = int(events.time_ns[-1]) - int(events.time_ns[0])
        intervals = span // self._interval_ns + 2 if self._interval_ns else len(self._starts_ns)
        room = min(len(events), intervals) + 1
        wide = self._levels.is_wide(0, len(events), largest_lots)
        if wide and not self._was_wide:
            # High words are kept only while they are needed.
            self._refill()
        self._was_wide = wide
        found = self._run(room, wide=wide, events=events)
        self._levels.check_reach()
        return found

    def _run(self, room: int, *, wide: bool, events: BookEvents | None = None) -> MeasureBars:
        """Let the kernel take in `events`, or only the pending sample, and return what that closed."""
        if events is None:
            time_ns = price = size = np.array([END_OF_TIME], np.int64)
            side = np.array([book_kernel.NOTHING], np.int8)
        else:
            time_ns, side, price, size = events.time_ns, events.side, events.price_ticks, events.size_lots
        times = np.empty((room, 2), np.int64)
        bars, flows = np.empty((room, *self._bar.shape)), np.empty((room, OFI_LEVELS, 2), np.int64)
        closed = kernel.advance(
            self._levels.ladder,
            self._clock,
            self._top,
            self._top_sums,
            self._then,
            self._around,
            self._flow,
            self._bar,
            self._now,
            self._own_columns,
            wide,
            _scale(self._levels.price_decimals),
            _scale(self._levels.size_decimals),
            self._interval_ns,
            read_only(self._starts_ns),
            read_only(time_ns),
            read_only(side),
            read_only(price),
            read_only(size),
            times,
            bars,
            flows,
        )
        self._bar[layout.CLOSE] = self._now
        return _bars(times[:closed], bars[:closed], flows[:closed], self.size_decimals)

    def open_bars(self) -> MeasureBars:
        """What `advance` would still return if the events ended here: a closed and an open interval at most."""
        clock = self._clock
        if not clock[layout.PENDING] and not clock[layout.HAS_BAR]:
            return no_bars(self.size_decimals)
        if self._open is not None:
            return self._open
        kept = {name: column.copy() for name, column in vars(self).items() if name in _STATE}
        closed = self._take_pending()
        open_ = _bars(
            self._clock[None, [layout.BUCKET, layout.SAMPLES]], self._bar[None], self._flow[None], self.size_decimals
        )
        self._open = joined([closed, open_])
        vars(self).update(kept)
        return self._open

    def cut(self) -> None:
        """Let the samples to come be counted in a bar of their own, which opens with the values that stand."""
        self._take_pending()
        self._clock[layout.SAMPLES] = 0
        self._flow[:], self._bar[:] = 0, self._now
        self._open = None

    def _take_pending(self) -> MeasureBars:
        if not self._clock[layout.PENDING]:
            return no_bars(self.size_decimals)
        time_ns = int(self._clock[layout.TIME])
        found = self._run(1, wide=self._levels.is_wide(0, 0, 0) and self._was_wide)
        self._clock[[layout.TIME, layout.PENDING]] = time_ns, 0
        return found

    @property
    def size_decimals(self) -> int:
        """Those of the finest size so far."""
        return self._levels.size_decimals


def _bars(times: Ints, bars: Floats, flows: NDArray[np.int64], size_decimals: int) -> MeasureBars:
    return MeasureBars(times[:, 0].copy(), times[:, 1].copy(), bars.copy(), _whole(flows), size_decimals)


def _whole(words: NDArray[np.int64]) -> Lots:
    """Sums in two words along the last axis as numbers: int64 where all have room, else Python's integers."""
    high, low = words[..., 0], words[..., 1]
    high = high + (low >> book_kernel.HALF)
    low = low & book_kernel.LOW_WORD
    narrow = NARROW_LOTS >> book_kernel.HALF
    if not high.size or (high.max() < narrow and high.min() >= -narrow):
        return (high << book_kernel.HALF) + low
    wide: Lots = (high.astype(object) << book_kernel.HALF) + low.astype(object)
    return wide


def _scale(decimals: int) -> Scale:
    """10**decimals as the kernel takes it.

    Raises:
        ScaleOverflow: it is more than two words hold.
    """
    if decimals > 2 * _WORD_DECIMALS:
        msg = f"prices or sizes of {decimals} decimals are too fine for measures of the book"
        raise ScaleOverflow(msg)
    more = max(0, decimals - _WORD_DECIMALS)
    return (10.0**decimals if decimals <= _FLOAT_DECIMALS else 0.0), 10 ** (decimals - more), 10**more
