"""SQLite databases with a table of book snapshots and one of trades (docs/formats/sqlite_tables.md)."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing, contextmanager
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, UNKNOWN, BookEvents, Trades
from processor.core.merge.parts import Part, batch
from processor.errors import DatasetError
from processor.formats.lines import text
from processor.formats.lines.headers import sound_names
from processor.formats.lines.levels import read_levels
from processor.formats.lines.tables import DayCheck, OrderCheck, report_unknown_sides
from processor.formats.recordings.seen_messages import key_of
from processor.names import printable

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from processor.core.merge.parts import Batch
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile

    _Found = tuple[Trades | None, BookEvents | None, NDArray[np.int64] | None]

_MAGIC: Final = b"SQLite format 3\0"
_TABLES: Final = {
    "trades": ("timestamp", "side", "price", "size"),
    "book": ("timestamp", "bids", "asks"),
}
"""The columns read of each table, beside `instrument`."""
_ROWS_AT_ONCE: Final = 8192
_ID: Final = "trade_id"
_IDS_LOOKED_AT: Final = 1000
_UNITS: Final = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3))
"""Upper limits of times in seconds, milliseconds and microseconds, with the nanoseconds of the unit."""
_SIDES: Final = (b"sell", b"unknown", b"buy")
_AGGRESSORS: Final = np.array([SELL, UNKNOWN, BUY], np.int8)
_NUMBER: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,9})?", re.ASCII)
_MOST_DIGITS: Final = 40
"""Digits before or after the point: far beyond 64 bits, but far from filling the memory."""
_LEVEL_KEYS: Final = (("price", "size"), ("p", "s"))

_JSON: Final = msgspec.json.Decoder(float_hook=str)
"""Numbers with a decimal point stay text: a float would not hold all of them."""

_Row = tuple[Any, ...]


class _Sqlite:
    name = "sqlite"
    title = "SQLite with tables book (bids and asks as JSON) and trades, plain or packed"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The instruments of the tables that exist.

        Raises:
            DatasetError: the database is damaged.
        """
        if not head.startswith(_MAGIC):
            return frozenset()
        with _opened(file) as database:
            named = (
                row[0]
                for table in _present(database)
                for row in database.execute(_select("DISTINCT instrument", table))
            )
            return sound_names(str(name) for name in named if name)

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each table of each file; both clocks are the same."""
        del clock, report
        return [part for file in files for part in _parts(file, instrument)]


FORMAT: Final = _Sqlite()


@contextmanager
def _opened(file: SourceFile) -> Generator[sqlite3.Connection]:
    """The database, read only and assumed not to change; a temporary copy if it is packed."""
    try:
        with file.on_disk() as path:
            uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            with closing(sqlite3.connect(uri, uri=True, check_same_thread=False)) as database:
                yield database
    except (sqlite3.Error, OSError) as error:
        # SQLite quotes the content, which may not be printable.
        msg = f"{file.name}: the database cannot be read: {printable(str(error))}"
        raise DatasetError(msg) from error


def _present(database: sqlite3.Connection) -> list[str]:
    """The tables that exist with all their columns; a view has no row numbers, and may be without end."""
    found = []
    tables = {row[0] for row in database.execute("SELECT lower(name) FROM sqlite_master WHERE type = 'table'")}
    for table, columns in _TABLES.items():
        if table not in tables:
            continue
        names = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
        if names.issuperset({*columns, "instrument"}):
            found.append(table)
    return found


def _select(columns: str, table: str, rest: str = "") -> str:
    return f"SELECT {columns} FROM {table} {rest}"  # noqa: S608 - of constants only; values are bound


def _count(database: sqlite3.Connection, table: str, instrument: str) -> int:
    (count,) = database.execute(_select("count(*)", table, "WHERE instrument = ?"), (instrument,)).fetchone()
    return int(count)


def _report_damaged(database: sqlite3.Connection, table: str, label: str, report: Report) -> None:
    """Report the rows whose instrument has an empty or damaged name, so that it is unknown."""
    names = [row[0] for row in database.execute(_select("DISTINCT instrument", table))]
    for name in names:
        if name is None or not sound_names([str(name)]):
            rows = [row[0] for row in database.execute(_select("rowid", table, "WHERE instrument IS ?"), (name,))]
            is_there = name is not None and str(name).strip(" \t")
            detail = f"instrument {text.shown(_field(name))} is damaged" if is_there else "instrument is missing"
            report.add_all("malformed", label, ((row, None, detail) for row in rows), len(rows))
            report.rows(label, len(rows))


def _parts(file: SourceFile, instrument: str) -> list[Part]:
    with _opened(file) as database:
        counts = {table: _count(database, table, instrument) for table in _present(database)}
        begins = {table: _begin_ns(database, table, instrument) for table in counts}
    size_bytes = file.size_bytes * counts.get("book", 0) // max(sum(counts.values()), 1)
    sizes = {"book": size_bytes, "trades": file.size_bytes - size_bytes}
    return [
        Part(
            name=f"{file.name}/{table}",
            size_bytes=sizes[table],
            read=partial(_read, file, table, instrument, sizes[table], count),
            first_ns=begins[table],
            trades=table == "trades",
            book=table == "book",
        )
        for table, count in counts.items()
    ]


def _begin_ns(database: sqlite3.Connection, table: str, instrument: str) -> int | None:
    rest = "WHERE instrument = ? ORDER BY rowid"
    found = [row[0] for row in database.execute(_select("timestamp", table, f"{rest} LIMIT 1"), (instrument,))]
    found += [row[0] for row in database.execute(_select("timestamp", table, f"{rest} DESC LIMIT 1"), (instrument,))]
    times = [time for time in _times(found) if time is not None]
    return times[0] if times and times[0] <= times[-1] else None


def _read(
    file: SourceFile, table: str, instrument: str, size_bytes: int, count: int, report: Report
) -> Generator[Batch]:
    reader = _Reader(report)
    events = reader.trades if table == "trades" else reader.book
    label = f"{file.name}/{table}"
    days = DayCheck(label, report)
    with _opened(file) as database:
        _report_damaged(database, table, label, report)
        ids = (_ID,) if table == "trades" and _has_ids(database, instrument) else ()
        columns = ", ".join(("rowid", *_TABLES[table], *ids))
        rows = database.execute(_select(columns, table, "WHERE instrument = ? ORDER BY rowid"), (instrument,))
        done = 0
        while some := rows.fetchmany(_ROWS_AT_ONCE):
            done += len(some)
            trades, book, lines = events([row[:-1] for row in some] if ids else some, label, days)
            keys = _keys(some, lines) if ids and lines is not None else None
            yield batch(trades, book, size_bytes * done // count, lines=lines, ids=keys)
    report.refuse_if_rotten(label)


def _has_ids(database: sqlite3.Connection, instrument: str) -> bool:
    """Whether the trades have (mostly) unique ids: an order id, for example, may occur at several trades."""
    if _ID not in {row[1] for row in database.execute("PRAGMA table_info(trades)")}:
        return False
    first = _select(_ID, "trades", f"WHERE instrument = ? ORDER BY rowid LIMIT {_IDS_LOOKED_AT}")
    ids = [row[0] for row in database.execute(first, (instrument,))]
    return None not in ids and 2 * len(set(ids)) > len(ids)


def _keys(rows: Sequence[_Row], lines: NDArray[np.int64]) -> NDArray[np.int64]:
    """Keys that identify the trades on these lines, from rows of rowid, time, side, price, size and id.

    Times are not part of them: two recorders may each have written their own.
    """
    keys = {row[0]: key_of(repr(row[3:]).encode("utf-8", "surrogateescape")) for row in rows}
    return np.array([keys[line] for line in lines.tolist()], np.int64)


def _times(values: Sequence[Any]) -> list[int | None]:
    """Times in ns: ISO texts, or numbers whose size shows their unit; None for other values."""
    parsed = text.Layout([text.iso_time("timestamp"), text.integer("row")]).parse(
        b"".join(b"%b,%d\n" % (_field(value), row) for row, value in enumerate(values)), len(values)
    )
    found: list[int | None] = [_number_of_ns(value) for value in values]
    for time, row in parsed.values.T.tolist():
        found[row] = time
    return found


def _number_of_ns(value: object) -> int | None:
    shown = str(value)
    if not _NUMBER.fullmatch(shown):
        return None
    number = Decimal(shown)
    if number < 0 or number.adjusted() > _MOST_DIGITS:
        return None
    unit = next((unit for beyond, unit in _UNITS if number < beyond), 1)
    nanoseconds = int(number * unit)
    return nanoseconds if nanoseconds <= np.iinfo(np.int64).max else None


def _field(value: object) -> bytes:
    """A value as a field of a line: floats as their shortest digits, without an exponent."""
    if isinstance(value, float):
        return _in_full(repr(value)).encode()
    return b"" if value is None else str(value).replace("\n", " ").encode("utf-8", "replace")


def _in_full(number: str) -> str:
    """A number without an exponent, if that does not get too long."""
    if "e" not in number.lower() or not _NUMBER.fullmatch(number):
        return number
    found = Decimal(number)
    return format(found, "f") if abs(found.adjusted()) <= _MOST_DIGITS else number


class _Reader:
    """Reads one table of files that continue each other."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._order = OrderCheck(report)
        self._decimals = (0, 0)

    def trades(self, rows: list[_Row], name: str, days: DayCheck) -> _Found:
        """The trades of rows of id, time, side, price and size."""
        layout = text.Layout([text.word("side", *_SIDES), text.price("price"), text.size("size")])
        parsed = layout.parse(
            b"".join(
                b"%b,%b,%b\n" % (_field(side).lower() or b"unknown", _field(price), _field(size))
                for _, _, side, price, size in rows
            ),
            len(rows),
            first_line=0,
            price_decimals=self._decimals[0],
            size_decimals=self._decimals[1],
        )
        self._decimals = parsed.price_decimals, parsed.size_decimals
        rounded = ((rows[value.line][0], None, value.reason) for value in parsed.rounded)
        self._report.add_all("rounded", name, rounded, parsed.rounded_count)
        faults = {bad.line: bad.reason for bad in parsed.bad}
        sound = np.zeros(len(rows), np.bool_)
        sound[parsed.lines] = True
        kept, times, lines = self._timed(rows, sound, faults, name, days)
        chosen = parsed.values[:, np.searchsorted(parsed.lines, kept)]
        trades = Trades(
            time_ns=times,
            price_ticks=chosen[1],
            size_lots=chosen[2],
            price_decimals=self._decimals[0],
            size_decimals=self._decimals[1],
            aggressor=_AGGRESSORS[chosen[0]],
        )
        report_unknown_sides(self._report, name, trades, lines)
        return trades, None, lines

    def book(self, rows: list[_Row], name: str, days: DayCheck) -> _Found:
        """The snapshots of rows of id, time, bids and asks."""
        faults: dict[int, str] = {}
        lists: list[bytes] = []
        for number, (_, _, *sides) in enumerate(rows):
            for side, content in zip(("bids", "asks"), sides, strict=True):
                levels = _levels(content)
                if levels is None:
                    faults.setdefault(number, f"{side} is not a JSON list of levels [price, size]")
                lists.append(levels or b"[]")
        found = read_levels(lists, *self._decimals)
        self._decimals = found.price_decimals, found.size_decimals
        found.report_rounded(self._report, name, [row[0] for row in rows])
        for at in np.flatnonzero(found.reasons).tolist():
            reason = text.PHRASES[int(found.reasons[at])]
            faults.setdefault(at // 2, f"{('bids', 'asks')[at % 2]}: a price or size {reason}")
        sound = np.ones(len(rows), np.bool_)
        sound[list(faults)] = False
        kept, times, _ = self._timed(rows, sound, faults, name, days)
        counts = np.diff(found.bounds)
        row_of_level = np.repeat(np.arange(len(rows)), counts.reshape(-1, 2).sum(axis=1))
        place_of_row = np.full(len(rows), -1)
        place_of_row[kept] = np.arange(len(kept))
        level_place = place_of_row[row_of_level]
        side_of_level = np.repeat(np.tile(np.array([BID, ASK], np.int8), len(rows)), counts)
        chosen = level_place >= 0
        place = level_place[chosen]
        starts = np.searchsorted(place, np.arange(len(kept)))
        book = BookEvents(
            time_ns=np.insert(times[place], starts, times),
            price_ticks=np.insert(found.price_ticks[chosen], starts, 0),
            size_lots=np.insert(found.size_lots[chosen], starts, 0),
            price_decimals=self._decimals[0],
            size_decimals=self._decimals[1],
            side=np.insert(side_of_level[chosen], starts, CLEAR),
        )
        return None, book, None

    def _timed(
        self, rows: list[_Row], sound: NDArray[np.bool_], faults: dict[int, str], name: str, days: DayCheck
    ) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
        """The sound rows with a plausible time, these times, and the rows' ids; the others are reported."""
        ids = np.array([row[0] for row in rows], np.int64)
        known = _times([row[1] for row in rows])
        for number, time in enumerate(known):
            if time is None and sound[number]:
                sound[number] = False
                faults[number] = f"timestamp {str(rows[number][1])[:40]!r} is not a time"
        bad = np.flatnonzero(~sound).tolist()
        described = ((int(ids[row]), None, faults.get(row, "a field is invalid")) for row in bad)
        self._report.add_all("malformed", name, described, len(bad))
        kept = np.flatnonzero(sound)
        times = np.array([known[row] for row in kept.tolist()], np.int64)
        near = days.near(times, ids[kept])
        kept, times = kept[near], times[near]
        span = (int(times.min()), int(times.max())) if len(times) else (None, None)
        self._report.rows(name, len(rows), *span)
        self._order.check(name, times, ids[kept])
        return kept, times, ids[kept]


def _levels(content: str | bytes) -> bytes | None:
    """A JSON list of [price, size], {price, size} or {p, s} as `[["price","size"],...]`; None for anything else."""
    try:
        decoded = _JSON.decode(content)
        if not isinstance(decoded, list):
            return None
        return msgspec.json.encode([[_in_full(str(part)) for part in _pair(level)] for level in decoded])
    except (msgspec.DecodeError, TypeError, ValueError, RecursionError):
        return None


def _pair(level: object) -> tuple[object, object]:
    """The price and the size of a level, which may have more fields.

    Raises:
        ValueError: it lacks one of the two.
        TypeError: it is not a level.
    """
    if isinstance(level, dict):
        for keys in _LEVEL_KEYS:
            if level.keys() >= set(keys):
                return level[keys[0]], level[keys[1]]
        msg = "a level without a price and a size"
        raise ValueError(msg)
    if not isinstance(level, list):
        msg = "a level that is neither a list nor an object"
        raise TypeError(msg)
    price, size, *_ = level
    return price, size
