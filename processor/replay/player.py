"""One instrument's picture at any moment of its dataset, forwards and backwards.

However a moment is reached, by playing, stepping or seeking, the engine holds what one pass over every event up to it
would have made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.core.engine import Engine
from processor.core.events import END_OF_TIME
from processor.core.intervals import number_of, start_of
from processor.errors import DatasetError, SettingError
from processor.prefetch import prefetched
from processor.replay.cursor import Cursor
from processor.settings import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from processor.core.detected.found import Kind
    from processor.core.merge.chunk import Chunk, EventKind
    from processor.settings import Aggregation, Moment
    from processor.sources.base import Source
    from shared.commands import Landmark, StepUnit

_GAP_KINDS: Final = ("gaps", "silences")
_NAMES: Final[dict[Kind, str]] = {
    "absorption": "an absorption",
    "divergence": "a divergence",
    "large": "a large order",
    "sweep": "a sweep",
    "wall": "a wall",
}


class Player:
    """The engine of `source` at the event clock `now_ns`: it has taken in every event up to it and none after it.

    `first_ns` is the time of the first event. Both are None until `begin` has returned.
    """

    def __init__(
        self,
        source: Source,
        aggregation: Aggregation,
        *,
        keep: int,
        expired: Callable[[], bool],
        while_waiting: Callable[[], None],
    ) -> None:
        """Nothing is read yet. `keep` is how many intervals are remembered.

        `expired` says when `advance` has to return, and is asked after each piece of work. `while_waiting` is called a
        few times a second while events are being read; what it raises is raised.
        """
        self.source: Final = source
        self.aggregation = aggregation
        self.engine = Engine(aggregation, keep=keep)
        self.first_ns: int | None = None
        self.now_ns: int | None = None
        self._keep = keep
        self._expired = expired
        self._while_waiting = while_waiting
        self._chunks: Generator[Chunk] | None = None
        self._cursor: Cursor | None = None

    @property
    def consumed_bytes(self) -> int:
        """How much of the dataset has been read to come here, or is being read to begin."""
        return self._cursor.consumed_bytes if self._cursor else self.source.read_bytes or 0

    @property
    def end_ns(self) -> int | None:
        """Time of the last event, where that is known."""
        return self.source.time_range[1] if self.source.time_range else None

    def begin(self, at: Moment | None) -> None:
        """Stand somewhere before or at `at` (None: before everything), from where `advance` leads there.

        The event clock is that of the last event before, or of the first event of all.

        Raises:
            DatasetError: the dataset is unusable, or holds no event.
        """
        self.close()
        state, ahead = self.source.start(self.aggregation, at, keep=self._keep, while_waiting=self._while_waiting)
        engine = Engine(self.aggregation, keep=self._keep, state=state)
        self._chunks = prefetched(ahead, while_waiting=self._while_waiting)
        self._cursor = Cursor(self._chunks, engine)
        first_ns = engine.first_ns if engine.first_ns is not None else self.next_ns()
        if first_ns is None:
            self._cursor = None
            msg = f"there is no event of {self.source.instrument} in the dataset"
            raise DatasetError(msg)
        self.engine = engine
        self.first_ns = first_ns
        self.now_ns = engine.event_ns if engine.event_ns is not None else first_ns

    def aggregate_as(self, aggregation: Aggregation) -> None:
        """Show nothing, until `begin` and `advance` show what `aggregation` makes of the events."""
        self.aggregation = aggregation
        self.engine = Engine(aggregation, keep=self._keep)
        self.close()

    def close(self) -> None:
        """Read on no further; `begin` does so again."""
        self._cursor = None
        if self._chunks is not None:
            self.source.stop()
            self._chunks.close()
            self._chunks = None

    def is_at(self, at_ns: int) -> bool:
        """Whether the event clock is `at_ns`, with nothing broken off: `advance` and `next_ns` go on from there."""
        return self._cursor is not None and self.now_ns == at_ns and self.engine.ahead is None

    def next_ns(self) -> int | None:
        """Time of the next event; None at the end."""
        try:
            return self._at().next_ns()
        except BaseException:
            # What has been broken off or has failed does not go on, and would look like the end.
            self._cursor = None
            raise

    def advance(self, until_ns: int) -> tuple[bool, bool]:
        """Take in events up to `until_ns`, or some of them; return whether all, and whether an interval was closed.

        The event clock is `until_ns` in the end, or where the events are: at the last one taken in.
        """
        cursor = self._at()
        closed = False
        while (next_ns := self.next_ns()) is not None and next_ns <= until_ns:
            closed |= cursor.advance_loaded(until_ns)
            self.now_ns = self.engine.event_ns
            if self._expired():
                break
        else:
            self.now_ns = max(until_ns, self.now_ns or until_ns) if next_ns is not None else self.engine.event_ns
            return True, closed
        return False, closed

    def is_near(self, at_ns: int) -> bool:
        """Whether `at_ns` is reached sooner by going on than by beginning again."""
        now_ns, ahead = self.now_ns, self.engine.ahead
        if self._cursor is None or now_ns is None or now_ns > at_ns or self.source.skips(now_ns, at_ns):
            return False
        return ahead is None or ahead.by_ns <= at_ns

    def check(self, at_ns: int) -> None:
        """Refuse a moment outside the dataset.

        Raises:
            SettingError: it is before the first event, or after the last.
        """
        first_ns = self.first_ns or 0
        if at_ns < first_ns or (self.end_ns is not None and at_ns > self.end_ns):
            until = f"to {iso(self.end_ns)}" if self.end_ns is not None else "on"
            raise SettingError("time", iso(at_ns), f"a time from {iso(first_ns)} {until}")

    def stepped(self, at_ns: int, unit: StepUnit, count: int) -> int:
        """The moment `count` units after `at_ns`, or before it if negative.

        Of events of a kind, that many distinct times. Of bars, the last ns of an interval with events: forwards, the
        interval of the next event ends the first step; backwards, the one before that of `at_ns`.

        Raises:
            SettingError: there are not so many.
        """
        for _ in range(abs(count)):
            if unit == "bar":
                at_ns = self._bar_stepped(at_ns, forward=count > 0)
            else:
                at_ns = self._neighbour(at_ns, unit, forward=count > 0)
        return at_ns

    def _bar_stepped(self, at_ns: int, *, forward: bool) -> int:
        found_ns = self._neighbour(at_ns if forward else self._bar(at_ns)[0], "event", forward=forward)
        _, next_ns = self._bar(found_ns)
        # A last bar that nothing fills ends with the last event.
        end_ns = next_ns - 1 if next_ns is not None else self._neighbour(END_OF_TIME, "event", forward=False)
        return end_ns if self.end_ns is None else min(end_ns, self.end_ns)

    def _bar(self, at_ns: int) -> tuple[int, int | None]:
        """Begin of the interval that holds `at_ns` and of the one after it; None for one that nothing fills."""
        activity, interval_ns = self.aggregation.activity, self.aggregation.interval_ns
        if activity is not None:
            return self.source.bar(activity, at_ns, while_waiting=self._while_waiting)
        start_ns = start_of(number_of(at_ns, interval_ns), interval_ns)
        return start_ns, start_ns + interval_ns

    def nearest(
        self, now_ns: int, landmark: Landmark, *, forward: bool, while_waiting: Callable[[], None] | None = None
    ) -> int:
        """The next or previous landmark from `now_ns`.

        It is a gap or silence found in the data, the start of a session, or the moment when an event becomes known or
        an alert is raised. `while_waiting` is called in the place of the player's own.

        Raises:
            SettingError: there is none.
        """
        wait = while_waiting or self._while_waiting
        if landmark == "gap":
            times = [
                incident.time_ns
                for incident in self.source.report.incidents
                if incident.kind in _GAP_KINDS and incident.time_ns is not None
            ]
            there = [time_ns for time_ns in times if (time_ns > now_ns if forward else time_ns < now_ns)]
            if not there:
                raise SettingError(
                    "seek", f"{_way(forward=forward)} gap", f"a gap or a silence {_from(now_ns, forward=forward)}"
                )
            return min(there) if forward else max(there)
        if landmark == "alert":
            return self._nearest_alert(now_ns, forward=forward, while_waiting=wait)
        if landmark != "session":
            found_ns = self.source.event_time(now_ns, landmark, self.aggregation, forward=forward, while_waiting=wait)
            if found_ns is None:
                expected = f"{_NAMES[landmark]} that becomes known {_from(now_ns, forward=forward)}"
                raise SettingError("seek", f"{_way(forward=forward)} {landmark}", expected)
            return found_ns
        start_ns = self.source.session_start(now_ns, self.aggregation.session_ns, forward=forward, while_waiting=wait)
        if start_ns is None:
            expected = f"a session that starts {_from(now_ns, forward=forward)}"
            raise SettingError("seek", f"{_way(forward=forward)} session", expected)
        return start_ns

    def _nearest_alert(self, now_ns: int, *, forward: bool, while_waiting: Callable[[], None]) -> int:
        asked = f"{_way(forward=forward)} alert"
        if not self.aggregation.alerts:
            raise SettingError("seek", asked, "an expression to be set before (alerts add 'EXPRESSION')")
        found_ns = self.source.alert_time(now_ns, self.aggregation, forward=forward, while_waiting=while_waiting)
        if found_ns is None:
            raise SettingError("seek", asked, f"an alert that is raised {_from(now_ns, forward=forward)}")
        return found_ns

    def _neighbour(self, at_ns: int, kind: EventKind, *, forward: bool) -> int:
        found_ns = self.source.neighbour(at_ns, kind, forward=forward, while_waiting=self._while_waiting)
        if found_ns is None:
            what = {"event": "an event", "book": "a book update", "trade": "a trade"}[kind]
            raise SettingError("step", _way(forward=forward), f"{what} {_from(at_ns, forward=forward)}")
        return found_ns

    def _at(self) -> Cursor:
        if self._cursor is None:
            msg = "the player is nowhere: `begin` has not returned since the last one was broken off"
            raise RuntimeError(msg)
        return self._cursor


def _way(*, forward: bool) -> str:
    return "next" if forward else "previous"


def _from(at_ns: int, *, forward: bool) -> str:
    return f"{'after' if forward else 'before'} {iso(at_ns)}"
