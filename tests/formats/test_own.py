from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, UNKNOWN, BookEvents, Trades, concatenated
from processor.core.report import Report
from processor.errors import DatasetError, SettingError, TooManyMalformed
from processor.formats import own
from processor.formats.disk.files import SourceFile
from processor.formats.own import FORMAT, DatasetWriter, time_range

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from processor.core.merge.parts import Batch

START_NS = 1_767_600_000_000_000_000
METADATA = {
    "orderflow.version": "1",
    "orderflow.kind": "book",
    "orderflow.instrument": "X",
    "orderflow.price_decimals": "2",
    "orderflow.size_decimals": "3",
}


def book_of(rows: int, first_ns: int = START_NS) -> BookEvents:
    numbers = np.arange(rows, dtype=np.int64)
    return BookEvents(
        time_ns=first_ns + numbers // 3 * 1000,
        price_ticks=10_000 + numbers % 7,
        size_lots=numbers % 11,
        price_decimals=2,
        size_decimals=3,
        side=(numbers % 2).astype(np.int8),
    )


def trades_of(*aggressors: int) -> Trades:
    numbers = np.arange(len(aggressors), dtype=np.int64)
    return Trades(
        time_ns=START_NS + numbers,
        price_ticks=10_000 + numbers,
        size_lots=1 + numbers,
        price_decimals=2,
        size_decimals=3,
        aggressor=np.array(aggressors, dtype=np.int8),
    )


def files_in(folder: Path) -> list[SourceFile]:
    return [SourceFile(path) for path in sorted(folder.rglob("*.parquet"))]


def batches_of(files: Sequence[SourceFile], clock: str, report: Report, *, trades: bool = False) -> list[Batch]:
    parts = sorted(FORMAT.parts(files, "X", clock, report), key=lambda part: part.first_ns or 0)
    return [batch for part in parts if part.trades == trades for batch in part.read(report)]


def read_book(files: Sequence[SourceFile], report: Report, clock: str = "exchange") -> list[BookEvents]:
    return [batch.book for batch in batches_of(files, clock, report) if batch.book is not None]


def read_trades(files: Sequence[SourceFile], report: Report) -> list[Trades]:
    return [batch.trades for batch in batches_of(files, "exchange", report, trades=True) if batch.trades is not None]


def assert_equal_rows(found: BookEvents | Trades, expected: BookEvents | Trades) -> None:
    names = ["time_ns", "price_ticks", "size_lots", "side" if isinstance(found, BookEvents) else "aggressor"]
    for name in names:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
    assert (found.price_decimals, found.size_decimals) == (expected.price_decimals, expected.size_decimals)


def hand_made(path: Path, columns: dict[str, Any], **metadata: str) -> SourceFile:
    frame = pl.DataFrame(columns)
    overrides = {f"orderflow.{key}": value for key, value in metadata.items()}
    frame.write_parquet(path, metadata=METADATA | overrides, mkdir=True)
    return SourceFile(path)


def hand_made_columns(rows: int = 4) -> dict[str, Any]:
    book = book_of(rows)
    return {"time_ns": book.time_ns, "side": book.side, "price_ticks": book.price_ticks, "size_lots": book.size_lots}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    book, trades = book_of(1000), trades_of(BUY, SELL, BUY)
    with DatasetWriter(tmp_path, "X", 2, 3) as writer:
        writer.write_book(book)
        writer.write_trades(trades)
    report = Report()
    assert_equal_rows(concatenated(read_book(files_in(tmp_path), report)), book)
    assert_equal_rows(concatenated(read_trades(files_in(tmp_path), report)), trades)
    assert report.published()["rows"] == 1003
    assert report.files["X/book.parquet"].last_ns == book.time_ns[-1]


def test_a_clear_row_and_the_side_codes_survive(tmp_path: Path) -> None:
    book = BookEvents(
        time_ns=np.full(3, START_NS),
        price_ticks=np.array([0, 5, 6]),
        size_lots=np.array([0, 1, 2]),
        price_decimals=2,
        size_decimals=3,
        side=np.array([CLEAR, BID, ASK], dtype=np.int8),
    )
    with DatasetWriter(tmp_path, "X", 2, 3) as writer:
        writer.write_book(book)
    (found,) = read_book(files_in(tmp_path), Report())
    assert found.side.tolist() == [CLEAR, BID, ASK]
    assert found.side.dtype == np.int8


def test_the_instrument_is_the_one_in_the_metadata_whatever_the_folder_is_called(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path, "BTC/USDT perp", 1, 3) as writer:
        writer.write_trades(trades_of(BUY).rescaled(2, 3).rows(slice(0)))
        writer.write_book(
            BookEvents(
                time_ns=np.array([1]),
                price_ticks=np.array([1]),
                size_lots=np.array([1]),
                price_decimals=1,
                size_decimals=3,
                side=np.array([0], dtype=np.int8),
            )
        )
    (file,) = files_in(tmp_path)
    assert file.path.parent == tmp_path / "BTC_USDT_perp"
    assert FORMAT.instruments(file, file.head()) == {"BTC/USDT perp"}


