"""What a format module provides, and the pieces of a dataset it works on.

A format is one module here with a `FORMAT` object of the protocol below, one line in `processor.formats.FORMATS`, and
one page in docs/formats/.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from processor.events import BookEvents, Trades
    from processor.report import Report

HEAD_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of one stream, in the order of the file: trades, book events, or both.

    `consumed_bytes` of the stream's `SourceFile.size_bytes` have been read by now.
    """

    trades: Trades | None
    book: BookEvents | None
    consumed_bytes: int


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a dataset: on disk, or a member of a zip archive there."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """The file's own name, as reports show it."""
        return self.path.name if self.member is None else f"{self.path.name}/{self.member}"

    @property
    def size_bytes(self) -> int:
        """Bytes on disk (of a zip member: compressed)."""
        if self.member is None:
            return self.path.stat().st_size
        with zipfile.ZipFile(self.path) as archive:
            return archive.getinfo(self.member).compress_size

    def open(self) -> IO[bytes]:
        """The file's content, decompressed whatever its packing (by content, not by name)."""
        if self.member is not None:
            return zipfile.ZipFile(self.path).open(self.member)
        raw = self.path.open("rb")
        magic = raw.read(6)
        raw.seek(0)
        if magic.startswith(b"\x1f\x8b"):
            return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
        if magic.startswith(b"BZh"):
            return bz2.BZ2File(raw)
        if magic.startswith(b"\xfd7zXZ"):
            return lzma.LZMAFile(raw)
        return raw

    def head(self) -> bytes:
        """The first 64 KiB of the content."""
        with self.open() as stream:
            return stream.read(HEAD_BYTES)


class Format(Protocol):
    """One vendor's format."""

    @property
    def name(self) -> str:
        """Short name, as `inspect` and status.json show it."""

    @property
    def title(self) -> str:
        """What it is, for the error that lists what is understood."""

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The instruments in `file` as far as its head shows; empty if the file is not of this format."""

    def streams(
        self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report
    ) -> list[Iterator[Batch]]:
        """Streams that can be read in parallel, each in file order; files that continue each other are one stream.

        Times are of `clock` ("exchange" or "local"; a vendor with one clock uses it for both). Rows of other
        instruments are passed over. Sequence, duplicate, side and malformed-row findings go to `report`.

        Raises:
            DatasetError: while iterating, when a file turns out unusable.
        """
