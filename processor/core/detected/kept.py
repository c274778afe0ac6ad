"""What a replay keeps of what was detected: the newest of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

from processor.core.detected.detector import Detector, TradeState
from processor.core.detected.found import Found, Kind, ordered
from processor.core.detected.walls import WallState, WatchedBook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from processor.core.aggregates.base import Batch
    from processor.core.book import BookState
    from processor.settings import Aggregation

MOST_OF_A_KIND: Final = 200


@dataclass(frozen=True, slots=True)
class DetectedState:
    """What an engine resumes from: what is known of trades and of walls, and what was found before, in order.

    `found` has the last MOST_OF_A_KIND of each kind; of divergences, those of the bars that are kept.
    """

    trades: TradeState
    walls: WallState
    found: Sequence[Found] = ()


class Newest:
    """The last MOST_OF_A_KIND of each kind, so that none is crowded out by another."""

    def __init__(self, found: Iterable[Found] = ()) -> None:
        """Start with these, in order."""
        self._by_kind: dict[Kind, deque[Found]] = {kind: deque(maxlen=MOST_OF_A_KIND) for kind in get_args(Kind)}
        self.add(found)

    def copy(self) -> Newest:
        """Another one that goes on by itself."""
        found = Newest()
        found._by_kind = {kind: of_kind.copy() for kind, of_kind in self._by_kind.items()}
        return found

    def add(self, found: Iterable[Found]) -> None:
        """Take in later ones, in order."""
        for each in found:
            self._by_kind[each.kind].append(each)

    def all(self) -> list[Found]:
        """All of them, in order."""
        return ordered(each for of_kind in self._by_kind.values() for each in of_kind)


class Detected:
    """The newest of what was detected, whatever batches the events came in. An aggregate (see `Aggregate`)."""

    def __init__(
        self, aggregation: Aggregation, state: DetectedState | None = None, book: BookState | None = None
    ) -> None:
        """Start before the first event, or go on from `state` with the levels of `book`."""
        if state is None or book is None:
            self._detector, self._newest = Detector(aggregation), Newest()
            return
        walls = WatchedBook.resumed(state.walls, book, state.trades.decimals[0])
        self._detector, self._newest = Detector(aggregation, state.trades, walls), Newest(state.found)

    def advance(self, batch: Batch) -> bool:
        """See Aggregate."""
        self._detector.advance(batch)
        self._newest.add(self._detector.found)
        self._detector.found.clear()
        return False

    def newest(self, now_ns: int | None, since_ns: int) -> list[Found]:
        """The last MOST_OF_A_KIND of each kind that are known at `now_ns`, and not earlier than at the last event.

        Oldest first; divergences are told from `since_ns` on.
        """
        found = self._newest.copy()
        found.add(self._detector.pending(now_ns))
        return [each for each in found.all() if each.kind != "divergence" or each.time_ns >= since_ns]
