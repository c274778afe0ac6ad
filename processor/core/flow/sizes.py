"""CVD by order size: the delta that small and that large orders add up to.

Orders fall into buckets by their volume. The edges of the buckets are percentiles of the volumes of the dataset's first
SAMPLE_ORDERS orders, and are known once the order after these has started. Until then nothing is shown; then the series
counts from the first order.

Bars are named as elsewhere, and a bucket is always one of sizes here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from processor.core.decimals import decimal_floats
from processor.core.events import read_only
from processor.core.flow.cells import kernel_for
from processor.core.lots import NARROW_LOTS, finer_lots
from processor.core.runs import run_starts
from processor.core.sessions import session_of
from processor.units import NS_PER_DAY
from processor.with_numba import njit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from processor.core.events import Trades
    from processor.core.flow.cells import Ints
    from processor.core.lots import Lots
    from processor.settings import CvdReset

SAMPLE_ORDERS: Final = 10_000
_PERCENTS: Final = (50, 90, 99)
BUCKETS: Final = tuple(f"bucket_{number}" for number in range(len(_PERCENTS) + 1))
EDGES: Final = tuple(f"edge_{number}" for number in range(1, len(_PERCENTS) + 1))
_NO_BAR: Final = np.iinfo(np.int64).min
"""The bar of an order from before what an engine goes on from: one before all that are shown."""

Row = tuple[int, tuple[int, ...]]
"""A bar, and the CVD of each bucket at its end."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Successive orders: when, by which side, of how many lots, and in which bar."""

    time_ns: Ints
    side: NDArray[np.int8]
    lots: Lots
    bar: Ints

    def __len__(self) -> int:
        return len(self.time_ns)

    def rows(self, which: slice) -> Orders:
        """Some successive orders."""
        return Orders(self.time_ns[which], self.side[which], self.lots[which], self.bar[which])

    def followed_by(self, later: Orders) -> Orders:
        """These and later ones; the last of these and the first of those are one where they continue each other."""
        if not len(self) or not len(later):
            return later if len(later) else self
        is_cut = self.time_ns[-1] == later.time_ns[0] and self.side[-1] == later.side[0]
        first, lots = self.rows(slice(0, -1)) if is_cut else self, later.lots
        if is_cut:
            lots = lots.astype(np.result_type(lots, self.lots))
            lots[0] += int(self.lots[-1])  # one of NumPy's would overflow beside an object
        return Orders(
            np.concatenate([first.time_ns, later.time_ns]),
            np.concatenate([first.side, later.side]),
            np.concatenate([first.lots, lots]),
            np.concatenate([first.bar, later.bar]),
        )


def no_orders() -> Orders:
    """Before the first order."""
    return Orders(np.zeros(0, np.int64), np.zeros(0, np.int8), np.zeros(0, np.int64), np.zeros(0, np.int64))


def held_orders(time_ns: Ints, side: NDArray[np.int8], lots: Lots) -> Orders:
    """Orders from before all bars that are shown."""
    return Orders(time_ns, side, lots, np.full(len(time_ns), _NO_BAR, np.int64))


@dataclass(frozen=True, slots=True)
class Sums:
    """The delta of each bucket since the first order, in lots, and what it was before session `day`."""

    lots: tuple[int, ...] = ()
    before_day: tuple[int, ...] = ()
    day: int = 0

    def finer(self, decimals: int) -> Sums:
        """The same with that many more decimals."""
        return Sums(_finer(self.lots, decimals), _finer(self.before_day, decimals), self.day)


@dataclass(frozen=True, slots=True)
class SizesBefore:
    """What is known of the orders up to a moment, on the scale of `size_decimals`.

    `held` are those not in `sums`: all as long as the `edges` are not known, then only the last, which may go on.
    """

    size_decimals: int = 0
    edges: tuple[int, ...] | None = None
    sums: Sums = Sums()
    held: Orders = field(default_factory=no_orders)

    def finer(self, size_decimals: int) -> SizesBefore:
        """The same on a scale at least as fine."""
        grown = size_decimals - self.size_decimals
        return SizesBefore(
            size_decimals,
            None if self.edges is None else _finer(self.edges, grown),
            self.sums.finer(grown),
            replace(self.held, lots=finer_lots(self.held.lots, grown)),
        )


