"""Every file here is generated, by the columns that Binance documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL
from processor.errors import DatasetError, TooManyMalformed, UnknownFormat
from processor.formats import open_dataset
from tests.formats.archive_samples import (
    BINANCE_AGG_TRADES,
    BINANCE_BOOK_TICKER,
    BINANCE_TRADES,
    DAY_MS,
    binance_agg_trade,
    binance_aggregated,
    binance_best,
    binance_futures,
    binance_futures_trade,
    binance_spot,
    binance_spot_trade,
)
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import lines, write, zipped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.formats.reading import Read


def trades(found: Read) -> list[tuple[int, str, str, int]]:
    """Milliseconds of the day, price, size, aggressor."""
    return [
        (each.time_ns // 1_000_000 - DAY_MS, f"{each.price:f}", f"{each.size:f}", each.aggressor)
        for each in trades_of(found.trades)
    ]


def found(read_: Read) -> list[tuple[str, int | None, str]]:
    return [(incident.kind, incident.line, incident.detail) for incident in read_.report.incidents]


def test_spot_trades_have_no_header_and_flags_as_python_writes_them(tmp_path: Path) -> None:
    assert open_dataset(binance_spot(tmp_path)).instruments == ("BTCUSDT",)
    assert trades(read(tmp_path)) == [
        (5, "55000.12", "0.001", SELL),
        (5, "55000.13", "0.500", BUY),
        (900, "55000.10", "2.000", SELL),
    ]


def test_futures_have_a_header_and_flags_in_lower_case_and_their_size_may_be_contracts(tmp_path: Path) -> None:
    assert open_dataset(binance_futures(tmp_path)).instruments == ("BTCUSD_PERP",)
    assert trades(read(tmp_path)) == [(5, "55000.1", "10", SELL), (6, "55000.2", "3", BUY)]


@pytest.mark.parametrize(
    "header",
    [
        "id,price,qty,quote_qty,time,is_buyer_maker",
        "id,price,qty,quoteQty,time,isBuyerMaker",
        "id,price,qty,base_qty,time,is_buyer_maker",
        None,
    ],
)
def test_the_names_in_the_header_of_futures_vary_and_older_files_have_none(tmp_path: Path, header: str | None) -> None:
    row = binance_futures_trade(7, 5, "55000.1", "10", maker=True)
    path = write(tmp_path / "X-trades-2021-08.csv", lines(*([header] if header else []), row))
    assert trades(read(path)) == [(5, "55000.1", "10", SELL)]


def test_aggregated_trades_are_trades(tmp_path: Path) -> None:
    assert trades(read(binance_aggregated(tmp_path))) == [(5, "2400.01", "1.50", SELL), (7, "2400.02", "0.25", BUY)]


def test_aggregated_spot_trades_have_no_header_and_one_column_more(tmp_path: Path) -> None:
    row = f"50,2400.01000000,1.50000000,99,101,{DAY_MS + 5},True,True"
    path = write(tmp_path / "ETHUSDT-aggTrades-2024-08-08.csv", lines(row))
    assert trades(read(path)) == [(5, "2400.01", "1.5", SELL)]


def test_an_aggregate_that_was_found_to_be_none_is_no_trade(tmp_path: Path) -> None:
    rows = [
        f"50,2400.01000000,1.50000000,99,101,{DAY_MS + 5},True,True",
        f"51,0.00000000,0.00000000,-1,-1,{DAY_MS + 5},True,True",
        f"52,2400.02000000,1.00000000,102,102,{DAY_MS + 6},False,True",
    ]
    archived = read(write(tmp_path / "ETHUSDT-aggTrades-2024-08-08.csv", lines(*rows)))
    assert [price for _, price, _, _ in trades(archived)] == ["2400.01", "2400.02"]
    assert found(archived) == [("not_trades", 2, "a size of 0")]


def test_spot_files_of_2025_and_later_have_microseconds(tmp_path: Path) -> None:
    at_us = 1_735_689_600_000_123
    row = binance_spot_trade(11, at_us, "94000.10000000", "1.00000000", maker=False)
    (trade,) = trades_of(read(write(tmp_path / "BTCUSDT-trades-2025-01-01.csv", lines(row))).trades)
    assert trade.time_ns == at_us * 1000


def test_months_in_milliseconds_and_in_microseconds_continue_each_other(tmp_path: Path) -> None:
    for month, trade_id, at in (("2025-01", 12, 1_735_689_600_000_123), ("2024-12", 11, 1_735_689_599_999)):
        row = binance_spot_trade(trade_id, at, "94000.10000000", "1.00000000", maker=False)
        write(tmp_path / f"BTCUSDT-trades-{month}.csv", lines(row))
    times = [trade.time_ns for trade in trades_of(read(tmp_path).trades)]
    assert times == [1_735_689_599_999_000_000, 1_735_689_600_000_123_000]


def test_best_prices_are_a_book_of_one_level(tmp_path: Path) -> None:
    book = book_of(read(binance_futures(tmp_path)).book)
    assert [(each.time_ns // 1_000_000 - DAY_MS, each.side, str(each.price), str(each.size)) for each in book] == [
        (1, CLEAR, "0.0", "0"),
        (1, BID, "55000.1", "20"),
        (1, ASK, "55000.2", "3"),
        (6, CLEAR, "0.0", "0"),
        (6, BID, "55000.1", "10"),
        (6, ASK, "55000.3", "8"),
        (7, CLEAR, "0.0", "0"),
        (7, BID, "55000.1", "10"),
    ]


def test_the_vendors_zip_is_read_as_it_is(tmp_path: Path) -> None:
    row = binance_spot_trade(11, DAY_MS, "55000.12000000", "0.00100000", maker=True)
    zipped(tmp_path / "BTCUSDT-trades-2024-08-08.zip", {"BTCUSDT-trades-2024-08-08.csv": lines(row)})
    write(tmp_path / "BTCUSDT-trades-2024-08-08.zip.CHECKSUM", "0f3a  BTCUSDT-trades-2024-08-08.zip\n")
    dataset = open_dataset(tmp_path)
    assert dataset.instruments == ("BTCUSDT",)
    assert dataset.ignored == ("BTCUSDT-trades-2024-08-08.zip.CHECKSUM",)
    assert len(trades(read(tmp_path))) == 1


@pytest.mark.parametrize(
    ("name", "instrument"),
    [
        ("BTCUSDT-trades-2024-08-08.csv", "BTCUSDT"),
        ("BTCUSDT-trades-2024-08.csv.gz", "BTCUSDT"),
        ("BTCUSDT_240927-trades-2024-08-08.csv", "BTCUSDT_240927"),
        ("1000SHIB-USDT-trades-2024-08-08.csv", "1000SHIB-USDT"),
        ("mine.csv", "mine"),
    ],
)
def test_the_instrument_is_the_one_in_the_name_or_the_whole_name(tmp_path: Path, name: str, instrument: str) -> None:
    row = binance_spot_trade(11, DAY_MS, "55000.12000000", "0.00100000", maker=True)
    assert open_dataset(write(tmp_path / name, lines(row))).instruments == (instrument,)


def test_each_symbol_of_a_folder_is_read_alone(tmp_path: Path) -> None:
    binance_futures(tmp_path)
    binance_aggregated(tmp_path)
    assert open_dataset(tmp_path).instruments == ("BTCUSD_PERP", "ETHUSDT")
    assert len(trades(read(tmp_path, "ETHUSDT"))) == 2
    assert read(tmp_path, "ETHUSDT").book is None


def test_where_there_are_trades_the_same_ones_aggregated_are_left_out(tmp_path: Path) -> None:
    row = binance_futures_trade(7, 5, "2400.01", "1", maker=True)
    write(tmp_path / "ETHUSDT-trades-2024-08-08.csv", lines(BINANCE_TRADES, row))
    both = read(binance_aggregated(tmp_path))
    assert trades(both) == [(5, "2400.01", "1", SELL)]
    assert found(both) == [("unused", None, "aggTrades is left out in favour of trades of the same instrument")]
    assert both.report.incidents[0].file == "ETHUSDT-aggTrades-2024-08-08.csv"
    assert both.consumed_bytes == both.size_bytes


def test_a_month_and_a_day_of_it_hold_the_same_trades_which_count_once(tmp_path: Path) -> None:
    rows = [binance_futures_trade(at, at, "2400.01", "1", maker=True) for at in range(1, 9)]
    write(tmp_path / "X-trades-2024-08.csv", lines(BINANCE_TRADES, *rows[:6]))
    write(tmp_path / "X-trades-2024-08-08.csv", lines(BINANCE_TRADES, *rows[3:]))
    both = read(tmp_path)
    assert [at for at, *_ in trades(both)] == list(range(1, 9))
    assert both.report.counts["duplicates"] == 3
    duplicate = next(incident for incident in both.report.incidents if incident.kind == "duplicates")
    assert (duplicate.file, duplicate.line) == ("X-trades-2024-08-08.csv", 2)


def test_ids_of_aggregates_that_are_missing_are_a_gap_and_those_of_trades_are_not(tmp_path: Path) -> None:
    aggregates = [binance_agg_trade(at, at, "1", "1", maker=True) for at in (1, 2, 5, 6)]
    gap = read(write(tmp_path / "X-aggTrades-2024-08-08.csv", lines(BINANCE_AGG_TRADES, *aggregates)))
    assert found(gap) == [("gaps", 4, "ids are missing before this one")]
    singles = [binance_futures_trade(at, at, "1", "1", maker=True) for at in (1, 2, 5, 6)]
    assert found(read(write(tmp_path / "Y-trades-2024-08-08.csv", lines(BINANCE_TRADES, *singles)))) == []


def test_a_missing_day_between_two_files_is_a_gap(tmp_path: Path) -> None:
    for day, first in ((8, 1), (10, 9)):
        rows = [binance_agg_trade(first + at, (day - 8) * 86_400_000 + at, "1", "1", maker=True) for at in range(3)]
        write(tmp_path / f"X-aggTrades-2024-08-{day:02d}.csv", lines(BINANCE_AGG_TRADES, *rows))
    assert ("gaps", 2, "ids are missing before this one") in found(read(tmp_path))


def test_spot_and_futures_of_one_symbol_are_not_mixed(tmp_path: Path) -> None:
    binance_spot(tmp_path / "spot")
    row = binance_futures_trade(7, 5, "55000.1", "10", maker=True)
    write(tmp_path / "um/BTCUSDT-trades-2024-08-08.csv", lines(BINANCE_TRADES, row))
    with pytest.raises(DatasetError, match=r"is from the spot market, .* from futures.* both are of BTCUSDT: put"):
        read(tmp_path)


def test_depth_bands_are_no_book_and_are_left_out_with_that_reason(tmp_path: Path) -> None:
    name = "BTCUSDT-bookDepth-2024-08-08.csv"
    bands = lines("timestamp,percentage,depth,notional", "2024-08-08 00:00:08,-5,6047.99000000,325178021.68")
    path = write(tmp_path / name, bands)
    with pytest.raises(UnknownFormat, match=f"{name}: Binance bookDepth: sums within percentage bands .* not a book"):
        open_dataset(path)
    (ignored,) = open_dataset(binance_futures(tmp_path)).ignored
    assert ignored.startswith(f"{name} (Binance bookDepth: sums within percentage bands")


@pytest.mark.parametrize(
    "header", ["open_time,open,high,low,close,volume,close_time,quote_volume,count,a,b,ignore", ""]
)
def test_candles_are_no_trades_and_are_refused_with_what_would_do(tmp_path: Path, header: str) -> None:
    candle = f"{DAY_MS},4.1507,4.1587,4.1506,4.1554,539.23,{DAY_MS + 59_999},2240.3,13,401.82,1669.98,0"
    path = write(tmp_path / "BNBUSDT-1m-2024-08-08.csv", lines(*([header] if header else []), candle))
    with pytest.raises(UnknownFormat, match=r"Binance klines: finished candles .* use the trades or aggTrades"):
        open_dataset(path)


def test_trades_whose_times_a_spreadsheet_has_rounded_are_refused_with_their_lines(tmp_path: Path) -> None:
    row = binance_spot_trade(11, DAY_MS, "55000.12000000", "0.00100000", maker=True).replace(str(DAY_MS), "1.72308E+12")
    path = write(tmp_path / "BTCUSDT-trades-2024-08-08.csv", lines(row, row))
    with pytest.raises(TooManyMalformed, match=r"line 1: time '1\.72308E\+12' is rounded"):
        read(path)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (f"7,55000.1,-10,1.0,{DAY_MS + 7},true", "qty '-10' is negative"),
        (f"7,5 5000.1,10,1.0,{DAY_MS + 7},true", "price '5 5000.1' is not a number"),
        (f"7,55000.1,10,1.0,{DAY_MS + 7},TRUE", "is_buyer_maker 'TRUE' is not one of true, True, false, False"),
        (f"7,55000.1,10,1.0,{DAY_MS + 7}", "is_buyer_maker is missing"),
        (f"7,55000.1,10,1.0,{DAY_MS + 7},true,True", "more fields after is_buyer_maker, the last column"),
        (f"7,55000.1,10,1.0,{DAY_MS * 1000},true", f"time '{DAY_MS * 1000}' is too large for 64 bits"),
        (f"7,55000.1,10,1.0,{DAY_MS - 86_400_001},true", "time 2024-08-06T23:59:59+00:00 is not on the file's day"),
    ],
)
def test_a_malformed_trade_is_skipped_and_located(tmp_path: Path, broken: str, reason: str) -> None:
    rows = [binance_futures_trade(at, at, "55000.1", "10", maker=True) for at in range(150)]
    rows[7] = broken
    archived = read(write(tmp_path / "BTCUSDT-trades-2024-08-08.csv", lines(BINANCE_TRADES, *rows)))
    assert len(trades(archived)) == 149
    assert found(archived) == [("malformed", 9, reason)]


def test_a_malformed_best_price_is_skipped_and_located(tmp_path: Path) -> None:
    rows = [binance_best(at, at, "1.5,2", "1.6,3") for at in range(150)]
    rows[3] = binance_best(3, 3, "1.5,x", "1.6,3")
    archived = read(write(tmp_path / "X-bookTicker-2024-08-08.csv", lines(BINANCE_BOOK_TICKER, *rows)))
    assert found(archived) == [("malformed", 5, "best_bid_qty 'x' is not a number")]
