"""Lines of separated values as columns of integers, exactly: without floats and without Python code per row.

A `Layout` describes each column. Decimals become integers of the smallest unit that the digits so far needed; a value
that needs a smaller unit has its chunk parsed again on the finer scale. A number with the noise of floating-point
arithmetic (0.30000000000000004) is read as the intended one, and reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.formats.lines.kernels import parse_lines
from processor.formats.lines.specs import (
    BAD_FIELDS,
    DAMAGED,
    EXTRA_FIELD,
    KIND_DECIMAL,
    KIND_INTEGER,
    KIND_ISO_TIME,
    KIND_ONLY,
    KIND_SECONDS,
    KIND_SKIP,
    KIND_WORD,
    MAX_DECIMALS,
    MISSING_FIELD,
    NEGATIVE,
    NOT_A_NUMBER,
    NOT_A_TIME,
    NOT_A_WORD,
    NOT_GIVEN,
    PRICE_SLOT,
    ROUNDED_FIELDS,
    SIZE_SLOT,
    SPEC_FIELDS,
    TOO_FINE,
    TOO_LARGE,
    WORD_BYTES,
    WORD_FIELDS,
)
from processor.formats.lines.tolerant import read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SHOWN_BYTES: Final = 40
DESCRIBED: Final = 20
"""The most bad rows or rounded values that are described."""
_MAX: Final = int(np.iinfo(np.int64).max)
PHRASES: Final = {
    MISSING_FIELD: "is missing",
    NOT_A_NUMBER: "is not a number",
    NEGATIVE: "is negative",
    TOO_LARGE: "is too large for 64 bits",
    TOO_FINE: "has too many decimals",
    NOT_A_TIME: "is not a time like 2025-08-31T23:59:59.5Z, 2025.08.31 23:59:59 or 20250831 235959",
    DAMAGED: "is damaged",
}
"""The fault of a field as a phrase, by the kernels' reasons."""
_EXPONENT: Final = re.compile(rb"[-+]?[\d.,]+[eE][-+]?\d+")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a layout; make columns with the functions below."""

    name: str
    kind: int
    factor: int = 1
    slot: int = PRICE_SLOT
    signed: bool = False
    implied_decimals: int = 0
    may_be_absent: bool = False
    decimals: int | None = None
    words: tuple[bytes, ...] = ()


def skip(name: str) -> Column:
    """A column that is not read."""
    return Column(name, KIND_SKIP)


def integer(name: str, *, times: int = 1, signed: bool = False) -> Column:
    """A whole number, multiplied by `times`."""
    return Column(name, KIND_INTEGER, factor=times, signed=signed)


def price(name: str, *, implied_decimals: int = 0, may_be_absent: bool = False, decimals: int | None = None) -> Column:
    """A decimal of any sign on the scale of prices; with `implied_decimals`, a whole number of 10**-that.

    An empty field, a word for a missing value (nan, NULL) and 2**63-1 in whole numbers read as `ABSENT`. With
    `decimals`, up to 12, the number is rounded to that many decimals, half to even.
    """
    return Column(
        name,
        KIND_DECIMAL,
        slot=PRICE_SLOT,
        signed=True,
        implied_decimals=implied_decimals,
        may_be_absent=may_be_absent,
        decimals=decimals,
    )


def size(name: str, *, may_be_absent: bool = False, decimals: int | None = None) -> Column:
    """A decimal on the scale of sizes, not negative; `may_be_absent` and `decimals` as for a price."""
    return Column(name, KIND_DECIMAL, slot=SIZE_SLOT, may_be_absent=may_be_absent, decimals=decimals)


def seconds(name: str) -> Column:
    """Seconds, read as nanoseconds; decimals beyond the ninth, which come from vendors' floats, are dropped."""
    return Column(name, KIND_SECONDS)


def iso_time(name: str) -> Column:
    """A date and time of day with up to 9 decimals, year first, read as nanoseconds since the Unix epoch.

    It is in UTC unless it has an offset.
    """
    return Column(name, KIND_ISO_TIME)


def word(name: str, *words: bytes) -> Column:
    """One of these words, read as its index among them; in any case, unless two words differ only in case."""
    return Column(name, KIND_WORD, words=words)


