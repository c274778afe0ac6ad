"""Databento CSV: MBO, MBP-10 or another number of levels, TBBO, BBO, trades (docs/formats/databento_csv.md)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import BUY, SELL, UNKNOWN, Trades, scaled_up
from processor.core.merge.parts import batch
from processor.errors import DatasetError
from processor.formats.base import part_of_all
from processor.formats.books.full_books import full_books
from processor.formats.dbn_records import FIXED_DECIMALS, MBO, NO_PRICE, Publisher, RecordReader, Wanted
from processor.formats.lines import text
from processor.formats.lines.archives import preferred
from processor.formats.lines.chunks import head_lines
from processor.formats.lines.headers import layout_of, sound_names
from processor.formats.lines.kernels import ABSENT
from processor.formats.lines.tables import Table, TableReader, begin_ns, report_unknown_sides, table_part

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from processor.core.events import BookEvents
    from processor.core.merge.parts import Batch, Part
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile
    from processor.formats.lines.tables import Convert, Rows

_REQUIRED: Final = frozenset(("ts_event", "action", "side", "price", "size"))
_SAMPLED: Final = frozenset(("ts_recv", "rtype", "side", "price", "size", "bid_px_00", "ask_px_00"))
"""Columns of BBO, whose rows are the best prices at the end of a second or a minute, and have no action."""
_OF_LAST_TRADE: Final = ("ts_event", "side", "price", "size")
"""Columns of a BBO row about the last trade, which is not a trade of that row."""
_OF_ORDERS: Final = "order_id"
_TIME_OF_CLOCK: Final = {"exchange": "ts_event", "local": "ts_recv"}
_ORDER_NUMBERS: Final = {"size": 2**32 - 1, "flags": 2**8 - 1, "order_id": 2**63 - 1, "publisher_id": 2**16 - 1}
"""The largest number that a record can hold."""
_LEVEL: Final = re.compile(r"(bid|ask)_(px|sz)_\d\d")
_ACTIONS: Final = (b"A", b"C", b"M", b"R", b"T", b"F", b"N")
_TRADE: Final = _ACTIONS.index(b"T")
_SIDES: Final = (b"A", b"B", b"N")
_WORDS: Final = {"action": _ACTIONS, "side": _SIDES}
_AGGRESSORS: Final = np.array([SELL, BUY, UNKNOWN], np.int8)


class _DatabentoCsv:
    name = "databento-csv"
    title = "Databento CSV (MBO, MBP-10, MBP-1, TBBO, BBO, trades)"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The symbols in the head (without that column, the instrument ids), if the header has the right columns."""
        del file
        names, rows = _head(head)
        column = _instrument_column(names)
        if column is None or not (_REQUIRED.issubset(names) or _is_sampled(names)):
            return frozenset()
        return sound_names(row[column] for row in rows)

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each file, because each row has the book and maybe a trade; one for all files of orders.

        If there are orders, only they are read: they contain the rest.
        """
        orders = [file for file in files if _OF_ORDERS in _head(file.head())[0]]
        kinds = {"mbo": orders, "the rest": [file for file in files if file not in orders]}
        chosen = preferred(kinds, report)
        return (
            [_of_orders(chosen, instrument, clock)] if orders else [_part(file, instrument, clock) for file in chosen]
        )


FORMAT: Final = _DatabentoCsv()


def _head(head: bytes) -> tuple[list[str], list[list[str]]]:
    """The columns' names, and the fields of those rows of the head that have as many fields."""
    lines = [line.decode("utf-8", "replace").split(",") for line in head_lines(head)] or [[]]
    return lines[0], [row for row in lines[1:] if len(row) == len(lines[0])]


def _is_sampled(names: Sequence[str]) -> bool:
    return _SAMPLED.issubset(names) and "action" not in names


def _instrument_column(names: Sequence[str]) -> int | None:
    return next((names.index(name) for name in ("symbol", "instrument_id") if name in names), None)


def _layout(file: SourceFile, instrument: str | None) -> text.Layout:
    """The file's columns, whose order and forms of times and prices vary; for `instrument` None, of all instruments."""
    names, rows = _head(file.head())
    fields = dict(zip(names, zip(*rows, strict=True), strict=True))
    is_orders = _OF_ORDERS in names
    levels = {name: level[2] for name in names if (level := _LEVEL.fullmatch(name))}
    prices = {"price"} | {name for name, what in levels.items() if what == "px"}
    pretty = any("." in field for name in prices for field in fields[name])
    skipped = _OF_LAST_TRADE if _is_sampled(names) else ()

    def column(number: int, name: str) -> text.Column:
        if instrument is not None and number == _instrument_column(names):
            return text.only(name, instrument.encode())
        if name in _TIME_OF_CLOCK.values():
            return text.iso_time(name) if any("-" in field for field in fields[name]) else text.integer(name)
        if name in prices:
            return text.price(name, implied_decimals=0 if pretty else FIXED_DECIMALS, may_be_absent=True)
        if name in _WORDS:
            return text.word(name, *_WORDS[name])
        if name == "size" or name in levels or (is_orders and name in _ORDER_NUMBERS):
            return text.integer(name) if is_orders else text.size(name, may_be_absent=True)
        return text.skip(name)

    columns = enumerate(names)
    return layout_of(file, [text.skip(name) if name in skipped else column(number, name) for number, name in columns])


