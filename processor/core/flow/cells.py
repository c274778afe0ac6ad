"""What was traded at each price, bar by bar: the cells that footprints, profiles and statistics are made of.

A *piece* is what one bar and one session have in common, so that its cells add up to bars and to sessions. Cells are
kept at single prices: rows of any height come from them, and heights of 2 and of 5 ticks do not come from each other.

Sums of lots are int64 where the dataset's whole volume has room in 62 bits. Where it has not, they are Python's
integers in columns of objects, and the kernels run as plain Python: slowly, but right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processor.core.events import BUY, SELL, read_only, scaled_up
from processor.core.lots import finer_lots
from processor.core.runs import run_starts
from processor.core.sessions import session_of
from processor.with_numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from processor.core.events import Trades
    from processor.core.lots import Lots

    Ints = NDArray[np.int64]

LOTS: Final = ("buy_lots", "sell_lots", "unknown_lots")
OF_PIECES: Final = ("bucket", "day", "first_ns", "last_ns", "delta_high", "delta_low")
OF_CELLS: Final = ("price_ticks", *LOTS, "trades")
_DENSE: Final = 8
"""Ticks for each cell up to which cells are gathered in a place for each tick, and not sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """The cells of successive pieces.

    Of each of P pieces: `bucket` names its bar, `day` its session by the day that it starts on, `first_ns` and
    `last_ns` are the times of its first and last trade, `delta_high` and `delta_low` are the extremes of its running
    delta in lots, from 0 and with it. Cells `starts[i]` to `starts[i + 1]` are those of piece i, ascending by
    `price_ticks` (the lower edge of the row, once they are in rows), with the lots bought, sold and of unknown side,
    and the number of trades.
    """

    bucket: Ints
    day: Ints
    first_ns: Ints
    last_ns: Ints
    delta_high: Lots
    delta_low: Lots
    starts: Ints
    price_ticks: Ints
    buy_lots: Lots
    sell_lots: Lots
    unknown_lots: Lots
    trades: Ints
    price_decimals: int
    size_decimals: int

    def __len__(self) -> int:
        """Pieces."""
        return len(self.bucket)

    @property
    def volume(self) -> Lots:
        """Lots of all sides in each cell."""
        return self.buy_lots + self.sell_lots + self.unknown_lots

    def sums(self, cells: NDArray[Any]) -> NDArray[Any]:
        """A sum for each piece of a column of values for each cell."""
        return np.add.reduceat(cells, self.starts[:-1]) if len(self) else cells[:0]

    def pieces(self, which: slice) -> Cells:
        """Some successive pieces."""
        first, last, _ = which.indices(len(self))
        last = max(first, last)
        if (first, last) == (0, len(self)):
            return self
        pieces, cells = slice(first, last), slice(int(self.starts[first]), int(self.starts[last]))
        # Not by `replace` and names, which takes several times as long.
        return Cells(
            bucket=self.bucket[pieces],
            day=self.day[pieces],
            first_ns=self.first_ns[pieces],
            last_ns=self.last_ns[pieces],
            delta_high=self.delta_high[pieces],
            delta_low=self.delta_low[pieces],
            starts=self.starts[first : last + 1] - self.starts[first],
            price_ticks=self.price_ticks[cells],
            buy_lots=self.buy_lots[cells],
            sell_lots=self.sell_lots[cells],
            unknown_lots=self.unknown_lots[cells],
            trades=self.trades[cells],
            price_decimals=self.price_decimals,
            size_decimals=self.size_decimals,
        )

    def finer(self, price_decimals: int, size_decimals: int) -> Cells:
        """The same on a scale at least as fine.

        Raises:
            ScaleOverflow: a price has no room in 64 bits on that scale.
        """
        if (price_decimals, size_decimals) == (self.price_decimals, self.size_decimals):
            return self
        grown = size_decimals - self.size_decimals
        columns: dict[str, Any] = {
            name: finer_lots(getattr(self, name), grown) for name in (*LOTS, "delta_high", "delta_low")
        }
        prices = scaled_up(self.price_ticks, price_decimals - self.price_decimals)
        return replace(self, price_ticks=prices, price_decimals=price_decimals, size_decimals=size_decimals, **columns)

    def copy(self) -> Cells:
        """The same in memory of its own, where these are some of others."""
        return _appended([self])

    def in_rows(self, height_ticks: int) -> Cells:
        """The same cells gathered into price rows that are so many ticks high, each named by its lower edge."""
        if height_ticks == 1:
            return self
        return _gathered(self, self.starts, self.price_ticks // height_ticks * height_ticks)

    def of_bars(self) -> Cells:
        """A piece for each bar: that of its last trade's session, with the cells of the whole bar."""
        return self._joined(run_starts(self.bucket)[1:])

    def of_sessions(self) -> Cells:
        """A piece for each session: that of its last bar, with the cells of the whole session."""
        return self._joined(run_starts(self.day)[1:])

    def _joined(self, ends: NDArray[np.intp]) -> Cells:
        """Successive pieces as one, up to each of `ends`."""
        if len(ends) + 1 >= len(self):
            return self
        firsts = np.concatenate([np.zeros(1, np.intp), ends])
        lasts = np.append(ends, len(self)) - 1
        high, low = self.delta_high[firsts], self.delta_low[firsts]
        delta = self.sums(self.buy_lots - self.sell_lots)
        kernel_for(_extremes_of_pieces, delta)(
            *map(read_only, (firsts, lasts + 1, delta, self.delta_high, self.delta_low)), high, low
        )
        joined = replace(
            self,
            bucket=self.bucket[lasts],
            day=self.day[lasts],
            first_ns=self.first_ns[firsts],
            last_ns=self.last_ns[lasts],
            delta_high=high,
            delta_low=low,
        )
        return _gathered(joined, self.starts[np.append(firsts, len(self))])


def no_cells() -> Cells:
    """No piece."""
    columns = {name: np.zeros(0, np.int64) for name in (*OF_PIECES, *OF_CELLS)}
    return Cells(starts=np.zeros(1, np.int64), price_decimals=0, size_decimals=0, **columns)


def cells_of(trades: Trades, buckets: Ints, *, is_narrow: bool, session_ns: int = 0) -> Cells:
    """The cells of trades in time order; `buckets` names each trade's bar, sessions start at `session_ns` of a day.

    `is_narrow` tells that these and all earlier trades come to less than NARROW_LOTS.
    """
    size = trades.size_lots.astype(np.int64 if is_narrow else object, copy=False)
    day = session_of(trades.time_ns, session_ns)
    cuts = ((buckets[1:] != buckets[:-1]) | (day[1:] != day[:-1])).nonzero()[0] + 1
    firsts = np.concatenate([np.zeros(min(1, len(trades)), np.intp), cuts])
    starts = np.append(firsts, len(trades)).astype(np.int64)
    buy, sell, unknown = (np.zeros_like(size) for _ in LOTS)
    high, low = buy[: len(firsts)].copy(), buy[: len(firsts)].copy()
    given = read_only(starts), read_only(trades.aggressor), read_only(size)
    kernel_for(_split, size)(*given, buy, sell, unknown, high, low)
    single = Cells(
        bucket=buckets[firsts],
        day=day[firsts],
        first_ns=trades.time_ns[firsts],
        last_ns=trades.time_ns[starts[1:] - 1],
        delta_high=high,
        delta_low=low,
        starts=starts,
        price_ticks=trades.price_ticks.astype(np.int64, copy=False),
        buy_lots=buy,
        sell_lots=sell,
        unknown_lots=unknown,
        trades=np.ones(len(trades), np.int64),
        price_decimals=trades.price_decimals,
        size_decimals=trades.size_decimals,
    )
    return _gathered(single, starts)


def concatenated(parts: Sequence[Cells]) -> Cells:
    """Cells that follow each other, on the finest scale among them; what is cut between two parts becomes one piece."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return no_cells()
    scale = max(part.price_decimals for part in parts), max(part.size_decimals for part in parts)
    first, *others = (part.finer(*scale) for part in parts)
    if not others:
        return first
    # Of the first part, which may be all that there was before, only the last piece can go on.
    whole = _appended([first.pieces(slice(-1, None)), *others])
    is_cut = (whole.bucket[1:] != whole.bucket[:-1]) | (whole.day[1:] != whole.day[:-1])
    ends = is_cut.nonzero()[0] + 1
    joined = whole._joined(ends)  # noqa: SLF001
    return joined if len(first) == 1 else _appended([first.pieces(slice(0, -1)), joined])


def coarser(cells: Cells, buckets: Ints) -> Cells:
    """Successive pieces as those of longer bars, which `buckets` name for each of them."""
    is_cut = (buckets[1:] != buckets[:-1]) | (cells.day[1:] != cells.day[:-1])
    return replace(cells, bucket=buckets)._joined(is_cut.nonzero()[0] + 1)  # noqa: SLF001


def _appended(parts: Sequence[Cells]) -> Cells:
    """The pieces of all parts, which are on one scale."""
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in (*OF_PIECES, *OF_CELLS)
    }
    counts = np.concatenate([np.diff(part.starts) for part in parts])
    return replace(parts[0], starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]), **columns)


def _gathered(cells: Cells, starts: Ints, price_ticks: Ints | None = None) -> Cells:
    """Cells of equal price as one, within groups that begin at cells `starts`; `price_ticks` in the place of theirs."""
    prices = cells.price_ticks if price_ticks is None else price_ticks
    given = (prices, cells.buy_lots, cells.sell_lots, cells.unknown_lots, cells.trades)
    columns = [np.empty_like(column) for column in given]
    kept = np.empty_like(starts)
    kernel_for(_gather, cells.buy_lots)(read_only(starts), *map(read_only, given), *columns, kept)
    # A slice would keep the whole columns in memory.
    prices, buy, sell, unknown, trades = (column[: kept[-1]].copy() for column in columns)
    return Cells(
        bucket=cells.bucket,
        day=cells.day,
        first_ns=cells.first_ns,
        last_ns=cells.last_ns,
        delta_high=cells.delta_high,
        delta_low=cells.delta_low,
        starts=kept,
        price_ticks=prices,
        buy_lots=buy,
        sell_lots=sell,
        unknown_lots=unknown,
        trades=trades,
        price_decimals=cells.price_decimals,
        size_decimals=cells.size_decimals,
    )


def kernel_for(compiled: Any, lots: Lots) -> Callable[..., Any]:  # noqa: ANN401 - Numba's dispatcher
    """A kernel for lots of this kind: as plain Python where they are objects."""
    found: Callable[..., Any] = compiled.py_func if lots.dtype == object else compiled
    return found


@njit(cache=True, nogil=True)
def _gather(  # noqa: C901 - its plain Python must call no kernel
    starts: Ints,
    price: Ints,
    buy: Lots,
    sell: Lots,
    unknown: Lots,
    trades: Ints,
    to_price: Ints,
    to_buy: Lots,
    to_sell: Lots,
    to_unknown: Lots,
    to_trades: Ints,
    kept: Ints,
) -> None:
    """Write each group's cells in order of price, those of equal price as one; `kept` says where groups then start."""
    at = 0
    kept[0] = 0
    for group in range(len(starts) - 1):
        first, last = starts[group], starts[group + 1]
        if first == last:
            kept[group + 1] = at
            continue
        is_sorted = True
        lowest = highest = price[first]
        for i in range(first + 1, last):
            is_sorted &= price[i] >= price[i - 1]
            lowest, highest = min(lowest, price[i]), max(highest, price[i])
        # Of a compiled difference that leaves 64 bits, the sign is wrong.
        apart = int(highest) - int(lowest)
        if not is_sorted and 0 <= apart < _DENSE * (last - first):
            place = np.zeros(apart + 1, np.int64)
            for i in range(first, last):
                place[price[i] - lowest] = 1
            for k in range(len(place)):
                if place[k]:
                    place[k] = at
                    to_price[at], to_trades[at] = lowest + k, 0
                    to_buy[at] = to_sell[at] = to_unknown[at] = buy[first] - buy[first]
                    at += 1
            for i in range(first, last):
                k = place[price[i] - lowest]
                to_buy[k] += buy[i]
                to_sell[k] += sell[i]
                to_unknown[k] += unknown[i]
                to_trades[k] += trades[i]
            kept[group + 1] = at
            continue
        order = np.arange(last - first) if is_sorted else np.argsort(price[first:last], kind="mergesort")
        for k in range(last - first):
            i = first + order[k]
            if at > kept[group] and to_price[at - 1] == price[i]:
                to_buy[at - 1] += buy[i]
                to_sell[at - 1] += sell[i]
                to_unknown[at - 1] += unknown[i]
                to_trades[at - 1] += trades[i]
            else:
                to_price[at], to_trades[at] = price[i], trades[i]
                to_buy[at], to_sell[at], to_unknown[at] = buy[i], sell[i], unknown[i]
                at += 1
        kept[group + 1] = at


@njit(cache=True, nogil=True)
def _split(
    starts: Ints, side: NDArray[np.int8], size: Lots, buy: Lots, sell: Lots, unknown: Lots, high: Lots, low: Lots
) -> None:
    """Write each trade's lots to its side's column, and the extremes of each piece's running delta; all come with 0."""
    for piece in range(len(starts) - 1):
        running = size[0] - size[0]
        highest = lowest = running
        for i in range(starts[piece], starts[piece + 1]):
            if side[i] == BUY:
                buy[i] = size[i]
                running += size[i]
                highest = max(highest, running)
            elif side[i] == SELL:
                sell[i] = size[i]
                running -= size[i]
                lowest = min(lowest, running)
            else:
                unknown[i] = size[i]
        high[piece], low[piece] = highest, lowest


@njit(cache=True, nogil=True)
def _extremes_of_pieces(
    firsts: Ints, ends: Ints, delta: Lots, piece_high: Lots, piece_low: Lots, high: Lots, low: Lots
) -> None:
    """Write the extremes of the running delta over each group of pieces; the first piece's are in them already."""
    for group in range(len(firsts)):
        running = delta[firsts[group]]
        for piece in range(firsts[group] + 1, ends[group]):
            high[group] = max(high[group], running + piece_high[piece])
            low[group] = min(low[group], running + piece_low[piece])
            running += delta[piece]
