"""LOBSTER: message and orderbook files, as csv or in a zip (docs/formats/lobster.md)."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np

from processor.core.events import BUY, SELL, UNKNOWN, BookEvents, Trades
from processor.core.merge.parts import Part, batch
from processor.errors import DatasetError
from processor.formats.books.full_books import full_books
from processor.formats.lines import text
from processor.formats.lines.chunks import head_lines
from processor.formats.lines.tables import Table, TableReader, begin_ns, report_unknown_sides
from processor.units import NS_PER_DAY, NS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from processor.core.merge.parts import Batch
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile
    from processor.formats.lines.tables import Rows

_EXCHANGE_ZONE: Final = "America/New_York"
_PRICE_DECIMALS: Final = 4
_NAME: Final = re.compile(
    r"(?P<ticker>[^/_]+)_(?P<date>\d{4}-\d\d-\d\d)_(?P<hours>\d+_\d+)_(?P<kind>message|orderbook)_(?P<levels>\d+)\.csv"
)
_NAME_EXPECTED: Final = "TICKER_YYYY-MM-DD_START_END_message_LEVELS.csv, with orderbook for message in the other's name"
_MESSAGE_ROW: Final = re.compile(rb"\d{1,5}(\.\d+)?,[1-7],\d+,\d+,-?\d+,-?1")
_ORDERBOOK_ROW: Final = re.compile(rb"(-?\d+,\d+,-?\d+,\d+)(,-?\d+,\d+,-?\d+,\d+)*")
_ROWS_LOOKED_AT: Final = 5
_PACKED: Final = re.compile(r"\.(gz|bz2|xz|zst|lz4|zip)$")
_LAST_MIDNIGHT_NS: Final = int(np.iinfo(np.int64).max) - 2 * NS_PER_DAY

_VISIBLE_EXECUTION, _HIDDEN_EXECUTION, _CROSS = 4, 5, 6
_TYPES: Final = tuple(str(kind).encode() for kind in range(1, 8))

_MESSAGE_LAYOUT: Final = text.Layout(
    [
        text.seconds("time"),
        text.word("type", *_TYPES),
        text.skip("order id"),
        text.integer("size"),
        text.integer("price", signed=True),
        text.word("direction", b"-1", b"1"),
    ]
)
_TIME, _TYPE, _SIZE, _PRICE, _DIRECTION = map(_MESSAGE_LAYOUT.row_of, ("time", "type", "size", "price", "direction"))
_AGGRESSORS: Final = np.array([BUY, SELL], np.int8)
"""The aggressor by direction, which is the resting order's side: a resting sell order (-1) was hit by a buyer."""


@dataclass(frozen=True, slots=True)
class _Name:
    """The fields of a file's name. Times in the file count from `midnight_ns`, midnight in New York."""

    ticker: str
    midnight_ns: int
    hours: str
    kind: str
    levels: int


@dataclass(frozen=True, slots=True)
class _Day:
    """The two files of the same hours; without the book there are only trades."""

    message: SourceFile
    book: SourceFile | None
    midnight_ns: int
    levels: int


class _Lobster:
    name = "lobster"
    title = "LOBSTER message and orderbook files (csv, or a zip of both)"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The ticker of the file's name, if the content is that of a message or an orderbook file.

        Raises:
            DatasetError: it is the content of a message file, but the name lacks its day; or an orderbook
                file has another number of levels than its name says.
        """
        rows = head_lines(head)[:_ROWS_LOOKED_AT]
        named = _named(file)
        if named is not None:
            pattern = _MESSAGE_ROW if named.kind == "message" else _ORDERBOOK_ROW
            found = [row for row in rows if pattern.fullmatch(row)]
            depths = {(row.count(b",") + 1) // 4 for row in found}
            if found and named.kind == "orderbook" and named.levels not in depths:
                msg = f"{file.name}: its name says {named.levels} levels, its rows hold {min(depths)}"
                raise DatasetError(msg)
            return frozenset([named.ticker] if found else [])
        if rows and all(_MESSAGE_ROW.fullmatch(row) for row in rows):
            msg = f"{file.name} holds LOBSTER messages, but its name lacks their day; it must be {_NAME_EXPECTED}"
            raise DatasetError(msg)
        return frozenset()

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each pair, because an orderbook row takes its time from the message on the same line.

        Raises:
            DatasetError: an orderbook file has no message file, or two files have the same name but differ.
        """
        del instrument, clock
        return [_part(day) for day in _days(files, report)]


FORMAT: Final = _Lobster()


def _named(file: SourceFile) -> _Name | None:
    found = _NAME.fullmatch(_PACKED.sub("", (file.member or file.path.name).rpartition("/")[2]))
    if found is None:
        return None
    try:
        midnight = datetime.fromisoformat(found["date"]).replace(tzinfo=ZoneInfo(_EXCHANGE_ZONE))
        midnight_ns = int(midnight.timestamp()) * NS_PER_SECOND
    except (ValueError, OverflowError):
        return None
    if not 0 <= midnight_ns <= _LAST_MIDNIGHT_NS:
        return None
    return _Name(
        ticker=found["ticker"],
        midnight_ns=midnight_ns,
        hours=found["hours"],
        kind=found["kind"],
        levels=int(found["levels"]),
    )


