"""Every file here is generated, by the columns of Bybit's files; a recorded one is in test_malformed_files.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from processor.core.events import BUY, SELL
from processor.errors import DatasetError
from processor.formats import open_dataset
from tests.formats.archive_samples import BYBIT, BYBIT_SPOT, DAY_MS, bybit, bybit_row, bybit_spot
from tests.formats.reading import read, trades_of
from tests.formats.samples import lines, write

if TYPE_CHECKING:
    from pathlib import Path

DAY_S = DAY_MS // 1000


def test_seconds_are_read_as_the_text_they_are_to_the_ninth_decimal(tmp_path: Path) -> None:
    trades = trades_of(read(bybit(tmp_path)).trades)
    assert [(each.time_ns - DAY_S * 10**9, str(each.price), str(each.size), each.aggressor) for each in trades] == [
        (492_200_000, "55000.5", "0.860", SELL),
        (1_000_000_000, "55001.0", "12.000", BUY),
        (1_000_005_006, "55001.5", "0.001", BUY),
    ]


def test_spot_files_have_milliseconds_and_name_their_instrument_only_in_the_name(tmp_path: Path) -> None:
    assert open_dataset(bybit_spot(tmp_path)).instruments == ("BTCUSDT",)
    trades = trades_of(read(tmp_path).trades)
    assert [(each.time_ns // 10**6 - DAY_MS, str(each.price), str(each.size), each.aggressor) for each in trades] == [
        (74, "106453.8", "0.003718", SELL),
        (150, "106456.9", "0.000500", BUY),
    ]


@pytest.mark.parametrize("name", ["BTCUSDT-2024-08.csv", "BTCUSDT_2024-08-08.csv.gz", "BTCUSDT.csv"])
def test_the_instrument_of_a_spot_file_is_the_one_in_its_name(tmp_path: Path, name: str) -> None:
    row = f"1,{DAY_MS + 74},106453.8,0.003718,sell"
    assert open_dataset(write(tmp_path / name, lines(BYBIT_SPOT.removesuffix(",rpi"), row))).instruments == ("BTCUSDT",)


def test_each_symbol_is_read_alone(tmp_path: Path) -> None:
    rows = [
        bybit_row(f"{DAY_S}.5", "Buy", "1", price, symbol) for symbol, price in (("A", "1"), ("B", "2"), ("A", "3"))
    ]
    path = write(tmp_path / "x.csv", lines(BYBIT, *rows))
    assert open_dataset(path).instruments == ("A", "B")
    assert [str(each.price) for each in trades_of(read(path, "A").trades)] == ["1", "3"]
    assert [str(each.price) for each in trades_of(read(path, "B").trades)] == ["2"]


def test_columns_that_come_behind_are_passed_over(tmp_path: Path) -> None:
    row = bybit_row(f"{DAY_S}.5", "Buy", "1", "2") + ",0"
    path = write(tmp_path / "x.csv", lines(f"{BYBIT},RPI", row))
    assert len(trades_of(read(path).trades)) == 1


def test_a_file_from_the_newest_trade_to_the_oldest_is_read_and_counted_as_out_of_order(tmp_path: Path) -> None:
    rows = [bybit_row(f"{DAY_S + at}.5", "Buy", "1", "2") for at in range(9, -1, -1)]
    found = read(write(tmp_path / "x.csv", lines(BYBIT, *rows)))
    assert len(trades_of(found.trades)) == 10
    assert found.report.counts["out_of_order"] == 9


def test_spot_and_derivatives_of_one_symbol_are_not_mixed(tmp_path: Path) -> None:
    bybit(tmp_path)
    bybit_spot(tmp_path)
    with pytest.raises(DatasetError, match=r"is from the spot market, BTCUSDT2024-08-08\.csv\.gz from derivatives"):
        read(tmp_path)


def test_a_month_and_a_day_of_it_are_taken_once(tmp_path: Path) -> None:
    rows = [bybit_row(f"{DAY_S + at * 100}.5", "Buy", "1", "2") for at in range(9)]
    write(tmp_path / "BTCUSDT-2024-08.csv", lines(BYBIT, *rows))
    write(tmp_path / "BTCUSDT2024-08-08.csv", lines(BYBIT, *rows[5:]))
    both = read(tmp_path)
    assert len(trades_of(both.trades)) == 9
    assert both.report.counts["duplicates"] == 4


def test_a_month_and_another_account_of_a_day_of_it_are_refused_by_name(tmp_path: Path) -> None:
    rows = [bybit_row(f"{DAY_S + at * 100}.5", "Buy", "1", "2") for at in range(9)]
    write(tmp_path / "BTCUSDT-2024-08.csv", lines(BYBIT, *rows))
    write(tmp_path / "BTCUSDT2024-08-08.csv", lines(BYBIT, *rows[4:6], *rows[7:]))
    refusal = r"BTCUSDT-2024-08\.csv and BTCUSDT2024-08-08\.csv tell of the same time, but not the same"
    with pytest.raises(DatasetError, match=refusal):
        read(tmp_path)


def test_days_continue_each_other_in_either_order_of_their_rows(tmp_path: Path) -> None:
    rows = [bybit_row(f"{DAY_S + at * 86_400 + more}.5", "Buy", "1", "2") for at in range(3) for more in (9, 0)]
    for day in range(3):
        write(tmp_path / f"{day}.csv", lines(BYBIT, *rows[2 * day : 2 * day + 2]))
    assert len(trades_of(read(tmp_path).trades)) == 6


def test_the_same_columns_with_dates_are_not_bybits(tmp_path: Path) -> None:
    row = bybit_row("2019-01-01D00:00:00.899", "Buy", "1", "2")
    assert open_dataset(write(tmp_path / "20190101.csv", lines(BYBIT, row))).format == "known-tables"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (
            bybit_row("1.7230752E9", "Buy", "1", "2"),
            "timestamp '1.7230752E9' is rounded: it has an exponent",
        ),
        (bybit_row("-5", "Buy", "1", "2"), "timestamp '-5' is negative"),
        (bybit_row("5", "Buy", "1", "2"), "time 1970-01-01T00:00:05+00:00 is before 1990: is it in another unit?"),
        (bybit_row(f"{DAY_S}", "None", "1", "2"), "side 'None' is not one of Sell, Buy"),
        (bybit_row(f"{DAY_S}", "Buy", "-1", "2"), "size '-1' is negative"),
        (bybit_row(f"{DAY_S}", "Buy", "1", "2e-13"), "price '2e-13' has too many decimals"),
        (f"{DAY_S},BTCUSDT,Buy,1", "price is missing"),
    ],
)
def test_a_malformed_trade_is_skipped_and_located(tmp_path: Path, broken: str, reason: str) -> None:
    rows = [bybit_row(f"{DAY_S}.5", "Buy", "1", "2") for _ in range(150)]
    rows[7] = broken
    found = read(write(tmp_path / "BTCUSDT2024-08-08.csv", lines(BYBIT, *rows)))
    assert len(trades_of(found.trades)) == 149
    (incident,) = [each for each in found.report.incidents if each.kind == "malformed"]
    assert (incident.line, incident.detail) == (9, reason)
