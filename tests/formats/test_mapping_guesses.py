"""What the suggested mapping takes columns for: right when pasted, or said to be open, never the other way round."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from processor.core.events import BUY, SELL, UNKNOWN
from processor.errors import DatasetError
from processor.formats import open_dataset
from tests.formats.mapped_files import START_MS, START_NS, books_of
from tests.formats.reading import read, trades_of
from tests.formats.samples import lines, write
from tests.formats.test_mapping_advice import pasted, trades

if TYPE_CHECKING:
    from pathlib import Path

SIDES: Final = (BUY, SELL, SELL, BUY, BUY)
PRICES: Final = ("100.5", "100.4", "100.6", "100.5", "100.3")
SIZES: Final = ("3", "11", "2", "41", "7")


def sides_of(folder: Path) -> list[int]:
    return [each.aggressor for each in trades_of(read(folder).trades)]


def table(column: str, words: tuple[str, str]) -> str:
    """Trades whose column of sides has this name, and these words for buyer and seller."""
    rows = [f"{START_MS + at},{PRICES[at]},{SIZES[at]},{words[side == SELL]}" for at, side in enumerate(SIDES)]
    return lines(f"time,price,size,{column}", *rows)


YES_MEANS: Final = {
    "is_buyer_maker": SELL, "isBuyerMaker": SELL, "buyer_is_maker": SELL, "m": SELL, "is_seller_maker": BUY,
    "sellerIsMaker": BUY, "is_buy": BUY, "buyer_initiated": BUY, "taker_buy": BUY, "is_sell": SELL, "sell": SELL,
    "taker_side_sell": SELL, "seller_initiated": SELL, "buyer_is_taker": BUY,
}  # fmt: skip
"""Who took, where the answer to a column's name is yes."""


@pytest.mark.parametrize(("column", "took"), YES_MEANS.items())
@pytest.mark.parametrize("words", [("true", "false"), ("True", "False"), ("1", "0"), ("Y", "N")])
def test_yes_means_what_the_name_of_the_column_asks(
    tmp_path: Path, column: str, took: int, words: tuple[str, str]
) -> None:
    yes, no = words
    write(tmp_path / "fills.csv", table(column, (yes, no) if took == BUY else (no, yes)))
    pasted(tmp_path)
    assert sides_of(tmp_path) == list(SIDES)


@pytest.mark.parametrize("column", ["maker_side", "passive_side", "resting_side"])
def test_the_side_of_the_maker_is_not_that_of_the_trade(tmp_path: Path, column: str) -> None:
    write(tmp_path / "fills.csv", table(column, ("SELL", "BUY")))
    pasted(tmp_path)
    assert sides_of(tmp_path) == list(SIDES)


@pytest.mark.parametrize(
    ("column", "words"),
    [("side", ("0", "1")), ("type", ("1", "0")), ("side", ("true", "false")), ("side", ("bid", "ask"))],
)
def test_words_that_may_mean_either_side_are_left_for_the_user_to_say(
    tmp_path: Path, column: str, words: tuple[str, str]
) -> None:
    write(tmp_path / "my-trades.csv", table(column, words))
    advice = pasted(tmp_path)
    assert f'# side = "{column}"' in advice
    assert "is the buyer?" in advice
    found = read(tmp_path)
    assert [each.aggressor for each in trades_of(found.trades)] == [UNKNOWN] * len(SIDES)
    assert found.report.counts["unknown_sides"] == len(SIDES)


def test_words_in_several_cases_are_the_same_words(tmp_path: Path) -> None:
    words = ("buy", "Sell", "SELL", "BUY", "Buy")
    rows = [f"{START_MS + at},1,1,{word}" for at, word in enumerate(words)]
    write(tmp_path / "fills.csv", lines("time,price,size,side", *rows))
    pasted(tmp_path)
    assert sides_of(tmp_path) == list(SIDES)


@pytest.mark.parametrize("column", ["quote_qty", "quoteVolume", "updated_at", "trade_id"])
def test_a_turnover_or_a_time_of_change_makes_no_book_of_trades(tmp_path: Path, column: str) -> None:
    rows = [
        f"{START_MS + at},{PRICES[at]},{SIZES[at]},{900000 + at},{'sell' if side == SELL else 'buy'}"
        for at, side in enumerate(SIDES)
    ]
    write(tmp_path / "BTCUSD.csv", lines(f"time,price,qty,{column},side", *rows))
    assert "[trades]" in pasted(tmp_path)
    assert sides_of(tmp_path) == list(SIDES)


