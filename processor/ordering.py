"""From streams in file order to chunks in time order.

Vendors' files are nearly sorted: receivers stamp in order, exchanges do not quite. Rows are held back until what is
read runs `HELD_ROWS` rows and `HELD_NS` ahead of them, then released sorted, stably; so memory does not grow with the
dataset, and a dataset of fewer rows is sorted exactly whatever its order. A row later than that is taken at the time
already reached and counted as `late`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Generic

import numpy as np

from processor.events import NS_PER_SECOND, BookEvents, ColumnsT, Trades, concatenated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from processor.formats.base import Batch
    from processor.report import Report

    _Times = NDArray[np.int64]

HELD_ROWS: Final = 1_000_000
HELD_NS: Final = 60 * NS_PER_SECOND
SILENCE_NS: Final = 60 * NS_PER_SECOND

_STRIDE: Final = 64
"""Every how many rows a dense chunk is looked at for silences."""
_BEGINNING: Final = np.iinfo(np.int64).min
_END: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Chunk:
    """Every event after the previous chunk's `until_ns` and up to this one's, in time order, in successive parts."""

    trades: tuple[Trades, ...]
    book: tuple[BookEvents, ...]
    until_ns: int
    consumed_bytes: int

    @property
    def first_ns(self) -> int | None:
        """Time of the first event; None where there is none."""
        parts = (*self.trades, *self.book)
        return min((int(part.time_ns[0]) for part in parts if len(part)), default=None)

    def until(self, limit_ns: int) -> Chunk:
        """The same chunk without what is later than `limit_ns`."""
        if self.until_ns <= limit_ns:
            return self
        return replace(
            self,
            trades=tuple(_until(part, limit_ns) for part in self.trades),
            book=tuple(_until(part, limit_ns) for part in self.book),
            until_ns=limit_ns,
        )

    def after(self, limit_ns: int) -> Chunk:
        """The same chunk without what is not later than `limit_ns`."""
        return replace(
            self,
            trades=tuple(_after(part, limit_ns) for part in self.trades),
            book=tuple(_after(part, limit_ns) for part in self.book),
        )


def _until(part: ColumnsT, limit_ns: int) -> ColumnsT:
    return part.rows(slice(0, int(np.searchsorted(part.time_ns, limit_ns, side="right"))))


def _after(part: ColumnsT, limit_ns: int) -> ColumnsT:
    return part.rows(slice(int(np.searchsorted(part.time_ns, limit_ns, side="right")), None))


class _Held(Generic[ColumnsT]):
    """Rows of one kind that wait for earlier ones."""

    def __init__(self) -> None:
        self._parts: list[ColumnsT] = []
        self._sorted = True
        self._last_ns = _BEGINNING

    def add(self, rows: ColumnsT, released_ns: int) -> tuple[int, int]:
        """Hold `rows`; return how many were later than `released_ns` allows, and the newest time they came with.

        A later one now bears the first time allowed.
        """
        late = 0
        times = rows.time_ns
        in_order = bool((times[1:] >= times[:-1]).all())
        newest_ns = int(times[-1] if in_order else times.max())
        if (times[0] if in_order else times.min()) <= released_ns:
            times = np.maximum(times, released_ns + 1)
            late = int((rows.time_ns != times).sum())
            rows = replace(rows, time_ns=times)
        self._sorted = self._sorted and in_order and int(times[0]) >= self._last_ns
        self._last_ns = max(self._last_ns, int(times[-1] if in_order else times.max()))
        self._parts.append(rows)
        return late, newest_ns

    def releasable_ns(self) -> int:
        """Up to which time rows may go as far as this kind's number of rows is concerned."""
        rows = 0
        for part in reversed(self._parts):
            rows += len(part)
            if rows >= HELD_ROWS:
                return int(part.time_ns[0] if self._sorted else part.time_ns.min()) - 1
        return _BEGINNING

    def release(self, until_ns: int) -> tuple[ColumnsT, ...]:
        """Give up all rows up to `until_ns`, in time order."""
        if not self._sorted:
            whole = concatenated(self._parts)
            self._parts = [whole.rows(np.argsort(whole.time_ns, kind="stable"))]
            self._sorted = True
        released: list[ColumnsT] = []
        while self._parts and self._parts[0].time_ns[0] <= until_ns:
            part = self._parts.pop(0)
            ready = _until(part, until_ns)
            released.append(ready)
            if len(ready) < len(part):
                self._parts.insert(0, part.rows(slice(len(ready), None)))
        return tuple(released)


