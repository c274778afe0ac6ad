"""What alerts go on from at any segment of a store: found by holding them against all segments before it, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.core.aggregates.batches import Batches
from processor.core.alerts.kept import AlertsState, NewestAlerts, Watching
from processor.core.alerts.names import HAPPENINGS
from processor.core.alerts.parser import parsed
from processor.core.alerts.sampled import EACH_NS
from processor.core.alerts.tree import leaves
from processor.core.alerts.watch import WatchState
from processor.core.detected.found import nearest_time, ordered
from processor.store.detected import found_of_segment
from processor.store.divergences import divergences_of_segments
from processor.store.files import book_of_segment, trades_of_segment
from processor.store.measures import book_before
from processor.store.reader import segment_holding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from processor.core.alerts.watch import Alert
    from processor.core.detected.found import Found, Kind
    from processor.core.measures.sampled import MeasuredBook
    from processor.settings import Aggregation
    from processor.store.activity_index import ActivityIndex
    from processor.store.manifest import Manifest


_DIVERGENCES: Final = frozenset(name for name, happening in HAPPENINGS.items() if happening.kind == "divergence")
_OF_BARS: Final = _DIVERGENCES | {"delta", "volume"}
_OF_CVD: Final = _DIVERGENCES | {"cvd"}
_OF_SESSIONS: Final = frozenset({"session_delta", "session_volume"})


class AlertsIndex:
    """The alerts of `aggregation` in the store at `folder`, as far as it has been looked through."""

    def __init__(self, folder: Path, aggregation: Aggregation) -> None:
        """Nothing is read yet."""
        self._folder = folder
        self._aggregation = aggregation
        expressions = [parsed(text) for text in aggregation.alerts]
        self._has_measures = any(each.measures for each in expressions)
        self._kinds: frozenset[Kind] = frozenset(HAPPENINGS[name].kind for each in expressions for name in each.events)
        # Before each segment, and after the last one read: what stands, and the newest alerts.
        self._before: list[tuple[WatchState, Sequence[Alert]]] = [(WatchState(), ())]
        # Of each segment read, when its first and its last alert are raised.
        self._spans: list[tuple[int, int] | None] = []

    def goes_on_with(self, aggregation: Aggregation) -> bool:
        """Whether `aggregation` raises the same alerts; then it is that of what is looked through from here on."""
        is_alike = _what_matters(aggregation) == _what_matters(self._aggregation)
        if is_alike:
            self._aggregation = aggregation
        return is_alike

    def before(
        self, manifest: Manifest, index: ActivityIndex | None, while_waiting: Callable[[], None], segment: int
    ) -> AlertsState:
        """What an engine goes on with from `segment`.

        `index` says where bars start that end by activity. `while_waiting` is called after each segment that is read;
        what it raises is raised, and what was found stays.

        Raises:
            DatasetError: a file of the store is damaged.
        """
        for _ in self._looked_through(manifest, index, while_waiting, segment):
            pass
        watch, alerts = self._before[segment]
        return AlertsState(watch, self._book_before(manifest, segment), alerts)

    def nearest(
        self,
        manifest: Manifest,
        index: ActivityIndex | None,
        while_waiting: Callable[[], None],
        at_ns: int,
        *,
        forward: bool,
    ) -> int | None:
        """When the first alert later than `at_ns` is raised, or the last one earlier; None where there is none.

        What precedes is looked through first, where it has not been. Otherwise as `before`.

        Raises:
            DatasetError: a file of the store is damaged.
        """
        count = len(manifest.segments)
        holding = segment_holding(manifest, at_ns)
        # What has to last may come true between two segments: that is the later one's.
        end = count if forward else min(holding + 2, count)
        numbers = self._looked_through(manifest, index, while_waiting, end, holding if forward else 0)
        for number in numbers if forward else reversed(list(numbers)):
            span = self._spans[number]
            found_ns = None if span is None else nearest_time(span, at_ns, forward=forward)
            if span is None or found_ns is None:
                continue
            if found_ns == span[0 if forward else 1]:
                return found_ns
            return nearest_time(self._times(manifest, index, number), at_ns, forward=forward)
        return None

    def _looked_through(
        self,
        manifest: Manifest,
        index: ActivityIndex | None,
        while_waiting: Callable[[], None],
        end: int,
        first: int = 0,
    ) -> Iterator[int]:
        """The segments from `first` on and before `end`, each once it has been looked through."""
        known = len(self._spans)
        yield from range(first, min(known, end))
        if known >= end:
            return
        newest = NewestAlerts(self._before[known][1])
        for number, (watch, alerts) in enumerate(self._later(manifest, known, end, index), known):
            newest.add(alerts)
            self._before.append((watch, newest.all()))
            self._spans.append((alerts[0].time_ns, alerts[-1].time_ns) if alerts else None)
            while_waiting()
            if number >= first:
                yield number

    def _times(self, manifest: Manifest, index: ActivityIndex | None, segment: int) -> list[int]:
        """Of all alerts of a segment before which all has been looked through."""
        ((_, alerts),) = self._later(manifest, segment, segment + 1, index)
        return [alert.time_ns for alert in alerts]

    def _later(
        self, manifest: Manifest, first: int, end: int, index: ActivityIndex | None
    ) -> Iterator[tuple[WatchState, Sequence[Alert]]]:
        """What stands after each segment from `first` on, before which it is known, and the alerts of the segment."""
        if index is not None:
            index.extend(manifest, first)
        watch, _ = self._before[first]
        watching = Watching(self._aggregation, AlertsState(watch, self._book_before(manifest, first)))
        if not first and manifest.first_ns is not None:
            watching.begin(manifest.first_ns)
        batches = Batches(self._aggregation, manifest.first_ns, None if index is None else index.before(first))
        divergences = self._divergences(manifest, first, index)
        for number in range(first, end):
            segment = manifest.segments[number]
            book = book_of_segment(self._folder, number, segment) if self._has_measures else ()
            batch = batches.of(trades_of_segment(self._folder, number, segment), book)
            found = found_of_segment(self._folder, manifest, number) if self._kinds - {"divergence"} else []
            watching.take_whole(batch, ordered([*found, *next(divergences)]), segment.last_ns)
            alerts, watching.alerts = watching.alerts, []
            yield watching.state, alerts

    def _divergences(self, manifest: Manifest, first: int, index: ActivityIndex | None) -> Iterator[list[Found]]:
        if "divergence" in self._kinds:
            return divergences_of_segments(self._folder, manifest, first, self._aggregation, index)
        return iter(list, None)

    def _book_before(self, manifest: Manifest, segment: int) -> MeasuredBook | None:
        if not self._has_measures or not segment:
            return None
        return book_before(self._folder, manifest, segment, EACH_NS, None)


def _what_matters(aggregation: Aggregation) -> tuple[object, ...]:
    """What alerts depend on: bars, sessions and the CVD's reset only where an expression names what they make."""
    names = {leaf.name for text in aggregation.alerts for leaf in leaves(parsed(text).root)}
    bars = (aggregation.interval_ns, aggregation.activity) if names & _OF_BARS else None
    reset = aggregation.cvd_reset if names & _OF_CVD else None
    has_sessions = reset == "day" or bool(names & _OF_SESSIONS)
    return aggregation.alerts, bars, reset, aggregation.session_ns if has_sessions else None