@pytest.mark.parametrize("order", ["price,amount,volume", "amount,price,quantity", "price,qty,amount"])
def test_a_column_of_price_times_size_is_not_the_size(tmp_path: Path, order: str) -> None:
    turnover = "amount"
    rows = []
    for at in range(5):
        known = {"price": PRICES[at], turnover: str(float(PRICES[at]) * int(SIZES[at]))}
        rows.append(",".join([str(START_MS + at), *(known.get(name, SIZES[at]) for name in order.split(","))]))
    write(tmp_path / "fills.csv", lines(f"time,{order}", *rows))
    pasted(tmp_path)
    assert [each[1:3] for each in trades(tmp_path)] == list(zip(PRICES, SIZES, strict=True))


@pytest.mark.parametrize(
    "names", list(product(["recv_ts", "local_timestamp", "time_coinapi", "receipt_timestamp"], [0, 1]))
)
def test_the_times_of_the_exchange_go_before_those_of_a_recorder(tmp_path: Path, names: tuple[str, int]) -> None:
    received, first = names
    step = 1 if first else -1
    times = [received, "timestamp"][::step]
    rows = [
        ",".join([*[f"{START_MS + at + 77}", f"{START_MS + at}"][::step], PRICES[at], SIZES[at]]) for at in range(5)
    ]  # fmt: skip
    write(tmp_path / "fills.csv", lines(f"{','.join(times)},price,size", *rows))
    assert f'local_time = "{received}"' in pasted(tmp_path)
    assert [each.time_ns - START_NS for each in trades_of(read(tmp_path).trades)] == [at * 10**6 for at in range(5)]
    local = trades_of(read(tmp_path, clock="local").trades)
    assert [each.time_ns - START_NS for each in local] == [(at + 77) * 10**6 for at in range(5)]


@pytest.mark.parametrize(
    ("name", "zone", "hours"),
    [
        ("Quote time, EET", "EET", 3),
        ("time_cet", "CET", 2),
        ("Time (UTC+5:30)", "+05:30", 5.5),
        ("GMT-3 time", "-03:00", -3),
        ("Date (America/New_York)", "America/New_York", -4),
    ],
)
@pytest.mark.parametrize("shown", ["%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S"])
def test_a_zone_in_the_name_of_the_column_is_that_of_its_times(
    tmp_path: Path, name: str, zone: str, hours: float, shown: str
) -> None:
    local = datetime.fromtimestamp(START_MS / 1000 + hours * 3600, UTC).strftime(shown)
    write(tmp_path / "ticks.csv", lines(f"{name};Bid;Ask", f"{local};1;2"))
    assert f'zone = "{zone}"' in pasted(tmp_path)
    found = read(tmp_path).book
    assert found is not None
    assert set(found.time_ns.tolist()) == {START_NS}


def test_a_date_and_a_time_of_day_of_parquet_keep_all_digits(tmp_path: Path) -> None:
    moments = [START_NS + at * 1_373_123_457 for at in range(3)]
    frame = pl.DataFrame(
        {"at": pl.Series(moments).cast(pl.Datetime("ns")), "price": [1.5, 2.5, 3.5], "size": [1, 2, 3]}
    )
    dated = frame.select(pl.col("at").dt.date().alias("date"), pl.col("at").dt.time().alias("time"), "price", "size")
    dated.write_parquet(tmp_path / "fills.parquet")
    assert 'time = ["date", "time"]' in pasted(tmp_path)
    assert [each.time_ns for each in trades_of(read(tmp_path).trades)] == moments


def test_times_of_day_as_numbers_without_zeros_play_as_the_advice_says(tmp_path: Path) -> None:
    clocks = {"93000123": 9.5 * 3600 + 0.123, "100000000": 36000.0, "143000500": 14.5 * 3600 + 0.5}
    rows = [f"20250801,{clock},{price},1" for clock, price in zip(clocks, PRICES, strict=False)]
    write(tmp_path / "fills.csv", lines("Date,Time,Price,Volume", *rows))
    pasted(tmp_path)
    times = [each.time_ns - START_NS for each in trades_of(read(tmp_path).trades)]
    assert times == [round(seconds * 1000) * 10**6 for seconds in clocks.values()]


