"""What content is packed in, undone while it is read, and text that is written otherwise than formats expect it."""

from __future__ import annotations

import bz2
import codecs
import lzma
import re
import sys
import zipfile
import zlib
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import lz4.frame
from isal import isal_zlib

from processor.errors import DatasetError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

HEAD_BYTES: Final = 65_536
BOM: Final = b"\xef\xbb\xbf"

_PIECE_BYTES: Final = 8 << 20
"""The most that is unpacked at once: a few bytes may stand for gigabytes."""
_MOST_PACKINGS: Final = 4
_MAGIC_BYTES: Final = 13
_GZIP_ERROR: Final[type[Exception]] = isal_zlib.error  # type: ignore[assignment] # its stub makes it an instance
DAMAGE: Final = (
    OSError,
    EOFError,
    zlib.error,
    _GZIP_ERROR,
    lzma.LZMAError,
    zstd.ZstdError,
    zipfile.BadZipFile,
    RuntimeError,
)
"""What the libraries raise for bytes they cannot read or unpack (RuntimeError: LZ4, and zip too new)."""


class _Gzip:
    """ISA-L's decompressor with the interface that all others have."""

    def __init__(self) -> None:
        self._made = isal_zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return bool(self._made.eof)

    @property
    def unused_data(self) -> bytes:
        return self._made.unused_data

    def decompress(self, packed: bytes, most: int) -> bytes:
        return self._made.decompress(self._made.unconsumed_tail + packed, most)


_PACKINGS: Final[tuple[tuple[re.Pattern[bytes], Callable[[], Any]], ...]] = (
    (re.compile(rb"\x1f\x8b\x08"), _Gzip),
    (re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"), bz2.BZ2Decompressor),
    # The older one says nothing but its settings and a length, mostly an unknown one.
    (re.compile(rb"\xfd7zXZ\0|\x5d\0\0[\0-\xff]{2}(\xff{8}|[\0-\xff]{5}\0{3})"), lzma.LZMADecompressor),
    # With a frame to skip at its begin, as pzstd writes it.
    (re.compile(rb"(\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)"), zstd.ZstdDecompressor),
    (re.compile(rb"\x04\x22\x4d\x18"), lz4.frame.LZ4FrameDecompressor),
)


@dataclass(frozen=True, slots=True)
class Block:
    """Some of a file's content, `consumed_bytes` of its `size_bytes` into it.

    `cut_off`: a packed file ends here in the middle of its packing, so what it held beyond is lost.
    """

    data: bytes
    consumed_bytes: int
    cut_off: bool = False


def unpacked(blocks: Iterator[Block], times: int = 0) -> Iterator[Block]:
    """The content of `blocks`, unpacked as often as it is packed.

    Raises:
        DatasetError: it is packed too many times over, as what unpacks to itself is.
    """
    begin, blocks = _peeked(blocks, _MAGIC_BYTES)
    make = next((make for magic, make in _PACKINGS if magic.match(begin)), None)
    if make is None:
        return blocks
    if times == _MOST_PACKINGS:
        msg = f"packed more than {_MOST_PACKINGS} times over: unpack it first"
        raise DatasetError(msg)
    return unpacked(_unpacked(blocks, make), times + 1)


def _unpacked(blocks: Iterator[Block], make: Callable[[], Any]) -> Iterator[Block]:
    """One packing after another: recorders append to packed files, and each append is a packing of its own."""
    decompressor = make()
    consumed = 0
    for block in blocks:
        packed, consumed = block.data, block.consumed_bytes
        more = bool(packed)
        while more:
            if decompressor.eof:
                decompressor = make()
            data = decompressor.decompress(packed, _PIECE_BYTES)
            # What follows the end may be another packing; zeros are a tape's or a disk's.
            packed = (decompressor.unused_data or b"").lstrip(b"\0") if decompressor.eof else b""
            more = bool(packed) or (len(data) == _PIECE_BYTES and not decompressor.eof)
            if data:
                yield Block(data, consumed)
        if block.cut_off:
            yield replace(block, data=b"")
            return
    if not decompressor.eof:
        yield Block(b"", consumed, cut_off=True)


_UTF_16: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_LOOKED_AT: Final = 64
_FEWEST_BYTES: Final = 8
_LETTERS: Final = frozenset(b"\t\r\n") | frozenset(range(ord(" "), 0x7F))


def as_utf8(blocks: Iterator[Block]) -> Iterator[Block]:
    """Text of UTF-16 as UTF-8, and separated values without the quotes that all of them are in; all else as it is."""
    begin, blocks = _peeked(blocks, _LOOKED_AT)
    encoding = _encoding(begin[:_LOOKED_AT])
    if encoding is not None:
        blocks = _decoded(blocks, encoding)
        begin, blocks = _peeked(blocks, len(BOM) + 1)
    if begin.removeprefix(BOM).startswith(b'"'):
        begin, blocks = _peeked(blocks, HEAD_BYTES)
        if _needless_quotes(begin[:HEAD_BYTES].removeprefix(BOM), whole=len(begin) < HEAD_BYTES):
            return (replace(block, data=block.data.translate(None, b'"')) for block in blocks)
    return blocks


def _encoding(begin: bytes) -> str | None:
    """The kind of UTF-16 that a text begins in: by its mark, or by ASCII of which every other byte is 0."""
    if begin[:2] in _UTF_16:
        return _UTF_16[begin[:2]]
    if len(begin) < _FEWEST_BYTES:
        return None
    for letters, zeros, encoding in ((begin[::2], begin[1::2], "utf-16-le"), (begin[1::2], begin[::2], "utf-16-be")):
        if not any(zeros) and _LETTERS.issuperset(letters):
            return encoding
    return None


def _decoded(blocks: Iterable[Block], encoding: str) -> Iterator[Block]:
    """What is no character becomes U+FFFD, which is in no number."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    begun = False
    consumed = 0
    for block in blocks:
        consumed = block.consumed_bytes
        text = decoder.decode(block.data)
        if text and not begun:
            text, begun = text.removeprefix("\ufeff"), True
        yield replace(block, data=text.encode())
    if rest := decoder.decode(b"", final=True):
        yield Block(rest.encode(), consumed)


def _needless_quotes(head: bytes, *, whole: bool) -> bool:
    """Whether the first line is values in quotes alone, and no line has a quote or a separator between quotes.

    The last line of a head that is not all of the content (`whole`) may be incomplete, and is not looked at.
    """
    lines = head.split(b"\n")
    if not whole:
        lines.pop()
    lines = [line.rstrip(b"\r") for line in lines]
    first = re.match(rb'"[^"]*"([,;\t|])"', lines[0]) if lines else None
    if first is None:
        return False
    separator = re.escape(first[1])
    quoted = rb'"[^",%b]*"' % separator
    value = rb'(?:%b|[^"%b]*)' % (quoted, separator)
    of_quotes = re.compile(rb"%b(?:%b%b)+" % (quoted, separator, quoted))
    row = re.compile(rb"%b(?:%b%b)*" % (value, separator, value))
    return of_quotes.fullmatch(lines[0]) is not None and all(map(row.fullmatch, lines))


def _peeked(blocks: Iterator[Block], size: int) -> tuple[bytes, Iterator[Block]]:
    """The first `size` bytes or more, all of them if there are fewer, and the same blocks again."""
    first: list[Block] = []
    length = 0
    while length < size and (block := next(blocks, None)) is not None:
        first.append(block)
        length += len(block.data)
    return b"".join(block.data for block in first), chain(first, blocks)
