"""What every aggregate does with the events, so that the engine need not know which aggregates there are.

A new aggregate is a module here and its lines in `Engine` and `EngineState`. What a store keeps of it for a seek is a
module in `processor/store`, as `base_bars` is for the bars.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from processor.core.events import BookEvents, Trades


@dataclass(frozen=True, slots=True)
class Batch:
    """Some trades and some book events; each kind is in time order and follows the batch before.

    `buckets` names the interval of each trade, an int64 array for each part of `trades`. No part is empty. Where
    intervals end by activity, `starts_ns` are the starts, not given before, of those that hold these events and, as far
    as they are known, of later ones.
    """

    trades: Sequence[Trades]
    buckets: Sequence[NDArray[np.int64]]
    book: Sequence[BookEvents]
    starts_ns: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def cut(self, at_ns: int) -> tuple[Batch, Batch]:
        """What is before `at_ns`, with all of `starts_ns`, and the rest."""
        trade_rows, book_rows = (
            [int(np.searchsorted(part.time_ns, at_ns)) for part in parts] for parts in (self.trades, self.book)
        )
        before = self._rows([slice(0, row) for row in trade_rows], [slice(0, row) for row in book_rows])
        after = self._rows([slice(row, None) for row in trade_rows], [slice(row, None) for row in book_rows])
        return replace(before, starts_ns=self.starts_ns), after

    def _rows(self, of_trades: Sequence[slice], of_book: Sequence[slice]) -> Batch:
        """Some rows of each part, without starts."""
        trades = [
            (part.rows(where), names[where])
            for part, names, where in zip(self.trades, self.buckets, of_trades, strict=True)
        ]
        book = [part.rows(where) for part, where in zip(self.book, of_book, strict=True)]
        return Batch(
            [part for part, _ in trades if len(part)],
            [names for _, names in trades if len(names)],
            [part for part in book if len(part)],
        )


class Aggregate(Protocol):
    """Something that an engine computes from the events; the result does not depend on how they are cut into batches.

    An aggregate keeps its values on the finest scale seen so far. It is made before the first event, or by `resumed`
    from what an `EngineState` says of it; `rows` gives its intervals, the open one last.
    """

    def advance(self, batch: Batch) -> bool:
        """Take in a batch; return whether it closed an interval.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
