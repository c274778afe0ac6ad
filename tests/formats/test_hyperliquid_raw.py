"""Hyperliquid: a collector's real lines, and lines generated like them."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL
from processor.formats import open_dataset
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import DAY_US, lines, write
from tests.formats.websocket_samples import collected, hyperliquid_book, hyperliquid_raw, hyperliquid_trades

if TYPE_CHECKING:
    from pathlib import Path

MS_NS = 10**6
DAY_NS = DAY_US * 1000
BOOK = hyperliquid_book(0, [("1", "1")], [("2", "1")])


def test_a_recording_is_read_exactly(tmp_path: Path) -> None:
    found = read(hyperliquid_raw(tmp_path))
    assert found.trades is not None
    assert found.book is not None
    assert found.trades.aggressor.tolist() == [BUY, SELL, SELL]
    assert (found.trades.price_ticks.tolist(), found.trades.price_decimals) == ([175, 150, 125], 2)
    assert found.trades.size_lots.tolist() == [5, 20, 10]
    assert ((found.trades.time_ns - DAY_NS) // MS_NS).tolist() == [5, 5, 25]
    assert found.book.side.tolist() == [CLEAR, BID, BID, ASK, CLEAR, BID, ASK]
    assert found.book.price_ticks.tolist() == [0, 150, 125, 175, 0, 125, 180]
    assert ((found.book.time_ns - DAY_NS) // MS_NS).tolist() == [0] * 4 + [20] * 3
    assert not found.report.incidents


def test_the_local_clock_is_the_collectors(tmp_path: Path) -> None:
    found = read(hyperliquid_raw(tmp_path), clock="local")
    assert found.trades is not None
    assert found.trades.time_ns[0] == DAY_NS + 6 * MS_NS + 500_000


def test_a_recorded_file_holds_what_its_messages_say(shared_data: Path) -> None:
    path = shared_data / "more/hyperliquid_btcusd_20250126.gz"
    with gzip.open(path, "rt") as file:
        messages = [json.loads(line.partition(" ")[2]) for line in file]
    books = [message["data"] for message in messages if message["channel"] == "l2Book"]
    traded = [trade for message in messages if message["channel"] == "trades" for trade in message["data"]]
    found = read(path)
    assert open_dataset(path).instruments == ("BTC",)
    assert found.book is not None
    assert (found.book.side == CLEAR).sum() == len(books) == 46
    wanted = [
        (book["time"] * MS_NS, side, Decimal(level["px"]), Decimal(level["sz"]))
        for book in books
        for side, levels in ((BID, book["levels"][0]), (ASK, book["levels"][1]))
        for level in levels
    ]
    assert [event for event in book_of(found.book) if event.side != CLEAR] == sorted(wanted, key=lambda each: each[0])
    assert sum(trade.size for trade in trades_of(found.trades)) == sum(Decimal(trade["sz"]) for trade in traded)
    bought = sum(Decimal(trade["sz"]) for trade in traded if trade["side"] == "B")
    assert sum(trade.size for trade in trades_of(found.trades) if trade.aggressor == BUY) == bought
    assert not found.report.incidents


def archived(at_ms: int, message: str, time: str) -> str:
    """A line of the archive."""
    return json.dumps({"time": time, "ver_num": 1, "raw": json.loads(message)}, separators=(",", ":"))


def test_the_archives_objects_hold_the_messages_and_the_time_of_their_receipt(tmp_path: Path) -> None:
    rows = [
        archived(0, hyperliquid_book(0, [("1", "1")], [("2", "1")]), "2024-08-08T00:00:00.705751164"),
        archived(500, hyperliquid_book(500, [("1", "3")], [("2", "1")]), "2024-08-08T00:00:01.205751164"),
    ]
    path = write(tmp_path / "ABC", lines(*rows))
    assert open_dataset(path).format == "hyperliquid-raw"
    book = read(path).book
    assert book is not None
    assert book.time_ns[[0, -1]].tolist() == [DAY_NS, DAY_NS + 500 * MS_NS]
    book = read(path, clock="local").book
    assert book is not None
    assert book.time_ns[[0, -1]].tolist() == [DAY_NS + 705_751_164, DAY_NS + 1_205_751_164]


def test_trades_sent_again_on_subscription_are_known_by_their_ids(tmp_path: Path) -> None:
    rows = [
        hyperliquid_trades(5, (9, "B", "1", "1"), (7, "B", "1", "1")),
        hyperliquid_trades(5, (7, "B", "1", "1"), (8, "A", "1", "2")),
    ]
    found = read(write(tmp_path / "a.txt", lines(*rows)))
    assert len(trades_of(found.trades)) == 3
    assert found.report.counts == {"duplicates": 1}


def test_coins_are_told_apart_and_other_channels_passed_over(tmp_path: Path) -> None:
    mids = json.dumps({"channel": "allMids", "data": {"mids": {"ABC": "1"}}})
    rows = [
        BOOK,
        mids,
        hyperliquid_book(1, [("7", "1")], [], coin="@107"),
        hyperliquid_trades(2, (1, "B", "7", "1"), coin="xyz:GOLD"),
    ]
    path = write(tmp_path / "a.txt", lines(*rows))
    assert open_dataset(path).instruments == ("@107", "ABC", "xyz:GOLD")
    assert len(book_of(read(path, "@107").book)) == 2
    assert len(trades_of(read(path, "xyz:GOLD").trades)) == 1
    assert read(path, "ABC").trades is None


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (hyperliquid_trades(1, (1, "X", "1", "1")), "side 'X' is neither B (bought) nor A (sold)"),
        (BOOK.replace('"levels":[[{"px":"1"', '"levels":[[{"px":"one"'), "book: a price or size is not a number"),
        (BOOK.replace('"px":"1"', '"px":1'), "Expected `str`, got `int`"),
    ],
)
def test_a_malformed_line_is_skipped_and_described(tmp_path: Path, broken: str, reason: str) -> None:
    rows = [collected(number, hyperliquid_book(number, [("1", "1")], [])) for number in range(120)]
    rows[60] = collected(60, broken)
    found = read(write(tmp_path / "a.txt", lines(*rows)))
    assert [(incident.kind, incident.line) for incident in found.report.incidents] == [("malformed", 61)]
    assert found.report.incidents[0].detail.startswith(reason)
