"""Coinbase's files are generated here, as its documentation describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL
from processor.formats import open_dataset
from tests.formats.reading import read
from tests.formats.samples import DAY_US, lines, write
from tests.formats.websocket_samples import (
    advanced_book,
    advanced_message,
    advanced_trades,
    coinbase_advanced,
    coinbase_match,
    coinbase_raw,
    coinbase_snapshot,
    coinbase_update,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MS_NS = 10**6
DAY_NS = DAY_US * 1000 + 123_000


def recorded(folder: Path, *rows: str, name: str = "coinbase.txt") -> Path:
    return write(folder / name, lines(*rows))


@pytest.mark.parametrize("writer", [coinbase_raw, coinbase_advanced])
def test_a_recording_is_read_exactly_and_the_aggressor_is_the_other_side_of_the_maker(
    tmp_path: Path, writer: Callable[[Path], Path]
) -> None:
    found = read(writer(tmp_path))
    assert found.trades is not None
    assert found.book is not None
    assert found.trades.aggressor.tolist() == [BUY, SELL]
    assert (found.trades.price_ticks.tolist(), found.trades.price_decimals) == ([175, 125], 2)
    assert (found.trades.size_lots.tolist(), found.trades.size_decimals) == ([5, 20], 1)
    assert not found.report.incidents


def test_the_snapshot_of_exchange_takes_the_time_of_the_update_after_it(tmp_path: Path) -> None:
    found = read(coinbase_raw(tmp_path))
    assert found.trades is not None
    assert found.book is not None
    assert found.trades.time_ns.tolist() == [DAY_NS + at * MS_NS for at in (110, 120)]
    assert found.book.side.tolist() == [CLEAR, BID, BID, ASK, BID, ASK, ASK]
    assert found.book.price_ticks.tolist() == [0, 150, 125, 175, 150, 180, 175]
    assert found.book.size_lots.tolist() == [0, 80, 40, 30, 0, 25, 25]
    assert found.book.time_ns.tolist() == [DAY_NS + 100 * MS_NS] * 6 + [DAY_NS + 200 * MS_NS]


def test_a_snapshot_that_has_a_time_keeps_it(tmp_path: Path) -> None:
    times = ["2024-08-08T00:00:00.5Z", "0001-01-01T00:00:00.000000Z"]
    rows = [coinbase_snapshot([("1", "1")], [], time=time) for time in times]
    book = read(recorded(tmp_path, *rows, coinbase_update(900, ("buy", "2", "1")))).book
    assert book is not None
    assert book.time_ns.tolist() == [DAY_US * 1000 + 500 * MS_NS] * 2 + [DAY_NS + 900 * MS_NS] * 3


def test_the_book_of_advanced_trade_has_the_times_of_its_messages(tmp_path: Path) -> None:
    found = read(coinbase_advanced(tmp_path))
    assert found.trades is not None
    assert found.book is not None
    assert found.trades.time_ns.tolist() == [DAY_NS + 299 * MS_NS] * 2
    assert found.book.side.tolist() == [CLEAR, BID, ASK, BID, ASK]
    assert found.book.time_ns.tolist() == [DAY_NS + 10 * MS_NS] * 3 + [DAY_NS + 310 * MS_NS] * 2


def test_trade_ids_are_verified(tmp_path: Path) -> None:
    rows = [coinbase_match(trade_id, trade_id, "buy", "1", "1") for trade_id in (1, 2, 2, 5)]
    found = read(recorded(tmp_path, *rows))
    assert [(incident.kind, incident.line) for incident in found.report.incidents] == [("duplicates", 3), ("gaps", 4)]


def test_each_product_is_read_alone(tmp_path: Path) -> None:
    rows = [
        coinbase_snapshot([("1", "1")], []),
        coinbase_snapshot([("7", "1")], [], product="XYZ-EUR"),
        coinbase_update(100, ("buy", "8", "1"), product="XYZ-EUR"),
        coinbase_update(200, ("buy", "2", "1")),
        coinbase_match(300, 1, "buy", "3", "1", product="ONLY-TRADES"),
    ]
    path = recorded(tmp_path, *rows)
    assert open_dataset(path).instruments == ("ABC-USD", "ONLY-TRADES", "XYZ-EUR")
    book = read(path, "XYZ-EUR").book
    assert book is not None
    assert book.price_ticks.tolist() == [0, 7, 8]
    assert read(path, "ONLY-TRADES").book is None


def test_a_product_behind_a_long_snapshot_is_found(tmp_path: Path) -> None:
    levels = [(f"{price}.00", "1.00000000") for price in range(1, 9000)]
    rows = [coinbase_snapshot(levels, []), coinbase_snapshot(levels, [], product="XYZ-EUR")]
    assert open_dataset(recorded(tmp_path, *rows)).instruments == ("ABC-USD", "XYZ-EUR")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (coinbase_update(0, ("bids", "1", "1")), "side 'bids' is not one of buy, bid, sell, offer"),
        (coinbase_update(0, ("buy", "x", "1")), "book: a price or size is not a number"),
        (coinbase_update(0, ("buy", "1", "-1")), "book: a price or size is negative"),
        (coinbase_update(0, ("buy", "1", "1")).replace('"time"', '"t"'), "Object missing required field `time`"),
        (coinbase_update(0).replace("2024-08-08T", "2024-08-08 "), "time '2024-08-08 00:00:00.000123Z' is not a date"),
        (coinbase_update(0).replace("2024", "0001"), "time 0001-08-08T00:00:00.000123Z does not fit into 64 bits"),
        (coinbase_match(0, 500, "maker", "1", "1"), "side 'maker' is neither buy nor sell"),
        (
            coinbase_match(0, 500, "buy", "1", "1").replace("500", '"500"', 1),
            "Expected `int`, got `str` - at `$.trade_id`",
        ),
        (coinbase_match(0, 500, "buy", "1e", "1"), "trade: a price or size is not a number"),
        (advanced_book(0, "full"), "type 'full' is neither snapshot nor update"),
        (advanced_book(0, "update", ("ask", "1", "1")), "side 'ask' is not one of buy, bid, sell, offer"),
        (advanced_trades(1, (500, "", "1", "1")), "side '' is neither buy nor sell"),
        (advanced_trades(1, (500, "BUY", "1", "1")).replace('"500"', '"x"'), "trade_id 'x' is not a number"),
        (advanced_message(0, "l2_data", {"type": "update"}), "Object missing required field `product_id`"),
    ],
)
def test_a_malformed_line_is_skipped_and_described(tmp_path: Path, broken: str, reason: str) -> None:
    rows = [coinbase_match(at, at, "buy", "1", "1") for at in range(120)]
    rows.insert(60, broken)
    found = read(recorded(tmp_path, *rows))
    assert [(incident.kind, incident.line) for incident in found.report.incidents] == [("malformed", 61)]
    assert found.report.incidents[0].detail.startswith(reason)
