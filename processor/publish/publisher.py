"""What is published and when: contract values from the engine, throttled per file, status.json last."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec
import psutil
import structlog

from processor.core import bars
from processor.core.engine import OBI, checks, decimal_floats
from processor.names import printable_lines
from processor.publish.report_view import report_payload
from processor.units import NS_PER_MS
from shared import (
    CONTRACT_VERSION,
    DEPTH_FILE,
    HEARTBEAT_MS,
    MAX_ROWS,
    METRICS_FILE,
    OHLC_FILE,
    OVERVIEW_FILE,
    REPORT_FILE,
    STATUS_FILE,
    ContractError,
    ControlAnswer,
    IpcStats,
    Overview,
    Resume,
    Status,
    WriteFailed,
    decode,
    encode,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from processor.clock import WallClock
    from processor.core.engine import Engine
    from processor.core.report import Report
    from processor.store.volumes import Volumes
    from shared import DirectoryWriter, State

_log = structlog.get_logger()

TICK_MS: Final = 105
"""The shortest time between two publications: a little over a tenth of a second, so that no rate passes 10 Hz."""
_BARS_PERIOD_MS: Final = 250
_STATUS_PERIOD_MS: Final = 250
_REPORT_PERIOD_MS: Final = 1000
_WARM_UP_MS: Final = 60_000
"""Resident memory is taken as the baseline of growth once a session has run this long."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is replayed and how, as status.json describes it for a whole session."""

    session: str
    dataset: str
    format: str
    instrument: str
    instruments: tuple[str, ...]
    interval: str
    obi_levels: int
    depth_levels: int
    cvd_reset: str
    clock: str


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a replay stands: its state, event clock and known range (ns), and the share of it done."""

    state: State
    event_ns: int | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    progress: float | None = None
    report: dict[str, int] = field(default_factory=dict)
    speed: float | None = None
    cache: str = "off"
    notice: str | None = None
    control: ControlAnswer = field(default_factory=ControlAnswer)
    loop_ns: tuple[int, int] | None = None
    resume: Resume | None = None
    volumes: Volumes | None = None


class Publisher:
    """Publishes an engine's state into one directory, no faster than the contract allows and only what changed."""

    def __init__(
        self,
        writer: DirectoryWriter,
        clock: WallClock,
        subject: Subject,
        report: Report | None = None,
        ignored: Sequence[str] = (),
    ) -> None:
        """Begin a session, continuing the generations of whatever was published into the directory before.

        `report` is published as it grows, with the names of the files the dataset's format `ignored`.
        """
        self._report = report
        self._ignored = ignored
        self._report_due_ms = 0
        self._writer = writer
        writer.forget()
        self._clock = clock
        self._subject = subject
        last = last_status(writer)
        self._generation = last.generation if last else 0
        self._checks: dict[str, bool | None] = {}
        self._bars_due_ms = 0
        self._status_due_ms = 0
        self.due_ns = 0
        """When the next publication may be, on the wall's monotonic clock."""
        self._state: State | None = None
        self._bar_closed = False
        self._process = psutil.Process()
        self._begun_ms = self._now_ms()
        self._rss_baseline = 0
        self._failing = False

    def announce(self, engine: Engine, situation: Situation) -> None:
        """Write status.json, if it is due, and nothing else: the session has no data files before its first event."""
        self._attempt(engine, situation, data=False, whole=False)

    def publish(self, engine: Engine, situation: Situation, *, bar_closed: bool = False, whole: bool = False) -> None:
        """Write what has changed, unless the last publication is too fresh: depth at once, bars when they are due.

        `bar_closed` makes the bars due; `whole` publishes everything now. A refused write is logged once, counted, and
        tried again with the next publication.
        """
        self._bar_closed |= bar_closed
        if whole or self._clock.monotonic_ns() >= self.due_ns:
            self._attempt(engine, situation, data=True, whole=whole)

    def _attempt(self, engine: Engine, situation: Situation, *, data: bool, whole: bool) -> None:
        self.due_ns = self._clock.monotonic_ns() + TICK_MS * NS_PER_MS
        now_ms = self._now_ms()
        generation = self._generation + 1
        try:
            wrote = data and self._write_data(engine, situation, generation, now_ms, whole=whole)
            if wrote or whole or situation.state != self._state or now_ms >= self._status_due_ms:
                self._writer.commit(encode(self._status(engine, situation, generation)))
                self._generation = generation
                self._state = situation.state
                self._status_due_ms = now_ms + (_STATUS_PERIOD_MS if situation.state == "playing" else HEARTBEAT_MS)
        except WriteFailed as failure:
            if not self._failing:
                _log.error("write_failed", path=str(failure.path), reason=str(failure))
            self._failing = True
        else:
            if self._failing:
                _log.info("writing_again")
            self._failing = False

    def _write_data(self, engine: Engine, situation: Situation, generation: int, now_ms: int, *, whole: bool) -> bool:
        wrote = self._writer.write(DEPTH_FILE, depth_payload(engine, self._subject.depth_levels), generation)
        if whole or self._bar_closed or now_ms >= self._bars_due_ms:
            wrote |= self._write_bars(engine, generation)
            self._bars_due_ms = now_ms + _BARS_PERIOD_MS
            self._bar_closed = False
        if self._report is not None and (whole or now_ms >= self._report_due_ms):
            payload = report_payload(self._subject, self._report, self._ignored, engine.book, situation.event_ns)
            wrote |= self._writer.write(REPORT_FILE, payload, generation)
            if situation.volumes is not None and situation.event_ns is not None:
                payload = overview_payload(situation.volumes, situation.event_ns)
                wrote |= self._writer.write(OVERVIEW_FILE, payload, generation)
            self._report_due_ms = now_ms + _REPORT_PERIOD_MS
        return wrote

    def _write_bars(self, engine: Engine, generation: int) -> bool:
        rows = engine.rows()
        self._checks = checks(rows, engine)
        wrote = self._writer.write(OHLC_FILE, ohlc_payload(engine), generation)
        wrote |= self._writer.write(METRICS_FILE, metrics_payload(engine, rows), generation)
        return wrote

    def _status(self, engine: Engine, situation: Situation, generation: int) -> Status:
        subject = self._subject
        epoch_ms = self._clock.epoch_ms()
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
            obi_levels=subject.obi_levels,
            depth_levels=subject.depth_levels,
            cvd_reset=subject.cvd_reset,
            price_decimals=max(engine.book.price_decimals, engine.tape.price_decimals),
            size_decimals=max(engine.book.size_decimals, engine.tape.size_decimals),
            progress=None if situation.progress is None else round(situation.progress, 4),
            pid=os.getpid(),
            cache=situation.cache,
            notice=situation.notice,
            loop_ms=_range_ms(situation.loop_ns),
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


