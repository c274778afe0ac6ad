"""One session of a replay: one instrument, an event clock driven by the wall's and by commands, files as it goes."""

from __future__ import annotations

import enum
import uuid
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

import structlog

from processor.clock import EventClock
from processor.core.events import END_OF_TIME
from processor.errors import DatasetError, Disordered, ProcessorError, SettingError
from processor.formats import changes, open_dataset
from processor.names import printable
from processor.publish.moment import Situation, Subject
from processor.publish.publisher import Publisher
from processor.replay import inbox as control
from processor.replay.player import Player
from processor.replay.resume import digest_of_marks, settings_for, written
from processor.settings import at_least, iso, resolved
from processor.sources.source import open_source
from processor.units import NS_PER_MS, NS_PER_SECOND
from shared import HEARTBEAT_MS, MAX_ROWS, ControlAnswer, Resume

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from processor.clock import WallClock
    from processor.core.engine import Engine
    from processor.formats import Dataset
    from processor.replay.inbox import Command, Mailbox
    from processor.settings import Moment, Settings
    from processor.store.cache import Cache
    from shared import DirectoryWriter, State

_log = structlog.get_logger()

_BUDGET_NS: Final = 50 * NS_PER_MS
"""Wall time that events may take before it is looked at again whether a publication is due."""
_HURRY_NS: Final = NS_PER_SECOND
"""A moment that is reached within this wall time is not preceded by pictures of the way to it."""
_LOOK_PERIOD_NS: Final = 2 * NS_PER_SECOND
"""How often it is looked whether the dataset's files have changed."""
_LISTEN_NS: Final = 30 * NS_PER_MS
"""How often it is looked for a command while there is nothing else to do."""
_MAX_OBI_LEVELS: Final = 1_000_000


class Stop:
    """Whether the replay has been asked to end, and whether the next one is then to begin anew."""

    def __init__(self) -> None:
        self.requested = False
        self.forget = False


class Ending(enum.Enum):
    """How a session can end."""

    DONE = enum.auto()
    AGAIN = enum.auto()


@dataclass(frozen=True, slots=True)
class Wish:
    """What all sessions of a replay share.

    `path`, `asked` and `digest` are what was asked for on the command line. `on_progress` is told the share of the
    files read while the replay is loading, and None when it is not. `asked_views` tells which views to write besides
    those that always are.
    """

    path: Path
    asked: Settings
    digest: str
    writer: DirectoryWriter
    clock: WallClock
    stop: Stop
    cache: Cache | None
    mailbox: Mailbox | None
    on_progress: Callable[[float | None], None]
    asked_views: Callable[[], Collection[str]] = frozenset


class _Stopped(Exception):
    """A stop was requested."""


class _Changed(DatasetError):
    """The dataset has changed before it was read to its end."""


class _Superseded(Exception):
    """A newer command came before the last one was carried out."""

    def __init__(self, newer: Command) -> None:
        super().__init__(newer)
        self.newer = newer


