"""CSV and Parquet of any layout, which a file `mapping.toml` beside them explains (docs/formats/mapping.md)."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import polars as pl

from processor.errors import DatasetError
from processor.events import BUY, CLEAR, SELL, UNKNOWN, BookEvents, Trades
from processor.formats import text
from processor.formats.base import Block, SourceFile, batch
from processor.formats.chunks import BOM, head_lines
from processor.formats.headers import layout_of, sound_names
from processor.formats.states import full_states
from processor.formats.tables import TableReader, first_time, report_unknown_sides

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from processor.formats.base import Batch
    from processor.formats.tables import Rows
    from processor.report import Report

FILE_NAME: Final = "mapping.toml"

_KINDS: Final = ("trades", "book")
_PARQUET: Final = b"PAR1"
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
            frame = pl.scan_parquet(self.path)
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
            column = pl.scan_parquet(file.path).select(pl.col(mapped.names[place]).cast(pl.String).unique()).collect()
            return sound_names(name for name in column.to_series().to_list() if name)
        rows = (line.split(b",") for line in head_lines(mapped.head())[mapped.header_lines :])
        return sound_names(row[place] for row in rows if len(row) > place)

    def streams(
        self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report
    ) -> list[Iterator[Batch]]:
        """A stream of the trades and one of the book, as far as there are files of them."""
        mapped = [each for file in files if (each := _mapped(file, file.head()))]
        streams: list[Iterator[Batch]] = []
        for kind in _KINDS:
            chosen = [each for each in mapped if each.kind == kind]
            if chosen:
                streams.append(_read(chosen, instrument, clock, report))
        return streams


FORMAT: Final = _Generic()


def _mapped(file: SourceFile, head: bytes) -> _Mapped | None:
    """The file as its mapping has it; None if there is none that means it."""
    found = _mapping_of(file)
    if found is None or not head:
        return None
    origin, tables = found
    base_name = (file.member or file.path.name).rpartition("/")[2]
    kinds = [kind for kind, table in tables.items() if fnmatchcase(base_name, table.files)]
    if not kinds:
        return None
    if len(kinds) > 1:
        msg = f"{origin}: {base_name} fits the files of both [trades] and [book]; make the patterns differ"
        raise DatasetError(msg)
    table = tables[kinds[0]]
    parquet = head.startswith(_PARQUET)
    if parquet and file.member is not None:
        msg = f"{file.name}: Parquet within an archive is not read; unpack it"
        raise DatasetError(msg)
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
    return _Mapped(file.path, file.member, file.root, kinds[0], table, names, parquet)


def _mapping_of(file: SourceFile) -> tuple[str, dict[str, _Table]] | None:
    """The nearest mapping file, beside the file or above it within the dataset."""
    folder = file.path.parent
    while True:
        path = folder / FILE_NAME
        if path.is_file():
            return (FILE_NAME, _tables(path)) if path != file.path else None
        if file.root is None or folder in {file.root, folder.parent}:
            return None
        folder = folder.parent


def _tables(path: Path) -> dict[str, _Table]:
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
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
            return tuple(pl.read_parquet_schema(file.path))
        except (pl.exceptions.PolarsError, OSError) as error:
            msg = f"{file.name}: cannot be read: {_clipped(error)}"
            raise DatasetError(msg) from error
    first = head.removeprefix(BOM).partition(b"\n")[0].rstrip(b"\r").decode("utf-8", "backslashreplace")
    fields = first.replace('"', "").split(table.delimiter)
    if table.header:
        return tuple(field.strip() for field in fields)
    return tuple(str(number) for number in range(1, len(fields) + 1))


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
    schema = pl.read_parquet_schema(file.path) if file.parquet else {}
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


def _read(files: Sequence[_Mapped], instrument: str, clock: str, report: Report) -> Generator[Batch]:
    def time_of(file: _Mapped) -> str:
        return str(file.said.time if clock == "exchange" or file.said.local_time is None else file.said.local_time)

    layouts = {file.name: _layout(file, instrument) for file in files}

    def first(file: _Mapped) -> int:
        return first_time(file, layouts[file.name], time_of(file), header_lines=file.header_lines)

    reader = TableReader(report)
    seeded = False
    before = 0
    for file in sorted(files, key=first):
        layout, time = layouts[file.name], time_of(file)
        in_snapshot = False
        for rows in reader.rows(file, layout, time=time, header_lines=file.header_lines):
            consumed = before + rows.consumed_bytes
            if file.kind == "trades":
                yield batch(_trades(rows, file, layout, time, report), None, consumed)
            elif file.said.levels:
                yield batch(None, _states(rows, file, layout, time), consumed)
            elif file.said.snapshot is None:
                yield batch(None, _updates(rows, file, layout, time, np.empty(0, np.intp)), consumed)
            else:
                flags = rows.values[layout.row_of(str(file.said.snapshot))] == 1
                starts = np.flatnonzero(flags & ~np.concatenate(([in_snapshot], flags[:-1]))[: len(flags)])
                in_snapshot = bool(flags[-1]) if len(flags) else in_snapshot
                kept = rows
                if not seeded:
                    dropped = int(starts[0]) if len(starts) else len(rows)
                    seeded = bool(len(starts))
                    at = layout.row_of(time)
                    found = [(int(rows.lines[0]), int(rows.values[at, 0]), "no snapshot yet")] if dropped else []
                    report.add_all("before_snapshot", file.name, found, dropped)
                    kept, starts = rows.where(slice(dropped, None)), starts - dropped
                yield batch(None, _updates(kept, file, layout, time, starts), consumed)
        before += file.size_bytes


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


def _updates(rows: Rows, file: _Mapped, layout: text.Layout, time: str, starts: NDArray[np.intp]) -> BookEvents:
    """The rows, with a CLEAR before each of `starts`."""
    said = file.said
    names = (time, str(said.price), str(said.size), str(said.side))
    times, prices, sizes, sides = (rows.values[layout.row_of(name)] for name in names)
    return BookEvents(
        time_ns=np.insert(times, starts, times[starts]),
        price_ticks=np.insert(prices, starts, 0),
        size_lots=np.insert(sizes, starts, 0),
        price_decimals=rows.price_decimals,
        size_decimals=rows.size_decimals,
        side=np.insert(_SIDES[sides], starts, CLEAR),
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


def example(file_name: str, head: bytes) -> str:
    """A mapping file to begin with for a file of unknown layout, its columns filled in as far as they speak."""
    first = head.removeprefix(BOM).partition(b"\n")[0].rstrip(b"\r").decode("utf-8", "backslashreplace")
    delimiter = max(",;\t|", key=first.count)
    names = [name for each in first.split(delimiter) if (name := each.strip().strip('"')).isprintable()]
    guessed = {
        key: next((name for word in words for name in names if word in name.lower()), key)
        for key, words in _GUESSES.items()
    }
    base_name = file_name.rpartition("/")[2]
    return "\n".join((
        "[trades]                    # or [book], with bid and ask instead of buy and sell",
        f'files = "{base_name}"',
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
