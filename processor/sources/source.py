"""Where a replay gets its events from: the vendor's files themselves, or a store made of them.

The first time a dataset is read it becomes a store in the cache while it plays; the next time the store is all that is
read. Where the cache cannot be used, or goes away meanwhile, the vendor's files are read instead, from where one was.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final, Literal, Protocol

import msgspec
import numpy as np
import structlog

from processor.core.aggregates.activity import ActivityCounter, bar_around
from processor.core.engine import Engine
from processor.core.report import Report
from processor.errors import DatasetError, Disordered
from processor.formats.opening import stores
from processor.prefetch import prefetched
from processor.settings import resolved
from processor.sources.conversion import Conversion, new_manifest
from processor.sources.key import key_when_sorted
from processor.store.activity_index import ActivityIndex
from processor.store.cache import Cache, CacheUnusable
from processor.store.reader import read_segment, segment_holding, state_before
from processor.store.volumes import volumes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from processor.core.merge.chunk import Chunk
    from processor.formats import Dataset, OpenedDataset
    from processor.settings import Activity, Aggregation, Moment
    from processor.store.cache import Entry
    from processor.store.manifest import Manifest
    from processor.store.volumes import Volumes

_log = structlog.get_logger()

_PATIENCE_S: Final = 0.1

Kind = Literal["event", "book", "trade"]
"""Events of which kind: any, of the book, or trades."""


class Source(Protocol):
    """One instrument of a dataset, in the order of one clock. `report` is what has been found in it so far."""

    report: Report
    instrument: str
    size_bytes: int

    @property
    def read_bytes(self) -> int | None:
        """How much of `size_bytes` has been read ahead of the replay; None where nothing is."""

    @property
    def time_range(self) -> tuple[int, int] | None:
        """Times in ns of the first and the last event, where they are known."""

    @property
    def whole(self) -> bool:
        """Whether the dataset's own files are not needed any more."""

    @property
    def cache(self) -> str:
        """What status.json says of the cache."""

    def begin(
        self,
        aggregation: Aggregation,
        at: Moment | None,
        *,
        keep: int | None,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> tuple[Engine, Iterator[Chunk]]:
        """An engine, and the chunks that it has to be given to come to `at` and beyond.

        The engine has the whole history, or as much as its last `keep` intervals need; with None, all of it.
        `while_waiting` is called a few times a second while there is nothing yet; what it raises is raised.

        Raises:
            DatasetError: the dataset is unusable.
        """

    def leave(self) -> None:
        """End the chunks of the last `begin`, wherever another thread waits for them."""

    def skips(self, from_ns: int, to_ns: int) -> bool:
        """Whether `begin` at `to_ns` passes over events that one would have to read from `from_ns`."""

    def neighbour(
        self, at_ns: int, kind: Kind, *, forward: bool, while_waiting: Callable[[], None] = lambda: None
    ) -> int | None:
        """Time of the first event of `kind` later than `at_ns`, or of the last one earlier; None where there is none.

        Raises:
            DatasetError: the dataset is unusable.
        """

    def bar(
        self, activity: Activity, at_ns: int, while_waiting: Callable[[], None] = lambda: None
    ) -> tuple[int, int | None]:
        """Begin of the bar of `activity` that holds `at_ns`, and of the one after it; None if nothing fills it.

        Raises:
            DatasetError: the dataset is unusable.
        """

    def volumes(self) -> Volumes | None:
        """The traded volume of what has been read, over its whole range; None where that is not known."""

    def refresh(self) -> None:
        """Bring `report` up to date. For the thread that uses it.

        Raises:
            Disordered: what has been read so far lacks rows that came too late.
        """

    def close(self) -> None:
        """End whatever runs for this source."""


class Direct:
    """A dataset read from its own files each time."""

    def __init__(self, dataset: Dataset, instrument: str | None, clock: str) -> None:
        """Raises SettingError where there is no such instrument."""
        self.report = Report()
        self._dataset = dataset
        self._clock = clock
        self.instrument = dataset.resolved(instrument)
        self._found = Report()
        self._opened: OpenedDataset | None = dataset.open(self.instrument, clock, self._found)
        self.size_bytes = self._opened.size_bytes
        self.time_range = self._opened.time_range
        self.read_bytes: int | None = None
        self.cache = "off"

    @property
    def whole(self) -> bool:
        """See Source."""
        return self.report.complete

    def begin(
        self,
        aggregation: Aggregation,
        at: Moment | None,  # noqa: ARG002 - everything before it has to be read anyway
        *,
        keep: int | None,
        while_waiting: Callable[[], None] = lambda: None,  # noqa: ARG002 - whoever takes the chunks waits
    ) -> tuple[Engine, Iterator[Chunk]]:
        """See Source."""
        return Engine(aggregation, keep=keep), self.chunks(self.report)

    def chunks(self, report: Report) -> Iterator[Chunk]:
        """Everything, from the first event; what is found goes to `report`, from which everything else goes."""
        opened, self._opened = self._opened, None
        if opened is None:
            report.become(Report())
            opened = self._dataset.open(self.instrument, self._clock, report)
        else:
            # What was opened to know its size has not been read yet.
            report.become(self._found)
        return opened.chunks(report)

    def leave(self) -> None:
        """See Source."""

    def skips(self, from_ns: int, to_ns: int) -> bool:  # noqa: ARG002 - nothing can be passed over
        """See Source."""
        return False

    def neighbour(
        self,
        at_ns: int,
        kind: Kind,
        *,
        forward: bool,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> int | None:
        """See Source."""
        before_ns: int | None = None
        with closing(prefetched(self.chunks(Report()), while_waiting=while_waiting)) as chunks:
            for chunk in chunks:
                found_ns = _neighbour_in(chunk, at_ns, kind, forward=forward)
                if forward and found_ns is not None:
                    return found_ns
                before_ns = before_ns if found_ns is None else found_ns
                if not forward and chunk.until_ns >= at_ns:
                    break
        return before_ns

    def bar(
        self, activity: Activity, at_ns: int, while_waiting: Callable[[], None] = lambda: None
    ) -> tuple[int, int | None]:
        """See Source."""
        with closing(prefetched(self.chunks(Report()), while_waiting=while_waiting)) as chunks:
            first = next(chunks, None)
            if first is None or first.first_ns is None:
                return at_ns, None
            trades = (part for chunk in chain((first,), chunks) for part in chunk.trades)
            return bar_around(ActivityCounter(activity, first.first_ns), trades, at_ns)

    def volumes(self) -> Volumes | None:
        """See Source."""
        return None

    def refresh(self) -> None:
        """See Source."""

    def close(self) -> None:
        """See Source."""


class Kept:
    """A dataset read from a store, complete or while a conversion is making it."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        *,
        entry: Entry | None = None,
        direct: Direct | None = None,
        conversion: Conversion | None = None,
    ) -> None:
        """The store in `folder`; with the cache's come `entry`, which holds it, and `direct` for when it is lost."""
        self.instrument = manifest.instrument
        self.size_bytes = manifest.source_bytes
        self.report = Report.from_json(manifest.report.encode()) if manifest.complete else Report()
        self.folder: Final = folder
        self._whole_manifest = manifest
        self._entry = entry
        self._direct = direct
        self._conversion = conversion
        self._left = False
        self._visit = 0
        self._filled: dict[Activity, ActivityIndex] = {}
        self._asked: tuple[int, Chunk] | None = None
        self._volumes: Volumes | None = None
        self._added_up = 0

    @property
    def manifest(self) -> Manifest:
        """What is there by now."""
        return self._conversion.manifest if self._conversion else self._whole_manifest

    @property
    def cache(self) -> str:
        """See Source."""
        if self._entry is None:
            return "off"
        return "left" if self._left else "complete" if self.manifest.complete else "filling"

    @property
    def whole(self) -> bool:
        """See Source."""
        if self._direct is None:
            return False
        return self._direct.whole if self._left else self.manifest.complete

    @property
    def read_bytes(self) -> int | None:
        """See Source."""
        return self._conversion.consumed_bytes if self._conversion and not self._left else None

    @property
    def time_range(self) -> tuple[int, int] | None:
        """See Source."""
        manifest = self.manifest
        if manifest.complete and manifest.first_ns is not None and manifest.last_ns is not None:
            return manifest.first_ns, manifest.last_ns
        return self._direct.time_range if self._direct else None

    def begin(
        self,
        aggregation: Aggregation,
        at: Moment | None,
        *,
        keep: int | None,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> tuple[Engine, Iterator[Chunk]]:
        """See Source."""
        self._await(0, while_waiting)
        manifest = self.manifest
        if not self._left:
            if at is None or keep is None or manifest.first_ns is None:
                return Engine(aggregation, keep=keep), self._chunks(0)
            segment = segment_holding(manifest, resolved(at, manifest.first_ns))
            try:
                index = self._filled_by(aggregation.activity)
                if index is not None:
                    index.extend(manifest, segment)
                state, first = state_before(self.folder, manifest, segment, aggregation, keep=keep, index=index)
            except DatasetError as error:
                self._leave_cache(error)
            else:
                return Engine(aggregation, keep=keep, state=state), self._chunks(first)
        return self._fallback().begin(aggregation, at, keep=keep)

    def _filled_by(self, activity: Activity | None) -> ActivityIndex | None:
        """Where its bars begin, as far as that has been found."""
        first_ns = self.manifest.first_ns
        if activity is None or first_ns is None:
            return None
        if activity not in self._filled:
            self._filled[activity] = ActivityIndex(self.folder, activity, first_ns)
        return self._filled[activity]

    def _chunks(self, segment: int) -> Iterator[Chunk]:
        visit = self._visit
        last_ns: int | None = self.manifest.segments[segment - 1].last_ns if segment else None
        with self._leaving_what_is_damaged():
            while self._visit == visit:
                if segment < len(self.manifest.segments):
                    chunk = read_segment(self.folder, segment, self.manifest.segments[segment])
                    last_ns = chunk.until_ns
                    segment += 1
                    yield chunk
                elif self._await(segment, lambda: None, once=True) and segment == len(self.manifest.segments):
                    if self._left:
                        break
                    return
        if self._visit == visit:
            yield from _later(self._fallback().chunks(self.report), last_ns)

    def _await(self, segments: int, while_waiting: Callable[[], None], *, once: bool = False) -> bool:
        """Wait for more than so many segments, or the end of them; return whether it was worth it.

        Raises:
            DatasetError: the dataset turned out unusable.
        """
        conversion = self._conversion
        if conversion is None:
            return True
        while not conversion.wait(segments, _PATIENCE_S):
            if once:
                return False
            while_waiting()
        if conversion.failure is not None:
            raise conversion.failure
        if len(conversion.manifest.segments) <= segments and conversion.unusable is not None:
            self._leave_cache(conversion.unusable)
        return True

    @contextmanager
    def _leaving_what_is_damaged(self) -> Generator[None]:
        """Goes on without the cache where it turns out damaged; where the dataset itself is, that is raised."""
        try:
            yield
        except DatasetError as error:
            if self._conversion is not None and error is self._conversion.failure:
                raise
            self._leave_cache(error)

    def _leave_cache(self, reason: object) -> None:
        """Go on without the cache.

        Raises:
            DatasetError: it is no cache, but the dataset itself.
        """
        if self._direct is None:
            raise reason if isinstance(reason, DatasetError) else DatasetError(str(reason))
        if not self._left:
            _log.warning("cache_left", reason=str(reason))
        self._left = True

    def _fallback(self) -> Direct:
        if self._direct is None:
            msg = f"{self.folder} cannot be read"
            raise DatasetError(msg)
        return self._direct

    def leave(self) -> None:
        """See Source."""
        self._visit += 1

    def skips(self, from_ns: int, to_ns: int) -> bool:
        """See Source."""
        if self._left:
            return False
        return segment_holding(self.manifest, to_ns) > segment_holding(self.manifest, from_ns) + 1

    def neighbour(
        self, at_ns: int, kind: Kind, *, forward: bool, while_waiting: Callable[[], None] = lambda: None
    ) -> int | None:
        """See Source."""
        with self._leaving_what_is_damaged():
            while not self._left:
                manifest = self.manifest
                found_ns = self._neighbour(manifest, at_ns, kind, forward=forward)
                if found_ns is not None or manifest.complete or not forward:
                    return found_ns
                self._await(len(manifest.segments), while_waiting)
        return self._fallback().neighbour(at_ns, kind, forward=forward, while_waiting=while_waiting)

    def _neighbour(self, manifest: Manifest, at_ns: int, kind: Kind, *, forward: bool) -> int | None:
        number = segment_holding(manifest, at_ns)
        while 0 <= number < len(manifest.segments):
            # The next question is mostly about the same segment: many steps are asked for one by one.
            if self._asked is None or self._asked[0] != number:
                self._asked = number, read_segment(self.folder, number, manifest.segments[number])
            found_ns = _neighbour_in(self._asked[1], at_ns, kind, forward=forward)
            if found_ns is not None:
                return found_ns
            number += 1 if forward else -1
        return None

    def bar(
        self, activity: Activity, at_ns: int, while_waiting: Callable[[], None] = lambda: None
    ) -> tuple[int, int | None]:
        """See Source."""
        with self._leaving_what_is_damaged():
            while not self._left:
                manifest = self.manifest
                filled = self._filled_by(activity)
                if filled is not None:
                    begin_ns, end_ns = filled.bar(manifest, at_ns)
                    if end_ns is not None or manifest.complete:
                        return begin_ns, end_ns
                self._await(len(manifest.segments), while_waiting)
        return self._fallback().bar(activity, at_ns, while_waiting)

    def volumes(self) -> Volumes | None:
        """See Source."""
        manifest = self.manifest
        segments = len(manifest.segments)
        # While the store grows, a tenth more is worth adding it all up again.
        if not self._left and (segments > self._added_up * 1.1 or (manifest.complete and segments > self._added_up)):
            try:
                self._volumes = volumes_of(self.folder, manifest)
            except DatasetError as error:
                self._leave_cache(error)
            self._added_up = segments
        return self._volumes

    def refresh(self) -> None:
        """See Source."""
        if self._conversion is None or self._left:
            return
        if isinstance(self._conversion.failure, Disordered):
            # What is shown lacks what came too late.
            raise self._conversion.failure
        self.report.become(self._conversion.report)

    def close(self) -> None:
        """See Source."""
        self.leave()
        if self._conversion is not None:
            self._conversion.stop()
        if self._entry is not None:
            self._entry.release()


def open_source(dataset: Dataset, instrument: str | None, clock: str, cache: Cache | None) -> Source:
    """The best source there is of an instrument (None: the first) of `dataset`.

    Raises:
        SettingError: there is no such instrument.
        DatasetError: the dataset is a store, but an incomplete or damaged one.
    """
    name = dataset.resolved(instrument)
    if (store := stores.whole(dataset, name, clock)) is not None:
        return Kept(*store)
    if cache is not None and dataset.sort:
        dataset = replace(dataset, scratch=cache.folder)
    direct = Direct(dataset, name, clock)
    if cache is None:
        return direct
    try:
        return _cached(dataset, direct, clock, cache)
    except (CacheUnusable, OSError) as reason:
        _log.warning("cache_unusable", reason=str(reason))
        direct.cache = "left"
        return direct


def _cached(dataset: Dataset, direct: Direct, clock: str, cache: Cache) -> Kept:
    fresh = new_manifest(dataset, direct.instrument, clock, cache.digests.of)
    cache.digests.save()
    if not dataset.sort:
        # A dataset that turned out far from sorted is known by what was made of it then.
        key = key_when_sorted(fresh.key)
        fresh = msgspec.structs.replace(fresh, key=key) if cache.has(key) else fresh
    entry = cache.entry(fresh.key)
    manifest = entry.manifest() or fresh
    if manifest.complete:
        return Kept(entry.folder, manifest, entry=entry, direct=direct)
    try:
        cache.make_room(entry)
    except BaseException:
        entry.release()
        raise
    conversion = Conversion(
        dataset, entry.folder, manifest, check=lambda: cache.make_room(entry), on_complete=entry.share
    )
    conversion.start()
    return Kept(entry.folder, manifest, entry=entry, direct=direct, conversion=conversion)


def _neighbour_in(chunk: Chunk, at_ns: int, kind: Kind, *, forward: bool) -> int | None:
    """The same among the events of one chunk."""
    parts = (chunk.book if kind == "book" else chunk.trades) if kind != "event" else (*chunk.trades, *chunk.book)
    found: list[int] = []
    for part in parts:
        if forward:
            at = int(np.searchsorted(part.time_ns, at_ns, side="right"))
        else:
            at = int(np.searchsorted(part.time_ns, at_ns, side="left")) - 1
        if 0 <= at < len(part):
            found.append(int(part.time_ns[at]))
    if not found:
        return None
    return min(found) if forward else max(found)


def _later(chunks: Iterator[Chunk], last_ns: int | None) -> Iterator[Chunk]:
    """What of `chunks` is later than `last_ns` (None: all of it)."""
    for chunk in chunks:
        if last_ns is None:
            yield chunk
        elif chunk.until_ns > last_ns:
            yield chunk.after(last_ns)
