"""The replay of a dataset into an IPC directory: one session after another, until it ends or is asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from processor.errors import DatasetError, ProcessorError
from processor.formats import open_dataset
from processor.publish.asked import AskedViews
from processor.publish.publisher import last_status, publish_refusal
from processor.replay.control_place import place_said
from processor.replay.inbox import Mailbox
from processor.replay.resume import Resumed, digest_of_marks, digest_of_wish, resumable
from processor.replay.session import Ending, Session, Wish, subject_of
from shared import ControlAnswer, DirectoryWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from processor.clock import WallClock
    from processor.replay.session import Stop
    from processor.settings import Settings
    from processor.store.cache import Cache
    from shared import Status

_log = structlog.get_logger()


def replay(
    path: Path,
    out: Path,
    settings: Settings,
    clock: WallClock,
    stop: Stop,
    *,
    cache: Cache | None = None,
    control: Path | None = None,
    paused: bool = False,
    resume: bool = True,
    views: frozenset[str] = frozenset(),
    on_progress: Callable[[float | None], None] = lambda _: None,
) -> bool:
    """Replay the dataset at `path` into the IPC directory `out` until its end or until `stop` is requested.

    With `cache`, the dataset is kept there in the project's own layout, or read from there if it has been before. With
    `control`, commands are taken from the control file in that directory; with `paused`, nothing moves until one says
    so. `views` are written besides those that always are, and with `control` those that are asked for there. With
    `resume`, a replay of the same that was killed is gone on with. `on_progress` is told how far loading has
    come, 0 to 1, and None while nothing is loading. Returns whether it went well; when the
    dataset cannot be replayed, status.json says why and the files stay.

    Raises:
        WriterLocked: another process publishes there.
        WriteFailed: the directory cannot be written at all.
    """
    with DirectoryWriter(out, monotonic_ns=clock.monotonic_ns) as writer, place_said(control, out):
        before = last_status(writer)
        mailbox = _mailbox(control, clock, before)
        asked = AskedViews(clock, views, control)
        digest = digest_of_wish(path, settings)
        wish = Wish(path, settings, digest, writer, clock, stop, cache, mailbox, on_progress, asked)
        session: Session | None = None
        try:
            session = _first(path, settings, wish, before if resume else None, paused=paused)
            while session is not None:
                ending = session.run()
                before = _with_files(last_status(writer), before)
                if isinstance(ending, Session):
                    session = ending
                elif ending is Ending.AGAIN and not stop.requested:
                    session = session.again()
                else:
                    session = None
        except ProcessorError as error:
            subject = session.subject if session else subject_of(path, settings)
            _log.error("replay_failed", dataset=subject.dataset, error=str(error))
            answer = mailbox.answer if mailbox else ControlAnswer()
            publish_refusal(writer, clock, subject, str(error), before, answer)
            return False
        return True


def _with_files(status: Status | None, before: Status | None) -> Status | None:
    """The newer of the two that names data files."""
    return status if status and status.files else before


def _mailbox(directory: Path | None, clock: WallClock, before: Status | None) -> Mailbox | None:
    return None if directory is None else Mailbox(directory, clock, before.control if before else None)


def _first(path: Path, settings: Settings, wish: Wish, before: Status | None, *, paused: bool) -> Session:
    """The session that goes on with what was killed, or else a new one."""
    found = resumable(before, path, settings)
    notice = found if isinstance(found, str) else None
    if isinstance(found, Resumed) and before is not None and before.resume is not None:
        try:
            dataset = open_dataset(found.path)
            if digest_of_marks(dataset.path, dataset.marks()) == before.resume.marks:
                _log.info("resumed", path=str(found.path), at_ns=found.at_ns)
                return Session(
                    dataset, found.settings, wish, at=found.at_ns, paused=found.paused, loop_ns=found.loop_ns
                )
            notice = "the dataset has changed since the last replay, so this one begins anew"
        except DatasetError as error:
            notice = f"the last replay cannot be gone on with ({error}), so this one begins anew"
    if notice:
        _log.warning("begun_anew", reason=notice)
    return Session(open_dataset(path), settings, wish, paused=paused, notice=notice)
