"""The compiled second reading of lists of levels that kernels.py cannot read; for the forms see tolerant.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from processor.formats.lines.fields import pointer_to
from processor.formats.lines.specs import (
    BACKSLASH,
    CLOSE,
    COMMA,
    NOT_A_NUMBER,
    OPEN,
    PRICE_SLOT,
    QUOTE,
    SIZE_SLOT,
    SOUND,
    SPACE,
)
from processor.formats.lines.tolerant import note, trimmed
from processor.formats.lines.tolerant_numbers import read_decimal
from processor.with_numba import njit

if TYPE_CHECKING:
    from processor.formats.lines.fields import Bytes, Ints


@njit()
def _skip_white(text: Bytes, at: int, beyond: int) -> int:
    """The position after white space, which JSON may have between any two tokens."""
    while at < beyond and text[at] <= SPACE:
        at += 1
    return at


@njit()
def _string_end(text: Bytes, at: int, beyond: int) -> int:
    """The position of the closing quote of a JSON string whose opening quote is at `at`."""
    at += 1
    while at < beyond and text[at] != QUOTE:
        at += 2 if text[at] == BACKSLASH else 1
    return min(at, beyond)


@njit()
def _scalar_end(text: Bytes, at: int, beyond: int) -> int:
    """The position after a scalar: the next white space or delimiter."""
    while at < beyond and text[at] > SPACE and text[at] != COMMA and text[at] != CLOSE:
        at += 1
    return at


@njit()
def _list_end(text: Bytes, at: int, beyond: int) -> int:
    """The position of the end of the list that contains `at`."""
    depth = 0
    while at < beyond and (depth or text[at] != CLOSE):
        byte = text[at]
        if byte == QUOTE:
            at = _string_end(text, at, beyond)
        depth += (byte == OPEN) - (byte == CLOSE)
        at += 1
    return at


@njit()
def _read_level(
    text: Bytes,
    at: int,
    beyond: int,
    list_number: int,
    scales: Ints,
    most_decimals: Ints,
    is_rounded: Ints,
    level: Ints,
    rounded: Ints,
    rounded_room: int,
    count: int,
) -> tuple[int, int, int]:
    """`["price","size", ...]`, quoted or not, into `level` (price, size, the decimals each needs).

    Returns the position after it and its white space, its fault, and how many values have been rounded so far.
    """
    if at >= beyond or text[at] != OPEN:
        return at, NOT_A_NUMBER, count
    for slot in range(2):
        at = _skip_white(text, at + 1, beyond)
        quoted = 1 if at < beyond and text[at] == QUOTE else 0
        start = at + 1 if quoted else at
        stop = _string_end(text, at, beyond) if quoted else _scalar_end(text, at, beyond)
        at = _skip_white(text, stop + 1 if quoted else stop, beyond)
        start, stop = trimmed(text, start, stop)
        if start == stop:
            return at, NOT_A_NUMBER, count
        level[slot], reason, level[slot + 2], number, rounds = read_decimal(
            text,
            start,
            stop,
            0,  # JSON writers do not group thousands: a comma in a number is a decimal comma or a mistake
            scales[slot],
            1 if slot == PRICE_SLOT else 0,
            most_decimals[slot],
            is_rounded[slot],
            0,
        )
        if reason != SOUND:
            return at, reason, count
        if rounds:
            note(rounded, rounded_room, count, list_number, slot, start, stop, number, level[slot + 2])
            count += 1
        if at >= beyond or (text[at] != COMMA and (slot == PRICE_SLOT or text[at] != CLOSE)):
            return at, NOT_A_NUMBER, count
    at = _list_end(text, at, beyond)
    return _skip_white(text, at + 1, beyond), SOUND if at < beyond else NOT_A_NUMBER, count


@njit(cache=True, nogil=True)
def read_lists(
    buffer: Bytes,
    starts: Ints,
    decimals: Ints,
    most_decimals: Ints,
    is_rounded: Ints,
    prices: Ints,
    sizes: Ints,
    counts: Ints,
    reasons: Ints,
    roundings: Ints,
    rounded: Ints,
    needed: Ints,
) -> tuple[int, int]:
    """Read lists of `["price","size", ...]`, quoted or not, one list from each of `starts`, all of them valid JSON.

    Fills `prices` and `sizes` list by list, and for each list `counts` (its levels, none if it is faulty),
    `reasons` (its fault) and `roundings` (how many of its values are rounded; as many as fit
    are in `rounded`, ROUNDED_FIELDS each), and raises `needed` above `decimals`. `most_decimals` and `is_rounded` (one
    for prices, one for sizes) are as in a column's spec. Returns the numbers of levels and of rounded values.
    """
    text = pointer_to(buffer)
    beyond = len(buffer)
    scales, most, rounds = pointer_to(decimals), pointer_to(most_decimals), pointer_to(is_rounded)
    rounded_at = pointer_to(rounded)
    found = np.zeros(4, np.int64)
    fields = pointer_to(found)
    level = 0
    rounded_count = 0
    for number in range(len(starts)):
        first = level
        count = rounded_count
        price_needed = size_needed = 0
        at = starts[number]
        reason = SOUND if text[at] == OPEN else NOT_A_NUMBER
        at = _skip_white(text, at + 1, beyond)
        while reason == SOUND and at < beyond and text[at] != CLOSE:
            at, reason, count = _read_level(
                text, at, beyond, number, scales, most, rounds, fields, rounded_at, len(rounded), count
            )
            if reason == SOUND:
                prices[level], sizes[level] = found[0], found[1]
                price_needed, size_needed = max(price_needed, found[2]), max(size_needed, found[3])
                level += 1
                if at < beyond and text[at] == COMMA:
                    at = _skip_white(text, at + 1, beyond)
        if reason == SOUND:
            needed[PRICE_SLOT] = max(needed[PRICE_SLOT], price_needed)
            needed[SIZE_SLOT] = max(needed[SIZE_SLOT], size_needed)
        else:
            level = first
            count = rounded_count
        reasons[number] = reason
        counts[number] = level - first
        roundings[number] = count - rounded_count
        rounded_count = count
    return level, rounded_count
