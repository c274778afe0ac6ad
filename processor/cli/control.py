"""`processor control`: one steering command from words, and the wait for its answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args

import typer

from processor import settings as wanted
from processor.clock import SystemClock
from processor.errors import ProcessorError, SettingError
from processor.replay.control_place import ipc_of
from processor.replay.inbox import parsed
from processor.units import NS_PER_MS, NS_PER_SECOND
from shared import (
    ACTIONS,
    CONTROL_FILE,
    STALE_AFTER_MS,
    STATUS_FILE,
    ContractError,
    MalformedCommand,
    command,
    decode,
    decode_command,
    send_command,
)
from shared.commands import Landmark, StepUnit

if TYPE_CHECKING:
    from collections.abc import Callable

    from processor.clock import WallClock
    from shared import Command, Status

_LOOK_EVERY_S: Final = 0.02
_DEFAULT_IPC: Final = Path("data/ipc")

HELP: Final = """Steer a replay that runs with --control DIR: write a command, wait for the answer.

Exits with 0 when the command was carried out, with 1 and the reason when it was not.

\b
ACTION      WORDS                            what it does
play                                         go on from here
pause                                        hold the event clock
toggle                                       the other of the two
step        event|book|trade|bar [COUNT]     move by COUNT (1; negative: back) and pause
seek        2024-08-09T00:01:00Z             to a time, UTC unless it says otherwise
seek        1723161660000                    to a time in ms since the Unix epoch
seek        +10m or -1h30m                   by a distance
seek        25% or 0.25                      to a share of the range
seek        next|previous gap|session        to the nearest of its kind
speed       30 or max                        times real time
interval    5m or 500t, 100v, 1000000d       length of a bar, in time or in what is traded
instrument  NAME                             another instrument of the dataset
dataset     PATH                             another dataset, as the processor sees it
obi-levels  5                                levels a side in the OBI, 0 for the whole book
cvd-reset   none|day                         when the CVD restarts from 0
range       START END or off                 loop between two times, or no more

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


def from_words(action: str, words: list[str]) -> Command:
    """The command that the words of a command line ask for.

    Raises:
        SettingError: there is no such action, or the words are not its words.
    """
    written = wanted.one_of("action", action.replace("_", "-"), tuple(name.replace("_", "-") for name in ACTIONS))
    name = written.replace("-", "_")
    read = _WORDS[name]
    made = command(name, session=None, **read(words))
    parsed(made)
    return made


def steer(directory: Path, ipc: Path, sent: Command, clock: WallClock, timeout_s: float) -> str:
    """Send a command, wait for its answer in the IPC directory, and say how things stand then.

    Raises:
        NotCarriedOut: it was refused, overtaken by somebody else's, or not answered in time; or nobody listens.
        WriteFailed: the control directory cannot be written.
    """
    before = _status(ipc)
    age_ms = clock.epoch_ms() - before.heartbeat_ms
    if age_ms > STALE_AFTER_MS:
        raise NotCarriedOut(ipc, f"nobody replays into it: the last heartbeat is {age_ms / 1000:.1f} s old")
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
        status: Status = decode(STATUS_FILE, (ipc / STATUS_FILE).read_bytes())
    except OSError as error:
        raise NotCarriedOut(ipc, f"nobody replays into it: {STATUS_FILE} cannot be read: {error.strerror}") from error
    except ContractError as error:
        raise NotCarriedOut(ipc, str(error)) from error
    return status


def _id_in(directory: Path) -> str | None:
    try:
        return decode_command((directory / CONTROL_FILE).read_bytes()).id
    except MalformedCommand as malformed:
        return malformed.id
    except OSError:
        return None


def _standing(status: Status) -> str:
    at = "" if status.event_time_ms is None else f" at {wanted.iso(status.event_time_ms * NS_PER_MS)}"
    speed = "max" if status.speed is None else f"{status.speed:g}"
    return f"{status.state}{at}: {status.instrument} {status.interval}, speed {speed}"


def _step(words: list[str]) -> dict[str, Any]:
    _expect(words, (1, 2), "step", "event, book, trade or bar, and a count if it is not 1")
    count = _whole("count", words[1]) if words[1:] else 1
    if not count:
        raise SettingError("count", count, "a whole number other than 0; negative: back")
    return {"unit": wanted.one_of("unit", words[0], get_args(StepUnit)), "count": count}


def _seek(words: list[str]) -> dict[str, Any]:
    expected = "a time, a distance like +10m, a share like 25%, or next or previous and gap or session"
    _expect(words, (1, 2), "seek", expected)
    if words[0] in {"next", "previous"}:
        _expect(words, (2,), "seek", expected)
        return {words[0]: wanted.one_of(words[0], words[1], get_args(Landmark))}
    text = " ".join(words)
    if text.startswith(("+", "-")):
        return {"by": text}
    if text.isascii() and text.isdigit() and int(text) > 1:
        return {"time_ms": int(text)}
    try:
        fraction = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return {"time": text}
    if not 0 <= fraction <= 1:
        raise SettingError("seek", text, "a share from 0% to 100%")
    return {"fraction": fraction}


def _range(words: list[str]) -> dict[str, Any]:
    if words == ["off"]:
        return {}
    _expect(words, (2,), "range", "two times, or off")
    return dict(zip(("start", "end"), words, strict=True))


def _one(name: str, expected: str, read: Callable[[str], object] = str) -> Callable[[list[str]], dict[str, Any]]:
    def arguments(words: list[str]) -> dict[str, Any]:
        _expect(words, (1,), name.replace("_", "-"), expected)
        return {name: read(words[0])}

    return arguments


def _none(words: list[str]) -> dict[str, Any]:
    _expect(words, (0,), "words", "none after this action")
    return {}


def _path(text: str) -> str:
    """A path that is here made absolute: the processor may have been started elsewhere."""
    path = Path(text).expanduser()
    return str(path.absolute()) if path.exists() else text


def _whole(name: str, text: str, lowest: int = -1_000_000_000, highest: int = 1_000_000_000) -> int:
    try:
        value = int(text)
    except ValueError:
        raise SettingError(name, text, "a whole number") from None
    return wanted.at_least(name, value, lowest, highest)


def _expect(words: list[str], counts: tuple[int, ...], name: str, expected: str) -> None:
    if len(words) not in counts:
        raise SettingError(name, " ".join(words), expected)


_WORDS: Final[dict[str, Callable[[list[str]], dict[str, Any]]]] = {
    "play": _none,
    "pause": _none,
    "toggle": _none,
    "step": _step,
    "seek": _seek,
    "speed": _one("speed", "a factor, or max", wanted.speed),
    "interval": _one("interval", "a length like 5m"),
    "instrument": _one("instrument", "one name"),
    "dataset": _one("dataset", "one path", _path),
    "obi_levels": _one("obi_levels", "a whole number", lambda text: _whole("obi-levels", text, 0, 1_000_000)),
    "cvd_reset": _one("cvd_reset", "none or day", lambda text: wanted.one_of("cvd-reset", text, wanted.CVD_RESETS)),
    "range": _range,
}
"""Per action how its words become arguments."""
