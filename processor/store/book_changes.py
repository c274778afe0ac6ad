"""What a store keeps of the book in time: for intervals of several lengths, the levels that have changed in each.

A file for each length and segment with book events holds them as book events of the time of the interval's last sample,
so that whoever looks at the book at the ends of such intervals alone, or of some of them, may read these instead.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.book import Book
from processor.core.events import BookEvents, concatenated
from processor.core.heatmap.kept import HeatmapState
from processor.core.heatmap.resting import Intervals, Resting, columns_at_ends
from processor.core.intervals import start_of
from processor.core.kernel import NOTHING
from processor.store.ahead import read_ahead
from processor.store.files import (
    CHECKPOINT_KIND,
    book_of_segment,
    event_frame,
    read_book,
    read_checkpoint,
)
from processor.units import NS_PER_DAY, NS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

    from processor.core.book import BookState
    from processor.core.heatmap.resting import Changes
    from processor.store.manifest import Manifest

LENGTHS_S: Final = (5, 60, 900)
"""Each a multiple of the one before."""
STEP_NS: Final = 30 * NS_PER_SECOND
"""Close enough to begin with the events themselves; the measures are known at these times, too."""
_BEFORE_TIME: Final = np.iinfo(np.int64).min


def length_of(interval_ns: int) -> int | None:
    """The longest of LENGTHS_S that adds up to intervals, in seconds; None where none does."""
    return next((each for each in reversed(LENGTHS_S) if interval_ns % (each * NS_PER_SECOND) == 0), None)


def changes_kind(length_s: int) -> str:
    """The kind of the files of one length."""
    return f"book-{length_s}s"


class SegmentChanges:
    """What has changed in the intervals of the segment that is being written."""

    def __init__(self, book: BookState | None) -> None:
        """Start before the first event, or go on with `book`."""
        self._of_lengths = [_Changes(length_s * NS_PER_SECOND, book) for length_s in LENGTHS_S]

    def add(self, events: BookEvents) -> None:
        """Take in book events of the segment.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        self._add(0, events)

    def _add(self, number: int, events: BookEvents) -> None:
        """Of what changes in the intervals of one length come those of the next."""
        if number < len(self._of_lengths):
            for ended in self._of_lengths[number].ended(events):
                self._add(number + 1, ended)

    def end(self, decimals: tuple[int, int]) -> Iterator[tuple[str, pl.DataFrame]]:
        """End a segment with book events; the kind and the content of each of its files, with so many decimals."""
        for number, each in enumerate(self._of_lengths):
            if (ended := each.cut()) is not None:
                self._add(number + 1, ended)
            events = concatenated(each.taken()).rescaled(*decimals)
            yield changes_kind(LENGTHS_S[number]), event_frame("book", events, events.side)


class _Changes:
    """Those of one length."""

    def __init__(self, interval_ns: int, book: BookState | None) -> None:
        self._resting = Resting()
        if book is not None:
            self._resting.hold((book.bids, book.asks), book.price_decimals, book.size_decimals)
        self._intervals = Intervals(interval_ns)
        self._parts: list[BookEvents] = []
        self._told_ns: int | None = None

    def ended(self, events: BookEvents) -> Iterator[BookEvents]:
        """What has changed in each interval that ends with these events."""
        for name, _, end in columns_at_ends(self._resting, self._intervals, events):
            if name is not None and (found := self._found(end.last_ns, end.changes)) is not None:
                yield found

    def cut(self) -> BookEvents | None:
        """What has changed in the open interval, which goes on as another; None where nothing has come since."""
        found = self._found(self._resting.last_ns, self._resting.changes())
        self._resting.begin(self._intervals.at(self._resting.last_ns)[1])
        return found

    def taken(self) -> list[BookEvents]:
        """All that was found since this was asked last."""
        parts, self._parts = self._parts, []
        return parts

    def _found(self, last_ns: int, changes: Changes) -> BookEvents | None:
        if last_ns == self._told_ns:
            return None
        self._told_ns = last_ns
        scale = self._resting.price_decimals, self._resting.size_decimals
        found = _as_events(changes, last_ns, scale) if len(changes) else _sample(last_ns, scale)
        self._parts.append(found)
        return found


def _as_events(changes: Changes, time_ns: int, scale: tuple[int, int]) -> BookEvents:
    return BookEvents(
        time_ns=np.full(len(changes), time_ns),
        side=changes.side,
        price_ticks=changes.price_ticks,
        size_lots=changes.size_lots,
        price_decimals=scale[0],
        size_decimals=scale[1],
    )


