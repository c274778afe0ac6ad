"""The control file: one command, written by whoever steers, read by the processor that replays.

It lies in a directory of its own, the only one that the visualizer may write. Several may write it, without a lock: the
last one wins.
"""

from __future__ import annotations

import difflib
import json
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec

from shared.commands import ACTIONS, MAX_ID_LENGTH, Command
from shared.contract import CONTRACT_VERSION, encode
from shared.decoding import with_integers
from shared.disk import atomic_write
from shared.errors import MalformedCommand, WriteFailed

if TYPE_CHECKING:
    from pathlib import Path

CONTROL_FILE: Final = "control.json"
MAX_CONTROL_BYTES: Final = 16_384
"""A control file beyond this is not even parsed."""


def command(action: str, *, session: str | None = None, **arguments: object) -> Command:
    """A command with a new id, for any session or the one named.

    Raises:
        MalformedCommand: there is no such action, or its arguments are not these.
    """
    return _checked(arguments | {"session": session, "action": action} | _envelope())


def decode_command(payload: bytes) -> Command:
    """The command that the bytes of a control file hold.

    Raises:
        MalformedCommand: they hold none; the error carries the id where one could be read, and whether the file may be
            half-written.
    """
    return _checked(_decoded(payload))


def complete_command(payload: bytes) -> Command:
    """The command that JSON without `contract` and `id` asks for, with these two added.

    Raises:
        MalformedCommand: there is no such action, its arguments are not these, or it is no JSON.
    """
    found = _decoded(payload)
    return _checked(found | _envelope() if isinstance(found, dict) else found)


def send_command(directory: Path, given: Command) -> None:
    """Write the control file of `directory` (made if missing), over whatever command lies there.

    Raises:
        WriteFailed: the operating system refused.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteFailed(directory, error) from error
    atomic_write(directory / CONTROL_FILE, encode(given) + b"\n", lone_writer=False)


def _envelope() -> dict[str, object]:
    return {"contract": CONTRACT_VERSION, "id": uuid.uuid4().hex}


def _decoded(payload: bytes) -> Any:  # noqa: ANN401 - whatever was written
    if len(payload) > MAX_CONTROL_BYTES:
        raise MalformedCommand(None, f"is oversized: {len(payload)} bytes, at most {MAX_CONTROL_BYTES} are read")
    try:
        return msgspec.json.decode(payload)
    except msgspec.DecodeError as error:
        raise MalformedCommand(None, f"is not JSON: {error}", half_written=True) from error
    except UnicodeDecodeError as error:
        raise MalformedCommand(None, "is not UTF-8", half_written=True) from error
    except RecursionError:
        raise MalformedCommand(None, "is nested too deeply for a command") from None


def _checked(found: Any) -> Command:  # noqa: ANN401 - whatever was written
    if not isinstance(found, dict):
        raise MalformedCommand(None, f"holds no object; expected one like {_example('play')}")
    said_id = found.get("id")
    known_id = said_id if isinstance(said_id, str) and 0 < len(said_id) <= MAX_ID_LENGTH else None
    action = found.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise MalformedCommand(known_id, _no_such(action))
    try:
        checked: Command = msgspec.convert(with_integers(found), ACTIONS[action])
    except msgspec.ValidationError as error:
        reason = f"{action}: {_plainly(error, ACTIONS[action])}; a right one is {_example(action)}"
        raise MalformedCommand(known_id, reason) from error
    major = CONTRACT_VERSION.split(".")[0]
    if checked.contract.split(".")[0] != major:
        reason = f'contract {checked.contract!r} is not a {major}.x version; expected "{CONTRACT_VERSION}"'
        raise MalformedCommand(known_id, reason)
    return checked


def _no_such(action: object) -> str:
    if action is None:
        return f"there is no action; expected one of {', '.join(ACTIONS)}"
    text = str(action)[:40]
    near = difflib.get_close_matches(text, ACTIONS, n=1)
    hint = f"did you mean {near[0]}? Otherwise " if near else ""
    return f"action {text!r} is unknown; {hint}there are {', '.join(ACTIONS)}"


def _plainly(error: msgspec.ValidationError, kind: type[Command]) -> str:
    """What was wrong, and for the choices what there is to choose from."""
    message = str(error)
    field = message.rpartition("`$.")[2].rstrip("`")
    return f"{message}, expected {kind.CHOICES[field]}" if field in kind.CHOICES else message


def _example(action: str) -> str:
    return json.dumps({"contract": CONTRACT_VERSION, "id": "...", "action": action} | ACTIONS[action].EXAMPLE)
