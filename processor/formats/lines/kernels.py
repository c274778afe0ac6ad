"""The compiled parsers of lines and levels for text.py and levels.py; they read the usual forms.

All other forms are left to tolerant.py, which is compiled only when it is needed. Numba rebuilds a cached kernel when
its own file changes, not when a file changes that it calls into: after a change of fields.py or specs.py, use another
NUMBA_CACHE_DIR. The Makefile and the tests use one for each state of all files that name Numba, and every image has its
own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.bits import trailing_zeros
from processor.formats.lines.fields import field_end, is_odd, next_line, pointer_to, read_decimal, read_field, word_at
from processor.formats.lines.specs import (
    ABSENT,
    BACKSLASH,
    CLOSE,
    COMMA,
    MAX_DECIMALS,
    NEWLINE,
    NOT_A_NUMBER,
    NOT_A_WORD,
    OPEN,
    OTHER,
    PRICE_SLOT,
    QUOTE,
    RETURN,
    ROW,
    SIZE_SLOT,
    SLOT,
    SOUND,
    SPACE,
    SPEC_FIELDS,
    WORD_BYTES,
)
from processor.with_numba import njit

if TYPE_CHECKING:
    from processor.formats.lines.fields import Bytes, Ints

_DELETE: Final = 0x7F

__all__ = ["ABSENT", "MAX_DECIMALS", "parse_levels", "parse_lines", "pointer_to"]


@njit()
def _is_others(text: Bytes, at: int, last_word: int, missing: int) -> bool:
    """Whether a row is of another instrument: the name at `at` is valid, and `missing` fields follow.

    Rows with quoted fields, or with spaces or invalid bytes in the name, are left to the second reading.
    """
    odd = text[at] == SPACE
    while text[at] != COMMA and text[at] != NEWLINE and (text[at] != RETURN or text[at + 1] != NEWLINE):
        odd |= text[at] < SPACE or text[at] == QUOTE or text[at] >= _DELETE
        odd |= text[at] == SPACE and (text[at + 1] == COMMA or text[at + 1] < SPACE)
        at += 1
    at = field_end(text, at, last_word)
    while text[at] == COMMA:
        missing -= 1
        odd |= is_odd(text[at + 1])
        at = field_end(text, at + 1, last_word)
    return not odd and missing == 0


@njit(forceinline=True)
def _after_field(text: Bytes, at: int, is_last: bool) -> tuple[bool, int]:  # noqa: FBT001 - no keywords
    """Whether a value ends at `at`, and the position of the next field (or of the newline after the last field)."""
    if not is_last:
        return text[at] == COMMA, at + 1
    if text[at] == RETURN:
        at += 1
    return text[at] == NEWLINE, at


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
    """How many fields at `at` repeat those of the row above, which starts at `above`; their values are copied.

    `ends` holds the ends of the fields of the row above, commas included. The last field has no comma and never counts.
    """
    same = 0
    most = ends[last - 1]
    while same < most and at + same <= last_word:
        differing = word_at(text, above + same) ^ word_at(text, at + same)
        if differing:
            same += trailing_zeros(differing) >> 3
            break
        same += WORD_BYTES
    column = 0
    while column < last and ends[column] <= same:
        kept = specs[column * SPEC_FIELDS + ROW]
        if kept >= 0:
            values[kept * room + row] = values[kept * room + row - 1]
        column += 1
    return column


@njit(cache=True, nogil=True)
def parse_lines(  # noqa: C901, PLR0915 - one loop: every call in it costs time
    buffer: Bytes,
    specs: Ints,
    letters: Bytes,
    words: Ints,
    decimals: Ints,
    values: Ints,
    lines: Ints,
    unread: Ints,
    needed: Ints,
    ends: Ints,
    first_line: int,
) -> tuple[int, int]:
    """Parse every line of `buffer` by the `specs` of its columns, a row each, on scales of these `decimals`.

    `words` (WORD_FIELDS each), made of `letters`, are read as their numbers within their columns. Fills `values` (read
    columns, rows) and `lines` (the line of each row, counted from `first_line`), and raises `needed` above
    `decimals` if rows need it. A row that cannot be read here keeps its index among the others, and `unread` gets that
    index and its start. `ends` is scratch, one number per column. Blank lines are not rows. Returns the number of rows
    and how many of them are unread.

    Rows often start with the fields of the row above: these fields are not read again.
    """
    text = pointer_to(buffer)
    letters_at = pointer_to(letters)
    words_at = pointer_to(words)
    specs_at = pointer_to(specs)
    values_at = pointer_to(values)
    room = values.shape[1]
    scales = pointer_to(decimals)
    last_word = len(buffer) - WORD_BYTES
    last = len(specs) // SPEC_FIELDS - 1
    ends_at = pointer_to(ends)
    row_needed = np.zeros(2, np.int64)
    at = 0
    line = first_line
    rows = 0
    left = 0
    above = -1
    while at < len(buffer):
        begin = at
        blank = text[at] == NEWLINE or (text[at] == RETURN and text[at + 1] == NEWLINE)
        reason = OTHER if blank else SOUND
        row_needed[:] = 0
        column = 0
        if above >= 0 and last:
            column = _repeated(text, above, begin, last_word, ends_at, last, specs_at, values_at, room, rows)
            if column:
                at = begin + ends_at[column - 1]
        while reason == SOUND and column <= last:
            start = at
            spec = column * SPEC_FIELDS
            value, at, reason, value_decimals = read_field(
                text, at, last_word, specs_at, spec, letters_at, words_at, scales
            )
            if reason != SOUND:
                if reason == OTHER and not _is_others(text, start, last_word, last - column):
                    reason = NOT_A_WORD
                break
            row = specs_at[spec + ROW]
            if row >= 0:
                values_at[row * room + rows] = value
                slot = specs_at[spec + SLOT]
                row_needed[slot] = max(row_needed[slot], value_decimals)
            ended, at = _after_field(text, at, column == last)
            ends_at[column] = at - begin
            column += 1
            if not ended:
                reason = NOT_A_NUMBER
        above = -1
        if reason == SOUND:
            above = begin
            lines[rows] = line
            rows += 1
            needed[PRICE_SLOT] = max(needed[PRICE_SLOT], row_needed[PRICE_SLOT])
            needed[SIZE_SLOT] = max(needed[SIZE_SLOT], row_needed[SIZE_SLOT])
        elif reason != OTHER:
            at = begin
            lines[rows] = line
            unread[left, 0] = rows
            unread[left, 1] = begin
            left += 1
            rows += 1
        at = next_line(text, at)
        line += 1
    return rows, left


@njit(forceinline=True)
def _skip_spaces(text: Bytes, at: int) -> int:
    while text[at] == SPACE:
        at += 1
    return at


@njit(forceinline=True)
def _read_quoted(
    text: Bytes, at: int, last_word: int, scale: int, most_decimals: int, signed: int
) -> tuple[int, int, int, int]:
    """`"decimal"` with spaces around it: value, end, fault, and the decimals it needs."""
    at = _skip_spaces(text, at)
    if text[at] != QUOTE:
        return 0, at, NOT_A_NUMBER, 0
    value, at, reason, decimals = read_decimal(text, at + 1, last_word, scale, signed, 0, most_decimals, 0)
    if reason == SOUND and text[at] != QUOTE:
        reason = NOT_A_NUMBER
    return value, _skip_spaces(text, at + 1), reason, decimals


@njit(forceinline=True)
def _after_strings(text: Bytes, at: int) -> int:
    """The position after further fields of a level, if they are strings without escapes."""
    while text[at] == COMMA:
        at = _skip_spaces(text, at + 1)
        if text[at] != QUOTE:
            break
        at += 1
        while text[at] != QUOTE and text[at] != BACKSLASH:
            at += 1
        if text[at] == BACKSLASH:
            break
        at = _skip_spaces(text, at + 1)
    return at


@njit(forceinline=True)
def _read_level(
    text: Bytes, at: int, last_word: int, scales: Ints, most_decimals: Ints, level: Ints
) -> tuple[int, int]:
    """`["price","size", ...]` into `level` (price, size, the decimals each needs): its end, and its fault."""
    if text[at] != OPEN:
        return at, NOT_A_NUMBER
    level[0], at, reason, level[2] = _read_quoted(text, at + 1, last_word, scales[0], most_decimals[0], 1)
    if reason != SOUND:
        return at, reason
    if text[at] != COMMA:
        return at, NOT_A_NUMBER
    level[1], at, reason, level[3] = _read_quoted(text, at + 1, last_word, scales[1], most_decimals[1], 0)
    if reason != SOUND:
        return at, reason
    at = _after_strings(text, at)
    if text[at] != CLOSE:
        return at, NOT_A_NUMBER
    return _skip_spaces(text, at + 1), SOUND


@njit(cache=True, nogil=True)
def parse_levels(
    buffer: Bytes,
    starts: Ints,
    decimals: Ints,
    most_decimals: Ints,
    prices: Ints,
    sizes: Ints,
    counts: Ints,
    needed: Ints,
) -> tuple[int, bool]:
    """Parse lists of `["price","size", ...]`, all strings, one list from each of `starts`, all of them valid JSON.

    Fills `prices` and `sizes` list by list and `counts` (the levels of each list), and raises `needed` above
    `decimals`. Returns the number of levels, and whether all lists have this form; it stops at the first that has not.
    """
    text = pointer_to(buffer)
    last_word = len(buffer) - WORD_BYTES
    scales = pointer_to(decimals)
    most = pointer_to(most_decimals)
    found = np.zeros(4, np.int64)
    fields = pointer_to(found)
    level = 0
    for number in range(len(starts)):
        first = level
        at = starts[number]
        if text[at] != OPEN:
            return level, False
        at = _skip_spaces(text, at + 1)
        while text[at] != CLOSE:
            at, reason = _read_level(text, at, last_word, scales, most, fields)
            if reason != SOUND:
                return level, False
            prices[level], sizes[level] = found[0], found[1]
            needed[PRICE_SLOT] = max(needed[PRICE_SLOT], found[2])
            needed[SIZE_SLOT] = max(needed[SIZE_SLOT], found[3])
            level += 1
            if text[at] == COMMA:
                at = _skip_spaces(text, at + 1)
        counts[number] = level - first
    return level, True
