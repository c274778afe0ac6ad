"""What a replay keeps of what was detected: the newest of it."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from processor.core.alerts.parser import names_events
from processor.core.detected.detector import Detector, TradeState
from processor.core.detected.found import Found, Kind, ordered
from processor.core.detected.walls import WallState, WatchedBook

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

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


def detects(aggregation: Aggregation) -> bool:
    """Whether what is asked for needs events: a view of them, or an alert that names some."""
    return "events" in aggregation.extras or names_events(aggregation)


class Newest:
    """The last MOST_OF_A_KIND of each kind, so that none is crowded out by another."""

    def __init__(self, found: Iterable[Found] = ()) -> None:
        """Start with these."""
        self._found: dict[int, Found] = {}
        """By number: the later, the greater."""
        self._of_kind: defaultdict[Kind, deque[int]] = defaultdict(deque)
        """The numbers of each kind, ascending."""
        self._number = 0
        self.add(ordered(found))

    def add(self, found: Iterable[Found]) -> None:
        """Take in later ones, in order."""
        for each in found:
            self._number += 1
            self._found[self._number] = each
            numbers = self._of_kind[each.kind]
            numbers.append(self._number)
            if len(numbers) > MOST_OF_A_KIND:
                del self._found[numbers.popleft()]

    def all(self, later: Collection[Found] = ()) -> list[Found]:
        """All of them, in order, with later ones as if they had been added."""
        if not later:
            return [*self._found.values()]
        # This is asked for many times a second, and but few are later.
        found = self._found.copy()
        for kind, count in Counter(each.kind for each in later).items():
            numbers = self._of_kind[kind]
            for number in islice(numbers, max(0, len(numbers) + count - MOST_OF_A_KIND)):
                del found[number]
        return [*found.values(), *Newest(later).all()]


class Detected:
    """The newest of what was detected, whatever batches the events came in. An aggregate (see `Aggregate`)."""

    def __init__(
        self, aggregation: Aggregation, state: DetectedState | None = None, book: BookState | None = None
    ) -> None:
        """Start before the first event, or go on from `state` with the levels of `book`."""
        self.fresh: list[Found] = []
        """What has become known with the last batch, before the time of its last event."""
        if state is None or book is None:
            self._detector, self._newest = Detector(aggregation), Newest()
            return
        walls = WatchedBook.resumed(state.walls, book, state.trades.decimals[0])
        self._detector, self._newest = Detector(aggregation, state.trades, walls), Newest(state.found)

    def advance(self, batch: Batch) -> bool:
        """See Aggregate."""
        self._detector.advance(batch)
        self.fresh, self._detector.found = self._detector.found, []
        self._newest.add(self.fresh)
        return False

    def pending(self, now_ns: int | None) -> list[Found]:
        """What follows up to `now_ns`, or to the last event's time, if nothing else comes."""
        return self._detector.pending(now_ns)

    def newest(self, now_ns: int | None, since_ns: int) -> list[Found]:
        """The last MOST_OF_A_KIND of each kind that are known at `now_ns`, and not earlier than at the last event.

        Oldest first; divergences are told from `since_ns` on.
        """
        found = self._newest.all(self.pending(now_ns))
        return [each for each in found if each.kind != "divergence" or each.time_ns >= since_ns]
