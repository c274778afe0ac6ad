"""Tardis CSV: `incremental_book_L2`, `book_snapshot_N`, `quotes` and `trades` (docs/formats/tardis.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import BUY, SELL, UNKNOWN, BookEvents
from processor.core.merge.parts import batch
from processor.formats.books.full_books import full_books
from processor.formats.books.snapshots import SnapshotRuns, with_clears
from processor.formats.lines import text
from processor.formats.lines.archives import TradeColumns, preferred, trades_part
from processor.formats.lines.chunks import head_lines
from processor.formats.lines.headers import sound_names
from processor.formats.lines.tables import Table, table_part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.merge.parts import Batch, Part
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile
    from processor.formats.lines.tables import Convert, Rows

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
        """`exchange:symbol` of every row in the head, if its first line is a header of Tardis."""
        del file
        header, *rows = head_lines(head) or [b""]
        if header not in {_BOOK_HEADER, _TRADES_HEADER} and _States.of(header) is None:
            return frozenset()
        named = ([name.strip(b' \t"') for name in row.split(b",")[:2]] for row in rows)
        return sound_names(b":".join(names) for names in named if len(names) > 1 and all(names))

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each file of trades and each of the book.

        Of several channels with the book, only one is read: the incremental one, otherwise the deepest.
        """
        headers = {file: _header(file) for file in files}
        states = {file: found for file, header in headers.items() if (found := _States.of(header))}
        channels = {_INCREMENTAL: [file for file, header in headers.items() if header == _BOOK_HEADER]}
        for found in sorted(states.values(), key=lambda each: -each.depth):
            channels[found.channel] = [file for file, each in states.items() if each.channel == found.channel]
        time = _TIME_OF_CLOCK[clock]
        trades = [_trades(file, instrument, time) for file, header in headers.items() if header == _TRADES_HEADER]
        book = [
            _states(file, states[file], instrument, time) if file in states else _updates(file, instrument, time)
            for file in preferred(channels, report)
        ]
        return [*trades, *book]


FORMAT: Final = _Tardis()


def _header(file: SourceFile) -> bytes:
    return head_lines(file.head())[0]


@dataclass(frozen=True, slots=True)
class _States:
    """A channel whose rows have the best levels: the columns after the first four, and those of each level.

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
        """The channel of this header; None for other headers."""
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
        """The layout of the channel; prices and sizes of a missing level are empty."""
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


def _trades(file: SourceFile, instrument: str, time: str) -> Part:
    layout = _layout(
        instrument, text.skip("id"), text.word("side", *_AGGRESSOR_WORDS), text.price("price"), text.size("amount")
    )
    return trades_part(file, Table(layout, time), TradeColumns("price", "amount", "side", _AGGRESSORS))


def _states(file: SourceFile, channel: _States, instrument: str, time: str) -> Part:
    """A file whose rows each have the full book, to the depth of the channel."""
    layout = channel.layout(instrument)
    bids, asks = (
        [(layout.row_of(price), layout.row_of(size)) for price, size in levels]
        for levels in (channel.bids, channel.asks)
    )

    def convert(rows: Rows) -> Batch:
        return batch(None, full_books(rows, rows.values[layout.row_of(time)], bids, asks), rows.consumed_bytes)

    return table_part(file, Table(layout, time), lambda _: convert, book=True)


def _updates(file: SourceFile, instrument: str, time: str) -> Part:
    layout = _layout(
        instrument,
        text.word("is_snapshot", b"false", b"true"),
        text.word("side", b"bid", b"ask"),
        text.price("price"),
        text.size("amount"),
    )
    # A message has one time of receipt, but a snapshot may have several exchange times.
    names = (time, "local_timestamp", "is_snapshot", "side", "price", "amount")
    where = [layout.row_of(name) for name in names]

    def converter(_: Report) -> Convert:
        runs = SnapshotRuns()

        def convert(rows: Rows) -> Batch:
            times, received, flags, side, price, size = (rows.values[row] for row in where)
            events = BookEvents(
                time_ns=times,
                price_ticks=price,
                size_lots=size,
                price_decimals=rows.price_decimals,
                size_decimals=rows.size_decimals,
                side=side.astype(np.int8),
            )
            starts = runs.starts(flags.astype(np.bool_), received)
            return batch(None, with_clears(events, starts), rows.consumed_bytes)

        return convert

    return replace(table_part(file, Table(layout, time), converter, book=True), has_snapshots=True)
