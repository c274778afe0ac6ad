"""What is published and when: each view at its pace, status.json last."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING, Final

import msgspec
import psutil
import structlog

from processor.core.engine import bar_checks, view_checks
from processor.names import printable_lines
from processor.publish.moment import Moment
from processor.publish.views import VIEWS
from processor.publish.views.base import BARS, SECOND
from processor.units import NS_PER_MS
from shared import (
    CONTRACT_VERSION,
    HEARTBEAT_MS,
    MAX_INTEGER,
    MAX_READ_BYTES,
    STATUS_FILE,
    ContractError,
    ControlAnswer,
    IpcStats,
    Status,
    WriteFailed,
    decode,
    encode,
    read_regular,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from processor.clock import WallClock
    from processor.core.engine import Engine
    from processor.core.report import Report
    from processor.publish.moment import SessionInfo, SessionState
    from processor.publish.views.base import Pace
    from shared import DirectoryWriter, State

_log = structlog.get_logger()

TICK_MS: Final = 105
"""The shortest time between two publications: a little over a tenth of a second, so that no rate passes 10 Hz."""
_STATUS_PERIOD_MS: Final = 250
_WARM_UP_MS: Final = 60_000
"""Resident memory is taken as the baseline of growth once a session has run this long."""


class Publisher:
    """Publishes an engine's state into one directory, no faster than the contract allows and only what changed."""

    def __init__(
        self,
        writer: DirectoryWriter,
        clock: WallClock,
        subject: SessionInfo,
        report: Report | None = None,
        ignored: Sequence[str] = (),
        asked: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        """Begin a session, continuing the generations of whatever was published into the directory before.

        `report` is published as it grows, with the names of the files the dataset's format `ignored`.
        `asked` tells the names of the views that are to be written although they are not always.
        """
        self._report = report
        self._ignored = ignored
        self._asked = asked
        self._writer = writer
        writer.forget()
        self._clock = clock
        self._subject = subject
        last = last_status(writer)
        self._generation = last.generation if last else 0
        self._checks: dict[str, bool | None] = {}
        self._due_ms: dict[Pace, int] = {}
        self._status_due_ms = 0
        self.due_ns = 0
        """When the next publication may be, on the wall's monotonic clock."""
        self._state: State | None = None
        self._bar_closed = False
        self._process = psutil.Process()
        self._begun_ms = self._now_ms()
        self._rss_baseline = 0
        self.failure: WriteFailed | None = None
        """Why the last publication could not be written; None if it could."""

    def announce(self, engine: Engine, situation: SessionState) -> None:
        """Write status.json, if it is due, and nothing else: the session has no data files before its first event."""
        self._attempt(engine, situation, data=False, whole=False)

    def publish(
        self, engine: Engine, situation: SessionState, *, bar_closed: bool = False, whole: bool = False
    ) -> None:
        """Write what has changed, unless the last publication is too fresh: each view at its pace.

        `bar_closed` makes due what follows the bars; `whole` publishes everything now. A refused write is logged once,
        counted, and tried again with the next publication.
        """
        self._bar_closed |= bar_closed
        if whole or self._clock.monotonic_ns() >= self.due_ns:
            self._attempt(engine, situation, data=True, whole=whole)

    def _attempt(self, engine: Engine, situation: SessionState, *, data: bool, whole: bool) -> None:
        self.due_ns = self._clock.monotonic_ns() + TICK_MS * NS_PER_MS
        now_ms = self._now_ms()
        generation = self._generation + 1
        due = self._due(now_ms, whole=whole) if data else frozenset()
        try:
            moment = Moment(engine, self._subject, situation, self._report, self._ignored)
            wrote = data and self._write_views(moment, generation, due)
            if wrote or whole or situation.state != self._state or now_ms >= self._status_due_ms:
                self._writer.commit(encode(self._status(engine, situation, generation)))
                self._generation = generation
                self._state = situation.state
                self._status_due_ms = now_ms + (_STATUS_PERIOD_MS if situation.state == "playing" else HEARTBEAT_MS)
        except WriteFailed as failure:
            if self.failure is None:
                _log.error("write_failed", path=str(failure.path), reason=str(failure))
            self.failure = failure
            # Readers may have seen it all the same: its number is not given to another one.
            self._generation = generation
            self._due_ms.clear()
        else:
            self._due_ms |= {pace: now_ms + pace.period_ms for pace in due}
            self._bar_closed &= BARS not in due
            if self.failure is not None:
                _log.info("writing_again")
            self.failure = None

    def _due(self, now_ms: int, *, whole: bool) -> frozenset[Pace]:
        return frozenset(
            pace
            for pace in {published.pace for published in VIEWS}
            if whole or now_ms >= self._due_ms.get(pace, 0) or (pace.at_bar_close and self._bar_closed)
        )

    def _write_views(self, moment: Moment, generation: int, due: frozenset[Pace]) -> bool:
        """Write those that are due, or newly asked for; return whether any has changed."""
        if BARS in due:
            self._checks |= bar_checks(moment.rows, moment.engine)
        if SECOND in due:
            self._checks |= view_checks(moment.rows, moment.engine)
        wrote = False
        asked = self._asked()
        for published in VIEWS:
            view = published.view
            on_request = view.presence == "asked"
            if on_request and view.name not in asked:
                wrote |= self._writer.drop(view.file)
            elif published.pace in due or (on_request and view.file not in self._writer.files):
                payload = published.payload(moment)
                if payload is not None:
                    wrote |= self._writer.write(view.file, payload, generation)
                elif view.presence != "data":
                    # What was shown at a later moment, or by the session before, is not what there is now.
                    wrote |= self._writer.drop(view.file)
        return wrote

    def _status(self, engine: Engine, situation: SessionState, generation: int) -> Status:
        subject = self._subject
        epoch_ms = self._clock.epoch_ms()
        here = self._clock.machine_time()
        return Status(
            contract=CONTRACT_VERSION,
            session=subject.session,
            generation=generation,
            state=situation.state,
            dataset=subject.dataset,
            instrument=subject.instrument,
            instruments=subject.instruments,
            interval=subject.interval,
            start_ms=_ms(situation.start_ns),
            end_ms=_ms(situation.end_ns),
            event_time_ms=_ms(situation.event_ns),
            speed=situation.speed,
            published_at_ms=epoch_ms,
            heartbeat_ms=epoch_ms,
            files=dict(self._writer.files),
            control=situation.control,
            checks=self._checks,
            ipc=self._ipc(),
            report=situation.report,
            error=None,
            format=subject.format,
            clock=subject.clock,
            timezone=subject.timezone,
            obi_levels=subject.obi_levels,
            depth_levels=subject.depth_levels,
            cvd_reset=subject.cvd_reset,
            session_start=subject.session_start,
            row=subject.row,
            alerts=subject.alerts,
            own_measures=subject.own_measures,
            price_decimals=max(engine.book.price_decimals, engine.trade_bars.price_decimals),
            size_decimals=max(engine.book.size_decimals, engine.trade_bars.size_decimals),
            price_step=None if situation.price_step is None else situation.price_step.value,
            progress=None if situation.progress is None else round(situation.progress, 4),
            pid=os.getpid(),
            boot_id=here and here.boot_id,
            heartbeat_monotonic_ms=here and here.monotonic_ms,
            cache=situation.cache,
            notice=situation.notice,
            loop_ms=_range_ms(situation.loop_ns),
            datasets=subject.datasets,
            resume=situation.resume,
        )

    def _ipc(self) -> IpcStats:
        rss = self._process.memory_info().rss
        if self._now_ms() - self._begun_ms < _WARM_UP_MS:
            self._rss_baseline = max(self._rss_baseline, rss)
        return IpcStats(
            files=self._writer.stats(),
            failed_writes=self._writer.failed_writes,
            rss_bytes=rss,
            rss_baseline_bytes=self._rss_baseline,
        )

    def _now_ms(self) -> int:
        return self._clock.monotonic_ns() // NS_PER_MS


def publish_refusal(
    writer: DirectoryWriter,
    clock: WallClock,
    subject: SessionInfo,
    error: str,
    before: Status | None,
    control: ControlAnswer,
) -> None:
    """Say in status.json why `subject` is not replayed, and leave the picture last published as it is.

    `before` is the status before this session: what it names still lies there if the session published no data.
    """
    last = last_status(writer)
    generation = last.generation + 1 if last else 1
    shown = (status for status in (last, before) if status and status.files and _lies_in(writer.directory, status))
    previous = next(shown, last and msgspec.structs.replace(last, files={}))
    if previous and previous.dataset != subject.dataset and subject.dataset not in error:
        error = f"{subject.dataset}: {error}"
    now_ms = clock.epoch_ms()
    here = clock.machine_time()
    error = printable_lines(error)
    if previous is not None:
        status = msgspec.structs.replace(
            previous,
            state="failed",
            error=error,
            published_at_ms=now_ms,
            heartbeat_ms=now_ms,
            generation=generation,
            control=control,
            boot_id=here and here.boot_id,
            heartbeat_monotonic_ms=here and here.monotonic_ms,
        )
    else:
        status = Status(
            contract=CONTRACT_VERSION,
            session=subject.session,
            generation=generation,
            state="failed",
            dataset=subject.dataset,
            instrument=subject.instrument,
            instruments=subject.instruments,
            interval=subject.interval,
            start_ms=None,
            end_ms=None,
            event_time_ms=None,
            speed=None,
            published_at_ms=now_ms,
            heartbeat_ms=now_ms,
            files={},
            control=control,
            checks={},
            ipc=IpcStats(),
            report={},
            error=error,
            pid=os.getpid(),
            boot_id=here and here.boot_id,
            heartbeat_monotonic_ms=here and here.monotonic_ms,
        )
    # What the session has prepared and not committed belongs to no picture.
    writer.forget()
    writer.commit(encode(status))


def _lies_in(directory: Path, status: Status) -> bool:
    """Whether the files that a status names are those that lie there."""
    try:
        found = {name: read_regular(directory / name, MAX_READ_BYTES) for name in status.files}
    except OSError:
        return False
    return all(
        (len(payload), zlib.crc32(payload)) == (status.files[name].bytes, status.files[name].crc32)
        for name, payload in found.items()
    )


def last_status(writer: DirectoryWriter) -> Status | None:
    """What status.json in the writer's directory says, None if it says nothing sound."""
    try:
        status: Status = decode(STATUS_FILE, read_regular(writer.directory / STATUS_FILE, MAX_READ_BYTES))
    except (OSError, ContractError):
        return None
    # Somebody else's, that leaves no room to count on.
    return status if status.generation < MAX_INTEGER // 2 else None


def _range_ms(range_ns: tuple[int, int] | None) -> tuple[int, int] | None:
    return None if range_ns is None else (range_ns[0] // NS_PER_MS, range_ns[1] // NS_PER_MS)


def _ms(time_ns: int | None) -> int | None:
    return None if time_ns is None else time_ns // NS_PER_MS
