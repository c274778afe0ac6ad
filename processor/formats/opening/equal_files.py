"""Files with the same content: packed and unpacked, downloaded twice, or downloaded in part and then in full."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum, auto
from itertools import groupby, islice, takewhile
from typing import TYPE_CHECKING, Final

from processor.formats.disk.packing import HEAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from processor.formats.disk.files import SourceFile
    from processor.formats.disk.packing import Block

_START_BYTES: Final = 1024
_WITH_DAY_IN_NAME: Final = frozenset({"lobster"})
"""Formats whose file name, not the content, says the day and which files belong together."""


@dataclass(frozen=True, slots=True)
class FileStart:
    """The start of a file, with its format and its instruments."""

    file: SourceFile
    format_name: str
    instruments: frozenset[str]
    start: bytes
    head_bytes: int
    digest: bytes

    @classmethod
    def of(cls, file: SourceFile, head: bytes, format_name: str, instruments: frozenset[str]) -> FileStart:
        """The start of `file`, from its `head`."""
        digest = hashlib.blake2b(head, digest_size=16).digest()
        return cls(file, format_name, instruments, head[:_START_BYTES], len(head), digest)

    @property
    def kind(self) -> tuple[str, str]:
        """Files of different kinds count as different, whatever their content."""
        says_day = self.format_name in _WITH_DAY_IN_NAME
        return self.format_name, self.file.base_name.partition(".")[0] if says_day else ""


class _Found(Enum):
    """How the contents of two files relate."""

    SAME = auto()
    FIRST_BEGINS_SECOND = auto()
    SECOND_BEGINS_FIRST = auto()


def repeated_files(contents: Sequence[FileStart]) -> dict[SourceFile, str]:
    """The files that equal another file or are only its beginning, each with a phrase that names the other.

    Of equal files the first by name is kept. Files are read to their end only if their heads are alike.

    Raises:
        DatasetError: one of them cannot be read.
    """
    left_out: dict[SourceFile, str] = {}
    ordered = sorted(contents, key=lambda each: (each.kind, each.start, each.file.name))
    for _, same_kind in groupby(ordered, key=lambda each: each.kind):
        some = [each for each in same_kind if each.head_bytes]
        for at, each in enumerate(some):
            # Contents that start like this one follow it directly.
            for other in takewhile(lambda other: other.start.startswith(each.start), islice(some, at + 1, None)):  # noqa: B023 - used at once
                if each.file in left_out:
                    break
                if other.file not in left_out:
                    left_out |= _left_out(each, other)
    return left_out


def _left_out(one: FileStart, other: FileStart) -> dict[SourceFile, str]:
    """The one of the two files that adds nothing to the other, with the reason.

    A file that is cut off shows fewer instruments than the whole file, and maybe half of a name.
    """
    found = _found(one, other)
    if found is _Found.SAME and one.instruments == other.instruments:
        return {other.file: f"the same as {one.file.name}"}
    if found is _Found.FIRST_BEGINS_SECOND and one.instruments & other.instruments:
        return {one.file: f"the beginning of {other.file.name}"}
    if found is _Found.SECOND_BEGINS_FIRST and one.instruments & other.instruments:
        return {other.file: f"the beginning of {one.file.name}"}
    return {}


def _found(one: FileStart, other: FileStart) -> _Found | None:
    if one.head_bytes == other.head_bytes == HEAD_BYTES:
        return _compared(one.file, other.file) if one.digest == other.digest else None
    if one.digest == other.digest:
        return _Found.SAME
    if one.head_bytes < other.head_bytes:
        return _Found.FIRST_BEGINS_SECOND if other.file.head().startswith(one.file.head()) else None
    return _Found.SECOND_BEGINS_FIRST if one.file.head().startswith(other.file.head()) else None


def _compared(one: SourceFile, other: SourceFile) -> _Found | None:
    """Compare two files by their whole content."""
    of_one, of_other = one.blocks(), other.blocks()
    first = second = memoryview(b"")
    while True:
        first, second = first or _next(of_one), second or _next(of_other)
        length = min(len(first), len(second))
        if first[:length] != second[:length]:
            return None
        if not length:
            return _Found.SAME if len(first) == len(second) else _ended(first)
        first, second = first[length:], second[length:]


def _ended(first: memoryview) -> _Found:
    return _Found.SECOND_BEGINS_FIRST if first else _Found.FIRST_BEGINS_SECOND


def _next(blocks: Iterator[Block]) -> memoryview:
    """The next piece of content; empty at the end."""
    return next((memoryview(block.data) for block in blocks if block.data), memoryview(b""))
