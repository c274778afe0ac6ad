"""The compiled second reading of rows that kernels.py cannot read, in the many forms that files have.

Spaces and tabs around a field, quotes, plus signs, thousands separators, exponents, whole numbers as floats, words in
another case, words for a missing value, other forms of a time, and float noise, all by the same
specs of the columns. A field is its bytes from `start` up to `stop`, without what surrounds it, and `quoted` if it
was in quotes. Nothing is inlined, to save compile time; the note on the cache in kernels.py also holds here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.formats.lines.fields import pointer_to
from processor.formats.lines.specs import (
    ABSENT,
    BEYOND_WORDS,
    CASE_MATTERS,
    COMMA,
    DAMAGED,
    EXTRA_FIELD,
    FACTOR,
    FIRST_WORD,
    IMPLIED_DECIMALS,
    IS_ROUNDED,
    KIND,
    KIND_INTEGER,
    KIND_ISO_TIME,
    KIND_ONLY,
    KIND_SECONDS,
    KIND_SKIP,
    KIND_WORD,
    LENGTH,
    LIMIT,
    MAY_BE_ABSENT,
    MISSING_FIELD,
    MOST_DECIMALS,
    NEWLINE,
    NOT_A_WORD,
    NOT_GIVEN,
    OTHER,
    PRICE_SLOT,
    QUOTE,
    RETURN,
    ROUNDED_FIELDS,
    ROW,
    SIGNED,
    SIZE_SLOT,
    SLOT,
    SOUND,
    SPACE,
    SPEC_FIELDS,
    START,
    TAB,
    WORD_FIELDS,
)
from processor.formats.lines.tolerant_numbers import (
    is_nothing,
    lower,
    read_decimal,
    read_fixed,
    read_integer,
    read_seconds,
)
from processor.formats.lines.tolerant_times import read_time
from processor.with_numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.formats.lines.fields import Bytes, Ints

_DELETE: Final = 0x7F
_LAST_CONTROL: Final = 0x9F
_REPLACEMENT: Final = 0xFFFD
_FIRST_SURROGATE: Final = 0xD800
_LAST_SURROGATE: Final = 0xDFFF
_LAST_CODE: Final = 0x10FFFF
# Invisible letters: a soft hyphen; zero-width letters and direction marks; a byte order mark.
_SOFT_HYPHEN: Final = 0xAD
_INVISIBLE: Final = ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF))
# The first bits of a letter with this many bytes.
_TWO_BYTES: Final = 0xC0
_THREE_BYTES: Final = 0xE0
_FOUR_BYTES: Final = 0xF0
_FIVE_BYTES: Final = 0xF8

# What is found in a row, after column, start and stop.
_PRICE_NEEDED: Final = 3
_SIZE_NEEDED: Final = 4
_ROUNDED: Final = 5
_FOUND_FIELDS: Final = 6


@njit()
def _is_blank(byte: int) -> bool:
    return byte in (SPACE, TAB)


@njit()
def trimmed(text: Bytes, start: int, stop: int) -> tuple[int, int]:
    """The field without the spaces and tabs around it."""
    while start < stop and _is_blank(text[start]):
        start += 1
    while stop > start and _is_blank(text[stop - 1]):
        stop -= 1
    return start, stop


@njit()
def _field(text: Bytes, at: int, end: int) -> tuple[int, int, int, int]:
    """The field at `at` of a row that ends at `end`: start, stop, quoted, and the position of the comma or end.

    If an opening quote is not closed, or something follows the closing one, quotes are ordinary bytes.
    """
    start = at
    while start < end and _is_blank(text[start]):
        start += 1
    if start < end and text[start] == QUOTE:
        stop = start + 1
        while stop < end and (text[stop] != QUOTE or (stop + 1 < end and text[stop + 1] == QUOTE)):
            stop += 2 if text[stop] == QUOTE else 1
        after = stop + 1
        while after < end and _is_blank(text[after]):
            after += 1
        if after == end or (after < end and text[after] == COMMA):
            start, stop = trimmed(text, start + 1, stop)
            return start, stop, 1, after
    after = at
    while after < end and text[after] != COMMA:
        after += 1
    start, stop = trimmed(text, at, after)
    return start, stop, 0, after


@njit()
def _is_word(
    text: Bytes, start: int, stop: int, quoted: int, letters: Bytes, first: int, length: int, any_case: int
) -> bool:
    """Whether a field is a word; within quotes, a quote is doubled."""
    matched = 0
    at = start
    while at < stop and matched < length:
        byte, letter = text[at], letters[first + matched]
        if byte != letter and not (any_case and lower(byte) == lower(letter)):
            return False
        at += 2 if quoted and byte == QUOTE else 1
        matched += 1
    return at >= stop and matched == length


@njit()
def _find_word(
    text: Bytes, start: int, stop: int, quoted: int, specs: Ints, spec: int, letters: Bytes, words: Ints
) -> int:
    """Which of its column's words a field is, from 0; -1 for none."""
    any_case = 1 if specs[spec + KIND] == KIND_WORD and not specs[spec + CASE_MATTERS] else 0
    first = specs[spec + FIRST_WORD]
    for candidate in range(first, specs[spec + BEYOND_WORDS]):
        word = candidate * WORD_FIELDS
        if _is_word(text, start, stop, quoted, letters, words[word + START], words[word + LENGTH], any_case):
            return int(candidate - first)
    return -1


