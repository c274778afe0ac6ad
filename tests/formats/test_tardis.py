from __future__ import annotations

import csv
import gzip
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, UNKNOWN
from processor.errors import SettingError, UnknownFormat
from processor.formats import open_dataset
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import (
    DAY_US,
    TARDIS_BOOK,
    TARDIS_LEVELS,
    TARDIS_LEVELS_BY_SIDE,
    TARDIS_QUOTES,
    TARDIS_START,
    TARDIS_TRADES,
    lines,
    tardis,
    tardis_quotes,
    tardis_snapshot,
    tardis_states,
    tardis_trade,
    tardis_update,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

    from processor.core.events import BookEvents
    from processor.core.report import Report


def sides(book: BookEvents | None) -> list[int]:
    assert book is not None
    found: list[int] = book.side.tolist()
    return found


def book_file(folder: Path, *rows: str, name: str = "book.csv") -> Path:
    return write(folder / name, lines(TARDIS_BOOK, *rows))


def test_trades_have_exact_prices_sizes_times_and_the_takers_side(tmp_path: Path) -> None:
    trades = read(tardis(tmp_path)).trades
    assert trades is not None
    assert (trades.price_decimals, trades.size_decimals) == (2, 2)
    assert trades.price_ticks.tolist() == [10100, 10050, 10075]
    assert trades.size_lots.tolist() == [50, 25, 100]
    assert trades.aggressor.tolist() == [BUY, SELL, UNKNOWN]
    assert trades.time_ns.tolist() == [(DAY_US + at) * 1000 for at in (500, 600, 700)]


def test_the_local_clock_gives_the_times_of_receipt(tmp_path: Path) -> None:
    found = read(tardis(tmp_path), clock="local")
    assert found.trades is not None
    assert found.book is not None
    assert found.trades.time_ns.tolist() == [(DAY_US + at + 500) * 1000 for at in (500, 600, 700)]
    assert found.book.time_ns[0] == (DAY_US + 500) * 1000


def test_a_run_of_snapshot_rows_clears_the_book_once_before_its_first_row(tmp_path: Path) -> None:
    book = read(tardis(tmp_path)).book
    assert sides(book) == [CLEAR, BID, ASK, BID, BID, CLEAR, ASK, BID, BID]
    assert book is not None
    assert book.time_ns.tolist() == [(DAY_US + at) * 1000 for at in (0, 0, 0, 1000, 2000, 3000, 3000, 3000, 4000)]
    assert book.price_ticks.tolist() == [0, 100500, 101000, 100250, 100500, 0, 100750, 100000, 100125]


def test_rows_before_the_first_snapshot_are_dropped_and_counted(tmp_path: Path) -> None:
    found = read(
        book_file(
            tmp_path,
            tardis_update(0, "bid", "1", "1"),
            tardis_update(5, "bid", "2", "1"),
            tardis_update(9, "ask", "3", "1", snapshot=True),
            tardis_update(12, "bid", "2", "1"),
        )
    )
    assert sides(found.book) == [CLEAR, ASK, BID]
    assert found.report.counts["before_snapshot"] == 2
    dropped = next(each for each in found.report.incidents if each.kind == "before_snapshot")
    assert (dropped.file, dropped.time_ns) == ("book.csv", DAY_US * 1000)


def test_a_file_without_any_snapshot_gives_no_book(tmp_path: Path) -> None:
    found = read(book_file(tmp_path, *(tardis_update(at, "bid", "1", "1") for at in range(5))))
    assert found.book is None
    assert found.report.counts["before_snapshot"] == 5


def test_a_file_that_continues_another_needs_no_snapshot_of_its_own_but_may_bring_one(tmp_path: Path) -> None:
    book_file(tmp_path, tardis_update(0, "bid", "1", "1", snapshot=True), name="1.csv")
    book_file(tmp_path, tardis_update(10, "bid", "2", "1"), name="2.csv")
    book_file(tmp_path, tardis_update(20, "bid", "3", "1", snapshot=True), name="3.csv")
    book_file(tmp_path, tardis_update(30, "bid", "4", "1", snapshot=True), name="4.csv")
    assert sides(read(tmp_path).book) == [CLEAR, BID, BID, CLEAR, BID, CLEAR, BID]


def test_a_folder_with_trades_alone_or_a_book_alone_is_fine(tmp_path: Path) -> None:
    book = book_file(tmp_path / "book", tardis_update(0, "bid", "1", "1", snapshot=True))
    trades = write(tmp_path / "trades/t.csv", lines(TARDIS_TRADES, tardis_trade(0, "buy", "1", "1")))
    assert read(book.parent).trades is None
    assert read(trades.parent).book is None


def test_each_instrument_of_a_folder_is_read_alone(tmp_path: Path) -> None:
    rows = [
        tardis_trade(at, "buy", price, "1", symbol=symbol)
        for at, (symbol, price) in enumerate([("A", "1"), ("B", "2.5"), ("A", "3")])
    ]
    path = write(tmp_path / "t.csv", lines(TARDIS_TRADES, *rows))
    other = read(path, "binance:B").trades
    assert other is not None
    assert other.price_ticks.tolist() == [25]
    first = read(path).trades
    assert first is not None
    assert first.price_ticks.tolist() == [1, 3]


def test_a_symbol_alone_names_an_instrument_as_long_as_only_one_exchange_has_it(tmp_path: Path) -> None:
    rows = [tardis_trade(0, "buy", "1", "1"), tardis_trade(0, "buy", "1", "1", symbol="ETHUSDT")]
    path = write(tmp_path / "t.csv", lines(TARDIS_TRADES, *rows))
    assert read(path, "ethusdt").trades is not None
    write(tmp_path / "u.csv", lines(TARDIS_TRADES, rows[1].replace("binance,", "okex,")))
    with pytest.raises(SettingError, match="one of binance:ETHUSDT, okex:ETHUSDT"):
        read(tmp_path, "ETHUSDT")


def test_an_unknown_side_is_counted(tmp_path: Path) -> None:
    report = read(tardis(tmp_path)).report
    (incident,) = report.incidents
    assert (incident.kind, incident.line) == ("unknown_sides", 4)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (tardis_update(7, "bid", "1", "-1"), "amount '-1' is negative"),
        (tardis_update(7, "buy", "1", "1"), "side 'buy' is not one of bid, ask"),
        (tardis_update(7, "bid", "1", "1").replace("false", "no"), "is_snapshot 'no' is not one of false, true"),
        (tardis_update(7, "bid", "1 0", "1"), "price '1 0' is not a number"),
    ],
)
def test_a_malformed_update_is_skipped_and_located(tmp_path: Path, broken: str, reason: str) -> None:
    rows = [tardis_update(at, "bid", "1", "1", snapshot=at == 0) for at in range(150)]
    rows[7] = broken
    found = read(book_file(tmp_path, *rows))
    assert len(sides(found.book)) == 150
    assert [(incident.line, incident.detail) for incident in found.report.incidents] == [(9, reason)]


