"""Files as their rows and back, whatever they are: lines, records, messages, and rows of tables.

Nothing of the project's readers is used, so what is found here is what the files say.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import sqlite3
import struct
import sys
import zipfile
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Files = dict[str, bytes]
"""A folder: the content of its files on disk, by their paths in it."""

PACKINGS: Final[dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]]] = {
    ".gz": (gzip.compress, gzip.decompress),
    ".bz2": (bz2.compress, bz2.decompress),
    ".xz": (lzma.compress, lzma.decompress),
    ".zst": (zstd.compress, zstd.decompress),
}
"""How files are packed and unpacked, by the end of their names."""
_MEMBERS: Final = (".zip", ".npz")
_DATA: Final = re.compile(rb'-?\d|[\[{]|"?-?\d|wss:')
"""How a line begins that is no header."""
_PARQUET: Final = b"PAR1"
_SQLITE: Final = b"SQLite format 3\0"
_NUMPY: Final = b"\x93NUMPY"
_DBN: Final = b"DBN"
_SCID: Final = b"SCID"
_SCDD: Final = b"SCDD"
_SIERRA_BYTES: Final = {_SCID: 40, _SCDD: 24}
_PCAP: Final = b"\xd4\xc3\xb2\xa1"
_PCAP_BYTES: Final = 24, 16
"""Before the packets, and before each."""
_ITCH: Final = b"\x00\x0cS"
_ITCH_HEAD: Final = 2
_FIRST, _LAST = "orderflow.first_time_ns", "orderflow.last_time_ns"
_SCHEMA: Final = "SELECT sql FROM sqlite_master WHERE type = 'table' ORDER BY name"


@dataclass(frozen=True)
class Table:
    """The rows of a file, and how rows become such a file again.

    Rows are bytes (a line with its end, a record, a message) or tuples of cells; of a database they begin with the name
    of their table. `names` are the columns of such tuples, or of the header of lines. The first row is `first_line`.
    """

    kind: str
    rows: list[Any]
    joined: Callable[[Sequence[Any]], bytes]
    first_line: int = 1
    header: bytes = b""
    names: tuple[str, ...] = ()


def suffix_of(name: str) -> str:
    """What the file is packed in, by its name; empty if in nothing."""
    return next((end for end in (*PACKINGS, *_MEMBERS) if name.endswith(end)), "")


def unpacked(name: str, content: bytes) -> bytes:
    """What is in a file, or in the only member of an archive."""
    suffix = suffix_of(name)
    if suffix in _MEMBERS:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (member,) = archive.namelist()
            return archive.read(member)
    return PACKINGS[suffix][1](content) if suffix else content


def packed(name: str, content: bytes) -> bytes:
    """The same packed again, as the name says."""
    suffix = suffix_of(name)
    if suffix in _MEMBERS:
        member = "data.npy" if suffix == ".npz" else f"{name.rpartition('/')[2].removesuffix(suffix)}.csv"
        return zipped({member: content})
    return PACKINGS[suffix][0](content) if suffix else content


def zipped(members: Files) -> bytes:
    """A zip archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def taken_apart(content: bytes) -> Table:
    """The rows of a file's content, unpacked; none of a kind that is not known here."""
    kinds = {
        _PARQUET: _parquet, _SQLITE: _database, _NUMPY: _array, _DBN: _dbn, _SCID: _sierra, _SCDD: _sierra,
        _PCAP: _packets,
    }  # fmt: skip
    known = next((kind for magic, kind in kinds.items() if content.startswith(magic)), None)
    if known is not None:
        return known(content)
    if content.startswith(_ITCH):
        return _messages(content)
    return Table("unknown", [], lambda _: content) if b"\0" in content else _lines(content)


def _lines(content: bytes) -> Table:
    rows = content.splitlines(keepends=True)
    header = rows.pop(0) if rows and not _DATA.match(rows[0]) else b""
    delimiter = max(b",", b";", b"\t", key=header.count)
    names = tuple(header.rstrip(b"\r\n").decode("utf-8", "replace").split(delimiter.decode())) if header else ()
    return Table("lines", rows, lambda some: header + b"".join(some), 1 + bool(header), header, names)


