"""The inbox of a replay: commands read from the control file, each once, and the answers to them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from processor.errors import SettingError
from processor.names import printable_lines
from processor.replay.commands.registry import parsed
from processor.units import NS_PER_MS, NS_PER_SECOND
from shared import CONTROL_FILE, MAX_CONTROL_BYTES, ControlAnswer, MalformedCommand, decode_command, read_regular

if TYPE_CHECKING:
    from pathlib import Path

    from processor.clock import WallClock
    from processor.replay.commands.base import Action
    from shared import Command

_log = structlog.get_logger()

_SETTLED_NS: Final = NS_PER_SECOND
"""A file that is not JSON and has not changed for so long is not being written: it is wrong."""
_DOUBT_NS: Final = 100 * NS_PER_MS
"""A file as fresh as this may change again without a change of its time: file systems count in milliseconds."""
_REMEMBERED: Final = 1000
"""Ids that are known to have been handled; only the newest can lie in the file again but for a writer's mistake."""


@dataclass(frozen=True, slots=True)
class Request:
    """A command to carry out, and the id to answer it by."""

    id: str
    action: Action


class Inbox:
    """The control file of one directory, read by the one replay that it steers, across all of its sessions.

    `answer` is what status.json says under `control`. What is not a command for this replay is refused here.
    """

    def __init__(self, directory: Path, clock: WallClock, before: ControlAnswer | None = None) -> None:
        """Listen to `directory`, which need not exist yet. `before` is the answer that status.json held until now.

        A command that lies there already is from before: it is not carried out, unless it names the session that is
        polled for.
        """
        self.answer = msgspec.structs.replace(before or ControlAnswer(), listening=True)
        self._path = directory / CONTROL_FILE
        self._clock = clock
        self._handled: deque[str] = deque([before.last_id] if before and before.last_id else [], _REMEMBERED)
        self._key: tuple[int, int, int] | None = None
        self._changed_ns = clock.monotonic_ns()
        self._dealt_with: bytes | None = None
        self._trouble: str | None = None
        self._old_id: str | None = None
        self._next: Request | None = None
        try:
            payload = read_regular(self._path, MAX_CONTROL_BYTES)
            self._old_id = decode_command(payload).id
        except MalformedCommand as old:
            self._old_id = old.id
            self._dealt_with = payload
        except OSError:
            pass

    def poll(self, session: str) -> Request | None:
        """The command to carry out now, each once; None if there is none. One look at a file, when nothing is new.

        `session` is the session of status.json. The caller says by `reply` what came of the command.
        """
        found, self._next = self._next or self._received(session), None
        return found

    def has_next(self, session: str) -> bool:
        """Whether `poll` would return a command; it stays there until then."""
        self._next = self._next or self._received(session)
        return self._next is not None

    def _received(self, session: str) -> Request | None:
        given = self._new_command()
        if given is None:
            return None
        found = self._judged(given, session)
        if isinstance(found, str):
            self._refuse(given.id, found)
            return None
        request = Request(given.id, found)
        self._handled.append(given.id)
        _log.info("command", id=request.id, action=repr(request.action))
        return request

    def reply(self, request: Request, error: str | None = None) -> None:
        """Answer: the command has been carried out, or has not, for the reason given as a sentence."""
        if error is not None:
            _log.warning("command_refused", id=request.id, reason=error)
        said = error and printable_lines(error)
        self.answer = ControlAnswer(last_id=request.id, ok=error is None, error=said, listening=True)

    def _new_command(self) -> Command | None:
        payload = self._changed_bytes()
        if payload is None:
            return None
        try:
            given = decode_command(payload)
        except MalformedCommand as malformed:
            if malformed.half_written and self._clock.monotonic_ns() - self._changed_ns < _SETTLED_NS:
                return None
            self._dealt_with = payload
            if malformed.id is None or malformed.id not in self._handled:
                self._refuse(malformed.id, str(malformed))
            return None
        self._dealt_with = payload
        return None if given.id in self._handled else given

    def _judged(self, given: Command, session: str) -> Action | str:
        """What is to be done, or the reason why not."""
        if given.session not in {None, session}:
            return f"it was meant for session {given.session}, and {session} plays by now"
        if given.session is None and given.id == self._old_id:
            return "it was written before this processor started; send it again"
        try:
            return parsed(given)
        except SettingError as error:
            return str(error)

    def _refuse(self, command_id: str | None, reason: str) -> None:
        if command_id is not None:
            self._handled.append(command_id)
        _log.warning("command_refused", id=command_id, reason=reason)
        self.answer = ControlAnswer(last_id=command_id, ok=False, error=printable_lines(reason), listening=True)

    def _changed_bytes(self) -> bytes | None:
        """What the file holds, unless that has been dealt with or there is no file."""
        try:
            found = self._path.stat()
            key = (found.st_ino, found.st_mtime_ns, found.st_size)
            if key != self._key:
                self._key, self._changed_ns = key, self._clock.monotonic_ns()
            elif self._dealt_with is not None and self._clock.monotonic_ns() - self._changed_ns > _DOUBT_NS:
                return None
            payload = read_regular(self._path, MAX_CONTROL_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            trouble = f"{CONTROL_FILE}: cannot be read: {error.strerror or error}"
            if trouble != self._trouble:
                self._trouble = trouble
                self._refuse(None, trouble)
            return None
        self._trouble = None
        if payload == self._dealt_with:
            return None
        self._dealt_with = None
        return payload
