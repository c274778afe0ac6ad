"""The alerts of a replay: the newest of them, whatever batches the events come in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.aggregates.base import Batch
from processor.core.alerts.parser import parsed
from processor.core.alerts.sampled import SampledBook, Samples
from processor.core.alerts.watch import Stretch, WatchState, watched
from processor.core.events import concatenated, no_trades

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from processor.core.alerts.watch import Alert
    from processor.core.detected.found import Found
    from processor.core.detected.kept import Detected
    from processor.core.events import Trades
    from processor.core.measures.sampled import MeasuredBook
    from processor.settings import Aggregation

MOST_ALERTS: Final = 1000


@dataclass(frozen=True, slots=True)
class AlertsState:
    """What an engine resumes from: what stands, the book where measures are named, and the newest alerts, in order.

    The book has bars of `EACH_NS`.
    """

    watch: WatchState
    book: MeasuredBook | None = None
    alerts: Sequence[Alert] = field(default_factory=tuple)


class Watching:
    """Holds the expressions of `aggregation` against events: what is known is in `alerts`, from which one may take.

    What happens at the time of the last event is held back, as more of that time may come.
    """

    def __init__(self, aggregation: Aggregation, state: AlertsState | None = None) -> None:
        """Start before the first event, or go on from `state`."""
        self.alerts: list[Alert] = []
        self.state = WatchState() if state is None else state.watch
        self._expressions = [parsed(text) for text in aggregation.alerts]
        self._watched = partial(watched, reset=aggregation.cvd_reset, session_ns=aggregation.session_ns)
        measures = frozenset(name for each in self._expressions for name in each.measures)
        self._book: SampledBook | None = None
        if measures:
            self._book = SampledBook(measures, None if state is None else state.book, self.state.until_ns)
        self._held = no_trades(*self.state.traded.decimals)
        self._held_buckets = np.zeros(0, np.int64)
        self._last_ns: int | None = None

    def advance(self, batch: Batch, found: Sequence[Found]) -> None:
        """Take in a batch, and the events that have become known before the time of its last one.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        if not self._expressions or (not batch.trades and not batch.book):
            return
        if self.state.until_ns is None:
            self.begin(min(int(part.time_ns[0]) for part in (*batch.trades[:1], *batch.book[:1])))
        last_ns = max(int(part.time_ns[-1]) for part in (*batch.trades[-1:], *batch.book[-1:]))
        trades = concatenated([self._held, *batch.trades])
        buckets = np.concatenate([self._held_buckets, *batch.buckets])
        samples = Samples() if self._book is None else self._book.advance(batch.book, last_ns)
        settled = int(np.searchsorted(trades.time_ns, last_ns))
        before = slice(0, settled)
        self._watch(Stretch(last_ns, self._scaled(trades.rows(before)), buckets[before], samples, found))
        # A slice would keep the whole batch in memory.
        held = np.arange(settled, len(trades))
        self._held, self._held_buckets, self._last_ns = trades.rows(held), buckets[held], last_ns

    def begin(self, first_ns: int) -> None:
        """Take it that the first event of all is at `first_ns`."""
        self.state = replace(self.state, until_ns=first_ns)

    def take_whole(self, batch: Batch, found: Sequence[Found], last_ns: int) -> None:
        """Take in all events up to `last_ns`, and the events that become known by then; nothing is held back.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        samples = Samples() if self._book is None else self._book.advance(batch.book, last_ns + 1)
        trades = concatenated([self._held, *batch.trades])
        buckets = np.concatenate([self._held_buckets, *batch.buckets])
        self._watch(Stretch(last_ns + 1, self._scaled(trades), buckets, samples, found))
        self._held, self._held_buckets = no_trades(*self.state.traded.decimals), self._held_buckets[:0]

    def settle(self, found: Sequence[Found]) -> None:
        """Take it that no more events of the last time come; `found` are those that are known with it."""
        if self._last_ns is not None:
            self.take_whole(Batch((), (), ()), found, self._last_ns)
            self._last_ns = None

    def pending(self, now_ns: int | None, found: Sequence[Found]) -> list[Alert]:
        """What follows `alerts` up to `now_ns` (the last event's time where that is later) if nothing else comes.

        `found` are the events that follow by then.
        """
        times_ns = [time_ns for time_ns in (self._last_ns, now_ns) if time_ns is not None]
        if not times_ns or not self._expressions:
            return []
        return self._watched(self._expressions, self.state, self._rest(max(times_ns), found))[0]

    def _watch(self, stretch: Stretch) -> None:
        alerts, self.state = self._watched(self._expressions, self.state, stretch)
        self.alerts += alerts

    def _rest(self, last_ns: int, found: Sequence[Found]) -> Stretch:
        samples = Samples() if self._book is None else self._book.pending(last_ns + 1)
        return Stretch(last_ns + 1, self._scaled(self._held), self._held_buckets, samples, found)

    def _scaled(self, trades: Trades) -> Trades:
        known = self.state.traded.decimals
        return trades.rescaled(max(trades.price_decimals, known[0]), max(trades.size_decimals, known[1]))


class NewestAlerts:
    """The last MOST_ALERTS of all."""

    def __init__(self, alerts: Iterable[Alert] = ()) -> None:
        """Start with these, in order."""
        self._alerts = list(alerts)

    def add(self, alerts: Iterable[Alert]) -> None:
        """Take in later ones, in order."""
        self._alerts += alerts
        if len(self._alerts) > 2 * MOST_ALERTS:
            self._alerts = self.all()

    def all(self, later: Iterable[Alert] = ()) -> list[Alert]:
        """All of them, in order, with later ones as if they had been added."""
        return [*self._alerts, *later][-MOST_ALERTS:]


class Alerts:
    """The newest alerts of a replay. An aggregate (see `Aggregate`).

    Where an expression names events, they are those that `detected` has found in the same batch before.
    """

    def __init__(self, aggregation: Aggregation, detected: Detected | None, state: AlertsState | None = None) -> None:
        """Start before the first event, or go on from `state`."""
        self._watching = Watching(aggregation, state)
        self._detected = detected
        self._newest = NewestAlerts(() if state is None else state.alerts)

    def advance(self, batch: Batch) -> bool:
        """See Aggregate: whether an interval is closed is for the bars to say."""
        self._watching.advance(batch, () if self._detected is None else self._detected.fresh)
        self._newest.add(self._watching.alerts)
        self._watching.alerts.clear()
        return False

    def newest(self, now_ns: int | None) -> list[Alert]:
        """The last MOST_ALERTS that are known at `now_ns`, and not earlier than at the last event; oldest first."""
        found = () if self._detected is None else self._detected.pending(now_ns)
        return self._newest.all(self._watching.pending(now_ns, found))
