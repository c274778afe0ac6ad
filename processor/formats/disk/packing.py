"""Decompression while reading, and text rewritten into the form that formats expect."""

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
"""The most bytes unpacked at once: a few packed bytes may stand for gigabytes."""
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
"""What the libraries raise for bytes that they cannot read or unpack (RuntimeError: LZ4, newer zip versions)."""


class _Gzip:
    """ISA-L's decompressor with the interface of the other libraries."""

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


_MOST_XZ_BYTES: Final = 256 << 20
"""The memory that a packing may ask for: `xz -9` takes a quarter, a made-up header might ask for gigabytes."""


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(memlimit=_MOST_XZ_BYTES)


_PACKINGS: Final[tuple[tuple[re.Pattern[bytes], Callable[[], Any]], ...]] = (
    (re.compile(rb"\x1f\x8b\x08"), _Gzip),
    (re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"), bz2.BZ2Decompressor),
    # The older header holds only settings and a length, which is mostly unknown.
    (re.compile(rb"\xfd7zXZ\0|\x5d\0\0[\0-\xff]{2}(\xff{8}|[\0-\xff]{5}\0{3})"), _xz),
    # With a skippable frame at the start, as pzstd writes it.
    (re.compile(rb"(\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)"), zstd.ZstdDecompressor),
    (re.compile(rb"\x04\x22\x4d\x18"), lz4.frame.LZ4FrameDecompressor),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a file's content that ends after `consumed_bytes` of the file's `size_bytes`.

    `cut_off`: a packed file ends here before its packing is complete, so the rest is lost.
    """

    data: bytes
    consumed_bytes: int
    cut_off: bool = False


def unpacked(blocks: Iterator[Block], times: int = 0) -> Iterator[Block]:
    """The content of `blocks`, unpacked as many times as it is packed.

    Raises:
        DatasetError: it is packed too many times, for example content that unpacks to itself.
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
    """Unpack several packings in a row: recorders append to packed files, and each append is a packing of its own."""
    decompressor = make()
    consumed = 0
    for block in blocks:
        packed, consumed = block.data, block.consumed_bytes
        more = bool(packed)
        while more:
            if decompressor.eof:
                decompressor = make()
            data = decompressor.decompress(packed, _PIECE_BYTES)
            # Another packing may follow the end; zeros are padding of a tape or a disk.
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
    """UTF-16 text as UTF-8, and separated values without quotes if all have them; other content unchanged."""
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
    """The UTF-16 encoding of a text, by its byte order mark or by ASCII in which every other byte is 0."""
    if begin[:2] in _UTF_16:
        return _UTF_16[begin[:2]]
    if len(begin) < _FEWEST_BYTES:
        return None
    for letters, zeros, encoding in ((begin[::2], begin[1::2], "utf-16-le"), (begin[1::2], begin[::2], "utf-16-be")):
        if not any(zeros) and _LETTERS.issuperset(letters):
            return encoding
    return None


def _decoded(blocks: Iterable[Block], encoding: str) -> Iterator[Block]:
    """Invalid characters become U+FFFD, which no number contains."""
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
    """Whether all values of the first line are in quotes, and no line has a quote or a separator within quotes.

    Without `whole`, the last line of `head` may be incomplete and is not checked.
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
    """The first `size` bytes or more (all content if it is shorter), and an iterator over all blocks."""
    first: list[Block] = []
    length = 0
    while length < size and (block := next(blocks, None)) is not None:
        first.append(block)
        length += len(block.data)
    return b"".join(block.data for block in first), chain(first, blocks)
