"""Lines of separated values to columns of integers, exactly: no float on the way and no Python per row.

A `Layout` says what each column holds. Decimals become integers of the smallest unit the digits so far needed; a value
that needs a smaller one has its chunk parsed again on the finer scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.formats.kernels import (
    EXTRA_FIELD,
    KIND_DECIMAL,
    KIND_INTEGER,
    KIND_ISO_TIME,
    KIND_ONLY,
    KIND_SECONDS,
    KIND_SKIP,
    KIND_WORD,
    MISSING_FIELD,
    NEGATIVE,
    NOT_A_NUMBER,
    NOT_A_TIME,
    NOT_A_WORD,
    PRICE_SLOT,
    SIZE_SLOT,
    SPEC_FIELDS,
    TOO_FINE,
    TOO_LARGE,
    WORD_FIELDS,
    parse_lines,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SHOWN_BYTES: Final = 40
_DESCRIBED_ROWS: Final = 20
_WORD_BYTES: Final = 8
_MAX: Final = int(np.iinfo(np.int64).max)
PHRASES: Final = {
    MISSING_FIELD: "is missing",
    NOT_A_NUMBER: "is not a number",
    NEGATIVE: "is negative",
    TOO_LARGE: "is too large for 64 bits",
    TOO_FINE: "has too many decimals",
    NOT_A_TIME: "is not a time",
}
"""What is wrong with a field, by the kernels' reasons."""


@dataclass(frozen=True, slots=True)
class Column:
    """What one column of a layout holds; make them with the functions below."""

    name: str
    kind: int
    factor: int = 1
    slot: int = PRICE_SLOT
    signed: bool = False
    implied_decimals: int = 0
    may_be_absent: bool = False
    words: tuple[bytes, ...] = ()


def skip(name: str) -> Column:
    """Whatever it holds, it is not read."""
    return Column(name, KIND_SKIP)


def integer(name: str, *, times: int = 1, signed: bool = False) -> Column:
    """A whole number, multiplied by `times`."""
    return Column(name, KIND_INTEGER, factor=times, signed=signed)


def price(name: str, *, implied_decimals: int = 0, may_be_absent: bool = False) -> Column:
    """A decimal of any sign on the scale of prices; with `implied_decimals`, a whole number of 10**-that.

    Absent is an empty field, or 2**63-1 in whole numbers; it reads as `ABSENT`.
    """
    return Column(
        name,
        KIND_DECIMAL,
        slot=PRICE_SLOT,
        signed=True,
        implied_decimals=implied_decimals,
        may_be_absent=may_be_absent,
    )


def size(name: str, *, may_be_absent: bool = False) -> Column:
    """A decimal on the scale of sizes, not negative."""
    return Column(name, KIND_DECIMAL, slot=SIZE_SLOT, may_be_absent=may_be_absent)


def seconds(name: str) -> Column:
    """Seconds, read as nanoseconds; decimals beyond the ninth, which vendors' floats leave behind, are left off."""
    return Column(name, KIND_SECONDS)


def iso_time(name: str) -> Column:
    """A date and time of day in UTC with up to 9 decimals, read as nanoseconds since the Unix epoch."""
    return Column(name, KIND_ISO_TIME)


def word(name: str, *words: bytes) -> Column:
    """One of these words, read as its number among them, from 0."""
    return Column(name, KIND_WORD, words=words)


def only(name: str, text: bytes) -> Column:
    """This text; rows with another are passed over."""
    return Column(name, KIND_ONLY, words=(text,))


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that does not parse: its 1-based line in the file and why not."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """The good rows of some lines, and which are bad.

    `values` is int64 of shape (columns that are read, rows), `lines` the rows' 1-based lines in the file. Of the bad
    rows the first are described; `bad_count` counts them all.
    """

    values: NDArray[np.int64]
    lines: NDArray[np.int64]
    price_decimals: int
    size_decimals: int
    bad: tuple[BadRow, ...]
    bad_count: int


class Layout:
    """The columns of a kind of line, all of which a line must have."""

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
        """Which row of `Parsed.values` holds the column `name`."""
        return self._rows[name]

    def has(self, name: str) -> bool:
        """Whether a column of this name is read."""
        return name in self._rows

    def parse(
        self, text: bytes, lines: int, *, first_line: int = 1, price_decimals: int = 0, size_decimals: int = 0
    ) -> Parsed:
        """Parse `text`, which is `lines` lines, each ended by a newline, on a scale at least as fine as given."""
        buffer = np.frombuffer(text if len(text) >= _WORD_BYTES else text.ljust(_WORD_BYTES, b"\n"), np.uint8)
        values = np.empty((len(self._rows), lines), np.int64)
        line_of_row = np.empty(lines, np.int64)
        bad = np.empty((_DESCRIBED_ROWS, 5), np.int64)
        ends = np.empty(len(self.columns), np.int64)
        scales = np.array([price_decimals, size_decimals], np.int64)
        while True:
            needed = scales.copy()
            rows, bad_count = parse_lines(
                buffer,
                self._spec,
                self._letters,
                self._words,
                scales,
                values,
                line_of_row,
                bad,
                needed,
                ends,
                first_line,
            )
            if (needed == scales).all():
                break
            scales = needed
        return Parsed(
            values=values[:, :rows],
            lines=line_of_row[:rows],
            price_decimals=int(scales[PRICE_SLOT]),
            size_decimals=int(scales[SIZE_SLOT]),
            bad=tuple(self._described(text, row) for row in bad[:bad_count].tolist()),
            bad_count=bad_count,
        )

    def _described(self, text: bytes, row: list[int]) -> BadRow:
        line, reason, number, start, end = row
        return BadRow(line, _explained(self.columns[number], reason, text[start:end]))


def _head(word: bytes) -> int:
    """The first eight bytes, as the kernel reads them."""
    return int.from_bytes(word[:_WORD_BYTES], "little", signed=len(word) >= _WORD_BYTES)


def _explained(column: Column, reason: int, field: bytes) -> str:
    """Why `field` will not do for `column`, as a phrase."""
    if reason == EXTRA_FIELD:
        return f"more fields than the {column.name} at the end"
    if reason == MISSING_FIELD:
        return f"{column.name} is missing"
    shown = field[:_SHOWN_BYTES].decode("ascii", "backslashreplace") + ("..." if len(field) > _SHOWN_BYTES else "")
    if reason == NOT_A_WORD:
        expected = ", ".join(text.decode("ascii", "backslashreplace") for text in column.words)
        return f"{column.name} {shown!r} is none of {expected}"
    return f"{column.name} {shown!r} {PHRASES[reason]}"
