"""CSV and Parquet of any layout, which a file `mapping.toml` beside them explains (docs/formats/mapping.md)."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import polars as pl

from processor.errors import DatasetError
from processor.events import BUY, SELL, UNKNOWN, BookEvents, Trades
from processor.formats import text
from processor.formats.base import batch
from processor.formats.chunks import head_lines
from processor.formats.files import SourceFile, beside
from processor.formats.headers import layout_of, sound_names
from processor.formats.packing import BOM, Block
from processor.formats.snapshots import SnapshotRuns, with_clears
from processor.formats.states import full_states
from processor.formats.tables import Table, report_unknown_sides, table_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from processor.formats.base import Batch, Part
    from processor.formats.tables import Convert, Rows
    from processor.report import Report

FILE_NAME: Final = "mapping.toml"

_KINDS: Final = ("trades", "book")
_PARQUET: Final = b"PAR1"
_ARROW: Final = b"ARROW1"
_GROUP_ROWS: Final = 131_072
_UNITS: Final = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_ISO: Final = "iso"
_ESCAPED_COMMA: Final = 0x1F
"""Takes the place of a comma in files that another character separates: it is in no number, time or word."""
_SIDES: Final = np.array([0, 1], np.int8)
_AGGRESSORS: Final = np.array([BUY, SELL, UNKNOWN], np.int8)

_SHOWN_NAMES: Final = 50
_SHOWN_LETTERS: Final = 40
_SHOWN_REASON: Final = 300

_Name = str | int
_Word = str | int | bool


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What mapping.toml says of one kind of files: the names of columns (or numbers, from 1), and words in them."""

    files: str
    time: _Name
    time_unit: str
    instrument: str | None = None
    instrument_column: _Name | None = None
    local_time: _Name | None = None
    price: _Name | None = None
    size: _Name | None = None
    side: _Name | None = None
    buy: _Word = "buy"
    sell: _Word = "sell"
    unknown: _Word | None = None
    bid: _Word = "bid"
    ask: _Word = "ask"
    snapshot: _Name | None = None
    snapshot_word: _Word = "true"
    update_word: _Word = "false"
    levels: list[tuple[_Name, _Name, _Name, _Name]] = []
    delimiter: str = ","
    header: bool = True


