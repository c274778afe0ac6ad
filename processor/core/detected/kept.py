"""What a replay keeps of what was detected: the newest of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from processor.core.detected.detector import Detector, TradeState
from processor.core.detected.found import Found, ordered
from processor.core.detected.walls import WallState, WatchedBook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from processor.core.aggregates.base import Batch
    from processor.core.book import BookState
    from processor.settings import Aggregation

MOST_FOUND: Final = 1000


@dataclass(frozen=True, slots=True)
class DetectedState:
    """What an engine resumes from: what is known of trades and of walls, and what was found before, in order.

    `found` has the last MOST_FOUND but divergences, and all divergences of the bars that are kept.
    """

    trades: TradeState
    walls: WallState
    found: Sequence[Found] = ()


class Detected:
    """The newest of what was detected, whatever batches the events came in. An aggregate (see `Aggregate`)."""

    def __init__(
        self, aggregation: Aggregation, state: DetectedState | None = None, book: BookState | None = None
    ) -> None:
        """Start before the first event, or go on from `state` with the levels of `book`."""
        self._others: deque[Found] = deque(maxlen=MOST_FOUND)
        # Bars that are kept have no more than one each.
        self._divergences: deque[Found] = deque(maxlen=MOST_FOUND)
        if state is None or book is None:
            self._detector = Detector(aggregation)
            return
        walls = WatchedBook.resumed(state.walls, book, state.trades.decimals[0])
        self._detector = Detector(aggregation, state.trades, walls)
        self._keep(state.found)

    def advance(self, batch: Batch) -> bool:
        """See Aggregate."""
        self._detector.advance(batch)
        self._keep(self._detector.found)
        self._detector.found.clear()
        return False

    def _keep(self, found: Iterable[Found]) -> None:
        for each in found:
            (self._divergences if each.kind == "divergence" else self._others).append(each)

    def newest(self, now_ns: int | None, since_ns: int) -> list[Found]:
        """The last MOST_FOUND that are known at `now_ns`, and not earlier than the last event, oldest first.

        Divergences are told from `since_ns` on.
        """
        pending = self._detector.pending(now_ns)
        others = [*self._others, *(each for each in pending if each.kind != "divergence")]
        divergences = [*self._divergences, *(each for each in pending if each.kind == "divergence")]
        told = (each for each in divergences if each.time_ns >= since_ns)
        return ordered([*others[-MOST_FOUND:], *told])[-MOST_FOUND:]
