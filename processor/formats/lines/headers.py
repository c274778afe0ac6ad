"""Headers that name the columns of a file, and the names of instruments in it."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Final

from processor.errors import DatasetError
from processor.formats.disk.packing import HEAD_BYTES
from processor.formats.lines import text
from processor.formats.lines.chunks import chunks
from processor.formats.lines.specs import KIND_ONLY, KIND_SKIP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from processor.formats.disk.files import SourceFile
    from processor.formats.lines.text import Column


_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffd]")
"""Characters that no name has: invisible ones, and replacements of bytes that are not UTF-8."""
_AROUND: Final = ' \t"'
_SEARCHED_BYTES: Final = 4 << 20
"""How many bytes of a recording are searched for the names of instruments."""


def sound_names(names: Iterable[str | bytes]) -> frozenset[str]:
    """The names of instruments without surrounding blanks and quotes; empty and damaged names are left out.

    A damaged name has control or invisible characters, or is not UTF-8 (or was not, before a program replaced the
    bytes): a row with such a name, or without one, is malformed for every instrument.
    """
    texts = (name if isinstance(name, str) else name.decode("utf-8", "replace") for name in set(names))
    stripped = (text.strip(_AROUND) for text in texts)
    return frozenset(name for name in stripped if name and not _UNSEEN.search(name))


def names_near_begin(
    file: SourceFile, head: bytes, pattern: re.Pattern[bytes], *, first_within_bytes: int = 0
) -> frozenset[str]:
    """The names that the only group of `pattern` finds in the first bytes of a recording.

    A recording has its names near its start. If the head has none, the file is read further for the first name, up to
    `first_within_bytes`.
    """
    found = set(pattern.findall(head))
    if len(head) < HEAD_BYTES or not (found or first_within_bytes):
        return sound_names(found)
    searched = 0
    with closing(chunks(file)) as read:
        for chunk in read:
            found.update(pattern.findall(chunk.text))
            searched += len(chunk.text)
            if searched > (_SEARCHED_BYTES if found else first_within_bytes):
                break
    return sound_names(found)


def layout_of(file: SourceFile, columns: Sequence[Column]) -> text.Layout:
    """The layout of a file with these columns from its header.

    Raises:
        DatasetError: the header has a used column twice.
    """
    named = Counter(column.name for column in columns if column.kind not in {KIND_SKIP, KIND_ONLY})
    twice = next((name for name, count in named.items() if count > 1), None)
    if twice is not None:
        msg = f"{file.name}: the header names the column {text.printable(twice)} twice: keep one of them"
        raise DatasetError(msg)
    return text.Layout(columns)
