"""A table as a Parquet file: one row group, a page a column, plain values under gzip. Pure.

It writes the part of the format (parquet.apache.org/docs/file-format) that such tables need; decision 19 says why.
"""

from __future__ import annotations

import gzip
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from visualizer.server.table_rows import Column, Table

_MAGIC: Final = b"PAR1"
_TYPES: Final = {"bool": 0, "int": 2, "float": 5, "str": 6}
"""BOOLEAN, INT64, DOUBLE, BYTE_ARRAY."""
_UTF8: Final = 0
_REQUIRED, _OPTIONAL = 0, 1
_PLAIN, _RLE = 0, 3
_GZIP: Final = 2
_DATA_PAGE: Final = 0
_GZIP_LEVEL: Final = 1


def parquet_of(table: Table) -> bytes:
    """The file; equal tables give equal bytes."""
    out = bytearray(_MAGIC)
    count = len(table.rows)
    columns = list(zip(*table.rows, strict=True)) if count else []
    chunks = [_column(column, values, out) for column, values in zip(table.columns, columns, strict=bool(count))]
    groups = []
    if count:
        size = sum(raw for _, raw in chunks)
        groups = [_struct({1: _list(chunk for chunk, _ in chunks), 2: _i64(size), 3: _i64(count)})]
    root = _struct({4: _binary("schema"), 5: _i32(len(table.columns))})
    schema = [root, *map(_element, table.columns)]
    _, footer = _struct(
        {1: _i32(1), 2: _list(schema), 3: _i64(count), 4: _list(groups), 6: _binary("orderflow-replay version 1")}
    )
    return bytes(out) + footer + struct.pack("<I", len(footer)) + _MAGIC


def _column(column: Column, values: Sequence[Any], out: bytearray) -> tuple[_Thrift, int]:
    """Appends the page of a column to the file; what the footer says of it, and its size before it is packed."""
    payload = _page(column, values)
    packed = gzip.compress(payload, _GZIP_LEVEL, mtime=0)
    page = {1: _i32(len(values)), 2: _i32(_PLAIN), 3: _i32(_RLE), 4: _i32(_RLE)}
    _, header = _struct({1: _i32(_DATA_PAGE), 2: _i32(len(payload)), 3: _i32(len(packed)), 5: _struct(page)})
    start = len(out)
    out += header + packed
    said = {
        1: _i32(_TYPES[column.kind]),
        2: _list([_i32(_PLAIN), _i32(_RLE)]),
        3: _list([_binary(column.name)]),
        4: _i32(_GZIP),
        5: _i64(len(values)),
        6: _i64(len(header) + len(payload)),
        7: _i64(len(out) - start),
        9: _i64(start),
    }
    return _struct({2: _i64(0), 3: _struct(said)}), len(header) + len(payload)


def _page(column: Column, values: Sequence[Any]) -> bytes:
    """Which values there are, where some may be missing, and then these."""
    if not column.nullable:
        return _plain(column.kind, values)
    # One run of bits, in groups of eight.
    levels = _varint((len(values) + 7) // 8 << 1 | 1) + _bits([value is not None for value in values])
    return struct.pack("<I", len(levels)) + levels + _plain(column.kind, [each for each in values if each is not None])


def _plain(kind: str, values: Sequence[Any]) -> bytes:
    if kind == "int":
        return struct.pack(f"<{len(values)}q", *values)
    if kind == "float":
        return struct.pack(f"<{len(values)}d", *values)
    if kind == "bool":
        return _bits(values)
    texts = [value.encode() for value in values]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def _bits(flags: Sequence[bool]) -> bytes:
    return bytes(sum(flag << i for i, flag in enumerate(flags[at : at + 8])) for at in range(0, len(flags), 8))


def _element(column: Column) -> _Thrift:
    said = {1: _i32(_TYPES[column.kind]), 3: _i32(_OPTIONAL if column.nullable else _REQUIRED), 4: _binary(column.name)}
    if column.kind == "str":
        # As readers of before 2018 know it, and as those after do.
        said |= {6: _i32(_UTF8), 10: _struct({1: _struct({})})}
    return _struct(said)


# Thrift's compact protocol, in which a file and its pages are described: a value is its type and its bytes.

_Thrift = tuple[int, bytes]
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
_SHORT: Final = 15
"""Fewer elements than this stand in the first byte of a list."""


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _i32(value: int) -> _Thrift:
    return _I32, _varint(value << 1)


def _i64(value: int) -> _Thrift:
    return _I64, _varint(value << 1)


def _binary(text: str) -> _Thrift:
    encoded = text.encode()
    return _BINARY, _varint(len(encoded)) + encoded


def _list(values: Iterable[_Thrift]) -> _Thrift:
    """Of values of one type; an empty one is of structs."""
    found = list(values)
    of = found[0][0] if found else _STRUCT
    head = bytes([len(found) << 4 | of]) if len(found) < _SHORT else bytes([0xF0 | of]) + _varint(len(found))
    return _LIST, head + b"".join(encoded for _, encoded in found)


def _struct(fields: dict[int, _Thrift]) -> _Thrift:
    """Its fields by number, ascending."""
    out = bytearray()
    before = 0
    for number, (of, encoded) in fields.items():
        out.append((number - before) << 4 | of)
        out += encoded
        before = number
    return _STRUCT, bytes(out) + b"\0"
