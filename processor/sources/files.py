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

    from processor.core.detected.found import Found, Kind
    from processor.core.engine import EngineState
    from processor.core.merge.chunk import Chunk, EventKind
    from processor.core.price_step import PriceStep
    from processor.core.sessions import Times
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
        with closing(prefetched(self.chunks(Report()), while_waiting=while_waiting)) as chunks:
            found = ((chunk.neighbour(at_ns, kind, forward=forward), chunk.until_ns) for chunk in chunks)
            return _first_or_last(found, at_ns, forward=forward)

    def session_start(
        self, at_ns: int, session_ns: int, *, forward: bool, while_waiting: Callable[[], None] = lambda: None
    ) -> int | None:
        """See Source."""
        with closing(prefetched(self.chunks(Report()), while_waiting=while_waiting)) as chunks:
            starts = _session_starts(chunks, session_ns)
            found = ((nearest(times, at_ns, forward=forward), until_ns) for times, until_ns in starts)
            return _first_or_last(found, at_ns, forward=forward)

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
        with closing(prefetched(self.chunks(Report()), while_waiting=while_waiting)) as chunks:
            events = _detected(chunks, aggregation)
            found = ((nearest_of(some, kind, at_ns, forward=forward), until_ns) for some, until_ns in events)
            return _first_or_last(found, at_ns, forward=forward)

    def alert_time(
        self,
        at_ns: int,
        aggregation: Aggregation,
        *,
        forward: bool,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> int | None:
        """See Source."""
        with closing(prefetched(self.chunks(Report()), while_waiting=while_waiting)) as chunks:
            raised = _raised(chunks, aggregation)
            found = ((nearest_time(times, at_ns, forward=forward), until_ns) for times, until_ns in raised)
            return _first_or_last(found, at_ns, forward=forward)

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


def _first_or_last(parts: Iterable[tuple[int | None, int | None]], at_ns: int, *, forward: bool) -> int | None:
    """What is found in the first part that has something later than `at_ns`, or the last with something earlier.

    A part is what is found in it, and until when all is known with it; None where there is no such time.
    """
    last_ns: int | None = None
    for found_ns, until_ns in parts:
        if forward and found_ns is not None:
            return found_ns
        last_ns = last_ns if found_ns is None else found_ns
        if not forward and until_ns is not None and until_ns >= at_ns:
            break
    return last_ns


def _session_starts(chunks: Iterable[Chunk], session_ns: int) -> Iterator[tuple[Times, int]]:
    """The starts of sessions in each chunk, and until when it goes."""
    before_ns: int | None = None
    for chunk in chunks:
        times = times_of(chunk)
        yield starts_among(times, before_ns, session_ns), chunk.until_ns
        before_ns = int(times[-1]) if len(times) else before_ns


def _detected(chunks: Iterable[Chunk], aggregation: Aggregation) -> Iterator[tuple[list[Found], int]]:
    """The events that become known with each chunk, and until when it goes."""
    detector, batches = Detector(aggregation), Batches(aggregation)
    for chunk in chunks:
        detector.advance(batches.of(chunk.trades, chunk.book))
        detector.settle()
        found, detector.found = detector.found, []
        yield found, chunk.until_ns


def _raised(chunks: Iterable[Chunk], aggregation: Aggregation) -> Iterator[tuple[list[int], int | None]]:
    """When the alerts are raised that each chunk lets be told, and then those left, and until when all are told."""
    raising, batches = Raising(aggregation), Batches(aggregation)
    for chunk in chunks:
        alerts = raising.take(batches.of(chunk.trades, chunk.book))
        yield [alert.time_ns for alert in alerts], raising.until_ns
    yield [alert.time_ns for alert in raising.end()], raising.until_ns
