"""What holds for every text format."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processor.errors import TooManyMalformed
from processor.formats.disk import files
from processor.formats.disk.files import SourceFile
from tests.formats import archive_samples, known_samples, samples, websocket_samples
from tests.formats.reading import Read, read
from tests.formats.samples import TARDIS_TRADES, lines, tardis_trade, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from processor.core.events import Columns

WRITERS = [
    samples.tardis,
    samples.tardis_states,
    samples.tardis_quotes,
    samples.lobster,
    samples.binance_raw,
    samples.databento,
    archive_samples.binance_spot,
    archive_samples.binance_futures,
    archive_samples.binance_aggregated,
    archive_samples.bybit,
    archive_samples.bybit_spot,
    archive_samples.okx,
    archive_samples.okx_bilingual,
    websocket_samples.okx_raw,
    websocket_samples.okx_archive,
    websocket_samples.hyperliquid_raw,
    websocket_samples.bybit_raw,
    websocket_samples.kraken_raw,
    websocket_samples.coinbase_raw,
    websocket_samples.coinbase_advanced,
    websocket_samples.bitstamp_raw,
    *known_samples.TEXTS,
]


def same(one: Columns | None, other: Columns | None) -> bool:
    if one is None or other is None:
        return one is other
    finest = [max(pair) for pair in zip(*((c.price_decimals, c.size_decimals) for c in (one, other)), strict=True)]
    one, other = one.rescaled(*finest), other.rescaled(*finest)
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))


@pytest.fixture(scope="module", params=WRITERS, ids=lambda writer: writer.__name__)
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    writer: Callable[[Path], Path] = request.param
    return writer(tmp_path_factory.mktemp(writer.__name__))


@pytest.fixture(scope="module")
def whole(sample: Path) -> Read:
    return read(sample)


@given(read_bytes=st.integers(1, 300))
@example(read_bytes=1)
def test_how_much_is_read_at_once_changes_no_event(sample: Path, whole: Read, read_bytes: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_PLAIN_READ_BYTES", read_bytes)
        patch.setattr(files, "_PACKED_READ_BYTES", read_bytes)
        pieces = read(sample)
    assert same(whole.trades, pieces.trades)
    assert same(whole.book, pieces.book)
    assert whole.report.files == pieces.report.files
    assert whole.report.counts == pieces.report.counts


def test_at_the_end_all_bytes_are_consumed(sample: Path) -> None:
    found = read(sample)
    assert found.consumed_bytes == found.size_bytes


def test_a_byte_order_mark_windows_line_ends_and_a_missing_last_newline_change_nothing(
    sample: Path, tmp_path: Path
) -> None:
    for path in sample.iterdir():
        file = SourceFile(path)
        content = b"".join(block.data for block in file.blocks())
        write(tmp_path / path.name, b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n").removesuffix(b"\r\n"))
    assert same(read(sample).trades, read(tmp_path).trades)
    assert same(read(sample).book, read(tmp_path).book)


def test_files_may_lie_in_a_zip_archive(sample: Path, tmp_path: Path) -> None:
    files = {path.name: b"".join(block.data for block in SourceFile(path).blocks()) for path in sample.iterdir()}
    samples.zipped(tmp_path / "all.zip", files | {"ReadMe.txt": b"read me"})
    assert same(read(sample).trades, read(tmp_path / "all.zip").trades)
    assert same(read(sample).book, read(tmp_path).book)


def trades_file(folder: Path, *rows: str, name: str = "trades.csv") -> Path:
    return write(folder / name, lines(TARDIS_TRADES, *rows))


def good(count: int = 200) -> list[str]:
    return [tardis_trade(100 * number, "buy", "100", "1") for number in range(count)]


DAYS_US = 86_400_000_000


@pytest.mark.parametrize("name", ["binance_trades_2024-08-08_BTCUSDT.csv", "trades_20240808.csv", "trades.csv"])
@pytest.mark.parametrize("days", [-2, 2, 20_000])
def test_a_time_outside_the_files_day_by_more_than_a_day_is_a_malformed_row(
    tmp_path: Path, name: str, days: int
) -> None:
    rows = good()
    rows[7] = tardis_trade(days * DAYS_US, "buy", "100", "1")
    found = read(trades_file(tmp_path, *rows, name=name))
    assert found.trades is not None
    assert len(found.trades) == 199
    (incident,) = found.report.incidents
    assert (incident.kind, incident.file, incident.line) == ("malformed", name, 9)
    named = "is not on the file's day" if name != "trades.csv" else "is far from the rows around it"
    assert named in incident.detail or "is after the next year" in incident.detail


def test_a_file_may_begin_the_evening_before_its_day_and_end_the_morning_after(tmp_path: Path) -> None:
    rows = [tardis_trade(hours * 3_600_000_000, "buy", "1", "1") for hours in (-23, 0, 47)]
    found = read(trades_file(tmp_path, *rows, name="trades_2024-08-08.csv"))
    assert found.trades is not None
    assert len(found.trades) == 3


def test_a_file_that_names_no_day_may_span_many(tmp_path: Path) -> None:
    rows = [tardis_trade(hours * 3_600_000_000, "buy", "1", "1") for hours in range(0, 24 * 9, 12)]
    found = read(trades_file(tmp_path, *rows))
    assert found.trades is not None
    assert len(found.trades) == len(rows)


def test_a_file_whose_name_holds_another_date_than_its_rows_is_judged_by_its_rows(tmp_path: Path) -> None:
    found = read(trades_file(tmp_path, *good(), name="BTCUSD_20241227.csv"))
    assert found.trades is not None
    assert len(found.trades) == 200


def test_a_file_of_which_over_one_percent_is_malformed_is_refused_with_its_lines(tmp_path: Path) -> None:
    rows = good()
    rows[3] = rows[50] = rows[199] = "broken"
    with pytest.raises(TooManyMalformed) as refusal:
        read(trades_file(tmp_path, *rows))
    assert "over 1 %" in str(refusal.value)
    assert "line 5: symbol is missing" in str(refusal.value)
    assert "line 201" in str(refusal.value)


def test_up_to_one_percent_of_malformed_rows_is_put_up_with_and_reported(tmp_path: Path) -> None:
    rows = good()
    rows[3] = rows[3].replace(",100,", ",1 00,")
    rows[50] += ",1"
    found = read(trades_file(tmp_path, *rows))
    assert [(incident.line, incident.detail) for incident in found.report.incidents] == [
        (5, "price '1 00' is not a number"),
        (52, "more fields after amount, the last column"),
    ]
    assert found.report.files["trades.csv"].rows == 200
    assert found.report.counts["malformed"] == 2


def test_rows_earlier_than_the_row_above_are_counted_and_located_in_the_chosen_clock(tmp_path: Path) -> None:
    rows = good(4)
    rows[2] = rows[2].replace(str(samples.DAY_US + 200), str(samples.DAY_US + 50), 1)
    path = trades_file(tmp_path, *rows)
    assert read(path, clock="local").report.counts["out_of_order"] == 0
    report = read(path).report
    (incident,) = report.incidents
    assert (incident.kind, incident.line) == ("out_of_order", 4)
    assert incident.time_ns == (samples.DAY_US + 50) * 1000
    assert incident.detail == "0.000050 s before the row above"


def test_the_report_says_how_many_rows_each_file_has_and_what_time_they_span(tmp_path: Path) -> None:
    write(tmp_path / "day/a.csv", lines(TARDIS_TRADES, *good(3)))
    report = read(tmp_path).report
    entry = report.files["day/a.csv"]
    assert (entry.rows, entry.first_ns, entry.last_ns) == (
        3,
        samples.DAY_US * 1000,
        (samples.DAY_US + 200) * 1000,
    )


def test_files_that_continue_each_other_are_read_in_the_order_of_their_first_times(tmp_path: Path) -> None:
    rows = good(6)
    trades_file(tmp_path, *rows[4:], name="a.csv")
    trades_file(tmp_path, *rows[:2], name="b.csv")
    write(tmp_path / "c.csv.gz", lines(TARDIS_TRADES, *rows[2:4]))
    found = read(tmp_path)
    assert found.trades is not None
    assert found.trades.time_ns.tolist() == [(samples.DAY_US + 100 * number) * 1000 for number in range(6)]
    assert not found.report.incidents


def test_a_packed_file_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = write(tmp_path / "trades.csv.gz", lines(TARDIS_TRADES, *good(5000)))
    whole.write_bytes(whole.read_bytes()[:-2000])
    found = read(tmp_path)
    assert found.trades is not None
    assert 1000 < len(found.trades) < 5000
    assert [incident.kind for incident in found.report.incidents] == ["incomplete"]
