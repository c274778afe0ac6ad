"""Bybit's files are generated here, as its documentation describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL
from processor.formats import open_dataset
from tests.formats.reading import read
from tests.formats.samples import DAY_US, lines, write, zipped
from tests.formats.websocket_samples import bybit_book, bybit_raw, bybit_trades

if TYPE_CHECKING:
    from pathlib import Path

MS_NS = 10**6
DAY_NS = DAY_US * 1000
SNAPSHOT = bybit_book(0, "snapshot", 7, [("1", "1")], [("2", "1")])


def recorded(folder: Path, *rows: str, name: str = "bybit.txt") -> Path:
    return write(folder / name, lines(*rows))


def test_a_recording_is_read_exactly(tmp_path: Path) -> None:
    found = read(bybit_raw(tmp_path))
    assert found.trades is not None
    assert found.book is not None
    assert found.trades.aggressor.tolist() == [BUY, SELL, SELL]
    assert (found.trades.price_ticks.tolist(), found.trades.price_decimals) == ([175, 150, 125], 2)
    assert (found.trades.size_lots.tolist(), found.trades.size_decimals) == ([5, 20, 10], 1)
    assert found.trades.time_ns.tolist() == [DAY_NS + at * MS_NS for at in (5, 5, 25)]
    assert found.book.side.tolist() == [CLEAR, BID, BID, ASK, BID, ASK]
    assert found.book.price_ticks.tolist() == [0, 150, 125, 175, 150, 180]
    assert found.book.size_lots.tolist() == [0, 80, 40, 30, 0, 25]
    assert found.book.time_ns.tolist() == [DAY_NS] * 4 + [DAY_NS + 20 * MS_NS] * 2
    assert not found.report.incidents


def test_without_a_time_of_receipt_the_local_clock_is_the_exchanges(tmp_path: Path) -> None:
    local = read(bybit_raw(tmp_path), clock="local").trades
    assert local is not None
    assert local.time_ns[0] == DAY_NS + 5 * MS_NS


def test_the_archives_zip_is_read_as_it_is(tmp_path: Path) -> None:
    text = lines(SNAPSHOT, bybit_book(1, "delta", 8, [], [("2", "0")]))
    zipped(tmp_path / "2024-08-08_ABCUSDT_ob500.data.zip", {"2024-08-08_ABCUSDT_ob500.data": text})
    assert open_dataset(tmp_path).format == "bybit-raw"
    book = read(tmp_path).book
    assert book is not None
    assert book.side.tolist() == [CLEAR, BID, ASK, ASK]


def test_update_ids_that_skip_are_a_gap_and_one_that_comes_again_is_skipped(tmp_path: Path) -> None:
    rows = [bybit_book(10 * number, "delta", number, [(str(number), "1")], []) for number in (8, 8, 10)]
    restarted = bybit_book(200, "snapshot", 1, [("5", "1")], [])
    found = read(recorded(tmp_path, SNAPSHOT, *rows, restarted, bybit_book(210, "delta", 2, [("6", "1")], [])))
    assert [(incident.kind, incident.line, incident.detail) for incident in found.report.incidents] == [
        ("duplicates", 3, "update 8 is repeated after 8"),
        ("gaps", 4, "updates are missing between 8 and 9"),
    ]
    assert found.book is not None
    assert found.book.side.tolist() == [CLEAR, BID, ASK, BID, BID, CLEAR, BID, BID]


def test_of_several_depths_the_deepest_is_read(tmp_path: Path) -> None:
    best = bybit_book(1, "snapshot", 900, [("9", "1")], [("10", "1")], depth=1)
    book = read(recorded(tmp_path, best, SNAPSHOT, best)).book
    assert book is not None
    assert book.side.tolist() == [CLEAR, BID, ASK]


def test_block_trades_are_left_out_and_each_symbol_is_read_alone(tmp_path: Path) -> None:
    rows = [
        bybit_trades(0, ("Buy", "1", "1"), BT=True),
        bybit_trades(1, ("Buy", "2", "1")),
        bybit_trades(2, ("Buy", "3", "1"), symbol="XYZUSDT"),
    ]
    path = recorded(tmp_path, *rows)
    assert open_dataset(path).instruments == ("ABCUSDT", "XYZUSDT")
    for symbol, price in (("ABCUSDT", 2), ("XYZUSDT", 3)):
        trades = read(path, symbol).trades
        assert trades is not None
        assert trades.price_ticks.tolist() == [price]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (SNAPSHOT[:-1], "Input data was truncated"),
        (SNAPSHOT.replace('"snapshot"', '"full"'), "type 'full' is neither snapshot nor delta"),
        (SNAPSHOT.replace('["1", "1"]', '["1"]'), "book: a price or size is not a number"),
        (SNAPSHOT.replace('"u"', '"U"'), "Object missing required field `u`"),
        (SNAPSHOT.replace(str(DAY_US // 1000), "1", 1), "time 1 is not in s, ms, us or ns"),
        (bybit_book(0, "delta", 8, [("1", "1e")], []), "book: a price or size is not a number"),
        (bybit_trades(0, ("Long", "1", "1")), "side 'Long' is neither buy nor sell"),
        (bybit_trades(0, ("Buy", "", "1")), "trade: a price or size is not a number"),
        (bybit_trades(0, ("Buy", "1", "-1")), "trade: a price or size is negative"),
    ],
)
def test_a_malformed_line_is_skipped_and_described(tmp_path: Path, broken: str, reason: str) -> None:
    rows = [bybit_trades(at, ("Buy", "1", "1")) for at in range(120)]
    rows.insert(60, broken)
    found = read(recorded(tmp_path, *rows))
    assert [(incident.kind, incident.line, incident.detail) for incident in found.report.incidents] == [
        ("malformed", 61, reason)
    ]
