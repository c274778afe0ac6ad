"""A source that reads a store in the cache, which a conversion may still fill while it is played.

Where the cache cannot be used any more, it is abandoned: the vendor's files are read instead, from where the replay is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from processor.errors import DatasetError, Disordered
from processor.sources.extent import extent_of_store
from processor.sources.store import StoreSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from processor.core.detected.found import Kind
    from processor.core.engine import EngineState
    from processor.core.merge.chunk import Chunk, EventKind
    from processor.core.price_step import PriceStep
    from processor.settings import Activity, Aggregation, Moment
    from processor.sources.conversion import Conversion
    from processor.sources.extent import Extent
    from processor.sources.files import FileSource
    from processor.store.cache import Entry
    from processor.store.manifest import Manifest
    from processor.store.volumes import Volumes

_log = structlog.get_logger()

_PATIENCE_S: Final = 0.1

T = TypeVar("T")


class _Interruption(Exception):
    """An error of who waits for the store."""

    def __init__(self, error: DatasetError) -> None:
        super().__init__(str(error))
        self.error = error


class CachedSource:
    """See Source. `store` is what is read as long as the cache is not abandoned."""

    def __init__(self, entry: Entry, manifest: Manifest, files: FileSource, conversion: Conversion | None) -> None:
        """Read the store that `entry` holds, as `manifest` has it or as far as `conversion` has filled it.

        `files` are the same events, for when the cache is abandoned.
        """
        self.store: Final = StoreSource(entry.folder, lambda: conversion.manifest if conversion else manifest)
        self.instrument = self.store.instrument
        self.size_bytes = self.store.size_bytes
        self.report = self.store.report
        self._entry = entry
        self._files = files
        self._conversion = conversion
        self._abandoned = False
        self._reads_files = False
        self._starts = 0
        self._volumes: Volumes | None = None

    @property
    def cache(self) -> str:
        """See Source."""
        return "abandoned" if self._abandoned else "complete" if self.store.manifest.complete else "filling"

    @property
    def whole(self) -> bool:
        """See Source."""
        if self._abandoned:
            return self._reads_files and self.report.complete
        return self.store.manifest.complete

    @property
    def read_bytes(self) -> int | None:
        """See Source."""
        return self._conversion.consumed_bytes if self._conversion and not self._abandoned else None

    @property
    def time_range(self) -> tuple[int, int] | None:
        """See Source."""
        return self.store.time_range or self._files.time_range

    def start(
        self,
        aggregation: Aggregation,
        at: Moment | None,
        *,
        keep: int | None,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> tuple[EngineState | None, Iterator[Chunk]]:
        """See Source."""
        self._await(0, while_waiting)

        def wait() -> None:
            try:
                while_waiting()
            except DatasetError as error:
                # It says nothing of the store.
                raise _Interruption(error) from error

        try:
            found = self._ask(lambda store: store.state_before(aggregation, at, keep=keep, while_waiting=wait))
        except _Interruption as interruption:
            raise interruption.error from None
        if found is None:
            return None, self._chunks_of_files()
        state, first = found
        return state, self._chunks(first)

    def _chunks(self, number: int) -> Iterator[Chunk]:
        """From segment `number` of the store on, and from the files once the cache is abandoned."""
        start = self._starts
        last_ns = self.store.manifest.segments[number - 1].last_ns if number else None
        while self._starts == start and not self._abandoned:
            if number < len(self.store.manifest.segments):
                chunk = self._chunk(number)
                if chunk is not None:
                    last_ns = chunk.until_ns
                    number += 1
                    yield chunk
            elif self._wait(number) and number == len(self.store.manifest.segments):
                break
        if self._starts == start and self._abandoned:
            yield from _later(self._chunks_of_files(), last_ns)

    def _chunks_of_files(self) -> Iterator[Chunk]:
        """All chunks of the files; from now on the report is of what is found in these."""
        self._reads_files = True
        return self._files.chunks(self.report)

    def _chunk(self, segment: int) -> Chunk | None:
        return self._ask(lambda store: store.chunk(segment))

    def _ask(self, question: Callable[[StoreSource], T]) -> T | None:
        """What the store answers; None once the cache is abandoned, which it is where it turns out to be damaged."""
        if self._abandoned:
            return None
        try:
            return question(self.store)
        except DatasetError as error:
            self._abandon(str(error))
            self._entry.forget()
            return None

    def _abandon(self, reason: str) -> None:
        if not self._abandoned:
            _log.warning("cache_abandoned", reason=reason)
        self._abandoned = True

    def _await(self, segments: int, while_waiting: Callable[[], None]) -> None:
        """Wait until there are more than `segments`, or will be no more.

        Raises:
            DatasetError: the dataset turned out to be unusable.
        """
        while not self._wait(segments):
            while_waiting()

    def _wait(self, segments: int) -> bool:
        """Wait a moment for the same; return whether it is so. The cache is abandoned if it cannot be filled further.

        Raises:
            DatasetError: the dataset turned out to be unusable.
        """
        conversion = self._conversion
        if conversion is None:
            return True
        if not conversion.wait(segments, _PATIENCE_S):
            return False
        if conversion.failure is not None:
            raise conversion.failure
        if conversion.unusable is not None and len(conversion.manifest.segments) <= segments:
            self._abandon(conversion.unusable)
        return True

    def stop(self) -> None:
        """See Source."""
        self._starts += 1

    def skips(self, from_ns: int, to_ns: int) -> bool:
        """See Source."""
        return not self._abandoned and self.store.skips(from_ns, to_ns)

    def neighbour(
        self, at_ns: int, kind: EventKind, *, forward: bool, while_waiting: Callable[[], None] = lambda: None
    ) -> int | None:
        """See Source."""
        return self._time(
            lambda source: source.neighbour(at_ns, kind, forward=forward, while_waiting=while_waiting),
            while_waiting if forward else None,
        )

    def session_start(
        self, at_ns: int, session_ns: int, *, forward: bool, while_waiting: Callable[[], None] = lambda: None
    ) -> int | None:
        """See Source."""
        return self._time(
            lambda source: source.session_start(at_ns, session_ns, forward=forward, while_waiting=while_waiting),
            while_waiting if forward else None,
        )

    def event_time(
        self,
        at_ns: int,
        kind: Kind,
        aggregation: Aggregation,
        *,
        forward: bool,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> int | None:
        """See Source."""
        return self._time(
            lambda source: source.event_time(at_ns, kind, aggregation, forward=forward, while_waiting=while_waiting),
            while_waiting if forward else None,
        )

    def alert_time(
        self,
        at_ns: int,
        aggregation: Aggregation,
        *,
        forward: bool,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> int | None:
        """See Source."""
        return self._time(
            lambda source: source.alert_time(at_ns, aggregation, forward=forward, while_waiting=while_waiting),
            while_waiting if forward else None,
        )

    def _time(
        self, question: Callable[[StoreSource | FileSource], int | None], while_waiting: Callable[[], None] | None
    ) -> int | None:
        """The answer of the store, waited for if there may be one later; once it is abandoned, that of the files."""
        while not self._abandoned:
            manifest = self.store.manifest
            found_ns = self._ask(question)
            if self._abandoned:
                break
            if found_ns is not None or manifest.complete or while_waiting is None:
                return found_ns
            self._await(len(manifest.segments), while_waiting)
        return question(self._files)

    def bar(
        self, activity: Activity, at_ns: int, while_waiting: Callable[[], None] = lambda: None
    ) -> tuple[int, int | None]:
        """See Source."""
        while not self._abandoned:
            manifest = self.store.manifest
            found = self._ask(lambda store: store.bar(activity, at_ns))
            if found is not None and (found[1] is not None or manifest.complete):
                return found
            if not self._abandoned:
                self._await(len(manifest.segments), while_waiting)
        return self._files.bar(activity, at_ns, while_waiting)

    def volumes(self) -> Volumes | None:
        """See Source."""
        self._volumes = self._ask(lambda store: store.volumes()) or self._volumes
        return self._volumes

    def extent(self, while_waiting: Callable[[], None] = lambda: None) -> Extent:
        """See Source."""
        while not self._abandoned:
            manifest = self.store.manifest
            found = extent_of_store(manifest)
            if found is not None:
                return found
            self._await(len(manifest.segments), while_waiting)
        return self._files.extent(while_waiting)

    def price_step(self) -> PriceStep:
        """See Source."""
        return self.store.price_step()

    def refresh(self) -> None:
        """See Source."""
        if self._conversion is None or self._abandoned:
            return
        if isinstance(self._conversion.failure, Disordered):
            # What is shown lacks what came too late.
            raise self._conversion.failure
        self.report.become(self._conversion.report)

    def close(self) -> None:
        """See Source."""
        self.stop()
        if self._conversion is not None:
            self._conversion.stop()
        self._entry.release()


def _later(chunks: Iterator[Chunk], last_ns: int | None) -> Iterator[Chunk]:
    """What of `chunks` is later than `last_ns` (None: all of it)."""
    for chunk in chunks:
        if last_ns is None:
            yield chunk
        elif chunk.until_ns > last_ns:
            yield chunk.after(last_ns)