def _sample(time_ns: int, scale: tuple[int, int]) -> BookEvents:
    """A sample that has changed nothing."""
    zero = np.zeros(1, np.int64)
    return BookEvents(
        time_ns=np.array([time_ns]),
        side=np.array([NOTHING], np.int8),
        price_ticks=zero,
        size_lots=zero,
        price_decimals=scale[0],
        size_decimals=scale[1],
    )


def book_at(folder: Path, manifest: Manifest, segment: int, at_ns: int) -> BookState:
    """The levels before `at_ns`, a multiple of 5 s in `segment` or at its end; samples are not counted.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    book = Book(interval_ns=NS_PER_DAY, obi_levels=1)
    if segment:
        _, checkpoint = read_checkpoint(manifest.index_path(folder, CHECKPOINT_KIND, segment - 1))
        book = Book.resumed(checkpoint, interval_ns=NS_PER_DAY, obi_levels=1)
    if manifest.segments[segment].book_events:
        for part in _changes_until(folder, manifest, segment, LENGTHS_S[-1], at_ns):
            book.advance(part)
    return book.state()


def heatmap_before(
    folder: Path,
    manifest: Manifest,
    segment: int,
    interval_ns: int,
    buckets: tuple[NDArray[np.int64], NDArray[np.int64]],
    keep: int,
    until_ns: int | None = None,
) -> HeatmapState:
    """What a heatmap resumes from before `segment`, right about the last `keep` columns.

    `buckets` are the names of the intervals with trades and of those with samples, as many of each as are kept and one
    more. With `until_ns`, a multiple of 5 s in `segment`, it resumes from there, and so do they. The events are read
    when an engine takes them.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    length_s = length_of(interval_ns)
    every = np.union1d(*buckets)
    traded = buckets[0]
    first, since_ns = 0, None
    if until_ns is not None and length_s is None:
        # It is close before the oldest column that is kept.
        first, since_ns, traded = segment, until_ns, buckets[0][:0]
    elif len(every) > keep:
        traded = traded[traded >= every[-keep - 1]]
        start_ns = int(start_of(int(every[-keep - 1]), interval_ns))
        end = segment if until_ns is None else segment + 1
        first = max(0, sum(1 for each in manifest.segments[:end] if each.first_ns <= start_ns) - 1)
        since_ns = start_ns - start_ns % STEP_NS if length_s is None else None
    numbers = [number for number in range(first, segment) if manifest.segments[number].book_events]
    parts = read_ahead(lambda number: _changes_of(folder, manifest, number, length_s), numbers)
    since: Iterator[BookEvents] = (part for of_segment in parts for part in of_segment)
    if until_ns is not None and length_s is not None and manifest.segments[segment].book_events:
        since = chain(since, _changes_until(folder, manifest, segment, length_s, until_ns))
    if since_ns is not None and since_ns > manifest.segments[first].first_ns:
        book = book_at(folder, manifest, first, since_ns)
        since = (part.rows(part.time_ns >= since_ns) if part.time_ns[0] < since_ns else part for part in since)
    elif first == 0:
        empty = np.empty(0, np.int64)
        return HeatmapState(
            bids=(empty, empty), asks=(empty, empty), price_decimals=0, size_decimals=0, since=since, traded=traded
        )
    else:
        _, book = read_checkpoint(manifest.index_path(folder, CHECKPOINT_KIND, first - 1))
    return HeatmapState(
        bids=book.bids,
        asks=book.asks,
        price_decimals=book.price_decimals,
        size_decimals=book.size_decimals,
        since=since,
        traded=traded,
    )


def _changes_until(
    folder: Path, manifest: Manifest, segment: int, length_s: int, until_ns: int
) -> Iterator[BookEvents]:
    """The changes of a segment before a time, those of the last interval as far as they have come by then."""
    since_ns = _BEFORE_TIME
    for each_s in reversed([each for each in LENGTHS_S if each <= length_s]):
        end_ns = until_ns - until_ns % (each_s * NS_PER_SECOND)
        for part in _changes_of(folder, manifest, segment, each_s):
            first, end = np.searchsorted(part.time_ns, (since_ns, end_ns))
            yield part.rows(slice(int(first), int(end)))
        since_ns = end_ns


def _changes_of(folder: Path, manifest: Manifest, number: int, length_s: int | None) -> tuple[BookEvents, ...]:
    """The changes of a segment in intervals of a length; None: all of its events."""
    segment = manifest.segments[number]
    if length_s is None:
        return book_of_segment(folder, number, segment)
    return read_book(manifest.index_path(folder, changes_kind(length_s), number), None, segment.book_decimals)
