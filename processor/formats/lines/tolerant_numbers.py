"""Numbers in the many forms that files have, compiled; the arguments are described in tolerant.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.formats.lines.fields import (
    NOISY_DECIMALS,
    NS_PER_SECOND,
    POWERS,
    appended,
    digit_of,
    fault_of,
    without_zeros,
)
from processor.formats.lines.specs import (
    ABSENT,
    COMMA,
    DOT,
    LAST_DIGIT,
    MAX_DECIMALS,
    MINUS,
    MOST,
    NEGATIVE,
    NOT_A_NUMBER,
    PLUS,
    SOUND,
    TOO_LARGE,
    ZERO,
)
from processor.with_numba import njit

if TYPE_CHECKING:
    from processor.formats.lines.fields import Bytes

_UPPER_A: Final = ord("A")
_UPPER_Z: Final = ord("Z")
_TO_LOWER: Final = 32
_LOWER_E: Final = ord("e")
# Words for a missing value as one number each: a 1 before their bytes.
_DASH: Final = int.from_bytes(b"\1-")
_NAN: Final = int.from_bytes(b"\1nan")
_NULL: Final = int.from_bytes(b"\1null")
_NONE: Final = int.from_bytes(b"\1none")
_N_A: Final = int.from_bytes(b"\1n/a")
_LONGEST_NOTHING: Final = 4

_GROUP: Final = 3
_MOST_EXPONENT: Final = 1_000_000
"""An exponent far beyond any number of 64 bits, but far from overflowing itself."""
_FEWEST_NOISY: Final = 16
_MOST_NOISY: Final = 17
_KEPT_OF_NOISY: Final = 15
_BEYOND_QUIET: Final = 10**12
"""Without the float noise, a number has at most 12 decimals."""
_HALF: Final = 5


@njit()
def is_digit(byte: int) -> bool:
    """Whether a byte is a digit."""
    return digit_of(byte) <= LAST_DIGIT


@njit()
def lower(byte: int) -> int:
    """The byte of the lower-case letter; other bytes unchanged."""
    return byte + _TO_LOWER if _UPPER_A <= byte <= _UPPER_Z else byte


@njit()
def digits_end(text: Bytes, at: int, stop: int) -> int:
    """The end of the digits at `at`."""
    while at < stop and is_digit(text[at]):
        at += 1
    return at


@njit()
def _whole_end(text: Bytes, at: int, stop: int, grouped: int) -> int:
    """The end of the digits before the point, with commas between groups of three; -1 if the groups are wrong.

    A group that starts with a zero is more likely the whole part of a number with a decimal comma.
    """
    start = at
    at = digits_end(text, at, stop)
    if not grouped or at == stop or text[at] != COMMA:
        return at
    if at == start or at - start > _GROUP or text[start] == ZERO:
        return -1
    while at < stop and text[at] == COMMA:
        end = digits_end(text, at + 1, stop)
        if end - at - 1 != _GROUP:
            return -1
        at = end
    return at


@njit()
def _exponent(text: Bytes, at: int, stop: int) -> tuple[int, bool]:
    """The exponent (`e-05`) that fills a field from `at` on, and whether it is valid."""
    negative = False
    at += 1
    if at < stop and (text[at] == MINUS or text[at] == PLUS):
        negative = text[at] == MINUS
        at += 1
    if at == stop or digits_end(text, at, stop) != stop:
        return 0, False
    exponent = 0
    while at < stop:
        exponent = min(exponent * 10 + digit_of(text[at]), _MOST_EXPONENT)
        at += 1
    return -exponent if negative else exponent, True


@njit()
def _parts(text: Bytes, start: int, stop: int, quoted: int) -> tuple[bool, bool, int, int, int, int]:
    """The parts of a number: whether it is valid, whether it is negative, three positions, and its exponent.

    The positions are the start of its digits, the end of its whole part, and the end of its digits (of the field if
    there is no exponent).
    """
    negative = text[start] == MINUS
    first = start + 1 if negative or text[start] == PLUS else start
    point = _whole_end(text, first, stop, quoted)
    if point < 0:
        return False, negative, first, first, first, 0
    beyond = point
    if beyond < stop and text[beyond] == DOT:
        beyond = digits_end(text, beyond + 1, stop)
    sound = is_digit(text[first]) or beyond > point + 1
    exponent = 0
    if beyond < stop:
        is_exponent = False
        if lower(text[beyond]) == _LOWER_E:
            exponent, is_exponent = _exponent(text, beyond, stop)
        sound = sound and is_exponent
    return sound, negative, first, point, beyond, exponent


@njit()
def _whole(text: Bytes, first: int, point: int) -> int:
    """The number made of the digits before the point; -1 if it does not fit into 64 bits."""
    number = 0
    for at in range(first, point):
        if text[at] != COMMA:
            number = appended(number, digit_of(text[at]))
    return number


@njit()
def _is_whole(text: Bytes, first: int, point: int, beyond: int, stop: int) -> bool:
    """Whether a number has digits before the point, only zeros after it, and no exponent."""
    at = point + 1
    while at < stop and text[at] == ZERO:
        at += 1
    return first < point and beyond == stop and at >= stop


@njit()
def read_integer(
    text: Bytes, start: int, stop: int, quoted: int, factor: int, limit: int, signed: int
) -> tuple[int, int]:
    """A whole number times `factor`, and its fault."""
    sound, negative, first, point, beyond, _ = _parts(text, start, stop, quoted)
    if not sound or not _is_whole(text, first, point, beyond, stop):
        return 0, NOT_A_NUMBER
    value = _whole(text, first, point)
    if value < 0 or value > limit:
        return 0, TOO_LARGE
    if negative:
        return -value * factor, SOUND if signed or value == 0 else NEGATIVE
    return value * factor, SOUND


@njit()
def read_seconds(text: Bytes, start: int, stop: int, quoted: int) -> tuple[int, int]:
    """Seconds as whole nanoseconds, without finer digits, and their fault."""
    sound, negative, first, point, beyond, _ = _parts(text, start, stop, quoted)
    if not sound or first == point or beyond != stop:
        return 0, NOT_A_NUMBER
    if negative:
        return 0, NEGATIVE
    value = _whole(text, first, point)
    if value < 0 or value > MOST // NS_PER_SECOND - 1:
        return 0, TOO_LARGE
    unit = NS_PER_SECOND
    value *= unit
    for at in range(point + 1, stop):
        unit //= 10
        value += digit_of(text[at]) * unit
    return value, SOUND


@njit()
def _significant(text: Bytes, first: int, beyond: int, exponent: int) -> tuple[int, int]:
    """How many digits a number has from its first to its last nonzero digit, and the power of ten of the last."""
    digits = 0
    zeros = 0
    fraction = 0
    in_fraction = False
    for at in range(first, beyond):
        if text[at] == DOT:
            in_fraction = True
        elif text[at] != COMMA:
            fraction += in_fraction
            zeros = zeros + 1 if text[at] == ZERO else 0
            digits += digits > 0 or text[at] != ZERO
    return digits - zeros if digits else 0, exponent - fraction + zeros


@njit()
def _leading(text: Bytes, first: int, digits: int, kept: int) -> int:
    """The number made of the first `kept` significant digits, rounded half to even; -1 if it does not fit."""
    number = 0
    place = 0
    next_digit = 0
    more = False
    at = first
    while place < digits:
        digit = digit_of(text[at])
        at += 1
        if digit > LAST_DIGIT or (place == 0 and digit == 0):
            continue
        if place < kept:
            number = appended(number, digit)
        elif place == kept:
            next_digit = digit
        else:
            more = more or digit > 0
        place += 1
    if number >= 0 and (next_digit > _HALF or (next_digit == _HALF and (more or number % 2 == 1))):
        number = number + 1 if number < MOST else -1
    return number


@njit()
def _is_noise(text: Bytes, first: int, digits: int, exponent: int) -> bool:
    """Whether the last digits of a number are most likely float noise, as in 0.30000000000000004."""
    if digits < _FEWEST_NOISY or digits > _MOST_NOISY or -exponent <= NOISY_DECIMALS:
        return False
    number = _leading(text, first, digits, _KEPT_OF_NOISY)
    while number % 10 == 0:
        number //= 10
    return number < _BEYOND_QUIET


@njit()
def _shifted(number: int, power: int) -> int:
    """A number times 10**power; -1 if it does not fit."""
    if number <= 0 or power == 0:
        return number
    if power >= len(POWERS) or number > MOST // POWERS[power]:
        return -1
    return int(number * POWERS[power])


@njit()
def _is_one_group(text: Bytes, first: int, point: int) -> bool:
    """Whether the digits before a point contain one comma."""
    return _GROUP + 1 < point - first <= 2 * _GROUP + 1 and text[point - _GROUP - 1] == COMMA


@njit()
def read_decimal(
    text: Bytes,
    start: int,
    stop: int,
    quoted: int,
    scale: int,
    signed: int,
    most_decimals: int,
    is_rounded: int,
    may_be_absent: int,
) -> tuple[int, int, int, int, bool]:
    """A decimal as an integer of 10**-scale: value, fault, the decimals it needs, the number it is read as, and a flag.

    The number is in units of 10**-decimals. The flag says that it must be reported: it differs from the written one, or
    the comma may have been a decimal comma, as in `1,234`.
    """
    sound, negative, first, point, beyond, exponent = _parts(text, start, stop, quoted)
    if not sound:
        return 0, NOT_A_NUMBER, 0, 0, False
    digits, exponent = _significant(text, first, beyond, exponent)
    kept = digits
    if is_rounded and digits:
        kept = min(digits, digits + exponent + most_decimals)
    elif _is_noise(text, first, digits, exponent):
        kept = _KEPT_OF_NOISY
    number = _leading(text, first, digits, kept) if kept >= 0 else 0
    if may_be_absent and kept == digits and number == MOST:
        return ABSENT, SOUND, 0, 0, False
    exponent = exponent + digits - kept if number else 0
    if exponent < 0:
        number, decimals = without_zeros(number, -exponent)
    else:
        number, decimals = _shifted(number, exponent), 0
    spare = scale - decimals
    reason = fault_of(number, decimals, MAX_DECIMALS, spare, negative and not signed)
    if reason == SOUND and negative and not signed and digits:
        reason = NEGATIVE  # even if it was rounded to zero
    if reason != SOUND:
        return 0, reason, 0, 0, False
    value = number * POWERS[spare] if spare > 0 else number
    told = kept < digits or (beyond == point and _is_one_group(text, first, point))
    if negative:
        return -value, SOUND, decimals, -number, told
    return value, SOUND, decimals, number, told


@njit()
def read_fixed(
    text: Bytes,
    start: int,
    stop: int,
    quoted: int,
    scale: int,
    signed: int,
    implied_decimals: int,
    may_be_absent: int,
) -> tuple[int, int, int]:
    """A whole number of 10**-implied_decimals as one of 10**-scale: value, fault, the decimals it needs."""
    sound, negative, first, point, beyond, _ = _parts(text, start, stop, quoted)
    if not sound or not _is_whole(text, first, point, beyond, stop):
        return 0, NOT_A_NUMBER, 0
    number, decimals = without_zeros(_whole(text, first, point), implied_decimals)
    if may_be_absent and number == MOST:
        return ABSENT, SOUND, 0
    spare = scale - decimals
    reason = fault_of(number, decimals, MAX_DECIMALS, spare, negative and not signed)
    if reason != SOUND:
        return 0, reason, 0
    value = number * POWERS[spare] if spare > 0 else number
    return -value if negative else value, SOUND, decimals


@njit()
def is_nothing(text: Bytes, start: int, stop: int) -> bool:
    """Whether a field is a word for a missing value: nan, NULL, None, N/A or -, in any case."""
    if stop - start > _LONGEST_NOTHING:
        return False
    packed = 1
    for at in range(start, stop):
        packed = (packed << 8) | lower(text[at])
    return packed in (_DASH, _NAN, _NULL, _NONE, _N_A)
