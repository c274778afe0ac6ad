"""The compiled byte parsers beneath text.py and levels.py.

Every text ends with a newline, which no number, word or time contains: it stops each of them, so none checks for the
end of the text. Most fields are read eight bytes at a time: a loop over their bytes ends where the processor does not
expect it, which costs more than the reading. Such a word may reach beyond the end, so `last_word`, where the text's
last eight bytes begin, goes along; a text has at least eight. The text goes from one to the other as a bare pointer:
passing the array would count its references at every field, which costs three times the parsing. What most fields pass
through is inlined for speed, the rest not, for the compiler's time. One module, because a cached kernel is rebuilt when
its own file changes, not when a file it calls into does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from processor.bits import leading_zeros, trailing_zeros

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Bytes: TypeAlias = NDArray[np.uint8]
    Ints: TypeAlias = NDArray[np.int64]

    def pointer_to(array: NDArray[Any]) -> NDArray[Any]:
        """Where a contiguous array's values begin; the array must outlive it."""

    def word_at(text: Bytes, at: int) -> int:
        """The eight bytes of `text` that begin at `at`, the first of them in the lowest place."""

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


KIND_SKIP: Final = 0
KIND_INTEGER: Final = 1
KIND_DECIMAL: Final = 2
KIND_WORD: Final = 3
KIND_ISO_TIME: Final = 4
KIND_SECONDS: Final = 5
KIND_ONLY: Final = 6

PRICE_SLOT: Final = 0
SIZE_SLOT: Final = 1

SOUND: Final = 0
MISSING_FIELD: Final = 1
EXTRA_FIELD: Final = 2
NOT_A_NUMBER: Final = 3
NEGATIVE: Final = 4
TOO_LARGE: Final = 5
TOO_FINE: Final = 6
NOT_A_WORD: Final = 7
NOT_A_TIME: Final = 8
OTHER: Final = 9
"""Not a fault: the row is another instrument's."""

# The fields of a word: where it begins in the words' letters, how long it is, its first eight bytes, and their mask.
START: Final = 0
LENGTH: Final = 1
HEAD: Final = 2
MASK: Final = 3
WORD_FIELDS: Final = 4

# The fields of a column's spec. A column whose ROW is -1 is not kept.
KIND: Final = 0
ROW: Final = 1
FACTOR: Final = 2
SLOT: Final = 3
SIGNED: Final = 4
IMPLIED_DECIMALS: Final = 5
MAY_BE_ABSENT: Final = 6
FIRST_WORD: Final = 7
BEYOND_WORDS: Final = 8
LIMIT: Final = 9
"""What a whole number may be at most, so that its product with the factor has room in 64 bits."""
SPEC_FIELDS: Final = 10

MAX_DECIMALS: Final = 12
ABSENT: Final = int(np.iinfo(np.int64).min)

_MAX: Final = int(np.iinfo(np.int64).max)
_MAX_TENTH: Final = _MAX // 10
_MAX_LAST_DIGIT: Final = _MAX % 10
_SAFE: Final = 10**10
"""Below it a number has room for eight more digits."""
_POWERS: Final = np.array([10**exponent for exponent in range(19)], np.int64)

_NEWLINE: Final = 10
_RETURN: Final = 13
_LAST_DIGIT: Final = 9
_SPACE: Final = 32
_QUOTE: Final = 34
_PLUS: Final = 43
_COMMA: Final = 44
_MINUS: Final = 45
_DOT: Final = 46
_ZERO: Final = 48
_COLON: Final = 58
_UPPER_T: Final = 84
_UPPER_Z: Final = 90
_OPEN: Final = 91
_CLOSE: Final = 93

