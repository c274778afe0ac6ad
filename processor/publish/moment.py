"""What is published from: what is replayed, where it stands, and the engine there."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from processor.settings import MIDNIGHT
from shared import ControlAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from processor.core.engine import Engine
    from processor.core.price_step import Divisor
    from processor.core.report import Report
    from processor.store.volumes import Volumes
    from shared import Resume, State


@dataclass(frozen=True, slots=True)
class SessionInfo:
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
    session_start: str = MIDNIGHT
    timezone: str | None = None
    row: str = "auto"
    alerts: tuple[str, ...] = ()
    own_measures: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionState:
    """Where a replay stands: its state, event clock and known range (ns), and the share of it done.

    `has_all` tells that the event clock has reached the dataset's last event.
    """

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
    price_step: Divisor | None = None
    has_all: bool = False


@dataclass(frozen=True)
class Moment:
    """All that a view may be made of; `ignored` are the names of the files that the dataset's format does not read."""

    engine: Engine
    subject: SessionInfo
    situation: SessionState
    report: Report | None = None
    ignored: Sequence[str] = ()

    @cached_property
    def rows(self) -> pl.DataFrame:
        """`Engine.rows`, computed once a publication."""
        return self.engine.rows()
