"""The Parquet files of a segment, written and read: its events, and the checkpoint after it.

Events are neither compressed nor wider than they need be: Parquet's dictionaries make ten bytes of one, compression
would take a fifth of that away and double the time of reading.
"""

from __future__ import annotations

import errno
import os
import re
import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
import numpy as np
import polars as pl

from processor.core.aggregates import bars
from processor.core.book import BookState
from processor.core.events import ASK, BID, BookEvents, Trades
from processor.errors import DatasetError
from processor.names import openable
from processor.store.checksums import stored
from shared.disk import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Literal

    from numpy.typing import NDArray

    from processor.core.events import Columns
    from processor.store.checksums import StoredFile
    from processor.store.manifest import Segment
    from shared.disk import Mark

T = TypeVar("T")

GROUP_ROWS: Final = 262_144
"""Rows of a Parquet row group: large enough to be fast, and decoded in parallel."""

LAYOUT_VERSION: Final = "1"
VERSION_KEY: Final = "orderflow.version"
KIND_KEY: Final = "orderflow.kind"
INSTRUMENT_KEY: Final = "orderflow.instrument"
PRICE_DECIMALS_KEY: Final = "orderflow.price_decimals"
SIZE_DECIMALS_KEY: Final = "orderflow.size_decimals"
FIRST_KEY: Final = "orderflow.first_time_ns"
LAST_KEY: Final = "orderflow.last_time_ns"
STATE_KEY: Final = "orderflow.state"

SIDE_COLUMN: Final = {"trades": "aggressor", "book": "side"}
INDEX_FOLDER: Final = ".index"
"""Everything that is made from the events lies here, hidden from a search for events."""
CHECKPOINT_KIND: Final = "checkpoint"

_MOST_RECENT_BYTES: Final = 1 << 25
"""Of files that are kept in memory after they were read."""
_SYSTEM_ERROR: Final = re.compile(r"os error (\d+)")
_INT32: Final = np.iinfo(np.int32)
_INT64: Final = np.iinfo(np.int64)


class CheckpointMetadata(bars.TradeTotals, frozen=True, kw_only=True):
    """What is known after a segment, whose last event is at `event_ns`, besides the levels of the book.

    `clock` and `periods` are those of a `BookState`.
    """

    event_ns: int
    book_decimals: tuple[int, int]
    clock: list[int]
    periods: list[list[int]] = msgspec.field(name="spells")


def folder_name(instrument: str) -> str:
    """An instrument's name as that of a folder."""
    return re.sub(r"[^\w.-]|^\.", "_", instrument)


def file_name(kind: str, segment: int, day: str = INDEX_FOLDER) -> str:
    """Of the events of a segment's day, or of what is made from them: its bars, or the checkpoint after it."""
    return f"{day}/{kind}-{segment:04d}.parquet"


def write_parquet(path: Path, frame: pl.DataFrame, metadata: dict[str, str], *, packed: bool = False) -> StoredFile:
    """Write `frame` and return what its file is, which is on disk when this returns.

    Raises:
        OSError: the operating system refused.
    """
    narrow = [
        pl.col(name).cast(pl.Int32)
        for name in ("price_ticks", "size_lots")
        if name in frame.columns and len(frame) and fits(frame[name], _INT32)
    ]
    with path.open("wb") as file:
        try:
            frame.with_columns(narrow).rechunk().write_parquet(
                file,
                compression="zstd" if packed else "uncompressed",
                statistics=False,
                row_group_size=GROUP_ROWS,
                metadata=metadata,
            )
        except pl.exceptions.ComputeError as error:
            # As Polars tells of a disk that is full, too.
            found = _SYSTEM_ERROR.search(str(error))
            number = int(found[1]) if found else errno.EIO
            raise OSError(number, os.strerror(number), str(path)) from error
        file.flush()
        os.fsync(file.fileno())
    return stored(path)


def fits(column: pl.Series, kind: np.iinfo[Any]) -> bool:
    """Whether `kind` of integers has room for all values of `column`, which has some."""
    lowest: Any = column.min()
    highest: Any = column.max()
    return bool(kind.min <= lowest and highest <= kind.max)


def narrow(column: NDArray[Any]) -> pl.Series:
    """Whole numbers of any length, as int64 where they have room in it."""
    if column.dtype != object:
        return pl.Series(column)
    wide = pl.Series(column.tolist(), dtype=pl.Int128())
    return wide.cast(pl.Int64) if len(wide) and fits(wide, _INT64) else wide


def event_metadata(kind: str, instrument: str, events: Columns) -> dict[str, str]:
    """The footer of a file of time-ordered `events`, as docs/formats/own.md has it."""
    return {
        VERSION_KEY: LAYOUT_VERSION,
        KIND_KEY: kind,
        INSTRUMENT_KEY: instrument,
        PRICE_DECIMALS_KEY: str(events.price_decimals),
        SIZE_DECIMALS_KEY: str(events.size_decimals),
        FIRST_KEY: str(events.time_ns[0]),
        LAST_KEY: str(events.time_ns[-1]),
    }


def event_frame(kind: str, events: Columns, side: NDArray[np.int8]) -> pl.DataFrame:
    """The columns of a file of events."""
    return pl.DataFrame(
        {
            "time_ns": events.time_ns,
            SIDE_COLUMN[kind]: side,
            "price_ticks": events.price_ticks,
            "size_lots": events.size_lots,
        }
    )


