"""What a replay keeps of what was detected: the newest of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

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
_MOST_IN_ALL: Final = 2 * MOST_OF_A_KIND * len(get_args(Kind))
"""Those that are too many are forgotten several at once."""


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
        self._found = ordered(found)
        self._count = Counter(each.kind for each in self._found)

    def add(self, found: Collection[Found]) -> None:
        """Take in later ones, in order."""
        self._found += found
        self._count.update(each.kind for each in found)
        if len(self._found) > _MOST_IN_ALL:
            self._found = self.all()
            self._count = Counter(each.kind for each in self._found)

    def all(self, later: Collection[Found] = ()) -> list[Found]:
        """All of them, in order, with later ones as if they had been added."""
        found = [*self._found, *later]
        count = self._count + Counter(each.kind for each in later)
        extra = {kind: number - MOST_OF_A_KIND for kind, number in count.items() if number > MOST_OF_A_KIND}
        kept: list[Found] = []
        for at, each in enumerate(found):
            if not extra:
                return [*kept, *found[at:]]
            if each.kind not in extra:
                kept.append(each)
                continue
            extra[each.kind] -= 1
            if not extra[each.kind]:
                del extra[each.kind]
        return kept


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
