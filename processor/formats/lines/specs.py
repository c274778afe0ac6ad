"""The array layouts shared with the kernels: specs of columns and words, and findings about rows.

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
"""The bytes read at once, and the minimum length of a text."""

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
"""Not a fault: the row is of another instrument."""
NOT_GIVEN: Final = 10
"""A word for a missing value (nan, NULL) where a value is required."""
DAMAGED: Final = 11

BAD_FIELDS: Final = 5
"""The fields of a bad row: line, reason, column, and start and end of the faulty field."""
ROUNDED_FIELDS: Final = 6
"""The fields of a rounded value: line (in levels: list), column, start and end of the field, the number
that it is read as, and its decimals."""

# The fields of a word: its start in the words' letters, its length, its first eight bytes, and their mask.
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
"""The largest whole number whose product with the factor fits into 64 bits."""
MOST_DECIMALS: Final = 10
IS_ROUNDED: Final = 11
"""Whether decimals beyond the maximum are rounded away instead of being a fault."""
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
