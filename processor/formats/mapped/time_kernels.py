"""The compiled reading of times of any form, by a program of steps that `time_forms` makes from a format.

A program is a list of steps (STEP_FIELDS numbers each: kind and argument). It fills the parts of a time, which are
then converted to nanoseconds since 1970, UTC, by the offset in the text or by that of a zone (`zones`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.formats.lines.fields import month_days, pointer_to
from processor.with_numba import njit

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Bytes: TypeAlias = NDArray[np.uint8]
    Ints: TypeAlias = NDArray[np.int64]

STEP_FIELDS: Final = 2

LITERAL: Final = 0
"""This byte, in either case."""
BLANKS: Final = 1
"""Any number of spaces, or none."""
YEAR: Final = 2
SHORT_YEAR: Final = 3
MONTH: Final = 4
DAY: Final = 5
HOUR: Final = 6
MINUTE: Final = 7
SECOND: Final = 8
FRACTION: Final = 9
"""Digits of a fraction without a point before them."""
POINT_FRACTION: Final = 10
"""This byte and digits, or nothing."""
MONTH_NAME: Final = 11
HALF: Final = 12
"""AM or PM."""
OFFSET: Final = 13
WEEKDAY: Final = 14
CLOCK: Final = 15
"""HHMMSS and its fraction as one number of so many digits, whose leading zeros may be missing."""
EPOCH: Final = 16
"""A count since 1970 in units of so many nanoseconds, with decimals."""

# The parts of a time.
AT_YEAR: Final = 0
AT_MONTH: Final = 1
AT_DAY: Final = 2
AT_HOUR: Final = 3
AT_MINUTE: Final = 4
AT_SECOND: Final = 5
AT_NS: Final = 6
AT_HALF: Final = 7
"""0 for AM, 1 for PM, -1 for neither."""
AT_OFFSET_S: Final = 8
HAS_OFFSET: Final = 9
AT_EPOCH: Final = 10
IS_EPOCH: Final = 11
PARTS: Final = 12

READ: Final = 0
OTHER_FORM: Final = 1
NO_SUCH_TIME: Final = 2
"""A local time that the clocks of the zone skip."""

# The state of a column of times, kept from row to row.
LAST_NS: Final = 0
AMBIGUOUS: Final = 1
"""How many times were ambiguous because the clocks of the zone show them twice."""
STATE_FIELDS: Final = 2

_NS_PER_SECOND: Final = 1_000_000_000
_NS_DIGITS: Final = 9
_MOST: Final = int(np.iinfo(np.int64).max)
_JITTER_NS: Final = 60 * _NS_PER_SECOND
"""How much earlier than the row above a row may be and still be in the same hour when clocks are set back."""
_POWERS: Final = np.array([10**exponent for exponent in range(10)], np.int64)
_MONTHS: Final = np.frombuffer(b"janfebmaraprmayjunjulaugsepoctnovdec", np.uint8)
_LOWER: Final = 32
_SPACE: Final = 32
_TAB: Final = 9
_PLUS: Final = ord("+")
_MINUS: Final = ord("-")
_POINT: Final = ord(".")
_COLON: Final = ord(":")
_ZERO: Final = ord("0")
_NINE: Final = ord("9")
_FEBRUARY: Final = 2
_A_DAY_S: Final = 86_400
_NEAR_CHANGES: Final = 4
"""The largest change of a zone's offset within two days."""
_FIRST_YEAR: Final = 1678
_LAST_YEAR: Final = 2261
"""The last whole year whose nanoseconds since 1970 have room in 64 bits."""
_OTHER_CENTURY: Final = 69
"""A two-digit year from this one on is in the twentieth century."""


@njit()
def _is_digit(byte: int) -> bool:
    return _ZERO <= byte <= _NINE


@njit()
def _lower(byte: int) -> int:
    return byte + _LOWER if 65 <= byte <= 90 else byte  # noqa: PLR2004 - the capital letters


@njit()
def _is_letter(byte: int) -> bool:
    return 97 <= _lower(byte) <= 122  # noqa: PLR2004 - the letters


@njit()
def _is_blank(byte: int) -> bool:
    return byte == _SPACE or byte == _TAB  # noqa: PLR1714 - a tuple would be searched


