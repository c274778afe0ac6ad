"""The replay of a dataset into an IPC directory: one session after another, until it ends or is asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from processor.errors import DatasetError, ProcessorError, SettingError
from processor.publish.asked import AskedViews
from processor.publish.publisher import last_status, publish_refusal
from processor.replay.context import ReplayContext
from processor.replay.inbox import Inbox
from processor.replay.permitted import folders_of
from processor.replay.playback import Interrupted
from processor.replay.recognition import recognised
from processor.replay.replay_file import replay_file
from processor.replay.resume import Resumed, digest_of_marks, digest_of_request, resumable
from processor.replay.session import Session
from processor.replay.session_info import session_info
from shared import ControlAnswer, DirectoryWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from processor.clock import WallClock
    from processor.formats import Dataset
    from processor.replay.context import StopSignal
    from processor.settings import Settings
    from processor.store.cache import Cache
    from shared import Status

_log = structlog.get_logger()


def replay(
    path: Path,
    out: Path,
    settings: Settings,
    clock: WallClock,
    stop: StopSignal,
    *,
    cache: Cache | None = None,
    control: Path | None = None,
    paused: bool = False,
    resume: bool = True,
    views: frozenset[str] = frozenset(),
    datasets: str | None = None,
    on_progress: Callable[[float | None], None] = lambda _: None,
) -> bool:
    """Replay the dataset at `path` into the IPC directory `out` until its end or until `stop` is requested.

    With `cache`, the dataset is kept there in the project's own layout, or read from there if it has been before. With
    `control`, commands are taken from the control file in that directory; with `paused`, the replay waits for one to
    start. `views` are written besides those that always are, and with `control` those that are asked for there. With
    `resume`, a replay of the same that was killed is resumed. `datasets` names the folders whose datasets may be chosen
    by a command (`permitted`). `on_progress` gets the share that is loaded, 0 to 1, and None while nothing is loading.
    Returns whether it went well; when the dataset cannot be replayed, status.json says why and the files stay.

    Raises:
        SettingError: `datasets` names what is no folder.
        WriterLocked: another process publishes there.
        WriteFailed: the directory cannot be written at all, or the end of the replay could not be.
        LockLost: the directory's lock was removed, and another process publishes there now.
    """
    folders = folders_of(datasets, path)
    with DirectoryWriter(out, monotonic_ns=clock.monotonic_ns) as writer, replay_file(control, out):
        before = last_status(writer)
        inbox = Inbox(control, clock, before.control if before else None) if control else None
        digest = digest_of_request(path, settings)
        asked = AskedViews(clock, views, control)
        context = ReplayContext(path, settings, digest, folders, writer, clock, stop, cache, inbox, on_progress, asked)
        session: Session | None = None
        try:
            session = _first(context, before if resume else None, paused=paused)
            while session is not None:
                session = session.run()
                before = _with_files(last_status(writer), before)
        except Interrupted:
            # It was not yet known what the dataset is.
            return True
        except ProcessorError as error:
            info = session.info if session else session_info(path, settings)
            _log.error("replay_failed", dataset=info.dataset, error=str(error))
            answer = inbox.answer if inbox else ControlAnswer()
            publish_refusal(writer, clock, info, str(error), before, answer)
            return False
        return True


def _with_files(status: Status | None, before: Status | None) -> Status | None:
    """The newer of the two that names data files."""
    return status if status and status.files else before


def _first(context: ReplayContext, before: Status | None, *, paused: bool) -> Session:
    """The session that resumes a replay that was killed, or else a new one."""
    path, settings = context.path, context.requested
    found = resumable(before, path, settings)
    notice = found if isinstance(found, str) else None
    if isinstance(found, Resumed) and before is not None and before.resume is not None:
        try:
            dataset = _recognised(found.path, context)
            if digest_of_marks(dataset.path, dataset.marks()) == before.resume.marks:
                _log.info("resumed", path=str(found.path), at_ns=found.at_ns)
                return Session(
                    dataset, found.settings, context, at=found.at_ns, paused=found.paused, loop_ns=found.loop_ns
                )
            notice = "the dataset has changed since the last replay, so this replay starts from its beginning"
        except (DatasetError, SettingError) as error:
            notice = f"the last replay cannot be resumed ({error}), so this replay starts from its beginning"
    if notice:
        _log.warning("not_resumed", reason=notice)
    return Session(_recognised(path, context), settings, context, paused=paused, notice=notice)


def _recognised(path: Path, context: ReplayContext) -> Dataset:
    """Raises Interrupted where a stop is requested first."""

    def go_on() -> None:
        if context.stop.requested:
            raise Interrupted

    return recognised(path, context.folders, go_on)