class OrderSizes:
    """The CVD of each bucket at the end of the newest `keep` bars with trades (None: of all), whatever the batches.

    `now` is what is known up to now.
    """

    def __init__(
        self,
        keep: int | None,
        now: SizesBefore | None = None,
        *,
        reset: CvdReset = "none",
        session_ns: int = 0,
        rows: Sequence[Row] = (),
    ) -> None:
        """Start before the first trade, or go on from what was known, after the bars `rows`.

        Sessions, with which a CVD may restart, start at `session_ns` of a day.
        """
        self.now = now or SizesBefore()
        self._keep = keep
        self._reset: CvdReset = reset
        self._session_ns = session_ns
        self._rows: list[Row] = [*rows]

    def take(self, trades: Trades, bars: Ints, *, is_narrow: bool) -> None:
        """Take in trades in time order; `bars` names each trade's bar.

        `is_narrow` tells that these and all earlier trades come to less than NARROW_LOTS.

        Raises:
            ScaleOverflow: a size has no room in 64 bits on the finest scale seen.
        """
        if not len(trades):
            return
        decimals = max(trades.size_decimals, self.now.size_decimals)
        if decimals > self.now.size_decimals:
            grown = decimals - self.now.size_decimals
            self._rows = finer_rows(self._rows, grown)
            self.now = self.now.finer(decimals)
        found = _orders_of(trades.rescaled(trades.price_decimals, decimals), bars, is_narrow=is_narrow)
        now = replace(self.now, held=self.now.held.followed_by(found))
        if now.edges is None and len(now.held) > SAMPLE_ORDERS:
            now = replace(now, edges=_edges(now.held.lots[:SAMPLE_ORDERS]))
        if now.edges is not None:
            rows, sums = counted(now.held.rows(slice(0, -1)), now.edges, now.sums, self._reset, self._session_ns)
            now = replace(now, sums=sums, held=now.held.rows(slice(-1, None)))
            self._rows = joined_rows(self._rows, rows)
            if self._keep is not None:
                del self._rows[: -self._keep]
        self.now = now

    def frame(self, *, at_end: bool = False) -> pl.DataFrame:
        """The bars that are kept, oldest first: `bucket` (the bar), BUCKETS and EDGES in the instrument's own units.

        Buckets that are not there, as edges are equal, are null. `at_end` tells that the dataset has no further trade:
        one with too few orders takes all of them for its edges.
        """
        rows, edges = self.rows(at_end=at_end)
        return _frame(rows, edges, self.now.size_decimals)

    def rows(self, *, at_end: bool = False) -> tuple[list[Row], tuple[int, ...]]:
        """The same in lots, and the edges, of which there are none as long as no bar is shown."""
        now = self.now
        edges = now.edges
        if edges is None and at_end and len(now.held):
            edges = _edges(now.held.lots)
        if edges is None:
            return [], ()
        rows, _ = counted(now.held, edges, now.sums, self._reset, self._session_ns)
        return joined_rows(self._rows, rows)[-(self._keep or 0) :], edges

    def taken(self) -> list[Row]:
        """The bars that orders were counted in since this was asked last."""
        rows, self._rows = self._rows, []
        return rows

    def closed(self) -> pl.DataFrame:
        """The bars that no order can join any more, each once, as `frame` has them."""
        closed, self._rows = self._rows[:-1], self._rows[-1:]
        return _frame(closed, self.now.edges or (), self.now.size_decimals)


def _orders_of(trades: Trades, bars: Ints, *, is_narrow: bool) -> Orders:
    size = trades.size_lots.astype(np.int64 if is_narrow else object, copy=False)
    time_ns, side = np.empty_like(trades.time_ns), np.empty_like(trades.aggressor)
    lots, bar = np.empty_like(size), np.empty_like(bars)
    given = read_only(trades.time_ns), read_only(trades.aggressor), read_only(size), read_only(bars)
    count = kernel_for(_gather, size)(*given, time_ns, side, lots, bar)
    # A slice would keep the whole columns in memory.
    return Orders(time_ns[:count].copy(), side[:count].copy(), lots[:count].copy(), bar[:count].copy())


@njit(cache=True, nogil=True)
def _gather(
    time_ns: Ints,
    side: NDArray[np.int8],
    size: Lots,
    bar: Ints,
    to_time: Ints,
    to_side: NDArray[np.int8],
    to_lots: Lots,
    to_bar: Ints,
) -> int:
    """Write the orders of some trades; return how many there are."""
    count = 0
    for i in range(len(time_ns)):
        if i and time_ns[i] == time_ns[i - 1] and side[i] == side[i - 1]:
            to_lots[count - 1] += size[i]
        else:
            to_time[count], to_side[count], to_lots[count], to_bar[count] = time_ns[i], side[i], size[i], bar[i]
            count += 1
    return count