def test_a_date_in_a_column_of_its_own_of_which_nothing_tells_the_order_is_left_open(tmp_path: Path) -> None:
    write(tmp_path / "IBM.txt", lines(*[f"08/01/2025,00:00:0{at},{PRICES[at]},{SIZES[at]}" for at in range(5)]))
    assert "time = [1, 2]" in pasted(tmp_path)
    with pytest.raises(DatasetError, match="1 August 2025"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("order", ["bid ask", "ask bid", "bid ask bs as", "ask bid as bs", "bid bs ask as"])
def test_two_prices_without_names_are_a_bid_and_an_ask(tmp_path: Path, order: str) -> None:
    rows = []
    for at, (bid, ask) in enumerate((("100.1", "100.2"), ("100.0", "100.2"), ("100.2", "100.3"))):
        known = {"bid": bid, "ask": ask, "bs": f"{7 - at}", "as": f"{at * 9 + 3}"}
        rows.append(",".join([str(START_MS + at), *(known[name] for name in order.split())]))
    write(tmp_path / "EURUSD.csv", lines(*rows))
    assert "[book]" in pasted(tmp_path)
    sized = "bs" in order
    assert books_of(read(tmp_path)) == [
        ({"100.1": "7" if sized else "1"}, {"100.2": "3" if sized else "1"}),
        ({"100": "6" if sized else "1"}, {"100.2": "12" if sized else "1"}),
        ({"100.2": "5" if sized else "1"}, {"100.3": "21" if sized else "1"}),
    ]


@pytest.mark.parametrize("order", ["size price", "id price size", "price size"])
def test_of_numbers_without_names_the_price_is_what_moves_little(tmp_path: Path, order: str) -> None:
    rows = []
    for at in range(5):
        known = {"price": PRICES[at], "size": SIZES[at], "id": f"{at + 1}"}
        rows.append(",".join([str(START_MS + at), *(known[name] for name in order.split())]))
    write(tmp_path / "fills.csv", lines(*rows))
    pasted(tmp_path)
    assert [each[1:3] for each in trades(tmp_path)] == list(zip(PRICES, SIZES, strict=True))


def test_four_prices_without_names_are_called_bars(tmp_path: Path) -> None:
    rows = [f"20250801 00000{at};1.1415;1.1416;1.1413;1.1414;5" for at in range(5)]
    write(tmp_path / "DAT_ASCII_EURUSD_M1_202508.csv", lines(*rows))
    assert "# If these rows are bars" in pasted(tmp_path)


def test_lists_of_prices_and_lists_of_sizes_are_taken_together(tmp_path: Path) -> None:
    columns = {"ts": [START_MS], "bid_prices": [[100.0, 99.0]], "bid_sizes": [[5.0, 1.0]]}
    pl.DataFrame(columns | {"ask_prices": [[101.0]], "ask_sizes": [[6.0]]}).write_parquet(tmp_path / "book.parquet")
    assert 'bids = ["bid_prices", "bid_sizes"]' in pasted(tmp_path)
    assert books_of(read(tmp_path)) == [({"100": "5", "99": "1"}, {"101": "6"})]


def level(at: int, side: str, number: int) -> str:
    price = 101 + at + number if side == "ask" else 100 + at - number
    return f"{START_MS + at},{side},{number},{price},{at + 1}"


LEVELS: Final = [level(at, side, number) for at in range(3) for side in ("bid", "ask") for number in (0, 1)]


@pytest.mark.parametrize("header", ["time,side,level,price,size", "time,side,note,price,size"])
def test_levels_that_are_all_told_at_every_time_are_whole_books(tmp_path: Path, header: str) -> None:
    write(tmp_path / "BTCUSD-book.csv", lines(header, *LEVELS))
    assert "snapshot = true" in pasted(tmp_path)
    found = read(tmp_path)
    assert books_of(found) == [
        tuple(dict.fromkeys((f"{best + at}", f"{next_ + at}"), f"{at + 1}") for best, next_ in ((100, 99), (101, 102)))
        for at in range(3)
    ]  # fmt: skip
    assert found.report.counts["crossed"] == 0


def test_changes_of_levels_are_not_taken_for_whole_books(tmp_path: Path) -> None:
    rows = [*LEVELS, f"{START_MS + 5},bid,0,99,3", f"{START_MS + 6},ask,0,103,3"]
    write(tmp_path / "BTCUSD-book.csv", lines("time,side,note,price,size", *rows))
    assert "snapshot = true" not in pasted(tmp_path)


def test_a_row_of_one_level_of_both_sides_is_refused_and_not_taken_for_the_book(tmp_path: Path) -> None:
    rows = [f"{START_MS},{number + 1},{100 - number},1,{101 + number},1" for number in (0, 1)]
    write(tmp_path / "book.csv", lines("time,level,bid_price,bid_size,ask_price,ask_size", *rows))
    assert '# By "level", a row is one level of both sides' in pasted(tmp_path)
    with pytest.raises(DatasetError, match="price, size and side are needed"):
        open_dataset(tmp_path)


def test_snapshot_is_a_column_or_true(tmp_path: Path) -> None:
    mapping = '[book]\nfiles = "*.csv"\ninstrument = "X"\ntime = 1\nheader = false\nprice = 4\nsize = 5\nside = 2\n'
    write(tmp_path / "a.csv", lines(*LEVELS))
    write(tmp_path / "mapping.toml", f"{mapping}snapshot = true\n")
    assert books_of(read(tmp_path))[-1] == ({"102": "3", "101": "3"}, {"103": "3", "104": "3"})
    write(tmp_path / "mapping.toml", f"{mapping}snapshot = false\n")
    with pytest.raises(DatasetError, match="names a column, or is true"):
        open_dataset(tmp_path)


def test_a_name_that_is_no_utf8_is_meant_by_the_pattern(tmp_path: Path) -> None:
    write(tmp_path / os.fsdecode(b"caf\xe9.csv"), table("side", ("buy", "sell")))
    pasted(tmp_path)
    assert sides_of(tmp_path) == list(SIDES)


def test_rows_that_are_no_rows_leave_the_unit_of_the_others_as_it_is(tmp_path: Path) -> None:
    rows = [f"{START_MS + at},{PRICES[at % 5]},{SIZES[at % 5]},buy" for at in range(300)]
    write(
        tmp_path / "fills.csv",
        lines("time,price,size,side", *rows[:200], "time,price,size,side", *rows[200:], "Total,,,"),
    )
    pasted(tmp_path)
    found = read(tmp_path)
    assert [each.time_ns - START_NS for each in trades_of(found.trades)] == [at * 10**6 for at in range(300)]
    assert found.report.counts["malformed"] == 2


def test_lines_about_the_file_are_not_its_header(tmp_path: Path) -> None:
    rows = [
        f"{START_MS + at},{PRICES[at]},{SIZES[at]},{'sell' if side == SELL else 'buy'}" for at, side in enumerate(SIDES)
    ]
    write(tmp_path / "fills.csv", lines("Symbol,XBT,,", "From,2025-08-01,,", "time,price,size,side", *rows))
    pasted(tmp_path)
    assert sides_of(tmp_path) == list(SIDES)


def test_orders_whose_events_have_unknown_words_are_not_taken_for_trades(tmp_path: Path) -> None:
    rows = [f"{START_MS + at},{at // 2},{at % 2},B,100,5" for at in range(6)]
    write(tmp_path / "log.csv", lines("ts,order_id,action,side,px,qty", *rows))
    assert '# which of "0", "1" mean created' in pasted(tmp_path)
    with pytest.raises(DatasetError, match="action '0' is"):
        read(tmp_path)


def fills(folder: Path, *names: str) -> Path:
    """In each file one trade, whose price is the file's number."""
    for number, name in enumerate(names):
        write(folder / name, lines("time,price,size,side", f"{START_MS + number},{number + 1},1,buy"))
    return folder


@pytest.mark.parametrize(
    ("names", "instruments"),
    [
        (("part-000.csv", "part-001.csv"), ("BTC-USD",)),
        (("xbt-2025-08-01.csv", "xbt-2025-08-02.csv"), ("xbt",)),
        (("btcusdt.csv", "ethusdt.csv"), ("btcusdt", "ethusdt")),
        (("btc-2025-08-01.csv", "eth-2025-08-01.csv", "btc-2025-08-02.csv"), ("btc", "eth")),
        (("trades_BTC.csv", "trades_ETH.csv"), ("BTC", "ETH")),
        (("BTC/fills.csv", "ETH/fills.csv"), ("BTC", "ETH")),
        (("600000.csv", "600001.csv"), ("600000", "600001")),
        (("exchange=a/sym=X/1.csv", "exchange=b/sym=X/1.csv"), ("a:X", "b:X")),
    ],
)  # fmt: skip
def test_all_files_that_are_alike_are_meant_and_no_two_instruments_are_one(
    tmp_path: Path, names: tuple[str, ...], instruments: tuple[str, ...]
) -> None:
    pasted(fills(tmp_path, *names))
    assert open_dataset(tmp_path).instruments == instruments
    found = [each.price for name in instruments for each in trades_of(read(tmp_path, name).trades)]
    assert sorted(found) == list(range(1, len(names) + 1))


@pytest.mark.parametrize("mapping", ["exchange_column", "the folder"])
def test_a_symbol_on_two_exchanges_is_two_instruments(tmp_path: Path, mapping: str) -> None:
    if mapping == "exchange_column":
        rows = [f"{exchange},X,{START_MS + at},{at + 1},1" for at, exchange in enumerate("abab")]
        write(tmp_path / "fills.csv", lines("exchange,symbol,time,price,size", *rows))
    else:
        for number, exchange in enumerate("ab"):
            rows = [f"{exchange},{START_MS + at},{at + 1},1" for at in range(number, 4, 2)]
            write(tmp_path / f"symbol=X/{number}.csv", lines("exchange,time,price,size", *rows))
    pasted(tmp_path)
    assert open_dataset(tmp_path).instruments == ("a:X", "b:X")
    assert [each.price for each in trades_of(read(tmp_path, "b:X").trades)] == [2, 4]


def test_a_table_that_no_mapping_means_is_told_as_left_out(tmp_path: Path) -> None:
    fills(tmp_path, "a.csv", "b.csv")
    write(tmp_path / "README.txt", "Trades of a day.\nMore of them, and what they are, on the page.\n")
    mapping = '[trades]\nfiles = "a.csv"\ninstrument = "X"\ntime = "time"\nprice = "price"\nsize = "size"\n'
    write(tmp_path / "mapping.toml", mapping)
    report = read(tmp_path).report
    assert [(each.file, each.kind) for each in report.incidents if each.kind == "unused"] == [("b.csv", "unused")]
    assert report.counts["unused"] == 1


@pytest.mark.parametrize(
    "names",
    ["BID BIDSIZ ASK ASKSIZ", "bid_px bid_qty offer_px offer_qty", "best_bid best_bid_vol best_ask best_ask_vol"],
)
def test_bids_and_asks_have_the_sizes_beside_them(tmp_path: Path, names: str) -> None:
    write(tmp_path / "q.csv", lines(f"time,{names.replace(' ', ',')}", f"{START_MS},100,5,101,6"))
    pasted(tmp_path)
    assert books_of(read(tmp_path)) == [({"100": "5"}, {"101": "6"})]


@pytest.mark.parametrize("what", ["distance", "orders", "change", "id", "exchange", "notional"])
def test_what_a_bid_has_besides_is_no_price(tmp_path: Path, what: str) -> None:
    write(tmp_path / "q.csv", lines(f"time,bids_{what}_0,asks_{what}_0", f"{START_MS},-0.1,0.1"))
    assert "levels" not in pasted(tmp_path)
    with pytest.raises(DatasetError, match="has no column"):
        open_dataset(tmp_path)


def test_a_time_of_day_in_a_folder_of_a_day_is_of_that_day(tmp_path: Path) -> None:
    rows = [f"00:00:0{at}.25,{PRICES[at]},{SIZES[at]}" for at in range(5)]
    write(tmp_path / "date=2025-08-01/X.csv", lines("time,price,size", *rows))
    pasted(tmp_path)
    assert [each[0] for each in trades(tmp_path)] == [at * 10**9 + 250_000_000 for at in range(5)]


def test_fractions_of_a_second_in_a_column_of_their_own_are_told(tmp_path: Path) -> None:
    rows = [f"{START_MS // 1000 + at},{at},{PRICES[at]},{SIZES[at]}" for at in range(5)]
    write(tmp_path / "fills.csv", lines("timestamp,nanos,price,size", *rows))
    assert '# Fractions of a second in "nanos" are not read' in pasted(tmp_path)


def test_lists_of_levels_may_have_names_of_one_letter(tmp_path: Path) -> None:
    row = f'"t": {START_MS}, "b": [{{"p": 100, "q": 5}}], "a": [{{"p": 101, "q": 6}}]'
    write(tmp_path / "book.jsonl", f"{{{row}}}\n")
    pasted(tmp_path)
    assert books_of(read(tmp_path)) == [({"100": "5"}, {"101": "6"})]


def test_tables_of_several_kinds_in_a_folder_are_all_meant(tmp_path: Path) -> None:
    fills(tmp_path, "fills-1.csv", "fills-2.csv")
    write(tmp_path / "quotes.csv", lines("ts,bid,bidsize,ask,asksize", f"{START_MS},100,5,101,6"))
    write(tmp_path / "trades.csv", lines("when;px;qty;timestamp", f"a;3;1;{START_MS + 5}"))
    advice = pasted(tmp_path)
    assert (advice.count("[[trades]]"), advice.count("[book]")) == (2, 1)
    found = read(tmp_path)
    assert sorted(each.price for each in trades_of(found.trades)) == [1, 2, 3]
    assert books_of(found) == [({"100": "5"}, {"101": "6"})]
    assert not found.report.counts["unused"]
