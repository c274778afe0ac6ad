"""What a store keeps of what was traded: after each segment with trades, the session's cells so far.

The file of a day's last segment is the profile of the whole session. The cells are at single prices, so that rows of
any height come from them; what a replay shows of single bars comes from the trades.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import polars as pl

from processor.core.flow.cells import LOTS, Cells, cells_of
from processor.core.flow.counted import Counted
from processor.core.flow.kept import EARLIER_SESSIONS, MOST_TRADES, FlowBefore, FlowState, nothing_traded
from processor.core.flow.statistics import Moments
from processor.core.intervals import number_of
from processor.core.lots import NARROW_LOTS
from processor.core.runs import distinct
from processor.store.ahead import read_ahead
from processor.store.files import STATE_KEY, narrow, read_parquet, read_state, trades_of_segment
from processor.store.order_sizes import orders_before
from processor.units import NS_PER_DAY

if TYPE_CHECKING:
    from pathlib import Path

    from processor.core.events import Trades
    from processor.core.flow.cells import Ints
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
        # A bar for each day: only sessions are kept.
        self._before = self._before.added(cells_of(trades, trades.time_ns // NS_PER_DAY, is_narrow=is_narrow))
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


def traded_before(folder: Path, manifest: Manifest, segment: int) -> FlowBefore:
    """What was traded before `segment`.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    last_of_days: dict[str, int] = {
        each.day: number for number, each in enumerate(manifest.segments[:segment]) if each.trades
    }
    if not last_of_days:
        return nothing_traded()
    *earlier, last = last_of_days.values()
    session, dataset = _read(manifest.index_path(folder, SESSION_KIND, last))
    before = [_read(manifest.index_path(folder, SESSION_KIND, number))[0] for number in earlier[-EARLIER_SESSIONS:]]
    scale = session.price_decimals, session.size_decimals
    return FlowBefore(session=session, earlier=tuple(each.finer(*scale) for each in before), dataset=dataset)


def flow_before(folder: Path, manifest: Manifest, segment: int, interval_ns: int, keep: int) -> FlowState:
    """What an engine resumes from before `segment`: enough of the trades for the last `keep` intervals and one more.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    first, count = segment, 0
    intervals: set[int] = set()
    since: list[tuple[Trades, Ints]] = []

    def read(number: int) -> list[tuple[Trades, Ints]]:
        parts = trades_of_segment(folder, number, manifest.segments[number])
        return [(part, number_of(part.time_ns, interval_ns)) for part in parts]

    segments = read_ahead(read, reversed(range(segment)))
    while first and len(intervals) <= keep and count <= MOST_TRADES:
        first -= 1
        found = next(segments)
        for part, buckets in found:
            count += len(part)
            intervals.update(distinct(buckets).tolist())
        since = [*found, *since]
    segments.close()
    return FlowState(traded_before(folder, manifest, first), orders_before(folder, manifest, first), since)


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