def only(name: str, text: bytes) -> Column:
    """A fixed text; rows with another text are skipped."""
    return Column(name, KIND_ONLY, words=(text,))


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that does not parse: its 1-based line in the file, and the reason."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Rounded:
    """A value of a good row that differs, or may differ, from the written one: its 1-based line, and its reading."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """The good rows of some lines, the bad rows, and the rounded values.

    `values` is int64 of shape (read columns, rows), `lines` the rows' 1-based lines in the file. Only the first bad
    rows and rounded values are described; `bad_count` and `rounded_count` count all of them.
    """

    values: NDArray[np.int64]
    lines: NDArray[np.int64]
    price_decimals: int
    size_decimals: int
    bad: tuple[BadRow, ...]
    bad_count: int
    rounded: tuple[Rounded, ...]
    rounded_count: int


class Layout:
    """The columns of a line; every line must have all of them."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        read = [column.name for column in self.columns if column.kind not in {KIND_SKIP, KIND_ONLY}]
        self._rows = {name: row for row, name in enumerate(dict.fromkeys(read))}
        spec = np.zeros((len(self.columns), SPEC_FIELDS), np.int64)
        words: list[bytes] = []
        for number, column in enumerate(self.columns):
            spec[number] = (
                column.kind,
                self._rows.get(column.name, -1),
                column.factor,
                column.slot,
                column.signed,
                column.implied_decimals,
                column.may_be_absent,
                len(words),
                len(words) + len(column.words),
                _MAX // column.factor,
                MAX_DECIMALS if column.decimals is None else column.decimals,
                column.decimals is not None,
                len({one.lower() for one in column.words}) < len(set(column.words)),
            )
            words += column.words
        self._letters = np.frombuffer(b"".join(words) or b"\n", np.uint8)
        starts = np.cumsum([0, *map(len, words)])
        self._words = np.array(
            [
                (start, len(one), _head(one), _head(b"\xff" * len(one)))
                for start, one in zip(starts, words, strict=False)
            ],
            np.int64,
        ).reshape(-1, WORD_FIELDS)
        self._spec = spec.ravel()

    def row_of(self, name: str) -> int:
        """The row of `Parsed.values` with the column `name`."""
        return self._rows[name]

    def has(self, name: str) -> bool:
        """Whether a column of this name is read."""
        return name in self._rows

    def parse(
        self, text: bytes, lines: int, *, first_line: int = 1, price_decimals: int = 0, size_decimals: int = 0
    ) -> Parsed:
        """Parse `text`, `lines` lines that each end with a newline, on a scale at least as fine as given."""
        buffer = np.frombuffer(text if len(text) >= WORD_BYTES else text.ljust(WORD_BYTES, b"\n"), np.uint8)
        values = np.empty((len(self._rows), lines), np.int64)
        line_of_row = np.empty(lines, np.int64)
        unread = np.empty((lines, 2), np.int64)
        ends = np.empty(len(self.columns), np.int64)
        bad = np.empty((DESCRIBED, BAD_FIELDS), np.int64)
        rounded = np.empty((DESCRIBED, ROUNDED_FIELDS), np.int64)
        scales = np.array([price_decimals, size_decimals], np.int64)
        while True:
            needed = scales.copy()
            kinds = (self._spec, self._letters, self._words, scales)
            rows, left = parse_lines(buffer, *kinds, values, line_of_row, unread, needed, ends, first_line)
            good: slice | NDArray[np.bool_] = slice(rows)
            bad_count = rounded_count = 0
            if left:
                good = np.ones(rows, np.bool_)
                bad_count, rounded_count = read_rows(
                    buffer, unread[:left], *kinds, values, line_of_row, good, bad, rounded, needed
                )
            if (needed == scales).all():
                break
            scales = needed
        return Parsed(
            values=values[:, :rows][:, good],
            lines=line_of_row[:rows][good],
            price_decimals=int(scales[PRICE_SLOT]),
            size_decimals=int(scales[SIZE_SLOT]),
            bad=tuple(self._described(text, row) for row in bad[:bad_count].tolist()),
            bad_count=bad_count,
            rounded=tuple(self._rounding(text, value) for value in rounded[:rounded_count].tolist()),
            rounded_count=rounded_count,
        )

    def _described(self, text: bytes, row: list[int]) -> BadRow:
        line, reason, number, start, stop = row
        return BadRow(line, _explained(self.columns[number], reason, text[start:stop]))

    def _rounding(self, text: bytes, value: list[int]) -> Rounded:
        line, column, start, stop, number, decimals = value
        return Rounded(line, read_as(self.columns[column].name, text[start:stop], number, decimals))


def _head(word: bytes) -> int:
    """The first eight bytes, as the kernel reads them."""
    return int.from_bytes(word[:WORD_BYTES], "little", signed=len(word) >= WORD_BYTES)


def read_as(name: str, field: bytes, number: int, decimals: int) -> str:
    """A phrase that `field` is read as another number, `number` times 10**-decimals."""
    return f"{printable(name)} {shown(field)} is read as {Decimal(number).scaleb(-decimals):f}"


def _explained(column: Column, reason: int, field: bytes) -> str:
    """A phrase that says why `field` is invalid for `column`."""
    name = printable(column.name)
    if reason == EXTRA_FIELD:
        return f"more fields after {name}, the last column"
    if reason == MISSING_FIELD:
        return f"{name} is missing"
    if reason == NOT_GIVEN:
        return f"{name} is missing ({shown(field)})"
    phrase = PHRASES.get(reason)
    if reason == NOT_A_WORD:
        phrase = "is not one of " + ", ".join(word.decode("ascii", "backslashreplace") for word in column.words)
    elif reason == NOT_A_NUMBER and column.kind != KIND_DECIMAL and _EXPONENT.fullmatch(field):
        phrase = "is rounded: it has an exponent"
    elif reason == NOT_A_NUMBER and column.kind == KIND_INTEGER:
        phrase = "is not a whole number"
    return f"{name} {shown(field)} {phrase}"


def printable(name: str) -> str:
    """The start of a name from a file; characters that a terminal cannot show are escaped."""
    plain = (letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name[:_SHOWN_BYTES])
    return "".join(plain) + ("..." if len(name) > _SHOWN_BYTES else "")


def shown(field: bytes) -> str:
    """The start of a field, in quotes; bytes that a terminal may not show are escaped."""
    letters = field[:_SHOWN_BYTES].decode("latin-1").encode("unicode_escape").decode("ascii")
    return f"'{letters}...'" if len(field) > _SHOWN_BYTES else f"'{letters}'"
