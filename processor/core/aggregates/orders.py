"""Trades into orders: maximal runs of consecutive trades of equal time and side, the prints of one aggressor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from processor.core.aggregates.large_orders import WINDOW_NS, are_large
from processor.core.events import BUY, SELL, UNKNOWN, Trades, concatenated
from processor.core.lots import NARROW_LOTS
from processor.errors import ScaleOverflow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from processor.core.aggregates.base import Batch

SIDES: Final = {BUY: "buy", SELL: "sell", UNKNOWN: "unknown"}
_TRIM_TRADES: Final = 65_536
_TRIM_PARTS: Final = 512
"""The newest orders are looked for once so much has come, as most of it is never asked for."""


def orders_of(trades: Trades) -> pl.DataFrame:
    """The orders of successive trades, oldest first, on their scale.

    Columns: `first` (the row of its first trade), `time_ns`, `side` (BUY, SELL or UNKNOWN), `volume` (lots, Int128),
    `trades`, `price_first`, `price_last` (ticks) and `prices` (how many distinct ones).
    """
    starts = order_starts(trades)
    frame = pl.DataFrame(
        {
            "order": np.repeat(np.arange(len(starts)), np.diff(starts, append=len(trades))),
            "price": trades.price_ticks.astype(np.int64, copy=False),
            "lots": trades.size_lots.astype(np.int64, copy=False),
        }
    )
    found = frame.group_by("order", maintain_order=True).agg(
        volume=pl.col("lots").cast(pl.Int128()).sum(),
        trades=pl.len().cast(pl.Int64),
        price_first=pl.col("price").first(),
        price_last=pl.col("price").last(),
        prices=pl.col("price").n_unique().cast(pl.Int64),
    )
    return pl.DataFrame(
        {
            "first": starts,
            "time_ns": trades.time_ns[starts],
            "side": trades.aggressor[starts],
            **{name: found[name] for name in ("volume", "trades", "price_first", "price_last", "prices")},
        }
    )


def whole_orders(parts: Iterable[Trades]) -> Iterator[tuple[Trades, pl.DataFrame]]:
    """The same trades in parts that divide no order, each with its orders."""
    held: Trades | None = None
    for part in parts:
        if not len(part):
            continue
        trades = part if held is None else concatenated([held, part])
        last = int(order_starts(trades)[-1])
        if last:
            whole = trades.rows(slice(0, last))
            yield whole, orders_of(whole)
        held = trades.rows(slice(last, None))
    if held is not None:
        yield held, orders_of(held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order so far: its time, side (BUY, SELL or UNKNOWN), lots, number of trades, and the price of the last one."""

    time_ns: int
    side: int
    lots: int
    trades: int
    price_ticks: int
    price_decimals: int
    size_decimals: int


class RecentOrders:
    """The newest `keep` orders, and the trades of the hour before them, whatever parts they came in."""

    def __init__(self, keep: int) -> None:
        """Begin before the first trade."""
        self._keep = keep
        self._parts: list[Trades] = []
        self._count = 0
        self._trim_at = _TRIM_TRADES

    def advance(self, batch: Batch) -> bool:
        """Take in a batch; return that it closed no interval."""
        self._parts += batch.trades
        self._count += sum(map(len, batch.trades))
        if len(self._parts) > _TRIM_PARTS or self._count > self._trim_at:
            self._trim()
        return False

    def put_before(self, earlier: Iterable[Trades]) -> None:
        """Take in trades from before the first, newest part first, until there are enough; the rest is not read."""
        for part in earlier:
            if len(part):
                self._parts.insert(0, part)
                if self._trim():
                    break

    def newest(self, trades_in_all: int) -> tuple[Trades | None, pl.DataFrame]:
        """The newest orders and the trades they are of; None before the first.

        `first` is counted from the dataset's first trade, of which `trades_in_all` have been taken in. `large` tells
        which are large.
        """
        if not self._parts:
            return None, pl.DataFrame()
        self._trim()
        trades = self._parts[0]
        starts = order_starts(trades)
        shown = max(0, len(starts) - self._keep)
        lots = trades.size_lots.astype(object if _may_overflow(trades) else np.int64)
        is_large = are_large(trades.time_ns[starts], np.add.reduceat(lots, starts), shown)
        newest = trades.rows(slice(int(starts[shown]), None))
        before = trades_in_all - len(newest)
        return newest, orders_of(newest).with_columns(pl.col("first") + before, pl.Series("large", is_large))

    def last(self) -> Order | None:
        """The newest order; None before the first."""
        if not self._parts:
            return None
        newest = self._parts[-1]
        time_ns, side = int(newest.time_ns[-1]), int(newest.aggressor[-1])
        found: list[Trades] = []
        for part in reversed(self._parts):
            own = part.rows(slice(int(np.searchsorted(part.time_ns, time_ns)), None))
            others = np.flatnonzero(own.aggressor != side)
            own = own.rows(slice(int(others[-1]) + 1 if len(others) else 0, None))
            found.append(own)
            if len(own) < len(part):
                break
        decimals = max(own.size_decimals for own in found)
        return Order(
            time_ns=time_ns,
            side=side,
            lots=sum(sum(own.size_lots.tolist()) * 10 ** (decimals - own.size_decimals) for own in found),
            trades=sum(map(len, found)),
            price_ticks=int(newest.price_ticks[-1]),
            price_decimals=newest.price_decimals,
            size_decimals=decimals,
        )

    def _trim(self) -> bool:
        """One part, of the orders that are kept and the hour before; return whether there was more than that."""
        try:
            trades = concatenated(self._parts)
        except ScaleOverflow:
            # Sizes without room on the scale of later ones: the newest orders begin after them.
            trades = self._parts[-1]
        starts = order_starts(trades)
        oldest_ns = int(trades.time_ns[starts[max(0, len(starts) - self._keep)]])
        # Trades of one time are all here or not at all, so all orders are whole.
        from_row = int(np.searchsorted(trades.time_ns, oldest_ns - WINDOW_NS))
        # A slice would keep all that it is of in memory.
        self._parts = [trades.rows(np.arange(from_row, len(trades))) if from_row else trades]
        self._count = len(self._parts[0])
        self._trim_at = max(_TRIM_TRADES, 2 * self._count)
        return from_row > 0


def _may_overflow(trades: Trades) -> bool:
    return int(trades.size_lots.max()) * len(trades) >= NARROW_LOTS


def order_starts(trades: Trades) -> NDArray[np.int64]:
    """The row at which each order begins."""
    time_ns, side = trades.time_ns, trades.aggressor
    begins = np.flatnonzero((time_ns[1:] != time_ns[:-1]) | (side[1:] != side[:-1])) + 1
    return np.concatenate([np.zeros(min(1, len(time_ns)), np.int64), begins])