def _part(file: SourceFile, instrument: str, clock: str) -> Part:
    layout = _layout(file, instrument)
    time = _TIME_OF_CLOCK[clock]
    if not layout.has(time):
        time = "ts_event" if layout.has("ts_event") else "ts_recv"
    has_trades, has_book = layout.has("action"), layout.has("bid_px_00")

    def converter(report: Report) -> Convert:
        def convert(rows: Rows) -> Batch:
            if not has_trades:
                return batch(None, _states(rows, layout, time), rows.consumed_bytes)
            return _batch(rows, layout, time, file.name, report)

        return convert

    return table_part(file, Table(layout, time), converter, trades=has_trades, book=has_book)


def _batch(rows: Rows, layout: text.Layout, time: str, name: str, report: Report) -> Batch:
    where = {column: layout.row_of(column) for column in (time, "action", "side", "price", "size")}
    values = rows.values
    is_trade = values[where["action"]] == _TRADE
    incomplete = is_trade & ((values[where["price"]] == ABSENT) | (values[where["size"]] == ABSENT))
    if incomplete.any():
        found = ((int(line), None, "a trade without a price or a size") for line in rows.lines[incomplete])
        report.add_all("malformed", name, found, int(incomplete.sum()))
        rows, is_trade = rows.where(~incomplete), is_trade[~incomplete]
    traded = rows.where(is_trade)
    trades = Trades(
        time_ns=traded.values[where[time]],
        price_ticks=traded.values[where["price"]],
        size_lots=traded.values[where["size"]],
        price_decimals=rows.price_decimals,
        size_decimals=rows.size_decimals,
        aggressor=_AGGRESSORS[traded.values[where["side"]]],
    )
    report_unknown_sides(report, name, trades, traded.lines)
    book = _states(rows, layout, time) if layout.has("bid_px_00") else None
    return batch(trades, book, rows.consumed_bytes, lines=traded.lines)


def _of_orders(files: Sequence[SourceFile], instrument: str, clock: str) -> Part:
    """Rows of MBO, converted back to records and read as records."""
    layouts = {file: _layout(file, instrument) for file in files}
    received_ns = {file: _received_ns(file) for file in files}
    in_order = sorted(files, key=lambda file: (received_ns[file], file.name))

    def read(report: Report) -> Generator[Batch]:
        table = TableReader(report)
        reader = RecordReader(Wanted(MBO, clock, Publisher()), report)
        before = 0
        for number, file in enumerate(in_order):
            reader.next_file(file.name, min((received_ns[later] for later in in_order[number + 1 :]), default=None))
            for rows in table.rows(file, layouts[file], time=None, header_lines=1):
                sound = _with_room(rows, layouts[file], file.name, report)
                records = _as_records(sound, layouts[file], file.name)
                for trades, book, lines in reader.of_records(records, sound.lines, 0):
                    yield batch(trades, book, before + rows.consumed_bytes, lines=lines)
            report.refuse_if_rotten(file.name)
            before += file.size_bytes
            for trades, book, lines in reader.end_file():
                yield batch(trades, book, before, lines=lines)
        reader.end()

    return replace(part_of_all(in_order, read), has_snapshots=True)


def _received_ns(file: SourceFile) -> int:
    """The time of the first row, of any instrument."""
    layout = _layout(file, None)
    return begin_ns(file, Table(layout, "ts_recv" if layout.has("ts_recv") else "ts_event")) or 0


def _with_room(rows: Rows, layout: text.Layout, name: str, report: Report) -> Rows:
    """The rows whose numbers fit into a record; the others are reported."""
    sound = np.ones(len(rows), np.bool_)
    for column, most in _ORDER_NUMBERS.items():
        if layout.has(column):
            sound &= rows.values[layout.row_of(column)] <= most
    found = ((int(line), None, "a number larger than Databento's fields hold") for line in rows.lines[~sound])
    report.add_all("malformed", name, found, int((~sound).sum()))
    return rows.where(sound)


def _as_records(rows: Rows, layout: text.Layout, name: str) -> NDArray[np.void]:
    if rows.price_decimals > FIXED_DECIMALS:
        msg = f"{name}: a price has more than the {FIXED_DECIMALS} decimals of Databento's prices"
        raise DatasetError(msg)
    records = np.zeros(len(rows), MBO.record)
    for column in ("ts_event", "ts_recv", *_ORDER_NUMBERS):
        if layout.has(column):
            records[column] = rows.values[layout.row_of(column)]
    if not layout.has("ts_recv"):
        records["ts_recv"] = records["ts_event"]
    for column, words in _WORDS.items():
        records[column] = np.array([word[0] for word in words], np.uint8)[rows.values[layout.row_of(column)]]
    prices = rows.values[layout.row_of("price")]
    absent = prices == ABSENT
    scaled = scaled_up(np.where(absent, 0, prices), FIXED_DECIMALS - rows.price_decimals)
    records["price"] = np.where(absent, NO_PRICE, scaled)
    return records


def _states(rows: Rows, layout: text.Layout, time: str) -> BookEvents:
    return full_books(rows, rows.values[layout.row_of(time)], *_levels(layout))


def _levels(layout: text.Layout) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The rows of the prices and sizes of bids and of asks, by level."""
    names = [column.name for column in layout.columns]
    bids, asks = (
        [
            (layout.row_of(name), layout.row_of(name.replace("_px_", "_sz_")))
            for name in sorted(names)
            if name.startswith(f"{side}_px_") and name.replace("_px_", "_sz_") in names
        ]
        for side in ("bid", "ask")
    )
    return bids, asks