@njit()
def _after_blanks(text: Bytes, at: int, stop: int) -> int:
    while at < stop and _is_blank(text[at]):
        at += 1
    return at


@njit()
def _digits(text: Bytes, at: int, stop: int, most: int) -> tuple[int, int]:
    """The number made of up to `most` digits, and their end."""
    number = 0
    end = at
    while end < stop and end - at < most and _is_digit(text[end]):
        number = number * 10 + text[end] - _ZERO
        end += 1
    return number, end


@njit()
def _fraction(text: Bytes, at: int, stop: int) -> tuple[int, int]:
    """The nanoseconds of 1 to 9 digits of a second, and their end; -1 for no digit, or for more."""
    number, end = _digits(text, at, stop, _NS_DIGITS)
    if end == at or (end < stop and _is_digit(text[end])):
        return 0, -1
    return number * _POWERS[_NS_DIGITS - (end - at)], end


@njit()
def _month(text: Bytes, at: int, stop: int) -> tuple[int, int]:
    """The month by its English name or the first three letters, and its end; -1 for none."""
    end = at
    while end < stop and _is_letter(text[end]):
        end += 1
    if end - at < 3:  # noqa: PLR2004 - letters of a month
        return 0, -1
    for month in range(12):
        same = True
        for letter in range(3):
            same = same and _lower(text[at + letter]) == _MONTHS[3 * month + letter]
        if same:
            return month + 1, end
    return 0, -1


@njit()
def _half(text: Bytes, at: int, stop: int) -> tuple[int, int]:
    """0 for AM or a.m., 1 for PM, and its end; -1 for neither."""
    if at >= stop:
        return 0, -1
    letter = _lower(text[at])
    if letter != ord("a") and letter != ord("p"):
        return 0, -1
    end = at + 1
    end += end < stop and text[end] == _POINT
    if end >= stop or _lower(text[end]) != ord("m"):
        return 0, -1
    end += 1
    end += end < stop and text[end] == _POINT
    return int(letter == ord("p")), end


