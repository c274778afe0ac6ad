"""Times in the many forms that files have, compiled; the arguments are described in tolerant.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.formats.lines.fields import NS_PER_SECOND, days_of, digit_of, second_of_day, two_digits
from processor.formats.lines.specs import COLON, COMMA, DOT, MINUS, NOT_A_TIME, PLUS, SLASH, SOUND, SPACE
from processor.formats.lines.tolerant_numbers import digits_end, is_digit
from processor.with_numba import njit

if TYPE_CHECKING:
    from processor.formats.lines.fields import Bytes

_UPPER_D: Final = ord("D")
_UPPER_T: Final = ord("T")
_UPPER_Z: Final = ord("Z")
_UNDERSCORE: Final = ord("_")
_UTC: Final = int.from_bytes(b"UTC")
_GMT: Final = int.from_bytes(b"GMT")


@njit()
def _packed(text: Bytes, start: int, stop: int) -> int:
    """Up to eight bytes as one big-endian number."""
    packed = 0
    for at in range(start, stop):
        packed = (packed << 8) | int(text[at])
    return packed


@njit()
def _date(text: Bytes, start: int, stop: int) -> tuple[int, int, bool]:
    """`YYYY-MM-DD`, also with points or slashes, or `YYYYMMDD`.

    Returns its days since 1970 (-1: the date does not exist), its end, and whether it is in the compact form.
    """
    compact = start + 4 < stop and is_digit(text[start + 4])
    length = 8 if compact else 10
    if stop - start < length:
        return -1, start, compact
    century, of_century = two_digits(text, start), two_digits(text, start + 2)
    if century < 0 or of_century < 0:
        return -1, start, compact
    year = century * 100 + of_century
    if compact:
        return days_of(year, two_digits(text, start + 4), two_digits(text, start + 6)), start + length, compact
    sign = text[start + 4]
    if sign not in (MINUS, DOT, SLASH) or text[start + 7] != sign:
        return -1, start, compact
    return days_of(year, two_digits(text, start + 5), two_digits(text, start + 8)), start + length, compact


@njit()
def _second(text: Bytes, at: int, stop: int, compact: int) -> tuple[int, int]:
    """`hh:mm:ss`, or `hhmmss` where `compact`, in seconds (-1: the time does not exist), and its end."""
    step = 2 if compact else 3
    end = at + 2 * step + 2
    if end > stop or (not compact and (text[at + 2] != COLON or text[at + 5] != COLON)):
        return -1, at
    return second_of_day(two_digits(text, at), two_digits(text, at + step), two_digits(text, at + 2 * step)), end


@njit()
def _fraction(text: Bytes, at: int, stop: int) -> tuple[int, int]:
    """The digits at `at` as nanoseconds (-1: no digits, or finer), and their end."""
    end = digits_end(text, at, stop)
    if end == at:
        return -1, at
    nanoseconds = 0
    unit = NS_PER_SECOND
    for place in range(at, end):
        unit //= 10
        digit = digit_of(text[place])
        if digit and not unit:
            return -1, at
        nanoseconds += digit * unit
    return nanoseconds, end


@njit()
def _offset(text: Bytes, at: int, stop: int) -> tuple[int, bool]:
    """How many seconds the zone in the rest of a field is ahead of UTC, and whether it is valid.

    A zone is empty, `Z`, `UTC`, `GMT`, `+02`, `+0200` or `+02:00`, with or without a space before it.
    """
    if at < stop and text[at] == SPACE:
        at += 1
    length = stop - at
    if length == 0 or (length == 1 and text[at] == _UPPER_Z):
        return 0, True
    packed = _packed(text, at, stop) if length == 3 else 0  # noqa: PLR2004 - letters
    if packed in (_UTC, _GMT):
        return 0, True
    if text[at] != PLUS and text[at] != MINUS:
        return 0, False
    with_colon = length == 6 and text[at + 3] == COLON  # noqa: PLR2004 - +hh:mm
    if length != 3 and length != 5 and not with_colon:  # noqa: PLR1714, PLR2004 - +hh, +hhmm
        return 0, False
    minutes = two_digits(text, stop - 2) if length > 3 else 0  # noqa: PLR2004 - +hh
    seconds = second_of_day(two_digits(text, at + 1), minutes, 0)
    return -seconds if text[at] == MINUS else seconds, seconds >= 0


@njit()
def read_time(text: Bytes, start: int, stop: int) -> tuple[int, int]:
    """A date and time of day as ns since 1970, and its fault.

    The separator of date and time is `T`, a space, `D` (BitMEX) or `_`; after a date of digits only also `-`, and
    then the time may have no colons, and its fraction a space or nothing before it. Digits alone are not a time: they
    may also be a count since 1970.
    """
    days, at, compact = _date(text, start, stop)
    if days < 0 or at == stop:
        return 0, NOT_A_TIME
    if text[at] not in (_UPPER_T, SPACE, _UPPER_D, _UNDERSCORE) and not (compact and text[at] == MINUS):
        return 0, NOT_A_TIME
    at += 1
    no_colons = int(compact and at + 2 < stop and text[at + 2] != COLON)
    second, at = _second(text, at, stop, no_colons)
    if second < 0:
        return 0, NOT_A_TIME
    nanoseconds = 0
    if at < stop:
        if text[at] == DOT or text[at] == COMMA or (no_colons and text[at] == SPACE and is_digit(text[at + 1])):
            nanoseconds, at = _fraction(text, at + 1, stop)
        elif no_colons and is_digit(text[at]):
            nanoseconds, at = _fraction(text, at, stop)
    offset, sound = _offset(text, at, stop)
    second += days * 86_400 - offset
    if nanoseconds < 0 or not sound or second < 0:
        return 0, NOT_A_TIME
    return second * NS_PER_SECOND + nanoseconds, SOUND
