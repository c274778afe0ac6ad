"""The compiled byte parsers beneath text.py and levels.py.

Every text ends with a newline, which no number, word or time contains: it stops each of them, so none checks for the
end of the text. The text goes from one to the other as a bare pointer: passing the array would count its references
at every field, which costs three times the parsing. What most fields pass through is inlined for speed, the rest not,
for the compiler's time. One module, because a cached kernel is rebuilt when its own file changes, not when a file it
calls into does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Bytes: TypeAlias = NDArray[np.uint8]
    Ints: TypeAlias = NDArray[np.int64]
    Spec: TypeAlias = Any

    def pointer_to(array: NDArray[Any]) -> NDArray[Any]:
        """Where a contiguous array's values begin; the array must outlive it."""

else:

    @intrinsic
    def pointer_to(_context, array):  # noqa: ANN001, ANN201, D103 - typed above
        def generate(context, builder, _signature, arguments):  # noqa: ANN001, ANN202 - numba's protocol
            return context.make_array(array)(context, builder, arguments[0]).data

        return types.CPointer(array.dtype)(array), generate


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

SPEC: Final = np.dtype(
    [
        (name, np.int64)
        for name in (
            "kind",
            "row",  # of the values; -1: not kept
            "factor",
            "slot",
            "signed",
            "implied_decimals",
            "may_be_absent",
            "first_word",
            "beyond_words",
        )
    ]
)
"""One column of a layout, as the kernel reads it."""

MAX_DECIMALS: Final = 12
ABSENT: Final = int(np.iinfo(np.int64).min)

_MAX: Final = int(np.iinfo(np.int64).max)
_MAX_TENTH: Final = _MAX // 10
_MAX_LAST_DIGIT: Final = _MAX % 10
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
def _digits(text: Bytes, at: int, number: int) -> tuple[int, int]:
    """`number` with the digits at `at` appended (-1: no room in 64 bits), and where they end."""
    digit = _digit(text[at])
    while digit <= _LAST_DIGIT:
        number = _appended(number, digit)
        at += 1
        digit = _digit(text[at])
    return number, at


@njit(forceinline=True)
def _read_integer(text: Bytes, at: int, factor: int, signed: int) -> tuple[int, int, int]:
    """A whole number times `factor`: its value, where it ends, and what is wrong with it."""
    negative = text[at] == _MINUS
    start = at + 1 if negative else at
    value, at = _digits(text, start, 0)
    if at == start:
        return 0, at, NOT_A_NUMBER
    if value < 0 or value > _MAX // factor:
        return 0, at, TOO_LARGE
    value *= factor
    if negative:
        return -value, at, SOUND if signed or value == 0 else NEGATIVE
    return value, at, SOUND


@njit(forceinline=True)
def _fraction(text: Bytes, at: int, number: int) -> tuple[int, int, int]:
    """The digits after a point at `at` but for trailing zeros: `number` with them appended, how many, their end."""
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
    text: Bytes, at: int, scale: int, signed: int, implied_decimals: int, may_be_absent: int
) -> tuple[int, int, int, int]:
    """A decimal as an integer of 10**-scale: its value, where it ends, what is wrong, and the decimals it needs.

    Where it needs more than `scale` the value means nothing. Trailing zeros need none. With `implied_decimals` the
    text is a whole number of 10**-implied_decimals. With `may_be_absent` the digits of 2**63-1 mean ABSENT.
    """
    negative = text[at] == _MINUS
    start = at + 1 if negative else at
    value, at = _digits(text, start, 0)
    empty = at == start
    decimals = 0
    if implied_decimals:
        value, decimals = _without_zeros(value, implied_decimals)
    elif text[at] == _DOT:
        start = at + 1
        value, decimals, at = _fraction(text, at, value)
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
def _read_seconds(text: Bytes, at: int) -> tuple[int, int, int]:
    """Seconds as whole nanoseconds, any finer digits left off: their value, where they end, and what is wrong."""
    start = at
    value, at = _digits(text, start, 0)
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
def _read_iso_time(text: Bytes, at: int) -> tuple[int, int, int]:
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
        fraction, end = _digits(text, start, 0)
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
def _read_word(text: Bytes, at: int, words: Bytes, bounds: Ints, first: int, beyond: int) -> tuple[int, int, int]:
    """Which of the words first to beyond-1 stands at `at` (counted from `first`), where it ends, and what is wrong."""
    for candidate in range(first, beyond):
        start = bounds[candidate]
        length = bounds[candidate + 1] - start
        matched = 0
        while matched < length and text[at + matched] == words[start + matched]:
            matched += 1
        if matched == length and _is_field_end(text[at + length]):
            return candidate - first, at + length, SOUND
    return 0, at, NOT_A_WORD


