"""The options of a user, and their conversion from text to numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal, TypeVar, cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from processor.core.measures.own import NO_OWN, OBI_LEVELS, OwnMeasures
from processor.errors import SettingError
from processor.units import NS_PER_DAY, NS_PER_MS, NS_PER_SECOND
from shared.commands import MAX_OBI_LEVELS
from shared.limits import (
    ACTIVITY_UNITS,
    INTERVAL_UNITS_MS,
    MAX_ACTIVITY_DIGITS,
    MAX_DAYS_MEANT,
    MAX_INTERVAL_MS,
    MAX_SPEED,
    MIN_SPEED,
    OLD_TURNOVER_UNIT,
)

Clock = Literal["exchange", "local"]
CvdReset = Literal["none", "day"]
AtEnd = Literal["hold", "exit", "loop"]

CLOCKS: Final[tuple[Clock, ...]] = get_args(Clock)
CVD_RESETS: Final[tuple[CvdReset, ...]] = get_args(CvdReset)
AT_ENDS: Final[tuple[AtEnd, ...]] = get_args(AtEnd)

SWITCH: Final = ("on", "off")

MAX_DEPTH_LEVELS: Final = 1000
MAX_OWN_MEASURES: Final = 8
"""Depths, and sizes, that are measured beside those that always are."""
MAX_WORKERS: Final = 256

_UNITS_NS: Final = {unit: length_ms * NS_PER_MS for unit, length_ms in INTERVAL_UNITS_MS.items()}
_DURATION: Final = re.compile(rf"(\d+)({'|'.join(INTERVAL_UNITS_MS)})")
_ACTIVITY: Final = re.compile(rf"(\d+|\d*\.\d+)([{''.join(ACTIVITY_UNITS)}{OLD_TURNOVER_UNIT}])")
_TIME_OF_DAY: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_HEIGHT: Final = re.compile(r"\d{1,9}(\.\d{1,18})?|\.\d{1,18}")
_LEVELS: Final = re.compile(r"[0-9]{1,7}")
_TRADED_SIZE: Final = re.compile(r"\d{1,15}(\.\d{1,18})?|\.\d{1,18}")
_BYTES: Final = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?) ?(MB|GB|TB)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Activity:
    """The amount traded in a bar: `limit` trades (t), units of volume (v) or of turnover (q)."""

    unit: Literal["t", "v", "q"]
    limit: Decimal

    def __str__(self) -> str:
        """The amount as a user writes it."""
        return f"{self.limit:f}{self.unit}"


Extra = Literal["alerts", "flow", "events", "heatmap", "ladder", "measures"]
"""What an engine computes only if it is asked to.

That is the alerts, the order flow, what is detected in the events, what rested over time, the levels standing at the
open bar's begin, and the measures of the book.
"""


@dataclass(frozen=True, slots=True)
class Aggregation:
    """What the engine computes: the interval in ns, the levels in the OBI (0: all), and when the CVD restarts.

    Sessions start at `session_ns` of each UTC day, a whole minute; see `processor.core.sessions`. With an `activity`,
    bars end by that amount instead, and `interval_ns` is 0. `extras` are computed beside bars and book, with price rows
    of height `row`; None: as high as a view needs. `alerts` are the expressions of alerts, `own` the measures of the
    book with parameters of one's own.
    """

    interval_ns: int = 60 * NS_PER_SECOND
    obi_levels: int = 10
    cvd_reset: CvdReset = "none"
    activity: Activity | None = None
    extras: frozenset[Extra] = frozenset()
    row: Fraction | None = None
    alerts: tuple[str, ...] = ()
    own: OwnMeasures = NO_OWN
    session_ns: int = 0

    @property
    def divides_sessions(self) -> bool:
        """Whether an interval ends wherever a session starts."""
        return self.activity is None and NS_PER_DAY % self.interval_ns == self.session_ns % self.interval_ns == 0


@dataclass(frozen=True, slots=True)
class Offset:
    """A time in ns after the dataset's first event."""

    ns: int


Moment = int | Offset
"""A time of the dataset: ns since the Unix epoch, or an offset from its first event."""


