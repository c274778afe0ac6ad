"""Several formats that tell of one instrument: the book from here, the trades from there, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from processor.errors import DatasetError
from processor.formats import open_dataset
from processor.formats.opening import source_choice
from processor.formats.registry import formats
from tests.formats import archive_samples
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import DAY_US, binance_raw, binance_trade, lines, tardis, write
from tests.formats.websocket_samples import bybit_book, bybit_raw, bybit_trades

if TYPE_CHECKING:
    from pathlib import Path

    from tests.formats.reading import Read

DAY_MS = DAY_US // 1000
HOURS = 72
HOUR_MS = 3_600_000


def recording(folder: Path, hours: range = range(HOURS)) -> None:
    """A trade of size 1 at the hour, and of size 2 half past, with a book at the beginning."""
    rows = [bybit_book(hours.start * HOUR_MS, "snapshot", 7, [("1", "1")], [("2", "1")])]
    for hour in hours:
        rows.append(bybit_trades(hour * HOUR_MS, ("Buy", "2", "1")))
        rows.append(bybit_trades(hour * HOUR_MS + HOUR_MS // 2, ("Sell", "1", "2")))
    write(folder / "recorded.txt", lines(*rows))


def archive(folder: Path, day: int, size: str = "10") -> None:
    """The archive of a day: the same trades, a tenth of a millisecond later, and of another size, to know them."""
    begin = DAY_MS // 1000 + day * 86_400
    times = [f"{begin + 1800 * half}.0001" for half in range(48)]
    rows = [archive_samples.bybit_row(time, "Buy", size, "2", symbol="ABCUSDT") for time in times]
    write(folder / f"ABCUSDT-{day}.csv", lines(archive_samples.BYBIT, *rows))


def hours_of(found: Read, size: str) -> list[float]:
    """The hours, from the first day on, of the trades of a size."""
    chosen = [trade for trade in trades_of(found.trades) if str(trade.size) == size]
    return [round((trade.time_ns / 10**6 - DAY_MS) / HOUR_MS, 4) for trade in chosen]


def test_the_archive_of_the_middle_day_is_taken_for_that_day_and_the_recording_for_the_others(tmp_path: Path) -> None:
    recording(tmp_path)
    archive(tmp_path, 1)
    found = read(tmp_path)
    assert open_dataset(tmp_path).format == "bybit-raw + bybit-trades"
    assert hours_of(found, "10") == [24 + half / 2 for half in range(48)]
    assert hours_of(found, "1") == [*range(24), *range(48, 72)]
    assert hours_of(found, "2") == [hour + 0.5 for hour in (*range(24), *range(48, 72))]
    assert len(book_of(found.book)) == 3
    assert found.report.counts["unused"] == 48
    incident = next(incident for incident in found.report.incidents if incident.kind == "unused")
    assert (incident.file, incident.line) == ("recorded.txt", 50)
    assert incident.detail == "a better source tells the trades of this time"


def test_a_day_that_the_archive_lacks_is_that_of_the_recording(tmp_path: Path) -> None:
    recording(tmp_path)
    archive(tmp_path, 0)
    archive(tmp_path, 2)
    found = read(tmp_path)
    assert hours_of(found, "10") == [half / 2 for half in (*range(48), *range(96, 144))]
    assert hours_of(found, "1") == [*range(24, 48)]
    assert found.report.counts["unused"] == 96


def test_a_recording_within_the_archive_adds_its_book_alone(tmp_path: Path) -> None:
    recording(tmp_path, range(30, 40))
    for day in range(3):
        archive(tmp_path, day)
    found = read(tmp_path)
    assert len(trades_of(found.trades)) == 144
    assert hours_of(found, "1") == []
    assert len(book_of(found.book)) == 3


def test_the_archives_of_book_and_trades_are_one_dataset(tmp_path: Path) -> None:
    rows = [bybit_book(number, "delta" if number else "snapshot", 7 + number, [("1", "1")], []) for number in range(9)]
    write(tmp_path / "2024-08-08_ABCUSDT_ob500.data", lines(*rows))
    archive(tmp_path, 0)
    found = read(tmp_path)
    assert len(trades_of(found.trades)) == 48
    assert len(book_of(found.book)) == 10
    assert not found.report.counts["unused"]


def test_the_same_name_at_two_exchanges_is_refused_with_a_file_of_each(tmp_path: Path) -> None:
    binance_raw(tmp_path)
    bybit_raw(tmp_path)
    dataset = open_dataset(tmp_path)
    assert dataset.instruments == ("ABCUSDT",)
    with pytest.raises(DatasetError, match=r"_20240808\.gz \(Binance\) and bybit_2024-08-08\.txt \(Bybit\) have"):
        read(tmp_path)


def test_a_symbol_with_its_exchange_is_another_instrument_than_the_symbol_alone(tmp_path: Path) -> None:
    tardis(tmp_path)
    row = binance_trade(0, 1, "1", "1", maker=True).replace("ABCUSDT", "BTCUSDT")
    write(tmp_path / "btcusdt.txt", lines(row))
    assert open_dataset(tmp_path).instruments == ("BTCUSDT", "binance:BTCUSDT")
    for name, other in (("BTCUSDT", "binance:BTCUSDT"), ("binance:BTCUSDT", "BTCUSDT")):
        incidents = read(tmp_path, name).report.incidents
        assert [incident.detail for incident in incidents if incident.kind == "assumptions"] == [
            f"{name} and {other} are read as different instruments"
        ]


def test_names_that_may_be_the_same_are_those_of_one_symbol_of_which_one_has_no_exchange() -> None:
    names = ["BTCUSDT", "ETHUSDT", "binance:BTCUSDT", "bybit:BTCUSDT"]
    assert source_choice.namesakes("BTCUSDT", names) == ["binance:BTCUSDT", "bybit:BTCUSDT"]
    assert source_choice.namesakes("binance:BTCUSDT", names) == ["BTCUSDT"]
    assert source_choice.namesakes("ETHUSDT", names) == []


def test_every_format_that_is_known_to_be_of_an_exchange_is_one() -> None:
    others = {"itch", "iex"}
    assert source_choice._VENUES.keys() - others <= {known.name for known in formats()}