def test_other_parquet_files_and_broken_ones_are_not_of_this_layout(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other.parquet")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no footer")
    (tmp_path / "text.parquet").write_text("time_ns,side\n")
    for file in files_in(tmp_path):
        assert not FORMAT.instruments(file, file.head()), file.name
    assert time_range(files_in(tmp_path)) is None


def test_long_histories_are_cut_into_parts_that_do_not_depend_on_the_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "PART_ROWS", 100)
    book = book_of(250)
    for name, cut in (("whole", 250), ("pieces", 30)):
        with DatasetWriter(tmp_path / name, "X", 2, 3) as writer:
            for begin in range(0, 250, cut):
                writer.write_book(book.rows(slice(begin, begin + cut)))
    whole = files_in(tmp_path / "whole")
    assert [file.name for file in whole] == ["book-0000.parquet", "book-0001.parquet", "book-0002.parquet"]
    pieces = files_in(tmp_path / "pieces")
    assert [file.path.read_bytes() for file in whole] == [file.path.read_bytes() for file in pieces]
    assert_equal_rows(concatenated(read_book(whole, Report())), book)


def test_parts_are_read_in_the_order_of_their_first_times_whatever_their_names(tmp_path: Path) -> None:
    late, early = book_of(5, START_NS + 1_000_000), book_of(5)
    for name, book in (("a-day", late), ("b-day", early)):
        with DatasetWriter(tmp_path / name, "X", 2, 3) as writer:
            writer.write_book(book)
    found = concatenated(read_book(files_in(tmp_path), Report()))
    assert_equal_rows(found, concatenated([early, late]))


def test_batches_are_bounded_and_say_how_much_has_been_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "GROUP_ROWS", 100)
    with DatasetWriter(tmp_path, "X", 2, 3) as writer:
        writer.write_book(book_of(250))
    files = files_in(tmp_path)
    batches = batches_of(files, "exchange", Report())
    assert [len(batch.book) for batch in batches if batch.book] == [100, 100, 50]
    consumed = [batch.consumed_bytes for batch in batches]
    assert consumed == sorted(consumed)
    assert consumed[-1] == files[0].size_bytes


def test_other_instruments_are_passed_over(tmp_path: Path) -> None:
    for instrument in ("X", "Y"):
        with DatasetWriter(tmp_path, instrument, 2, 3) as writer:
            writer.write_book(book_of(5 if instrument == "X" else 7))
    assert sum(len(book) for book in read_book(files_in(tmp_path), Report())) == 5
    assert time_range(files_in(tmp_path), "Y") == (START_NS, START_NS + 2000)


def test_the_time_range_comes_from_the_metadata_or_else_from_the_rows(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path, "X", 2, 3) as writer:
        writer.write_book(book_of(30))
        writer.write_trades(trades_of(BUY))
    hand_made(tmp_path / "later" / "book.parquet", {**hand_made_columns(), "time_ns": [START_NS + 10**9] * 4})
    assert time_range(files_in(tmp_path)) == (START_NS, START_NS + 10**9)


def test_local_times_are_read_where_there_are_any(tmp_path: Path) -> None:
    book = book_of(6)
    with DatasetWriter(tmp_path / "both", "X", 2, 3) as writer:
        writer.write_book(book, local_time_ns=book.time_ns + 77)
    with DatasetWriter(tmp_path / "one", "X", 2, 3) as writer:
        writer.write_book(book)
    (found,) = read_book(files_in(tmp_path / "both"), Report(), clock="local")
    np.testing.assert_array_equal(found.time_ns, book.time_ns + 77)
    (found,) = read_book(files_in(tmp_path / "one"), Report(), clock="local")
    np.testing.assert_array_equal(found.time_ns, book.time_ns)


def test_narrow_integers_and_further_columns_are_accepted(tmp_path: Path) -> None:
    columns = hand_made_columns()
    columns |= {"price_ticks": columns["price_ticks"].astype(np.uint16), "order_id": ["a", "b", "c", "d"]}
    (found,) = read_book([hand_made(tmp_path / "book.parquet", columns)], Report())
    assert found.price_ticks.dtype == np.int64
    assert_equal_rows(found, book_of(4))


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("size_lots", -1, "size_lots is negative"),
        ("side", 5, "side is not 0 to 4"),
        ("side", None, "a field is missing or out of range"),
        ("price_ticks", None, "a field is missing or out of range"),
        ("time_ns", START_NS + 3 * 86_400_000_000_000, "time is over a day outside the range the file states"),
    ],
)
def test_a_malformed_row_is_skipped_counted_and_located(
    tmp_path: Path, column: str, value: int | None, reason: str
) -> None:
    columns = {name: list(values) for name, values in hand_made_columns(200).items()}
    columns[column][41] = value
    span = {"first_time_ns": str(START_NS), "last_time_ns": str(START_NS + 70_000)}
    report = Report()
    (found,) = read_book([hand_made(tmp_path / "X" / "book.parquet", columns, **span)], report)
    assert len(found) == 199
    (incident,) = report.incidents
    assert (incident.kind, incident.file, incident.line) == ("malformed", "X/book.parquet", 42)
    assert incident.detail == reason