_WORD_BYTES: Final = 8
_EACH_BYTE: Final = 0x0101010101010101
_ALL_BITS: Final = -1
_TOP_BITS: Final = 0x80 * _EACH_BYTE - (1 << 64)
"""The highest bit of each byte of a word."""
_ZEROS: Final = _ZERO * _EACH_BYTE
_COMMAS: Final = _COMMA * _EACH_BYTE
_NEWLINES: Final = _NEWLINE * _EACH_BYTE
_TO_TOP_BIT: Final = (0x80 - 10) * _EACH_BYTE
"""Added to a byte, it sets the highest bit of all that are above nine."""
_FOUR_DIGITS: Final = 0x000000FF000000FF
_HIGH_PAIRS: Final = 100 + (1_000_000 << 32)
_LOW_PAIRS: Final = 1 + (10_000 << 32)

_NS_PER_SECOND: Final = 1_000_000_000
_NS_DECIMALS: Final = 9
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2261
"""The last whole year whose nanoseconds since 1970 have room in 64 bits."""
_DAYS_BEFORE_FIRST_YEAR: Final = 719_162
_FEBRUARY: Final = 2


@njit(forceinline=True)
def _digit(byte: int) -> int:
    """The digit that a byte stands for; for any other byte something above nine."""
    return np.int64(byte) ^ _ZERO  # type: ignore[return-value]


@njit(forceinline=True)
def _appended(number: int, digit: int) -> int:
    """`number` with one more digit; -1 where it has no room in 64 bits, and from then on."""
    if number < 0 or number > _MAX_TENTH or (number == _MAX_TENTH and digit > _MAX_LAST_DIGIT):
        return -1
    return number * 10 + digit


@njit(forceinline=True)
def _word(text: Bytes, at: int, last_word: int) -> int:
    """Eight bytes from `at`, of which those beyond the end, after the last newline, are zero."""
    if at <= last_word:
        return word_at(text, at)
    return word_at(text, last_word) >> ((at - last_word) << 3)


@njit(forceinline=True)
def _leading_digits(word: int) -> int:
    """How many digits a word of digits' values (each byte less "0") begins with."""
    return trailing_zeros(((word + _TO_TOP_BIT) | word) & _TOP_BITS) >> 3


@njit(forceinline=True)
def _number(word: int, digits: int) -> int:
    """The number that the first 1 to 8 `digits` of a word of digits' values make."""
    word <<= (_WORD_BYTES - digits) << 3
    word = word * 10 + (word >> 8)
    return ((word & _FOUR_DIGITS) * _HIGH_PAIRS + ((word >> 16) & _FOUR_DIGITS) * _LOW_PAIRS) >> 32


@njit(forceinline=True)
def _digits(text: Bytes, at: int, last_word: int) -> tuple[int, int]:
    """The number that the digits at `at` make (-1: no room in 64 bits), and where they end."""
    word = _word(text, at, last_word) ^ _ZEROS
    digits = _leading_digits(word)
    if digits == 0:
        return 0, at
    number = _number(word, digits)
    at += digits
    if digits < _WORD_BYTES:
        return number, at
    word = _word(text, at, last_word) ^ _ZEROS
    digits = _leading_digits(word)
    if digits:
        number = number * _POWERS[digits] + _number(word, digits)
        at += digits
    digit = _digit(text[at])
    while digit <= _LAST_DIGIT:
        number = _appended(number, digit)
        at += 1
        digit = _digit(text[at])
    return number, at


@njit(forceinline=True)
def _read_integer(text: Bytes, at: int, last_word: int, factor: int, limit: int, signed: int) -> tuple[int, int, int]:
    """A whole number times `factor`: its value, where it ends, and what is wrong with it."""
    negative = text[at] == _MINUS
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
    if digits == _WORD_BYTES and _digit(text[at + 1 + digits]) <= _LAST_DIGIT:
        return _long_fraction(text, at, number)
    if digits < _WORD_BYTES:
        word &= ~(_ALL_BITS << (digits << 3))
    decimals = _WORD_BYTES - (leading_zeros(word) >> 3)
    if decimals == 0:
        return number, 0, at + 1 + digits
    if number < 0 or number >= _SAFE:
        return _long_fraction(text, at, number)
    return number * _POWERS[decimals] + _number(word, decimals), decimals, at + 1 + digits


