"""Which of several formats of one instrument gives its trades, and which its book."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from processor.core.report import Report
from processor.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from processor.core.merge.parts import Batch, Part

_TRADES_FIRST: Final = ("mapping", "orderflow-parquet", "binance-archive", "bybit-trades", "okx-trades")
"""The order of preference for trades: archives of all trades before recordings of what was received."""
_BOOK_LAST: Final = ("binance-archive",)
"""Formats with only the best prices."""
_VENUES: Final = {
    "binance-raw": "Binance", "binance-archive": "Binance", "okx-raw": "OKX", "okx-archive": "OKX", "okx-trades": "OKX",
    "bybit-raw": "Bybit", "bybit-trades": "Bybit", "kraken-raw": "Kraken", "coinbase-raw": "Coinbase",
    "bitstamp-raw": "Bitstamp", "hyperliquid-raw": "Hyperliquid", "lobster": "NASDAQ", "itch": "NASDAQ", "iex": "IEX",
    "databento-csv": "Databento", "databento-dbn": "Databento", "tardis": "Tardis",
}  # fmt: skip
"""The exchange of a format's instruments, if known: the same name at two exchanges is two instruments."""
_LOOKED_AT: Final = 16
"""Batches of a part that are read to see whether it has a book."""


def chosen_parts(parts: Mapping[str, Sequence[Part]], report: Report) -> list[Part]:
    """The parts of all formats together; the book is taken only from the best source.

    Trades that several formats have are separated by their times while they are read.

    Raises:
        DatasetError: the formats are of several exchanges.
    """
    if len(parts) <= 1:
        return [part for each in parts.values() for part in each]
    _check_venues(parts)
    by_trades = sorted(parts, key=lambda name: _TRADES_FIRST.index(name) if name in _TRADES_FIRST else len(parts) + 9)
    by_book = sorted(parts, key=lambda name: name in _BOOK_LAST)
    book_of = next((name for name in by_book if any(map(_has_book, parts[name]))), None)
    found: list[Part] = []
    for name, each in parts.items():
        for part in each:
            gives_book = part.book and name == book_of
            if part.book and not gives_book and _has_book(part):
                report.add("unused", part.name, None, None, f"its book is left out: the book is read from {book_of}")
            if part.trades or gives_book:
                found.append(replace(part, book=gives_book, trades_rank=by_trades.index(name)))
    return found


def namesakes(instrument: str, instruments: Iterable[str]) -> list[str]:
    """Instruments that may be the same under another name: `exchange:symbol` and `symbol` stay two instruments.

    Exchanges have several markets of one symbol, and the symbol alone does not say which market it is.
    """
    exchange, _, symbol = instrument.rpartition(":")
    return sorted(
        other
        for other in instruments
        if other != instrument and other.rpartition(":")[2] == symbol and not (exchange and ":" in other)
    )


def _check_venues(parts: Mapping[str, Sequence[Part]]) -> None:
    first_of: dict[str, str] = {}
    for name, each in parts.items():
        if name in _VENUES and each:
            first_of.setdefault(_VENUES[name], each[0].name)
    if len(first_of) > 1:
        where = " and ".join(f"{file} ({venue})" for venue, file in first_of.items())
        msg = (
            f"{where} have an instrument of the same name, but are from different exchanges or vendors, so they may "
            f"not be of one market: put each into its own folder"
        )
        raise DatasetError(msg)


def _has_book(part: Part) -> bool:
    if not part.book:
        return False
    with closing(cast("Generator[Batch]", part.read(Report()))) as batches:
        return any(batch.book is not None for batch in islice(batches, _LOOKED_AT))
