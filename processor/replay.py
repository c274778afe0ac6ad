"""The replay: an event clock driven by the wall's, an engine that follows it, and files published as it goes."""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import structlog

from processor.clock import EventClock
from processor.cursor import Cursor
from processor.engine import Engine
from processor.errors import DatasetError, ProcessorError, SettingError
from processor.events import NS_PER_MS, NS_PER_SECOND
from processor.formats import open_dataset
from processor.formats.chunks import prefetched
from processor.ordering import in_time_order
from processor.publish import Publisher, Situation, Subject, last_status, publish_refusal
from processor.report import Report
from processor.settings import iso, resolved
from shared import HEARTBEAT_MS, MAX_ROWS, DirectoryWriter

if TYPE_CHECKING:
    from pathlib import Path

    from processor.clock import WallClock
    from processor.formats import Dataset, OpenedDataset
    from processor.settings import Settings
    from shared import State

_log = structlog.get_logger()

_BUDGET_NS: Final = 50 * NS_PER_MS
"""Wall time that events may take before it is looked at again whether a publication is due."""
_END_OF_TIME: Final = 2**63 - 1


class _Stopped(Exception):
    """A stop was requested while the next events were being read."""


class Stop:
    """Whether the replay has been asked to end."""

    def __init__(self) -> None:
        self.requested = False


def replay(path: Path, out: Path, settings: Settings, clock: WallClock, stop: Stop) -> bool:
    """Replay the dataset at `path` into the IPC directory `out` until its end or until `stop` is requested.

    Returns whether it went well; when the dataset cannot be replayed, status.json says why and the files stay.

    Raises:
        WriterLocked: another process publishes there.
        WriteFailed: the directory cannot be written at all.
    """
    with DirectoryWriter(out, monotonic_ns=clock.monotonic_ns) as writer:
        before = last_status(writer)
        try:
            dataset = open_dataset(path)
            while True:
                session = _Session(dataset, settings, writer, clock, stop)
                session.run()
                if stop.requested or settings.at_end != "loop":
                    return True
        except ProcessorError as error:
            _log.error("replay_failed", dataset=str(path), error=str(error))
            publish_refusal(writer, clock, _subject(path, settings), str(error), before)
            return False


def _subject(path: Path, settings: Settings, opened: OpenedDataset | None = None) -> Subject:
    return Subject(
        session=uuid.uuid4().hex,
        dataset=settings.label or path.resolve().name,
        format=opened.format if opened else "",
        instrument=opened.instrument if opened else "",
        instruments=opened.instruments if opened else (),
        interval=settings.interval,
        obi_levels=settings.obi_levels,
        depth_levels=settings.depth_levels,
        cvd_reset=settings.cvd_reset,
        clock=settings.clock,
        speed=settings.speed,
    )