@njit(forceinline=True)
def _field_end(text: Bytes, at: int) -> int:
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
    text: Bytes, at: int, spec: Spec, words: Bytes, bounds: Ints, scales: Ints
) -> tuple[int, int, int, int]:
    """One field by its column's `spec`: value, where it ends, what is wrong, and the decimals it needs."""
    kind = spec.kind
    if kind == KIND_SKIP:
        return 0, _field_end(text, at), SOUND, 0
    if _is_field_end(text[at]):
        if kind == KIND_ONLY:
            return 0, at, OTHER, 0
        return ABSENT, at, SOUND if spec.may_be_absent else MISSING_FIELD, 0
    if kind == KIND_DECIMAL:
        return _read_decimal(text, at, scales[spec.slot], spec.signed, spec.implied_decimals, spec.may_be_absent)
    if kind == KIND_INTEGER:
        value, end, reason = _read_integer(text, at, spec.factor, spec.signed)
    elif kind == KIND_ISO_TIME:
        value, end, reason = _read_iso_time(text, at)
    elif kind == KIND_SECONDS:
        value, end, reason = _read_seconds(text, at)
    else:
        value, end, reason = _read_word(text, at, words, bounds, spec.first_word, spec.beyond_words)
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


@njit(cache=True, nogil=True)
def parse_lines(
    buffer: Bytes,
    specs: NDArray[np.void],
    word_bytes: Bytes,
    word_bounds: Ints,
    decimals: Ints,
    values: Ints,
    lines: Ints,
    bad: Ints,
    needed: Ints,
) -> tuple[int, int]:
    """Parse every line of `buffer` by the `specs` of its columns, a row each, on scales of these `decimals`.

    Word k is word_bytes[word_bounds[k]:word_bounds[k + 1]] and reads as its number within its column. Fills `values`
    (read columns, rows), `lines` (0-based, of each row), `bad` (line, reason, column, and where the field starts and
    ends, of each bad row) and raises `needed` over `decimals` where the good rows need it. Blank lines are no rows.
    Returns how many rows are good and how many bad.
    """
    text = pointer_to(buffer)
    words = pointer_to(word_bytes)
    bounds = pointer_to(word_bounds)
    scales = pointer_to(decimals)
    at = 0
    line = 0
    good = 0
    faulty = 0
    last = len(specs) - 1
    row_needed = np.zeros(2, np.int64)
    while at < len(buffer):
        blank = text[at] == _NEWLINE or (text[at] == _RETURN and text[at + 1] == _NEWLINE)
        reason = OTHER if blank else SOUND
        row_needed[:] = 0
        start = at
        column = 0
        while reason == SOUND and column <= last:
            start = at
            spec = specs[column]
            value, at, reason, value_decimals = _read_field(text, at, spec, words, bounds, scales)
            if reason == OTHER:
                reason, column = _judged_by_fields(text, start, column, last)
            if reason != SOUND:
                break
            if spec.row >= 0:
                values[spec.row, good] = value
                row_needed[spec.slot] = max(row_needed[spec.slot], value_decimals)
            reason, at = _after_field(text, at, spec.kind, column == last)
            if reason == SOUND:
                column += 1
            elif reason == MISSING_FIELD:
                column += 1
                start = at
        if reason == SOUND:
            lines[good] = line
            good += 1
            needed[PRICE_SLOT] = max(needed[PRICE_SLOT], row_needed[PRICE_SLOT])
            needed[SIZE_SLOT] = max(needed[SIZE_SLOT], row_needed[SIZE_SLOT])
        elif reason != OTHER:
            bad[faulty, 0] = line
            bad[faulty, 1] = reason
            bad[faulty, 2] = column
            bad[faulty, 3] = start
            bad[faulty, 4] = _field_end(text, start)
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
def _read_quoted(text: Bytes, at: int, scale: int, signed: int) -> tuple[int, int, int, int]:
    """`"decimal"` and the spaces around it: value, where they end, what is wrong, and the decimals it needs."""
    at = _skip_spaces(text, at)
    if text[at] != _QUOTE:
        return 0, at, NOT_A_NUMBER, 0
    value, at, reason, decimals = _read_decimal(text, at + 1, scale, signed, 0, 0)
    if reason != SOUND:
        return 0, at, reason, 0
    if text[at] != _QUOTE:
        return 0, at, NOT_A_NUMBER, 0
    return value, _skip_spaces(text, at + 1), SOUND, decimals


@njit(forceinline=True)
def _read_level(text: Bytes, at: int, scales: Ints, level: Ints) -> tuple[int, int]:
    """`["price","size"]` into `level` (price, size, the decimals each needs): where it ends, and what is wrong."""
    if text[at] != _OPEN:
        return at, NOT_A_NUMBER
    level[0], at, reason, level[2] = _read_quoted(text, at + 1, scales[PRICE_SLOT], 1)
    if reason != SOUND:
        return at, reason
    if text[at] != _COMMA:
        return at, NOT_A_NUMBER
    level[1], at, reason, level[3] = _read_quoted(text, at + 1, scales[SIZE_SLOT], 0)
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
            at, reason = _read_level(text, at, scales, level_fields)
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
