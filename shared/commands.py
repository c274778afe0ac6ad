"""The commands that steer a replay, as types: a class per command, with its fields, their limits and an example.

A command with an argument that the reader does not know is refused, never carried out by half, so both actions and
arguments may be added within a contract version. What the processor does with a command is a module in
`processor/replay/commands`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

MAX_ID_LENGTH: Final = 128
MAX_OBI_LEVELS: Final = 1_000_000
MAX_STEPS: Final = 1_000_000_000
MAX_ALERTS: Final = 20
MAX_ALERT_LENGTH: Final = 200

_LAST_NS: Final = 2**63 - 1
_LAST_MS: Final = _LAST_NS // 1_000_000

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Expression = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ALERT_LENGTH)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=_LAST_MS)]
Nanoseconds = Annotated[int, msgspec.Meta(ge=-_LAST_NS, le=_LAST_NS)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
StepUnit = Literal["event", "book", "trade", "bar"]
Landmark = Literal["gap", "session", "alert", "absorption", "divergence", "large", "sweep", "wall"]
CvdResetAt = Literal["none", "day"]

_LANDMARKS: Final = " or ".join(get_args(Landmark))
_SEEK_TARGETS: Final = ("time", "time_ms", "by", "by_ns", "fraction", "next", "previous")
_ALERT_CHANGES: Final = ("add", "remove", "clear")


class _Command(
    msgspec.Struct, tag_field="action", frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    EXAMPLE: ClassVar[dict[str, object]] = {}
    """Arguments that are right, for those who wrote wrong ones."""
    CHOICES: ClassVar[dict[str, str]] = {}
    """Per argument with a choice what there is to choose from."""
    SCHEMA_RULE: ClassVar[dict[str, object]] = {}
    """What `__post_init__` checks, as JSON Schema."""

    contract: Annotated[str, msgspec.Meta(max_length=16)]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_LENGTH)]
    session: Annotated[str, msgspec.Meta(max_length=MAX_ID_LENGTH)] | None = None


def _exactly_one(command: _Command, names: tuple[str, ...]) -> None:
    given = [name for name in names if getattr(command, name) is not UNSET]
    if len(given) != 1:
        found = f"both {given[0]} and {given[1]}" if given else "none of them"
        msg = f"expected exactly one of {', '.join(names)}, found {found}"
        raise ValueError(msg)


class Play(_Command, frozen=True, kw_only=True, tag="play"):
    """Go on from here."""


class Pause(_Command, frozen=True, kw_only=True, tag="pause"):
    """Hold the event clock."""


class Toggle(_Command, frozen=True, kw_only=True, tag="toggle"):
    """Play if it is paused, pause if it plays."""


class Step(_Command, frozen=True, kw_only=True, tag="step"):
    """Move by so many events, book updates, trades or bars, back where `count` is negative, and pause there."""

    EXAMPLE = {"unit": "bar", "count": -1}
    CHOICES = {"unit": " or ".join(get_args(StepUnit))}
    SCHEMA_RULE = {"not": {"properties": {"count": {"const": 0}}, "required": ["count"]}}

    unit: StepUnit
    count: Annotated[int, msgspec.Meta(ge=-MAX_STEPS, le=MAX_STEPS)] = 1

    def __post_init__(self) -> None:
        """Refuse a step to where one already is."""
        if self.count == 0:
            msg = "a step of 0 leads nowhere; expected `count` 1, or -1 for one back"
            raise ValueError(msg)


class Seek(_Command, frozen=True, kw_only=True, tag="seek"):
    """Move the event clock to exactly one of: a time, a distance, a share of the range, the nearest mark."""

    EXAMPLE = {"time": "2024-08-09T00:01:00Z"}
    CHOICES = {"next": _LANDMARKS, "previous": _LANDMARKS}
    SCHEMA_RULE = {"oneOf": [{"required": [name]} for name in _SEEK_TARGETS]}

    time: Words | UnsetType = UNSET
    time_ms: Milliseconds | UnsetType = UNSET
    by: Words | UnsetType = UNSET
    by_ns: Nanoseconds | UnsetType = UNSET
    fraction: Share | UnsetType = UNSET
    next: Landmark | UnsetType = UNSET
    previous: Landmark | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse no place, and two."""
        _exactly_one(self, _SEEK_TARGETS)


