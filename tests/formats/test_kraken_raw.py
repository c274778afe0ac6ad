"""Kraken's files are generated here, as its documentation describes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL
from processor.formats import open_dataset
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import DAY_US, lines, write
from tests.formats.websocket_samples import kraken_book, kraken_raw, kraken_trade
from tests.reference import Book

if TYPE_CHECKING:
    from pathlib import Path

    from tests.formats.reading import Read

MS_NS = 10**6
DAY_NS = DAY_US * 1000

DOCUMENTED_BIDS = [
    ("45283.5", "0.10000000"),
    ("45283.4", "1.54582015"),
    ("45282.1", "0.10000000"),
    ("45281.0", "0.10000000"),
    ("45280.3", "1.54592586"),
    ("45279.0", "0.07990000"),
    ("45277.6", "0.03310103"),
    ("45277.5", "0.30000000"),
    ("45277.3", "1.54602737"),
    ("45276.6", "0.15445238"),
]
DOCUMENTED_ASKS = [
    ("45285.2", "0.00100000"),
    ("45286.4", "1.54571953"),
    ("45286.6", "1.54571109"),
    ("45289.6", "1.54560911"),
    ("45290.2", "0.15890660"),
    ("45291.8", "1.54553491"),
    ("45294.7", "0.04454749"),
    ("45296.1", "0.35380000"),
    ("45297.5", "0.09945542"),
    ("45299.5", "0.18772827"),
]
DOCUMENTED_CHECKSUM = 3310070434


def recorded(folder: Path, *rows: str, name: str = "kraken.txt") -> Path:
    return write(folder / name, lines(*rows))


def kinds(found: Read) -> dict[str, int]:
    return {kind: count for kind, count in found.report.counts.items() if count}


def test_a_recording_is_read_exactly(tmp_path: Path) -> None:
    found = read(kraken_raw(tmp_path))
    assert found.trades is not None
    assert found.book is not None
    assert found.trades.aggressor.tolist() == [BUY, SELL, BUY]
    assert (found.trades.price_ticks.tolist(), found.trades.price_decimals) == ([175] * 3, 2)
    assert (found.trades.size_lots.tolist(), found.trades.size_decimals) == ([125] * 3, 3)
    assert found.trades.time_ns.tolist() == [DAY_NS + at * MS_NS + 456_000 for at in (10, 110, 210)]
    assert found.book.side.tolist() == [CLEAR, BID, BID, ASK, ASK, BID, ASK, BID, ASK]
    assert found.book.price_ticks.tolist() == [0, 150, 125, 175, 200, 150, 175, 160, 200]
    assert found.book.size_lots.tolist() == [0, 8000, 4000, 3000, 1000, 0, 2500, 1, 0]
    assert kinds(found) == {}


def test_a_snapshot_without_a_time_takes_that_of_the_update_after_it_or_of_its_receipt(tmp_path: Path) -> None:
    exchange, local = (read(kraken_raw(tmp_path), clock=clock).book for clock in ("exchange", "local"))
    assert exchange is not None
    assert local is not None
    assert exchange.time_ns.tolist() == [DAY_NS + 100_456_000] * 7 + [DAY_NS + 200_456_000] * 2
    assert local.time_ns.tolist() == [DAY_NS] * 5 + [DAY_NS + 100 * MS_NS] * 2 + [DAY_NS + 200 * MS_NS] * 2


def test_a_snapshot_without_a_time_that_no_update_follows_is_left_out_and_reported(tmp_path: Path) -> None:
    rows = [kraken_trade(0, 1, "buy", "1", "1"), kraken_book(1, "snapshot", [("1", "1")], [])]
    found = read(recorded(tmp_path, *rows))
    assert found.book is None
    assert [(incident.kind, incident.line) for incident in found.report.incidents] == [("incomplete", 2)]


def test_the_documented_checksum_is_that_of_the_documented_book(tmp_path: Path) -> None:
    rows = [
        kraken_book(0, "snapshot", DOCUMENTED_BIDS, DOCUMENTED_ASKS, checksum=DOCUMENTED_CHECKSUM),
        kraken_book(1, "update", [], [], checksum=DOCUMENTED_CHECKSUM),
        kraken_book(2, "update", [("45283.5", "0.20000000")], [], checksum=DOCUMENTED_CHECKSUM),
    ]
    found = read(recorded(tmp_path, *rows))
    (incident,) = found.report.incidents
    assert (incident.kind, incident.line) == ("checksum_failures", 3)
    assert incident.time_ns == DAY_NS + 2 * MS_NS + 456_000


def best_prices(found: Read) -> tuple[list[str], list[str]]:
    book = Book()
    for event in book_of(found.book):
        book.apply(event)
    return sorted(map(str, book.bid.sizes)), sorted(map(str, book.ask.sizes))


def test_levels_that_fall_out_of_the_depth_subscribed_to_are_removed(tmp_path: Path) -> None:
    rows = [
        kraken_book(0, "snapshot", DOCUMENTED_BIDS, DOCUMENTED_ASKS),
        kraken_book(1, "update", [("45283.45", "1.0")], [("45285.0", "1.0"), ("45286.0", "1.0")]),
    ]
    bids, asks = best_prices(read(recorded(tmp_path, *rows)))
    assert len(bids) == len(asks) == 10
    assert ("45276.60" in bids, "45283.45" in bids) == (False, True)
    assert {"45299.50", "45297.50"}.isdisjoint(asks)


def test_the_answer_to_the_subscription_says_how_deep_the_book_is(tmp_path: Path) -> None:
    answer: dict[str, Any] = {"method": "subscribe", "success": True}
    answer["result"] = {"channel": "book", "depth": 25, "snapshot": True, "symbol": "ABC/USD"}
    rows = [
        json.dumps(answer),
        kraken_book(0, "snapshot", DOCUMENTED_BIDS, []),
        kraken_book(1, "update", [("45283.45", "1.0")], []),
    ]
    assert len(best_prices(read(recorded(tmp_path, *rows)))[0]) == 11


def test_trades_before_the_subscription_are_passed_over_and_ids_are_verified(tmp_path: Path) -> None:
    rows = [
        kraken_trade(0, 1, "buy", "1", "1", kind="snapshot"),
        *(kraken_trade(at, trade_id, "buy", "1", "1") for at, trade_id in ((1, 2), (2, 3), (2, 3), (4, 6))),
    ]
    found = read(recorded(tmp_path, *rows))
    assert found.trades is not None
    assert len(found.trades) == 3
    assert [(incident.kind, incident.line) for incident in found.report.incidents] == [("duplicates", 4), ("gaps", 5)]


V1_LEVELS = [[f"{price}.00", "1.50", "1723075190.000001"] for price in range(90, 100)]


def v1_book(bids: list[list[str]], asks: list[list[str]], checksum: int | None = None) -> str:
    sides: list[Any] = [{name: levels} for name, levels in (("a", asks), ("b", bids)) if levels]
    if checksum is not None:
        sides[-1]["c"] = str(checksum)
    return json.dumps([336, *sides, "book-10", "ABC/USD"])


def test_the_first_version_is_read_with_its_checksums(tmp_path: Path) -> None:
    asks = [["100.00", "2.00", "1723075191.5"], ["101.00", "1.00", "1723075191.5"]]
    digits = "10000200" + "10100100" + "10050300" + "".join(f"{price}00150" for price in range(99, 90, -1))
    rows = [
        json.dumps({"channelID": 336, "channelName": "book-10", "event": "subscriptionStatus", "pair": "ABC/USD"}),
        json.dumps([336, {"as": asks, "bs": V1_LEVELS[::-1]}, "book-10", "ABC/USD"]),
        v1_book([["99.50", "0.10", "1723075200.1"], ["100.50", "3.00", "1723075200.250001"]], []),
        v1_book(
            [["99.50", "0.00", "1723075200.3"], [*V1_LEVELS[1], "r"]],
            [["102.00", "0.00", "1723075200.4"]],
            crc32(digits.encode()),
        ),
        json.dumps(
            [
                0,
                [["100.00", "0.5", "1723075200.5", "s", "l", ""], ["1", "2", "1723075200.6", "b", "m", ""]],
                "trade",
                "ABC/USD",
            ]
        ),
    ]
    found = read(recorded(tmp_path, *rows))
    assert kinds(found) == {"price_jumps": 1}
    assert [(trade.time_ns, trade.aggressor) for trade in trades_of(found.trades)] == [
        (1_723_075_200_500_000_000, SELL),
        (1_723_075_200_600_000_000, BUY),
    ]
    assert found.book is not None
    assert set(found.book.time_ns.tolist()) == {1_723_075_200_250_001_000, 1_723_075_200_400_000_000}
    bids, asks_left = best_prices(found)
    assert bids == sorted(["100.5", *(f"{price}.0" for price in range(92, 100)), "91.0"])
    assert asks_left == ["100.0", "101.0"]


def test_each_symbol_is_read_alone(tmp_path: Path) -> None:
    rows = [
        kraken_book(0, "snapshot", [("1", "1")], []),
        kraken_book(0, "snapshot", [("7", "1")], [], symbol="X/EUR"),
        kraken_book(1, "update", [("8", "1")], [], symbol="X/EUR"),
        kraken_book(1, "update", [("2", "1")], []),
    ]
    path = recorded(tmp_path, *rows)
    assert open_dataset(path).instruments == ("ABC/USD", "X/EUR")
    assert best_prices(read(path, "X/EUR"))[0] == ["7", "8"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (kraken_book(0, "full", [], []), "type 'full' is neither snapshot nor update"),
        (kraken_book(0, "update", [("1", "1e-13")], []), "book: a price or size has too many decimals"),
        (kraken_book(0, "update", [("-1", "-1")], []), "book: a price or size is negative"),
        (kraken_book(0, "update", [("null", "1")], []), "book: a price or size is not a number"),
        (kraken_book(0, "update", [], []).replace("timestamp", "time"), "an update without a timestamp"),
        (
            kraken_trade(0, 99, "buy", "1", "1").replace("2024-08-08", "2024-02-31"),
            "time '2024-02-31T00:00:00.000456Z' is not a date and time in UTC",
        ),
        (
            kraken_trade(0, 99, "buy", "1", "1").replace("456Z", ""),
            "time '2024-08-08T00:00:00.000' is not a date and time in UTC",
        ),
        (kraken_trade(0, 99, "bid", "1", "1"), "side 'bid' is neither buy nor sell"),
        (
            '[0,[["1","1","1723075200.1","x","l",""]],"trade","ABC/USD"]',
            "a trade is not a price, a size, a time, b or s",
        ),
        ('[0,{"a":[["1","1"]]},"book-10","ABC/USD"]', "a level is not a price, a size and a time"),
        ('[0,{"a":[]},"book-10","ABC/USD"]', "an update without a level"),
        ('[0,{"a":[]},"book-x","ABC/USD"]', "channel 'book-x' does not name its depth"),
        ('[0,{"a":[["1","1","1723075200.1"]],"c":"x"},"book-10","ABC/USD"]', "checksum 'x' is not a number"),
        ('[0,1,"book-10","ABC/USD"]', "Expected `object`, got `int`"),
        ("[0,1,2,3]", "Expected `str`, got `int`"),
    ],
)
def test_a_malformed_line_is_skipped_and_described(tmp_path: Path, broken: str, reason: str) -> None:
    rows = [kraken_trade(at, at, "buy", "1", "1") for at in range(120)]
    rows.insert(60, broken)
    found = read(recorded(tmp_path, *rows))
    assert [(incident.kind, incident.line) for incident in found.report.incidents] == [("malformed", 61)]
    assert found.report.incidents[0].detail.startswith(reason)
