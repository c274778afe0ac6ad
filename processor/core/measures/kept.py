"""The measures of a book and what was traded, interval by interval: the newest ones, or all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import concatenated
from processor.core.flow.counted import Counted
from processor.core.measures import sampled, traded
from processor.core.measures.frame import measure_rows
from processor.core.measures.sampled import MeasuredBook, no_bars
from processor.core.measures.traded import no_trades, traded_bars
from processor.core.runs import distinct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.aggregates.base import Batch
    from processor.core.measures.frame import MeasureRows
    from processor.core.measures.layout import Ints
    from processor.core.measures.own import OwnMeasures
    from processor.core.measures.sampled import MeasureBars
    from processor.core.measures.traded import TradedBars

_PENDING: Final = 256
"""Parts that are put together at once: each time, all that is remembered is copied."""


@dataclass(frozen=True, slots=True)
class MeasuresState:
    """What measures resume from: the book, and the intervals before its open one as far as they are known.

    `traded` are those of trades, the open one last; None where an interval of trades starts with the next trade.
    """

    book: MeasuredBook
    closed: MeasureBars
    traded: TradedBars | None


class Measures:
    """The intervals of `book` and those of trades: an aggregate (see `Aggregate`) that `rows` puts side by side.

    `first_trade` and `first_sample` name the intervals of the dataset's first trade and first book event, None before.
    """

    def __init__(self, book: MeasuredBook, *, keep: int | None) -> None:
        """Start before the first event; only the last `keep` intervals of each kind are remembered, with None all."""
        self.first_trade: int | None = None
        self.first_sample: int | None = None
        self._book = book
        self._keep = keep
        self._closed: list[MeasureBars] = [no_bars()]
        self._traded: list[TradedBars] = [no_trades()]
        self._counted = Counted()
        self._buckets: Ints | None = None
        """What `buckets` has given since the last batch."""

    @classmethod
    def resumed(
        cls,
        state: MeasuresState,
        counted: Counted,
        first_trade: int | None,
        first_sample: int | None,
        *,
        keep: int | None,
    ) -> Measures:
        """Go on with `state`, after the trades that are `counted`."""
        found = cls(state.book, keep=keep)
        found._closed = [state.closed]
        found._traded = [no_trades() if state.traded is None else state.traded]
        found.first_trade, found.first_sample, found._counted = first_trade, first_sample, counted
        return found

    @property
    def own(self) -> OwnMeasures:
        """The measures with parameters of one's own."""
        return self._book.own

    def advance(self, batch: Batch) -> bool:
        """See Aggregate: whether an interval is closed is for the bars to say."""
        self._buckets = None
        if len(batch.starts_ns):
            self._book.expect(batch.starts_ns)
        for part in batch.book:
            if self.first_sample is None:
                self.first_sample = self._book.interval_at(int(part.time_ns[0]))
            if len(closed := self._book.advance(part)):
                self._closed.append(closed)
        if batch.trades:
            buckets = np.concatenate(batch.buckets)
            self.first_trade = int(buckets[0]) if self.first_trade is None else self.first_trade
            trades, is_narrow = self._counted.take(concatenated(batch.trades))
            self._traded.append(traded_bars(trades, buckets, is_narrow=is_narrow))
        if max(len(self._closed), len(self._traded)) > _PENDING:
            self._settle()
        return False

    def _settle(self) -> None:
        """Put together what has come, and forget the oldest intervals of those that are too many."""
        if len(self._closed) == len(self._traded) == 1:
            return
        closed, trades = sampled.joined(self._closed), traded.joined(self._traded)
        if self._keep is not None:
            closed, trades = closed.rows(slice(-self._keep, None)), trades.rows(slice(-self._keep - 1, None))
        self._closed, self._traded = [closed], [trades]

    def forget_before(self, bucket: int) -> None:
        """Remember no interval before `bucket`, except for the last one with samples, whose values stand."""
        self._settle()
        self._buckets = None
        (closed,), (trades,) = self._closed, self._traded
        first = max(0, int(np.searchsorted(closed.bucket, bucket)) - 1)
        self._closed = [closed.rows(slice(first, None))]
        self._traded = [trades.rows(slice(int(np.searchsorted(trades.bucket, bucket)), None))]

    def buckets(self) -> Ints:
        """Names of the intervals of `rows`."""
        if self._buckets is not None:
            return self._buckets
        every: list[Ints] = [part.bucket for part in (*self._closed, self._book.open_bars())]
        every += [part.bucket for part in self._traded]
        # Not by `np.unique`, which takes several times as long.
        buckets = distinct(np.sort(np.concatenate(every)))
        self._buckets = buckets if self._keep is None else buckets[-self._keep :]
        return self._buckets

    def rows(self, since: int | None = None) -> MeasureRows:
        """Intervals with trades or samples, oldest first, the open one last.

        With `since`, from the interval of that name on.
        """
        if since is None:
            self._settle()
            closed, trades = self._closed[0], self._traded[0]
        else:
            closed = sampled.joined(self._closed[_first_needed(self._closed, since) :])
            trades = traded.joined(self._traded[_first_needed(self._traded, since) :])
            # Of the last one before, values may stand.
            closed = closed.rows(slice(max(0, int(np.searchsorted(closed.bucket, since)) - 1), None))
            trades = trades.rows(slice(int(np.searchsorted(trades.bucket, since)), None))
        book = sampled.joined([closed, self._book.open_bars()])
        has_trades_before = (
            self.first_trade is not None and self.first_sample is not None and self.first_trade < self.first_sample
        )
        first_sampled = self.first_sample if has_trades_before else None
        rows = measure_rows(book, trades, first_sampled=first_sampled, own=self._book.own)
        if since is not None:
            rows = rows.some(slice(int(np.searchsorted(rows.bucket, since)), None))
        return rows if self._keep is None else rows.some(slice(-self._keep, None))


def _first_needed(parts: Sequence[MeasureBars] | Sequence[TradedBars], since: int) -> int:
    """The number of the last part with an interval before that named `since`; 0 where none has one."""
    from_last = range(len(parts) - 1, 0, -1)
    return next((at for at in from_last if len(parts[at].bucket) and parts[at].bucket[0] < since), 0)
