"""Trades into orders: maximal runs of consecutive trades of equal time and side, the prints of one aggressor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from processor.core.aggregates.large_orders import WINDOW_NS, Hour
from processor.core.events import BUY, SELL, UNKNOWN, Trades, concatenated, read_only
from processor.core.lots import NARROW_LOTS
from processor.errors import ScaleOverflow
from processor.with_numba import njit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from processor.core.aggregates.base import Batch
    from processor.core.lots import Lots

SIDES: Final = {BUY: "buy", SELL: "sell", UNKNOWN: "unknown"}
_FEW: Final = 16
"""Prices that are compared with each other: to sort them takes longer."""
_SETTLE_TRADES: Final = 65_536
_SETTLE_PARTS: Final = 512
"""The newest orders are looked for once so much has come, as most of it is never asked for."""


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of successive trades, oldest first, on their scale.

    `first` is the row of an order's first trade, `side` BUY, SELL or UNKNOWN, `volume` its lots, `trades` how many
    there are, `price_first` and `price_last` are ticks, and `prices` is how many distinct ones there are.
    """

    first: NDArray[np.int64]
    time_ns: NDArray[np.int64]
    side: NDArray[np.int8]
    volume: Lots
    trades: NDArray[np.int64]
    price_first: NDArray[np.int64]
    price_last: NDArray[np.int64]
    prices: NDArray[np.int64]

    def frame(self) -> pl.DataFrame:
        """The same as a table, of which `volume` is Int128."""
        columns = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return pl.DataFrame(columns | {"volume": pl.Series(self.volume.tolist(), dtype=pl.Int128())})


def orders_of(trades: Trades) -> Orders:
    """The orders of successive trades."""
    starts = order_starts(trades)
    ends = np.append(starts[1:], len(trades)).astype(np.int64)
    price = trades.price_ticks.astype(np.int64, copy=False)
    return Orders(
        first=starts,
        time_ns=trades.time_ns[starts],
        side=trades.aggressor[starts],
        volume=volumes_of(trades, starts),
        trades=ends - starts,
        price_first=price[starts],
        price_last=price[ends - 1],
        prices=distinct_prices(trades, starts),
    )


def volumes_of(trades: Trades, starts: NDArray[np.int64]) -> Lots:
    """Lots of each order of some trades; `starts` are the rows at which these begin."""
    lots: Lots = trades.size_lots.astype(object if _may_overflow(trades) else np.int64, copy=False)
    return np.add.reduceat(lots, starts)


def distinct_prices(trades: Trades, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of distinct prices of each order."""
    found = np.empty(len(starts), np.int64)
    ends = np.append(starts[1:], len(trades)).astype(np.int64)
    _distinct(read_only(starts), read_only(ends), read_only(trades.price_ticks.astype(np.int64, copy=False)), found)
    return found


@njit(cache=True, nogil=True)
def _distinct(
    starts: NDArray[np.int64], ends: NDArray[np.int64], price: NDArray[np.int64], found: NDArray[np.int64]
) -> None:
    for order in range(len(starts)):
        first, end = starts[order], ends[order]
        count = 0
        if end - first > _FEW:
            ascending = np.sort(price[first:end])
            count = 1 + np.sum(ascending[1:] != ascending[:-1])
        else:
            for i in range(first, end):
                is_new = True
                for k in range(first, i):
                    is_new &= price[k] != price[i]
                count += is_new
        found[order] = count


def whole_orders(parts: Iterable[Trades]) -> Iterator[tuple[Trades, Orders]]:
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
    """The newest `keep` orders, whatever parts their trades came in; the hour before them tells which are large."""

    def __init__(self, keep: int) -> None:
        """Begin before the first trade."""
        self._keep = keep
        self._parts: list[Trades] = []
        self._count = 0
        self._hour: Hour | None = None
        """The orders that are judged, in the hour up to the last of them; None before any is."""
        self._is_large = np.zeros(0, np.bool_)
        """Of the first orders in the parts, those that are judged."""

    def advance(self, batch: Batch) -> bool:
        """Take in a batch; return that it closed no interval."""
        self._parts += batch.trades
        self._count += sum(map(len, batch.trades))
        if len(self._parts) > _SETTLE_PARTS or self._count > _SETTLE_TRADES:
            self._settle()
        return False

    def put_before(self, earlier: Iterable[Trades]) -> None:
        """Take in trades from before the first, newest part first, until there are enough; the rest is not read.

        It is called before the first batch.
        """
        for part in earlier:
            if len(part):
                self._parts.insert(0, part)
                trades = self._joined()
                oldest = order_starts(trades)[-self._keep :][0]
                if trades.time_ns[0] < trades.time_ns[oldest] - WINDOW_NS:
                    break

    def newest(self) -> tuple[Trades, Orders, NDArray[np.bool_]] | None:
        """The newest orders with the trades they are of, and which are large; None before the first."""
        if not self._parts:
            return None
        hour = self._settle()
        trades = self._parts[0]
        orders = orders_of(trades)
        is_last_large = hour.are_large(orders.time_ns[-1:], orders.volume[-1:])
        return trades, orders, np.concatenate([self._is_large, is_last_large])

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

    def _joined(self) -> Trades:
        """One part."""
        try:
            return concatenated(self._parts)
        except ScaleOverflow:
            # Sizes without room on the scale of later ones: the newest orders begin after them.
            self._hour = None
            return self._parts[-1]

    def _settle(self) -> Hour:
        """Keep the newest orders alone, and judge those that are over, all but the last; the hour of these."""
        decimals = self._parts[0].size_decimals
        trades = self._joined()
        starts = order_starts(trades)
        volumes, times = volumes_of(trades, starts), trades.time_ns[starts]
        first, over = max(0, len(starts) - self._keep), len(starts) - 1
        if self._hour is None:
            # Those before have not all of the hour before them.
            self._is_large, judged = np.zeros(first, np.bool_), first
            hour = Hour(times[:first], volumes[:first])
        else:
            judged = len(self._is_large)
            hour = self._hour.finer(trades.size_decimals - decimals)
        found, self._hour = hour.judged(times[judged:over], volumes[judged:over])
        self._is_large = np.concatenate([self._is_large, found])[first:]
        # A slice would keep all that it is of in memory.
        self._parts = [trades.rows(np.arange(starts[first], len(trades))) if first else trades]
        self._count = len(self._parts[0])
        return self._hour


def _may_overflow(trades: Trades) -> bool:
    return int(trades.size_lots.max()) * len(trades) >= NARROW_LOTS


def order_starts(trades: Trades) -> NDArray[np.int64]:
    """The row at which each order begins."""
    time_ns, side = trades.time_ns, trades.aggressor
    begins = np.flatnonzero((time_ns[1:] != time_ns[:-1]) | (side[1:] != side[:-1])) + 1
    return np.concatenate([np.zeros(min(1, len(time_ns)), np.int64), begins])
