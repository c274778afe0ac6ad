"""Files as chunks of whole lines, read and unpacked in a thread while the chunk before is parsed."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.errors import DatasetError
from processor.formats.disk.packing import BOM, HEAD_BYTES
from processor.prefetch import SMALL_BYTES, prefetched

if TYPE_CHECKING:
    from collections.abc import Generator

    from processor.formats.disk.files import SourceFile

_NEWLINE: Final = ord("\n")
_MOST_LINE_BYTES: Final = 256 << 20
"""The longest line read: a few bytes may unpack to one line that fills any memory."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines: the first is line `first_line` (1-based) of the file, each of the `lines` ends with a newline.

    `cut_off`: the packed file ends here in the middle; an incomplete last line is left out.
    """

    text: bytes
    first_line: int
    lines: int
    consumed_bytes: int
    cut_off: bool = False

    @property
    def last_line(self) -> int:
        """The number of the last line; `first_line` - 1 if there are no lines."""
        return self.first_line + self.lines - 1


def head_lines(head: bytes) -> list[bytes]:
    """The whole lines of a file's head, without a byte order mark and line ends; blank lines are left out.

    Repetitions of the first line are also left out: they are headers of concatenated files.
    """
    lines = head.removeprefix(BOM).split(b"\n")
    if len(head) >= HEAD_BYTES:
        lines.pop()
    found = [line for line in (line.rstrip(b"\r") for line in lines) if line]
    return found[:1] + [line for line in found[1:] if line != found[0]]


def chunks(file: SourceFile, *, header_lines: int = 0, read_bytes: int | None = None) -> Generator[Lines]:
    """The file's lines without a byte order mark and the first `header_lines`, as they are read ahead in a thread.

    A small file is read without a thread.

    Raises:
        DatasetError: the file cannot be read, or its packing is damaged.
    """
    return prefetched(_chunks(file, header_lines, read_bytes), 2 if file.size_bytes > SMALL_BYTES else 0)


def _chunks(file: SourceFile, header_lines: int, read_bytes: int | None) -> Generator[Lines]:
    first_line = 1
    consumed = 0
    rest: list[bytes] = []
    with closing(_without_mark(file, read_bytes)) as blocks:
        for data, consumed, cut_off in blocks:
            end = data.rfind(b"\n") + 1
            if cut_off:
                yield Lines(b"", first_line, 0, consumed, cut_off=True)
                return
            if not end:
                rest.append(data)
                if sum(map(len, rest)) > _MOST_LINE_BYTES:
                    msg = f"{file.name}: line {first_line} is longer than {_MOST_LINE_BYTES >> 20} MiB"
                    raise DatasetError(msg)
                continue
            text = b"".join([*rest, memoryview(data)[:end]])
            rest = [data[end:]]
            while first_line <= header_lines and text:
                text = text[text.index(b"\n") + 1 :]
                first_line += 1
            if text:
                # Four times as fast as bytes.count, and other threads run meanwhile.
                lines = int(np.count_nonzero(np.frombuffer(text, np.uint8) == _NEWLINE))
                chunk = Lines(text, first_line, lines, consumed)
                first_line += chunk.lines
                yield chunk
    text = b"".join(rest)
    if text and first_line > header_lines:
        yield Lines(text + b"\n", first_line, 1, consumed)


def _without_mark(file: SourceFile, read_bytes: int | None) -> Generator[tuple[bytes, int, bool]]:
    start: bytes | None = b""
    consumed = 0
    for block in file.blocks(read_bytes):
        data, consumed = block.data, block.consumed_bytes
        if start is not None:
            start += data
            if len(start) < len(BOM) and BOM.startswith(start) and not block.cut_off:
                continue
            data, start = start.removeprefix(BOM), None
        yield data, consumed, block.cut_off
    if start:
        yield start, consumed, False