def levels(book: BookEvents | None) -> list[tuple[int, int, str, str]]:
    """At (us after the day began), side, price and size, where they are not those of a CLEAR."""
    return [
        (
            each.time_ns // 1000 - DAY_US,
            each.side,
            *((f"{each.price:f}", f"{each.size:f}") if each.side != CLEAR else ("", "")),
        )
        for each in book_of(book)
    ]


def unused(report: Report) -> list[tuple[str, str]]:
    return [(incident.file, incident.detail) for incident in report.incidents if incident.kind == "unused"]


def test_each_row_of_a_snapshot_channel_is_the_whole_book_without_its_missing_levels(tmp_path: Path) -> None:
    found = read(tardis_states(tmp_path))
    assert levels(found.book) == [
        (0, CLEAR, "", ""),
        (0, BID, "100.50", "1.25"),
        (0, BID, "100.25", "4.00"),
        (0, ASK, "101.00", "3.00"),
        (0, ASK, "101.50", "2.00"),
        (1000, CLEAR, "", ""),
        (1000, BID, "100.50", "1.25"),
        (1000, ASK, "101.00", "2.50"),
        (2000, CLEAR, "", ""),
        (2000, BID, "100.25", "4.00"),
    ]
    assert found.trades is not None
    assert len(found.trades) == 3
    assert found.report.counts["malformed"] == 0


def test_the_columns_of_a_snapshot_may_be_ordered_by_level_or_by_side(tmp_path: Path) -> None:
    rows = {
        TARDIS_LEVELS: ["101,3", "100.5,1.25", "101.5,2", "100.25,4"],
        TARDIS_LEVELS_BY_SIDE: ["101,3", "101.5,2", "100.5,1.25", "100.25,4"],
    }
    one, other = (
        read(write(tmp_path / f"{number}.csv", lines(f"{TARDIS_START},{columns}", tardis_snapshot(0, columns, row))))
        for number, (columns, row) in enumerate(rows.items())
    )
    assert levels(one.book) == levels(other.book)
    assert len(levels(one.book)) == 5


def test_a_quote_is_a_book_of_one_level_whose_columns_are_size_price_price_size(tmp_path: Path) -> None:
    assert levels(read(tardis_quotes(tmp_path)).book) == [
        (0, CLEAR, "", ""),
        (0, BID, "100.5", "1.25"),
        (0, ASK, "101.0", "3.00"),
        (1000, CLEAR, "", ""),
        (1000, BID, "100.5", "0.50"),
    ]
    assert levels(read(tmp_path, clock="local").book)[0] == (500, CLEAR, "", "")


