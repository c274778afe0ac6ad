"""Tardis CSV: `incremental_book_L2`, `book_snapshot_N`, `quotes` and `trades` (docs/formats/tardis.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.events import BUY, CLEAR, SELL, UNKNOWN, BookEvents, Trades
from processor.formats import text
from processor.formats.archives import preferred
from processor.formats.base import batch
from processor.formats.chunks import head_lines
from processor.formats.headers import sound_names
from processor.formats.states import full_states
from processor.formats.tables import TableReader, first_time, report_unknown_sides

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from processor.formats.base import Batch, SourceFile
    from processor.formats.tables import Rows
    from processor.report import Report

_BOOK_HEADER: Final = b"exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount"
_TRADES_HEADER: Final = b"exchange,symbol,timestamp,local_timestamp,id,side,price,amount"
_INCREMENTAL: Final = "incremental_book_L2"
_QUOTES_HEADER: Final = b"exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount"
_SNAPSHOT_START: Final = ["exchange", "symbol", "timestamp", "local_timestamp"]
_SNAPSHOT_COLUMN: Final = re.compile(r"(ask|bid)s\[(\d{1,3})\]\.(price|amount)")
_TIME_OF_CLOCK: Final = {"exchange": "timestamp", "local": "local_timestamp"}
_NS_PER_US: Final = 1000
_AGGRESSORS: Final = np.array([SELL, UNKNOWN, BUY], np.int8)
_AGGRESSOR_WORDS: Final = (b"sell", b"unknown", b"buy")


class _Tardis:
    name = "tardis"
    title = "Tardis CSV (incremental_book_L2, book_snapshot_N, quotes, trades)"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """`exchange:symbol` of every row in the head, where its first line is a header of Tardis."""
        del file
        header, *rows = head_lines(head) or [b""]
        if header not in {_BOOK_HEADER, _TRADES_HEADER} and _States.of(header) is None:
            return frozenset()
        named = ([name.strip(b" \t") for name in row.split(b",")[:2]] for row in rows)
        return sound_names(b":".join(names) for names in named if len(names) > 1 and all(names))

    def streams(
        self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report
    ) -> list[Iterator[Batch]]:
        """A stream of the trades and one of the book, as far as there are files of them.

        Of several channels that tell the book only one is read: the incremental one, or else the deepest.
        """
        headers = {file: _header(file) for file in files}
        trades = [file for file, header in headers.items() if header == _TRADES_HEADER]
        updates = [file for file, header in headers.items() if header == _BOOK_HEADER]
        states = {file: found for file, header in headers.items() if (found := _States.of(header))}
        channels = {_INCREMENTAL: updates}
        for found in sorted(states.values(), key=lambda each: -each.depth):
            channels[found.channel] = [file for file, each in states.items() if each.channel == found.channel]
        book, unused_bytes = preferred(channels, report)
        streams: list[Iterator[Batch]] = []
        if trades:
            streams.append(_trades(trades, instrument, clock, report))
        if updates:
            streams.append(_book(updates, instrument, clock, report, unused_bytes))
        elif book:
            streams.append(_full_states({file: states[file] for file in book}, instrument, clock, report, unused_bytes))
        return streams


FORMAT: Final = _Tardis()


def _header(file: SourceFile) -> bytes:
    return head_lines(file.head())[0]


@dataclass(frozen=True, slots=True)
class _States:
    """A channel whose rows hold the best levels: the columns after the first four, and where each level is.

    `bids` and `asks` name the columns of each level's price and size, best first.
    """

    channel: str
    columns: tuple[str, ...]
    bids: tuple[tuple[str, str], ...]
    asks: tuple[tuple[str, str], ...]

    @property
    def depth(self) -> int:
        """Levels a side."""
        return len(self.bids)

    @classmethod
    def of(cls, header: bytes) -> _States | None:
        """The channel of this header; None if it is of no such channel."""
        if header == _QUOTES_HEADER:
            quotes = ("ask_amount", "ask_price", "bid_price", "bid_amount")
            return cls("quotes", quotes, (("bid_price", "bid_amount"),), (("ask_price", "ask_amount"),))
        names = header.decode("utf-8", "replace").split(",")
        start, columns = names[: len(_SNAPSHOT_START)], tuple(names[len(_SNAPSHOT_START) :])
        found = [level for name in columns if (level := _SNAPSHOT_COLUMN.fullmatch(name))]
        if start != _SNAPSHOT_START or not found:
            return None
        depth = 1 + max(int(level[2]) for level in found)
        bids, asks = (
            tuple((f"{side}[{level}].price", f"{side}[{level}].amount") for level in range(depth))
            for side in ("bids", "asks")
        )
        if sorted(columns) != sorted(name for level in bids + asks for name in level):
            return None
        return cls(f"book_snapshot_{depth}", columns, bids, asks)

    def layout(self, instrument: str) -> text.Layout:
        """Prices and sizes by the columns' names; those of a missing level are empty."""
        return _layout(
            instrument,
            *(
                text.price(name, may_be_absent=True) if name.endswith("price") else text.size(name, may_be_absent=True)
                for name in self.columns
            ),
        )


