"""What a store keeps of the sizes of orders, after each segment with trades: see `SizesBefore`."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import polars as pl

from processor.core.flow.sizes import OrderSizes, SizesBefore, Sums, counted, held_orders
from processor.core.lots import NARROW_LOTS
from processor.core.sessions import begin_of, session_of
from processor.store.files import (
    CHECKPOINT_KIND,
    STATE_KEY,
    CheckpointMetadata,
    narrow,
    read_parquet,
    read_state,
    trades_of_segment,
)

if TYPE_CHECKING:
    from pathlib import Path

    from processor.core.events import Trades
    from processor.settings import Aggregation
    from processor.store.manifest import Manifest

ORDERS_KIND: Final = "orders"


class _State(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says beside the orders that it holds: see `SizesBefore`."""

    size_decimals: int
    edges: tuple[int, ...] | None
    sums: Sums


class SegmentOrders:
    """The orders of what is being written."""

    def __init__(self, before: SizesBefore) -> None:
        """Go on after the orders `before`."""
        self._sizes = OrderSizes(1, before)

    def add(self, trades: Trades, *, is_narrow: bool) -> None:
        """Take in a segment's trades; see `OrderSizes.take`."""
        self._sizes.take(trades, np.zeros(len(trades), np.int64), is_narrow=is_narrow)

    def file(self) -> tuple[pl.DataFrame, dict[str, str]]:
        """The orders held so far, and the metadata of their file."""
        now = self._sizes.now
        frame = pl.DataFrame({"time_ns": now.held.time_ns, "side": now.held.side, "size_lots": narrow(now.held.lots)})
        state = _State(size_decimals=now.size_decimals, edges=now.edges, sums=now.sums)
        return frame, {STATE_KEY: msgspec.json.encode(state).decode()}


def orders_before(
    folder: Path, manifest: Manifest, segment: int, aggregation: Aggregation | None = None
) -> SizesBefore:
    """What was known of the orders before `segment`; without an `aggregation` with sessions that are UTC days.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    last = _last_traded(manifest, segment)
    if last is None:
        return SizesBefore()
    found = _after(folder, manifest, last)
    if aggregation is None or not aggregation.session_ns or aggregation.cvd_reset == "none" or found.edges is None:
        return found
    session = session_of(int(found.held.time_ns[-1]), aggregation.session_ns)
    before = _lots_before(folder, manifest, segment, begin_of(session, aggregation.session_ns), found)
    return replace(found, sums=Sums(found.sums.lots, before, session))


def _lots_before(folder: Path, manifest: Manifest, segment: int, begin_ns: int, found: SizesBefore) -> tuple[int, ...]:
    """What the orders before `begin_ns` come to in the buckets that were `found`, as `Sums.lots`."""
    number = _last_traded(manifest, bisect_left(manifest.segments[:segment], begin_ns, key=lambda each: each.first_ns))
    now = SizesBefore()
    if number is not None and manifest.segments[number].last_ns < begin_ns:
        now = _after(folder, manifest, number)
    elif number is not None:
        totals = read_state(manifest.index_path(folder, CHECKPOINT_KIND, number), CheckpointMetadata)
        sizes = OrderSizes(1, orders_before(folder, manifest, number))
        for trades in trades_of_segment(folder, number, manifest.segments[number]):
            some = trades.rows(slice(0, int(np.searchsorted(trades.time_ns, begin_ns))))
            sizes.take(some, np.zeros(len(some), np.int64), is_narrow=totals.traded.volume < NARROW_LOTS)
        now = sizes.now
    now = now.finer(found.size_decimals)
    return counted(now.held, found.edges or (), now.sums, "none", 0)[1].lots


def _last_traded(manifest: Manifest, segment: int) -> int | None:
    """The last segment with trades before `segment`."""
    return next((number for number in reversed(range(segment)) if manifest.segments[number].trades), None)


def _after(folder: Path, manifest: Manifest, last: int) -> SizesBefore:
    """What was known after a segment with trades."""
    path = manifest.index_path(folder, ORDERS_KIND, last)
    frame = read_parquet(path)
    state = read_state(path, _State)
    lots = frame["size_lots"]
    held = held_orders(
        frame["time_ns"].to_numpy(),
        frame["side"].to_numpy(),
        np.array(lots.to_list(), dtype=object) if lots.dtype == pl.Int128() else lots.to_numpy().astype(np.int64),
    )
    return SizesBefore(state.size_decimals, state.edges, state.sums, held)