def test_of_several_channels_that_tell_the_book_the_updates_are_read_and_the_others_reported(tmp_path: Path) -> None:
    tardis_states(tmp_path)
    tardis_quotes(tmp_path)
    tardis(tmp_path)
    found = read(tmp_path)
    assert levels(found.book) == levels(read(tmp_path / "binance_incremental_book_L2_2024-08-08_BTCUSDT.csv.gz").book)
    assert unused(found.report) == [
        (
            "binance_book_snapshot_2_2024-08-08_BTCUSDT.csv.gz",
            "book_snapshot_2 is left out in favour of incremental_book_L2 of the same instrument",
        ),
        ("quotes.csv", "quotes is left out in favour of incremental_book_L2 of the same instrument"),
    ]
    assert found.consumed_bytes == found.size_bytes


def test_without_updates_the_deepest_snapshots_are_read(tmp_path: Path) -> None:
    tardis_states(tmp_path)
    tardis_quotes(tmp_path)
    found = read(tmp_path)
    assert len(levels(found.book)) == 10
    assert [file for file, _ in unused(found.report)] == ["quotes.csv"]
    assert found.consumed_bytes == found.size_bytes


def test_another_instruments_updates_leave_no_snapshots_out(tmp_path: Path) -> None:
    tardis_quotes(tmp_path)
    book_file(tmp_path, tardis_update(0, "bid", "1", "1", snapshot=True, symbol="ETHUSDT"))
    assert len(levels(read(tmp_path, "BTCUSDT").book)) == 5
    assert len(levels(read(tmp_path, "ETHUSDT").book)) == 2


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (["-3,101", "100.5,1"], "ask_amount '-3' is negative"),
        (["3,101", "100.5,1e"], "bid_amount '1e' is not a number"),
        (["3,1 01", "100.5,1"], "ask_price '1 01' is not a number"),
    ],
)
def test_a_malformed_quote_is_skipped_and_located(tmp_path: Path, broken: list[str], reason: str) -> None:
    rows = [tardis_snapshot(at, TARDIS_QUOTES, ["3,101", "100.5,1"]) for at in range(150)]
    rows[7] = tardis_snapshot(7, TARDIS_QUOTES, broken)
    found = read(write(tmp_path / "quotes.csv", lines(f"{TARDIS_START},{TARDIS_QUOTES}", *rows)))
    assert sides(found.book).count(CLEAR) == 149
    assert [(incident.line, incident.detail) for incident in found.report.incidents] == [(9, reason)]


@pytest.mark.parametrize(
    "columns", ["asks[0].price,asks[0].amount", f"{TARDIS_LEVELS},asks[3].price", f"{TARDIS_LEVELS},more", ""]
)
def test_a_header_with_some_of_the_levels_is_not_that_of_a_snapshot(tmp_path: Path, columns: str) -> None:
    row = tardis_snapshot(0, columns, ["1"] * (columns.count(",") + 1))
    with pytest.raises(UnknownFormat):
        read(write(tmp_path / "x.csv", lines(f"{TARDIS_START},{columns}", row)))


def test_the_recorded_snapshots_and_quotes_are_read_to_their_last_level(shared_data: Path) -> None:
    tiny = shared_data / "tardis/tiny"
    deepest = read(tiny, "binance-futures:BTCUSDT")
    assert sides(deepest.book).count(CLEAR) == 10
    assert len(sides(deepest.book)) == 10 * 51
    assert [file for file, _ in unused(deepest.report)] == ["binance-futures_book_snapshot_5_BTCUSDT.csv"]
    quotes = read(tiny, "huobi-dm-swap:BTC-USD").book
    assert [(each.side, str(each.price), str(each.size)) for each in book_of(quotes)[1:3]] == [
        (BID, "8629.2", "806"),
        (ASK, "8629.3", "5494"),
    ]


def test_the_recorded_trades_are_read_exactly(shared_data: Path) -> None:
    name = "binance-futures_trades_2020-02-22_BTCUSDT.csv.gz"
    aggressors = {"buy": BUY, "sell": SELL, "unknown": UNKNOWN}
    with gzip.open(shared_data / "tardis" / name, "rt") as file:
        rows = list(csv.DictReader(file))
    found = read(shared_data / "tardis" / name)
    assert trades_of(found.trades) == [
        (int(row["timestamp"]) * 1000, Decimal(row["price"]), Decimal(row["amount"]), aggressors[row["side"]])
        for row in rows
    ]
    assert len(rows) == 9999
    assert found.report.counts["malformed"] == 0


def test_a_header_that_comes_again_names_no_instrument(tmp_path: Path) -> None:
    rows = [row.replace("binance", "kraken") for row in (tardis_trade(at, "buy", "1", "1") for at in range(4))]
    write(tmp_path / "a.csv", lines(TARDIS_TRADES, *rows[:2], TARDIS_TRADES, *rows[2:]))
    assert open_dataset(tmp_path).instruments == ("kraken:BTCUSDT",)
    assert len(trades_of(read(tmp_path).trades)) == 4