def _layout(instrument: str, *columns: text.Column) -> text.Layout:
    exchange, _, symbol = instrument.partition(":")
    return text.Layout(
        [
            text.only("exchange", exchange.encode()),
            text.only("symbol", symbol.encode()),
            text.integer("timestamp", times=_NS_PER_US),
            text.integer("local_timestamp", times=_NS_PER_US),
            *columns,
        ]
    )


def _read(
    layouts: Mapping[SourceFile, text.Layout], clock: str, report: Report, passed_over_bytes: int = 0
) -> Generator[tuple[SourceFile, Rows, int]]:
    """Files in the order of their first times: file, good rows, and the bytes of the stream read by now."""
    time = _TIME_OF_CLOCK[clock]
    reader = TableReader(report)
    before = passed_over_bytes
    for file in sorted(layouts, key=lambda file: first_time(file, layouts[file], time, header_lines=1)):
        for rows in reader.rows(file, layouts[file], time=time, header_lines=1):
            yield file, rows, before + rows.consumed_bytes
        before += file.size_bytes


def _trades(files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> Generator[Batch]:
    layout = _layout(
        instrument, text.skip("id"), text.word("side", *_AGGRESSOR_WORDS), text.price("price"), text.size("amount")
    )
    time, side, price, size = (layout.row_of(name) for name in (_TIME_OF_CLOCK[clock], "side", "price", "amount"))
    for file, rows, consumed in _read(dict.fromkeys(files, layout), clock, report):
        trades = Trades(
            time_ns=rows.values[time],
            price_ticks=rows.values[price],
            size_lots=rows.values[size],
            price_decimals=rows.price_decimals,
            size_decimals=rows.size_decimals,
            aggressor=_AGGRESSORS[rows.values[side]],
        )
        report_unknown_sides(report, file.name, trades, rows.lines)
        yield batch(trades, None, consumed)


def _full_states(
    channels: Mapping[SourceFile, _States], instrument: str, clock: str, report: Report, unused_bytes: int
) -> Generator[Batch]:
    layouts = {file: channel.layout(instrument) for file, channel in channels.items()}
    for file, rows, consumed in _read(layouts, clock, report, unused_bytes):
        where = layouts[file].row_of
        bids, asks = (
            [(where(price), where(size)) for price, size in levels]
            for levels in (channels[file].bids, channels[file].asks)
        )
        yield batch(None, full_states(rows, rows.values[where(_TIME_OF_CLOCK[clock])], bids, asks), consumed)


def _book(
    files: Sequence[SourceFile], instrument: str, clock: str, report: Report, unused_bytes: int
) -> Generator[Batch]:
    layout = _layout(
        instrument,
        text.word("is_snapshot", b"false", b"true"),
        text.word("side", b"bid", b"ask"),
        text.price("price"),
        text.size("amount"),
    )
    columns = [layout.row_of(name) for name in (_TIME_OF_CLOCK[clock], "is_snapshot", "side", "price", "amount")]
    seeded = False
    previous_file: SourceFile | None = None
    for file, read, consumed in _read(dict.fromkeys(files, layout), clock, report, unused_bytes):
        rows = read
        if file != previous_file:
            previous_file, in_snapshot = file, False
        snapshot = rows.values[columns[1]].astype(np.bool_)
        begins = snapshot & ~np.concatenate(([in_snapshot], snapshot[:-1]))[: len(snapshot)]
        if len(snapshot):
            in_snapshot = bool(snapshot[-1])
        starts = np.flatnonzero(begins)
        if not seeded:
            dropped = int(starts[0]) if len(starts) else len(rows)
            seeded = bool(len(starts))
            found = [(int(rows.lines[0]), int(rows.values[columns[0], 0]), "no snapshot yet")] if dropped else []
            report.add_all("before_snapshot", file.name, found, dropped)
            rows, starts = rows.where(slice(dropped, None)), starts - dropped
        yield batch(None, _events(rows, columns, starts), consumed)


def _events(rows: Rows, columns: Sequence[int], starts: NDArray[np.intp]) -> BookEvents:
    """The rows, with a CLEAR before each of `starts`."""
    time, _, side, price, size = (rows.values[column] for column in columns)
    side = side.astype(np.int8)
    if len(starts):
        time, side = np.insert(time, starts, time[starts]), np.insert(side, starts, CLEAR)
        price, size = np.insert(price, starts, 0), np.insert(size, starts, 0)
    return BookEvents(
        time_ns=time,
        price_ticks=price,
        size_lots=size,
        price_decimals=rows.price_decimals,
        size_decimals=rows.size_decimals,
        side=side,
    )
