"""What the kernels are told of columns and words, and what they tell of rows: numbers in arrays, by their places.

Numba compiles them into the kernels: kernels.py says what a change needs.
"""

from __future__ import annotations

from typing import Final

import numpy as np

KIND_SKIP: Final = 0
KIND_INTEGER: Final = 1
KIND_DECIMAL: Final = 2
KIND_WORD: Final = 3
KIND_ISO_TIME: Final = 4
KIND_SECONDS: Final = 5
KIND_ONLY: Final = 6

WORD_BYTES: Final = 8
"""What is read at once, and the least that a text may have."""

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
NOT_GIVEN: Final = 10
"""A word for nothing (nan, NULL) where there must be something."""
DAMAGED: Final = 11

BAD_FIELDS: Final = 5
"""Of a bad row: line, reason, column, and where the field at fault starts and ends."""
ROUNDED_FIELDS: Final = 6
"""Of a value that is not the one written: line (in levels: list), column, where the field starts and ends, the number
that it is read as, and how many of its digits are decimals."""

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
MOST_DECIMALS: Final = 10
IS_ROUNDED: Final = 11
"""Whether decimals beyond the most there may be are rounded away, and no fault."""
CASE_MATTERS: Final = 12
SPEC_FIELDS: Final = 13

MAX_DECIMALS: Final = 12
ABSENT: Final = int(np.iinfo(np.int64).min)

MOST: Final = int(np.iinfo(np.int64).max)

TAB: Final = 9
NEWLINE: Final = 10
RETURN: Final = 13
LAST_DIGIT: Final = 9
SPACE: Final = 32
QUOTE: Final = 34
PLUS: Final = 43
COMMA: Final = 44
MINUS: Final = 45
DOT: Final = 46
SLASH: Final = 47
ZERO: Final = 48
COLON: Final = 58
UPPER_T: Final = 84
UPPER_Z: Final = 90
OPEN: Final = 91
BACKSLASH: Final = 92
CLOSE: Final = 93
