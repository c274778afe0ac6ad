"""The project's own layout: Parquet files of integer ticks and lots, with their scale in the file's metadata.

docs/formats/own.md is its specification. It is the fastest format to read, and the format of the demo.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import polars as pl

from processor.core.events import BID, BUY, ONLY_ASK, SELL, UNKNOWN, BookEvents, Trades
from processor.core.merge.parts import Part, batch
from processor.core.report import KEPT_PER_KIND
from processor.errors import DatasetError, SettingError
from processor.formats.disk.files import SourceFile
from processor.names import printable
from processor.store.files import (
    FIRST_KEY,
    GROUP_ROWS,
    INSTRUMENT_KEY,
    KIND_KEY,
    LAST_KEY,
    LAYOUT_VERSION,
    PRICE_DECIMALS_KEY,
    SIDE_COLUMN,
    SIZE_DECIMALS_KEY,
    VERSION_KEY,
    folder_name,
    write_parquet,
)
from processor.units import NS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from processor.core.events import Columns
    from processor.core.merge.parts import Batch
    from processor.core.report import Report

PART_ROWS: Final = 8 * GROUP_ROWS
"""Rows after which the writer starts the next file."""

_OPTION: Final = "out"
_MAGIC: Final = b"PAR1"
_MAX_DECIMALS: Final = 18
_SHOWN_LETTERS: Final = 300
_LOCAL_COLUMN: Final = "local_time_ns"
_SIDES: Final = {"trades": (SELL, BUY), "book": (BID, ONLY_ASK)}
"""Lowest and highest value of the side column; all between are valid."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One file of the layout, by its footer."""

    file: SourceFile
    kind: str
    instrument: str
    price_decimals: int
    size_decimals: int
    rows: int
    first_ns: int | None
    last_ns: int | None

    @property
    def label(self) -> str:
        """The file's name with its folder: parts of different days may have the same name."""
        if self.file.member is not None:
            return self.file.name
        return printable(f"{self.file.path.parent.name}/{self.file.path.name}")


class _OwnParquet:
    name = "orderflow-parquet"
    title = "orderflow-replay's own Parquet layout (docs/formats/own.md)"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The instrument that the footer names; empty for other Parquet files."""
        if not head.startswith(_MAGIC):
            return frozenset()
        metadata = _metadata(file)
        return frozenset((metadata[INSTRUMENT_KEY],)) if _is_own(metadata) else frozenset()

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each file. With the local clock, a file without `local_time_ns` gives its exchange times.

        Raises:
            DatasetError: a file is of another version of the layout, lacks a column, or has one of the wrong type;
                while it is read, when it cannot be read to its end.
        """
        del report
        own = [_part(file) for file in files if instrument in self.instruments(file, file.head())]
        return [
            Part(
                name=part.label,
                size_bytes=part.file.size_bytes,
                read=partial(_read, part, clock),
                first_ns=part.first_ns if clock == "exchange" else None,
                trades=part.kind == "trades",
                book=part.kind == "book",
            )
            for part in own
            if part.rows
        ]


FORMAT: Final = _OwnParquet()


def time_range(files: Sequence[SourceFile], instrument: str | None = None) -> tuple[int, int] | None:
    """First and last exchange time in ns over those `files` that are of the layout; None if they have no rows.

    Reads only the footers, if these state the range. With `instrument`, files of others do not count.

    Raises:
        DatasetError: a file's metadata are invalid.
    """
    parts = [
        _part(file)
        for file in files
        if (named := FORMAT.instruments(file, file.head())) and (instrument is None or instrument in named)
    ]
    firsts = [part.first_ns for part in parts if part.first_ns is not None]
    lasts = [part.last_ns for part in parts if part.last_ns is not None]
    return (min(firsts), max(lasts)) if firsts and lasts else None


def _metadata(file: SourceFile) -> dict[str, str]:
    try:
        with file.on_disk() as path:
            return pl.read_parquet_metadata(path)
    except (pl.exceptions.PolarsError, OSError):
        return {}


def _is_own(metadata: dict[str, str]) -> bool:
    return VERSION_KEY in metadata and INSTRUMENT_KEY in metadata


