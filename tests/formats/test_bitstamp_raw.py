"""Bitstamp's files are generated here, as its documentation describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL
from processor.formats import open_dataset
from tests.formats.reading import read
from tests.formats.samples import DAY_US, lines, write
from tests.formats.websocket_samples import bitstamp_book, bitstamp_raw, bitstamp_trade

if TYPE_CHECKING:
    from pathlib import Path

    from tests.formats.reading import Read

DAY_NS = DAY_US * 1000


def recorded(folder: Path, *rows: str, name: str = "bitstamp.txt") -> Path:
    return write(folder / name, lines(*rows))


def change(at_us: int, price: str, size: str = "1", event: str = "data") -> str:
    return bitstamp_book(at_us, [(price, size)], [], channel="diff_order_book", event=event)


def book_rows(found: Read) -> list[tuple[int, int, int]]:
    assert found.book is not None
    columns = (found.book.time_ns - DAY_NS, found.book.side, found.book.price_ticks)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_a_recording_is_read_exactly(tmp_path: Path) -> None:
    found = read(bitstamp_raw(tmp_path))
    assert found.trades is not None
    assert found.book is not None
    assert found.trades.aggressor.tolist() == [BUY, SELL]
    assert (found.trades.price_ticks.tolist(), found.trades.price_decimals) == ([175, 150], 2)
    assert (found.trades.size_lots.tolist(), found.trades.size_decimals) == ([5, 20], 1)
    assert found.trades.time_ns.tolist() == [DAY_NS + 1_500_000, DAY_NS + 1_700_000]
    assert book_rows(found) == [
        (1_000_000, CLEAR, 0),
        (1_000_000, BID, 150),
        (1_000_000, BID, 125),
        (1_000_000, ASK, 175),
        (2_000_000, CLEAR, 0),
        (2_000_000, BID, 125),
        (2_000_000, ASK, 180),
    ]
    assert not found.report.incidents


def test_updates_that_a_later_snapshot_lacks_are_applied_on_it(tmp_path: Path) -> None:
    rows = [change(1, "1"), change(9, "2"), change(5, "3", event="snapshot"), change(4, "7"), change(12, "4")]
    found = read(recorded(tmp_path, *rows))
    assert book_rows(found) == [(5_000, CLEAR, 0), (5_000, BID, 3), (9_000, BID, 2), (12_000, BID, 4)]
    assert found.report.counts["before_snapshot"] == 2


def test_updates_without_any_snapshot_give_no_book(tmp_path: Path) -> None:
    found = read(recorded(tmp_path, change(1, "1"), change(2, "1"), bitstamp_trade(3, 1, 0, "1", "1")))
    assert found.book is None
    assert found.trades is not None
    assert found.report.counts["before_snapshot"] == 2


def test_where_both_are_recorded_whole_books_are_read(tmp_path: Path) -> None:
    found = read(recorded(tmp_path, change(1, "1", event="snapshot"), bitstamp_book(2, [("5", "1")], [])))
    assert book_rows(found) == [(2_000, CLEAR, 0), (2_000, BID, 5)]


def test_old_trades_without_texts_are_read_from_the_digits_of_their_numbers(tmp_path: Path) -> None:
    row = bitstamp_trade(1, 7, 0, "1.75", "0.5").replace('"price_str":"1.75",', "").replace('"amount_str":"0.5",', "")
    trades = read(recorded(tmp_path, row)).trades
    assert trades is not None
    assert (trades.price_ticks.tolist(), trades.size_lots.tolist()) == ([175], [5])


def test_each_pair_is_read_alone_and_a_trade_that_comes_again_is_skipped(tmp_path: Path) -> None:
    trade = bitstamp_trade(1, 7, 0, "1", "1")
    path = recorded(tmp_path, trade, trade.replace("abcusd", "xyzeur").replace('"1"', '"3"'), trade)
    assert open_dataset(path).instruments == ("abcusd", "xyzeur")
    found = read(path, "abcusd")
    assert found.trades is not None
    assert found.trades.price_ticks.tolist() == [1]
    assert [(incident.kind, incident.line) for incident in found.report.incidents] == [("duplicates", 3)]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (bitstamp_book(0, [("1", "x")], []), "book: a price or size is not a number"),
        (bitstamp_book(0, [], []).replace("micro", "nano"), "Object missing required field `microtimestamp`"),
        (
            bitstamp_book(0, [], []).replace(f'"{DAY_US}"', '"x"'),
            "time x is not in s, ms, us or ns",
        ),
        (bitstamp_trade(0, 500, 2, "1", "1"), "type 2 is neither 0 (buy) nor 1 (sell)"),
        (bitstamp_trade(0, 500, 0, "1", "1", amount_str="-1"), "trade: a price or size is negative"),
        (bitstamp_trade(0, 500, 0, "1e-13", "1", price_str=None), "trade: a price or size has too many decimals"),
        (bitstamp_trade(0, 500, 0, "1", "1", id="x"), "Expected `int`, got `str` - at `$.id`"),
    ],
)
def test_a_malformed_line_is_skipped_and_described(tmp_path: Path, broken: str, reason: str) -> None:
    rows = [bitstamp_trade(at, at, 0, "1", "1") for at in range(120)]
    rows.insert(60, broken)
    found = read(recorded(tmp_path, *rows))
    assert [(incident.kind, incident.line, incident.detail) for incident in found.report.incidents] == [
        ("malformed", 61, reason)
    ]
