"""Parquet and Arrow as lines of fields: floats as their shortest digits, lists as JSON."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Final

import polars as pl

from processor.errors import DatasetError
from processor.formats.disk.packing import Block
from processor.formats.mapped.contents import FEW, Content
from processor.formats.mapped.mapping_file import clipped

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator

    from processor.formats.disk.files import SourceFile

PARQUET: Final = b"PAR1"
ARROW: Final = b"ARROW1"
ARROW_STREAM: Final = b"\xff\xff\xff\xff"
FEATHER_V1: Final = b"FEA1"
MAGICS: Final = (PARQUET, ARROW, ARROW_STREAM, FEATHER_V1)

_SEPARATOR: Final = "\x1f"
_ROWS_AT_ONCE: Final = 131_072
_SAMPLE_ROWS: Final = 2000
PRICES: Final = ("price", "px", "p", "rate")
SIZES: Final = ("size", "sz", "s", "qty", "quantity", "q", "amount", "volume", "v")


def is_frame(head: bytes) -> bool:
    """Whether a file that starts with `head` is Parquet or Arrow."""
    return head.startswith(MAGICS)


def schema_of(file: SourceFile, head: bytes) -> pl.Schema:
    """The columns and their types.

    Raises:
        DatasetError: the file cannot be read.
    """
    with _scanned(file, head) as frame:
        return frame.collect_schema()


def content_of(
    file: SourceFile, head: bytes, used: Collection[str], times: Collection[str], zone: str | None
) -> Content:
    """The used columns; times of a type without a zone come as text if a `zone` is given.

    Raises:
        DatasetError: the file cannot be read.
    """
    schema = schema_of(file, head)
    names = tuple(name for name in schema if name in used)
    units = {
        name: kind.time_unit
        for name in names
        if isinstance(kind := schema[name], pl.Datetime) and name in times and (kind.time_zone or zone is None)
    }
    columns = [_column(name, schema[name], units.get(name)) for name in names]
    with _scanned(file, head) as frame:
        rows = _rows(frame.select(columns).head(FEW).collect())
    return Content(
        names=names,
        known=tuple(schema),
        delimiter=_SEPARATOR,
        header_lines=0,
        rows=rows,
        head_rows=cache(partial(_rows_of, file, head, columns, last=False)),
        unique=partial(_unique, file, head),
        blocks=lambda _read_bytes: _blocks(file, head, columns),
        last_rows=partial(_rows_of, file, head, columns, last=True),
        units=units,
    )


def lines_of(frame: pl.DataFrame) -> str:
    """The rows of a frame of plain columns as lines."""
    return frame.write_csv(include_header=False, separator=_SEPARATOR, float_scientific=False, quote_style="never")


@contextmanager
def _scanned(file: SourceFile, head: bytes) -> Generator[pl.LazyFrame]:
    try:
        with file.on_disk() as path:
            if head.startswith(PARQUET):
                yield pl.scan_parquet(path)
            elif head.startswith(ARROW):
                yield pl.scan_ipc(path)
            elif head.startswith(ARROW_STREAM):
                yield pl.read_ipc_stream(path).lazy()
            else:
                msg = f"{file.name}: Feather of version 1 is not read; write version 2, or Parquet"
                raise DatasetError(msg)
    except (pl.exceptions.PolarsError, OSError) as error:
        msg = f"{file.name}: cannot be read: {clipped(error)}"
        raise DatasetError(msg) from error


def _unique(file: SourceFile, head: bytes, names: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    with _scanned(file, head) as frame:
        found = frame.select(pl.col(name).cast(pl.String) for name in names).unique().collect().rows()
    return frozenset(each for each in found if all(each))


def _column(name: str, kind: pl.DataType, unit: str | None) -> pl.Expr:
    column = pl.col(name)
    if unit is not None:
        return column.dt.epoch(unit)  # type: ignore[arg-type]
    if kind == pl.Time:  # the default text has no fractions
        return column.dt.to_string("%H:%M:%S%.9f")
    if kind == pl.Float32:
        # The shortest digits of 32 bits: as a float of 64 bits, 100.1 would be 100.0999984741211.
        return column.cast(pl.String).cast(pl.Float64)
    if kind.is_float() or kind.is_integer() or kind == pl.Boolean or kind.is_decimal():
        return column
    if isinstance(kind, pl.List | pl.Array):
        return _list(column if isinstance(kind, pl.List) else column.arr.to_list(), kind).alias(name)
    return column.cast(pl.String).str.replace_all(r"[\n\r\x1f]", " ")


def _list(column: pl.Expr, kind: pl.List | pl.Array) -> pl.Expr:
    """A list of numbers, of pairs or of records of a price and a size, as JSON."""
    inner = kind.inner
    element = pl.element()
    text = element.cast(pl.String)
    if isinstance(inner, pl.List | pl.Array):
        element = element if isinstance(inner, pl.List) else element.arr.to_list()
        pair = element.list.eval(pl.element().cast(pl.String)).list.join(",", ignore_nulls=False)
        text = pl.concat_str(pl.lit("["), pair, pl.lit("]"))
    elif isinstance(inner, pl.Struct):
        names = [field.name for field in inner.fields]
        price = next((name for name in PRICES if name in names), names[0])
        size = next((name for name in SIZES if name in names and name != price), names[-1])
        fields = [element.struct.field(name).cast(pl.String) for name in (price, size)]
        text = pl.concat_str(pl.lit("["), fields[0], pl.lit(","), fields[1], pl.lit("]"))
    joined = column.list.eval(text).list.join(",", ignore_nulls=False)
    return pl.concat_str(pl.lit("["), joined, pl.lit("]"))


def _rows(frame: pl.DataFrame) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split(_SEPARATOR)) for line in lines_of(frame).split("\n")[:-1])


def _rows_of(file: SourceFile, head: bytes, columns: list[pl.Expr], *, last: bool) -> tuple[tuple[str, ...], ...]:
    """Some of the last or the first rows."""
    with _scanned(file, head) as frame:
        wanted = frame.select(columns)
        return _rows((wanted.tail(_SAMPLE_ROWS) if last else wanted.head(_SAMPLE_ROWS)).collect())


def _blocks(file: SourceFile, head: bytes, columns: list[pl.Expr]) -> Iterator[Block]:
    size_bytes, rows_read = file.size_bytes, 0
    try:
        with _scanned(file, head) as frame:
            rows = max(int(frame.select(pl.len()).collect().item()), 1)
            for part in frame.select(columns).collect_batches(chunk_size=_ROWS_AT_ONCE, maintain_order=True):
                rows_read += part.height
                yield Block(lines_of(part).encode(), size_bytes * rows_read // rows)
    except pl.exceptions.PolarsError as error:
        msg = f"{file.name}: not readable after row {rows_read}: {clipped(error)}"
        raise DatasetError(msg) from error