def _part(file: SourceFile) -> _Part:
    metadata = _metadata(file)
    if metadata[VERSION_KEY] != LAYOUT_VERSION:
        msg = (
            f"{file.name}: {VERSION_KEY} is {metadata[VERSION_KEY]!r}; "
            f"this release supports version {LAYOUT_VERSION} of the layout"
        )
        raise DatasetError(msg)
    kind = metadata.get(KIND_KEY)
    if kind not in SIDE_COLUMN:
        msg = f"{file.name}: {KIND_KEY} is {kind!r}; expected 'trades' or 'book'"
        raise DatasetError(msg)
    try:
        schema, rows = _footer(file)
        first_ns, last_ns = _span(file, metadata) if rows else (None, None)
    except (pl.exceptions.PolarsError, OSError) as error:
        shown = "".join(letter if letter.isprintable() else " " for letter in str(error)[:_SHOWN_LETTERS])
        msg = f"{file.name}: damaged: {shown}"
        raise DatasetError(msg) from error
    for column in ("time_ns", "price_ticks", "size_lots", SIDE_COLUMN[kind], _LOCAL_COLUMN):
        if column not in schema and column != _LOCAL_COLUMN:
            msg = f"{file.name}: column {column} is missing; it has {', '.join(schema)}"
            raise DatasetError(msg)
        if column in schema and not schema[column].is_integer():
            msg = f"{file.name}: column {column} is {schema[column]}; expected an integer type"
            raise DatasetError(msg)
    return _Part(
        file=file,
        kind=kind,
        instrument=metadata[INSTRUMENT_KEY],
        price_decimals=_decimals(file, metadata, PRICE_DECIMALS_KEY),
        size_decimals=_decimals(file, metadata, SIZE_DECIMALS_KEY),
        rows=rows,
        first_ns=first_ns,
        last_ns=last_ns,
    )


def _footer(file: SourceFile) -> tuple[pl.Schema, int]:
    """The columns, and the number of rows."""
    with file.on_disk() as path:
        frame = pl.scan_parquet(path)
        return frame.collect_schema(), int(frame.select(pl.len()).collect().item())


def _span(file: SourceFile, metadata: dict[str, str]) -> tuple[int | None, int | None]:
    if FIRST_KEY in metadata and LAST_KEY in metadata:
        return _integer(file, metadata, FIRST_KEY), _integer(file, metadata, LAST_KEY)
    time_ns = pl.col("time_ns")
    with file.on_disk() as path:
        span = pl.scan_parquet(path).select(time_ns.min(), time_ns.max().alias("last")).collect().row(0)
    return span[0], span[1]


def _decimals(file: SourceFile, metadata: dict[str, str], key: str) -> int:
    decimals = _integer(file, metadata, key)
    if not 0 <= decimals <= _MAX_DECIMALS:
        msg = f"{file.name}: {key} is {decimals}; expected 0 to {_MAX_DECIMALS}"
        raise DatasetError(msg)
    return decimals


def _integer(file: SourceFile, metadata: dict[str, str], key: str) -> int:
    text = metadata.get(key, "")
    try:
        return int(text)
    except ValueError:
        msg = f"{file.name}: {key} is {text!r}; expected an integer"
        raise DatasetError(msg) from None


def _time_column(clock: str, schema: pl.Schema) -> str:
    return _LOCAL_COLUMN if clock == "local" and _LOCAL_COLUMN in schema else "time_ns"


def _read(part: _Part, clock: str, report: Report) -> Iterator[Batch]:
    for frame, rows_read in _frames(part, clock):
        sound = _sound_rows(part, frame, rows_read - frame.height, report)
        events = _events(part, sound)
        consumed_bytes = part.file.size_bytes * rows_read // part.rows
        if isinstance(events, Trades):
            yield batch(events, None, consumed_bytes, lines=sound["line"].to_numpy().astype(np.int64))
        else:
            yield batch(None, events, consumed_bytes)
    report.refuse_if_rotten(part.label)


def _frames(part: _Part, clock: str) -> Iterator[tuple[pl.DataFrame, int]]:
    """The file's rows in frames of `time_ns`, `price_ticks`, `size_lots`, `side`, each with the rows read by its end.

    Values that do not fit the event columns' types are null.
    """
    rows_read = 0
    try:
        with part.file.on_disk() as path:
            source = pl.scan_parquet(path)
            wanted = source.select(
                pl.col(_time_column(clock, source.collect_schema())).cast(pl.Int64, strict=False).alias("time_ns"),
                pl.col("price_ticks", "size_lots").cast(pl.Int64, strict=False),
                pl.col(SIDE_COLUMN[part.kind]).cast(pl.Int8, strict=False).alias("side"),
            )
            for frame in wanted.collect_batches(chunk_size=GROUP_ROWS):
                rows_read += frame.height
                yield frame, rows_read
    except pl.exceptions.PolarsError as error:
        msg = f"{part.file.name}: not readable after row {rows_read}: {error}"
        raise DatasetError(msg) from error
    if rows_read != part.rows:
        # The streaming engine ends a damaged file early instead of raising.
        msg = f"{part.file.name}: damaged: its footer states {part.rows} rows, {rows_read} could be read"
        raise DatasetError(msg)


