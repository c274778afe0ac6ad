"""What a format module provides, and the pieces of a dataset it works on.

A format is one module here with a `FORMAT` object of the protocol below, one line in `processor.formats.FORMATS`, and
one page in docs/formats/.
"""

from __future__ import annotations

import bz2
import lzma
import sys
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from isal import isal_zlib

from processor.errors import DatasetError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from processor.events import BookEvents, Trades
    from processor.report import Report

HEAD_BYTES: Final = 65_536
ZIP_MAGIC: Final = b"PK\x03\x04"

_PLAIN_READ_BYTES: Final = 768 << 10
"""Content that is handed on at once: it stays in a core's cache, and is worth the handing."""
_PACKED_READ_BYTES: Final = 256 << 10
"""The most that is read of a packed file at once; less where it unpacks to more than that content."""
_DECOMPRESSORS: Final[tuple[tuple[bytes, Callable[[], Any]], ...]] = (
    (b"\x1f\x8b", lambda: isal_zlib.decompressobj(wbits=31)),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ", lzma.LZMADecompressor),
    (b"\x28\xb5\x2f\xfd", zstd.ZstdDecompressor),
)
_MAGIC_BYTES: Final = 6
_GZIP_ERROR: Final[type[Exception]] = isal_zlib.error  # type: ignore[assignment] # its stub makes it an instance
_DAMAGE: Final = (
    OSError,
    EOFError,
    zlib.error,
    _GZIP_ERROR,
    lzma.LZMAError,
    zstd.ZstdError,
    zipfile.BadZipFile,
    RuntimeError,
)
"""What the libraries raise for bytes they cannot read or unpack (RuntimeError: zip encrypted or too new)."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of one part, in the order of the file: trades, book events, or both.

    `consumed_bytes` of the part's `size_bytes` have been read by now. Of the trades, `lines` are the 1-based lines (or
    records) in the file, int64, and `ids` the vendor's ids, int64 (`hashed_ids` makes them of texts), where they are
    known: they tell which trades of two files are the same one.
    """

    trades: Trades | None
    book: BookEvents | None
    consumed_bytes: int
    lines: NDArray[np.int64] | None = None
    ids: NDArray[np.int64] | None = None


