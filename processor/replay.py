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
from processor.formats import changes, open_dataset
from processor.formats.chunks import prefetched
from processor.publish import Publisher, Situation, Subject, last_status, publish_refusal
from processor.settings import iso, resolved
from processor.source import open_source
from shared import HEARTBEAT_MS, MAX_ROWS, DirectoryWriter

if TYPE_CHECKING:
    from pathlib import Path

    from processor.clock import WallClock
    from processor.formats import Dataset
    from processor.settings import Settings
    from processor.store.cache import Cache
    from shared import State

_log = structlog.get_logger()

_BUDGET_NS: Final = 50 * NS_PER_MS
"""Wall time that events may take before it is looked at again whether a publication is due."""
_LOOK_PERIOD_NS: Final = 2 * NS_PER_SECOND
"""How often it is looked whether the dataset's files have changed."""
_END_OF_TIME: Final = 2**63 - 1


class _Stopped(Exception):
    """A stop was requested."""


class Stop:
    """Whether the replay has been asked to end."""

    def __init__(self) -> None:
        self.requested = False


def replay(path: Path, out: Path, settings: Settings, clock: WallClock, stop: Stop, cache: Cache | None = None) -> bool:
    """Replay the dataset at `path` into the IPC directory `out` until its end or until `stop` is requested.

    With `cache`, the dataset is kept there in the project's own layout, or read from there if it has been before.
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
                session = _Session(dataset, settings, writer, clock, stop, cache)
                session.run()
                if stop.requested or settings.at_end != "loop":
                    return True
        except ProcessorError as error:
            _log.error("replay_failed", dataset=str(path), error=str(error))
            publish_refusal(writer, clock, _subject(path, settings), str(error), before)
            return False


def _subject(path: Path, settings: Settings, dataset: Dataset | None = None, instrument: str = "") -> Subject:
    return Subject(
        session=uuid.uuid4().hex,
        dataset=settings.label or path.resolve().name,
        format=dataset.format.name if dataset else "",
        instrument=instrument,
        instruments=dataset.instruments if dataset else (),
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
        self,
        dataset: Dataset,
        settings: Settings,
        writer: DirectoryWriter,
        clock: WallClock,
        stop: Stop,
        cache: Cache | None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._dataset = dataset
        self._marks = dataset.marks()
        self._source = open_source(dataset, settings.instrument, settings.clock, cache)
        self._engine = Engine(settings.aggregation, keep=MAX_ROWS)
        self._subject = _subject(dataset.path, settings, dataset, self._source.instrument)
        self._publisher = Publisher(writer, clock, self._subject, self._source.report, dataset.ignored)
        self._state: State = "loading"
        self._cursor: Cursor | None = None
        self._start_ns: int | None = None
        self._limit_ns = _END_OF_TIME
        self._now_ns = 0
        self._looked_ns = clock.monotonic_ns()
        self._notice: str | None = None
        self._finished = False

    def run(self) -> None:
        """Catch up to the start, play to the end, then hold if asked to.

        Raises:
            DatasetError: the dataset turns out unusable; what was read until then is published.
        """
        with closing(self._source):
            try:
                self._run()
            except _Stopped:
                self._publish(self._state, whole=True)

    def _run(self) -> None:
        settings = self._settings
        self._wait()
        self._engine, ahead = self._source.begin(
            settings.aggregation, settings.start, keep=MAX_ROWS, while_waiting=self._wait
        )
        # The source is closed first: whoever waits for its next chunk is let go.
        with closing(prefetched(ahead, while_waiting=self._wait)) as chunks, closing(self._source):
            cursor = self._cursor = Cursor(chunks, self._engine)
            self._bound(cursor)
            if self._catch_up(cursor):
                self._play(cursor)
            self._finished = True
            self._publish("finished", whole=True)
            _log.info("replay_finished", session=self._subject.session, report=self._source.report.published())
            while settings.at_end == "hold":
                self._clock.sleep(HEARTBEAT_MS / 2000)
                self._wait()

    def _wait(self) -> None:
        """Show that the replay lives while nothing moves.

        Raises:
            _Stopped: it is to end.
            DatasetError: the dataset has changed before it was read to its end.
        """
        self._look()
        self._publish(self._state)

    def _look(self) -> None:
        if self._stop.requested:
            raise _Stopped
        now_ns = self._clock.monotonic_ns()
        if self._notice is not None or now_ns < self._looked_ns + _LOOK_PERIOD_NS:
            return
        self._looked_ns = now_ns
        changed = changes(self._marks, self._dataset.marks())
        if not changed:
            return
        self._notice = f"the dataset has changed ({changed}); a restart shows what is there now"
        _log.warning("dataset_changed", changed=changed, read_whole=self._source.whole)
        if not self._source.whole:
            msg = f"the dataset has changed while it was read ({changed}); a restart reads what is there now"
            raise DatasetError(msg)

    def _bound(self, cursor: Cursor) -> None:
        """Find the first event, and with it what the settings' moments mean."""
        settings = self._settings
        first_ns = self._engine.first_ns if self._engine.first_ns is not None else cursor.next_ns()
        if first_ns is None:
            msg = f"{self._subject.dataset}: there is no event of {self._subject.instrument} in it"
            raise DatasetError(msg)
        self._start_ns = self._now_ns = first_ns
        self._limit_ns = _END_OF_TIME if settings.until is None else resolved(settings.until, first_ns)
        if self._limit_ns < first_ns:
            raise SettingError("until", iso(self._limit_ns), f"a time after the first event, {iso(first_ns)}")
        _log.info("replay_started", **{key: value for key, value in asdict(self._subject).items() if value})

    def _end_ns(self) -> int | None:
        """Where the replay will end, as far as that is known."""
        if self._finished:
            return self._now_ns
        ends_ns = [self._source.time_range[1]] if self._source.time_range else []
        if self._limit_ns != _END_OF_TIME:
            ends_ns.append(self._limit_ns)
        return min(ends_ns, default=None)

    def _catch_up(self, cursor: Cursor) -> bool:
        """Take in the history before the start as fast as it goes; return whether there is something left to play."""
        first_ns = self._now_ns
        start = self._settings.start
        until_ns = first_ns if start is None else max(first_ns, min(resolved(start, first_ns), self._limit_ns))
        while True:
            self._look()
            reached, closed = self._advance(cursor, until_ns)
            if reached:
                break
            self._now_ns = self._engine.event_ns or self._now_ns
            self._publish("loading", bar_closed=closed)
        if cursor.next_ns() is None:
            self._now_ns = self._engine.event_ns or self._now_ns
            if start is not None and until_ns > self._now_ns:
                _log.warning("start_after_end", start=iso(until_ns), end=iso(self._now_ns))
            return False
        self._now_ns = until_ns
        return True

    def _play(self, cursor: Cursor) -> None:
        """Follow the event clock until the dataset ends, the limit is reached, or a stop is asked for."""
        self._publish("playing", whole=True)
        line = self._anchored()
        while True:
            self._look()
            target_ns = self._limit_ns if line is None else min(line.at(self._clock.monotonic_ns()), self._limit_ns)
            reached, closed = self._advance(cursor, target_ns)
            if reached and target_ns != _END_OF_TIME:
                self._now_ns = target_ns
            else:
                # The machine cannot follow: the event clock goes on from where the events are.
                self._now_ns = self._engine.event_ns or self._now_ns
                line = self._anchored()
            if cursor.next_ns() is None:
                self._now_ns = self._engine.event_ns or self._now_ns
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
        begun = self._cursor is not None and self._engine.event_ns is not None
        situation = Situation(
            state=state,
            event_ns=self._now_ns if begun else None,
            start_ns=self._start_ns,
            end_ns=self._end_ns(),
            progress=self._progress(),
            report=self._source.report.published() | self._book_report(),
        )
        if begun:
            self._publisher.publish(self._engine, situation, bar_closed=bar_closed, whole=whole)
        else:
            self._publisher.announce(self._engine, situation)

    def _book_report(self) -> dict[str, int]:
        book = self._engine.book
        return {"crossed": book.crossed.samples, "locked": book.locked.samples}

    def _progress(self) -> float:
        end_ns = self._end_ns()
        if self._start_ns is not None and end_ns is not None and end_ns > self._start_ns:
            return min(1.0, (self._now_ns - self._start_ns) / (end_ns - self._start_ns))
        consumed = self._cursor.consumed_bytes if self._cursor else self._source.read_bytes or 0
        return min(1.0, consumed / max(1, self._source.size_bytes))