class _Stream:
    """One stream of batches and how far it has been read."""

    def __init__(self, batches: Iterator[Batch]) -> None:
        self.batches = batches
        self.newest_ns = _BEGINNING
        self.consumed_bytes = 0
        self.ended = False


def in_time_order(streams: list[Iterator[Batch]], report: Report) -> Iterator[Chunk]:
    """Merge `streams` into chunks, each later than the one before; silences and late rows go to `report`.

    `report` also counts the events read, and says when they are all.
    """
    trades: _Held[Trades] = _Held()
    book: _Held[BookEvents] = _Held()
    reading = [_Stream(batches) for batches in streams]
    released_ns = _BEGINNING
    last_ns = _BEGINNING
    while not all(stream.ended for stream in reading):
        # The stream that is furthest behind holds the others up.
        stream = min((stream for stream in reading if not stream.ended), key=lambda stream: stream.newest_ns)
        batch = next(stream.batches, None)
        if batch is None:
            stream.ended = True
        else:
            stream.consumed_bytes = batch.consumed_bytes
            report.trades += len(batch.trades or ())
            report.book_events += len(batch.book or ())
            stream.newest_ns = max(
                stream.newest_ns,
                _hold(trades, batch.trades, released_ns, report),
                _hold(book, batch.book, released_ns, report),
            )
        behind_ns = min((stream.newest_ns for stream in reading if not stream.ended), default=_END)
        if behind_ns == _END:
            until_ns = _END
        else:
            until_ns = min(behind_ns - HELD_NS, max(trades.releasable_ns(), book.releasable_ns()))
        if until_ns <= released_ns:
            continue
        chunk = Chunk(
            trades.release(until_ns),
            book.release(until_ns),
            until_ns,
            sum(stream.consumed_bytes for stream in reading),
        )
        released_ns = until_ns
        kinds = [part.time_ns for part in chunk.trades], [part.time_ns for part in chunk.book]
        if not any(kinds):
            continue
        newest_ns = max(int(parts[-1][-1]) for parts in kinds if parts)
        _note_silences(kinds, last_ns, report)
        last_ns = max(last_ns, newest_ns)
        yield replace(chunk, until_ns=newest_ns) if until_ns == _END else chunk
    report.complete = True


def _hold(held: _Held[ColumnsT], rows: ColumnsT | None, released_ns: int, report: Report) -> int:
    """Hold `rows` if there are any; return their newest time."""
    if rows is None or not len(rows):
        return _BEGINNING
    late, newest_ns = held.add(rows, released_ns)
    if late:
        report.add("late", "", None, released_ns, f"{late} rows from before the time already reached", count=late)
    return newest_ns


def _note_silences(kinds: Sequence[list[_Times]], last_ns: int, report: Report) -> None:
    """Report spells without any event; `kinds` holds each kind's parts, of which at least one has rows."""
    every = [part for parts in kinds for part in parts]
    begun_ns = last_ns if last_ns != _BEGINNING else min(int(part[0]) for part in every)
    edges = np.array([begun_ns, max(int(part[-1]) for part in every)])
    # Times increase, so a silence between two rows is one between any two rows around them: some rows of the kind
    # that has most of them are enough to see that there is none.
    densest = max(kinds, key=lambda parts: sum(map(len, parts)))
    some = [rows for part in densest for rows in (part[::_STRIDE], part[-1:])]
    if not (np.diff(np.concatenate([edges[:1], *some, edges[1:]])) > SILENCE_NS).any():
        return
    merged = np.sort(np.concatenate([edges[:1], *every]), kind="stable")
    for at in np.flatnonzero(np.diff(merged) > SILENCE_NS):
        silent_ns, ended_ns = int(merged[at]), int(merged[at + 1])
        detail = f"{(ended_ns - silent_ns) / NS_PER_SECOND:.0f} s without an event"
        report.add("silences", "", None, silent_ns, detail, until_ns=ended_ns)