@dataclass(frozen=True, slots=True)
class _Mapped(SourceFile):
    """A file that a mapping explains, whose blocks are lines separated by commas whatever it is itself."""

    kind: str = ""
    table: _Table | None = None
    names: tuple[str, ...] = ()
    parquet: bool = False

    @property
    def said(self) -> _Table:
        """What the mapping says of it."""
        assert self.table is not None  # noqa: S101 - only the base class's fields have to have defaults
        return self.table

    @property
    def header_lines(self) -> int:
        """Lines before the first row."""
        return 0 if self.parquet or not self.said.header else 1

    def blocks(self, read_bytes: int | None = None) -> Iterator[Block]:
        """The content as lines of values separated by commas, without quotes."""
        if self.parquet:
            yield from self._rows_of_parquet()
            return
        delimiter = self.said.delimiter
        turned = bytes.maketrans(delimiter.encode() + b",", b"," + bytes([_ESCAPED_COMMA]))
        table = None if delimiter == "," else turned
        for block in SourceFile.blocks(self, read_bytes):
            yield Block(block.data.translate(table, delete=b'"'), block.consumed_bytes, block.cut_off)

    def _rows_of_parquet(self) -> Iterator[Block]:
        """Numbers with as many digits as it takes to tell them apart, which are those that were meant."""
        size_bytes, rows_read = self.size_bytes, 0
        try:
            with self.on_disk() as path:
                frame = pl.scan_parquet(path)
                rows = max(int(frame.select(pl.len()).collect().item()), 1)
                schema = frame.collect_schema()
                columns = [_epoch_ns(name) if _is_time(schema[name]) else pl.col(name) for name in self.names]
                for part in frame.select(columns).collect_batches(chunk_size=_GROUP_ROWS):
                    rows_read += part.height
                    lines = part.write_csv(include_header=False, float_scientific=False, quote_style="never")
                    yield Block(lines.encode(), size_bytes * rows_read // rows)
        except (pl.exceptions.PolarsError, OSError) as error:
            msg = f"{self.name}: not readable after row {rows_read}: {_clipped(error)}"
            raise DatasetError(msg) from error


class _Generic:
    name = "mapping"
    title = f"CSV or Parquet of trades or book updates, with a file {FILE_NAME} beside it that explains its columns"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The instrument that the mapping names, or those in the column it names, as far as the head shows.

        Raises:
            DatasetError: the mapping cannot be understood, or the file has not the columns it names.
        """
        mapped = _mapped(file, head)
        if mapped is None:
            return frozenset()
        if mapped.said.instrument is not None:
            return frozenset((mapped.said.instrument,))
        place = mapped.names.index(str(mapped.said.instrument_column))
        if mapped.parquet:
            with file.on_disk() as path:
                column = pl.scan_parquet(path).select(pl.col(mapped.names[place]).cast(pl.String).unique()).collect()
            return sound_names(name for name in column.to_series().to_list() if name)
        rows = (line.split(b",") for line in head_lines(mapped.head())[mapped.header_lines :])
        return sound_names(row[place] for row in rows if len(row) > place)

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each file."""
        del report
        return [_part(mapped, instrument, clock) for file in files if (mapped := _mapped(file, file.head()))]


FORMAT: Final = _Generic()


def _mapped(file: SourceFile, head: bytes) -> _Mapped | None:
    """The file as its mapping has it; None if there is none that means it."""
    found = _mapping_of(file)
    if found is None or not head:
        return None
    origin, tables = found
    kinds = [kind for kind, table in tables.items() if fnmatchcase(file.base_name, table.files)]
    if not kinds:
        return None
    if len(kinds) > 1:
        msg = f"{origin}: {file.base_name} fits the files of both [trades] and [book]; make the patterns differ"
        raise DatasetError(msg)
    table = tables[kinds[0]]
    parquet = head.startswith(_PARQUET)
    names = _column_names(file, head, table, parquet=parquet)
    for key, column in _columns(table):
        if str(column) not in names:
            msg = (
                f"{file.name} has no column {_quoted(column)} ({origin}: {key} of [{kinds[0]}]); it has {_shown(names)}"
            )
            raise DatasetError(msg)
    if parquet:
        used = {str(column) for _, column in _columns(table)}
        names = tuple(name for name in names if name in used)
    return _Mapped(file.path, file.member, file.root, kinds[0], table, names, parquet, kept=file.kept)


def _mapping_of(file: SourceFile) -> tuple[str, dict[str, _Table]] | None:
    """The nearest mapping file, beside the file or above it within its archive or the dataset."""
    if file.base_name == FILE_NAME:
        return None
    content = beside(file, FILE_NAME)
    return None if content is None else (FILE_NAME, _tables(content))


def _tables(written: bytes) -> dict[str, _Table]:
    try:
        said = tomllib.loads(written.removeprefix(BOM).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        msg = f"{FILE_NAME} cannot be read: {_clipped(error)}"
        raise DatasetError(msg) from error
    tables = {}
    for kind, content in said.items():
        if kind not in _KINDS or not isinstance(content, dict):
            msg = f"{FILE_NAME}: {_quoted(kind)} will not do; expected the tables [trades] and [book]"
            raise DatasetError(msg)
        for key in content.keys() - set(_Table.__struct_fields__):
            near = get_close_matches(key, _Table.__struct_fields__, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(_Table.__struct_fields__)}"
            msg = f"{FILE_NAME}: [{kind}] has an unknown key {_quoted(key)}{hint}"
            raise DatasetError(msg)
        try:
            tables[kind] = msgspec.convert(content, _Table)
        except msgspec.ValidationError as error:
            msg = f"{FILE_NAME}: [{kind}]: {_clipped(error)}"
            raise DatasetError(msg) from None
        fault = _fault(kind, tables[kind])
        if fault:
            msg = f"{FILE_NAME}: [{kind}]: {fault}"
            raise DatasetError(msg)
    return tables


def _fault(kind: str, table: _Table) -> str | None:
    """What in a table cannot be, as a sentence."""
    written_out = (table.price, table.size, table.side, table.snapshot)
    needed = written_out[:2] if kind == "trades" else written_out[:3]
    named = Counter(str(column) for _, column in _columns(table))
    twice = next((name for name, count in named.items() if count > 1), None)
    faults = {
        "give either instrument, a name, or instrument_column": (
            (table.instrument is None) == (table.instrument_column is None)
        ),
        f"time_unit is {_quoted(table.time_unit)}; expected s, ms, us, ns or iso": table.time_unit
        not in {*_UNITS, _ISO},
        f"delimiter is {_quoted(table.delimiter)}; expected one character": len(table.delimiter.encode()) != 1,
        "levels name the prices and sizes; leave out price, size, side and snapshot": (
            bool(table.levels) and set(written_out) != {None}
        ),
        "price and size are needed": kind == "trades" and None in needed,
        "price, size and side are needed, or levels": kind == "book" and not table.levels and None in needed,
        f"the column {_quoted(twice)} is named for two things": twice is not None,
    }
    return next((fault for fault, found in faults.items() if found), None)


def _columns(table: _Table) -> list[tuple[str, _Name]]:
    """The keys that name columns, with the columns they name."""
    keys = ("time", "local_time", "instrument_column", "price", "size", "side", "snapshot")
    named = [(key, getattr(table, key)) for key in keys]
    named += [("levels", column) for level in table.levels for column in level]
    return [(key, column) for key, column in named if column is not None]


def _column_names(file: SourceFile, head: bytes, table: _Table, *, parquet: bool) -> tuple[str, ...]:
    if parquet:
        try:
            with file.on_disk() as path:
                return tuple(pl.read_parquet_schema(path))
        except (pl.exceptions.PolarsError, OSError) as error:
            msg = f"{file.name}: cannot be read: {_clipped(error)}"
            raise DatasetError(msg) from error
    first = _first_line(head)
    fields = first.replace('"', "").split(table.delimiter)
    if table.header:
        return tuple(field.strip() for field in fields)
    return tuple(str(number) for number in range(1, len(fields) + 1))


def _first_line(head: bytes) -> str:
    return head.removeprefix(BOM).partition(b"\n")[0].rstrip(b"\r").decode("utf-8", "backslashreplace")


def _columns_of_binary(file: SourceFile, head: bytes) -> tuple[str, ...]:
    """The columns of a Parquet or Arrow file; none of any other."""
    read = {_PARQUET: pl.read_parquet_schema, _ARROW: pl.read_ipc_schema}
    schema_of = next((of_kind for magic, of_kind in read.items() if head.startswith(magic)), None)
    if schema_of is None:
        return ()
    try:
        with file.on_disk() as path:
            return tuple(schema_of(path))
    except (pl.exceptions.PolarsError, OSError):
        return ()


def _quoted(name: object) -> str:
    shown = repr(name)
    return shown if len(shown) <= _SHOWN_LETTERS else f"{shown[:_SHOWN_LETTERS]}..."


def _clipped(error: Exception) -> str:
    """What a library says of what it found, as far as a terminal can show it."""
    text = " ".join(str(error)[:_SHOWN_REASON].split())
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _shown(names: Sequence[str]) -> str:
    """Names of columns as a terminal can show them, whatever the file is."""
    shown = ", ".join(repr(name[:_SHOWN_LETTERS])[1:-1] for name in names[:_SHOWN_NAMES])
    return f"{shown} and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else shown


def _is_time(kind: pl.DataType) -> bool:
    return isinstance(kind, pl.Datetime)


def _epoch_ns(name: str) -> pl.Expr:
    return pl.col(name).dt.epoch("ns")


def _layout(file: _Mapped, instrument: str) -> text.Layout:
    said = file.said
    columns: dict[str, text.Column] = {}
    for name in {str(level[at]) for level in said.levels for at in (0, 2)}:
        columns[name] = text.price(name, may_be_absent=True)
    for name in {str(level[at]) for level in said.levels for at in (1, 3)}:
        columns[name] = text.size(name, may_be_absent=True)
    if not said.levels:
        columns[str(said.price)] = text.price(str(said.price))
        columns[str(said.size)] = text.size(str(said.size))
        columns[str(said.side)] = text.word(str(said.side), *_side_words(file))
        columns[str(said.snapshot)] = text.word(str(said.snapshot), _word(said.update_word), _word(said.snapshot_word))
    columns[str(said.instrument_column)] = text.only(str(said.instrument_column), instrument.encode())
    schema: Mapping[str, pl.DataType] = {}
    if file.parquet:
        with file.on_disk() as path:
            schema = pl.read_parquet_schema(path)
    for name in {str(said.time), str(said.local_time)}:
        columns[name] = text.integer(name) if name in schema and _is_time(schema[name]) else _time(name, said.time_unit)
    return layout_of(file, [columns.get(name) or text.skip(name) for name in file.names])


def _time(name: str, unit: str) -> text.Column:
    if unit == _ISO:
        return text.iso_time(name)
    return text.seconds(name) if unit == "s" else text.integer(name, times=_UNITS[unit])


def _side_words(file: _Mapped) -> list[bytes]:
    said = file.said
    if file.kind == "book":
        return [_word(said.bid), _word(said.ask)]
    return [_word(word) for word in (said.buy, said.sell, said.unknown) if word is not None]


def _word(said: _Word) -> bytes:
    return (str(said).lower() if isinstance(said, bool) else str(said)).encode()


def _part(file: _Mapped, instrument: str, clock: str) -> Part:
    said = file.said
    layout = _layout(file, instrument)
    time = str(said.time if clock == "exchange" or said.local_time is None else said.local_time)

    def converter(report: Report) -> Convert:
        runs = SnapshotRuns()

        def convert(rows: Rows) -> Batch:
            if file.kind == "trades":
                trades = _trades(rows, file, layout, time, report)
                return batch(trades, None, rows.consumed_bytes, lines=rows.lines)
            if said.levels:
                return batch(None, _states(rows, file, layout, time), rows.consumed_bytes)
            events = _updates(rows, file, layout, time)
            if said.snapshot is not None:
                flags = rows.values[layout.row_of(str(said.snapshot))] == 1
                events = with_clears(events, runs.starts(flags, events.time_ns))
            return batch(None, events, rows.consumed_bytes)

        return convert

    table = Table(layout, time, header_lines=file.header_lines)
    part = table_part(file, table, converter, trades=file.kind == "trades", book=file.kind == "book")
    return replace(part, has_snapshots=said.snapshot is not None)


def _trades(rows: Rows, file: _Mapped, layout: text.Layout, time: str, report: Report) -> Trades:
    said = file.said
    trades = Trades(
        time_ns=rows.values[layout.row_of(time)],
        price_ticks=rows.values[layout.row_of(str(said.price))],
        size_lots=rows.values[layout.row_of(str(said.size))],
        price_decimals=rows.price_decimals,
        size_decimals=rows.size_decimals,
        aggressor=(
            np.full(len(rows), UNKNOWN, np.int8)
            if said.side is None
            else _AGGRESSORS[rows.values[layout.row_of(str(said.side))]]
        ),
    )
    report_unknown_sides(report, file.name, trades, rows.lines)
    return trades


def _updates(rows: Rows, file: _Mapped, layout: text.Layout, time: str) -> BookEvents:
    said = file.said
    names = (time, str(said.price), str(said.size), str(said.side))
    times, prices, sizes, sides = (rows.values[layout.row_of(name)] for name in names)
    return BookEvents(
        time_ns=times,
        price_ticks=prices,
        size_lots=sizes,
        price_decimals=rows.price_decimals,
        size_decimals=rows.size_decimals,
        side=_SIDES[sides],
    )


def _states(rows: Rows, file: _Mapped, layout: text.Layout, time: str) -> BookEvents:
    bids, asks = (
        [(layout.row_of(str(level[side])), layout.row_of(str(level[side + 1]))) for level in file.said.levels]
        for side in (0, 2)
    )
    return full_states(rows, rows.values[layout.row_of(time)], bids, asks)


_GUESSES: Final = {
    "time": ("timestamp", "time", "ts", "date"),
    "price": ("price", "px"),
    "size": ("size", "amount", "qty", "quantity", "volume"),
    "side": ("side", "direction", "type"),
}


def example(file: SourceFile, head: bytes) -> str:
    """A mapping file to begin with for a file of unknown layout, its columns filled in as far as they speak."""
    first = ",".join(_columns_of_binary(file, head)) or _first_line(head)
    delimiter = max(",;\t|", key=first.count)
    names = [name for each in first.split(delimiter) if (name := each.strip().strip('"')).isprintable()]
    guessed = {
        key: next((name for word in words for name in names if word in name.lower()), key)
        for key, words in _GUESSES.items()
    }
    return "\n".join((
        "[trades]                    # or [book], with bid and ask instead of buy and sell",
        f'files = "{file.base_name}"',
        'instrument = "BTC-USD"      # or instrument_column = "..."',
        f'delimiter = "{delimiter}"'.replace("\t", "\\t"),
        f'time = "{guessed["time"]}"',
        'time_unit = "ms"            # s, ms, us, ns or iso',
        f'price = "{guessed["price"]}"',
        f'size = "{guessed["size"]}"',
        f'side = "{guessed["side"]}"',
        'buy = "buy"                 # what the column holds for a buyer who took',
        'sell = "sell"',
    ))  # fmt: skip
