"""What a store keeps of what was traded: after each segment with trades, the cells of its UTC day so far.

The file of a day's last segment is the profile of the whole day. The cells are at single prices, so that rows of any
height come from them; what a replay shows of single bars comes from the trades. Sessions that start within a day are
put together from these files, and from the trades of the segments that they start in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import polars as pl

from processor.core.flow.cells import LOTS, Cells, cells_of, concatenated, no_cells
from processor.core.flow.counted import Counted
from processor.core.flow.kept import EARLIER_SESSIONS, MOST_TRADES, FlowBefore, FlowState, nothing_traded
from processor.core.flow.statistics import Moments
from processor.core.intervals import number_of
from processor.core.lots import NARROW_LOTS
from processor.core.runs import distinct
from processor.core.sessions import begin_of
from processor.store.ahead import read_ahead
from processor.store.files import STATE_KEY, narrow, read_parquet, read_state, trades_of_segment
from processor.store.order_sizes import orders_before
from processor.units import NS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from processor.core.events import Trades
    from processor.core.flow.cells import Ints
    from processor.settings import Aggregation
    from processor.store.manifest import Manifest

SESSION_KIND: Final = "session"
_COLUMNS: Final = ("price_ticks", *LOTS, "trades")


class _Session(msgspec.Struct, frozen=True, kw_only=True):
    """What the session's file says beside its cells; `delta_high` and `delta_low` as in `Cells`."""

    day: int
    first_ns: int
    last_ns: int
    delta_high: int
    delta_low: int
    decimals: tuple[int, int]
    dataset: Moments


class SegmentSessions:
    """The sessions of what is being written."""

    def __init__(self, before: FlowBefore) -> None:
        """Go on after what was traded `before`."""
        self._before = before
        self._counted = Counted(before.dataset.lots, before.session.size_decimals)

    def add(self, trades: Trades) -> bool:
        """Take in a segment's trades; return whether all trades so far come to less than NARROW_LOTS.

        Raises:
            ScaleOverflow: a price has no room in 64 bits on the finest scale seen.
        """
        trades, is_narrow = self._counted.take(trades)
        self._before = self._before.added(_of_days(trades, is_narrow=is_narrow))
        return is_narrow

    def file(self) -> tuple[pl.DataFrame, dict[str, str]]:
        """The cells of the session so far, and the metadata of their file."""
        cells = self._before.session
        frame = pl.DataFrame({name: narrow(getattr(cells, name)) for name in _COLUMNS})
        state = _Session(
            day=int(cells.day[0]),
            first_ns=int(cells.first_ns[0]),
            last_ns=int(cells.last_ns[0]),
            delta_high=int(cells.delta_high[0]),
            delta_low=int(cells.delta_low[0]),
            decimals=(cells.price_decimals, cells.size_decimals),
            dataset=self._before.dataset,
        )
        return frame, {STATE_KEY: msgspec.json.encode(state).decode()}


