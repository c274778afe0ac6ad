"""A source that reads a store, from any moment."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.detected.found import nearest_of
from processor.core.report import Report
from processor.core.sessions import QUIET_NS, nearest, session_of, starts_among, times_of
from processor.settings import resolved
from processor.sources.extent import Extent, extent_of_store
from processor.store.activity_index import ActivityIndex
from processor.store.alerts import AlertsIndex
from processor.store.detected import found_of_segment
from processor.store.divergences import divergences_of_segments
from processor.store.reader import read_segment, segment_holding, state_before
from processor.store.volumes import volumes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from processor.core.alerts.kept import AlertsState
    from processor.core.detected.found import Kind
    from processor.core.engine import EngineState
    from processor.core.merge.chunk import Chunk, EventKind
    from processor.core.price_step import PriceStep
    from processor.core.sessions import Times
    from processor.settings import Activity, Aggregation, Moment
    from processor.store.manifest import Manifest, Segment
    from processor.store.volumes import Volumes


class _Ahead:
    """A segment that a thread reads; `chunk` waits for it."""

    def __init__(self, folder: Path, number: int, segment: Segment) -> None:
        """Start to read."""
        self.number: Final = number
        self._read: Future[Chunk] = Future()

        def read() -> None:
            try:
                self._read.set_result(read_segment(folder, number, segment))
            except BaseException as error:  # noqa: BLE001 - raised again where the chunk is taken
                self._read.set_exception(error)

        threading.Thread(target=read, name="segment", daemon=True).start()

    def chunk(self) -> Chunk:
        """Its events.

        Raises:
            DatasetError: a file of the store is damaged.
        """
        return self._read.result()


_HELD: Final = 3
"""Segments that a replay takes up at once: the one of its moment, and the two that are read ahead."""


class _Held:
    """The segments read last: a replay that goes on from the same moment in another way needs no others."""

    def __init__(self) -> None:
        self._chunks: dict[int, Chunk] = {}
        """By segment, the newest last."""
        self._lock = threading.Lock()

    def get(self, segment: int) -> Chunk | None:
        """That segment, where it is held."""
        with self._lock:
            return self._chunks.get(segment)

    def put(self, segment: int, chunk: Chunk) -> None:
        """Hold a segment in the place of the one that was asked for longest ago."""
        with self._lock:
            self._chunks.pop(segment, None)
            self._chunks[segment] = chunk
            while len(self._chunks) > _HELD:
                del self._chunks[next(iter(self._chunks))]


class StoreSource:
    """See Source. The store lies in `folder`, and may be complete or still grow."""

    def __init__(self, folder: Path, newest_manifest: Callable[[], Manifest]) -> None:
        """Nothing is read yet. `newest_manifest` returns what there is of the store by now; any thread may call it."""
        manifest = newest_manifest()
        self.instrument = manifest.instrument
        self.size_bytes = manifest.source_bytes
        self.report = Report.from_json(manifest.report.encode()) if manifest.complete else Report()
        self.folder: Final = folder
        self._newest_manifest = newest_manifest
        self.read_bytes: int | None = None
        self.cache = "off"
        self.whole = False
        self._indices: dict[Activity, ActivityIndex] = {}
        self._last_read: tuple[int, Chunk] | None = None
        self._ahead: _Ahead | None = None
        self._held: _Held | None = None
        self._alerts: AlertsIndex | None = None
        self._volumes: Volumes | None = None
        self._added_up = 0

    @property
    def manifest(self) -> Manifest:
        """What there is of the store by now."""
        return self._newest_manifest()

    @property
    def time_range(self) -> tuple[int, int] | None:
        """See Source."""
        manifest = self.manifest
        if manifest.complete and manifest.first_ns is not None and manifest.last_ns is not None:
            return manifest.first_ns, manifest.last_ns
        return None

    def start(
        self,
        aggregation: Aggregation,
        at: Moment | None,
        *,
        keep: int | None,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> tuple[EngineState | None, Iterator[Chunk]]:
        """See Source."""
        state, first = self.state_before(aggregation, at, keep=keep, while_waiting=while_waiting)
        return state, self._chunks(first)

    def state_before(
        self,
        aggregation: Aggregation,
        at: Moment | None,
        *,
        keep: int | None,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> tuple[EngineState | None, int]:
        """The state that an engine starts from to come to `at`, None for a new one, and the segment that follows it.

        Raises:
            DatasetError: a file of the store is damaged.
        """
        manifest = self.manifest
        if at is None or keep is None or manifest.first_ns is None:
            return None, 0
        at_ns = resolved(at, manifest.first_ns)
        segment = segment_holding(manifest, at_ns)
        self._held = self._held or _Held()
        self._ahead = None
        if self._held.get(segment) is None:
            # Its events are needed in any case: they are read while the state before them is put together.
            self._ahead = _Ahead(self.folder, segment, manifest.segments[segment])
        index = self._index(aggregation.activity) if aggregation.activity is not None else None
        if index is not None:
            index.extend(manifest, segment)
        alerts: Callable[[int], AlertsState] | None = None
        if aggregation.alerts and "alerts" in aggregation.extras:
            alerts = partial(self._alerts_of(aggregation).before, manifest, index, while_waiting)
        return state_before(
            self.folder, manifest, segment, aggregation, keep=keep, index=index, alerts=alerts, at_ns=at_ns
        )

    def _alerts_of(self, aggregation: Aggregation) -> AlertsIndex:
        """With what has been found, where it is still that of `aggregation`."""
        if self._alerts is None or not self._alerts.goes_on_with(aggregation):
            self._alerts = AlertsIndex(self.folder, aggregation)
        return self._alerts

    def _index(self, activity: Activity) -> ActivityIndex | None:
        """Where its bars start, as far as that has been found; None where there is no event yet."""
        if activity not in self._indices and self.manifest.first_ns is not None:
            self._indices[activity] = ActivityIndex(self.folder, activity, self.manifest.first_ns)
        return self._indices.get(activity)

    def _chunks(self, first: int) -> Iterator[Chunk]:
        for number in range(first, len(self.manifest.segments)):
            yield self.chunk(number)

    def chunk(self, segment: int) -> Chunk:
        """The events of one segment.

        Raises:
            DatasetError: a file of the store is damaged.
        """
        ahead, held = self._ahead, self._held
        found = None if held is None else held.get(segment)
        if found is None and ahead is not None and ahead.number == segment:
            self._ahead = None
            found = ahead.chunk()
        if found is None:
            found = read_segment(self.folder, segment, self.manifest.segments[segment])
        if held is not None:
            held.put(segment, found)
        return found

    def stop(self) -> None:
        """See Source."""

    def skips(self, from_ns: int, to_ns: int) -> bool:
        """See Source."""
        return segment_holding(self.manifest, to_ns) > segment_holding(self.manifest, from_ns) + 1

    def neighbour(
        self,
        at_ns: int,
        kind: EventKind,
        *,
        forward: bool,
        while_waiting: Callable[[], None] = lambda: None,  # noqa: ARG002 - everything is there
    ) -> int | None:
        """See Source."""
        number = segment_holding(self.manifest, at_ns)
        while 0 <= number < len(self.manifest.segments):
            # The next question is mostly about the same segment: many steps are asked for one by one.
            if self._last_read is None or self._last_read[0] != number:
                self._last_read = number, self.chunk(number)
            found_ns = self._last_read[1].neighbour(at_ns, kind, forward=forward)
            if found_ns is not None:
                return found_ns
            number += 1 if forward else -1
        return None

    def session_start(
        self,
        at_ns: int,
        session_ns: int,
        *,
        forward: bool,
        while_waiting: Callable[[], None] = lambda: None,  # noqa: ARG002 - everything is there
    ) -> int | None:
        """See Source."""
        number = segment_holding(self.manifest, at_ns)
        while 0 <= number < len(self.manifest.segments):
            found_ns = nearest(self._session_starts(number, session_ns), at_ns, forward=forward)
            if found_ns is not None:
                return found_ns
            number += 1 if forward else -1
        return None

    def _session_starts(self, number: int, session_ns: int) -> Times:
        segments = self.manifest.segments
        before_ns = segments[number - 1].last_ns if number else None
        first_ns, last_ns = segments[number].first_ns, segments[number].last_ns
        # Only its first event can start a session where it is of one, and too short for a pause.
        is_of_one = session_of(first_ns, session_ns) == session_of(last_ns, session_ns)
        is_short = is_of_one and last_ns - first_ns < QUIET_NS
        times = np.array([first_ns]) if is_short else times_of(self.chunk(number))
        return starts_among(times, before_ns, session_ns)

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
        number = segment_holding(self.manifest, at_ns)
        if kind == "divergence":
            return self._divergence(number, at_ns, aggregation, forward=forward, while_waiting=while_waiting)
        while 0 <= number < len(self.manifest.segments):
            found = found_of_segment(self.folder, self.manifest, number)
            found_ns = nearest_of(found, kind, at_ns, forward=forward)
            if found_ns is not None:
                return found_ns
            number += 1 if forward else -1
            while_waiting()
        return None

    def _divergence(
        self, number: int, at_ns: int, aggregation: Aggregation, *, forward: bool, while_waiting: Callable[[], None]
    ) -> int | None:
        """The same of divergences, from segment `number`: they are made of the bars of `aggregation`."""
        end, count = number + 1, 1
        while True:
            first = number if forward else max(0, end - count)
            manifest = self.manifest
            index = self._index(aggregation.activity) if aggregation.activity is not None else None
            if index is not None:
                index.extend(manifest, first)
            before_ns: int | None = None
            for each, found in enumerate(
                divergences_of_segments(self.folder, manifest, first, aggregation, index), first
            ):
                found_ns = nearest_of(found, "divergence", at_ns, forward=forward)
                if forward and found_ns is not None:
                    return found_ns
                before_ns = before_ns if found_ns is None else found_ns
                while_waiting()
                if not forward and each + 1 == end:
                    break
            if before_ns is not None or forward or first == 0:
                return before_ns
            # What is farther back is looked through in ever longer pieces, each of them from its start.
            end, count = first, 4 * count

    def alert_time(
        self,
        at_ns: int,
        aggregation: Aggregation,
        *,
        forward: bool,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> int | None:
        """See Source."""
        manifest = self.manifest
        index = self._index(aggregation.activity) if aggregation.activity is not None else None
        return self._alerts_of(aggregation).nearest(manifest, index, while_waiting, at_ns, forward=forward)

    def bar(
        self,
        activity: Activity,
        at_ns: int,
        while_waiting: Callable[[], None] = lambda: None,  # noqa: ARG002 - everything is there
    ) -> tuple[int, int | None]:
        """See Source."""
        index = self._index(activity)
        return (at_ns, None) if index is None else index.bar(self.manifest, at_ns)

    def volumes(self) -> Volumes | None:
        """See Source."""
        manifest = self.manifest
        segments = len(manifest.segments)
        # While the store grows, a tenth more is worth adding it all up again.
        if segments > self._added_up * 1.1 or (manifest.complete and segments > self._added_up):
            self._added_up = segments
            self._volumes = volumes_of(self.folder, manifest)
        return self._volumes

    def extent(
        self,
        while_waiting: Callable[[], None] = lambda: None,  # noqa: ARG002 - everything is there
    ) -> Extent:
        """See Source."""
        return extent_of_store(self.manifest) or Extent(0, 0)

    def price_step(self) -> PriceStep:
        """See Source."""
        return self.manifest.price_step

    def refresh(self) -> None:
        """See Source."""

    def close(self) -> None:
        """See Source."""
