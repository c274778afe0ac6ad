"""Binance's public archive: trades, aggTrades and bookTicker (docs/formats/binance_archive.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import BUY, SELL
from processor.core.merge.parts import batch
from processor.errors import DatasetError, NothingToReplay
from processor.formats.books.full_books import full_books
from processor.formats.lines import text
from processor.formats.lines.archives import TradeColumns, instrument_named, preferred, trades_part
from processor.formats.lines.chunks import head_lines
from processor.formats.lines.tables import Table, table_part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.merge.parts import Batch, Part
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile
    from processor.formats.lines.tables import Rows

_NAME: Final = re.compile(r"(.+?)-(?:trades|aggTrades|bookTicker)-\d{4}-\d\d")
_TRADES, _AGG_TRADES, _BOOK_TICKER = "trades", "aggTrades", "bookTicker"
_COLUMNS: Final = {
    _TRADES: ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker"),
    _AGG_TRADES: (
        "agg_trade_id",
        "price",
        "quantity",
        "first_trade_id",
        "last_trade_id",
        "transact_time",
        "is_buyer_maker",
    ),
    _BOOK_TICKER: (
        "update_id",
        "best_bid_price",
        "best_bid_qty",
        "best_ask_price",
        "best_ask_qty",
        "transaction_time",
        "event_time",
    ),
}
_SPOT_ONLY: Final = "is_best_match"
_HEADERS: Final = {
    _TRADES: re.compile(r"id,price,qty,(quote|base)qty,time,isbuyermaker(,isbestmatch)?"),
    _AGG_TRADES: re.compile(
        r"aggtradeid,price,(quantity|qty),firsttradeid,lasttradeid,(transacttime|time),isbuyermaker(,isbestmatch)?"
    ),
    _BOOK_TICKER: re.compile(r"updateid,bestbidprice,bestbidqty,bestaskprice,bestaskqty,transactiontime,eventtime"),
}
"""Names of columns, which vary from file to file, in lower case and without underscores."""
_NUMBER: Final = r"\d+(?:\.\d*)?"
_TIME: Final = r"(?:\d{13,16}|\d\.\d+E\+\d+)"
_FLAG: Final = r"(?:true|false|True|False)"
_ROWS: Final = {
    _TRADES: re.compile(rf"\d+(,{_NUMBER}){{3}},{_TIME},{_FLAG}(,{_FLAG})?"),
    _AGG_TRADES: re.compile(rf"\d+(,{_NUMBER}){{2}}(,-?\d+){{2}},{_TIME},{_FLAG}(,{_FLAG})?"),
    _BOOK_TICKER: re.compile(rf"\d+(,{_NUMBER}){{4}},{_TIME},{_TIME}"),
}
"""Rows, also with damaged times, so that a file without a header is recognised and its rows are reported."""
_ROWS_LOOKED_AT: Final = 5
_CANDLES: Final = re.compile(rf"opentime,open,high,low,close,.*|{_TIME}(,{_NUMBER}){{5}},{_TIME}(,{_NUMBER}){{5}}")
_ROUNDED: Final = re.compile(r"\d\.\d+E\+\d+")
_BANDS: Final = "timestamp,percentage,depth,notional"

_NS_PER_US: Final = 1000
_NS_PER_MS: Final = 1_000_000
_US_DIGITS: Final = 16
_AGGRESSOR_WORDS: Final = (b"true", b"True", b"false", b"False")
_AGGRESSORS: Final = np.array([SELL, SELL, BUY, BUY], np.int8)
"""The aggressor, by whether the buyer was the maker: if so, it was the seller."""
_TRADE_COLUMNS: Final = {
    _TRADES: TradeColumns("price", "qty", "is_buyer_maker", _AGGRESSORS),
    _AGG_TRADES: TradeColumns("price", "quantity", "is_buyer_maker", _AGGRESSORS),
}
_TIME_COLUMNS: Final = {_TRADES: "time", _AGG_TRADES: "transact_time", _BOOK_TICKER: "transaction_time"}


class _BinanceArchive:
    name = "binance-archive"
    title = "Binance public archive (trades, aggTrades, bookTicker; csv or zip)"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The symbol in the file's name by the vendor's pattern (otherwise the whole name), if the rows fit.

        Raises:
            NothingToReplay: the file has candles or depth bands.
        """
        lines = _first_lines(head)
        if not lines:
            return frozenset()
        _refuse_without_trades(lines)
        return frozenset() if _kind(lines) is None else frozenset([instrument_named(file, _NAME)])

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each file of trades and each of best prices.

        If there are trades, aggregated trades are left out.

        Raises:
            DatasetError: some files are from the spot market, others from futures.
        """
        del clock
        heads = {file: _first_lines(file.head()) for file in files}
        kinds = {kind: [file for file, lines in heads.items() if _kind(lines) == kind] for kind in _COLUMNS}
        trades = preferred({kind: kinds[kind] for kind in (_TRADES, _AGG_TRADES)}, report)
        spot = {file: _is_spot(heads[file]) for kind in (_TRADES, _AGG_TRADES) for file in kinds[kind]}
        if len(set(spot.values())) > 1:
            of_spot, of_futures = (next(file.name for file in spot if spot[file] == which) for which in (True, False))
            msg = (
                f"{of_spot} is from the spot market, {of_futures} from futures, and both are of {instrument}: "
                f"put each market into its own folder"
            )
            raise DatasetError(msg)
        kind = _TRADES if kinds[_TRADES] else _AGG_TRADES
        parts = [
            trades_part(
                file,
                _table(kind, heads[file]),
                _TRADE_COLUMNS[kind],
                id_column=_COLUMNS[kind][0],
                consecutive=kind == _AGG_TRADES,
            )
            for file in trades
        ]
        return parts + [_quotes(file, _table(_BOOK_TICKER, heads[file])) for file in kinds[_BOOK_TICKER]]


FORMAT: Final = _BinanceArchive()


def _first_lines(head: bytes) -> list[str]:
    return [line.decode("utf-8", "replace") for line in head_lines(head)[: _ROWS_LOOKED_AT + 1]]


def _plain(header: str) -> str:
    return header.replace("_", "").replace(" ", "").casefold()


def _refuse_without_trades(lines: Sequence[str]) -> None:
    if _plain(lines[0]) == _BANDS:
        msg = (
            "Binance bookDepth: sums within percentage bands around the price, not a book; "
            "bookTicker has the best prices"
        )
        raise NothingToReplay(msg)
    if any(_CANDLES.fullmatch(line) for line in (_plain(lines[0]), *lines)):
        rounded = next((time[0] for line in lines if (time := _ROUNDED.match(line))), None)
        msg = "Binance klines: finished candles without their trades; use the trades or aggTrades of these days"
        if rounded:
            msg += f". A spreadsheet has also rounded its times ({rounded}): use the files as they were downloaded"
        raise NothingToReplay(msg)


def _kind(lines: Sequence[str]) -> str | None:
    """The kind of the file with these first lines; None if it is not of this format."""
    for kind, header in _HEADERS.items():
        if header.fullmatch(_plain(lines[0])) or any(_ROWS[kind].fullmatch(line) for line in lines):
            return kind
    return None


def _is_spot(lines: Sequence[str]) -> bool:
    """Whether trades are from the spot market, where they have one column more."""
    kind = _kind(lines)
    commas = [line.count(",") for line in lines]
    return kind is not None and max(commas, key=commas.count) >= len(_COLUMNS[kind])


def _table(kind: str, lines: Sequence[str]) -> Table:
    names = [*_COLUMNS[kind], *([_SPOT_ONLY] if kind != _BOOK_TICKER and _is_spot(lines) else [])]
    time = _TIME_COLUMNS[kind]
    at = names.index(time)
    fields = [row[at] for line in lines if len(row := line.split(",")) == len(names)]
    digits = max((len(field) for field in fields if field.isdecimal()), default=0)
    unit_ns = _NS_PER_US if digits >= _US_DIGITS else _NS_PER_MS

    def column(number: int, name: str) -> text.Column:
        if name == time:
            return text.integer(name, times=unit_ns)
        if number == 0:
            return text.integer(name)
        if name == "is_buyer_maker":
            return text.word(name, *_AGGRESSOR_WORDS)
        if name.endswith("price"):
            return text.price(name)
        if name in {"qty", "quantity", "best_bid_qty", "best_ask_qty"}:
            return text.size(name)
        return text.skip(name)

    has_header = _HEADERS[kind].fullmatch(_plain(lines[0])) is not None
    layout = text.Layout([column(number, name) for number, name in enumerate(names)])
    return Table(layout, time, header_lines=int(has_header))


def _quotes(file: SourceFile, table: Table) -> Part:
    where = table.layout.row_of
    bid, ask = ((where(f"best_{side}_price"), where(f"best_{side}_qty")) for side in ("bid", "ask"))

    def convert(rows: Rows) -> Batch:
        return batch(None, full_books(rows, rows.values[where(table.time)], [bid], [ask]), rows.consumed_bytes)

    return table_part(file, table, lambda _: convert, book=True)
