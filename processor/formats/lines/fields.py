"""The compiled readers of one field in its usual form: without spaces, quotes, exponents or float noise.

Every text ends with a newline, which no number, word or time contains: it stops each reader, so none checks for the
end of the text. Most fields are read eight bytes at a time: a loop over single bytes ends where the processor does not
expect it, which costs more than the reading. Such a word may reach beyond the end, so `last_word`, the start of the
text's last eight bytes, is passed along; a text has at least eight. The text is passed as a bare pointer: passing the
array would count its references at every field, which costs three times the parsing. Code on the path of most fields
is inlined for speed; other code is not, to save compile time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import types
from numba.extending import intrinsic

from processor.core.bits import leading_zeros, trailing_zeros
from processor.formats.lines.specs import (
    ABSENT,
    BEYOND_WORDS,
    COLON,
    COMMA,
    DOT,
    FACTOR,
    FIRST_WORD,
    HEAD,
    IMPLIED_DECIMALS,
    KIND,
    KIND_DECIMAL,
    KIND_INTEGER,
    KIND_ISO_TIME,
    KIND_ONLY,
    KIND_SECONDS,
    KIND_SKIP,
    LAST_DIGIT,
    LENGTH,
    LIMIT,
    MASK,
    MAX_DECIMALS,
    MAY_BE_ABSENT,
    MINUS,
    MISSING_FIELD,
    MOST,
    MOST_DECIMALS,
    NEGATIVE,
    NEWLINE,
    NOT_A_NUMBER,
    NOT_A_TIME,
    NOT_A_WORD,
    OTHER,
    PLUS,
    QUOTE,
    RETURN,
    SIGNED,
    SLOT,
    SOUND,
    SPACE,
    START,
    TAB,
    TOO_FINE,
    TOO_LARGE,
    UPPER_T,
    UPPER_Z,
    WORD_BYTES,
    WORD_FIELDS,
    ZERO,
)
from processor.with_numba import njit

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Bytes: TypeAlias = NDArray[np.uint8]
    Ints: TypeAlias = NDArray[np.int64]

    def pointer_to(array: NDArray[Any]) -> NDArray[Any]:
        """A pointer to the values of a contiguous array; the array must outlive the pointer."""

    def word_at(text: Bytes, at: int) -> int:
        """The eight bytes of `text` from `at` on as a little-endian number."""

else:

    @intrinsic
    def pointer_to(_context, array):  # noqa: ANN001, ANN201, D103 - typed above
        def generate(context, builder, _signature, arguments):  # noqa: ANN001, ANN202 - numba's protocol
            return context.make_array(array)(context, builder, arguments[0]).data

        return types.CPointer(array.dtype)(array), generate

    @intrinsic
    def word_at(_context, text, _at):  # noqa: ANN001, ANN201, D103 - typed above
        def generate(context, builder, _signature, arguments):  # noqa: ANN001, ANN202 - numba's protocol
            word = context.get_value_type(types.int64)
            place = builder.bitcast(builder.gep(arguments[0], [arguments[1]]), word.as_pointer())
            return builder.load(place, align=1, typ=word)

        return types.int64(text, types.int64), generate


_MAX_TENTH: Final = MOST // 10
_MAX_LAST_DIGIT: Final = MOST % 10
_SAFE: Final = 10**10
"""A number below this value has room for eight more digits."""
POWERS: Final = np.array([10**exponent for exponent in range(19)], np.int64)

_EACH_BYTE: Final = 0x0101010101010101
_ALL_BITS: Final = -1
_TOP_BITS: Final = 0x80 * _EACH_BYTE - (1 << 64)
"""The highest bit of each byte of a word."""
_ZEROS: Final = ZERO * _EACH_BYTE
_COMMAS: Final = COMMA * _EACH_BYTE
_NEWLINES: Final = NEWLINE * _EACH_BYTE
_TO_TOP_BIT: Final = (0x80 - 10) * _EACH_BYTE
"""Added to a word of digit values, it sets the highest bit of each byte above nine."""
_FIRST_NOISY: Final = 10**15
_BEYOND_NOISY: Final = 10**17
NOISY_DECIMALS: Final = 8
"""A number with 16 or 17 digits and more decimals than this may be the result of floating-point arithmetic."""
_FOUR_DIGITS: Final = 0x000000FF000000FF
_HIGH_PAIRS: Final = 100 + (1_000_000 << 32)
_LOW_PAIRS: Final = 1 + (10_000 << 32)

NS_PER_SECOND: Final = 1_000_000_000
NS_DECIMALS: Final = 9
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2261
"""The last full year whose nanoseconds since 1970 fit into 64 bits."""
_DAYS_BEFORE_FIRST_YEAR: Final = 719_162
_FEBRUARY: Final = 2


@njit(forceinline=True)
def digit_of(byte: int) -> int:
    """The digit of a byte; a value above nine for any other byte."""
    return np.int64(byte) ^ ZERO  # type: ignore[return-value]


@njit(forceinline=True)
def appended(number: int, digit: int) -> int:
    """`number` with one more digit; -1 if it does not fit into 64 bits, and for every digit after that."""
    if number < 0 or number > _MAX_TENTH or (number == _MAX_TENTH and digit > _MAX_LAST_DIGIT):
        return -1
    return number * 10 + digit


@njit(forceinline=True)
def _word(text: Bytes, at: int, last_word: int) -> int:
    """Eight bytes from `at` on; bytes beyond the end of the text are zero."""
    if at <= last_word:
        return word_at(text, at)
    return word_at(text, last_word) >> ((at - last_word) << 3)


@njit(forceinline=True)
def _leading_digits(word: int) -> int:
    """How many digits a word of digit values (each byte less "0") starts with."""
    return trailing_zeros(((word + _TO_TOP_BIT) | word) & _TOP_BITS) >> 3


@njit(forceinline=True)
def _number(word: int, digits: int) -> int:
    """The number made of the first 1 to 8 `digits` of a word of digit values."""
    word <<= (WORD_BYTES - digits) << 3
    word = word * 10 + (word >> 8)
    return ((word & _FOUR_DIGITS) * _HIGH_PAIRS + ((word >> 16) & _FOUR_DIGITS) * _LOW_PAIRS) >> 32


@njit(forceinline=True)
def _digits(text: Bytes, at: int, last_word: int) -> tuple[int, int]:
    """The number made of the digits at `at` (-1: it does not fit into 64 bits), and their end."""
    word = _word(text, at, last_word) ^ _ZEROS
    digits = _leading_digits(word)
    if digits == 0:
        return 0, at
    number = _number(word, digits)
    at += digits
    if digits < WORD_BYTES:
        return number, at
    word = _word(text, at, last_word) ^ _ZEROS
    digits = _leading_digits(word)
    if digits:
        number = number * POWERS[digits] + _number(word, digits)
        at += digits
    digit = digit_of(text[at])
    while digit <= LAST_DIGIT:
        number = appended(number, digit)
        at += 1
        digit = digit_of(text[at])
    return number, at


@njit(forceinline=True)
def _read_integer(text: Bytes, at: int, last_word: int, factor: int, limit: int, signed: int) -> tuple[int, int, int]:
    """A whole number times `factor`: its value, its end, and its fault."""
    negative = text[at] == MINUS
    start = at + 1 if negative else at
    value, at = _digits(text, start, last_word)
    if at == start:
        return 0, at, NOT_A_NUMBER
    if value < 0 or value > limit:
        return 0, at, TOO_LARGE
    value *= factor
    if negative:
        return -value, at, SOUND if signed or value == 0 else NEGATIVE
    return value, at, SOUND


@njit(forceinline=True)
def _fraction(text: Bytes, at: int, last_word: int, number: int) -> tuple[int, int, int]:
    """The digits after a point at `at` but for trailing zeros: `number` with them appended, how many, their end."""
    word = _word(text, at + 1, last_word) ^ _ZEROS
    digits = _leading_digits(word)
    if digits == WORD_BYTES and digit_of(text[at + 1 + digits]) <= LAST_DIGIT:
        return _long_fraction(text, at, number)
    if digits < WORD_BYTES:
        word &= ~(_ALL_BITS << (digits << 3))
    decimals = WORD_BYTES - (leading_zeros(word) >> 3)
    if decimals == 0:
        return number, 0, at + 1 + digits
    if number < 0 or number >= _SAFE:
        return _long_fraction(text, at, number)
    return number * POWERS[decimals] + _number(word, decimals), decimals, at + 1 + digits


@njit()
def _long_fraction(text: Bytes, at: int, number: int) -> tuple[int, int, int]:
    """As `_fraction`, for any length; a number that may have float noise has too many decimals for this function."""
    end = at + 1
    last = end
    digit = digit_of(text[end])
    while digit <= LAST_DIGIT:
        end += 1
        if digit:
            last = end
        digit = digit_of(text[end])
    decimals = last - at - 1
    for place in range(at + 1, min(last, at + 2 + MAX_DECIMALS)):
        number = appended(number, digit_of(text[place]))
    if decimals > NOISY_DECIMALS and _FIRST_NOISY <= number < _BEYOND_NOISY:
        decimals = MAX_DECIMALS + 1
    return number, decimals, end


@njit()
def without_zeros(number: int, decimals: int) -> tuple[int, int]:
    """The same decimal with as few decimals as it needs."""
    while decimals > 0 and number % 10 == 0:
        number //= 10
        decimals -= 1
    return number, decimals


@njit()
def fault_of(value: int, decimals: int, most_decimals: int, spare: int, forbidden_sign: bool) -> int:  # noqa: FBT001 - takes no keywords
    """The fault of a decimal that gets `spare` more digits on its scale."""
    if decimals > most_decimals:
        return TOO_FINE
    if value < 0 or (spare > 0 and value > MOST // POWERS[spare]):
        return TOO_LARGE
    if forbidden_sign and value:
        return NEGATIVE
    return SOUND


@njit(forceinline=True)
def read_decimal(
    text: Bytes,
    at: int,
    last_word: int,
    scale: int,
    signed: int,
    implied_decimals: int,
    most_decimals: int,
    may_be_absent: int,
) -> tuple[int, int, int, int]:
    """A decimal as an integer of 10**-scale: its value, its end, its fault, and the decimals it needs.

    If it needs more than `scale`, the value has no meaning. Trailing zeros need none. With `implied_decimals` the
    text is a whole number of 10**-implied_decimals. With `may_be_absent` the digits of 2**63-1 mean ABSENT.
    """
    negative = text[at] == MINUS
    start = at + 1 if negative else at
    value, at = _digits(text, start, last_word)
    empty = at == start
    decimals = 0
    if implied_decimals:
        value, decimals = without_zeros(value, implied_decimals)
    elif text[at] == DOT:
        start = at + 1
        value, decimals, at = _fraction(text, at, last_word, value)
        empty = empty and at == start
    if empty:
        return 0, at, NOT_A_NUMBER, 0
    if may_be_absent and value == MOST:
        return ABSENT, at, SOUND, 0
    spare = scale - decimals
    reason = fault_of(value, decimals, most_decimals, spare, negative and not signed)
    if reason != SOUND:
        return 0, at, reason, 0
    if spare > 0:
        value *= POWERS[spare]
    return -value if negative else value, at, SOUND, decimals


@njit()
def _read_seconds(text: Bytes, at: int, last_word: int) -> tuple[int, int, int]:
    """Seconds as whole nanoseconds, without finer digits: value, end, and fault."""
    start = at
    value, at = _digits(text, start, last_word)
    if at == start:
        return 0, at, NEGATIVE if text[at] == MINUS else NOT_A_NUMBER
    if value < 0 or value > MOST // NS_PER_SECOND - 1:
        return 0, at, TOO_LARGE
    value *= NS_PER_SECOND
    if text[at] == DOT:
        at += 1
        unit = NS_PER_SECOND
        digit = digit_of(text[at])
        while digit <= LAST_DIGIT:
            unit //= 10
            value += digit * unit
            at += 1
            digit = digit_of(text[at])
    return value, at, SOUND


@njit()
def two_digits(text: Bytes, at: int) -> int:
    """A number of two digits; -1 if these are not two digits."""
    tens = digit_of(text[at])
    if tens > LAST_DIGIT:
        return -1
    ones = digit_of(text[at + 1])
    return tens * 10 + ones if ones <= LAST_DIGIT else -1


@njit()
def month_days(year: int, month: int) -> int:
    """The days of a month of the Gregorian calendar."""
    if month == _FEBRUARY:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 + (month + month // 8) % 2


@njit()
def days_of(year: int, month: int, day: int) -> int:
    """The days from 1970-01-01 to a date; -1 if the date does not exist, or its nanoseconds do not fit into 64 bits."""
    if day < 1 or month < 1 or month > 12 or year < _FIRST_YEAR or year > _LAST_YEAR:  # noqa: PLR2004 - the calendar
        return -1
    if day > month_days(year, month):
        return -1
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400 - _DAYS_BEFORE_FIRST_YEAR
    for earlier in range(1, month):
        days += month_days(year, earlier)
    return days + day - 1


@njit()
def second_of_day(hour: int, minute: int, second: int) -> int:
    """A time of day in seconds; -1 if it does not exist."""
    if hour < 0 or minute < 0 or second < 0 or hour > 23 or minute > 59 or second > 59:  # noqa: PLR2004 - the clock
        return -1
    return hour * 3600 + minute * 60 + second


@njit()
def _read_days(text: Bytes, at: int) -> int:
    """`YYYY-MM-DD` as days since 1970; -1 if the date does not exist."""
    century = two_digits(text, at)
    year = two_digits(text, at + 2) if century >= 0 else -1
    month = two_digits(text, at + 5) if year >= 0 and text[at + 4] == MINUS else -1
    day = two_digits(text, at + 8) if month >= 0 and text[at + 7] == MINUS else -1
    return days_of(century * 100 + year, month, day)


@njit()
def _read_second_of_day(text: Bytes, at: int) -> int:
    """`hh:mm:ss` in seconds; -1 if the time does not exist."""
    hour = two_digits(text, at)
    minute = two_digits(text, at + 3) if hour >= 0 and text[at + 2] == COLON else -1
    second = two_digits(text, at + 6) if minute >= 0 and text[at + 5] == COLON else -1
    return second_of_day(hour, minute, second)


@njit()
def _zone_end(text: Bytes, at: int) -> int:
    """The end of `Z`, `+00:00` or nothing; -1 for another zone."""
    if text[at] == UPPER_Z:
        return at + 1
    if text[at] == PLUS:
        utc = two_digits(text, at + 1) == 0 and text[at + 3] == COLON and two_digits(text, at + 4) == 0
        return at + 6 if utc else -1
    return at


@njit()
def read_iso_time(text: Bytes, at: int, last_word: int) -> tuple[int, int, int]:
    """`YYYY-MM-DDThh:mm:ss[.fffffffff]` in UTC as ns since 1970: value, end, and fault."""
    days = _read_days(text, at)
    if days < 0 or (text[at + 10] != UPPER_T and text[at + 10] != SPACE):
        return 0, at, NOT_A_TIME
    second = _read_second_of_day(text, at + 11)
    if second < 0:
        return 0, at, NOT_A_TIME
    end = at + 19
    fraction = 0
    if text[end] == DOT:
        start = end + 1
        fraction, end = _digits(text, start, last_word)
        if end == start or end - start > NS_DECIMALS:
            return 0, at, NOT_A_TIME
        fraction *= POWERS[NS_DECIMALS - (end - start)]
    end = _zone_end(text, end)
    if end < 0:
        return 0, at, NOT_A_TIME
    return (days * 86_400 + second) * NS_PER_SECOND + fraction, end, SOUND


@njit(forceinline=True)
def _is_field_end(byte: int) -> bool:
    return byte == COMMA or byte == NEWLINE or byte == RETURN  # noqa: PLR1714 - a tuple would be searched


@njit(forceinline=True)
def _read_word(
    text: Bytes, at: int, last_word: int, letters: Bytes, words: Ints, first: int, beyond: int
) -> tuple[int, int, int]:
    """The number, from `first`, of the word (first to beyond-1) at `at`, its end, and its fault."""
    begin = _word(text, at, last_word)
    found = beyond
    end = at
    for candidate in range(first, beyond):
        word = candidate * WORD_FIELDS
        length = words[word + LENGTH]
        if (
            (begin & words[word + MASK]) == words[word + HEAD]
            and (length <= WORD_BYTES or _is_rest(text, at, letters, words[word + START], length))
            and _is_field_end(text[at + length])
        ):
            found = candidate
            end = at + length
    return found - first, end, NOT_A_WORD if found == beyond else SOUND


@njit()
def _is_rest(text: Bytes, at: int, letters: Bytes, start: int, length: int) -> bool:
    """Whether the bytes after the first eight also match the word."""
    matched = WORD_BYTES
    while matched < length and text[at + matched] == letters[start + matched]:
        matched += 1
    return matched == length


@njit(forceinline=True)
def field_end(text: Bytes, at: int, last_word: int) -> int:
    """The position of the next comma, or of a newline before it."""
    while at <= last_word:
        word = word_at(text, at)
        commas, newlines = word ^ _COMMAS, word ^ _NEWLINES
        ends = (((commas - _EACH_BYTE) & ~commas) | ((newlines - _EACH_BYTE) & ~newlines)) & _TOP_BITS
        if ends:
            return at + (trailing_zeros(ends) >> 3)
        at += WORD_BYTES
    while text[at] != COMMA and text[at] != NEWLINE:
        at += 1
    return at


@njit(forceinline=True)
def is_odd(byte: int) -> bool:
    """Whether a field that starts with this byte may be in quotes, and so contain commas."""
    return byte == QUOTE or byte == SPACE or byte == TAB  # noqa: PLR1714 - a tuple would be searched


@njit(forceinline=True)
def next_line(text: Bytes, at: int) -> int:
    """The position after the next newline."""
    while text[at] != NEWLINE:
        at += 1
    return at + 1


@njit(forceinline=True)
def read_field(
    text: Bytes, at: int, last_word: int, specs: Ints, spec: int, letters: Bytes, words: Ints, scales: Ints
) -> tuple[int, int, int, int]:
    """One field by its column's `spec`: value, end, fault, and the decimals it needs."""
    kind = specs[spec + KIND]
    if kind == KIND_SKIP:
        return 0, field_end(text, at, last_word), NOT_A_WORD if is_odd(text[at]) else SOUND, 0
    if _is_field_end(text[at]):
        return ABSENT, at, SOUND if specs[spec + MAY_BE_ABSENT] else MISSING_FIELD, 0
    if kind == KIND_DECIMAL:
        scale = scales[specs[spec + SLOT]]
        return read_decimal(
            text,
            at,
            last_word,
            scale,
            specs[spec + SIGNED],
            specs[spec + IMPLIED_DECIMALS],
            specs[spec + MOST_DECIMALS],
            specs[spec + MAY_BE_ABSENT],
        )
    if kind == KIND_INTEGER:
        value, end, reason = _read_integer(
            text, at, last_word, specs[spec + FACTOR], specs[spec + LIMIT], specs[spec + SIGNED]
        )
    elif kind == KIND_ISO_TIME:
        value, end, reason = read_iso_time(text, at, last_word)
    elif kind == KIND_SECONDS:
        value, end, reason = _read_seconds(text, at, last_word)
    else:
        value, end, reason = _read_word(
            text, at, last_word, letters, words, specs[spec + FIRST_WORD], specs[spec + BEYOND_WORDS]
        )
        if kind == KIND_ONLY and reason == NOT_A_WORD:
            reason = OTHER
    return value, end, reason, 0