def _edges(lots: Lots) -> tuple[int, ...]:
    """Percentiles of volumes by the nearest rank: of N the ceil(p N / 100)-th smallest; equal ones once."""
    ascending = np.sort(lots).tolist()
    return tuple(sorted({ascending[-(-percent * len(ascending) // 100) - 1] for percent in _PERCENTS}))


def counted(
    orders: Orders, edges: tuple[int, ...], sums: Sums, reset: CvdReset, session_ns: int
) -> tuple[list[Row], Sums]:
    """The CVD of each bucket at the end of each bar of successive whole orders, and the sums after them."""
    buckets = len(edges) + 1
    lots, before_day = sums.lots or (0,) * buckets, sums.before_day or (0,) * buckets
    if not len(orders):
        return [], Sums(lots, before_day, sums.day)
    ends = np.append(run_starts(orders.bar)[1:] - 1, len(orders) - 1)
    # Orders that are taken up from a store may have room where what was traded before them has none.
    farthest = max(map(abs, (*lots, *before_day, *edges, int(orders.lots.max()) * len(orders))))
    kind = np.int64 if farthest < NARROW_LOTS // 2 else object
    of_orders: Lots = orders.lots.astype(kind, copy=False)
    after, base, limits = (np.array(each, kind) for each in (lots, before_day, edges))
    values = np.empty((len(ends), buckets), kind)
    columns = (of_orders, orders.side, orders.time_ns, limits, ends.astype(np.int64))
    kernel_for(_count, of_orders)(*map(read_only, columns), session_ns, sums.day, reset == "day", after, base, values)
    made = zip(orders.bar[ends].tolist(), map(tuple, values.tolist()), strict=True)
    last_day = session_of(int(orders.time_ns[-1]), session_ns)
    return [row for row in made if row[0] != _NO_BAR], Sums(tuple(after.tolist()), tuple(base.tolist()), last_day)


@njit(cache=True, nogil=True)
def _count(
    lots: Lots,
    side: NDArray[np.int8],
    time_ns: Ints,
    edges: Lots,
    ends: Ints,
    session_ns: int,
    known_day: int,
    is_daily: bool,  # noqa: FBT001 - kernels take no keywords
    sums: Lots,
    base: Lots,
    values: Lots,
) -> None:
    """Write the CVD of each bucket at each of `ends`, the last orders of bars.

    `sums` are those of the buckets before the first order, and then after the last one; `base` are what they were
    before the session of these orders.
    """
    at = 0
    for i in range(len(lots)):
        day = (time_ns[i] - session_ns) // NS_PER_DAY
        if day != known_day:
            known_day = day
            base[:] = sums
        # No loop that ends early: where it would end cannot be predicted.
        bucket = 0
        for k in range(len(edges)):
            bucket += edges[k] <= lots[i]
        sums[bucket] += lots[i] * int(side[i])
        if i == ends[at]:
            for k in range(len(sums)):
                values[at, k] = sums[k] - base[k] if is_daily else sums[k]
            at += 1


def finer_rows(rows: Sequence[Row], decimals: int) -> list[Row]:
    """The same in lots of that many more decimals."""
    return [(bar, _finer(values, decimals)) for bar, values in rows]


def joined_rows(rows: list[Row], later: list[Row]) -> list[Row]:
    """Successive rows; a bar that both have is as the later ones say."""
    return [*(rows[:-1] if rows and later and rows[-1][0] == later[0][0] else rows), *later]


def _frame(rows: list[Row], edges: tuple[int, ...], size_decimals: int) -> pl.DataFrame:
    count = len(rows)
    nothing = pl.Series([None] * count, dtype=pl.Float64)
    columns = zip(*(values for _, values in rows), strict=True)
    floats = [pl.Series(decimal_floats(pl.Series(each, dtype=pl.Int128()), size_decimals)) for each in columns]
    given = dict(zip(BUCKETS, floats, strict=False))
    given |= {name: pl.Series([edge / 10**size_decimals] * count) for name, edge in zip(EDGES, edges, strict=False)}
    return pl.DataFrame(
        {
            "bucket": pl.Series([bar for bar, _ in rows], dtype=pl.Int64),
            **{name: given.get(name, nothing).cast(pl.Float64) for name in (*BUCKETS, *EDGES)},
        }
    )


def _finer(lots: tuple[int, ...], decimals: int) -> tuple[int, ...]:
    return tuple(each * 10**decimals for each in lots)
