"""The error for a dataset without any known format, with a suggested mapping for its tables.

This module imports all formats and the guessing of columns, so it is imported only if a file has no known format.
"""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, Final

from processor.formats.mapped import FILE_NAME, advice
from processor.formats.opening.described import described, may_be_mapped
from processor.formats.registry import formats
from processor.names import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from processor.formats.disk.files import SourceFile
    from processor.formats.opening.described import Ignored

_LISTED: Final = 10
_COMPARED: Final = 50


def is_table(file: SourceFile, head: bytes) -> bool:
    """Whether a file of no known format is a table that a mapping could describe."""
    return _may_be_mapped(head) and advice.is_table(file, head)


def unknown(path: Path, ignored: Sequence[Ignored]) -> str:
    """The error message for a dataset without any known format: its files, the known formats, and a mapping."""
    shown = printable(str(path))
    understood = "\n".join(f"  {known.title}" for known in formats())
    if not ignored:
        return f"{shown} is empty\nKnown formats:\n{understood}"
    found = "\n".join(f"  {each.name}: {_reason(each)}" for each in ignored[:_LISTED])
    more = f"\n  and {len(ignored) - _LISTED} more" if len(ignored) > _LISTED else ""
    msg = f"nothing in {shown} is of a known format\nFound:\n{found}{more}\nKnown formats:\n{understood}"
    tables = [each.file for each in ignored if each.file and each.reason is None and _may_be_mapped(each.start)]
    if not tables:
        return msg
    table, *others = tables
    mapped = indent(advice.example(table, table.head(), others[:_COMPARED]), "  ")
    hint = f"If it is a table of trades or book updates, put a file {FILE_NAME} like this beside it:"
    return f"{msg}\n{hint}\n{mapped}"


def _may_be_mapped(start: bytes) -> bool:
    return advice.may_be_mapped(start) and may_be_mapped(start)


def _reason(ignored: Ignored) -> str:
    if ignored.reason is not None or ignored.file is None:
        return ignored.reason or ""
    return described(ignored.file, ignored.start)
