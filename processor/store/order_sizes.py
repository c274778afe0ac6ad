"""What a store keeps of the sizes of orders, after each segment with trades: see `SizesBefore`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import polars as pl

from processor.core.flow.sizes import OrderSizes, SizesBefore, Sums, held_orders
from processor.store.files import STATE_KEY, narrow, read_parquet, read_state

if TYPE_CHECKING:
    from pathlib import Path

    from processor.core.events import Trades
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


def orders_before(folder: Path, manifest: Manifest, segment: int) -> SizesBefore:
    """What was known of the orders before `segment`.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    last = next((number for number in reversed(range(segment)) if manifest.segments[number].trades), None)
    if last is None:
        return SizesBefore()
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
