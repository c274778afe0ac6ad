"""A mapped file as lines for the kernels, rewritten if needed."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np

from processor.formats.disk.files import SourceFile
from processor.formats.disk.packing import BOM, HEAD_BYTES, Block

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from processor.core.report import Report
    from processor.formats.mapped.columns import Mapped
    from processor.formats.mapped.rewriting import Rewriter

_NEWLINE = ord("\n")

Lists = tuple[bytes, ...]


@dataclass(slots=True)
class Notes:
    """Notes made while reading: the number of ambiguous local times, and the lists of each line."""

    ambiguous: int = 0
    lists: dict[int, Lists] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lines(SourceFile):
    """Any mapped file as a file whose blocks are lines of comma-separated values."""

    mapped: Mapped | None = None
    notes: Notes = field(default_factory=Notes)

    @classmethod
    def of(cls, mapped: Mapped) -> Lines:
        """The lines of a file, to be read once."""
        file = mapped.file
        return cls(file.path, file.member, file.root, cache=file.cache, mapped=mapped)

    @property
    def _mapped(self) -> Mapped:
        assert self.mapped is not None  # noqa: S101 - only the base class's fields have to have defaults
        return self.mapped

    @property
    def name(self) -> str:
        """The file as reports show it."""
        return self._mapped.file.name + self._mapped.label

    @property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return self._mapped.file.size_bytes

    def head(self) -> bytes:
        """The first 64 KiB of these lines."""
        head = b""
        with closing(cast("Generator[Block]", self.blocks(HEAD_BYTES))) as blocks:
            for block in blocks:
                head += block.data
                if len(head) >= HEAD_BYTES:
                    break
        self.notes.lists.clear()
        return head[:HEAD_BYTES]

    def blocks(self, read_bytes: int | None = None) -> Iterator[Block]:
        """The lines; each has the number of its line or row in the file."""
        content = self._mapped.content
        if not self._mapped.needs_rewriting:
            yield from content.blocks(read_bytes)
            return
        rewriter = self._mapped.rewriting().rewriter()
        rest = b""
        consumed = 0
        line = 1
        begun = False
        for block in content.blocks(read_bytes):
            consumed = block.consumed_bytes
            data = rest + block.data
            if not begun and len(data) < len(BOM):
                rest = data
                continue
            data = data if begun else data.removeprefix(BOM)
            begun = True
            end = data.rfind(b"\n") + 1
            text, rest = data[:end], data[end:]
            lines = _count(text)
            yield Block(self._rewritten(rewriter, text, line, lines), consumed, block.cut_off)
            line += lines
            if block.cut_off:
                return
        if rest:
            yield Block(self._rewritten(rewriter, rest + b"\n", line, 1), consumed)

    def _rewritten(self, rewriter: Rewriter, text: bytes, first_line: int, lines: int) -> bytes:
        if not text:
            return b""
        rewritten, spans = rewriter.rewrite(text, lines)
        self.notes.ambiguous = rewriter.ambiguous
        if spans.shape[1]:
            order = self._mapped.list_places()
            for number, places in enumerate(spans[:, order].tolist()):
                self.notes.lists[first_line + number] = tuple(text[start:stop] for start, stop in places)
        return rewritten

    def report(self, report: Report) -> None:
        """Report the assumptions, after the file has been read."""
        for assumption in self._mapped.assumptions:
            report.add("assumptions", self.name, None, None, assumption)
        if self.notes.ambiguous:
            detail = "local times that occur twice, as clocks were set back: read by the order of rows, or as the first"
            report.add("assumptions", self.name, None, None, detail, count=self.notes.ambiguous)


def _count(text: bytes) -> int:
    """How many lines end in a text; four times as fast as bytes.count, and it lets other threads run."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == _NEWLINE)) if text else 0
