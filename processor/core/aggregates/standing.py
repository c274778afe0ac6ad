"""The book as it stood when the open bar began: what has been stacked and pulled since is counted from it.

The open bar is that of the last event, whether a trade or a sample. As all levels are needed only where a bar begins,
batches are cut there, and nothing is done for single events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.intervals import begin_at, known_starts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl
    from numpy.typing import NDArray

    from processor.core.aggregates.base import Batch
    from processor.core.book import Book
    from processor.core.levels import Side


STANDING_CHECKS: Final = ("ladder_begins_at_close",)
_TWO_BARS: Final = 2


@dataclass(frozen=True, slots=True)
class StandingLevels:
    """Levels of a book, best first: prices in ticks and sizes in lots of these decimals."""

    bids: Side
    asks: Side
    price_decimals: int
    size_decimals: int


def levels_now(book: Book) -> StandingLevels:
    """All levels of `book` as it stands."""
    return StandingLevels(*book.levels(), book.price_decimals, book.size_decimals)


class Standing:
    """The `levels` of `book` in its last sample strictly before `begin_ns`, the begin of the open bar.

    `begin_ns` is None before the first event.
    """

    def __init__(self, book: Book, interval_ns: int) -> None:
        """Start before the first event. With `interval_ns` 0, the batches say where intervals begin."""
        self._levels: StandingLevels | Callable[[], StandingLevels] = levels_now(book)
        self.begin_ns: int | None = None
        self._book = book
        self._interval_ns = interval_ns
        self._starts_ns = np.empty(0, np.int64)
        self._last_ns = np.iinfo(np.int64).min

    @classmethod
    def resumed(
        cls,
        book: Book,
        interval_ns: int,
        levels: Callable[[], StandingLevels],
        event_ns: int,
        starts_ns: NDArray[np.int64],
    ) -> Standing:
        """Go on after the last event, at `event_ns`, of an open bar at whose begin there were these `levels`.

        They are asked for when they are needed, which they mostly are not, as another bar begins.
        `starts_ns` are the starts of that bar and of later ones, if `interval_ns` is 0.
        """
        found = cls(book, interval_ns)
        found._levels, found._last_ns, found._starts_ns = levels, int(event_ns), starts_ns
        found.begin_ns = begin_at(event_ns, interval_ns, starts_ns)
        return found

    @property
    def levels(self) -> StandingLevels:
        """Those of the last sample before `begin_ns`."""
        if not isinstance(self._levels, StandingLevels):
            self._levels = self._levels()
        return self._levels

    def parts(self, batch: Batch) -> Iterator[Batch]:
        """The same events, cut where the bar of the last of them begins.

        The book must have taken in each part when the next one is asked for.
        """
        if len(batch.starts_ns):
            self._starts_ns = known_starts(self._starts_ns, batch.starts_ns, self._last_ns)
        lasts = [int(part.time_ns[-1]) for part in (*batch.trades[-1:], *batch.book[-1:])]
        if lasts:
            self._last_ns = max(self._last_ns, *lasts)
            begin_ns = begin_at(self._last_ns, self._interval_ns, self._starts_ns)
            if begin_ns != self.begin_ns:
                before, batch = batch.cut(begin_ns)
                yield before
                self.begin_ns, self._levels = begin_ns, levels_now(self._book)
        yield batch


def standing_checks(standing: Standing | None, rows: pl.DataFrame, price_decimals: int) -> dict[str, bool | None]:
    """`ladder_begins_at_close`: the best of the levels at the bar's begin are those that the bar before ended with.

    `rows` are those of the engine, with best prices of `price_decimals`; null where there is nothing to check.
    """
    if standing is None or len(rows) < _TWO_BARS:
        return dict.fromkeys(STANDING_CHECKS)
    levels = standing.levels
    grown: int = 10 ** (price_decimals - levels.price_decimals)
    best = [int(prices[0]) * grown if len(prices) else None for prices, _ in (levels.bids, levels.asks)]
    return {STANDING_CHECKS[0]: best == [rows["best_bid"][-2], rows["best_ask"][-2]]}
