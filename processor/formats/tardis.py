"""Tardis CSV: `incremental_book_L2` and `trades` (docs/formats/tardis.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.events import BUY, CLEAR, SELL, UNKNOWN, BookEvents, Trades
from processor.formats import text
from processor.formats.base import batch
from processor.formats.chunks import head_lines
from processor.formats.tables import TableReader, first_time, report_unknown_sides

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from numpy.typing import NDArray

    from processor.formats.base import Batch, SourceFile
    from processor.formats.tables import Rows
    from processor.report import Report

_BOOK_HEADER: Final = b"exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount"
_TRADES_HEADER: Final = b"exchange,symbol,timestamp,local_timestamp,id,side,price,amount"
_TIME_OF_CLOCK: Final = {"exchange": "timestamp", "local": "local_timestamp"}
_NS_PER_US: Final = 1000
_AGGRESSORS: Final = np.array([SELL, UNKNOWN, BUY], np.int8)
_AGGRESSOR_WORDS: Final = (b"sell", b"unknown", b"buy")


class _Tardis:
    name = "tardis"
    title = "Tardis CSV (incremental_book_L2, trades)"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """`exchange:symbol` of every row in the head, where its first line is a header of Tardis."""
        del file
        header, *rows = head_lines(head) or [b""]
        if header not in {_BOOK_HEADER, _TRADES_HEADER}:
            return frozenset()
        named = (row.decode("utf-8", "replace").split(",")[:2] for row in rows)
        return frozenset(":".join(names) for names in named if len(names) > 1 and all(names))

    def streams(
        self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report
    ) -> list[Iterator[Batch]]:
        """A stream of the trades and one of the book, as far as there are files of them."""
        trades = [file for file in files if _header(file) == _TRADES_HEADER]
        book = [file for file in files if _header(file) == _BOOK_HEADER]
        streams: list[Iterator[Batch]] = []
        if trades:
            streams.append(_trades(trades, instrument, clock, report))
        if book:
            streams.append(_book(book, instrument, clock, report))
        return streams


FORMAT: Final = _Tardis()


def _header(file: SourceFile) -> bytes:
    return head_lines(file.head())[0]


def _layout(instrument: str, *kind: text.Column) -> text.Layout:
    exchange, _, symbol = instrument.partition(":")
    return text.Layout(
        [
            text.only("exchange", exchange.encode()),
            text.only("symbol", symbol.encode()),
            text.integer("timestamp", times=_NS_PER_US),
            text.integer("local_timestamp", times=_NS_PER_US),
            *kind,
            text.price("price"),
            text.size("amount"),
        ]
    )


def _read(
    files: Sequence[SourceFile], layout: text.Layout, clock: str, report: Report
) -> Generator[tuple[str, Rows, int]]:
    """Files in the order of their first times: name, good rows, and the bytes of the stream read by now."""
    time = _TIME_OF_CLOCK[clock]
    reader = TableReader(report)
    before = 0
    for file in sorted(files, key=lambda file: first_time(file, layout, time, header_lines=1)):
        for rows in reader.rows(file, layout, time=time, header_lines=1):
            yield file.name, rows, before + rows.consumed_bytes
        before += file.size_bytes


def _trades(files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> Generator[Batch]:
    layout = _layout(instrument, text.skip("id"), text.word("side", *_AGGRESSOR_WORDS))
    time, side, price, size = (layout.row_of(name) for name in (_TIME_OF_CLOCK[clock], "side", "price", "amount"))
    for name, rows, consumed in _read(files, layout, clock, report):
        trades = Trades(
            time_ns=rows.values[time],
            price_ticks=rows.values[price],
            size_lots=rows.values[size],
            price_decimals=rows.price_decimals,
            size_decimals=rows.size_decimals,
            aggressor=_AGGRESSORS[rows.values[side]],
        )
        report_unknown_sides(report, name, trades, rows.lines)
        yield batch(trades, None, consumed)


def _book(files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> Generator[Batch]:
    layout = _layout(instrument, text.word("is_snapshot", b"false", b"true"), text.word("side", b"bid", b"ask"))
    columns = [layout.row_of(name) for name in (_TIME_OF_CLOCK[clock], "is_snapshot", "side", "price", "amount")]
    seeded = False
    previous_file = ""
    for name, read, consumed in _read(files, layout, clock, report):
        rows = read
        if name != previous_file:
            previous_file, in_snapshot = name, False
        snapshot = rows.values[columns[1]].astype(np.bool_)
        begins = snapshot & ~np.concatenate(([in_snapshot], snapshot[:-1]))[: len(snapshot)]
        if len(snapshot):
            in_snapshot = bool(snapshot[-1])
        starts = np.flatnonzero(begins)
        if not seeded:
            dropped = int(starts[0]) if len(starts) else len(rows)
            seeded = bool(len(starts))
            found = [(int(rows.lines[0]), int(rows.values[columns[0], 0]), "no snapshot yet")] if dropped else []
            report.add_all("before_snapshot", name, found, dropped)
            rows, starts = rows.where(slice(dropped, None)), starts - dropped
        yield batch(None, _events(rows, columns, starts), consumed)


def _events(rows: Rows, columns: Sequence[int], starts: NDArray[np.intp]) -> BookEvents:
    """The rows, with a CLEAR before each of `starts`."""
    time, _, side, price, size = (rows.values[column] for column in columns)
    return BookEvents(
        time_ns=np.insert(time, starts, time[starts]),
        price_ticks=np.insert(price, starts, 0),
        size_lots=np.insert(size, starts, 0),
        price_decimals=rows.price_decimals,
        size_decimals=rows.size_decimals,
        side=np.insert(side.astype(np.int8), starts, CLEAR),
    )
