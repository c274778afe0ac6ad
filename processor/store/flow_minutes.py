"""What a store keeps of the order flow in time: what was traded at each price of each minute, and the CVD by size then.

A file for each segment with trades, of which intervals of any number of minutes are made without its trades, and with
sessions that start with any minute of a day. There is none where the dataset's volume has no room in 62 bits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import polars as pl

from processor.core.flow.cells import OF_CELLS, OF_PIECES, Cells, cells_of, coarser
from processor.core.flow.kept import MOST_TRADES, FlowState
from processor.core.flow.sizes import OrderSizes, SizesBefore, finer_rows
from processor.core.intervals import number_of, start_of
from processor.core.sessions import session_of
from processor.settings import CVD_RESETS
from processor.store.ahead import read_ahead
from processor.store.files import STATE_KEY, file_name, narrow, read_parquet, read_state
from processor.store.order_sizes import orders_before
from processor.store.sessions import traded_before
from processor.units import NS_PER_SECOND

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from processor.core.events import Trades
    from processor.core.flow.sizes import Row, Sums
    from processor.settings import Aggregation, CvdReset
    from processor.store.manifest import Manifest

    Ints = NDArray[np.int64]

FLOW_KIND: Final = "flow-60s"
_MINUTE_NS: Final = 60 * NS_PER_SECOND
_OF_PIECES: Final = (*OF_PIECES, "starts")


class _State(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says beside the cells: the columns `of_pieces` of these, and the `rows` of the CVD by size.

    `decimals` are of prices and of sizes; rows are by how the CVD restarts, on the scale of `size_decimals`.
    """

    decimals: tuple[int, int]
    of_pieces: dict[str, list[int]]
    size_decimals: int
    rows: dict[str, list[tuple[int, tuple[int, ...]]]]


class SegmentFlow:
    """The minutes of what is being written."""

    def __init__(self, before: SizesBefore) -> None:
        """Go on after the orders `before`."""
        held = _in_bars(before, _MINUTE_NS)
        self._sizes = {reset: OrderSizes(None, held, reset=reset) for reset in CVD_RESETS}

    def file(self, trades: Trades, *, is_narrow: bool) -> tuple[pl.DataFrame, dict[str, str]] | None:
        """What a segment's trades come to, and the metadata of their file; see `OrderSizes.take`."""
        minutes = number_of(trades.time_ns, _MINUTE_NS)
        for sizes in self._sizes.values():
            sizes.take(trades, minutes, is_narrow=is_narrow)
        rows: dict[str, list[Row]] = {reset: sizes.taken() for reset, sizes in self._sizes.items()}
        if not is_narrow:
            return None
        cells = cells_of(trades, minutes, is_narrow=True)
        state = _State(
            decimals=(cells.price_decimals, cells.size_decimals),
            of_pieces={name: getattr(cells, name).tolist() for name in _OF_PIECES},
            size_decimals=self._sizes["none"].now.size_decimals,
            rows=rows,
        )
        frame = pl.DataFrame({name: narrow(getattr(cells, name)) for name in OF_CELLS})
        return frame, {STATE_KEY: msgspec.json.encode(state).decode()}


def _in_bars(sizes: SizesBefore, interval_ns: int) -> SizesBefore:
    """The same with the orders held in the bars of an interval."""
    return replace(sizes, held=replace(sizes.held, bar=number_of(sizes.held.time_ns, interval_ns)))


def has_minutes(manifest: Manifest, segment: int, aggregation: Aggregation) -> bool:
    """Whether there are minutes of all trades before a segment, and they add up to what is wanted."""
    if aggregation.activity is not None or aggregation.interval_ns % _MINUTE_NS:
        return False
    # As volume does not shrink, all have a file if the last one has.
    last = next((number for number in reversed(range(segment)) if manifest.segments[number].trades), None)
    return last is not None and file_name(FLOW_KIND, last) in manifest.segments[last].files


def flow_of_minutes(folder: Path, manifest: Manifest, segment: int, aggregation: Aggregation, keep: int) -> FlowState:
    """What an engine resumes from before `segment`: enough for the last `keep` intervals and one more.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    orders = orders_before(folder, manifest, segment, aggregation)
    kept = "none" if aggregation.session_ns else aggregation.cvd_reset

    def read(number: int) -> tuple[Cells, list[Row]] | None:
        if not manifest.segments[number].trades:
            return None
        return _read(folder, manifest, number, aggregation, kept, orders.size_decimals)

    first, count = segment, 0
    intervals: set[int] = set()
    cells: list[Cells] = []
    rows: list[list[Row]] = []
    segments = read_ahead(read, reversed(range(segment)))
    while first and len(intervals) <= keep and count <= MOST_TRADES:
        first -= 1
        found = next(segments)
        if found is not None:
            count += int(found[0].trades.sum())
            intervals.update(found[0].bucket.tolist())
            cells.insert(0, found[0])
            rows.insert(0, found[1])
    segments.close()
    # What a later row says of a minute, or then of an interval, takes the place of what an earlier one said.
    minutes = {minute: values for some in rows for minute, values in some}
    if kept != aggregation.cvd_reset:
        earlier = orders_before(folder, manifest, first, aggregation).finer(orders.size_decimals).sums
        minutes = _restarted(minutes, earlier, aggregation.session_ns)
    interval_ns = aggregation.interval_ns
    joined = {number_of(start_of(minute, _MINUTE_NS), interval_ns): values for minute, values in minutes.items()}
    before = traded_before(folder, manifest, first, aggregation.session_ns)
    return FlowState(before, _in_bars(orders, interval_ns), cells=cells, rows=list(joined.items()))


def _restarted(minutes: dict[int, tuple[int, ...]], before: Sums, session_ns: int) -> dict[int, tuple[int, ...]]:
    """CVDs that restart with sessions from those that never do; `before` is what was counted before the first."""
    found = {}
    session, base, last = before.day, before.before_day, before.lots
    for minute, values in minutes.items():
        of_minute = session_of(start_of(minute, _MINUTE_NS), session_ns)
        if of_minute != session:
            session, base = of_minute, last
        found[minute] = tuple(now - then for now, then in zip(values, base or (0,) * len(values), strict=True))
        last = values
    return found


def _read(
    folder: Path, manifest: Manifest, number: int, aggregation: Aggregation, reset: CvdReset, size_decimals: int
) -> tuple[Cells, list[Row]]:
    """The intervals of a segment, and its rows of the CVD by size, of minutes and in lots of so many decimals."""
    path = manifest.index_path(folder, FLOW_KIND, number)
    frame, state = read_parquet(path), read_state(path, _State)
    columns: dict[str, Ints] = {name: frame[name].to_numpy().astype(np.int64) for name in OF_CELLS}
    columns |= {name: np.array(values, np.int64) for name, values in state.of_pieces.items()}
    cells = Cells(price_decimals=state.decimals[0], size_decimals=state.decimals[1], **columns)
    starts_ns = start_of(cells.bucket, _MINUTE_NS)
    cells = replace(cells, day=session_of(starts_ns, aggregation.session_ns))
    rows = finer_rows(state.rows[reset], size_decimals - state.size_decimals)
    return coarser(cells, number_of(starts_ns, aggregation.interval_ns)), rows
