"""One instrument of a dataset at an event clock that can be brought to any moment, and the files that show it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final, NamedTuple
from weakref import WeakMethod

import structlog

from processor.core.events import END_OF_TIME
from processor.errors import DatasetError, SettingError
from processor.names import printable
from processor.publish.moment import SessionState
from processor.publish.publisher import Publisher
from processor.publish.views import extras_of
from processor.replay.first_view import interval_for
from processor.replay.pacing import Pacing
from processor.replay.player import Player
from processor.replay.resume import path_text
from processor.replay.session_info import session_info
from processor.replay.watch import DatasetWatch
from processor.settings import AUTO, iso, resolved
from processor.sources.opening import open_source
from processor.units import NS_PER_MS, NS_PER_SECOND
from shared import MAX_ROWS, ControlAnswer, Resume

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from processor.core.engine import Engine
    from processor.core.price_step import PriceStep
    from processor.formats import Dataset
    from processor.publish.moment import SessionInfo
    from processor.replay.context import ReplayContext
    from processor.settings import Aggregation, Moment, Settings
    from shared import State

_log = structlog.get_logger()

_PICTURES_AFTER_NS: Final = NS_PER_SECOND
"""On the way to a moment that takes longer than this, pictures of the way are published."""
_LISTEN_NS: Final = 30 * NS_PER_MS
"""How often the inbox is polled while there is nothing else to do."""


class Interrupted(Exception):
    """A stop is requested, or a newer command waits in the inbox: what was being done is broken off."""


class DatasetChanged(DatasetError):
    """The dataset has changed before it was read to its end."""


class _Before(NamedTuple):
    """What a command may change, as it was before."""

    settings: Settings
    paused: bool
    loop_ns: tuple[int, int] | None
    now_ns: int
    info: SessionInfo


class Playback:
    """Brings the event clock `now_ns` to moments and publishes what they show.

    `now_ns` (since the Unix epoch) is where play and commands have brought the event clock; the player may still be on
    its way there. `has_started` says whether the first moment has been reached. `limit_ns` is where the replay ends at
    the latest. `chosen_interval` is the one chosen at the beginning, None where one was asked for.
    """

    def __init__(
        self,
        dataset: Dataset,
        settings: Settings,
        context: ReplayContext,
        *,
        start: Moment | None,
        paused: bool,
        loop_ns: tuple[int, int] | None,
        notice: str | None,
    ) -> None:
        """Nothing is read or published yet.

        Raises:
            SettingError: the dataset has no such instrument.
            DatasetError: it is a store, but a damaged or incomplete one.
        """
        self.dataset: Final = dataset
        self.context: Final = context
        self.settings = settings
        self.chosen_interval: str | None = None
        self.paused = paused
        self.loop_ns = loop_ns
        self.notice = notice
        self.now_ns = 0
        self.limit_ns = END_OF_TIME
        self.has_started = False
        self._start = start
        self._clock = context.clock
        self._state: State = "loading"
        self._watch = DatasetWatch(dataset, context.clock)
        self.source: Final = open_source(dataset, settings.instrument, settings.clock, context.cache)
        self.pacing: Final = Pacing(context.clock)
        self.player: Final = Player(
            self.source,
            self._aggregation(settings.provisional),
            keep=MAX_ROWS,
            expired=self.pacing.has_expired,
            while_waiting=_weakly(self.while_waiting),
        )
        self.info = self._info()
        self._publisher = self._new_publisher()
        self.remember()

    @property
    def state(self) -> State:
        """The state that was published last."""
        return self._state

    @property
    def first_ns(self) -> int:
        """Time of the first event, ns since the Unix epoch."""
        return self.player.first_ns or 0

    def begin(self) -> None:
        """Go to the start that the settings name, at most to `limit_ns`, which they name too.

        Raises:
            SettingError: the replay would end before its first event.
            DatasetError: the dataset is unusable.
            Interrupted: a stop is requested.
        """
        self.while_waiting()
        if self.settings.interval == AUTO:
            self._choose_interval()
        self.player.begin(self._start)
        first_ns = self.first_ns
        if self.settings.until is not None:
            self.limit_ns = resolved(self.settings.until, first_ns)
            if self.limit_ns < first_ns:
                raise SettingError("until", iso(self.limit_ns), f"a time after the first event, {iso(first_ns)}")
        told = {key: value for key, value in asdict(self.info).items() if value and key != "datasets"}
        _log.info("replay_started", **told)
        start_ns = first_ns if self._start is None else max(first_ns, resolved(self._start, first_ns))
        self.go_to(min(start_ns, self.limit_ns))
        if start_ns > self.now_ns:
            _log.warning("start_after_end", start=iso(start_ns), end=iso(self.now_ns))

    def _info(self) -> SessionInfo:
        """Another session, of what is replayed as the settings are now."""
        path, folders = self.dataset.path, self.context.folders
        return session_info(path, self.settings, self.dataset, self.source.instrument, folders)

    def _choose_interval(self) -> None:
        self.chosen_interval = interval_for(self.source.extent(self.while_waiting))
        self.settings = replace(self.settings, interval=self.chosen_interval)
        self.player.aggregate_as(self._aggregation(self.settings))
        self._show_as(self._info())

    def check(self) -> None:
        """See whether to go on at all.

        Raises:
            Interrupted: a stop is requested.
            DatasetChanged: the dataset has changed before it was read to its end.
        """
        if self.context.stop.requested:
            raise Interrupted
        changed = self._watch.new_changes()
        if changed is None:
            return
        _log.warning("dataset_changed", changed=changed, read_whole=self.source.whole)
        if not self.source.whole:
            msg = f"the dataset has changed while it was read ({changed}); a restart reads what is there now"
            raise DatasetChanged(msg)
        self.notice = f"the dataset has changed since it was read ({changed}); a restart shows what is there now"

    def while_waiting(self) -> None:
        """Show that the replay lives while it waits for events.

        Raises:
            Interrupted: a stop is requested, or a newer command waits.
            DatasetChanged: the dataset has changed before it was read to its end.
        """
        self.check()
        self.give_way()
        self.publish(self._state)

    def has_command(self) -> bool:
        """Whether a command waits in the inbox."""
        inbox = self.context.inbox
        return inbox is not None and inbox.has_next(self.info.session)

    def sleep(self, length_ns: int) -> None:
        """Wait, unless a command comes or a stop is requested."""
        slice_ns = _LISTEN_NS if self.context.inbox else length_ns
        self.pacing.sleep(length_ns, slice_ns, lambda: self.has_command() or self.context.stop.requested)

    @property
    def due_in_ns(self) -> int:
        """How long until the next publication may be; not positive where it may be now."""
        return self._publisher.due_ns - self._clock.monotonic_ns()

    def anchor(self) -> None:
        """Let the event clock go on from where it is, at the speed of the settings."""
        self.pacing.anchor(self.now_ns, self.settings.speed)

    def play_to(self, until_ns: int) -> tuple[bool, bool]:
        """Take in events up to `until_ns`, or some of them; return whether all, and whether an interval was closed."""
        self.pacing.start_work()
        try:
            return self.player.advance(until_ns)
        finally:
            self.now_ns = self.player.now_ns or 0

    def seek(self, at_ns: int) -> None:
        """Go to a moment of the dataset, ns since the Unix epoch.

        Raises:
            SettingError: there is no such moment, or it is after the end.
            Interrupted: as `go_to`.
        """
        self.player.check(at_ns)
        if at_ns > self.limit_ns:
            raise SettingError("time", iso(at_ns), f"a time up to the end asked for, {iso(self.limit_ns)}")
        self.go_to(at_ns)
        if at_ns > self.now_ns:
            raise SettingError("time", iso(at_ns), f"a time up to the last event, {iso(self.now_ns)}")

    def go_to(self, at_ns: int) -> None:
        """Bring the event clock to `at_ns`, or to the last event if that is earlier.

        Raises:
            Interrupted: a stop is requested, or a newer command waits; the event clock is where it was, but not the
                player.
        """
        if not self.player.is_near(at_ns):
            self.player.aggregation = self._aggregation(self.settings)
            self._begin_again(at_ns)
        self._advance_to(at_ns)

    def follow_requests(self) -> None:
        """Compute from here on what views need that have been asked for meanwhile, with its history.

        Raises:
            Interrupted: as `go_to`.
        """
        wanted = self._aggregation(self.settings)
        if wanted.extras - self.player.aggregation.extras:
            self.player.aggregation = wanted
            self._begin_again(self.now_ns)
            self._advance_to(self.now_ns)

    def _begin_again(self, at_ns: int) -> None:
        """Let the player start before `at_ns`; what is published on the way is no resting picture."""
        self._state = "loading"
        self.player.begin(at_ns)

    def _aggregation(self, settings: Settings) -> Aggregation:
        """What the engine is to compute, with the extras only while somebody wants them."""
        extras = extras_of(self.context.asked_views())
        return replace(settings.aggregation, extras=extras if settings.alerts else extras - {"alerts"})

    def _advance_to(self, at_ns: int) -> None:
        started_ns = self._clock.monotonic_ns()
        closed = False
        while True:
            self.pacing.start_work()
            reached, more_closed = self.player.advance(at_ns)
            closed |= more_closed
            if reached:
                self.now_ns = self.player.now_ns or 0
                return
            self.check()
            self.give_way()
            if self._clock.monotonic_ns() - started_ns > _PICTURES_AFTER_NS:
                self.publish("loading", bar_closed=closed)
                closed = False

    def return_to_now(self) -> None:
        """Bring the player back to the event clock, where something that was broken off has led it away."""
        if not self.player.is_at(self.now_ns):
            self.go_to(self.now_ns)

    def aggregate_as(self, settings: Settings) -> None:
        """Show the same moment with other settings, as another session."""
        self.player.aggregation = self._aggregation(settings)
        self._begin_again(self.now_ns)
        self.settings = settings
        self._show_as(self._info())
        self._advance_to(self.now_ns)

    def remember(self) -> None:
        """Keep what a command may change as it is now, for `undo`."""
        self._before = _Before(self.settings, self.paused, self.loop_ns, self.now_ns, self.info)

    def undo_settings(self) -> None:
        """Take settings, pause, loop and event clock as they were remembered; the player stays where it is."""
        self.settings, self.paused, self.loop_ns, self.now_ns, _ = self._before

    def undo(self) -> None:
        """Undo what a command has changed and what it has shown; `return_to_now` brings the player back."""
        self.undo_settings()
        if self.info is not self._before.info:
            self.player.aggregate_as(self._aggregation(self.settings))
            self._show_as(self._before.info)
        elif replace(self.player.aggregation, extras=frozenset()) != self.settings.aggregation:
            self.player.aggregation = self._aggregation(self.settings)
        if not self.player.is_at(self.now_ns):
            self._state = "loading"

    def at_end(self) -> bool:
        """Whether the event clock has reached the end."""
        self.return_to_now()
        return self.now_ns >= self.limit_ns or self.player.next_ns() is None

    def end_ns(self) -> int | None:
        """Where the replay will end, ns since the Unix epoch; None as long as that is not known."""
        if self._state == "finished":
            return self.now_ns
        ends_ns = [] if self.player.end_ns is None else [self.player.end_ns]
        if self.limit_ns != END_OF_TIME:
            ends_ns.append(self.limit_ns)
        return min(ends_ns, default=None)

    def _has_all(self) -> bool:
        """Whether the event clock has reached the dataset's last event, where that is known."""
        if self.player.end_ns is not None:
            return self.player.now_ns is not None and self.player.now_ns >= self.player.end_ns
        return self._state == "finished" and self.limit_ns == END_OF_TIME

    def resting_state(self) -> State:
        """The state between two pictures."""
        if self.at_end():
            return "finished"
        return "paused" if self.paused else "playing"

    def publish(self, state: State, *, bar_closed: bool = False, whole: bool = False) -> None:
        """Publish what is due, or everything if `whole`; `bar_closed` makes the bars due."""
        self._state = state
        self.source.refresh()
        player, engine = self.player, self.player.engine
        has_events = engine.event_ns is not None
        inbox = self.context.inbox
        progress = self._progress()
        self.context.on_progress(progress if state == "loading" else None)
        now = SessionState(
            state=state,
            event_ns=player.now_ns if has_events else None,
            start_ns=player.first_ns,
            end_ns=self.end_ns(),
            progress=progress,
            report=self.source.report.published() | _book_report(engine),
            speed=self.settings.speed,
            cache=self.source.cache,
            notice=self.notice and printable(self.notice),
            control=inbox.answer if inbox else ControlAnswer(),
            loop_ns=self.loop_ns,
            resume=self._resume(),
            volumes=self.source.volumes(),
            price_step=self._price_step().divisor,
            has_all=self._has_all(),
        )
        if has_events and engine.ahead is None:
            self._publisher.publish(engine, now, bar_closed=bar_closed, whole=whole)
        else:
            self._publisher.announce(engine, now)

    def publish_end(self, patience_ns: int) -> None:
        """Publish once more what is shown at the end, if that could not be written, until it is.

        Raises:
            WriteFailed: it could not be written within `patience_ns`, or before a stop was requested.
        """
        until_ns = self._clock.monotonic_ns() + patience_ns
        while (failure := self._publisher.failure) is not None:
            if self._clock.monotonic_ns() >= until_ns or self.context.stop.requested:
                raise failure
            self.pacing.sleep(_LISTEN_NS, _LISTEN_NS, lambda: self.context.stop.requested)
            self.publish("finished", whole=True)

    def price_step(self) -> Fraction | None:
        """The price step of what has been read so far; None before any price."""
        return self._price_step().height

    def _price_step(self) -> PriceStep:
        return self.source.price_step().merged(self.player.engine.price_step)

    def give_way(self) -> None:
        """Raise Interrupted where a command has come while something else is being done."""
        if self.has_started and self.has_command():
            raise Interrupted

    def _show_as(self, info: SessionInfo) -> None:
        """Publish from now on as the session that `info` describes."""
        self.info = info
        self._publisher = self._new_publisher()

    def _new_publisher(self) -> Publisher:
        return Publisher(
            self.context.writer,
            self._clock,
            self.info,
            self.source.report,
            self.dataset.ignored,
            self.context.asked_views,
        )

    def _resume(self) -> Resume | None:
        """Where the next replay is to go on: from here, or from the start until that is reached."""
        stop = self.context.stop
        event_ns = self.now_ns if self.has_started else self._start
        if (stop.requested and not stop.resumable) or not isinstance(event_ns, int):
            return None
        return Resume(
            wish=self.context.digest,
            path=path_text(self.dataset.path),
            marks=self._watch.digest,
            event_ns=event_ns,
            paused=self.paused,
            loop_ns=self.loop_ns,
        )

    def _progress(self) -> float:
        first_ns, end_ns = self.player.first_ns, self.end_ns()
        if first_ns is not None and end_ns is not None and end_ns > first_ns:
            return min(1.0, ((self.player.now_ns or 0) - first_ns) / (end_ns - first_ns))
        return min(1.0, self.player.consumed_bytes / max(1, self.source.size_bytes))


def _weakly(method: Callable[[], None]) -> Callable[[], None]:
    """A method, without keeping its object.

    A player that kept its playback would keep itself: a session that is over would hold its engine and its source until
    the garbage collector looks for cycles. That counts objects, of which there are few here, and not their bytes.
    """
    reference = WeakMethod(method)

    def call() -> None:
        found = reference()
        if found is not None:
            found()

    return call


def _book_report(engine: Engine) -> dict[str, int]:
    return {"crossed": engine.book.crossed.samples, "locked": engine.book.locked.samples}
