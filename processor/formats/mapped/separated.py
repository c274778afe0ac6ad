"""Separated values: the delimiter, the header, and the first rows."""

from __future__ import annotations

import csv
from collections import deque
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from processor.formats.disk.packing import BOM, HEAD_BYTES
from processor.formats.mapped.contents import FEW, Content, values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.formats.disk.files import SourceFile

DELIMITERS: Final = (",", ";", "\t", "|")
_MOST_LINES_BEFORE: Final = 50
_COMMENT: Final = "#"

Row = tuple[str, ...]


def content_of(file: SourceFile, head: bytes, *, delimiter: str | None, header: bool, needed: Sequence[str]) -> Content:
    """The content of a text file whose columns have names, or numbers if there is no header.

    The header is the first of the first 50 lines that has all needed columns; the delimiter (by default "," first) is
    the first that gives such a line. Without such a line, the names are from the line that has most of them.
    """
    lines = lines_of(head)
    candidates = [delimiter] if delimiter else list(DELIMITERS)
    found: list[tuple[int, int, Row]] = []
    for each in candidates:
        found.append(_named(lines, each, needed) if header else _numbered(lines, each, needed))
        if not found[-1][0]:
            break
    missing, at, names = min(found, key=lambda each: each[0])
    chosen = candidates[found.index((missing, at, names))]
    rows = [fields_of(line, chosen) for line in lines[at:][:FEW] if line]
    head_rows = cache(lambda: tuple(fields_of(line, chosen) for line in lines[at:] if line))
    if header and rows and all(len(row) == len(names) + 1 and not row[-1] for row in rows):
        names = (*names, "")
    return Content(
        names=names,
        known=names,
        delimiter=chosen,
        header_lines=at,
        rows=tuple(rows),
        head_rows=head_rows,
        unique=partial(values_of, names, head_rows),
        blocks=file.blocks,
        last_rows=partial(_last_rows, file, chosen),
        as_they_are=chosen == "," and b'"' not in head and all(lines[:at]),
    )


def lines_of(head: bytes) -> list[str]:
    """The whole lines of a head, blank ones included."""
    text = head.removeprefix(BOM).decode("utf-8", "backslashreplace")
    lines = text.split("\n")
    if len(head) >= HEAD_BYTES or not lines[-1]:
        lines.pop()
    return [line.rstrip("\r") for line in lines]


def fields_of(line: str, delimiter: str) -> Row:
    """The fields of a line, without surrounding quotes and blanks."""
    if '"' not in line:
        return tuple(field.strip() for field in line.split(delimiter))
    try:
        read = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except (csv.Error, ValueError, TypeError):
        read = line.replace('"', "").split(delimiter)
    return tuple(field.strip() for field in read)


def _named(lines: Sequence[str], delimiter: str, needed: Sequence[str]) -> tuple[int, int, Row]:
    """How many columns the best header line lacks, the index of the line after it, and its names."""
    best: tuple[int, int, Row] = (len(needed) + 1, 1, ())
    for number, line in enumerate(lines[: _MOST_LINES_BEFORE + 1]):
        for text in dict.fromkeys((line, line.lstrip(_COMMENT))):
            names = fields_of(text, delimiter)
            missing = sum(name not in names for name in needed)
            if missing < best[0]:
                best = missing, number + 1, names
            if not missing:
                return best
    return best


def _numbered(lines: Sequence[str], delimiter: str, needed: Sequence[str]) -> tuple[int, int, Row]:
    """As `_named` for numbered columns without a header: the first line that has all columns is a row."""
    best: tuple[int, int, Row] = (len(needed) + 1, 0, ())
    for number, line in enumerate(lines[: _MOST_LINES_BEFORE + 1]):
        if not line or line.startswith(_COMMENT):
            continue
        fields = fields_of(line, delimiter)
        names = tuple(map(str, range(1, len(fields) + 1)))
        others = any(other in each for each in fields for other in DELIMITERS[1:] if other != delimiter)
        missing = sum(name not in names for name in needed) + others
        if missing < best[0]:
            best = missing, number, names
    return best


def _last_rows(file: SourceFile, delimiter: str) -> tuple[Row, ...]:
    """Rows of the last 64 KiB; this reads the whole file."""
    tail: deque[bytes] = deque()
    length = 0
    for block in file.blocks(None):
        tail.append(block.data)
        length += len(block.data)
        while length - len(tail[0]) >= HEAD_BYTES:
            length -= len(tail.popleft())
    text = b"".join(tail)[-HEAD_BYTES:].decode("utf-8", "backslashreplace")
    return tuple(fields_of(line.rstrip("\r"), delimiter) for line in text.split("\n")[1:] if line)