def batch(
    trades: Trades | None,
    book: BookEvents | None,
    consumed_bytes: int,
    *,
    lines: NDArray[np.int64] | None = None,
    ids: NDArray[np.int64] | None = None,
) -> Batch:
    """A batch in which columns without a row are none at all."""
    return Batch(trades or None, book or None, consumed_bytes, lines if trades else None, ids if trades else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file of a dataset, or several that continue each other, read from its begin to its end in file order.

    Parts that overlap in time are merged, so whatever can be read apart is a part of its own; what needs the state that
    the file before left (a book that goes on) is one part with it. `read` may be called again, and gives the same.

    `first_ns` is the time of the first event where the head shows it, None where it does not. `trades` and `book`
    say what the part may hold. With `has_snapshots`, book updates before the dataset's first snapshot are dropped.
    Events of equal times are in the order of `rank`, then of the parts. Where several sources tell the trades of one
    time, those of the lowest `trades_rank` are taken. `consecutive_ids`: the vendor counts its trades one by one.
    """

    name: str
    size_bytes: int
    read: Callable[[Report], Iterator[Batch]]
    first_ns: int | None = None
    trades: bool = True
    book: bool = True
    has_snapshots: bool = False
    rank: int = 0
    trades_rank: int = 0
    consecutive_ids: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Some of a file's content, `consumed_bytes` of its `size_bytes` into it.

    `cut_off`: a packed file ends here in the middle of its packing, so what it held beyond is lost.
    """

    data: bytes
    consumed_bytes: int
    cut_off: bool = False


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a dataset: on disk, or a member of a zip archive there. `root` is the dataset's folder."""

    path: Path
    member: str | None = None
    root: Path | None = None

    @property
    def name(self) -> str:
        """The file as reports show it: its path within the dataset."""
        shown = self.path.name if self.root is None else self.path.relative_to(self.root).as_posix()
        return shown if self.member is None else f"{shown}/{self.member}"

    @property
    def size_bytes(self) -> int:
        """Bytes on disk (of a zip member: compressed)."""
        if self.member is None:
            return self.path.stat().st_size
        with zipfile.ZipFile(self.path) as archive:
            return archive.getinfo(self.member).compress_size

    def blocks(self, read_bytes: int | None = None) -> Iterator[Block]:
        """The file's content, unpacked whatever its packing (by content, not by name), about a megabyte at a time.

        `read_bytes` is how much is read of the file at once; otherwise what makes so much content, as far as is known.

        Raises:
            DatasetError: the file cannot be read, or its packing is damaged.
        """
        consumed = unpacked = 0
        try:
            with self._raw() as (raw, share):
                packed = raw.read(_MAGIC_BYTES)
                make = next((make for magic, make in _DECOMPRESSORS if packed.startswith(magic)), None)
                unpacker = _Unpacker(make) if make else None
                size = max(_PACKED_READ_BYTES // 4, 1) if unpacker else _PLAIN_READ_BYTES
                while packed:
                    consumed += len(packed)
                    data = unpacker.feed(packed) if unpacker else packed
                    unpacked += len(data)
                    yield Block(data, int(consumed * share))
                    if unpacker and unpacked:
                        size = min(max(_PLAIN_READ_BYTES * consumed // unpacked, 1), _PACKED_READ_BYTES)
                    packed = raw.read(read_bytes or size)
                if unpacker and not unpacker.complete:
                    yield Block(b"", int(consumed * share), cut_off=True)
        except _DAMAGE as error:
            msg = f"{self.name}: cannot be read beyond its byte {consumed}: {error}"
            raise DatasetError(msg) from error

    def head(self) -> bytes:
        """The first 64 KiB of the content.

        Raises:
            DatasetError: the file cannot be read.
        """
        head = b""
        for block in self.blocks(HEAD_BYTES):
            head += block.data
            if len(head) >= HEAD_BYTES:
                break
        return head[:HEAD_BYTES]

    @contextmanager
    def _raw(self) -> Iterator[tuple[IO[bytes], float]]:
        """The bytes of the file or member, and how much of `size_bytes` each of them stands for."""
        if self.member is None:
            with self.path.open("rb") as raw:
                yield raw, 1.0
        else:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as raw:
                found = archive.getinfo(self.member)
                yield raw, found.compress_size / max(found.file_size, 1)


class _Unpacker:
    """One decompressor after another: recorders append to packed files, and each append is a packing of its own."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._decompressor = make()

    @property
    def complete(self) -> bool:
        """Whether the last packing ended where it says it ends."""
        return bool(self._decompressor.eof)

    def feed(self, packed: bytes) -> bytes:
        parts = []
        while packed:
            if self._decompressor.eof:
                self._decompressor = self._make()
            parts.append(self._decompressor.decompress(packed))
            packed = self._decompressor.unused_data if self._decompressor.eof else b""
        return b"".join(parts)


def several(files: Sequence[SourceFile]) -> str:
    """Files that are read as one, for a report."""
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0].name}{more}"


class Format(Protocol):
    """One vendor's format."""

    @property
    def name(self) -> str:
        """Short name, as `inspect` and status.json show it."""

    @property
    def title(self) -> str:
        """What it is, for the error that lists what is understood."""

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The instruments in `file` as far as its head shows; empty if the file is not of this format.

        Raises:
            NothingToReplay: the file is of this vendor, but holds neither trades nor a book.
        """

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """What `files` hold of `instrument`, in parts that can be read apart.

        Times are of `clock` ("exchange" or "local"; a vendor with one clock uses it for both). Rows of other
        instruments are passed over. What is left out goes to `report`; sequence, duplicate and malformed-row findings
        to the report that a part is read with.

        Raises:
            DatasetError: the files do not go together; while a part is read, when a file turns out unusable.
        """