MIDNIGHT: Final = "00:00"
"""When sessions start if nobody says otherwise."""
AUTO: Final = "auto"
"""The interval of a replay that is to choose it by its dataset; a height of price rows that each view chooses."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a replay that determine what is published; `speed` None is as fast as possible.

    An `interval` of AUTO is another one as soon as the replay has begun.
    """

    interval: str = "1m"
    obi_levels: int = 10
    depth_levels: int = 50
    speed: float | None = 10.0
    start: Moment | None = None
    until: Moment | None = None
    clock: Clock = "exchange"
    cvd_reset: CvdReset = "none"
    instrument: str | None = None
    at_end: AtEnd = "hold"
    label: str | None = None
    timezone: str | None = None
    row: str = AUTO
    alerts: tuple[str, ...] = ()
    own: OwnMeasures = NO_OWN
    session_start: str = MIDNIGHT

    @property
    def provisional(self) -> Settings:
        """The same with a valid interval, as long as none is chosen."""
        return replace(self, interval=Settings().interval) if self.interval == AUTO else self

    @property
    def aggregation(self) -> Aggregation:
        """The settings of the engine.

        Raises:
            SettingError: the interval, the row or the start of sessions is invalid, or the interval is not chosen yet.
        """
        length = bar_length(self.interval)
        interval_ns, activity = (0, length) if isinstance(length, Activity) else (length, None)
        return Aggregation(
            interval_ns,
            self.obi_levels,
            self.cvd_reset,
            activity,
            row=row_height(self.row),
            alerts=self.alerts,
            own=self.own,
            session_ns=session_start_ns(self.session_start),
        )


def session_start_ns(text: str) -> int:
    """The time of a UTC day that sessions start at, as HH:MM, in ns since midnight.

    Raises:
        SettingError: it is none.
    """
    found = _TIME_OF_DAY.fullmatch(text)
    if found is None:
        raise SettingError("session-start", text, "a time of a UTC day from 00:00 to 23:59, such as 22:00 or 13:30")
    return (int(found[1]) * 60 + int(found[2])) * 60 * NS_PER_SECOND


def row_height(text: str) -> Fraction | None:
    """The height of price rows that a user gives: a price above 0, or None for auto.

    Raises:
        SettingError: it is neither.
    """
    if text == AUTO:
        return None
    height = Fraction(text) if _HEIGHT.fullmatch(text) else Fraction(0)
    if height <= 0:
        raise SettingError("row", text, "the height of a price row, such as 0.25 or 10, or auto")
    return height


def own_measures(depths: str, sizes: str) -> OwnMeasures:
    """The measures of one's own parameters, from two lists with commas between; depths of OBI_LEVELS are left out.

    Raises:
        SettingError: one of the lists holds something else, or too much.
    """
    levels = [int(each) if _LEVELS.fullmatch(each) else -1 for each in _listed(depths)]
    if len(levels) > MAX_OWN_MEASURES or not all(0 <= each <= MAX_OBI_LEVELS for each in levels):
        expected = f"at most {MAX_OWN_MEASURES} numbers of levels up to {MAX_OBI_LEVELS}, with commas between: 3,50"
        raise SettingError("measure-depths", depths, expected)
    amounts = [Decimal(each) if _TRADED_SIZE.fullmatch(each) else Decimal(0) for each in _listed(sizes)]
    if len(amounts) > MAX_OWN_MEASURES or not all(each > 0 for each in amounts):
        expected = f"at most {MAX_OWN_MEASURES} sizes to trade above 0, with commas between: 0.5,10"
        raise SettingError("measure-costs", sizes, expected)
    return OwnMeasures(tuple(sorted({*levels} - {*OBI_LEVELS})), tuple(sorted({each.normalize() for each in amounts})))


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",")] if text.strip() else []


def bar_length(text: str, option: str = "interval") -> int | Activity:
    """Length of a bar: ns for a duration such as 250ms, 5m or 1d, or an amount traded such as 500t or 1000000q.

    A turnover in its old spelling, 1000000d, is read as well, unless it could mean days.

    Raises:
        SettingError: it is neither, or a duration longer than a week.
    """
    if found := _DURATION.fullmatch(text):
        length_ns = int(found[1]) * _UNITS_NS[found[2]]
        if 0 < length_ns <= MAX_INTERVAL_MS * NS_PER_MS:
            return length_ns
    found = _ACTIVITY.fullmatch(text)
    if found and len(found[1]) <= MAX_ACTIVITY_DIGITS and (found[2] != "t" or found[1].isdigit()):
        limit = Decimal(found[1]).normalize()
        if _means_days(limit, found[2]):
            raise SettingError(option, text, f"days up to 7d, or {limit:f}q for a turnover of {limit:f}")
        if limit > 0:
            unit = "q" if found[2] == OLD_TURNOVER_UNIT else found[2]
            return Activity(cast("Literal['t', 'v', 'q']", unit), limit)
    expected = "a duration up to 7d (1s, 5m, 4h, 1d) or an amount traded (500t trades, 100v volume, 1000000q turnover)"
    raise SettingError(option, text, expected)


