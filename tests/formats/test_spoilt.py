"""What fuzzing has found, each in its smallest form, so that it stays mended."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.report import Report
from processor.errors import DatasetError, UnknownFormat
from processor.formats import open_dataset
from processor.formats.lines.tables import DayCheck, OrderCheck
from processor.formats.lines.text import Layout, integer
from tests.formats import one_market, samples, test_mapping, test_sqlite_tables, websocket_samples
from tests.formats.reading import read
from tests.formats.samples import LOBSTER_BOOK, LOBSTER_MESSAGES, lines, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MANY = 300


@pytest.mark.parametrize("column", ["bid_px_00", "ts_event", "price"])
def test_a_header_that_names_a_column_twice_is_refused(tmp_path: Path, column: str) -> None:
    header = samples.DATABENTO_HEADER.replace("symbol", f"{column},symbol")
    row = samples.databento_row(5, "A", "B", "1", "2", ("1,2,3,4", "1,2,3,4"))
    write(tmp_path / "a.csv", lines(header, row.replace(",AAPL", ",1,AAPL")))
    with pytest.raises(DatasetError, match=rf"a\.csv: the header names the column {column} twice"):
        read(tmp_path)


def test_a_mapping_that_names_a_column_for_two_things_is_refused(tmp_path: Path) -> None:
    test_mapping.trades_file(tmp_path, test_mapping.TRADES.replace('"qty"', '"px"'))
    assert "the column 'px' is used for two keys" in test_mapping.refusal(tmp_path)


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        (test_mapping.TRADES + 'buy = "x"\nsell = "x"\n', "the word 'x' stands for two of buy, sell, unknown"),
        (test_mapping.TRADES + 'sell = "buy"\n', "the word 'buy' stands for two of buy, sell, unknown"),
        (test_mapping.BOOK + 'ask = "bid"\n', "the word 'bid' stands for two of bid, ask"),
        (
            test_mapping.BOOK + 'snapshot = "s"\nsnapshot_word = "false"\n',
            "the word 'false' stands for two of snapshot_word, update_word",
        ),
    ],
)
def test_a_mapping_in_which_a_word_stands_for_two_things_is_refused(tmp_path: Path, mapping: str, reason: str) -> None:
    test_mapping.trades_file(tmp_path, mapping)
    assert test_mapping.refusal(tmp_path).endswith(reason)


def test_a_mapping_of_endless_nesting_is_refused(tmp_path: Path) -> None:
    test_mapping.trades_file(tmp_path, "a = " + "[" * 100_000)
    assert "mapping.toml cannot be read" in test_mapping.refusal(tmp_path)


def test_a_header_without_a_column_is_shown_as_far_as_a_terminal_can(tmp_path: Path) -> None:
    test_mapping.trades_file(tmp_path, header="when,px,\x1b[31mqty,taker" + ",x" * 10_000)
    said = test_mapping.refusal(tmp_path)
    assert said.isprintable()
    assert len(said) < 1000


@pytest.mark.parametrize(
    "levels",
    ["[" * 100_000, '["12", "34"]', '[["1e999999999", "1"]]', "[[1e999999999, 1]]", '[["1", "1e-999999999"]]'],
    ids=["nested", "texts", "huge", "huge number", "tiny"],
)
def test_levels_in_a_database_that_are_none_are_malformed(tmp_path: Path, levels: str) -> None:
    good = [("X", "[[1, 2]]", "[]", test_sqlite_tables.ISO.format(at)) for at in range(MANY)]
    test_sqlite_tables.database(
        tmp_path / "a.db", book=[*good, ("X", levels, "[]", test_sqlite_tables.ISO.format(999))]
    )
    assert read(tmp_path).report.counts == {"malformed": 1}


@pytest.mark.parametrize("time", ["1e999999999", "1_723_075_200", "\u0661\u0661", "NaN", "-1", b"\xff"])
def test_times_in_a_database_that_are_none_are_malformed(tmp_path: Path, time: Any) -> None:
    good = [("X", 1.0, 1.0, "buy", test_sqlite_tables.ISO.format(at)) for at in range(MANY)]
    test_sqlite_tables.database(tmp_path / "a.db", [*good, ("X", 1.0, 1.0, "buy", time)])
    assert read(tmp_path).report.counts == {"malformed": 1}


def test_what_a_damaged_database_holds_is_not_printed_raw(tmp_path: Path) -> None:
    path = test_sqlite_tables.database(tmp_path / "a.db", [("XYZW", 1.0, 1.0, "buy", "x")])
    path.write_bytes(path.read_bytes().replace(b"XYZW", b"\x1b\x07\xff\n"))
    with pytest.raises(DatasetError, match="the database cannot be read") as refusal:
        open_dataset(tmp_path)
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    "writer",
    [samples.binance_raw, websocket_samples.okx_raw, websocket_samples.bybit_raw, websocket_samples.kraken_raw],
)
def test_a_recording_whose_first_line_is_spoilt_is_known_by_the_next(
    tmp_path: Path, writer: Callable[[Path], Path]
) -> None:
    (path,) = writer(tmp_path / "good").iterdir()
    content = b"".join(block.data for file in open_dataset(path).files for block in file.blocks())
    write(tmp_path / "spoilt" / path.name, b"\x00\x00" + content * 200)
    assert open_dataset(tmp_path / "spoilt").format == open_dataset(path).format


@pytest.mark.parametrize("time_ns", [2**63 - 1, 2**63 - 86_400 * 10**9, 0, -(2**63)])
def test_a_first_time_at_an_end_of_the_range_is_no_overflow(time_ns: int) -> None:
    report = Report()
    times = np.array([time_ns, *range(1_723_075_200_000_000_000, 1_723_075_200_000_000_005)])
    near = DayCheck("a.csv", report).near(times, np.arange(1, 7))
    assert near.tolist() == [False, True, True, True, True, True]
    assert report.counts == {"malformed": 1}
    assert "is it in another unit?" in report.incidents[0].detail


DAY_NS = 86_400 * 10**9
NOON_NS = 1_723_118_400 * 10**9


@pytest.mark.parametrize(
    ("days", "wrong"),
    [
        ([0, 0, 3, 3, 3], []),  # a weekend
        ([0, 2, 5, 9, 40], []),  # a market that hardly trades
        ([9, 6, 3, 1], []),  # newest first
        ([0, 0, 30, 0, 0], [2]),  # one time that somebody mangled
        ([0, 0, 30, 60, 0, 0], [2, 3]),  # two of them
        ([0, 0, -30, 0, 0], [2]),
        ([5, 5, 5, 0, 0], []),  # files put together in the wrong order
        ([0, 0, 7], []),  # the last trade of an option
    ],
)
def test_a_gap_is_told_from_a_mangled_time_by_what_follows(days: list[int], wrong: list[int]) -> None:
    times = np.array([NOON_NS + day * DAY_NS + row for row, day in enumerate(days)])
    whole = DayCheck("a.csv", Report()).near(times, np.arange(len(times)))
    assert np.flatnonzero(~whole).tolist() == wrong
    for cut in range(1, len(times)):
        check = DayCheck("a.csv", Report())
        first = check.near(times[:cut], np.arange(cut), times[cut:])
        second = check.near(times[cut:], np.arange(cut, len(times)))
        assert np.concatenate((first, second)).tolist() == whole.tolist()


TIMES = st.lists(st.sampled_from([0, 1, DAY_NS - 1, DAY_NS, 30 * DAY_NS, -9 * DAY_NS, 2**62 - NOON_NS]), max_size=6)


@given(before=TIMES, now=TIMES, ahead=TIMES, first_may_be_old=st.booleans())
def test_rows_that_need_not_wait_are_told_alike_whatever_follows(
    *, before: list[int], now: list[int], ahead: list[int], first_may_be_old: bool
) -> None:
    times, following = np.array(now, np.int64) + NOON_NS, np.array(ahead, np.int64) + NOON_NS
    found = []
    for known in (following[:0], following):
        check = DayCheck("a.csv", Report(), first_may_be_old=first_may_be_old)
        check.near(np.array(before, np.int64) + NOON_NS, np.arange(len(before)))
        if check.needs_ahead(times):
            return
        near = check.near(times, np.arange(len(times)), known)
        found.append((near.tolist(), check.near(following, np.arange(len(following))).tolist()))
    assert found[0] == found[1]


def test_a_time_far_before_the_row_above_is_no_overflow() -> None:
    report = Report()
    OrderCheck(report).check("a.csv", np.array([2**62, -(2**63)]), np.array([1, 2]))
    assert report.incidents[0].detail == "13835058055.282164 s before the row above"


def test_a_layout_that_repeats_a_column_reads_its_last() -> None:
    parsed = Layout([integer("a"), integer("b"), integer("b")]).parse(b"1,2,3\n" * 1000, 1000)
    assert parsed.values.shape == (2, 1000)
    assert parsed.values[1].tolist() == [3] * 1000


def test_a_footer_that_is_damaged_is_refused_by_name(tmp_path: Path) -> None:
    (path,) = one_market.own_trades(tmp_path, one_market.market(20)).rglob("*.parquet")
    content = path.read_bytes()
    refused = 0
    for at in range(len(content) - 700, len(content) - 8, 3):
        path.write_bytes(content[:at] + bytes([content[at] ^ 8]) + content[at + 1 :])
        with contextlib.suppress(DatasetError):
            read(tmp_path)
            continue
        refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    "header",
    [b"{'descr': [(((", b"{'descr': ',', 'fortran_order': False, 'shape': (1,), }", b"{'shape': (-1L,)}", b"\xff" * 40],
)
def test_an_array_whose_header_is_damaged_is_no_array_of_events(tmp_path: Path, header: bytes) -> None:
    write(tmp_path / "a.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(640))
    with pytest.raises(UnknownFormat, match=r"a\.npy: a NumPy array without"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("digits", ["9" * 5000, "\u0661"])
def test_a_depth_that_is_no_small_number_is_no_book(tmp_path: Path, digits: str) -> None:
    book = websocket_samples.bybit_book(0, "snapshot", 7, [("1", "1")], [])
    trades = [websocket_samples.bybit_trades(at, ("Buy", "1", "1")) for at in range(MANY)]
    write(tmp_path / "a.txt", lines(*trades, book.replace(".50.", f".{digits}.")))
    found = read(tmp_path)
    assert found.book is None
    assert found.trades is not None


@pytest.mark.parametrize("day", ["0001-01-01", "2263-01-01", "9999-12-31"])
def test_a_day_that_has_no_room_in_nanoseconds_is_no_day(tmp_path: Path, day: str) -> None:
    write(tmp_path / f"X_{day}_1_2_message_2.csv", lines(*LOBSTER_MESSAGES.split("\n")[:4]))
    with pytest.raises(DatasetError, match="holds LOBSTER messages, but its name lacks their day"):
        open_dataset(tmp_path)


def test_an_orderbook_file_of_other_levels_than_its_name_says_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "X_2012-06-21_1_2_message_99999999.csv", LOBSTER_MESSAGES)
    write(tmp_path / "X_2012-06-21_1_2_orderbook_99999999.csv", LOBSTER_BOOK)
    with pytest.raises(DatasetError, match=r"orderbook_99999999\.csv: its name says 99999999 levels, its rows hold 2"):
        open_dataset(tmp_path)