def _of_days(trades: Trades, *, is_narrow: bool) -> Cells:
    """The cells of trades, as if each UTC day was a bar: only sessions are kept."""
    return cells_of(trades, trades.time_ns // NS_PER_DAY, is_narrow=is_narrow)


def traded_before(folder: Path, manifest: Manifest, segment: int, session_ns: int = 0) -> FlowBefore:
    """What was traded before `segment`, where sessions start at `session_ns` of a day.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    days: dict[str, list[int]] = {}
    for number, each in enumerate(manifest.segments[:segment]):
        if each.trades:
            days.setdefault(each.day, []).append(number)
    if not days:
        return nothing_traded()
    *earlier, (*_, last) = days.values()
    session, dataset = _read(manifest.index_path(folder, SESSION_KIND, last))
    if session_ns:
        *before, session = _last_sessions(folder, manifest, list(days.values()), session_ns)
    else:
        lasts = [numbers[-1] for numbers in earlier[-EARLIER_SESSIONS:]]
        before = [_read(manifest.index_path(folder, SESSION_KIND, number))[0] for number in lasts]
    scale = session.price_decimals, session.size_decimals
    return FlowBefore(session=session, earlier=tuple(each.finer(*scale) for each in before), dataset=dataset)


def _last_sessions(folder: Path, manifest: Manifest, days: Sequence[list[int]], session_ns: int) -> list[Cells]:
    """The last sessions with trades, one and EARLIER_SESSIONS; `days` are the numbers of each one's segments."""
    found: dict[int, Cells] = {}
    halves = read_ahead(lambda day: _halves(folder, manifest, days[day], session_ns), reversed(range(len(days))))
    for before, since in halves:
        for cells in (since, before):
            if len(cells):
                session = int(cells.day[0])
                found[session] = concatenated([cells, found.get(session, no_cells())])
        # One more than are wanted, as the oldest may lack what comes before.
        if len(found) > EARLIER_SESSIONS + 1:
            break
    halves.close()
    return list(found.values())[EARLIER_SESSIONS::-1]


def _halves(folder: Path, manifest: Manifest, numbers: Sequence[int], session_ns: int) -> tuple[Cells, Cells]:
    """What was traded in a UTC day before the start of a session in it, and since then: a piece each, where any was.

    `numbers` are those of the day's segments with trades. The first and last times and the extremes of the delta, which
    are asked of bars alone, are not those of the halves.
    """
    whole, _ = _read(manifest.index_path(folder, SESSION_KIND, numbers[-1]))
    day = int(whole.day[0])
    begin_ns = begin_of(day, session_ns)
    begun = [number for number in numbers if manifest.segments[number].first_ns < begin_ns]
    parts: list[Cells] = []
    if begun and manifest.segments[begun[-1]].last_ns < begin_ns:
        parts = [_read(manifest.index_path(folder, SESSION_KIND, begun[-1]))[0]]
    elif begun:
        parts = [_read(manifest.index_path(folder, SESSION_KIND, number))[0] for number in begun[-2:-1]]
        for trades in trades_of_segment(folder, begun[-1], manifest.segments[begun[-1]]):
            some = trades.rows(slice(0, int(np.searchsorted(trades.time_ns, begin_ns))))
            parts.append(_of_days(some, is_narrow=whole.buy_lots.dtype != object))
    before = concatenated(parts).finer(whole.price_decimals, whole.size_decimals)
    return _as_session(before, day - 1), _as_session(_without(whole, before), day)


def _without(whole: Cells, part: Cells) -> Cells:
    """One piece without what of it is in `part`."""
    if not len(part):
        return whole
    at = np.searchsorted(whole.price_ticks, part.price_ticks)
    columns: dict[str, Any] = {name: getattr(whole, name).copy() for name in _COLUMNS}
    for name in (*LOTS, "trades"):
        columns[name][at] -= getattr(part, name).astype(columns[name].dtype)
    is_left = columns["trades"] > 0
    if not is_left.any():
        return no_cells()
    columns = {name: column[is_left] for name, column in columns.items()}
    return replace(whole, starts=np.array([0, len(columns["trades"])]), **columns)


def _as_session(cells: Cells, session: int) -> Cells:
    """The same piece as one of that session."""
    number = np.full(len(cells), session)
    return replace(cells, bucket=number, day=number)


def flow_before(folder: Path, manifest: Manifest, segment: int, aggregation: Aggregation, keep: int) -> FlowState:
    """What an engine resumes from before `segment`: enough of the trades for the last `keep` intervals and one more.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    first, count = segment, 0
    intervals: set[int] = set()
    since: list[tuple[Trades, Ints]] = []

    def read(number: int) -> list[tuple[Trades, Ints]]:
        parts = trades_of_segment(folder, number, manifest.segments[number])
        return [(part, number_of(part.time_ns, aggregation.interval_ns)) for part in parts]

    segments = read_ahead(read, reversed(range(segment)))
    while first and len(intervals) <= keep and count <= MOST_TRADES:
        first -= 1
        found = next(segments)
        for part, buckets in found:
            count += len(part)
            intervals.update(distinct(buckets).tolist())
        since = [*found, *since]
    segments.close()
    before = traded_before(folder, manifest, first, aggregation.session_ns)
    return FlowState(before, orders_before(folder, manifest, first, aggregation), since)


def _read(path: Path) -> tuple[Cells, Moments]:
    frame = read_parquet(path, list(_COLUMNS))
    state = read_state(path, _Session)
    is_narrow = state.dataset.lots < NARROW_LOTS
    kind: Any = np.int64 if is_narrow else object

    def lots(column: pl.Series) -> np.ndarray[Any, Any]:
        return column.to_numpy().astype(np.int64) if is_narrow else np.array(column.to_list(), dtype=object)

    columns: dict[str, Any] = {name: lots(frame[name]) for name in LOTS}
    columns |= {name: frame[name].to_numpy().astype(np.int64) for name in ("price_ticks", "trades")}
    cells = Cells(
        bucket=np.array([state.day]),
        day=np.array([state.day]),
        first_ns=np.array([state.first_ns]),
        last_ns=np.array([state.last_ns]),
        delta_high=np.array([state.delta_high], kind),
        delta_low=np.array([state.delta_low], kind),
        starts=np.array([0, len(frame)]),
        price_decimals=state.decimals[0],
        size_decimals=state.decimals[1],
        **columns,
    )
    return cells, state.dataset