@njit()
def _long_fraction(text: Bytes, at: int, number: int) -> tuple[int, int, int]:
    """The same, whatever its length."""
    end = at + 1
    last = end
    digit = _digit(text[end])
    while digit <= _LAST_DIGIT:
        end += 1
        if digit:
            last = end
        digit = _digit(text[end])
    decimals = last - at - 1
    for place in range(at + 1, min(last, at + 2 + MAX_DECIMALS)):
        number = _appended(number, _digit(text[place]))
    return number, decimals, end


@njit()
def _without_zeros(number: int, decimals: int) -> tuple[int, int]:
    """The same decimal with as few decimals as it needs."""
    while decimals > 0 and number % 10 == 0:
        number //= 10
        decimals -= 1
    return number, decimals


@njit()
def _fault(value: int, decimals: int, spare: int, forbidden_sign: bool) -> int:  # noqa: FBT001 - takes no keywords
    """What is wrong with a decimal that gets `spare` more digits on its scale."""
    if decimals > MAX_DECIMALS:
        return TOO_FINE
    if value < 0 or (spare > 0 and value > _MAX // _POWERS[spare]):
        return TOO_LARGE
    if forbidden_sign and value:
        return NEGATIVE
    return SOUND


@njit(forceinline=True)
def _read_decimal(
    text: Bytes, at: int, last_word: int, scale: int, signed: int, implied_decimals: int, may_be_absent: int
) -> tuple[int, int, int, int]:
    """A decimal as an integer of 10**-scale: its value, where it ends, what is wrong, and the decimals it needs.

    Where it needs more than `scale` the value means nothing. Trailing zeros need none. With `implied_decimals` the
    text is a whole number of 10**-implied_decimals. With `may_be_absent` the digits of 2**63-1 mean ABSENT.
    """
    negative = text[at] == _MINUS
    start = at + 1 if negative else at
    value, at = _digits(text, start, last_word)
    empty = at == start
    decimals = 0
    if implied_decimals:
        value, decimals = _without_zeros(value, implied_decimals)
    elif text[at] == _DOT:
        start = at + 1
        value, decimals, at = _fraction(text, at, last_word, value)
        empty = empty and at == start
    if empty:
        return 0, at, NOT_A_NUMBER, 0
    if may_be_absent and value == _MAX:
        return ABSENT, at, SOUND, 0
    spare = scale - decimals
    reason = _fault(value, decimals, spare, negative and not signed)
    if reason != SOUND:
        return 0, at, reason, 0
    if spare > 0:
        value *= _POWERS[spare]
    return -value if negative else value, at, SOUND, decimals


@njit()
def _read_seconds(text: Bytes, at: int, last_word: int) -> tuple[int, int, int]:
    """Seconds as whole nanoseconds, any finer digits left off: their value, where they end, and what is wrong."""
    start = at
    value, at = _digits(text, start, last_word)
    if at == start:
        return 0, at, NEGATIVE if text[at] == _MINUS else NOT_A_NUMBER
    if value < 0 or value > _MAX // _NS_PER_SECOND - 1:
        return 0, at, TOO_LARGE
    value *= _NS_PER_SECOND
    if text[at] == _DOT:
        at += 1
        unit = _NS_PER_SECOND
        digit = _digit(text[at])
        while digit <= _LAST_DIGIT:
            unit //= 10
            value += digit * unit
            at += 1
            digit = _digit(text[at])
    return value, at, SOUND


@njit()
def _two_digits(text: Bytes, at: int) -> int:
    """A number of two digits; -1 where they are not there."""
    tens = _digit(text[at])
    if tens > _LAST_DIGIT:
        return -1
    ones = _digit(text[at + 1])
    return tens * 10 + ones if ones <= _LAST_DIGIT else -1


@njit()
def _month_days(year: int, month: int) -> int:
    if month == _FEBRUARY:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 + (month + month // 8) % 2


@njit()
def _read_days(text: Bytes, at: int) -> int:
    """`YYYY-MM-DD` as days since 1970; -1 where there is no such date, or its nanoseconds have no room in 64 bits."""
    century = _two_digits(text, at)
    year = _two_digits(text, at + 2) if century >= 0 else -1
    month = _two_digits(text, at + 5) if year >= 0 and text[at + 4] == _MINUS else -1
    day = _two_digits(text, at + 8) if month >= 0 and text[at + 7] == _MINUS else -1
    year += century * 100
    if day < 1 or month < 1 or month > 12 or year < _FIRST_YEAR or year > _LAST_YEAR:  # noqa: PLR2004 - the calendar
        return -1
    if day > _month_days(year, month):
        return -1
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400 - _DAYS_BEFORE_FIRST_YEAR
    for earlier in range(1, month):
        days += _month_days(year, earlier)
    return days + day - 1


@njit()
def _read_second_of_day(text: Bytes, at: int) -> int:
    """`hh:mm:ss` in seconds; -1 where there is no such time."""
    hour = _two_digits(text, at)
    minute = _two_digits(text, at + 3) if hour >= 0 and text[at + 2] == _COLON else -1
    second = _two_digits(text, at + 6) if minute >= 0 and text[at + 5] == _COLON else -1
    if second < 0 or second > 59 or minute > 59 or hour > 23:  # noqa: PLR2004 - the clock
        return -1
    return hour * 3600 + minute * 60 + second


@njit()
def _zone_end(text: Bytes, at: int) -> int:
    """Where `Z`, `+00:00` or nothing ends; -1 for another zone."""
    if text[at] == _UPPER_Z:
        return at + 1
    if text[at] == _PLUS:
        utc = _two_digits(text, at + 1) == 0 and text[at + 3] == _COLON and _two_digits(text, at + 4) == 0
        return at + 6 if utc else -1
    return at


@njit()
def _read_iso_time(text: Bytes, at: int, last_word: int) -> tuple[int, int, int]:
    """`YYYY-MM-DDThh:mm:ss[.fffffffff]` in UTC as ns since 1970: its value, where it ends, and what is wrong."""
    days = _read_days(text, at)
    if days < 0 or (text[at + 10] != _UPPER_T and text[at + 10] != _SPACE):
        return 0, at, NOT_A_TIME
    second = _read_second_of_day(text, at + 11)
    if second < 0:
        return 0, at, NOT_A_TIME
    end = at + 19
    fraction = 0
    if text[end] == _DOT:
        start = end + 1
        fraction, end = _digits(text, start, last_word)
        if end == start or end - start > _NS_DECIMALS:
            return 0, at, NOT_A_TIME
        fraction *= _POWERS[_NS_DECIMALS - (end - start)]
    end = _zone_end(text, end)
    if end < 0:
        return 0, at, NOT_A_TIME
    return (days * 86_400 + second) * _NS_PER_SECOND + fraction, end, SOUND


@njit(forceinline=True)
def _is_field_end(byte: int) -> bool:
    return byte == _COMMA or byte == _NEWLINE or byte == _RETURN  # noqa: PLR1714 - a tuple would be searched


@njit(forceinline=True)
def _read_word(
    text: Bytes, at: int, last_word: int, letters: Bytes, words: Ints, first: int, beyond: int
) -> tuple[int, int, int]:
    """Which of the words first to beyond-1 stands at `at` (counted from `first`), where it ends, and what is wrong."""
    begin = _word(text, at, last_word)
    found = beyond
    end = at
    for candidate in range(first, beyond):
        word = candidate * WORD_FIELDS
        length = words[word + LENGTH]
        if (
            (begin & words[word + MASK]) == words[word + HEAD]
            and (length <= _WORD_BYTES or _is_rest(text, at, letters, words[word + START], length))
            and _is_field_end(text[at + length])
        ):
            found = candidate
            end = at + length
    return found - first, end, NOT_A_WORD if found == beyond else SOUND


@njit()
def _is_rest(text: Bytes, at: int, letters: Bytes, start: int, length: int) -> bool:
    """Whether what follows the first eight bytes is that of the word, too."""
    matched = _WORD_BYTES
    while matched < length and text[at + matched] == letters[start + matched]:
        matched += 1
    return matched == length


@njit(forceinline=True)
def _field_end(text: Bytes, at: int, last_word: int) -> int:
    while at <= last_word:
        word = word_at(text, at)
        commas, newlines = word ^ _COMMAS, word ^ _NEWLINES
        ends = (((commas - _EACH_BYTE) & ~commas) | ((newlines - _EACH_BYTE) & ~newlines)) & _TOP_BITS
        if ends:
            return at + (trailing_zeros(ends) >> 3)
        at += _WORD_BYTES
    while text[at] != _COMMA and text[at] != _NEWLINE:
        at += 1
    return at


@njit(forceinline=True)
def _next_line(text: Bytes, at: int) -> int:
    while text[at] != _NEWLINE:
        at += 1
    return at + 1


@njit(forceinline=True)
def _read_field(
    text: Bytes, at: int, last_word: int, specs: Ints, spec: int, letters: Bytes, words: Ints, scales: Ints
) -> tuple[int, int, int, int]:
    """One field by its column's `spec`: value, where it ends, what is wrong, and the decimals it needs."""
    kind = specs[spec + KIND]
    if kind == KIND_SKIP:
        return 0, _field_end(text, at, last_word), SOUND, 0
    if _is_field_end(text[at]):
        if kind == KIND_ONLY:
            return 0, at, OTHER, 0
        return ABSENT, at, SOUND if specs[spec + MAY_BE_ABSENT] else MISSING_FIELD, 0
    if kind == KIND_DECIMAL:
        scale = scales[specs[spec + SLOT]]
        return _read_decimal(
            text,
            at,
            last_word,
            scale,
            specs[spec + SIGNED],
            specs[spec + IMPLIED_DECIMALS],
            specs[spec + MAY_BE_ABSENT],
        )
    if kind == KIND_INTEGER:
        value, end, reason = _read_integer(
            text, at, last_word, specs[spec + FACTOR], specs[spec + LIMIT], specs[spec + SIGNED]
        )
    elif kind == KIND_ISO_TIME:
        value, end, reason = _read_iso_time(text, at, last_word)
    elif kind == KIND_SECONDS:
        value, end, reason = _read_seconds(text, at, last_word)
    else:
        value, end, reason = _read_word(
            text, at, last_word, letters, words, specs[spec + FIRST_WORD], specs[spec + BEYOND_WORDS]
        )
        if kind == KIND_ONLY and reason == NOT_A_WORD:
            reason = OTHER
    return value, end, reason, 0


@njit()
def _judged_by_fields(text: Bytes, at: int, column: int, last: int) -> tuple[int, int]:
    """Of a row that another instrument's name stands in: whether it has all fields, and at which column it has not."""
    while text[at] != _NEWLINE:
        column += text[at] == _COMMA
        at += 1
    if column < last:
        return MISSING_FIELD, column + 1
    return (OTHER, last) if column == last else (EXTRA_FIELD, last)


@njit(forceinline=True)
def _after_field(text: Bytes, at: int, kind: int, is_last: bool) -> tuple[int, int]:  # noqa: FBT001 - no keywords
    """What is wrong with what follows a value at `at`, and where the next field or, after the last, the newline is."""
    if is_last:
        if text[at] == _RETURN:
            at += 1
        if text[at] == _NEWLINE:
            return SOUND, at
        if text[at] == _COMMA:
            return EXTRA_FIELD, at
    else:
        if text[at] == _COMMA:
            return SOUND, at + 1
        if text[at] == _NEWLINE or text[at] == _RETURN:
            return MISSING_FIELD, at
    return NOT_A_TIME if kind == KIND_ISO_TIME else NOT_A_NUMBER, at


@njit(forceinline=True)
def _repeated(
    text: Bytes,
    above: int,
    at: int,
    last_word: int,
    ends: Ints,
    last: int,
    specs: Ints,
    values: Ints,
    room: int,
    row: int,
) -> int:
    """How many fields at `at` are those of the row above, which begins at `above`; their values are repeated.

    `ends` says where the row above has its fields' ends, commas included. Never the last field, which has no comma.
    """
    same = 0
    most = ends[last - 1]
    while same < most and at + same <= last_word:
        differing = word_at(text, above + same) ^ word_at(text, at + same)
        if differing:
            same += trailing_zeros(differing) >> 3
            break
        same += _WORD_BYTES
    column = 0
    while column < last and ends[column] <= same:
        kept = specs[column * SPEC_FIELDS + ROW]
        if kept >= 0:
            values[kept * room + row] = values[kept * room + row - 1]
        column += 1
    return column


@njit(cache=True, nogil=True)
def parse_lines(  # noqa: C901, PLR0915 - one loop: every call in it is felt
    buffer: Bytes,
    specs: Ints,
    letters: Bytes,
    words: Ints,
    decimals: Ints,
    values: Ints,
    lines: Ints,
    bad: Ints,
    needed: Ints,
    ends: Ints,
    first_line: int,
) -> tuple[int, int]:
    """Parse every line of `buffer` by the `specs` of its columns, a row each, on scales of these `decimals`.

    `words` (WORD_FIELDS each) of these `letters` read as their numbers within their columns. Fills `values` (read
    columns, rows), `lines` (of each row, the buffer beginning with `first_line`) and `bad` (line, reason, column, and
    where the field starts and ends, of as many bad rows as have room) and raises `needed` over `decimals` where the
    good rows need it. `ends` is scratch, a number a column. Blank lines are no rows. Returns how many rows are good and
    how many bad.

    Rows often begin as the row above does, up to the first number that is new: those fields are not read again.
    """
    text = pointer_to(buffer)
    letters_at = pointer_to(letters)
    words_at = pointer_to(words)
    specs_at = pointer_to(specs)
    values_at = pointer_to(values)
    room = values.shape[1]
    scales = pointer_to(decimals)
    last_word = len(buffer) - _WORD_BYTES
    last = len(specs) // SPEC_FIELDS - 1
    ends_at = pointer_to(ends)
    row_needed = np.zeros(2, np.int64)
    at = 0
    line = first_line
    good = 0
    faulty = 0
    above = -1
    while at < len(buffer):
        begin = at
        blank = text[at] == _NEWLINE or (text[at] == _RETURN and text[at + 1] == _NEWLINE)
        reason = OTHER if blank else SOUND
        row_needed[:] = 0
        start = at
        column = 0
        if above >= 0 and last:
            column = _repeated(text, above, begin, last_word, ends_at, last, specs_at, values_at, room, good)
            if column:
                at = begin + ends_at[column - 1]
        while reason == SOUND and column <= last:
            start = at
            spec = column * SPEC_FIELDS
            value, at, reason, value_decimals = _read_field(
                text, at, last_word, specs_at, spec, letters_at, words_at, scales
            )
            if reason == OTHER:
                reason, column = _judged_by_fields(text, start, column, last)
            if reason != SOUND:
                break
            row = specs_at[spec + ROW]
            if row >= 0:
                values_at[row * room + good] = value
                slot = specs_at[spec + SLOT]
                row_needed[slot] = max(row_needed[slot], value_decimals)
            reason, at = _after_field(text, at, specs_at[spec + KIND], column == last)
            if reason == SOUND:
                ends_at[column] = at - begin
                column += 1
            elif reason == MISSING_FIELD:
                column += 1
                start = at
        above = -1
        if reason == SOUND:
            above = begin
            lines[good] = line
            good += 1
            needed[PRICE_SLOT] = max(needed[PRICE_SLOT], row_needed[PRICE_SLOT])
            needed[SIZE_SLOT] = max(needed[SIZE_SLOT], row_needed[SIZE_SLOT])
        elif reason != OTHER:
            if faulty < len(bad):
                bad[faulty, 0] = line
                bad[faulty, 1] = reason
                bad[faulty, 2] = column
                bad[faulty, 3] = start
                bad[faulty, 4] = _field_end(text, start, last_word)
            faulty += 1
        at = _next_line(text, at)
        line += 1
    return good, faulty


@njit(forceinline=True)
def _skip_spaces(text: Bytes, at: int) -> int:
    while text[at] == _SPACE:
        at += 1
    return at


@njit(forceinline=True)
def _read_quoted(text: Bytes, at: int, last_word: int, scale: int, signed: int) -> tuple[int, int, int, int]:
    """`"decimal"` and the spaces around it: value, where they end, what is wrong, and the decimals it needs."""
    at = _skip_spaces(text, at)
    if text[at] != _QUOTE:
        return 0, at, NOT_A_NUMBER, 0
    value, at, reason, decimals = _read_decimal(text, at + 1, last_word, scale, signed, 0, 0)
    if reason != SOUND:
        return 0, at, reason, 0
    if text[at] != _QUOTE:
        return 0, at, NOT_A_NUMBER, 0
    return value, _skip_spaces(text, at + 1), SOUND, decimals


@njit(forceinline=True)
def _read_level(text: Bytes, at: int, last_word: int, scales: Ints, level: Ints) -> tuple[int, int]:
    """`["price","size"]` into `level` (price, size, the decimals each needs): where it ends, and what is wrong."""
    if text[at] != _OPEN:
        return at, NOT_A_NUMBER
    level[0], at, reason, level[2] = _read_quoted(text, at + 1, last_word, scales[PRICE_SLOT], 1)
    if reason != SOUND:
        return at, reason
    if text[at] != _COMMA:
        return at, NOT_A_NUMBER
    level[1], at, reason, level[3] = _read_quoted(text, at + 1, last_word, scales[SIZE_SLOT], 0)
    if reason != SOUND:
        return at, reason
    if text[at] != _CLOSE:
        return at, NOT_A_NUMBER
    return _skip_spaces(text, at + 1), SOUND


@njit(cache=True, nogil=True)
def parse_levels(
    buffer: Bytes,
    starts: Ints,
    decimals: Ints,
    prices: Ints,
    sizes: Ints,
    counts: Ints,
    reasons: Ints,
    needed: Ints,
) -> int:
    """Parse lists of `["price","size"]`, one list from each of `starts`, all of them valid JSON.

    Fills `prices` and `sizes` one list after the other, `counts` (levels of each list, none if it is faulty),
    `reasons` (what is wrong with each list) and raises `needed` over `decimals`. Returns the number of levels.
    """
    text = pointer_to(buffer)
    last_word = len(buffer) - _WORD_BYTES
    scales = pointer_to(decimals)
    found = np.zeros(4, np.int64)
    level_fields = pointer_to(found)
    level = 0
    for number in range(len(starts)):
        first = level
        list_needed_price = 0
        list_needed_size = 0
        at = starts[number]
        reason = SOUND if text[at] == _OPEN else NOT_A_NUMBER
        at = _skip_spaces(text, at + 1) if reason == SOUND else at
        while reason == SOUND and text[at] != _CLOSE:
            at, reason = _read_level(text, at, last_word, scales, level_fields)
            prices[level], sizes[level] = found[0], found[1]
            list_needed_price = max(list_needed_price, found[2])
            list_needed_size = max(list_needed_size, found[3])
            level += 1
            if text[at] == _COMMA:
                at = _skip_spaces(text, at + 1)
        if reason == SOUND:
            needed[PRICE_SLOT] = max(needed[PRICE_SLOT], list_needed_price)
            needed[SIZE_SLOT] = max(needed[SIZE_SLOT], list_needed_size)
        else:
            level = first
        reasons[number] = reason
        counts[number] = level - first
    return level