def _records(kind: str, content: bytes, start: int, size: int) -> Table:
    head = content[:start]
    rows = [content[at : at + size] for at in range(start, len(content), size)]
    return Table(kind, rows, lambda some: head + b"".join(some), header=head)


def _dbn(content: bytes) -> Table:
    start = 8 + int.from_bytes(content[4:8], "little")
    return _records("dbn", content, start, content[start] * 4 if len(content) > start else 4)


def _sierra(content: bytes) -> Table:
    return _records("sierra", content, int.from_bytes(content[4:8], "little"), _SIERRA_BYTES[content[:4]])


def _messages(content: bytes) -> Table:
    """The messages of ITCH; the first two, which say that the day begins and which stocks there are, are the header."""
    rows, at = [], 0
    while at < len(content):
        (length,) = struct.unpack_from(">H", content, at)
        rows.append(content[at : at + 2 + length])
        at += 2 + length
    head = b"".join(rows[:_ITCH_HEAD])
    rows = rows[_ITCH_HEAD:]
    return Table("itch", rows, lambda some: head + b"".join(some), 1 + _ITCH_HEAD, head)


def _packets(content: bytes) -> Table:
    """Captured packets; the first, which says which stocks there are, is of the header."""
    before, before_each = _PCAP_BYTES
    rows, at = [], before
    while at < len(content):
        (length,) = struct.unpack_from("<I", content, at + 8)
        rows.append(content[at : at + before_each + length])
        at += before_each + length
    head = content[:before] + b"".join(rows[:1])
    return Table("pcap", rows[1:], lambda some: head + b"".join(some), 2, head)


def _array(content: bytes) -> Table:
    array = np.load(io.BytesIO(content))
    rows = [array[at : at + 1].tobytes() for at in range(len(array))]

    def joined(some: Sequence[bytes]) -> bytes:
        made = io.BytesIO()
        np.save(made, np.frombuffer(b"".join(some), array.dtype).reshape(len(some), *array.shape[1:]))
        return made.getvalue()

    return Table("array", rows, joined, names=tuple(array.dtype.names or ()))


def _parquet(content: bytes) -> Table:
    frame = pl.read_parquet(io.BytesIO(content))
    told = {key: text for key, text in pl.read_parquet_metadata(io.BytesIO(content)).items() if key != "ARROW:schema"}

    def joined(some: Sequence[tuple[Any, ...]]) -> bytes:
        made = io.BytesIO()
        wide = {name: pl.Int64 if kind.is_integer() else kind for name, kind in frame.schema.items()}
        rows = pl.DataFrame(list(some), wide, orient="row")
        times = [row[0] for row in some] or [0]
        span = {_FIRST: str(min(times)), _LAST: str(max(times))} if _FIRST in told else {}
        rows.write_parquet(made, metadata=told | span)
        return made.getvalue()

    return Table("parquet", frame.rows(), joined, names=tuple(frame.columns))


def _database(content: bytes) -> Table:
    """The rows of all tables, each without its id: that is its number in its table, from 1 on."""
    rows: list[tuple[Any, ...]] = []
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(content)
        schemas = [sql for (sql,) in database.execute(_SCHEMA)]
        tables = [re.split(r"[\s(]+", sql)[2] for sql in schemas]
        for table in tables:
            rows += [(table, *cells) for _, *cells in database.execute(f"SELECT * FROM {table} ORDER BY id")]  # noqa: S608

    def joined(some: Sequence[tuple[Any, ...]]) -> bytes:
        with closing(sqlite3.connect(":memory:")) as made:
            for sql in schemas:
                made.execute(sql)
            for table, *cells in some:
                places = ", ".join("?" * len(cells))
                made.execute(f"INSERT INTO {table} VALUES (NULL, {places})", cells)  # noqa: S608
            made.commit()
            return made.serialize()

    return Table("database", rows, joined)


def numbered(table: Table) -> list[tuple[str, int, Any]]:
    """The rows with the line that a report has for each, and the table they are of, in a database."""
    if table.kind != "database":
        return [("", table.first_line + at, row) for at, row in enumerate(table.rows)]
    found, counts = [], dict.fromkeys((row[0] for row in table.rows), 0)
    for row in table.rows:
        counts[row[0]] += 1
        found.append((row[0], counts[row[0]], row[1:]))
    return found
