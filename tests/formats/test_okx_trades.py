"""Every file here is generated, by the columns of OKX's files; a recorded one is in test_malformed_files.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from processor.core.events import BUY, SELL
from processor.formats import open_dataset
from tests.formats.archive_samples import DAY_MS, OKX, OKX_BILINGUAL, okx, okx_bilingual
from tests.formats.reading import read, trades_of
from tests.formats.samples import lines, write, zipped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.formats.reading import Read


def trades(found: Read) -> list[tuple[int, str, str, int]]:
    """Milliseconds of the day, price, size, aggressor."""
    return [
        (each.time_ns // 1_000_000 - DAY_MS, str(each.price), str(each.size), each.aggressor)
        for each in trades_of(found.trades)
    ]


def test_trades_have_milliseconds_the_takers_side_and_the_size_of_the_file(tmp_path: Path) -> None:
    assert open_dataset(okx(tmp_path)).instruments == ("BTC-USDT-SWAP",)
    assert trades(read(tmp_path)) == [
        (57_600_179, "42897.9", "8.00", BUY),
        (57_600_180, "42897.8", "0.12", SELL),
    ]


def test_a_header_in_two_languages_is_known_by_its_english_and_the_instrument_by_the_files_name(tmp_path: Path) -> None:
    assert open_dataset(okx_bilingual(tmp_path)).instruments == ("BTC-USDT",)
    assert trades(read(tmp_path)) == [
        (832, "35910.6", "0.00418025", BUY),
        (1163, "35911.9", "0.01040000", SELL),
    ]


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-16-be"])
def test_the_encoding_of_the_chinese_does_not_matter_if_the_english_is_ascii(tmp_path: Path, encoding: str) -> None:
    header = b",".join(
        b"/".join([name.partition("/")[0].encode(), name.partition("/")[2].encode(encoding)])
        for name in OKX_BILINGUAL.split(",")
    )
    path = write(tmp_path / "X-trades-2024-08-08.csv", header + f"\n1,buy,2,3.5,{DAY_MS}\n".encode())
    assert trades(read(path)) == [(0, "3.5", "2", BUY)]


def test_each_instrument_of_a_file_is_read_alone_and_further_columns_are_passed_over(tmp_path: Path) -> None:
    rows = [f"{name},{at},buy,{at}.5,1,{DAY_MS + at},0" for at, name in enumerate(("A", "B", "A"))]
    path = write(tmp_path / "all.csv", lines(f"{OKX},source", *rows))
    assert open_dataset(path).instruments == ("A", "B")
    assert [price for _, price, _, _ in trades(read(path, "A"))] == ["0.5", "2.5"]


def test_the_vendors_zip_is_read_as_it_is(tmp_path: Path) -> None:
    rows = lines(OKX, f"BTC-USDT,1,buy,2,3,{DAY_MS}")
    path = zipped(tmp_path / "BTC-USDT-trades-2024-08-08.zip", {"BTC-USDT-trades-2024-08-08.csv": rows})
    assert trades(read(path)) == [(0, "2", "3", BUY)]


def test_where_there_are_trades_the_same_ones_aggregated_are_left_out(tmp_path: Path) -> None:
    for kind, price in (("trades", "1"), ("aggtrades", "2")):
        rows = lines(OKX, f"BTC-USDT,1,buy,{price},3,{DAY_MS}")
        write(tmp_path / f"BTC-USDT-{kind}-2024-08-08.csv", rows)
    found = read(tmp_path)
    assert trades(found) == [(0, "1", "3", BUY)]
    (incident,) = found.report.incidents
    assert (incident.kind, incident.file) == ("unused", "BTC-USDT-aggtrades-2024-08-08.csv")
    assert found.consumed_bytes == found.size_bytes


def test_a_month_and_a_day_of_it_hold_the_same_trades_which_count_once(tmp_path: Path) -> None:
    rows = [f"BTC-USDT,{at},buy,1,1,{DAY_MS + at}" for at in range(8)]
    write(tmp_path / "BTC-USDT-trades-2024-08.csv", lines(OKX, *rows))
    write(tmp_path / "BTC-USDT-trades-2024-08-08.csv", lines(OKX, *rows[5:]))
    found = read(tmp_path)
    assert [at for at, *_ in trades(found)] == list(range(8))
    assert found.report.counts["duplicates"] == 3


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("BTC-USDT,7,bought,1,1,{}", "side 'bought' is not one of sell, buy"),
        ("BTC-USDT,7,buy,1 0,1,{}", "price '1 0' is not a number"),
        ("BTC-USDT,7,buy,1,-1,{}", "size '-1' is negative"),
        (
            "BTC-USDT,7,buy,1,1,1.70027E+12",
            "created_time '1.70027E+12' is rounded: it has an exponent",
        ),
        ("BTC-USDT,7,buy,1,1", "created_time is missing"),
    ],
)
def test_a_malformed_trade_is_skipped_and_located(tmp_path: Path, broken: str, reason: str) -> None:
    rows = [f"BTC-USDT,{at},buy,1,1,{DAY_MS + at}" for at in range(150)]
    rows[7] = broken.format(DAY_MS + 7)
    found = read(write(tmp_path / "BTC-USDT-trades-2024-08-08.csv", lines(OKX, *rows)))
    assert len(trades(found)) == 149
    (incident,) = found.report.incidents
    assert (incident.kind, incident.line, incident.detail) == ("malformed", 9, reason)
