"""Forms of times: formats as in Python's `strptime`, translated to programs for compiled code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.formats.mapped import time_kernels as steps
from processor.formats.mapped.zones import UTC_ZONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from processor.formats.mapped.zones import Zone

UNITS_NS: Final = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
"""Nanoseconds per unit of a count since 1970."""
_DIRECTIVES: Final[dict[str, tuple[tuple[int, int], ...]]] = {
    "Y": ((steps.YEAR, 0),),
    "y": ((steps.SHORT_YEAR, 0),),
    "m": ((steps.MONTH, 0),),
    "d": ((steps.DAY, 0),),
    "e": ((steps.BLANKS, 0), (steps.DAY, 0)),
    "H": ((steps.HOUR, 0),),
    "I": ((steps.HOUR, 0),),
    "M": ((steps.MINUTE, 0),),
    "S": ((steps.SECOND, 0),),
    "f": ((steps.FRACTION, 0),),
    "b": ((steps.MONTH_NAME, 0),),
    "B": ((steps.MONTH_NAME, 0),),
    "h": ((steps.MONTH_NAME, 0),),
    "p": ((steps.HALF, 0),),
    "z": ((steps.OFFSET, 0),),
    "Z": ((steps.OFFSET, 0),),
    "a": ((steps.WEEKDAY, 0),),
    "A": ((steps.WEEKDAY, 0),),
    "%": ((steps.LITERAL, ord("%")),),
    "T": ((steps.HOUR, 0), (steps.LITERAL, ord(":")), (steps.MINUTE, 0), (steps.LITERAL, ord(":")), (steps.SECOND, 0)),
    "F": ((steps.YEAR, 0), (steps.LITERAL, ord("-")), (steps.MONTH, 0), (steps.LITERAL, ord("-")), (steps.DAY, 0)),
}
_POINTS: Final = ".,:"
"""Characters before a fraction; after them the fraction may be missing, because programs leave out zeros."""
_CLOCK_WIDTHS: Final = range(6, 16)


class BadFormat(ValueError):
    """A format that is not supported; the message says why."""


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How a time is written: `shown` as in a mapping, `program` for the compiled code."""

    shown: str
    program: tuple[int, ...]


def of_unit(unit: str) -> TimeForm:
    """A number of s, ms, us or ns since 1970, with decimals."""
    return TimeForm(unit, (steps.EPOCH, UNITS_NS[unit]))


def clock_of(date: str, width: int) -> TimeForm:
    """A date of this format, and hours, minutes, seconds and decimals in one number of at most `width` digits."""
    shown = f"{date} %H%M%S" + ("%f" if width > _CLOCK_WIDTHS[0] else "")
    return TimeForm(shown, (*of_format(f"{date} ").program, steps.CLOCK, width))


@cache
def of_format(shown: str) -> TimeForm:
    """The form of a format as `strptime` knows them; `%f` is 1 to 9 digits, `%z` also `Z`, `UTC` and `GMT+2`.

    Raises:
        BadFormat: the format is not supported.
    """
    program: list[tuple[int, int]] = []
    at = 0
    while at < len(shown):
        letter = shown[at]
        if letter in _POINTS and shown[at + 1 : at + 3] == "%f":
            program.append((steps.POINT_FRACTION, ord(letter)))
            at += 3
        elif letter == "%":
            program += _directive(shown, at)
            at += 2
        elif letter.isspace():
            program.append((steps.BLANKS, 0))
            at += 1
        else:
            program += [(steps.LITERAL, byte) for byte in letter.encode()]
            at += 1
    read = {step for step, _ in program}
    year = read & {steps.YEAR, steps.SHORT_YEAR}
    month = read & {steps.MONTH, steps.MONTH_NAME}
    if not year or not month or steps.DAY not in read:
        msg = "a format needs a year (%Y or %y), a month (%m or %b) and a day (%d)"
        raise BadFormat(msg)
    if "%I" in shown and steps.HALF not in read:
        msg = "%I, hours of twelve, needs %p, AM or PM"
        raise BadFormat(msg)
    if steps.HALF in read and "%H" in shown:
        msg = "%p, AM or PM, needs %I, hours of twelve"
        raise BadFormat(msg)
    return TimeForm(shown, tuple(number for step in program for number in step))


def _directive(shown: str, at: int) -> tuple[tuple[int, int], ...]:
    letter = shown[at + 1 : at + 2]
    if letter not in _DIRECTIVES:
        known = ", ".join(f"%{each}" for each in "YymdbHIMSfpz")
        msg = f"unknown directive %{letter}: expected one of {known}"
        raise BadFormat(msg)
    return _DIRECTIVES[letter]


def read(texts: Sequence[str], form: TimeForm, zone: Zone = UTC_ZONE) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Texts as ns since 1970, and the fault of each (steps.READ for none)."""
    encoded = [text.encode() for text in texts]
    bounds = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    values, faults = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int64)
    steps.read_times(
        np.frombuffer(b"".join(encoded) + b"\n", np.uint8), bounds, np.array(form.program, np.int64),
        zone.begins_s, zone.offsets_s, fresh_state(), values, faults,
    )  # fmt: skip
    return values, faults


def fresh_state() -> NDArray[np.int64]:
    """The state of a column of times before its first row."""
    state = np.zeros(steps.STATE_FIELDS, np.int64)
    state[steps.LAST_NS] = np.iinfo(np.int64).min
    return state
