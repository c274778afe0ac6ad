"""The first rows of an unknown table, and tests of their columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from processor.errors import DatasetError
from processor.formats.mapped import frames, json_rows, separated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from processor.formats.disk.files import SourceFile

NUMBER: Final = re.compile(r"[+-]?(\d[\d.,]*|\.\d+)([eE][-+]?\d+)?")
WORD: Final = re.compile(r"[a-z]+|\d+")
_MOST_WORDS: Final = 4
_LINES_BEFORE: Final = 50
_HEADLESS: Final = 0.5
_ANYWHERE: Final = 2
"""Words with so few letters occur in any name."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An unknown table: its columns (numbers if there is no header) and its first rows.

    `typed` are columns with a data type for times.
    """

    names: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    delimiter: str | None = None
    header: bool = True
    typed: frozenset[str] = frozenset()

    def values(self, name: str) -> list[str]:
        """The values of a column."""
        place = self.names.index(name)
        return [value for row in self.rows if len(row) > place and (value := row[place].strip())]

    def words(self, name: str) -> tuple[str, ...]:
        """The words of a column with few words, each once regardless of case, in order; empty for other columns."""
        found: dict[str, str] = {}
        for value in self.values(name):
            found.setdefault(value.lower(), value)
        return tuple(found.values()) if len(found) <= _MOST_WORDS else ()


def sample_of(file: SourceFile, head: bytes) -> Sample | None:
    """The first rows of a table; None if it is not a readable table."""
    try:
        if frames.is_frame(head):
            schema = frames.schema_of(file, head)
            typed = frozenset(name for name, kind in schema.items() if isinstance(kind, pl.Datetime))
            content = frames.content_of(file, head, set(schema), (), None)
            return Sample(content.names, content.head_rows(), typed=typed)
        if json_rows.is_json(head):
            content = json_rows.content_of(file, head, None)
            header = not all(map(str.isdecimal, content.names))
            return Sample(content.names, content.head_rows(), header=header) if content.names else None
    except DatasetError:
        return None
    return _of_text(head)


def _of_text(head: bytes) -> Sample | None:
    lines = [line for line in separated.lines_of(head) if line]
    if not lines:
        return None
    some = lines[: 2 * _LINES_BEFORE]
    counts = {
        each: sorted(len(separated.fields_of(line, each)) for line in some)[len(some) // 2]
        for each in separated.DELIMITERS
    }
    delimiter = max(separated.DELIMITERS, key=lambda each: (counts[each] > 1, -_odd(some, each), counts[each]))
    width = counts[delimiter]
    headers: list[tuple[int, tuple[str, ...]]] = []
    first = None
    for at, line in enumerate(lines[:_LINES_BEFORE]):
        fields = separated.fields_of(line.lstrip("#"), delimiter)
        if len(fields) not in {width, width - 1}:
            continue
        if not any(map(NUMBER.fullmatch, fields)):
            headers.append((at, fields))
        elif not line.startswith("#"):
            first = at
            break
    if headers:  # a comment line has empty fields, or the same field twice
        at, names = next((each for each in headers if len(set(each[1])) == len(each[1])), headers[0])
        return Sample(names, [separated.fields_of(row, delimiter) for row in lines[at + 1 :]], delimiter)
    if first is None:
        return None
    rows = [separated.fields_of(row, delimiter) for row in lines[first:]]
    return Sample(tuple(map(str, range(1, width + 1))), rows, delimiter, header=False)


def _odd(lines: Sequence[str], delimiter: str) -> int:
    """How many other delimiters are in the fields; a comma within a number does not count."""
    return sum(
        other in field
        for line in lines
        for field in separated.fields_of(line, delimiter)
        for other in separated.DELIMITERS
        if other not in {delimiter, ","}
    )


def place(name: str, known: Sequence[str]) -> int:
    """How well a name fits, lower is better: the index of the first known word in it, higher if the name has more."""
    words = WORD.findall(name.lower())
    whole = "".join(words)
    found = [
        number
        for number, word in enumerate(known)
        if word == whole or word in words or (len(word) > _ANYWHERE and word in whole)
    ]
    return found[0] if found else len(known)


def named(names: Sequence[str], known: Sequence[str], fits: Callable[[str], bool]) -> str | None:
    """The column whose name fits best; None if none fits."""
    fitting = [name for name in names if place(name, known) < len(known) and fits(name)]
    return min(fitting, key=lambda name: (place(name, known), len(name)), default=None)


def is_numeric(sample: Sample, name: str) -> bool:
    """Whether most values of a column are numbers."""
    values = sample.values(name)
    return bool(values) and sum(NUMBER.fullmatch(value) is not None for value in values) > _HEADLESS * len(values)