def _sound_rows(part: _Part, frame: pl.DataFrame, rows_before: int, report: Report) -> pl.DataFrame:
    """The rows of `frame` without faults; the others are reported."""
    lowest, highest = _SIDES[part.kind]
    faults = {
        "a field is missing or out of range": pl.any_horizontal(pl.all().is_null()),
        "size_lots is negative": pl.col("size_lots") < 0,
        f"{SIDE_COLUMN[part.kind]} is not {lowest} to {highest}": ~pl.col("side").is_between(lowest, highest),
    }
    if part.first_ns is not None and part.last_ns is not None:
        stated = pl.col("time_ns").is_between(part.first_ns - NS_PER_DAY, part.last_ns + NS_PER_DAY)
        faults["time is over a day outside the range the file states"] = ~stated
    span = frame.select(
        pl.any_horizontal(*faults.values()).any().alias("faulty"),
        pl.col("time_ns").min().alias("first"),
        pl.col("time_ns").max().alias("last"),
    ).row(0, named=True)
    if not span["faulty"] and part.kind == "book":
        report.rows(part.label, frame.height, span["first"], span["last"])
        return frame
    sound = frame.with_row_index("line", offset=rows_before + 1)
    if span["faulty"]:
        reason = pl.coalesce(*(pl.when(fault).then(pl.lit(text)) for text, fault in faults.items()))
        judged = sound.with_columns(reason=reason)
        _report_rows(report, "malformed", part, judged.filter(pl.col("reason").is_not_null()))
        sound = judged.filter(pl.col("reason").is_null())
        times = sound.select(pl.col("time_ns").min().alias("first"), pl.col("time_ns").max().alias("last"))
        span = times.row(0, named=True)
    if part.kind == "trades":
        unknown = sound.filter(pl.col("side") == UNKNOWN).with_columns(reason=pl.lit("aggressor is 0"))
        _report_rows(report, "unknown_sides", part, unknown)
    report.rows(part.label, frame.height, span["first"], span["last"])
    return sound


def _report_rows(report: Report, kind: str, part: _Part, rows: pl.DataFrame) -> None:
    for row in rows.head(KEPT_PER_KIND).iter_rows(named=True):
        report.add(kind, part.label, row["line"], row["time_ns"], row["reason"])
    if rows.height > KEPT_PER_KIND:
        report.add(kind, part.label, None, None, "and more", count=rows.height - KEPT_PER_KIND)


def _events(part: _Part, frame: pl.DataFrame) -> Trades | BookEvents:
    columns: dict[str, Any] = {name: frame[name].to_numpy() for name in ("time_ns", "price_ticks", "size_lots")}
    columns["price_decimals"] = part.price_decimals
    columns["size_decimals"] = part.size_decimals
    side = frame["side"].to_numpy()
    return Trades(**columns, aggressor=side) if part.kind == "trades" else BookEvents(**columns, side=side)


def _holds_only(folder: Path, instrument: str) -> bool:
    if not folder.is_dir():
        return False
    files = [SourceFile(path) for path in folder.rglob("*") if not path.is_dir()]
    return all(FORMAT.instruments(file, file.head()) == {instrument} for file in files)