def duration_ns(option: str, text: str) -> int:
    """A duration such as 250ms, 5s or 1m, above 0 and up to a week, in ns.

    Raises:
        SettingError: it is none.
    """
    length_ns = bar_length(text, option) if _DURATION.fullmatch(text) else None
    if not isinstance(length_ns, int):
        raise SettingError(option, text, "a duration above 0 and up to 7d (250ms, 5s, 1m)")
    return length_ns


def _means_days(amount: Decimal, unit: str) -> bool:
    return unit == OLD_TURNOVER_UNIT and 0 < amount <= MAX_DAYS_MEANT and amount == amount.to_integral_value()


def old_spelling(text: str) -> str | None:
    """How the turnover `text`, which `bar_length` accepts in its old spelling, is written now; None for all others."""
    length = bar_length(text)
    return str(length) if isinstance(length, Activity) and text.endswith(OLD_TURNOVER_UNIT) else None


def speed(text: str) -> float | None:
    """A replay speed: 0.1 to 10000 times real time, with or without an x, or None for "max".

    Raises:
        SettingError: it is neither.
    """
    if text.strip().lower() == "max":
        return None
    try:
        factor = float(text.strip().lower().strip("x"))
    except ValueError:
        factor = 0.0
    if not MIN_SPEED <= factor <= MAX_SPEED:
        raise SettingError("speed", text, f"a factor from {MIN_SPEED:g} to {MAX_SPEED:g}, or max")
    return factor


def moment(option: str, text: str) -> Moment:
    """A time of the dataset: an ISO date and time (UTC unless it has an offset), or an offset like +2h or +1h30m.

    Raises:
        SettingError: it is neither.
    """
    if text.startswith("+"):
        parts = _DURATION.findall(text)
        if parts and "".join(number + unit for number, unit in parts) == text[1:]:
            return Offset(sum(int(number) * _UNITS_NS[unit] for number, unit in parts))
    else:
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
            since = when - datetime(1970, 1, 1, tzinfo=UTC)
            return (since.days * 86_400 + since.seconds) * NS_PER_SECOND + since.microseconds * 1000
    raise SettingError(option, text, "a time such as 2024-08-09T00:01:00Z, or an offset from the first event like +2h")


def resolved(at: Moment, first_ns: int) -> int:
    """`at` in ns since the Unix epoch, for a dataset whose first event is at `first_ns`."""
    return first_ns + at.ns if isinstance(at, Offset) else at


def at_least(option: str, value: int, lowest: int, highest: int) -> int:
    """`value`, if it is from `lowest` to `highest`.

    Raises:
        SettingError: it is outside.
    """
    if not lowest <= value <= highest:
        raise SettingError(option, value, f"a whole number from {lowest} to {highest}")
    return value


def zone_name(option: str, text: str) -> str:
    """The IANA name of a time zone, such as America/New_York.

    Raises:
        SettingError: there is no such zone.
    """
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingError(option, text, "the name of a time zone, such as America/New_York or UTC") from None


def size_bytes(option: str, text: str) -> int:
    """A size in bytes from a text such as 500MB, 20GB or 1.5 TB (10**6, 10**9, 10**12 bytes).

    Raises:
        SettingError: it is not one.
    """
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise SettingError(option, text, "a number and a unit, such as 500MB, 20GB or 1TB")
    return int(float(found[1]) * _BYTES[found[2].upper()])


def iso(time_ns: int) -> str:
    """A time as ISO text, UTC, to the millisecond."""
    when = datetime.fromtimestamp(time_ns // NS_PER_SECOND, tz=UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{time_ns % NS_PER_SECOND // NS_PER_MS:03d}Z"


ChoiceT = TypeVar("ChoiceT", bound=str)


def one_of(option: str, text: str, choices: tuple[ChoiceT, ...]) -> ChoiceT:
    """The choice that equals `text`.

    Raises:
        SettingError: it is not one of `choices`.
    """
    for choice in choices:
        if choice == text:
            return choice
    raise SettingError(option, text, " or ".join(choices))
