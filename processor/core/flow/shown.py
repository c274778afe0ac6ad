"""What is shown of the order flow that a replay keeps: computed once for a bar that closes, and again for the open one.

It follows from the cells alone, so it is the same whatever way led to a moment.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from processor.core.flow.cells import Cells, concatenated, no_cells
from processor.core.flow.frames import statistics_columns
from processor.core.flow.profile import Session, ValueAreas, no_session, value_areas
from processor.core.flow.rows import decimals_of, least_height
from processor.core.flow.statistics import NO_MOMENTS, Before, moments, statistics
from processor.core.runs import distinct, run_starts

if TYPE_CHECKING:
    from fractions import Fraction

    from processor.core.flow.kept import Flow, FlowBefore
    from processor.core.flow.statistics import Statistics

    Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Closed:
    """What closed bars give, the same object until another bar closes: up to bar `bucket`, on scale `decimals`.

    Rows are `height_ticks` high.
    """

    height_ticks: int
    decimals: tuple[int, int]
    bucket: int

    def after(self, cells: Cells, height_ticks: int) -> int | None:
        """The first piece of `cells` that is later; None where this is of no use to them."""
        if (self.height_ticks, self.decimals) != (height_ticks, _decimals(cells)) or cells.bucket[0] > self.bucket:
            return None
        return int(np.searchsorted(cells.bucket, self.bucket, side="right"))


@dataclass(frozen=True, slots=True, eq=False)
class ClosedStatistics(Closed):
    """The statistics of closed bars, and what was traded up to the end of the last of them.

    Each of `rows` has the values of `statistics_columns`, that of its bar first.
    """

    rows: tuple[Row, ...]
    before: Before


@dataclass(frozen=True, slots=True, eq=False)
class ClosedRows(Closed):
    """The cells of closed bars, a piece each, in rows."""

    cells: Cells


@dataclass(frozen=True, slots=True)
class Footprint:
    """The newest bars that fit: those of `closed` from number `first` on, and the `open` one where it fits, too."""

    closed: ClosedRows | None
    first: int
    open: Cells
    height: Fraction


@dataclass(frozen=True, slots=True)
class EarlierSession:
    """A session before the current one: its number, its `areas` (one), and whether no later trade met its POC."""

    day: int
    areas: ValueAreas
    is_naked: bool


class FlowShown:
    """The views of `flow`, whose values are always those of this moment.

    Heights are those of price rows, as prices; ticks that come back are those of the cells that come back.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._statistics: ClosedStatistics | None = None
        self._footprint: ClosedRows | None = None
        self._earlier: dict[tuple[int, ...], tuple[ValueAreas, list[int]]] = {}
        """Of each session before the current one, by its number, the ticks of a row, and the scale: areas and rows."""

    def statistics(self, height: Fraction) -> tuple[ClosedStatistics | None, list[Row]]:
        """A row for each closed bar that is kept and has a trade (see `ClosedStatistics`), and one for the open bar.

        Value areas are on rows of that height.
        """
        cells, ticks = _scaled(self._flow.cells, height)
        if not len(cells):
            return None, []
        kept = self._statistics
        end = _first_of_last_bar(cells)
        first = None if kept is None else kept.after(cells, ticks)
        if kept is None or first is None:
            kept, first, before = None, 0, _in_rows(self._flow.before, cells, ticks)
        else:
            before = kept.before
        if first < end:
            found, before = statistics(cells.pieces(slice(first, end)), ticks, before)
            rows = [*(() if kept is None else kept.rows), *_rows_of(found)]
            first_kept = bisect_left(rows, int(cells.bucket[0]), key=itemgetter(0))
            kept = ClosedStatistics(
                ticks, _decimals(cells), int(cells.bucket[end - 1]), tuple(rows[first_kept:]), before
            )
        self._statistics = kept
        return kept, _rows_of(statistics(cells.pieces(slice(end, None)), ticks, before)[0])

    def footprint(
        self, height: Fraction | None, step: Fraction, *, most_rows: int, bars: int, rows_a_bar: int
    ) -> Footprint:
        """The newest bars that have at most `most_rows` rows together, and the height of these.

        None is the least height of the ladder above the price step at which the last `bars` fit and have `rows_a_bar`
        at most in the mean.
        """
        cells = self._flow.cells
        if not len(cells):
            return Footprint(None, 0, cells, height or step)
        if height is None:
            scaled, ticks = _scaled(cells, step)
            first = _first_of_last_bars(scaled, bars)
            newest = scaled.pieces(slice(first, None)).of_bars()
            least = least_height(newest, ticks, min(most_rows, rows_a_bar * len(newest)))
            height = step * (least // ticks)
        cells, ticks = _scaled(cells, height)
        closed = self._closed_rows(cells, ticks)
        last = cells.pieces(slice(_first_of_last_bar(cells), None)).of_bars().in_rows(ticks)
        room = most_rows - len(last.price_ticks)
        if room < 0:
            return Footprint(None, 0, no_cells(), height)
        if closed is None:
            return Footprint(None, 0, last, height)
        in_and_after = len(closed.cells.price_ticks) - closed.cells.starts[:-1]
        fit = np.flatnonzero(in_and_after <= room)
        return Footprint(closed, int(fit[0]) if len(fit) else len(closed.cells), last, height)

    def session(self, height: Fraction | None, step: Fraction, most_rows: int) -> tuple[Cells, Fraction]:
        """The current session in at most `most_rows` rows, one piece, none before the first trade; and their height.

        It is the first of the ladder above `height`, or above the price step for None.
        """
        least = height or step
        scaled, ticks = _scaled(self._flow.now.session, least)
        height = least * (least_height(scaled, ticks, most_rows) // ticks)
        cells, ticks = _scaled(self._flow.now.session, height)
        return cells.in_rows(ticks), height

    def earlier_sessions(self, height: Fraction) -> list[EarlierSession]:
        """The sessions before it, oldest first, on the scale of `session`."""
        now, ticks = _scaled(self._flow.now.session, height)
        sessions = {(int(each.day[0]), ticks, *_decimals(now)): each for each in self._flow.now.earlier}
        self._earlier = {
            named: self._earlier.get(named) or _ended(each, ticks, _decimals(now)) for named, each in sessions.items()
        }
        later = set(_row_numbers(now, ticks))
        found: list[EarlierSession] = []
        for (day, *_), (areas, rows) in reversed(self._earlier.items()):
            is_naked = bool(areas.known[0]) and int(areas.poc_ticks[0]) // ticks not in later
            found.insert(0, EarlierSession(day, areas, is_naked))
            later.update(rows)
        return found

    def _closed_rows(self, cells: Cells, height_ticks: int) -> ClosedRows | None:
        """The closed bars of `cells`, a piece each, in rows; None where there is none."""
        end = _first_of_last_bar(cells)
        kept = self._footprint
        first = None if kept is None else kept.after(cells, height_ticks)
        if kept is None or first is None:
            kept, first = None, 0
        if first < end:
            fresh = cells.pieces(slice(first, end)).of_bars().in_rows(height_ticks)
            rows = fresh if kept is None else concatenated([kept.cells, fresh])
            rows = rows.pieces(slice(int(np.searchsorted(rows.bucket, cells.bucket[0])), None))
            kept = ClosedRows(height_ticks, _decimals(cells), int(cells.bucket[end - 1]), rows)
        self._footprint = kept
        return kept


def _rows_of(found: Statistics) -> list[Row]:
    return list(zip(*statistics_columns(found).values(), strict=True))


def _scaled(cells: Cells, height: Fraction) -> tuple[Cells, int]:
    """The cells on a scale on which the height is a whole number of ticks, and that number."""
    cells = cells.finer(max(cells.price_decimals, decimals_of(height)), cells.size_decimals)
    return cells, int(height * 10**cells.price_decimals)


def _first_of_last_bar(cells: Cells) -> int:
    return int(np.searchsorted(cells.bucket, cells.bucket[-1]))


def _first_of_last_bars(cells: Cells, bars: int) -> int:
    starts = run_starts(cells.bucket)[1:]
    return int(starts[-bars]) if bars <= len(starts) else 0


def _decimals(cells: Cells) -> tuple[int, int]:
    return cells.price_decimals, cells.size_decimals


def _ended(session: Cells, height_ticks: int, decimals: tuple[int, int]) -> tuple[ValueAreas, list[int]]:
    """The areas of a session that is over, and the numbers of its rows."""
    cells = session.finer(*decimals).in_rows(height_ticks)
    return value_areas(cells, height_ticks), _row_numbers(cells, height_ticks)


def _row_numbers(session: Cells, height_ticks: int) -> list[int]:
    """Those of a session, whose prices ascend."""
    found: list[int] = distinct(session.price_ticks // height_ticks).tolist()
    return found


def _in_rows(before: FlowBefore, cells: Cells, height_ticks: int) -> Before:
    """What was traded before `cells`, on their scale."""
    session = before.session.finer(*_decimals(cells))
    grown = (now - then for now, then in zip(_decimals(cells), _decimals(before.session), strict=True))
    dataset = before.dataset.finer(*grown)
    if not len(session):
        return Before(no_session(), NO_MOMENTS, dataset)
    rows = session.in_rows(height_ticks)
    of_day = Session(int(session.day[0]), rows.price_ticks // height_ticks, rows.volume)
    return Before(of_day, moments(session)[0], dataset)
