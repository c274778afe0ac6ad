"""A source that reads a dataset from its own files, from the first event each time."""

from __future__ import annotations

from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING

from processor.core.aggregates.activity import ActivityCounter, bar_around
from processor.core.aggregates.batches import Batches
from processor.core.alerts.raising import Raising
from processor.core.detected.detector import Detector
from processor.core.detected.found import nearest_of, nearest_time
from processor.core.price_step import NO_STEP
from processor.core.report import Report
from processor.core.sessions import nearest, starts_among, times_of
from processor.prefetch import prefetched
from processor.sources.extent import extent_of_chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from processor.core.alerts.watch import Alert
    from processor.core.detected.found import Kind
    from processor.core.engine import EngineState
    from processor.core.merge.chunk import Chunk, EventKind
    from processor.core.price_step import PriceStep
    from processor.formats import Dataset, OpenedDataset
    from processor.settings import Activity, Aggregation, Moment
    from processor.sources.extent import Extent
    from processor.store.volumes import Volumes


class FileSource:
    """See Source."""

    def __init__(self, dataset: Dataset, instrument: str | None, clock: str) -> None:
        """Open one instrument of `dataset` (None: the most active).

        Raises:
            SettingError: there is no such instrument.
            DatasetError: the dataset is unusable.
        """
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

    def start(
        self,
        aggregation: Aggregation,  # noqa: ARG002 - files hold no aggregate
        at: Moment | None,  # noqa: ARG002 - everything before it has to be read anyway
        *,
        keep: int | None,  # noqa: ARG002 - likewise
        while_waiting: Callable[[], None] = lambda: None,  # noqa: ARG002 - nothing is read before the first chunk
    ) -> tuple[EngineState | None, Iterator[Chunk]]:
        """See Source."""
        return None, self.chunks(self.report)

    def chunks(self, report: Report) -> Iterator[Chunk]:
        """All chunks, from the first event. `report` is emptied, and then says what is found in them."""
        opened, self._opened = self._opened, None
        if opened is None:
            report.become(Report())
            opened = self._dataset.open(self.instrument, self._clock, report)
        else:
            # It was opened to know its size, and has not been read yet.
            report.become(self._found)
        return opened.chunks(report)

    def stop(self) -> None:
        """See Source."""

    def skips(self, from_ns: int, to_ns: int) -> bool:  # noqa: ARG002 - nothing can be passed over
        """See Source."""
        return False

    def neighbour(
        self, at_ns: int, kind: EventKind, *, forward: bool, while_waiting: Callable[[], None] = lambda: None
    ) -> int | None:
        """See Source."""
        before_ns: int | None = None
        with closing(prefetched(self.chunks(Report()), while_waiting=while_waiting)) as chunks:
            for chunk in chunks:
                found_ns = chunk.neighbour(at_ns, kind, forward=forward)
                if forward and found_ns is not None:
                    return found_ns
                before_ns = before_ns if found_ns is None else found_ns
                if not forward and chunk.until_ns >= at_ns:
                    break
        return before_ns

    def session_start(
        self, at_ns: int, session_ns: int, *, forward: bool, while_waiting: Callable[[], None] = lambda: None
    ) -> int | None:
        """See Source."""
        before_ns: int | None = None
        start_ns: int | None = None
        with closing(prefetched(self.chunks(Report()), while_waiting=while_waiting)) as chunks:
            for chunk in chunks:
                times = times_of(chunk)
                found_ns = nearest(starts_among(times, before_ns, session_ns), at_ns, forward=forward)
                if forward and found_ns is not None:
                    return found_ns
                start_ns = start_ns if found_ns is None else found_ns
                before_ns = int(times[-1]) if len(times) else before_ns
                if not forward and chunk.until_ns >= at_ns:
                    break
        return start_ns

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
        before_ns: int | None = None
        detector, batches = Detector(aggregation), Batches(aggregation)
        with closing(prefetched(self.chunks(Report()), while_waiting=while_waiting)) as chunks:
            for chunk in chunks:
                detector.advance(batches.of(chunk.trades, chunk.book))
                detector.settle()
                found_ns = nearest_of(detector.found, kind, at_ns, forward=forward)
                if forward and found_ns is not None:
                    return found_ns
                before_ns = before_ns if found_ns is None else found_ns
                detector.found.clear()
                if not forward and chunk.until_ns >= at_ns:
                    break
        return before_ns

    def alert_time(
        self,
        at_ns: int,
        aggregation: Aggregation,
        *,
        forward: bool,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> int | None:
        """See Source."""
        before_ns: int | None = None
        raising, batches = Raising(aggregation), Batches(aggregation)
        with closing(prefetched(self.chunks(Report()), while_waiting=while_waiting)) as chunks:
            for alerts in _raised(raising, batches, chunks):
                found_ns = nearest_time([alert.time_ns for alert in alerts], at_ns, forward=forward)
                if forward and found_ns is not None:
                    return found_ns
                before_ns = before_ns if found_ns is None else found_ns
                if not forward and raising.until_ns is not None and raising.until_ns >= at_ns:
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

    def extent(self, while_waiting: Callable[[], None] = lambda: None) -> Extent:
        """See Source."""
        with closing(prefetched(self.chunks(Report()), while_waiting=while_waiting)) as chunks:
            return extent_of_chunks(chunks, self.size_bytes)

    def price_step(self) -> PriceStep:
        """See Source."""
        return NO_STEP

    def refresh(self) -> None:
        """See Source."""

    def close(self) -> None:
        """See Source."""


def _raised(raising: Raising, batches: Batches, chunks: Iterable[Chunk]) -> Iterator[list[Alert]]:
    """The alerts that each chunk lets be told, and those that are left at the end."""
    for chunk in chunks:
        yield raising.take(batches.of(chunk.trades, chunk.book))
    yield raising.end()