def test_a_number_too_large_for_64_bits_is_a_malformed_row(tmp_path: Path) -> None:
    columns = hand_made_columns(200)
    sizes = columns["size_lots"].astype(np.uint64)
    sizes[3] = 2**63
    report = Report()
    (found,) = read_book([hand_made(tmp_path / "book.parquet", columns | {"size_lots": sizes})], report)
    assert len(found) == 199
    assert report.counts["malformed"] == 1


def test_a_file_with_over_one_percent_malformed_rows_is_refused(tmp_path: Path) -> None:
    columns = hand_made_columns(200)
    columns["size_lots"][:30] = -5
    report = Report()
    with pytest.raises(TooManyMalformed, match="30 of 200"):
        read_book([hand_made(tmp_path / "book.parquet", columns)], report)
    assert report.counts["malformed"] == 30


def test_unknown_aggressors_are_kept_and_counted(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path, "X", 2, 3) as writer:
        writer.write_trades(trades_of(BUY, UNKNOWN, SELL, UNKNOWN))
    report = Report()
    (trades,) = read_trades(files_in(tmp_path), report)
    assert trades.aggressor.tolist() == [BUY, UNKNOWN, SELL, UNKNOWN]
    assert report.counts["unknown_sides"] == 2
    assert [incident.line for incident in report.incidents] == [2, 4]


@pytest.mark.parametrize(
    ("columns", "metadata", "message"),
    [
        ({"size_lots": None}, {}, "column size_lots is missing"),
        ({"price_ticks": [1.5, 2.5, 3.5, 4.5]}, {}, "column price_ticks is Float64; expected an integer type"),
        ({}, {"version": "2"}, "supports version 1"),
        ({}, {"kind": "quotes"}, "expected 'trades' or 'book'"),
        ({}, {"price_decimals": "two"}, "price_decimals is 'two'; expected an integer"),
        ({}, {"size_decimals": "40"}, "size_decimals is 40; expected 0 to 18"),
    ],
)
def test_a_file_that_breaks_the_layout_is_refused_with_the_reason(
    tmp_path: Path, columns: dict[str, Any], metadata: dict[str, str], message: str
) -> None:
    given = {name: values for name, values in (hand_made_columns() | columns).items() if values is not None}
    file = hand_made(tmp_path / "book.parquet", given, **metadata)
    assert FORMAT.instruments(file, file.head()) == {"X"}
    with pytest.raises(DatasetError, match=message):
        read_book([file], Report())


def test_a_file_that_lost_its_middle_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "GROUP_ROWS", 1000)
    with DatasetWriter(tmp_path, "X", 2, 3) as writer:
        writer.write_book(book_of(20_000))
    (file,) = files_in(tmp_path)
    content = file.path.read_bytes()
    file.path.write_bytes(content[: len(content) // 3] + content[-len(content) // 3 :])
    with pytest.raises(DatasetError):
        read_book([file], Report())
    capfd.readouterr()


def test_half_a_dataset_is_never_visible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "PART_ROWS", 10)
    writer = DatasetWriter(tmp_path, "X", 2, 3)
    writer.write_book(book_of(25))
    assert [path.name.startswith(".") for path in tmp_path.iterdir()] == [True]
    writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["X"]


def write_backwards(folder: Path) -> None:
    with DatasetWriter(folder, "X", 2, 3) as writer:
        writer.write_book(book_of(5, START_NS + 10_000))
        writer.write_book(book_of(5))


def test_a_failed_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="order of time_ns"):
        write_backwards(tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_instrument_that_is_there_already_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "X").mkdir()
    with pytest.raises(SettingError, match="that one removed first"):
        DatasetWriter(tmp_path, "X", 2, 3)


def test_an_earlier_writing_is_replaced_on_request_but_nothing_else_is(tmp_path: Path) -> None:
    for rows in (5, 7):
        with DatasetWriter(tmp_path, "X", 2, 3, replace=True) as writer:
            writer.write_book(book_of(rows))
    assert sum(len(book) for book in read_book(files_in(tmp_path), Report())) == 7
    (tmp_path / "X" / "notes.txt").write_text("mine")
    with pytest.raises(SettingError, match="that one removed first"):
        DatasetWriter(tmp_path, "X", 2, 3, replace=True)
    assert (tmp_path / "X" / "notes.txt").exists()


def test_coarser_rows_are_brought_to_the_scale_of_the_dataset(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path, "X", 4, 3) as writer:
        writer.write_book(book_of(4))
    (found,) = read_book(files_in(tmp_path), Report())
    assert_equal_rows(found, book_of(4).rescaled(4, 3))