class Speed(_Command, frozen=True, kw_only=True, tag="speed"):
    """Play so many times as fast as real time; null and "max" are as fast as it goes."""

    EXAMPLE = {"speed": 30}
    CHOICES = {"speed": 'a number, "max" or null'}

    speed: float | Literal["max"] | None


class Interval(_Command, frozen=True, kw_only=True, tag="interval"):
    """Show bars of another length."""

    EXAMPLE = {"interval": "5m"}

    interval: Words


class Instrument(_Command, frozen=True, kw_only=True, tag="instrument"):
    """Replay another of the dataset's instruments."""

    EXAMPLE = {"instrument": "BTCUSDT"}

    instrument: Name


class Dataset(_Command, frozen=True, kw_only=True, tag="dataset"):
    """Replay another dataset: a path as the processor sees it."""

    EXAMPLE = {"dataset": "/data/binance"}

    dataset: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class ObiLevels(_Command, frozen=True, kw_only=True, tag="obi_levels"):
    """Count so many levels a side in the OBI; 0 for the whole book."""

    EXAMPLE = {"obi_levels": 5}

    obi_levels: Annotated[int, msgspec.Meta(ge=0, le=MAX_OBI_LEVELS)]


class CvdReset(_Command, frozen=True, kw_only=True, tag="cvd_reset"):
    """Restart the CVD from 0 never, or each day when a session starts."""

    EXAMPLE = {"cvd_reset": "day"}
    CHOICES = {"cvd_reset": " or ".join(get_args(CvdResetAt))}

    cvd_reset: CvdResetAt


class SessionStart(_Command, frozen=True, kw_only=True, tag="session_start"):
    """Start sessions at another time of each UTC day, HH:MM."""

    EXAMPLE = {"session_start": "22:00"}
    CHOICES = {"session_start": 'a time of a UTC day from "00:00" to "23:59"'}

    session_start: Words


class Row(_Command, frozen=True, kw_only=True, tag="row"):
    """Make price rows of another height, as a decimal; "auto" lets each view choose its own."""

    EXAMPLE = {"row": "0.25"}
    CHOICES = {"row": 'a price such as "0.25", or "auto"'}

    row: Words


class Alerts(_Command, frozen=True, kw_only=True, tag="alerts"):
    """Raise alerts for one expression more, for one less, or for none: exactly one of these."""

    EXAMPLE = {"add": "obi_10 > 0.6 for 5 s"}
    SCHEMA_RULE = {"oneOf": [{"required": [name]} for name in _ALERT_CHANGES]}

    add: Expression | UnsetType = UNSET
    remove: Expression | UnsetType = UNSET
    clear: Literal[True] | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse no change, and two."""
        _exactly_one(self, _ALERT_CHANGES)


class Range(_Command, frozen=True, kw_only=True, tag="range"):
    """Loop from `start` to `end`, as text or in ms since the Unix epoch; without either, loop no more."""

    EXAMPLE = {"start": "2024-08-09T00:01:00Z", "end": "2024-08-09T00:02:00Z"}
    SCHEMA_RULE = {
        "dependentRequired": {"start": ["end"], "end": ["start"], "start_ms": ["end_ms"], "end_ms": ["start_ms"]},
        "not": {"required": ["start", "start_ms"]},
    }

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


Command = (
    Play
    | Pause
    | Toggle
    | Step
    | Seek
    | Speed
    | Interval
    | Instrument
    | Dataset
    | ObiLevels
    | CvdReset
    | SessionStart
    | Row
    | Alerts
    | Range
)
"""Every command there is: a new one is added here."""

ACTIONS: Final[dict[str, type[Command]]] = {kind.__struct_config__.tag: kind for kind in get_args(Command)}
"""Per action its type."""
