"""The tables of footprints, of statistics and of profiles: filled with the cells of whole bars as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol

import polars as pl

from processor.core.flow.cells import concatenated, no_cells
from processor.core.flow.frames import footprint_frame, profile_frame, statistics_frame
from processor.core.flow.statistics import nothing_before, statistics
from processor.core.intervals import labels_ms

if TYPE_CHECKING:
    from processor.core.flow.cells import Cells


class FlowTable(Protocol):
    """A table that takes in the cells of successive whole bars and gives its rows as they are known."""

    name: ClassVar[str]
    counted: ClassVar[str]
    """What its rows are."""
    time: ClassVar[str]
    """The column that its rows ascend by, in ms."""

    def __init__(self, session_ns: int) -> None:
        """Nothing is taken in yet; sessions start at `session_ns` of a day."""

    def take(self, cells: Cells, height_ticks: int, interval_ns: int) -> pl.DataFrame:
        """The rows that are known with these bars, of intervals of `interval_ns`, or by activity where it is 0."""

    def end(self) -> pl.DataFrame | None:
        """The rows that are known at the end."""


class Footprint:
    """A row for each bar and traded price row."""

    name: ClassVar = "footprint"
    counted: ClassVar = "price rows"
    time: ClassVar = "timestamp_ms"

    def __init__(self, session_ns: int) -> None:
        """See FlowTable."""

    def take(self, cells: Cells, height_ticks: int, interval_ns: int) -> pl.DataFrame:
        """See FlowTable."""
        bars = cells.of_bars().in_rows(height_ticks)
        return labelled(footprint_frame(bars, height_ticks), interval_ns)

    def end(self) -> None:
        """See FlowTable."""


class Statistics:
    """A row for each bar with a trade."""

    name: ClassVar = "statistics"
    counted: ClassVar = "bars"
    time: ClassVar = "timestamp_ms"

    def __init__(self, session_ns: int) -> None:  # noqa: ARG002 - its cells know their sessions
        """See FlowTable."""
        self._before = nothing_before()
        self._decimals = (0, 0)

    def take(self, cells: Cells, height_ticks: int, interval_ns: int) -> pl.DataFrame:
        """See FlowTable."""
        decimals = cells.price_decimals, cells.size_decimals
        before = self._before.finer(decimals[0] - self._decimals[0], decimals[1] - self._decimals[1])
        self._decimals = decimals
        found, self._before = statistics(cells, height_ticks, before)
        return labelled(statistics_frame(found), interval_ns)

    def end(self) -> None:
        """See FlowTable."""


class Profile:
    """A row for each session and traded price row."""

    name: ClassVar = "profile"
    counted: ClassVar = "price rows"
    time: ClassVar = "session_ms"

    def __init__(self, session_ns: int) -> None:
        """See FlowTable."""
        self._session_ns = session_ns
        self._open = no_cells()

    def take(self, cells: Cells, height_ticks: int, interval_ns: int) -> pl.DataFrame:  # noqa: ARG002 - sessions are of no bars
        """See FlowTable."""
        found = concatenated([self._open, cells.in_rows(height_ticks).of_sessions()]).of_sessions()
        self._open = found.pieces(slice(-1, None))
        return profile_frame(found.pieces(slice(0, -1)), self._session_ns)

    def end(self) -> pl.DataFrame:
        """See FlowTable."""
        return profile_frame(self._open, self._session_ns)


FLOW_TABLES: Final[tuple[type[FlowTable], ...]] = (Footprint, Statistics, Profile)


def labelled(frame: pl.DataFrame, interval_ns: int) -> pl.DataFrame:
    """The same with the starts of its bars, which column `bucket` names."""
    labels = pl.Series("timestamp_ms", labels_ms(frame["bucket"].to_numpy(), interval_ns))
    return frame.select(labels, pl.exclude("bucket"))
