"""What each of the real spoilt files does: it is refused or repaired, and says what its user can do."""

from __future__ import annotations

import re
from decimal import Decimal
from operator import itemgetter
from pathlib import Path

import pytest

from processor.core.events import BUY, SELL
from processor.errors import DatasetError, UnknownFormat
from processor.formats import open_dataset
from tests.formats import reading
from tests.formats.reading import read
from tests.formats.samples import LOBSTER_NAME, write


def test_candles_with_times_that_a_spreadsheet_rounded_are_refused_with_what_would_do(shared_data: Path) -> None:
    with pytest.raises(UnknownFormat) as refusal:
        open_dataset(shared_data / "malformed/binance_excel_mangled_times.csv")
    (found,) = re.findall(r"  binance_excel_mangled_times\.csv: (.*)", str(refusal.value))
    assert found == (
        "Binance klines: finished candles without their trades; use the trades or aggTrades of these days. "
        "A spreadsheet has also rounded its times (1.70027E+12): use the files as they were downloaded"
    )
    assert "like this beside it" not in str(refusal.value)


def test_messages_whose_name_does_not_say_the_day_are_refused_with_the_name_that_would(shared_data: Path) -> None:
    with pytest.raises(
        DatasetError, match=r"lobster_message_with_bom\.csv holds LOBSTER messages, but its name lacks their day"
    ):
        open_dataset(shared_data / "malformed/lobster_message_with_bom.csv")


def test_the_same_messages_are_read_past_their_byte_order_mark_once_they_are_named(
    shared_data: Path, tmp_path: Path
) -> None:
    content = (shared_data / "malformed/lobster_message_with_bom.csv").read_bytes()
    write(tmp_path / LOBSTER_NAME.format("message"), content)
    found = read(tmp_path)
    assert found.trades is not None
    assert len(found.trades) == 50
    assert found.report.counts["malformed"] == 0


def test_seconds_with_decimals_are_played_exactly(shared_data: Path) -> None:
    path = shared_data / "malformed/bybit_float_seconds.csv"
    assert open_dataset(path).instruments == ("FXSUSDT",)
    found = read(path)
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    assert [(each.time_ns, each.price, each.size, each.aggressor) for each in reading.trades_of(found.trades)] == [
        (int(Decimal(row[0]) * 10**9), Decimal(row[4]), Decimal(row[3]), BUY if row[2] == "Buy" else SELL)
        for row in rows
    ]
    assert len(rows) == 15
    assert found.report.incidents == []


def test_a_header_whose_chinese_is_spoilt_is_known_by_its_english_and_the_trades_are_played(shared_data: Path) -> None:
    path = shared_data / "malformed/okx_gbk_header.csv"
    assert open_dataset(path).instruments == ("okx_gbk_header",)
    found = read(path)
    rows = [line.split(",") for line in path.read_bytes().partition(b"\n")[2].decode("ascii").splitlines()]
    told = [(int(row[4]) * 10**6, Decimal(row[3]), Decimal(row[2]), BUY) for row in rows]
    assert [(each.time_ns, each.price, each.size, each.aggressor) for each in reading.trades_of(found.trades)] == (
        sorted(told, key=itemgetter(0))
    )
    assert len(rows) == 15
    assert found.report.counts["out_of_order"] == 3


def test_every_spoilt_file_is_held_by_a_test_here(shared_data: Path) -> None:
    here = Path(__file__).read_text()
    assert [path.name for path in (shared_data / "malformed").iterdir() if f"/{path.name}" not in here] == []