def ohlc_payload(engine: Engine) -> bytes:
    """ohlc_data.json: the newest rows, the open bar last."""
    rows = engine.trade_bars().tail(MAX_ROWS)
    prices = (decimal_floats(rows[name], engine.tape.price_decimals) for name in bars.PRICES)
    volume = decimal_floats(rows["volume"], engine.tape.size_decimals)
    return _encoded(engine.timestamps_ms(rows), *prices, volume)


def metrics_payload(engine: Engine, rows: pl.DataFrame) -> bytes:
    """metrics_data.json: the newest of `Engine.rows`, the open interval last."""
    rows = rows.tail(MAX_ROWS)
    obi = (rows[name].to_numpy() for name in OBI)
    cvd = (decimal_floats(rows[name], engine.tape.size_decimals) for name in bars.CVD)
    return _encoded(engine.timestamps_ms(rows), *obi, *cvd)


def depth_payload(engine: Engine, levels: int) -> bytes:
    """depth_data.json: the best `levels` levels of each side."""
    book = engine.book
    bids, asks = (
        list(
            zip(
                decimal_floats(prices, book.price_decimals).tolist(),
                decimal_floats(sizes, book.size_decimals).tolist(),
                strict=True,
            )
        )
        for prices, sizes in book.levels(levels)
    )
    return encode({"bids": bids, "asks": asks})


def overview_payload(volumes: Volumes, event_ns: int) -> bytes:
    """overview_data.json: the volume of every piece of the range that is over."""
    traded = decimal_floats(volumes.until(event_ns), volumes.size_decimals)
    return encode(Overview(volumes.start_ms, volumes.bucket_ns // NS_PER_MS, tuple(traded.tolist())))


def _encoded(times_ms: NDArray[np.int64], *columns: NDArray[np.float64]) -> bytes:
    return encode(list(zip(times_ms.tolist(), *(column.tolist() for column in columns), strict=True)))


def publish_refusal(
    writer: DirectoryWriter,
    clock: WallClock,
    subject: Subject,
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
        )
    # What the session has prepared and not committed belongs to no picture.
    writer.forget()
    writer.commit(encode(status))


def _lies_in(directory: Path, status: Status) -> bool:
    """Whether the files that a status names are those that lie there."""
    try:
        found = {name: (directory / name).read_bytes() for name in status.files}
    except OSError:
        return False
    return all(
        (len(payload), zlib.crc32(payload)) == (status.files[name].bytes, status.files[name].crc32)
        for name, payload in found.items()
    )


def last_status(writer: DirectoryWriter) -> Status | None:
    """What status.json in the writer's directory says, None if it says nothing sound."""
    try:
        status: Status = decode(STATUS_FILE, (writer.directory / STATUS_FILE).read_bytes())
    except (OSError, ContractError):
        return None
    return status


def _range_ms(range_ns: tuple[int, int] | None) -> tuple[int, int] | None:
    return None if range_ns is None else (range_ns[0] // NS_PER_MS, range_ns[1] // NS_PER_MS)


def _ms(time_ns: int | None) -> int | None:
    return None if time_ns is None else time_ns // NS_PER_MS
