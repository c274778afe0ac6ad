"""The control file: one steering command, written by whoever steers, read by the processor that replays.

It lies in a directory of its own, the only one that the visualizer may write. Several may write it, without a lock: the
last one wins. A command with an argument that the reader does not know is refused, never carried out by half, so both
actions and arguments may be added within a contract version.
"""

from __future__ import annotations

import difflib
import json
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from shared.contract import CONTRACT_VERSION, encode
from shared.errors import MalformedCommand, WriteFailed
from shared.writer import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

CONTROL_FILE: Final = "control.json"
MAX_CONTROL_BYTES: Final = 16_384
"""A control file beyond this is not even parsed."""
MAX_ID_LENGTH: Final = 128

_LAST_NS: Final = 2**63 - 1
_LAST_MS: Final = _LAST_NS // 1_000_000

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=_LAST_MS)]
Nanoseconds = Annotated[int, msgspec.Meta(ge=-_LAST_NS, le=_LAST_NS)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
StepUnit = Literal["event", "book", "trade", "bar"]
Mark = Literal["gap", "session"]


class _Command(
    msgspec.Struct, tag_field="action", frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    contract: Annotated[str, msgspec.Meta(max_length=16)]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_LENGTH)]
    session: Annotated[str, msgspec.Meta(max_length=MAX_ID_LENGTH)] | None = None


class Play(_Command, frozen=True, kw_only=True, tag="play"):
    """Go on from here."""


class Pause(_Command, frozen=True, kw_only=True, tag="pause"):
    """Hold the event clock."""


class Toggle(_Command, frozen=True, kw_only=True, tag="toggle"):
    """Play if it is paused, pause if it plays."""


class Step(_Command, frozen=True, kw_only=True, tag="step"):
    """Move by so many events, book updates, trades or bars, back where `count` is negative, and pause there."""

    unit: StepUnit
    count: Annotated[int, msgspec.Meta(ge=-1_000_000_000, le=1_000_000_000)] = 1

    def __post_init__(self) -> None:
        """Refuse a step to where one already is."""
        if self.count == 0:
            msg = "a step of 0 leads nowhere; expected `count` 1, or -1 for one back"
            raise ValueError(msg)


class Seek(_Command, frozen=True, kw_only=True, tag="seek"):
    """Move the event clock to exactly one of: a time, a distance, a share of the range, the nearest mark."""

    time: Words | UnsetType = UNSET
    time_ms: Milliseconds | UnsetType = UNSET
    by: Words | UnsetType = UNSET
    by_ns: Nanoseconds | UnsetType = UNSET
    fraction: Share | UnsetType = UNSET
    next: Mark | UnsetType = UNSET
    previous: Mark | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse no place, and two."""
        given = [name for name in SEEK_TARGETS if getattr(self, name) is not UNSET]
        if len(given) != 1:
            found = f"both {given[0]} and {given[1]}" if given else "none of them"
            msg = f"expected exactly one of {', '.join(SEEK_TARGETS)}, found {found}"
            raise ValueError(msg)


class Speed(_Command, frozen=True, kw_only=True, tag="speed"):
    """Play so many times as fast as real time; null and "max" are as fast as it goes."""

    speed: float | Literal["max"] | None


class Interval(_Command, frozen=True, kw_only=True, tag="interval"):
    """Show bars of another length."""

    interval: Words


class Instrument(_Command, frozen=True, kw_only=True, tag="instrument"):
    """Replay another of the dataset's instruments."""

    instrument: Name


class Dataset(_Command, frozen=True, kw_only=True, tag="dataset"):
    """Replay another dataset: a path as the processor sees it."""

    dataset: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class ObiLevels(_Command, frozen=True, kw_only=True, tag="obi_levels"):
    """Count so many levels a side in the OBI; 0 for the whole book."""

    obi_levels: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class CvdReset(_Command, frozen=True, kw_only=True, tag="cvd_reset"):
    """Restart the CVD from 0 never, or at UTC midnight."""

    cvd_reset: Literal["none", "day"]


class Range(_Command, frozen=True, kw_only=True, tag="range"):
    """Loop from `start` to `end`, as text or in ms since the Unix epoch; without either, loop no more."""

    start: Words | UnsetType = UNSET
    end: Words | UnsetType = UNSET
    start_ms: Milliseconds | UnsetType = UNSET
    end_ms: Milliseconds | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse half a range, and two."""
        given = tuple(name for name in ("start", "end", "start_ms", "end_ms") if getattr(self, name) is not UNSET)
        if given not in {(), ("start", "end"), ("start_ms", "end_ms")}:
            msg = f"expected start and end, or start_ms and end_ms, or none of them; found {' and '.join(given)}"
            raise ValueError(msg)


Command = Play | Pause | Toggle | Step | Seek | Speed | Interval | Instrument | Dataset | ObiLevels | CvdReset | Range

SEEK_TARGETS: Final = ("time", "time_ms", "by", "by_ns", "fraction", "next", "previous")
ACTIONS: Final[dict[str, type[Command]]] = {kind.__struct_config__.tag: kind for kind in get_args(Command)}
"""Per action its type."""

EXAMPLES: Final[dict[str, dict[str, object]]] = {
    "play": {},
    "pause": {},
    "toggle": {},
    "step": {"unit": "bar", "count": -1},
    "seek": {"time": "2024-08-09T00:01:00Z"},
    "speed": {"speed": 30},
    "interval": {"interval": "5m"},
    "instrument": {"instrument": "BTCUSDT"},
    "dataset": {"dataset": "/data/binance"},
    "obi_levels": {"obi_levels": 5},
    "cvd_reset": {"cvd_reset": "day"},
    "range": {"start": "2024-08-09T00:01:00Z", "end": "2024-08-09T00:02:00Z"},
}
"""Per action arguments that are right, for those who wrote wrong ones."""

_CHOICES: Final = {
    "unit": " or ".join(get_args(StepUnit)),
    "next": " or ".join(get_args(Mark)),
    "previous": " or ".join(get_args(Mark)),
    "cvd_reset": "none or day",
    "speed": 'a number, "max" or null',
}

SCHEMA_RULES: Final[dict[str, dict[str, object]]] = {
    "Step": {"not": {"properties": {"count": {"const": 0}}, "required": ["count"]}},
    "Seek": {"oneOf": [{"required": [name]} for name in SEEK_TARGETS]},
    "Range": {
        "dependentRequired": {"start": ["end"], "end": ["start"], "start_ms": ["end_ms"], "end_ms": ["start_ms"]},
        "not": {"required": ["start", "start_ms"]},
    },
}
"""What the types check by hand, as JSON Schema."""


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
        checked: Command = msgspec.convert(found, ACTIONS[action])
    except msgspec.ValidationError as error:
        raise MalformedCommand(known_id, f"{action}: {_plainly(error)}; a right one is {_example(action)}") from error
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


def _plainly(error: msgspec.ValidationError) -> str:
    """What was wrong, and for the choices what there is to choose from."""
    message = str(error)
    field = message.rpartition("`$.")[2].rstrip("`")
    return f"{message}, expected {_CHOICES[field]}" if field in _CHOICES else message


def _example(action: str) -> str:
    return json.dumps({"contract": CONTRACT_VERSION, "id": "...", "action": action} | EXAMPLES[action])