class _Session:
    """One pass over the dataset."""

    def __init__(
        self, dataset: Dataset, settings: Settings, writer: DirectoryWriter, clock: WallClock, stop: Stop
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._report = Report()
        self._opened = dataset.open(settings.instrument, settings.clock, self._report)
        self._engine = Engine(settings.aggregation, keep=MAX_ROWS)
        self._subject = _subject(dataset.path, settings, self._opened)
        self._publisher = Publisher(writer, clock, self._subject, self._report, dataset.ignored)
        self._state: State = "loading"
        self._cursor: Cursor | None = None
        self._start_ns: int | None = None
        self._end_ns: int | None = None
        self._limit_ns = _END_OF_TIME
        self._now_ns = 0

    def run(self) -> None:
        """Catch up to the start, play to the end, then hold if asked to.

        Raises:
            DatasetError: the dataset turns out unusable; what was read until then is published.
        """
        ordered = in_time_order(self._opened.streams, self._report)
        with closing(prefetched(ordered, while_waiting=self._wait)) as chunks:
            cursor = self._cursor = Cursor(chunks, self._engine)
            try:
                self._wait()
                self._bound(cursor)
                if self._catch_up(cursor):
                    self._play(cursor)
            except _Stopped:
                pass
        if self._stop.requested:
            self._publish(self._state, whole=True)
            return
        self._end_ns = self._now_ns
        self._publish("finished", whole=True)
        _log.info("replay_finished", session=self._subject.session, report=self._report.published())
        while self._settings.at_end == "hold" and not self._stop.requested:
            self._clock.sleep(HEARTBEAT_MS / 2000)
            self._publish("finished")

    def _wait(self) -> None:
        """Show that the replay lives while it waits for events."""
        if self._stop.requested:
            raise _Stopped
        self._publish(self._state)

    def _bound(self, cursor: Cursor) -> None:
        """Find the first event, and with it what the settings' moments mean."""
        settings = self._settings
        first_ns = cursor.next_ns()
        if first_ns is None:
            msg = f"{self._subject.dataset}: there is no event of {self._subject.instrument} in it"
            raise DatasetError(msg)
        self._start_ns = self._now_ns = first_ns
        self._limit_ns = _END_OF_TIME if settings.until is None else resolved(settings.until, first_ns)
        if self._limit_ns < first_ns:
            raise SettingError("until", iso(self._limit_ns), f"a time after the first event, {iso(first_ns)}")
        _log.info("replay_started", **{key: value for key, value in asdict(self._subject).items() if value})
        ends_ns = [self._opened.time_range[1]] if self._opened.time_range else []
        if settings.until is not None:
            ends_ns.append(self._limit_ns)
        self._end_ns = min(ends_ns, default=None)

    def _catch_up(self, cursor: Cursor) -> bool:
        """Take in the history before the start as fast as it goes; return whether there is something left to play."""
        first_ns = self._now_ns
        start = self._settings.start
        until_ns = first_ns if start is None else max(first_ns, min(resolved(start, first_ns), self._limit_ns))
        while not self._stop.requested:
            reached, closed = self._advance(cursor, until_ns)
            if reached:
                break
            self._now_ns = cursor.event_ns or self._now_ns
            self._publish("loading", bar_closed=closed)
        if cursor.next_ns() is None:
            self._now_ns = cursor.event_ns or self._now_ns
            if start is not None and until_ns > self._now_ns:
                _log.warning("start_after_end", start=iso(until_ns), end=iso(self._now_ns))
            return False
        self._now_ns = until_ns
        return True

    def _play(self, cursor: Cursor) -> None:
        """Follow the event clock until the dataset ends, the limit is reached, or a stop is asked for."""
        self._publish("playing", whole=True)
        line = self._anchored()
        while not self._stop.requested:
            target_ns = self._limit_ns if line is None else min(line.at(self._clock.monotonic_ns()), self._limit_ns)
            reached, closed = self._advance(cursor, target_ns)
            if reached and target_ns != _END_OF_TIME:
                self._now_ns = target_ns
            else:
                # The machine cannot follow: the event clock goes on from where the events are.
                self._now_ns = cursor.event_ns or self._now_ns
                line = self._anchored()
            if cursor.next_ns() is None:
                self._now_ns = cursor.event_ns or self._now_ns
                return
            if self._now_ns >= self._limit_ns:
                return
            self._publish("playing", bar_closed=closed)
            if line is not None:
                self._clock.sleep(max(0, self._publisher.due_ns - self._clock.monotonic_ns()) / NS_PER_SECOND)

    def _anchored(self) -> EventClock | None:
        speed = self._settings.speed
        return None if speed is None else EventClock(self._now_ns, self._clock.monotonic_ns(), speed)

    def _advance(self, cursor: Cursor, until_ns: int) -> tuple[bool, bool]:
        """Take in events up to `until_ns` within the budget; return whether all of them, and whether a bar closed."""
        deadline_ns = self._clock.monotonic_ns() + _BUDGET_NS
        closed = False
        while True:
            next_ns = cursor.next_ns()
            if next_ns is None or next_ns > until_ns:
                return True, closed
            closed |= cursor.advance_loaded(until_ns)
            if self._clock.monotonic_ns() >= deadline_ns:
                return False, closed

    def _publish(self, state: State, *, bar_closed: bool = False, whole: bool = False) -> None:
        self._state = state
        begun = self._cursor is not None and self._cursor.event_ns is not None
        situation = Situation(
            state=state,
            event_ns=self._now_ns if begun else None,
            start_ns=self._start_ns,
            end_ns=self._end_ns,
            progress=self._progress(),
            report=self._report.published() | self._book_report(),
        )
        if begun:
            self._publisher.publish(self._engine, situation, bar_closed=bar_closed, whole=whole)
        else:
            self._publisher.announce(self._engine, situation)

    def _book_report(self) -> dict[str, int]:
        book = self._engine.book
        return {"crossed": book.crossed.samples, "locked": book.locked.samples}

    def _progress(self) -> float:
        if self._start_ns is not None and self._end_ns is not None and self._end_ns > self._start_ns:
            return min(1.0, (self._now_ns - self._start_ns) / (self._end_ns - self._start_ns))
        return min(1.0, (self._cursor.consumed_bytes if self._cursor else 0) / max(1, self._opened.size_bytes))