@njit()
def _letter(text: Bytes, at: int, stop: int) -> tuple[int, int]:
    """The code of the letter at `at` (-1: not UTF-8), and how many bytes it has."""
    code = int(np.int64(text[at]))
    length, least = 1, 0
    if code >= _FOUR_BYTES:
        length, least = 4, 0x10000
    elif code >= _THREE_BYTES:
        length, least = 3, 0x800
    elif code >= _TWO_BYTES:
        length, least = 2, 0x80
    if at + length > stop or code >= _FIVE_BYTES or (length == 1 and code > _DELETE):
        return -1, 1
    if length > 1:
        code &= 0x7F >> length
    for place in range(at + 1, at + length):
        if text[place] & 0xC0 != 0x80:  # noqa: PLR2004 - UTF-8
            return -1, 1
        code = (code << 6) | (text[place] & 0x3F)
    sound = least <= code <= _LAST_CODE and not _FIRST_SURROGATE <= code <= _LAST_SURROGATE
    return code if sound else -1, length


@njit()
def _is_damaged(text: Bytes, start: int, stop: int) -> bool:
    """Whether a name has bytes that no name has.

    These are bytes that are not UTF-8, their replacements, control characters, and invisible letters.
    """
    at = start
    while at < stop:
        code, length = _letter(text, at, stop)
        if code < SPACE or _DELETE <= code <= _LAST_CONTROL or code in (_REPLACEMENT, _SOFT_HYPHEN):
            return True
        for first, last in _INVISIBLE:
            if first <= code <= last:
                return True
        at += length
    return False


@njit()
def _read_name(
    text: Bytes, start: int, stop: int, quoted: int, specs: Ints, spec: int, letters: Bytes, words: Ints
) -> tuple[int, int]:
    """The index of a field among its column's words, and its fault."""
    found = _find_word(text, start, stop, quoted, specs, spec, letters, words)
    if found >= 0:
        return found, SOUND
    if start == stop:
        return 0, MISSING_FIELD
    if specs[spec + KIND] == KIND_ONLY:
        return 0, DAMAGED if _is_damaged(text, start, stop) else OTHER
    return 0, NOT_A_WORD


@njit()
def _read_number(
    text: Bytes, start: int, stop: int, quoted: int, specs: Ints, spec: int, scales: Ints
) -> tuple[int, int, int, int, bool]:
    """A number or a time by its column's `spec`: value, fault, and the rest as for `read_decimal`."""
    kind = specs[spec + KIND]
    signed = specs[spec + SIGNED]
    may_be_absent = specs[spec + MAY_BE_ABSENT]
    scale = scales[specs[spec + SLOT]]
    decimals, number, is_rounded = 0, 0, False
    if start == stop:
        return ABSENT, SOUND if may_be_absent else MISSING_FIELD, 0, 0, False
    if kind == KIND_INTEGER:
        value, reason = read_integer(text, start, stop, quoted, specs[spec + FACTOR], specs[spec + LIMIT], signed)
    elif kind == KIND_SECONDS:
        value, reason = read_seconds(text, start, stop, quoted)
    elif kind == KIND_ISO_TIME:
        value, reason = read_time(text, start, stop)
    elif specs[spec + IMPLIED_DECIMALS]:
        value, reason, decimals = read_fixed(
            text, start, stop, quoted, scale, signed, specs[spec + IMPLIED_DECIMALS], may_be_absent
        )
    else:
        most_decimals, rounds = specs[spec + MOST_DECIMALS], specs[spec + IS_ROUNDED]
        value, reason, decimals, number, is_rounded = read_decimal(
            text, start, stop, quoted, scale, signed, most_decimals, rounds, may_be_absent
        )
    if reason != SOUND and is_nothing(text, start, stop):
        return ABSENT, SOUND if may_be_absent else NOT_GIVEN, 0, 0, False
    return value, reason, decimals, number, is_rounded