@njit()
def _offset(text: Bytes, at: int, stop: int) -> tuple[int, int]:
    """The offset in seconds of `Z`, `UTC`, `+0200`, `GMT+02:00` or `+2`, and its end; -1 for none."""
    named = False
    if at < stop and _lower(text[at]) == ord("z"):
        return 0, at + 1
    if at + 3 <= stop:
        first, second, third = _lower(text[at]), _lower(text[at + 1]), _lower(text[at + 2])
        utc = first == ord("u") and second == ord("t") and third == ord("c")
        gmt = first == ord("g") and second == ord("m") and third == ord("t")
        if utc or gmt:
            named = True
            at += 3
    if at >= stop or (text[at] != _PLUS and text[at] != _MINUS):
        return 0, at if named else -1
    negative = text[at] == _MINUS
    start = at + 1
    number, end = _digits(text, start, stop, 4)
    if end == start or end - start == 3:  # noqa: PLR2004 - digits of hours and minutes
        return 0, -1
    hours, minutes = (number // 100, number % 100) if end - start == 4 else (number, 0)  # noqa: PLR2004
    if end - start <= 2 and end < stop and text[end] == _COLON:  # noqa: PLR2004
        minutes, after = _digits(text, end + 1, stop, 2)
        if after - end != 3:  # noqa: PLR2004 - the colon and two digits
            return 0, -1
        end = after
    if hours > 15 or minutes > 59:  # noqa: PLR2004 - no zone is so far from UTC
        return 0, -1
    seconds = hours * 3600 + minutes * 60
    return -seconds if negative else seconds, end


@njit()
def _clock(text: Bytes, at: int, stop: int, width: int, parts: Ints) -> int:
    """Read hours, minutes, seconds and decimals from one number; returns its end, -1 for none."""
    number, end = _digits(text, at, stop, width)
    if end == at or (end < stop and _is_digit(text[end])):
        return -1
    decimals = _POWERS[width - 6]
    seconds = number // decimals
    parts[AT_NS] = number % decimals * _POWERS[_NS_DIGITS - (width - 6)]
    parts[AT_SECOND] = seconds % 100
    parts[AT_MINUTE] = seconds // 100 % 100
    parts[AT_HOUR] = seconds // 10_000
    return end


@njit()
def _epoch(text: Bytes, at: int, stop: int, unit_ns: int, parts: Ints) -> int:
    """Read a number of `unit_ns` with decimals; those finer than a nanosecond are dropped."""
    number = 0
    end = at
    while end < stop and _is_digit(text[end]):
        if number > (_MOST // unit_ns - 10) // 10:
            return -1
        number = number * 10 + text[end] - _ZERO
        end += 1
    if end == at:
        return -1
    number *= unit_ns
    if end < stop and text[end] == _POINT:
        end += 1
        while end < stop and _is_digit(text[end]):
            unit_ns //= 10
            number += (text[end] - _ZERO) * unit_ns
            end += 1
    parts[AT_EPOCH] = number
    parts[IS_EPOCH] = 1
    return end


@njit()
def _step(text: Bytes, at: int, stop: int, step: int, told: int, parts: Ints) -> int:  # noqa: C901, PLR0911, PLR0912 - a table of steps
    """Read what one step of a program expects at `at`; returns its end, -1 if the text is different."""
    if step == LITERAL:
        return at + 1 if at < stop and _lower(text[at]) == _lower(told) else -1
    if step == BLANKS:
        return _after_blanks(text, at, stop)
    if step == POINT_FRACTION:
        if at >= stop or text[at] != told:
            return at
        parts[AT_NS], end = _fraction(text, at + 1, stop)
        return end
    if step == FRACTION:
        parts[AT_NS], end = _fraction(text, at, stop)
        return end
    if step == MONTH_NAME:
        parts[AT_MONTH], end = _month(text, at, stop)
        return end
    if step == HALF:
        parts[AT_HALF], end = _half(text, at, stop)
        return end
    if step == OFFSET:
        parts[AT_OFFSET_S], end = _offset(text, at, stop)
        parts[HAS_OFFSET] = 1
        return end
    if step == WEEKDAY:
        end = at
        while end < stop and _is_letter(text[end]):
            end += 1
        return end if end > at else -1
    if step == CLOCK:
        return _clock(text, at, stop, told, parts)
    if step == EPOCH:
        return _epoch(text, at, stop, told, parts)
    digits = 4 if step == YEAR else 2
    number, end = _digits(text, at, stop, digits)
    of_year = step == YEAR or step == SHORT_YEAR  # noqa: PLR1714 - a tuple would be searched
    if end == at or (of_year and end - at < digits):
        return -1
    if step == SHORT_YEAR:
        number += 1900 if number >= _OTHER_CENTURY else 2000
    parts[_part_of(step)] = number
    return end


@njit()
def _part_of(step: int) -> int:
    if step == YEAR or step == SHORT_YEAR:  # noqa: PLR1714, SIM109
        return AT_YEAR
    if step == MONTH:
        return AT_MONTH
    if step == DAY:
        return AT_DAY
    if step == HOUR:
        return AT_HOUR
    return AT_MINUTE if step == MINUTE else AT_SECOND


@njit()
def _follow(text: Bytes, start: int, stop: int, program: Ints, first: int, beyond: int, parts: Ints) -> bool:
    """Whether the text matches the program from `first` up to `beyond`; fills `parts`."""
    for part in range(PARTS):
        parts[part] = 0
    parts[AT_MONTH] = 1
    parts[AT_DAY] = 1
    parts[AT_HALF] = -1
    at = start
    for step in range(first, beyond, STEP_FIELDS):
        at = _step(text, at, stop, program[step], program[step + 1], parts)
        if at < 0:
            return False
    return _after_blanks(text, at, stop) == stop


@njit()
def days_since_1970(year: int, month: int, day: int) -> int:
    """The days from 1970-01-01 to a date of the Gregorian calendar."""
    shifted = year - (month <= _FEBRUARY)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month + (-3 if month > _FEBRUARY else 9)) + 2) // 5 + day - 1
    days: int = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    return days


@njit()
def date_of(days: int) -> tuple[int, int, int]:
    """Year, month and day of a number of days since 1970."""
    shifted = days + 719_468
    era = shifted // 146_097
    of_era = shifted - era * 146_097
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9  # noqa: PLR2004 - March comes first
    return year + era * 400 + (month <= _FEBRUARY), month, day


