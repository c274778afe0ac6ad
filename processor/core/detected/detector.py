"""All that is detected in trades and book events, whatever batches they come in.

What happens at the time of the last event is held back, as more of that time may come: `found` is final, and `pending`
tells what would follow if no more came.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.aggregates.large_orders import Hour
from processor.core.detected.divergences import Diverging
from processor.core.detected.found import Found, ordered
from processor.core.detected.recent import Recent
from processor.core.detected.sweeps import orders_found
from processor.core.detected.walls import FALL, FROM, LEVEL, LOTS, SIDE, SIDES, STARTED, TIME, WatchedBook
from processor.core.detected.windows import Absorbing
from processor.core.events import BUY, concatenated, no_trades
from processor.core.kernel import NO_PRICE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from processor.core.aggregates.base import Batch
    from processor.core.detected.walls import Ints, Seen
    from processor.core.detected.windows import Windows
    from processor.core.events import Trades
    from processor.settings import Aggregation

_ABSORPTION_SIDES: Final = {True: "buy", False: "sell"}


@dataclass(frozen=True, slots=True)
class TradeState:
    """What is known from trades, on a scale of `decimals`, of prices and of sizes.

    `recent` are those of the last second, `orders` those of the last hour.
    """

    decimals: tuple[int, int] = (0, 0)
    recent: Recent = field(default_factory=Recent)
    orders: Hour = field(default_factory=Hour)
    absorbing: Absorbing = field(default_factory=Absorbing)
    diverging: Diverging = field(default_factory=Diverging)

    def rescaled(self, price_decimals: int, size_decimals: int) -> TradeState:
        """The same with at least so many decimals.

        Raises:
            ScaleOverflow: a price has no room in 64 bits on that scale.
        """
        decimals = max(price_decimals, self.decimals[0]), max(size_decimals, self.decimals[1])
        grown = decimals[0] - self.decimals[0], decimals[1] - self.decimals[1]
        if grown == (0, 0):
            return self
        return TradeState(
            decimals,
            self.recent.finer(*grown),
            self.orders.finer(grown[1]),
            self.absorbing.finer(*grown),
            self.diverging.finer(*grown),
        )


class Detector:
    """Detects what the definitions call events, and large orders.

    An aggregate (see `Aggregate`). `found` has what is known before the time of the last event, in order; whoever holds
    this may take from it. Without an `aggregation` there are no bars, and no divergences.
    """

    def __init__(
        self,
        aggregation: Aggregation | None,
        trades: TradeState | None = None,
        book: WatchedBook | None = None,
    ) -> None:
        """Start before the first event, or go on from these, which all events of their last time have come to."""
        self.found: list[Found] = []
        self.book = WatchedBook() if book is None else book
        self.trades = TradeState() if trades is None else trades
        self._aggregation = aggregation
        self._pending = no_trades(*self.trades.decimals)
        self._pending_buckets = np.zeros(0, np.int64)
        self._last_ns: int | None = None

    def advance(self, batch: Batch) -> bool:
        """See Aggregate: whether an interval is closed is for the bars to say."""
        if not batch.trades and not batch.book:
            return False
        if len(batch.starts_ns):
            self._expect(batch.starts_ns)
        self._rescale(batch)
        trades = concatenated([self._pending, *batch.trades]).rescaled(*self.trades.decimals)
        buckets = np.concatenate([self._pending_buckets, *batch.buckets])
        last_ns = max(int(part.time_ns[-1]) for part in (*batch.trades[-1:], *batch.book[-1:]))
        settled = int(np.searchsorted(trades.time_ns, last_ns))
        before = slice(0, settled)
        step = _Step(self.trades, trades.rows(before), buckets[before], last_ns, self._aggregation)
        self.found += step.found(self.book.advance(batch.book, step.asked_ns, last_ns), self.book)
        self.trades = step.after
        # A slice would keep the whole batch in memory.
        held = np.arange(settled, len(trades))
        self._pending, self._pending_buckets, self._last_ns = trades.rows(held), buckets[held], last_ns
        return False

    def pending(self, now_ns: int | None = None) -> list[Found]:
        """What follows `found` up to `now_ns` (the last event's time where that is later) if nothing else comes."""
        times_ns = [time_ns for time_ns in (self._last_ns, now_ns) if time_ns is not None]
        if not times_ns:
            return []
        until_ns = max(times_ns) + 1
        step = self._last_step(until_ns, goes_on=False)
        return step.found(self.book.seen(step.asked_ns, until_ns), self.book)

    def settle(self) -> None:
        """Take it that no more events of the last time come."""
        if self._last_ns is not None:
            step = self._last_step(self._last_ns + 1)
            self.found += step.found(self.book.advance((), step.asked_ns, self._last_ns + 1), self.book)
            self.trades = step.after
            self._pending, self._pending_buckets = no_trades(*self.trades.decimals), self._pending_buckets[:0]
            self._last_ns = None

    def _last_step(self, until_ns: int, *, goes_on: bool = True) -> _Step:
        pending = self._pending, self._pending_buckets
        return _Step(self.trades, *pending, until_ns, self._aggregation, goes_on=goes_on)

    def _expect(self, starts_ns: Ints) -> None:
        diverging = self.trades.diverging
        known = np.concatenate([diverging.starts_ns, starts_ns])
        self.trades = replace(self.trades, diverging=replace(diverging, starts_ns=known))

    def _rescale(self, batch: Batch) -> None:
        """Bring all to one scale of prices, and trades and book each to theirs of sizes."""
        parts = (*batch.trades, *batch.book)
        price = max(self.trades.decimals[0], self.book.decimals[0], *(part.price_decimals for part in parts))
        self.trades = self.trades.rescaled(price, max((part.size_decimals for part in batch.trades), default=0))
        self.book.rescale(price, max((part.size_decimals for part in batch.book), default=0))
        self._pending = self._pending.rescaled(*self.trades.decimals)


class _Step:
    """What comes of some trades up to, without, `until_ns`; only if it `goes_on` is `after` what is known then."""

    def __init__(
        self,
        state: TradeState,
        trades: Trades,
        buckets: Ints,
        until_ns: int,
        aggregation: Aggregation | None,
        *,
        goes_on: bool = True,
    ) -> None:
        self._decimals = state.decimals
        self._found, orders = orders_found(trades, state.orders, goes_on=goes_on)
        absorbing, self._large = state.absorbing.added(trades, until_ns, goes_on=goes_on)
        diverging = state.diverging
        if aggregation is not None:
            divergences, diverging = diverging.added(trades, buckets, until_ns, aggregation)
            self._found += divergences
        self._recent = state.recent.followed_by(trades)
        self.after = TradeState(state.decimals, self._recent.last_second(until_ns), orders, absorbing, diverging)

    @property
    def asked_ns(self) -> Ints:
        """When the best prices decide about a window."""
        return self._large.end_ns

    def found(self, seen: Seen, book: WatchedBook) -> list[Found]:
        """All that is found, with the best prices at `asked_ns` and what changed of walls."""
        bests, changes = seen
        absorptions = _absorptions(self._large, bests, self._decimals)
        return ordered([*self._found, *absorptions, *(self._wall(row, book.decimals) for row in changes.tolist())])

    def _wall(self, row: Sequence[int], decimals: tuple[int, int]) -> Found:
        fall = row[FALL]
        if fall == STARTED:
            detail = "started"
        elif fall <= 0:
            detail = "faded"
        else:
            # In one unit, as trades and book may have their own.
            traded = 2 * self._recent.traded(row[TIME], row[LEVEL]) * 10 ** decimals[1]
            detail = "consumed" if traded >= fall * 10 ** self._decimals[1] else "pulled"
        price, size = row[LEVEL] / 10 ** decimals[0], row[LOTS] / 10 ** decimals[1]
        return Found(row[TIME], "wall", SIDES[row[SIDE]], price, size, row[FROM], detail)


def _absorptions(windows: Windows, bests: NDArray[np.int64], decimals: tuple[int, int]) -> list[Found]:
    """Those of large windows at whose end the passive side still stands; `bests` are its bids and asks."""
    if not len(windows):
        return []
    bid, ask = bests
    stands = np.where(
        windows.side == BUY,
        (ask != NO_PRICE) & (ask <= windows.price_ticks),
        (bid != NO_PRICE) & (bid >= windows.price_ticks),
    )
    kept = windows.rows(stands)
    columns = (kept.end_ns, kept.side == BUY, kept.price_ticks, kept.lots, kept.begin_ns)
    return [
        Found(
            end_ns,
            "absorption",
            _ABSORPTION_SIDES[buys],
            ticks / 10 ** decimals[0],
            lots / 10 ** decimals[1],
            begin_ns,
            "",
        )
        for end_ns, buys, ticks, lots, begin_ns in zip(*(column.tolist() for column in columns), strict=True)
    ]
