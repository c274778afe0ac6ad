"""Where a replay gets its events from: the vendor's files themselves, or a store made of them.

The first time a dataset is read it becomes a store in the cache while it plays; the next time the store is all that is
read. Where the cache cannot be used, or goes away meanwhile, the vendor's files are read instead, from where one was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import structlog

from processor.engine import Engine
from processor.errors import DatasetError
from processor.formats import own
from processor.ordering import in_time_order
from processor.report import Report
from processor.settings import resolved
from processor.store import manifest as manifests
from processor.store.cache import Cache, CacheUnusable
from processor.store.conversion import Conversion
from processor.store.key import source_key
from processor.store.manifest import STORE_VERSION, Manifest
from processor.store.reader import engine_before, read_segment, segment_holding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from processor.formats import Dataset
    from processor.ordering import Chunk
    from processor.settings import Aggregation, Moment
    from processor.store.cache import Entry

_log = structlog.get_logger()

_PATIENCE_S: Final = 0.1


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

    def refresh(self) -> None:
        """Bring `report` up to date. For the thread that uses it."""

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
        opened = dataset.open(self.instrument, clock, Report())
        self.size_bytes = opened.size_bytes
        self.time_range = opened.time_range
        self.read_bytes: int | None = None

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
        return Engine(aggregation, keep=keep), self.chunks()

    def chunks(self) -> Iterator[Chunk]:
        """Everything, from the first event."""
        self.report.become(Report())
        return in_time_order(self._dataset.open(self.instrument, self._clock, self.report).streams, self.report)

    def refresh(self) -> None:
        """See Source."""

    def close(self) -> None:
        """See Source."""


class Stored:
    """A dataset read from a store that is complete."""

    def __init__(self, folder: Path, manifest: Manifest, entry: Entry | None = None) -> None:
        """`entry` is what holds it, if it is the cache's."""
        self.instrument = manifest.instrument
        self.size_bytes = manifest.source_bytes
        self.report = Report.from_json(manifest.report.encode())
        self.read_bytes: int | None = None
        self.folder: Final = folder
        self.manifest: Final = manifest
        self.whole: Final = entry is not None
        self._entry = entry

    @property
    def time_range(self) -> tuple[int, int] | None:
        """See Source."""
        first_ns, last_ns = self.manifest.first_ns, self.manifest.last_ns
        return None if first_ns is None or last_ns is None else (first_ns, last_ns)

    def begin(
        self,
        aggregation: Aggregation,
        at: Moment | None,
        *,
        keep: int | None,
        while_waiting: Callable[[], None] = lambda: None,  # noqa: ARG002 - it is all there
    ) -> tuple[Engine, Iterator[Chunk]]:
        """See Source."""
        return _begin(self.folder, self.manifest, aggregation, at, keep, self._chunks)

    def _chunks(self, segment: int) -> Iterator[Chunk]:
        for number in range(segment, len(self.manifest.segments)):
            yield read_segment(self.folder, number, self.manifest.segments[number])

    def refresh(self) -> None:
        """See Source."""

    def close(self) -> None:
        """See Source."""
        if self._entry is not None:
            self._entry.release()


