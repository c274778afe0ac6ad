"""What the rows of every format's market say, read slowly, by other means than the project's.

A reading goes through the rows of a sample's files, but for those that the report names as left out, and gives trades
and book events in the order of the files. A format without one is held to less (tests/formats/test_mutations.py).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tests.formats.plain_readings import recordings, records, tables
from tests.formats.plain_readings.said import Said
from tests.formats.plain_readings.tables import States, Tape, Updates
from tests.reference import CLEAR, BookEvent, Trade

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from decimal import Decimal

    from tests.formats.plain_readings.said import Event, Reading
    from tests.formats.taken_apart import Files


def _both(*readings: Reading) -> Reading:
    def reading(said: Said) -> Iterator[Event]:
        for each in readings:
            yield from each(said)

    return reading


_SPOT: Final = ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match")
_TARDIS_TRADES: Final = Tape("*_trades_*", "timestamp", "us", "price", "amount", "side")
_FILLS: Final = Tape("fills*", "time", "ms", "price", "size", "side")
_OKX_TRADES: Final = Tape("*trades*", "created_time", "ms", "price", "size", "side", id="trade_id")
_LEVELS: Final = (("bids[{}].price", "bids[{}].amount"), ("asks[{}].price", "asks[{}].amount"))
_TOP: Final = (("bid_price", "bid_amount"), ("ask_price", "ask_amount"))
_TICKER: Final = (("best_bid_price", "best_bid_qty"), ("best_ask_price", "best_ask_qty"))

READINGS: Final[dict[str, Reading]] = {
    "own": tables.own,
    "tardis": _both(
        _TARDIS_TRADES,
        Updates("*_book_*", "timestamp", "us", "amount", ("is_snapshot", "true"), "local_timestamp"),
    ),
    "tardis_snapshots": _both(_TARDIS_TRADES, States("*_book_*", "timestamp", "us", _LEVELS, 8)),
    "tardis_quotes": _both(_TARDIS_TRADES, States("*_quotes_*", "timestamp", "us", _TOP)),
    "binance_spot": recordings.binance(futures=False),
    "binance_futures": recordings.binance(futures=True),
    "okx_raw": recordings.okx,
    "okx_archive": _both(recordings.okx_archive, _OKX_TRADES),
    "hyperliquid_raw": recordings.hyperliquid,
    "bybit_raw": recordings.bybit,
    "kraken_raw": recordings.kraken,
    "kraken_v1": recordings.kraken_v1,
    "coinbase_raw": recordings.coinbase,
    "coinbase_advanced": recordings.coinbase_advanced,
    "bitstamp_changes": recordings.bitstamp,
    "bitstamp_states": recordings.bitstamp,
    "sqlite": tables.sqlite,
    "hftbacktest": tables.hftbacktest,
    "hftbacktest_old": tables.hftbacktest_old,
    "mapped_csv": _both(_FILLS, Updates("book*", "time", "ms", "size", ("whole", "yes"), "time")),
    "mapped_parquet": tables.mapped_parquet,
    "mapped_levels": _both(
        Tape("fills*", "time", "iso", "price", "size", "side"),
        States("book*", "time", "iso", (("b{}", "bs{}"), ("a{}", "as{}")), 8),
    ),
    "binance_archive": _both(
        Tape("*trades*", "time", "ms", "price", "qty", "is_buyer_maker", id="id"),
        States("*bookTicker*", "transaction_time", "ms", _TICKER),
    ),
    "binance_archive_ms": Tape("*", "time", "ms", "price", "qty", "is_buyer_maker", _SPOT, "id"),
    "binance_archive_us": Tape("*", "time", "us", "price", "qty", "is_buyer_maker", _SPOT, "id"),
    "binance_archive_aggregated": Tape(
        "*", "transact_time", "ms", "price", "quantity", "is_buyer_maker", id="agg_trade_id"
    ),
    "bybit_trades": Tape("*", "timestamp", "s", "price", "size", "side"),
    "bybit_spot_trades": Tape("*", "timestamp", "ms", "price", "volume", "side"),
    "okx_trades": _OKX_TRADES,
    "lobster": tables.lobster,
    "metatrader": tables.metatrader,
    "databento_csv": tables.databento(10),
    "databento_csv_top": tables.databento(1),
    "databento_csv_trades": tables.databento_trades,
    "databento_csv_mbo": records.csv_orders,
    "dbn_mbp10": records.dbn("*.dbn"),
    "dbn_mbp1": records.dbn("*.dbn"),
    "dbn_bbo": _both(records.dbn("*bbo*", sampled=True), records.dbn("*trades*", book=False)),
    "dbn_trades": records.dbn("*.dbn", book=False),
    "dbn_mbo": records.dbn_orders,
    "itch": records.itch,
    "iex_deep": records.iex,
    "iex_tops": records.iex,
    "sierra": records.sierra,
}
"""By the sample's name."""

FROM_SNAPSHOT: Final = ("tardis", "mapped_csv", "mapped_parquet", "dbn_mbo", "databento_csv_mbo", "sierra")
"""Of these, updates before the first snapshot are dropped."""


@dataclass
class Story:
    """Trades and book events in the order of time, and how many rows are none, or come before the first snapshot."""

    trades: list[Trade]
    book: list[BookEvent]
    no_trades: int
    before_snapshot: int

    def once(self) -> Story:
        """The same where a snapshot of a moment is told in parts, by several files: as one."""
        seen: set[int] = set()
        book: list[BookEvent] = []
        for event in self.book:
            if event.side != CLEAR or event.time_ns not in seen:
                book.append(event)
            seen |= {event.time_ns} if event.side == CLEAR else set()
        return replace(self, book=book)

    def with_sizes(self, meant: Mapping[Decimal, Decimal]) -> Story:
        """The same with other sizes for some."""
        return replace(
            self,
            trades=[trade._replace(size=meant.get(trade.size, trade.size)) for trade in self.trades],
            book=[event._replace(size=meant.get(event.size, event.size)) for event in self.book],
        )


def story(name: str, files: Files, left_out: Mapping[str, set[int]]) -> Story:
    """What the files of the sample of this name say, without the lines that are left out."""
    events = list(READINGS[name](Said(files, left_out)))
    trades = sorted((each for each in events if isinstance(each, Trade)), key=lambda trade: trade.time_ns)
    book = sorted((each for each in events if isinstance(each, BookEvent)), key=lambda event: event.time_ns)
    has_spreads = any(trade.price < 0 for trade in trades)
    real = [trade for trade in trades if trade.size and (trade.price or has_spreads)]
    begin = 0
    if name in FROM_SNAPSHOT:
        begin = next((at for at, event in enumerate(book) if event.side == CLEAR), len(book))
    return Story(real, book[begin:], len(trades) - len(real), begin)


def by_file(found: Iterable[tuple[str, int]]) -> dict[str, set[int]]:
    """Lines by their files."""
    lines: dict[str, set[int]] = defaultdict(set)
    for file, line in found:
        lines[file].add(line)
    return lines