@njit()
def note(
    rounded: Ints, room: int, count: int, line: int, column: int, start: int, stop: int, number: int, decimals: int
) -> None:
    """Record a value that differs from the written one, if there is room."""
    if count < room:
        at = count * ROUNDED_FIELDS
        rounded[at] = line
        rounded[at + 1] = column
        rounded[at + 2] = start
        rounded[at + 3] = stop
        rounded[at + 4] = number
        rounded[at + 5] = decimals


@njit()
def _line_end(text: Bytes, at: int) -> int:
    while text[at] != NEWLINE:
        at += 1
    return at


@njit()
def _read_row(  # noqa: C901 - one row, field by field
    text: Bytes,
    begin: int,
    line: int,
    specs: Ints,
    last: int,
    letters: Bytes,
    words: Ints,
    scales: Ints,
    values: Ints,
    room: int,
    row: int,
    rounded: Ints,
    rounded_room: int,
    found: Ints,
) -> int:
    """Read the row that starts at `begin` into row `row` of `values`; returns its fault.

    `found` gets the place of the fault: column, start and stop of the field; the decimals that prices and sizes
    need; and the number of values rounded so far, this row included, of which `rounded` holds the first.
    """
    end = _line_end(text, begin)
    if end > begin and text[end - 1] == RETURN:
        end -= 1
    is_other = False
    found[_PRICE_NEEDED], found[_SIZE_NEEDED] = 0, 0
    at = begin
    for column in range(last + 1):
        found[0], found[1], found[2] = column, end, end
        if column:
            if at == end:
                return MISSING_FIELD
            at += 1
        start, stop, quoted, at = _field(text, at, end)
        spec = column * SPEC_FIELDS
        kind = specs[spec + KIND]
        if is_other or kind == KIND_SKIP:
            continue
        found[1], found[2] = start, stop
        decimals, number, is_rounded = 0, 0, False
        if kind in (KIND_ONLY, KIND_WORD):
            value, reason = _read_name(text, start, stop, quoted, specs, spec, letters, words)
        else:
            value, reason, decimals, number, is_rounded = _read_number(text, start, stop, quoted, specs, spec, scales)
        is_other = reason == OTHER
        if is_other:
            continue
        if reason != SOUND:
            return reason
        if is_rounded:
            note(rounded, rounded_room, found[_ROUNDED], line, column, start, stop, number, decimals)
            found[_ROUNDED] += 1
        if specs[spec + ROW] >= 0:
            values[specs[spec + ROW] * room + row] = value
            slot = _PRICE_NEEDED + specs[spec + SLOT]
            found[slot] = max(found[slot], decimals)
    if at != end:
        return EXTRA_FIELD
    return OTHER if is_other else SOUND


@njit(cache=True, nogil=True)
def read_rows(
    buffer: Bytes,
    unread: Ints,
    specs: Ints,
    letters: Bytes,
    words: Ints,
    decimals: Ints,
    values: Ints,
    lines: Ints,
    good: NDArray[np.bool_],
    bad: Ints,
    rounded: Ints,
    needed: Ints,
) -> tuple[int, int]:
    """Read again the rows that `kernels.parse_lines` could not read, into their places among the others.

    Clears `good` if a row is bad or of another instrument, fills `bad` (BAD_FIELDS each) and `rounded`
    (ROUNDED_FIELDS each) with as many bad rows and rounded values as fit, and raises `needed` above `decimals`
    if the good rows need it. Returns how many rows are bad, and how many values are rounded.
    """
    text = pointer_to(buffer)
    specs_at = pointer_to(specs)
    letters_at = pointer_to(letters)
    words_at = pointer_to(words)
    scales = pointer_to(decimals)
    values_at = pointer_to(values)
    rounded_at = pointer_to(rounded)
    found = np.zeros(_FOUND_FIELDS, np.int64)
    found_at = pointer_to(found)
    last = len(specs) // SPEC_FIELDS - 1
    faulty = 0
    for number in range(len(unread)):
        row, begin = unread[number]
        rounded_before = found[_ROUNDED]
        reason = _read_row(
            text,
            begin,
            lines[row],
            specs_at,
            last,
            letters_at,
            words_at,
            scales,
            values_at,
            values.shape[1],
            row,
            rounded_at,
            len(rounded),
            found_at,
        )
        good[row] = reason == SOUND
        if reason == SOUND:
            needed[PRICE_SLOT] = max(needed[PRICE_SLOT], found[_PRICE_NEEDED])
            needed[SIZE_SLOT] = max(needed[SIZE_SLOT], found[_SIZE_NEEDED])
            continue
        found[_ROUNDED] = rounded_before
        if reason != OTHER:
            if faulty < len(bad):
                bad[faulty, 0], bad[faulty, 1] = lines[row], reason
                bad[faulty, 2], bad[faulty, 3], bad[faulty, 4] = found[0], found[1], found[2]
            faulty += 1
    return faulty, found[_ROUNDED]