class Growing:
    """A dataset that is being read into the cache, and from there."""

    def __init__(self, direct: Direct, entry: Entry, conversion: Conversion) -> None:
        """`direct` is the same dataset, for when the cache cannot be used further."""
        self.instrument = direct.instrument
        self.size_bytes = direct.size_bytes
        self.report = direct.report
        self._direct = direct
        self._entry = entry
        self._conversion = conversion
        self._folder = entry.folder
        self._off_cache = False

    @property
    def whole(self) -> bool:
        """See Source."""
        return self._direct.whole if self._off_cache else self._conversion.manifest.complete

    @property
    def read_bytes(self) -> int | None:
        """See Source."""
        return None if self._off_cache else self._conversion.consumed_bytes

    @property
    def time_range(self) -> tuple[int, int] | None:
        """See Source."""
        manifest = self._conversion.manifest
        if manifest.complete and manifest.first_ns is not None and manifest.last_ns is not None:
            return manifest.first_ns, manifest.last_ns
        return self._direct.time_range

    def begin(
        self,
        aggregation: Aggregation,
        at: Moment | None,
        *,
        keep: int | None,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> tuple[Engine, Iterator[Chunk]]:
        """See Source."""
        while not self._conversion.wait(0, _PATIENCE_S):
            while_waiting()
        self._raise_failure()
        return _begin(self._folder, self._conversion.manifest, aggregation, at, keep, self._chunks)

    def _chunks(self, segment: int) -> Iterator[Chunk]:
        conversion = self._conversion
        last_ns: int | None = conversion.manifest.segments[segment - 1].last_ns if segment else None
        reason: str | None = None
        while reason is None:
            conversion.wait(segment, 60.0)
            self._raise_failure()
            segments = conversion.manifest.segments
            if segment < len(segments):
                try:
                    chunk = read_segment(self._folder, segment, segments[segment])
                except DatasetError as error:
                    reason = str(error)
                    break
                last_ns = chunk.until_ns
                segment += 1
                yield chunk
            elif conversion.ended:
                reason = conversion.unusable
                if reason is None:
                    return
        _log.warning("cache_left", reason=reason)
        self._off_cache = True
        yield from _later(self._direct.chunks(), last_ns)

    def _raise_failure(self) -> None:
        if self._conversion.failure is not None:
            raise self._conversion.failure

    def refresh(self) -> None:
        """See Source."""
        if not self._off_cache:
            self.report.become(self._conversion.report)

    def close(self) -> None:
        """See Source."""
        self._conversion.stop()
        self._entry.release()


def open_source(dataset: Dataset, instrument: str | None, clock: str, cache: Cache | None) -> Source:
    """The best source there is of an instrument (None: the first) of `dataset`.

    Raises:
        SettingError: there is no such instrument.
        DatasetError: the dataset is a store, but an incomplete or damaged one.
    """
    direct = Direct(dataset, instrument, clock)
    if (folder := _store_of(dataset, direct.instrument)) is not None:
        manifest = manifests.load(folder)
        if manifest is not None and manifest.clock == clock:
            if not manifest.complete:
                msg = f"{folder} is an unfinished conversion: `processor convert` again finishes it"
                raise DatasetError(msg)
            return Stored(folder, manifest)
    if cache is None:
        return direct
    try:
        return _cached(dataset, direct, clock, cache)
    except (CacheUnusable, OSError) as reason:
        _log.warning("cache_unusable", reason=str(reason))
        return direct


def _cached(dataset: Dataset, direct: Direct, clock: str, cache: Cache) -> Stored | Growing:
    files = dataset.files_of(direct.instrument)
    key = source_key(dataset.format.name, direct.instrument, clock, files)
    entry = cache.entry(key)
    manifest = entry.manifest()
    if manifest is not None and manifest.complete:
        return Stored(entry.folder, manifest, entry)
    try:
        cache.make_room(entry)
    except BaseException:
        entry.release()
        raise
    if manifest is None:
        manifest = Manifest(
            version=STORE_VERSION,
            key=key,
            format=dataset.format.name,
            instrument=direct.instrument,
            clock=clock,
            source_bytes=direct.size_bytes,
        )
    conversion = Conversion(dataset, entry.folder, manifest, check=lambda: cache.make_room(entry))
    conversion.start()
    return Growing(direct, entry, conversion)


def _store_of(dataset: Dataset, instrument: str) -> Path | None:
    """The folder of the store that an instrument of a dataset in the own layout is, if it is one."""
    if dataset.format is not own.FORMAT:
        return None
    for file in dataset.files_of(instrument):
        for folder in (file.path.parent, file.path.parent.parent):
            if (folder / manifests.MANIFEST_FILE).is_file():
                return folder
    return None


def _begin(
    folder: Path,
    manifest: Manifest,
    aggregation: Aggregation,
    at: Moment | None,
    keep: int | None,
    chunks: Callable[[int], Iterator[Chunk]],
) -> tuple[Engine, Iterator[Chunk]]:
    if at is None or keep is None or manifest.first_ns is None:
        return Engine(aggregation, keep=keep), chunks(0)
    segment = segment_holding(manifest, resolved(at, manifest.first_ns))
    engine, first = engine_before(folder, manifest, segment, aggregation, keep=keep)
    return engine, chunks(first)


def _later(chunks: Iterator[Chunk], last_ns: int | None) -> Iterator[Chunk]:
    """What of `chunks` is later than `last_ns` (None: all of it)."""
    for chunk in chunks:
        if last_ns is None:
            yield chunk
        elif chunk.until_ns > last_ns:
            yield chunk.after(last_ns)