@njit()
def _wall_seconds(parts: Ints) -> int:
    """The seconds since 1970 of a local date and time; -_MOST if it does not exist."""
    hour = parts[AT_HOUR]
    if parts[AT_HALF] >= 0:
        if hour < 1 or hour > 12:  # noqa: PLR2004 - the clock
            return -_MOST
        hour = hour % 12 + 12 * parts[AT_HALF]
    year, month, day = parts[AT_YEAR], parts[AT_MONTH], parts[AT_DAY]
    if year < _FIRST_YEAR or year > _LAST_YEAR or month < 1 or month > 12 or day < 1:  # noqa: PLR2004 - the calendar
        return -_MOST
    if day > month_days(year, month) or hour > 23 or parts[AT_MINUTE] > 59 or parts[AT_SECOND] > 59:  # noqa: PLR2004
        return -_MOST
    second: int = days_since_1970(year, month, day) * 86_400 + hour * 3600 + parts[AT_MINUTE] * 60 + parts[AT_SECOND]
    return second


@njit()
def _utc_seconds(
    wall: int, ns: int, begins: Ints, offsets: Ints, first: int, beyond: int, state: Ints
) -> tuple[int, bool]:
    """The UTC seconds at which a zone's clocks showed `wall`, and whether they ever did.

    From each of `begins` (UTC) on, the zone has the offset in `offsets`; its entries are `first` up to `beyond`. If two
    such times exist, it is the first, unless the row above is already later than the first.
    """
    low, high = first, beyond
    while low < high:
        middle = (low + high) // 2
        if begins[middle] < wall + _A_DAY_S:
            low = middle + 1
        else:
            high = middle
    earliest = 0
    found = 0
    for number in range(max(high - _NEAR_CHANGES, first), high):
        moment = wall - offsets[number]
        ends_at = begins[number + 1] if number + 1 < beyond else _MOST
        if begins[number] <= moment < ends_at:
            found += 1
            if found == 1:
                earliest = moment
            else:
                state[AMBIGUOUS] += 1
                if earliest * _NS_PER_SECOND + ns + _JITTER_NS < state[LAST_NS]:
                    earliest = moment
    return earliest, found > 0


@njit()
def read_time(
    text: Bytes,
    start: int,
    stop: int,
    programs: Ints,
    begins: Ints,
    offsets: Ints,
    bounds: Ints,
    parts: Ints,
    state: Ints,
) -> tuple[int, int]:
    """A time as ns since 1970, and READ or its fault.

    `bounds` has start and end of its program and of its zone. `parts` is scratch; `state` is kept from row to row.
    All of these are bare pointers: passing an array would count its references.
    """
    if not _follow(text, start, stop, programs, bounds[0], bounds[1], parts):
        return 0, OTHER_FORM
    if parts[IS_EPOCH]:
        return parts[AT_EPOCH], READ
    wall = _wall_seconds(parts)
    if wall == -_MOST:
        return 0, OTHER_FORM
    if parts[HAS_OFFSET]:
        moment = wall - parts[AT_OFFSET_S]
    else:
        moment, exists = _utc_seconds(wall, parts[AT_NS], begins, offsets, bounds[2], bounds[3], state)
        if not exists:
            return 0, NO_SUCH_TIME
    state[LAST_NS] = moment * _NS_PER_SECOND + parts[AT_NS]
    return state[LAST_NS], READ


@njit(cache=True, nogil=True)
def read_times(
    text: Bytes, ends: Ints, program: Ints, begins: Ints, offsets: Ints, state: Ints, values: Ints, faults: Ints
) -> None:
    """Read the texts between successive `ends` into `values` (ns since 1970) and `faults` (READ or a fault)."""
    parts = np.zeros(PARTS, np.int64)
    bounds = np.array([0, len(program), 0, len(begins)])
    for number in range(len(ends) - 1):
        values[number], faults[number] = read_time(
            pointer_to(text), ends[number], ends[number + 1], pointer_to(program), pointer_to(begins),
            pointer_to(offsets), pointer_to(bounds), pointer_to(parts), pointer_to(state),
        )  # fmt: skip