class DatasetWriter:
    """Writes one instrument of a dataset, completely or not at all.

    The files are written in a hidden folder of `out_dir`, which `close` renames to `out_dir/INSTRUMENT`. As a context
    manager it closes at the end of the block, or removes everything if the block raises. The bytes do not depend on how
    the rows are split into calls.
    """

    def __init__(
        self, out_dir: Path, instrument: str, price_decimals: int, size_decimals: int, *, replace: bool = False
    ) -> None:
        """Start `instrument` in `out_dir`, which is created if needed.

        With `replace`, a folder that contains only an earlier writing of the instrument is replaced by the new one
        when the new one is complete.

        Raises:
            SettingError: the instrument already exists, or the folder cannot be written.
        """
        self.folder: Final = out_dir / folder_name(instrument)
        self._replaces = replace and _holds_only(self.folder, instrument)
        if self.folder.exists() and not self._replaces:
            raise SettingError(_OPTION, str(out_dir), f"a folder without {self.folder.name}, or that one removed first")
        try:
            out_dir.mkdir(parents=True, exist_ok=True)
            self._partial = Path(tempfile.mkdtemp(prefix=f".{self.folder.name}.", dir=out_dir))
        except OSError as error:
            raise SettingError(_OPTION, str(out_dir), f"a folder that can be written ({error.strerror})") from error
        self._metadata = {
            VERSION_KEY: LAYOUT_VERSION,
            INSTRUMENT_KEY: instrument,
            PRICE_DECIMALS_KEY: str(price_decimals),
            SIZE_DECIMALS_KEY: str(size_decimals),
        }
        self._scale = (price_decimals, size_decimals)
        self._waiting: dict[str, list[pl.DataFrame]] = {kind: [] for kind in SIDE_COLUMN}
        self._parts = dict.fromkeys(SIDE_COLUMN, 0)
        self._last_ns: dict[str, int] = {}

    def __enter__(self) -> Self:
        """The writer itself."""
        return self

    def __exit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        """Close, or discard what was written if the block raised."""
        if error_type is None:
            self.close()
        else:
            self.discard()

    def write_trades(self, trades: Trades, local_time_ns: NDArray[np.int64] | None = None) -> None:
        """Append trades in time order, with their times of receipt (ns) if known, then for every trade.

        Raises:
            ValueError: a time is before the time of the row above.
            OverflowError: the trades need more decimals than the dataset has.
        """
        self._write("trades", trades, trades.aggressor, local_time_ns)

    def write_book(self, book: BookEvents, local_time_ns: NDArray[np.int64] | None = None) -> None:
        """Append book events in time order, with their times of receipt (ns) if known, then for every event.

        Raises:
            ValueError: a time is before the time of the row above.
            OverflowError: the events need more decimals than the dataset has.
        """
        self._write("book", book, book.side, local_time_ns)

    def close(self) -> None:
        """Finish the files and make the instrument visible.

        Raises:
            SettingError: the disk is full, or the instrument's folder was created meanwhile.
        """
        try:
            for kind in SIDE_COLUMN:
                self._flush(kind, final=True)
            # mkdtemp's folders are readable only by their owner, and a container reads as another user.
            self._partial.chmod(0o755)
            if self._replaces:
                # Moved away in one step and deleted later: a reader never finds half of the folder.
                earlier = Path(tempfile.mkdtemp(prefix=f".{self.folder.name}.", dir=self.folder.parent))
                self.folder.rename(earlier)
                self._partial.rename(self.folder)
                shutil.rmtree(earlier)
            else:
                self._partial.rename(self.folder)
        except OSError as error:
            self.discard()
            expected = f"a folder that can be written and has no {self.folder.name} yet ({error.strerror})"
            raise SettingError(_OPTION, str(self.folder.parent), expected) from error

    def discard(self) -> None:
        """Remove everything written so far."""
        shutil.rmtree(self._partial, ignore_errors=True)

    def _write(
        self, kind: str, events: Columns, side: NDArray[np.int8], local_time_ns: NDArray[np.int64] | None
    ) -> None:
        if not len(events):
            return
        previous_ns = self._last_ns.get(kind, int(events.time_ns[0]))
        if events.time_ns[0] < previous_ns or np.any(events.time_ns[1:] < events.time_ns[:-1]):
            msg = f"{kind} must come in the order of time_ns"
            raise ValueError(msg)
        self._last_ns[kind] = int(events.time_ns[-1])
        scaled = events.rescaled(*self._scale)
        frame = pl.DataFrame({"time_ns": scaled.time_ns})
        if local_time_ns is not None:
            frame = frame.with_columns(pl.Series(_LOCAL_COLUMN, local_time_ns))
        self._waiting[kind].append(
            frame.with_columns(
                pl.Series(SIDE_COLUMN[kind], side, dtype=pl.Int8),
                pl.Series("price_ticks", scaled.price_ticks),
                pl.Series("size_lots", scaled.size_lots),
            )
        )
        if sum(waiting.height for waiting in self._waiting[kind]) >= PART_ROWS:
            self._flush(kind, final=False)

    def _flush(self, kind: str, *, final: bool) -> None:
        if not self._waiting[kind]:
            return
        rows = pl.concat(self._waiting[kind])
        while rows.height >= PART_ROWS or (final and rows.height):
            self._write_part(kind, rows.head(PART_ROWS), alone=final and rows.height <= PART_ROWS)
            rows = rows.slice(PART_ROWS)
        self._waiting[kind] = [rows]

    def _write_part(self, kind: str, rows: pl.DataFrame, *, alone: bool) -> None:
        number = self._parts[kind]
        name = f"{kind}.parquet" if alone and number == 0 else f"{kind}-{number:04d}.parquet"
        metadata = self._metadata | {
            KIND_KEY: kind,
            FIRST_KEY: str(rows["time_ns"][0]),
            LAST_KEY: str(rows["time_ns"][-1]),
        }
        write_parquet(self._partial / name, rows, metadata)
        self._parts[kind] += 1
