"""`processor control`: one steering command from words, and the wait for its answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from processor.cli.liveness import age_ms
from processor.clock import SystemClock
from processor.errors import ProcessorError
from processor.replay.commands.registry import from_words
from processor.replay.commands.tables import help_table
from processor.replay.replay_file import ipc_of
from processor.settings import iso
from processor.units import NS_PER_MS, NS_PER_SECOND
from shared import (
    CONTROL_FILE,
    MAX_CONTROL_BYTES,
    MAX_READ_BYTES,
    STALE_AFTER_MS,
    STATUS_FILE,
    ContractError,
    MalformedCommand,
    decode,
    decode_command,
    read_regular,
    send_command,
)

if TYPE_CHECKING:
    from processor.clock import WallClock
    from shared import Command, Status

_LOOK_EVERY_S: Final = 0.02
_DEFAULT_IPC: Final = Path("data/ipc")

HELP: Final = f"""Steer a replay that runs with --control DIR: write a command, wait for the answer.

Exits with 0 when the command was carried out, with 1 and the reason when it was not.

\b
{help_table()}

The same from a program of yours: docs/control.md.
"""


class NotCarriedOut(ProcessorError):
    """A command was refused, or nobody answered it."""

    def __init__(self, what: object, reason: str) -> None:
        super().__init__(f"{what}: {reason}")
        self.reason = reason


def control(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The control directory of the replay.")],
    action: Annotated[str, typer.Argument(metavar="ACTION", help="What to do.", show_default=False)],
    words: Annotated[list[str] | None, typer.Argument(metavar="WORDS", help="How, as listed above.")] = None,
    ipc: Annotated[
        Path | None,
        typer.Option(
            "--ipc",
            envvar="PROCESSOR_IPC",
            help="The IPC directory that the answer comes into; where the replay says in DIR, or data/ipc.",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", envvar="PROCESSOR_TIMEOUT", help="Wait so many seconds for the answer.")
    ] = 10.0,
) -> None:
    """Steer a replay; the help that users see is HELP."""
    sent = from_words(action, words or [])
    typer.echo(steer(directory, ipc or ipc_of(directory) or _DEFAULT_IPC, sent, SystemClock(), timeout))


def steer(directory: Path, ipc: Path, sent: Command, clock: WallClock, timeout_s: float) -> str:
    """Send a command, wait for its answer in the IPC directory, and say how things stand then.

    Raises:
        NotCarriedOut: it was refused, overtaken by somebody else's, or not answered in time; or nobody listens.
        WriteFailed: the control directory cannot be written.
    """
    before = _status(ipc)
    silent_ms = age_ms(before, lambda: _status(ipc), clock)
    if silent_ms > STALE_AFTER_MS:
        raise NotCarriedOut(ipc, f"nobody replays into it: the last heartbeat is {silent_ms / 1000:.1f} s old")
    if not before.control.listening:
        raise NotCarriedOut(ipc, f"the processor that replays into it was started without --control {directory}")
    send_command(directory, sent)
    deadline_ns = clock.monotonic_ns() + int(timeout_s * NS_PER_SECOND)
    while True:
        try:
            status = _status(ipc)
        except NotCarriedOut:  # what is unreadable for a moment is no answer yet
            status = before
        answer = status.control
        if answer.last_id == sent.id:
            if not answer.ok:
                raise NotCarriedOut("refused", answer.error or "without a reason")
            return _standing(status)
        if answer.last_id != before.control.last_id and answer.last_id == _id_in(directory):
            raise NotCarriedOut("overtaken", "another command was written before this one was answered")
        if clock.monotonic_ns() >= deadline_ns:
            reason = (
                f"no answer within {timeout_s:g} s; its processor is busy, and may carry the command out later, "
                f"or listens to another directory than {directory}"
            )
            raise NotCarriedOut(ipc, reason)
        clock.sleep(_LOOK_EVERY_S)


def _status(ipc: Path) -> Status:
    try:
        status: Status = decode(STATUS_FILE, read_regular(ipc / STATUS_FILE, MAX_READ_BYTES))
    except OSError as error:
        raise NotCarriedOut(ipc, f"nobody replays into it: {STATUS_FILE} cannot be read: {error.strerror}") from error
    except ContractError as error:
        raise NotCarriedOut(ipc, str(error)) from error
    return status


def _id_in(directory: Path) -> str | None:
    try:
        return decode_command(read_regular(directory / CONTROL_FILE, MAX_CONTROL_BYTES)).id
    except MalformedCommand as malformed:
        return malformed.id
    except OSError:
        return None


def _standing(status: Status) -> str:
    at = "" if status.event_time_ms is None else f" at {iso(status.event_time_ms * NS_PER_MS)}"
    speed = "max" if status.speed is None else f"{status.speed:g}"
    return f"{status.state}{at}: {status.instrument} {status.interval}, speed {speed}"