class _Switched(Exception):
    """Another session takes over."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.session = session


@dataclass(frozen=True, slots=True)
class _Switch:
    """The command that leads to a session, and the session to go back to where it cannot begin."""

    command: Command
    back: Callable[[], Session]


def subject_of(path: Path, settings: Settings, dataset: Dataset | None = None, instrument: str = "") -> Subject:
    """What status.json says of a new session."""
    return Subject(
        session=uuid.uuid4().hex,
        dataset=printable(settings.label or path.resolve().name),
        format=dataset.format if dataset else "",
        instrument=instrument,
        instruments=dataset.instruments if dataset else (),
        interval=settings.interval,
        obi_levels=settings.obi_levels,
        depth_levels=settings.depth_levels,
        cvd_reset=settings.cvd_reset,
        clock=settings.clock,
    )


class Session:
    """One instrument of a dataset, from `at` on, or else from `settings.start`."""

    def __init__(
        self,
        dataset: Dataset,
        settings: Settings,
        wish: Wish,
        *,
        at: Moment | None = None,
        paused: bool = False,
        loop_ns: tuple[int, int] | None = None,
        notice: str | None = None,
        switch: _Switch | None = None,
    ) -> None:
        """Nothing is read or published before `run`.

        Raises:
            SettingError: the dataset has no such instrument.
            DatasetError: it is a store, but a damaged or incomplete one.
        """
        self._dataset = dataset
        self._settings = settings
        self._wish = wish
        self._clock = wish.clock
        self._paused = paused
        self._loop_ns = loop_ns
        self._notice = notice
        self._start = settings.start if at is None else at
        self._switch = switch
        self._marks = dataset.marks()
        self._marks_digest = digest_of_marks(dataset.path, self._marks)
        self._changed = False
        self._pending: Command | None = None
        self._source = open_source(dataset, settings.instrument, settings.clock, wish.cache)
        self.subject = subject_of(dataset.path, settings, dataset, self._source.instrument)
        self._player = Player(
            self._source, settings.aggregation, keep=MAX_ROWS, expired=self._expired, while_waiting=self._wait
        )
        self._begun = False
        self._now_ns = 0
        """The event clock: where play and commands have brought it. The player may still be on its way there."""
        self._state: State = "loading"
        self._limit_ns = END_OF_TIME
        self._looked_ns = wish.clock.monotonic_ns()
        self._deadline_ns = 0
        self._line: EventClock | None = None
        self._announce(self.subject)

    def run(self) -> Ending | Session:
        """Come to the start, play, obey; return how it ended, or the session that takes over.

        Raises:
            DatasetError: the dataset turns out unusable; what was read until then is published.
            SettingError: the settings' times do not fit it.
        """
        try:
            with closing(self._source), closing(self._player):
                try:
                    self._begin()
                except Disordered:
                    raise
                except ProcessorError as error:
                    if self._switch is None:
                        raise
                    self._answer(self._switch.command, _without_content(error))
                    return self._switch.back()
                if self._switch is not None:
                    self._answer(self._switch.command)
                return self._live()
        except _Stopped:
            self._publish(self._state, whole=True)
            return Ending.DONE
        except _Switched as switched:
            return switched.session
        except Disordered as found:
            if self._dataset.sort:
                raise
            _log.warning("sorting", reason=str(found))
            return Session(
                replace(self._dataset, sort=True),
                self._settings,
                self._wish,
                at=self._now_ns if self._begun else self._start,
                paused=self._paused,
                loop_ns=self._loop_ns,
                notice=f"{found.name}: its rows are far out of order, so they are sorted before they are replayed",
                switch=None if self._begun else self._switch,
            )

    def again(self) -> Session:
        """The same from the start."""
        return Session(self._dataset, self._settings, self._wish, loop_ns=self._loop_ns)

    def _begin(self) -> None:
        settings, player = self._settings, self._player
        self._wait()
        player.begin(self._start)
        first_ns = player.first_ns or 0
        if settings.until is not None:
            self._limit_ns = resolved(settings.until, first_ns)
            if self._limit_ns < first_ns:
                raise SettingError("until", iso(self._limit_ns), f"a time after the first event, {iso(first_ns)}")
        _log.info("replay_started", **{key: value for key, value in asdict(self.subject).items() if value})
        start_ns = first_ns if self._start is None else max(first_ns, resolved(self._start, first_ns))
        self._reach(min(start_ns, self._limit_ns))
        if start_ns > self._now_ns:
            _log.warning("start_after_end", start=iso(start_ns), end=iso(self._now_ns))

    def _live(self) -> Ending:
        """Follow the event clock and the commands."""
        self._begun = True
        self._anchor()
        shown = ended = False
        while True:
            try:
                if not shown:
                    self._publish(self._resting_state(), whole=True)
                    shown = True
                self._look()
                if (command := self._command()) is not None:
                    self._obey(command)
                    ended = False
                if self._at_end() and not ended:
                    ended = True
                    self._publish("finished", whole=True)
                    _log.info("replay_finished", session=self.subject.session, report=self._source.report.published())
                if ended and not self._paused and self._settings.at_end != "hold":
                    return Ending.AGAIN if self._settings.at_end == "loop" else Ending.DONE
                if ended or self._paused:
                    self._publish(self._resting_state())
                    self._sleep(HEARTBEAT_MS * NS_PER_MS // 2)
                else:
                    self._play_on()
            except _Superseded as superseded:
                self._pending = superseded.newer

    def _play_on(self) -> None:
        """Take in the events of a moment, publish, and wait for the next."""
        line, player = self._line, self._player
        stop_ns = min(self._limit_ns, self._loop_ns[1] if self._loop_ns else END_OF_TIME)
        target_ns = stop_ns if line is None else min(line.at(self._clock.monotonic_ns()), stop_ns)
        self._set_deadline()
        try:
            reached, closed = player.advance(target_ns)
        finally:
            self._now_ns = player.now_ns or 0
        if not reached:
            # The machine cannot follow: the event clock goes on from where the events are.
            self._anchor()
        if self._loop_ns and (self._now_ns >= self._loop_ns[1] or player.next_ns() is None):
            self._go(self._loop_ns[0])
            self._anchor()
            self._publish("playing", whole=True)
        elif not self._at_end():
            self._publish("playing", bar_closed=closed)
        if line is not None:
            self._sleep(self._publisher.due_ns - self._clock.monotonic_ns())

    def _obey(self, command: Command) -> None:
        """Carry a command out, or what comes before it is done; show and answer it.

        One that is refused or superseded leaves everything as if it had not been given.
        """
        mailbox = self._wish.mailbox
        if mailbox is None:
            return
        obeyed: Command | None = command
        while obeyed is not None:
            error: str | None = None
            newer: Command | None = None
            before = self._settings, self._paused, self._loop_ns, self._now_ns
            subject = self.subject
            try:
                self._carry_out(obeyed)
            except SettingError as refused:
                error = str(refused)
            except _Superseded as superseded:
                newer = superseded.newer
                error = "a newer command came before this one was carried out"
            except Disordered:
                self._settings, self._paused, self._loop_ns, self._now_ns = before
                mailbox.done(obeyed, "the dataset's rows are far out of order and are sorted first; send it again")
                raise
            except _Changed as changed:
                mailbox.done(obeyed, str(changed))
                raise
            except DatasetError as failure:
                # What has been shown until now can be shown again; if not, coming back to it fails.
                error = _without_content(failure)
            if error is not None:
                self._settings, self._paused, self._loop_ns, self._now_ns = before
                self._withdraw(subject)
            mailbox.done(obeyed, error)
            obeyed = newer
        self._come_back()
        self._anchor()
        self._clock.sleep(max(0, self._publisher.due_ns - self._clock.monotonic_ns()) / NS_PER_SECOND)
        self._publish(self._resting_state(), whole=True)

    def _answer(self, command: Command, error: str | None = None) -> None:
        if self._wish.mailbox is not None:
            self._wish.mailbox.done(command, error)

    def _carry_out(self, command: Command) -> None:  # noqa: C901, PLR0912 - one case an action
        player = self._player
        match command.action:
            case control.Play():
                if self._at_end():
                    self._go(player.first_ns or 0)
                self._paused = False
            case control.Pause():
                self._paused = True
            case control.Toggle():
                action = control.Play() if self._paused or self._at_end() else control.Pause()
                self._carry_out(replace(command, action=action))
            case control.Step(unit=unit, count=count):
                self._seek(player.stepped(self._now_ns, unit, count))
                self._paused = True
            case control.SeekTime(at_ns=at_ns):
                self._seek(at_ns)
            case control.SeekBy(by_ns=by_ns):
                self._seek(self._now_ns + by_ns)
            case control.SeekFraction(fraction=fraction):
                self._seek(self._at_fraction(fraction))
            case control.SeekMark(mark=mark, direction=direction):
                self._seek(player.marked(self._now_ns, mark, forward=direction > 0))
            case control.SetSpeed(speed=speed):
                self._settings = replace(self._settings, speed=speed)
            case control.SetInterval(interval=interval):
                self._aggregate_as(replace(self._settings, interval=interval))
            case control.SetObiLevels(obi_levels=obi_levels):
                levels = at_least("obi_levels", obi_levels, 0, _MAX_OBI_LEVELS)
                self._aggregate_as(replace(self._settings, obi_levels=levels))
            case control.SetCvdReset(cvd_reset=cvd_reset):
                self._aggregate_as(replace(self._settings, cvd_reset=cvd_reset))
            case control.SetInstrument(instrument=instrument):
                if self._dataset.resolved(instrument) != self._source.instrument:
                    settings = replace(self._settings, instrument=instrument)
                    self._switch_to(command, self._dataset, settings, at_ns=self._now_ns)
            case control.SetDataset(path=path):
                dataset = _opened(path)
                settings = settings_for(path, self._settings, self._wish.path, self._wish.asked)
                self._switch_to(command, dataset, settings)
            case control.Loop(start_ns=start_ns, end_ns=end_ns):
                player.check(start_ns)
                player.check(end_ns)
                if not start_ns <= self._now_ns < end_ns:
                    self._go(start_ns)
                self._loop_ns = start_ns, end_ns
            case control.EndLoop():
                self._loop_ns = None

    def _seek(self, at_ns: int) -> None:
        """Raises SettingError where there is no such moment."""
        self._player.check(at_ns)
        if at_ns > self._limit_ns:
            raise SettingError("time", iso(at_ns), f"a time up to the end asked for, {iso(self._limit_ns)}")
        self._go(at_ns)
        if at_ns > self._now_ns:
            raise SettingError("time", iso(at_ns), f"a time up to the last event, {iso(self._now_ns)}")

    def _at_fraction(self, fraction: float) -> int:
        first_ns, end_ns = self._player.first_ns or 0, self._end_ns()
        if end_ns is None:
            raise SettingError("fraction", fraction, "a dataset that has been read to its end, or a time")
        return first_ns + round((end_ns - first_ns) * fraction)

    def _go(self, at_ns: int) -> None:
        """Bring the event clock to `at_ns`, or to the last event if that is earlier.

        Raises:
            _Superseded: a newer command has come; the event clock is where it was, but not what is shown.
        """
        if not self._player.is_near(at_ns):
            self._player.begin(at_ns)
        self._reach(at_ns)

    def _reach(self, at_ns: int) -> None:
        """Take in the events up to `at_ns`; where that takes long, show how far it has come."""
        begun_ns = self._clock.monotonic_ns()
        closed = False
        while True:
            self._set_deadline()
            reached, more_closed = self._player.advance(at_ns)
            closed |= more_closed
            if reached:
                self._now_ns = self._player.now_ns or 0
                return
            self._look()
            self._interrupt()
            if self._clock.monotonic_ns() - begun_ns > _HURRY_NS:
                self._publish("loading", bar_closed=closed)
                closed = False

    def _come_back(self) -> None:
        """Show the moment of the event clock again, where what was broken off has led away from it."""
        if not self._player.is_at(self._now_ns):
            self._go(self._now_ns)

    def _aggregate_as(self, settings: Settings) -> None:
        """The same moment with other settings, which is another session."""
        self._player.aggregation = settings.aggregation
        self._player.begin(self._now_ns)
        self._settings = settings
        self._announce(subject_of(self._dataset.path, settings, self._dataset, self._source.instrument))
        self._reach(self._now_ns)

    def _withdraw(self, subject: Subject) -> None:
        """Undo what a command has begun to show; `subject` is what was shown before it."""
        if self.subject is not subject:
            self._player.aggregate_as(self._settings.aggregation)
            self._announce(subject)
        self._player.aggregation = self._settings.aggregation
        if not self._player.is_at(self._now_ns):
            self._state = "loading"

    def _switch_to(self, command: Command, dataset: Dataset, settings: Settings, at_ns: int | None = None) -> None:
        """Let another session take over, from its start or from the same moment; it answers the command."""

        def back() -> Session:
            return Session(
                self._dataset,
                self._settings,
                self._wish,
                at=self._now_ns,
                paused=self._paused,
                loop_ns=self._loop_ns,
                notice=self._notice,
            )

        switch = _Switch(command, back)
        try:
            session = Session(dataset, settings, self._wish, at=at_ns, paused=self._paused, switch=switch)
        except (ProcessorError, OSError) as error:
            raise SettingError("dataset", str(dataset.path), str(error)) from error
        raise _Switched(session)

    def _announce(self, subject: Subject) -> None:
        """Begin a session as the files know it, or one that was left again."""
        self.subject = subject
        self._publisher = Publisher(
            self._wish.writer,
            self._clock,
            self.subject,
            self._source.report,
            self._dataset.ignored,
            self._wish.asked_views,
        )

    def _command(self) -> Command | None:
        mailbox = self._wish.mailbox
        found, self._pending = self._pending, None
        return found or (mailbox.poll(self.subject.session) if mailbox else None)

    def _interrupt(self) -> None:
        """Raises _Superseded where a command has come while something else is being done."""
        if self._begun and (newer := self._command()) is not None:
            raise _Superseded(newer)

    def _wait(self) -> None:
        """Show that the replay lives while it waits for events; what interrupts it is raised."""
        self._look()
        self._interrupt()
        self._publish(self._state)

    def _look(self) -> None:
        """See whether to go on at all.

        Raises:
            _Stopped: a stop is requested.
            _Changed: the dataset has changed before it was read to its end.
        """
        if self._wish.stop.requested:
            raise _Stopped
        now_ns = self._clock.monotonic_ns()
        if self._changed or now_ns < self._looked_ns + _LOOK_PERIOD_NS:
            return
        self._looked_ns = now_ns
        changed = changes(self._marks, self._dataset.marks())
        if not changed:
            return
        self._changed = True
        _log.warning("dataset_changed", changed=changed, read_whole=self._source.whole)
        if not self._source.whole:
            msg = f"the dataset has changed while it was read ({changed}); a restart reads what is there now"
            raise _Changed(msg)
        self._notice = f"the dataset has changed since it was read ({changed}); a restart shows what is there now"

    def _sleep(self, length_ns: int) -> None:
        """Wait, unless a command comes or a stop is requested."""
        until_ns = self._clock.monotonic_ns() + length_ns
        slice_ns = _LISTEN_NS if self._wish.mailbox else length_ns
        while (left_ns := until_ns - self._clock.monotonic_ns()) > 0:
            self._clock.sleep(min(left_ns, slice_ns) / NS_PER_SECOND)
            self._pending = self._command()
            if self._pending is not None or self._wish.stop.requested:
                return

    def _anchor(self) -> None:
        """Let the event clock go on from where it is, at the speed that is set."""
        speed = self._settings.speed
        self._line = None if speed is None else EventClock(self._now_ns, self._clock.monotonic_ns(), speed)

    def _set_deadline(self) -> None:
        self._deadline_ns = self._clock.monotonic_ns() + _BUDGET_NS

    def _expired(self) -> bool:
        return self._clock.monotonic_ns() >= self._deadline_ns

    def _at_end(self) -> bool:
        self._come_back()
        return self._now_ns >= self._limit_ns or self._player.next_ns() is None

    def _resting_state(self) -> State:
        if self._at_end():
            return "finished"
        return "paused" if self._paused else "playing"

    def _end_ns(self) -> int | None:
        """Where the replay will end, as far as that is known."""
        if self._state == "finished":
            return self._now_ns
        ends_ns = [] if self._player.end_ns is None else [self._player.end_ns]
        if self._limit_ns != END_OF_TIME:
            ends_ns.append(self._limit_ns)
        return min(ends_ns, default=None)

    def _publish(self, state: State, *, bar_closed: bool = False, whole: bool = False) -> None:
        self._state = state
        self._source.refresh()
        player, engine = self._player, self._player.engine
        begun = engine.event_ns is not None
        mailbox = self._wish.mailbox
        progress = self._progress()
        self._wish.on_progress(progress if state == "loading" else None)
        situation = Situation(
            state=state,
            event_ns=player.now_ns if begun else None,
            start_ns=player.first_ns,
            end_ns=self._end_ns(),
            progress=progress,
            report=self._source.report.published() | _book_report(engine),
            speed=self._settings.speed,
            cache=self._source.cache,
            notice=self._notice and printable(self._notice),
            control=mailbox.answer if mailbox else ControlAnswer(),
            loop_ns=self._loop_ns,
            resume=self._resume(),
            volumes=self._source.volumes(),
        )
        if begun:
            self._publisher.publish(engine, situation, bar_closed=bar_closed, whole=whole)
        else:
            self._publisher.announce(engine, situation)

    def _resume(self) -> Resume | None:
        """Where the next replay is to go on: from here, or from the start that was asked for until that is reached."""
        stop = self._wish.stop
        event_ns = self._now_ns if self._begun else self._start
        if (stop.requested and stop.forget) or not isinstance(event_ns, int):
            return None
        return Resume(
            wish=self._wish.digest,
            path=written(self._dataset.path),
            marks=self._marks_digest,
            event_ns=event_ns,
            paused=self._paused,
            loop_ns=self._loop_ns,
        )

    def _progress(self) -> float:
        first_ns, end_ns = self._player.first_ns, self._end_ns()
        if first_ns is not None and end_ns is not None and end_ns > first_ns:
            return min(1.0, ((self._player.now_ns or 0) - first_ns) / (end_ns - first_ns))
        return min(1.0, self._player.consumed_bytes / max(1, self._source.size_bytes))


def _opened(path: Path) -> Dataset:
    try:
        return open_dataset(path)
    except DatasetError as error:
        raise SettingError("dataset", str(path), f"a dataset ({_without_content(error)})") from error


def _without_content(error: ProcessorError) -> str:
    """The first line: whoever may steer need not be one who may read, so what lies in the files is not told."""
    return str(error).partition("\n")[0].rstrip(":")


def _book_report(engine: Engine) -> dict[str, int]:
    return {"crossed": engine.book.crossed.samples, "locked": engine.book.locked.samples}
