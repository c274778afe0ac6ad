"""One session of a replay: it plays one instrument from a start, takes commands, and says which session follows."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from processor.errors import Disordered, ProcessorError, SettingError, first_line
from processor.replay.executor import execute
from processor.replay.playback import Interrupted, Playback
from processor.replay.playing import play_on
from processor.units import NS_PER_MS
from shared import HEARTBEAT_MS, STALE_AFTER_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from processor.formats import Dataset
    from processor.publish.moment import SessionInfo
    from processor.replay.commands.base import Switch
    from processor.replay.context import ReplayContext
    from processor.replay.inbox import Request
    from processor.settings import Moment, Settings

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Origin:
    """The command that leads to a session, and how to make the session to go back to where it cannot begin."""

    request: Request
    back: Callable[[], Session]


class Session:
    """One instrument of a dataset, from `at` on, or else from `settings.start`."""

    def __init__(
        self,
        dataset: Dataset,
        settings: Settings,
        context: ReplayContext,
        *,
        at: Moment | None = None,
        paused: bool = False,
        loop_ns: tuple[int, int] | None = None,
        notice: str | None = None,
        origin: _Origin | None = None,
    ) -> None:
        """Nothing is read or published before `run`.

        Raises:
            SettingError: the dataset has no such instrument.
            DatasetError: it is a store, but a damaged or incomplete one.
        """
        self._context = context
        self._origin = origin
        self._start = settings.start if at is None else at
        self._playback = Playback(
            dataset, settings, context, start=self._start, paused=paused, loop_ns=loop_ns, notice=notice
        )

    @property
    def info(self) -> SessionInfo:
        """What status.json says of the session."""
        return self._playback.info

    def run(self) -> Session | None:
        """Go to the start, play, carry out commands; return the session that follows, None when the replay is over.

        Raises:
            DatasetError: the dataset turns out unusable; what was read until then is published.
            SettingError: the settings' times do not fit it.
            WriteFailed: the replay ends there and its end could not be published.
        """
        playback = self._playback
        try:
            with closing(playback.source), closing(playback.player):
                following = self._run()
        except Interrupted:
            playback.publish(playback.state, whole=True)
            return None
        except Disordered as found:
            if playback.dataset.sort:
                raise
            _log.warning("sorting", reason=str(found))
            return self._sorted(found)
        return None if following is None else following()

    def _run(self) -> Callable[[], Session] | None:
        """Begin and play; return how to make the session that follows, which is made once the files are closed."""
        return self._begin() or self._play()

    def _begin(self) -> Callable[[], Session] | None:
        """Begin; where that fails, return how to make the session to go back to."""
        origin = self._origin
        try:
            self._playback.begin()
        except Disordered:
            raise
        except ProcessorError as error:
            if origin is None:
                raise
            self._reply(origin.request, first_line(error))
            return origin.back
        if origin is not None:
            self._reply(origin.request)
        # It leads to the session before, and would so keep all sessions since the start.
        self._origin = None
        return None

    def _play(self) -> Callable[[], Session] | None:
        """Follow the event clock and the commands until the end."""
        playback, settings = self._playback, self._playback.settings
        playback.has_started = True
        playback.anchor()
        is_shown = has_ended = False
        while True:
            try:
                if not is_shown:
                    playback.publish(playback.resting_state(), whole=True)
                    is_shown = True
                playback.check()
                inbox = self._context.inbox
                if inbox is not None and (request := inbox.poll(self.info.session)) is not None:
                    session = execute(request, inbox, playback, self._switched)
                    if session is not None:
                        return lambda: session
                    has_ended = False
                playback.follow_requests()
                if playback.at_end() and not has_ended:
                    has_ended = True
                    playback.publish("finished", whole=True)
                    report = playback.source.report.published()
                    _log.info("replay_finished", session=self.info.session, report=report)
                if has_ended and not playback.paused and settings.at_end != "hold":
                    return self._after_end()
                if has_ended or playback.paused:
                    playback.publish(playback.resting_state())
                    playback.sleep(HEARTBEAT_MS * NS_PER_MS // 2)
                else:
                    play_on(playback)
            except Interrupted:
                if self._context.stop.requested:
                    raise

    def _reply(self, request: Request, error: str | None = None) -> None:
        if self._context.inbox is not None:
            self._context.inbox.reply(request, error)

    def _after_end(self) -> Callable[[], Session] | None:
        """How to make the session that follows the end, None if none does."""
        if self._playback.settings.at_end == "loop":
            return None if self._context.stop.requested else self._again
        self._playback.publish_end(STALE_AFTER_MS * NS_PER_MS)
        return None

    def _again(self) -> Session:
        """The same from the start."""
        playback = self._playback
        return Session(playback.dataset, playback.settings, self._context, loop_ns=playback.loop_ns)

    def _sorted(self, found: Disordered) -> Session:
        """The same from here, with the rows sorted before they are replayed."""
        playback = self._playback
        return Session(
            replace(playback.dataset, sort=True),
            playback.settings,
            self._context,
            at=playback.now_ns if playback.has_started else self._start,
            paused=playback.paused,
            loop_ns=playback.loop_ns,
            notice=f"{found.name}: its rows are far out of order, so they are sorted before they are replayed",
            origin=None if playback.has_started else self._origin,
        )

    def _switched(self, request: Request, switch: Switch) -> Session:
        """The session of another dataset or instrument, which answers the request.

        Raises:
            SettingError: there is no such session.
        """
        playback = self._playback

        def back() -> Session:
            return Session(
                playback.dataset,
                playback.settings,
                self._context,
                at=playback.now_ns,
                paused=playback.paused,
                loop_ns=playback.loop_ns,
                notice=playback.notice,
            )

        try:
            return Session(
                switch.dataset,
                switch.settings,
                self._context,
                at=switch.at_ns,
                paused=playback.paused,
                origin=_Origin(request, back),
            )
        except (ProcessorError, OSError) as error:
            path = str(switch.dataset.path)
            raise SettingError("dataset", path, f"one that can be replayed ({error})") from error