def checkpoint_frame(state: BookState) -> pl.DataFrame:
    """The levels of a book, bids and then asks, best first."""
    return pl.concat(
        pl.DataFrame(
            {"side": np.full(len(prices), side, np.int8), "price_ticks": prices, "size_lots": sizes},
        )
        for side, (prices, sizes) in ((BID, state.bids), (ASK, state.asks))
    )


def read_checkpoint(path: Path) -> tuple[CheckpointMetadata, BookState]:
    """What is known after a segment, and the book.

    Raises:
        DatasetError: the file is damaged.
    """
    frame = read_parquet(path)
    metadata = read_state(path, CheckpointMetadata)
    sides = (frame.filter(pl.col("side") == side) for side in (BID, ASK))
    bids, asks = ((_int64(side, "price_ticks"), _int64(side, "size_lots")) for side in sides)
    clock, periods = np.array(metadata.clock), np.array(metadata.periods)
    return metadata, BookState(*metadata.book_decimals, bids, asks, clock, periods)


def read_state(path: Path, kind: type[T]) -> T:
    """What a file says beside its rows.

    Raises:
        DatasetError: the file is damaged.
    """
    try:
        with openable(path) as opened:
            return msgspec.json.decode(pl.read_parquet_metadata(opened)[STATE_KEY], type=kind)
    except (KeyError, msgspec.MsgspecError) as error:
        msg = f"{path}: damaged: {error}"
        raise DatasetError(msg) from error


def read_trades(path: Path, rows: int, decimals: tuple[int, int]) -> tuple[Trades, ...]:
    """A segment's trades, in successive parts.

    Raises:
        DatasetError: the file is damaged.
    """
    return tuple(
        Trades(**columns | {name: columns[name].astype(np.int64, copy=False) for name in ("price_ticks", "size_lots")})
        for columns in _columns("trades", path, rows, decimals)
    )


def trades_of_segment(folder: Path, number: int, segment: Segment) -> tuple[Trades, ...]:
    """A segment's trades, in successive parts.

    Raises:
        DatasetError: the file is damaged.
    """
    if not segment.trades:
        return ()
    path = segment.path(folder, file_name("trades", number, segment.day))
    return read_trades(path, segment.trades, segment.trade_decimals)


def read_book(path: Path, rows: int | None, decimals: tuple[int, int]) -> tuple[BookEvents, ...]:
    """A file of book events, in successive parts; prices and sizes may be int32, which `Book` widens as it goes.

    There must be so many `rows`, unless that is None.

    Raises:
        DatasetError: the file is damaged.
    """
    return tuple(BookEvents(**columns) for columns in _columns("book", path, rows, decimals))


def book_of_segment(folder: Path, number: int, segment: Segment) -> tuple[BookEvents, ...]:
    """A segment's book events, as `read_book` gives them.

    Raises:
        DatasetError: the file is damaged.
    """
    if not segment.book_events:
        return ()
    path = segment.path(folder, file_name("book", number, segment.day))
    return read_book(path, segment.book_events, segment.book_decimals)


def _columns(
    kind: Literal["trades", "book"], path: Path, rows: int | None, decimals: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    """The columns of each row group: together they would have to be copied."""
    side = SIDE_COLUMN[kind]
    names = ("time_ns", side, "price_ticks", "size_lots")
    frame = read_parquet(path, list(names))
    if rows is not None and frame.height != rows:
        msg = f"{path}: damaged: {frame.height} of {rows} rows could be read"
        raise DatasetError(msg)
    for group in zip(*(frame[name].get_chunks() for name in names), strict=True):
        columns = dict(zip(names, (part.to_numpy() for part in group), strict=True))
        yield columns | {"price_decimals": decimals[0], "size_decimals": decimals[1]}


class _Recent:
    """Small files that were read last, as long as nobody has changed them: seeks near each other need the same."""

    def __init__(self) -> None:
        self._frames: dict[tuple[Path, tuple[str, ...]], tuple[Mark, pl.DataFrame]] = {}
        """By path and columns, with what tells of a change; what was asked for longest ago comes first."""
        self._bytes = 0
        self._lock = threading.Lock()

    def read(self, path: Path, columns: list[str] | None) -> pl.DataFrame:
        """See `read_parquet`; raises what Polars and the operating system do."""
        mark = mark_of(path.stat())
        named = path, tuple(columns or ())
        with self._lock:
            known = self._frames.pop(named, None)
            if known is not None and known[0] == mark:
                self._frames[named] = known
                return known[1]
            self._bytes -= 0 if known is None else _bytes_of(known[1])
        with openable(path) as opened:
            frame = pl.read_parquet(opened, columns=columns)
        size = _bytes_of(frame)
        if size <= _MOST_RECENT_BYTES // 8:
            with self._lock:
                if named not in self._frames:
                    self._frames[named] = mark, frame
                    self._bytes += size
                while self._bytes > _MOST_RECENT_BYTES:
                    _, oldest = self._frames.pop(next(iter(self._frames)))
                    self._bytes -= _bytes_of(oldest)
        return frame


def _bytes_of(frame: pl.DataFrame) -> int:
    return int(frame.estimated_size())


_RECENT: Final = _Recent()


def read_parquet(path: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """A file of a store, or some of its columns.

    Raises:
        DatasetError: it cannot be read.
    """
    try:
        return _RECENT.read(path, columns)
    except (pl.exceptions.PolarsError, OSError) as error:
        msg = f"{path}: not readable: {error}"
        raise DatasetError(msg) from error


def _int64(frame: pl.DataFrame, name: str) -> NDArray[np.int64]:
    return frame[name].to_numpy().astype(np.int64, copy=False)