def _days(files: Sequence[SourceFile], report: Report) -> list[_Day]:
    """The files in pairs and in order; if hours have files with several numbers of levels, those with the most."""
    messages: dict[tuple[int, str, int], SourceFile] = {}
    books: dict[tuple[int, str, int], SourceFile] = {}
    for file in files:
        named = _named(file)
        if named is None:
            continue
        of_kind = messages if named.kind == "message" else books
        other = of_kind.setdefault((named.midnight_ns, named.hours, named.levels), file)
        if other is not file:
            msg = f"{other.name} and {file.name} cover the same hours, but differ: keep one of the files"
            raise DatasetError(msg)
    for key in books.keys() - messages.keys():
        msg = (
            f"{books[key].name} has no message file beside it, so it has no times; expected one named {_NAME_EXPECTED}"
        )
        raise DatasetError(msg)
    days: dict[tuple[int, str], _Day] = {}
    for key, message in sorted(messages.items(), key=itemgetter(0), reverse=True):
        midnight_ns, hours, levels = key
        deeper = days.setdefault((midnight_ns, hours), _Day(message, books.get(key), midnight_ns, levels))
        if deeper.message is not message:
            for file in filter(None, (message, books.get(key))):
                report.add("unused", file.name, None, None, f"{deeper.message.name} has more levels of these hours")
    return list(days.values())[::-1]


def _part(day: _Day) -> Part:
    sizes = [file.size_bytes for file in (day.message, day.book) if file is not None]
    return Part(
        name=day.message.name,
        size_bytes=sum(sizes),
        read=partial(_read, day),
        first_ns=begin_ns(day.message, Table(_MESSAGE_LAYOUT, "time", header_lines=0, midnight_ns=day.midnight_ns)),
        book=day.book is not None,
    )


def _read(day: _Day, report: Report) -> Generator[Batch]:
    reader = TableReader(report)
    messages = reader.rows(day.message, _MESSAGE_LAYOUT, time="time", midnight_ns=day.midnight_ns)
    if day.book is None:
        report.add("incomplete", day.message.name, None, None, "no orderbook file beside it: trades only")
        for rows in messages:
            yield _batch(rows, day.message.name, None, rows.consumed_bytes, report)
    else:
        layout = _book_layout(day.levels)
        book = reader.rows(day.book, layout, time=None)
        with closing(messages), closing(book):
            yield from _joined(day, messages, book, layout, report)


def _joined(
    day: _Day,
    messages: Generator[Rows],
    books: Generator[Rows],
    layout: text.Layout,
    report: Report,
) -> Generator[Batch]:
    """Messages and the book's rows, joined by their lines.

    The chunks of the two files do not end on the same line: rows of one wait for those of the other.
    """
    message, book = next(messages, None), next(books, None)
    while message is not None and book is not None:
        line = min(message.last_line, book.last_line)
        consumed = message.consumed_bytes + book.consumed_bytes
        now, message = message.split(line)
        state, book = book.split(line)
        yield _batch(now, day.message.name, _states(now, state, layout), consumed, report)
        if message.last_line == line:
            message = next(messages, None)
        if book.last_line == line:
            book = next(books, None)
    for file, left, more in ((day.message, message, messages), (day.book, book, books)):
        without_other = sum(len(rows) for rows in chain([left] if left else [], more))
        if file is not None and without_other:
            detail = f"this file has {without_other} rows more than the other file of the pair; they are left out"
            report.add("incomplete", file.name, None, None, detail)


def _batch(rows: Rows, name: str, book: BookEvents | None, consumed_bytes: int, report: Report) -> Batch:
    kind = rows.values[_TYPE] + 1
    rows = rows.where(np.isin(kind, (_VISIBLE_EXECUTION, _HIDDEN_EXECUTION, _CROSS)))
    aggressor = _AGGRESSORS[rows.values[_DIRECTION]]
    aggressor[rows.values[_TYPE] + 1 == _CROSS] = UNKNOWN
    trades = Trades(
        time_ns=rows.values[_TIME],
        price_ticks=rows.values[_PRICE],
        size_lots=rows.values[_SIZE],
        price_decimals=_PRICE_DECIMALS,
        size_decimals=0,
        aggressor=aggressor,
    )
    report_unknown_sides(report, name, trades, rows.lines)
    return batch(trades, book, consumed_bytes, lines=rows.lines)


def _book_layout(levels: int) -> text.Layout:
    columns = []
    for level in range(levels):
        for side in ("ask", "bid"):
            columns += [text.integer(f"{side} price {level}", signed=True), text.integer(f"{side} size {level}")]
    return text.Layout(columns)


def _states(messages: Rows, book: Rows, layout: text.Layout) -> BookEvents:
    """The book after each message; a row that is malformed in one file is dropped from both."""
    _, of_message, of_book = np.intersect1d(messages.lines, book.lines, assume_unique=True, return_indices=True)
    bids, asks = (
        [
            (layout.row_of(f"{side} price {level}"), layout.row_of(f"{side} size {level}"))
            for level in range(len(layout.columns) // 4)
        ]
        for side in ("bid", "ask")
    )
    rows = replace(book.where(of_book), price_decimals=_PRICE_DECIMALS)
    return full_books(rows, messages.values[_TIME][of_message], bids, asks)
