"""hftbacktest's arrays, generated as its documentation and its own converters have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, UNKNOWN
from processor.errors import DatasetError, UnknownFormat
from processor.formats import open_dataset
from processor.formats.disk import files
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import DAY_US, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.formats.reading import Read

EVENT: Final = np.dtype([
    ("ev", "u8"), ("exch_ts", "i8"), ("local_ts", "i8"), ("px", "f8"), ("qty", "f8"), ("order_id", "u8"),
    ("ival", "i8"), ("fval", "f8"),
], align=True)  # fmt: skip
DEPTH, TRADE, CLEARED, SNAPSHOT = 1, 2, 3, 4
BUYS, SELLS = 1 << 29, 1 << 28
BOTH, AT_EXCHANGE, HERE = 3 << 30, 1 << 31, 1 << 30
NAN: Final = float("nan")

Row = tuple[int, int, float, float]
"""Kind and bits, microseconds, price, size."""

ROWS: Final[list[Row]] = [
    (SNAPSHOT | BUYS, 0, 100.1, 0.3),
    (SNAPSHOT | BUYS, 0, 99.9, 5),
    (SNAPSHOT | SELLS, 0, 100.2, 1e-7),
    (DEPTH | BUYS, 1000, 100.1, 0),
    (TRADE | SELLS, 1500, 100.1, 0.3),
    (TRADE | BUYS, 1600, 100.2, 2),
    (TRADE, 1700, 100.2, 2),
    (DEPTH | SELLS, 2000, 100.3, 1),
]


def new(rows: list[Row], clock: int = BOTH) -> np.ndarray[Any, Any]:
    """The second generation, received 500 us later."""
    made = np.zeros(len(rows), EVENT)
    for number, (kind, at_us, price, size) in enumerate(rows):
        time_ns = (DAY_US + at_us) * 1000
        made[number] = (kind | clock, time_ns, time_ns + 500_000, price, size, 0, 0, 0)
    return made


def old(rows: list[Row]) -> np.ndarray[Any, Any]:
    """The first generation."""
    sides = {BUYS: 1.0, SELLS: -1.0, 0: 0.0}
    return np.array(
        [
            (kind & 255, DAY_US + at_us, DAY_US + at_us + 500, sides[kind & ~255], price, size)
            for kind, at_us, price, size in rows
        ],
        np.float64,
    )


def npz(folder: Path, array: np.ndarray[Any, Any], name: str = "btcusdt_20240808.npz") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / name, data=array)
    return folder


def levels(found: Read) -> list[tuple[int, str, str]]:
    return [(row.side, str(row.price.normalize()), str(row.size.normalize())) for row in book_of(found.book)]


@pytest.mark.parametrize("generation", [new, old])
def test_both_generations_hold_the_numbers_that_were_meant(tmp_path: Path, generation: Any) -> None:
    dataset = open_dataset(npz(tmp_path, generation(ROWS)))
    assert (dataset.format, dataset.instruments) == ("hftbacktest", ("btcusdt",))
    found = read(tmp_path)
    assert levels(found) == [
        (BID, "100.1", "0.3"), (BID, "99.9", "5"), (ASK, "100.2", "1E-7"), (BID, "100.1", "0"), (ASK, "100.3", "1"),
    ]  # fmt: skip
    assert found.trades is not None
    assert found.trades.aggressor.tolist() == [SELL, BUY, UNKNOWN]
    assert found.trades.time_ns.tolist() == [(DAY_US + at) * 1000 for at in (1500, 1600, 1700)]
    assert found.report.counts == {"unknown_sides": 1}
    assert found.consumed_bytes == found.size_bytes
    local = read(tmp_path, clock="local").trades
    assert local is not None
    assert local.time_ns[0] == (DAY_US + 2000) * 1000


def test_recorded_data_comes_back_from_floats_digit_for_digit(shared_data: Path, tmp_path: Path) -> None:
    original = read(shared_data / "tardis", "binance:BTCUSDT")
    assert original.trades is not None
    assert original.book is not None
    rows = [
        (DEPTH | (BUYS if side == BID else SELLS), time, float(price), float(size))
        if side != CLEAR
        else (CLEARED, time, NAN, 0.0)
        for time, side, price, size in book_of(original.book)
    ]
    rows += [
        (TRADE | (BUYS if aggressor == BUY else SELLS), time, float(price), float(size))
        for time, price, size, aggressor in trades_of(original.trades)
    ]
    made = np.zeros(len(rows), EVENT)
    for column, values in zip(("ev", "exch_ts", "px", "qty"), zip(*rows, strict=True), strict=True):
        made[column] = values
    kinds = made["ev"].copy()
    made["ev"] |= np.uint64(BOTH)
    made["local_ts"] = made["exch_ts"]
    sides = np.where(kinds & np.uint64(BUYS), 1, np.where(kinds & np.uint64(SELLS), -1, 0))
    times = made["exch_ts"] // 1000
    first = np.stack([kinds & np.uint64(255), times, times, sides, made["px"], made["qty"]], axis=1).astype(np.float64)
    for folder, array in (("new", made), ("old", first)):
        found = read(npz(tmp_path / folder, array))
        assert trades_of(found.trades) == trades_of(original.trades)
        assert book_of(found.book) == book_of(original.book)


def test_a_clear_takes_one_side_away_from_the_best_price_to_its_own(tmp_path: Path) -> None:
    rows = [
        *((DEPTH | BUYS, 0, price, 1.0) for price in (8, 9, 10)),
        *((DEPTH | SELLS, 0, price, 1.0) for price in (11, 12, 13)),
        (CLEARED | BUYS, 1, 9, 0),
        (CLEARED | SELLS, 2, 12, 0),
        (DEPTH | BUYS, 3, 7.5, 1),
        (CLEARED | BUYS, 4, NAN, 0),
        (CLEARED, 5, NAN, 0),
        (CLEARED | SELLS, 6, 100, 0),
    ]
    found = levels(read(npz(tmp_path, new(rows))))
    assert found[6:] == [
        (BID, "9", "0"), (BID, "1E+1", "0"), (ASK, "11", "0"), (ASK, "12", "0"),
        (BID, "7.5", "1"), (BID, "7.5", "0"), (BID, "8", "0"),
        (CLEAR, "0", "0"),
    ]  # fmt: skip


def test_rows_of_the_other_clock_are_passed_over(tmp_path: Path) -> None:
    rows = np.concatenate([new(ROWS[:2], AT_EXCHANGE), new(ROWS[2:4], HERE), new(ROWS[4:], 0)])
    npz(tmp_path / "new", rows)
    assert [len(book_of(read(tmp_path / "new", clock=clock).book)) for clock in ("exchange", "local")] == [3, 3]
    table = old(ROWS)
    table[0, 1] = table[1, 2] = -1
    npz(tmp_path / "old", table)
    assert [len(book_of(read(tmp_path / "old", clock=clock).book)) for clock in ("exchange", "local")] == [4, 4]


def test_files_continue_each_other_and_a_snapshot_of_the_day_before_goes_first(tmp_path: Path) -> None:
    npz(tmp_path, new(ROWS[3:]))
    npz(tmp_path, new(ROWS[:3]), "btcusdt_20240807_eod.npz")
    npz(tmp_path, new(ROWS), "ethusdt_20240808.npz")
    assert open_dataset(tmp_path).instruments == ("btcusdt", "ethusdt")
    assert levels(read(tmp_path, "btcusdt")) == levels(read(tmp_path, "ethusdt"))


@pytest.mark.parametrize("made", [new, old])
def test_a_file_that_begins_with_a_snapshot_without_a_clear_begins_the_book_anew(
    tmp_path: Path, made: Callable[[list[Row]], Any]
) -> None:
    npz(tmp_path, made(ROWS), "btcusdt_20240808.npz")
    evening: list[Row] = [(SNAPSHOT | BUYS, 9000, 110.5, 1), (SNAPSHOT | SELLS, 9000, 111, 3)]
    npz(tmp_path, made(evening), "btcusdt_20240809_eod.npz")
    npz(tmp_path, made([(DEPTH | BUYS, 9500, 109, 2)]), "btcusdt_20240810.npz")
    seen = levels(read(tmp_path))
    assert [side for side, _, _ in seen].count(CLEAR) == 1
    assert [row[0] for row in seen[-4:]] == [CLEAR, BID, ASK, BID]
    assert seen[-3:] == [(BID, "110.5", "1"), (ASK, "111", "3"), (BID, "109", "2")]


@pytest.mark.parametrize("at", range(1, 6))
def test_a_file_that_ends_within_a_snapshot_is_continued_by_the_next(tmp_path: Path, at: int) -> None:
    rows: list[Row] = [(CLEARED, 0, 0, 0), *ROWS[:3], (SNAPSHOT | SELLS, 0, 100.4, 2), (DEPTH | BUYS, 10, 99, 1)]
    npz(tmp_path / "one", new(rows))
    npz(tmp_path / "two", new(rows[:at]), "btcusdt_20240808_1.npz")
    npz(tmp_path / "two", new(rows[at:]), "btcusdt_20240808_2.npz")
    assert levels(read(tmp_path / "two")) == levels(read(tmp_path / "one"))


def test_a_bare_array_is_read_too(tmp_path: Path) -> None:
    np.save(tmp_path / "XBTUSD.npy", new(ROWS))
    assert open_dataset(tmp_path).instruments == ("XBTUSD",)
    assert len(levels(read(tmp_path))) == 5


@pytest.mark.parametrize("read_bytes", [1, 63, 65, 500])
@pytest.mark.parametrize("generation", [new, old])
def test_how_much_is_read_at_once_changes_no_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_bytes: int, generation: Any
) -> None:
    rows = [*ROWS, (CLEARED | SELLS, 2500, 100.25, 0), (CLEARED | BUYS, 2600, 0, 0), (DEPTH | BUYS, 2700, 1.2345, 1)]
    npz(tmp_path, generation(rows))
    whole = read(tmp_path)
    monkeypatch.setattr(files, "_PLAIN_READ_BYTES", read_bytes)
    pieces = read(tmp_path)
    assert (levels(pieces), trades_of(pieces.trades)) == (levels(whole), trades_of(whole.trades))
    assert pieces.report.files == whole.report.files


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ((DEPTH | BUYS, 50, NAN, 1.0), "px is missing ('NaN')"),
        ((DEPTH | BUYS, 50, float("inf"), 1.0), "px 'inf' is not a number"),
        ((DEPTH | BUYS, 50, 1.0, -1.0), "qty '-1' is negative"),
        ((DEPTH | BUYS, 50, 1 / 3, 1.0), "px '0.3333333333333333' has too many decimals"),
        ((DEPTH, 50, 1.0, 1.0), "a level without a side"),
        ((10 | BUYS, 50, 1.0, 1.0), "a kind of event other than 1 to 4"),
        ((TRADE | BUYS, 9 * 86_400_000_000, 1.0, 1.0), "time 2024-08-17T00:00:00+00:00 is far from the rows around it"),
    ],
)
@pytest.mark.parametrize("generation", [new, old])
def test_a_malformed_row_is_skipped_and_located(tmp_path: Path, broken: Row, reason: str, generation: Any) -> None:
    rows: list[Row] = [(DEPTH | BUYS, at, 10.0, 1.0) for at in range(150)]
    rows[49] = broken
    found = read(npz(tmp_path, generation(rows)))
    (incident,) = found.report.incidents
    assert (incident.kind, incident.file, incident.line) == ("malformed", "btcusdt_20240808.npz/data.npy", 50)
    assert incident.detail == reason
    assert len(levels(found)) == 149


def test_a_time_that_is_no_whole_number_of_microseconds_is_malformed(tmp_path: Path) -> None:
    table = old([(DEPTH | BUYS, at, 10.0, 1.0) for at in range(150)])
    table[49, 1] += 0.5
    (incident,) = read(npz(tmp_path, table)).report.incidents
    assert (incident.line, incident.detail) == (50, "a time that is not a whole number")


def test_an_array_that_ends_early_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", new(ROWS))
    write(tmp_path / "a.npy", (tmp_path / "a.npy").read_bytes()[:-70])
    (*_, incident) = read(tmp_path).report.incidents
    assert (incident.kind, incident.line, incident.detail) == ("incomplete", 7, "the file ends after 6 of 8 rows")


def test_rows_beyond_those_that_an_array_says_it_has_are_left_out_with_a_word(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", new(ROWS))
    write(tmp_path / "a.npy", (tmp_path / "a.npy").read_bytes() + new(ROWS).tobytes())
    found = read(tmp_path)
    (*_, incident) = found.report.incidents
    assert (incident.kind, incident.line) == ("incomplete", 9)
    assert incident.detail == "the file is longer than the 8 rows that its header states: the rest is left out"
    assert len(trades_of(found.trades)) == 3


def test_other_arrays_are_not_of_the_format_and_columns_lying_apart_are_refused(tmp_path: Path) -> None:
    for array in (np.arange(5.0), np.ones((9, 6)), np.zeros(3, [("ev", "u8")]), np.zeros((2, 2, 6))):
        npz(tmp_path / "other", array)
        with pytest.raises(UnknownFormat):
            open_dataset(tmp_path / "other")
    np.save(tmp_path / "apart.npy", np.asfortranarray(old(ROWS)))
    with pytest.raises(DatasetError, match=r"apart\.npy: the array is stored column by column"):
        open_dataset(tmp_path / "apart.npy")


LATER: Final[list[Row]] = [
    (SNAPSHOT | BUYS, 0, 100.0, 1.0),
    *((DEPTH | SELLS, 1_000_000 * at, 101.0 + at % 7, float(at)) for at in range(1, 30)),
    *((TRADE | BUYS, 1_000_000 * at + 5, 101.0, 0.5) for at in range(1, 30) for _ in range(at % 3)),
]
IN_ORDER: Final = sorted(LATER, key=lambda row: row[1])


@pytest.mark.parametrize("made", [new, old])
@pytest.mark.parametrize(("beyond", "begin"), [(40, 20), (40, 0), (59, 50), (30, 30), (25, 10)])
def test_arrays_that_overlap_are_one(tmp_path: Path, made: Callable[[list[Row]], Any], beyond: int, begin: int) -> None:
    alone = read(npz(tmp_path / "one", made(IN_ORDER)))
    npz(tmp_path / "two", made(IN_ORDER[:beyond]), "btcusdt_20240808.npz")
    npz(tmp_path / "two", made(IN_ORDER[begin:]), "btcusdt_20240808_b.npz")
    both = read(tmp_path / "two")
    assert trades_of(both.trades) == trades_of(alone.trades)
    assert [event for event in book_of(both.book) if event.size] == [
        event for event in book_of(alone.book) if event.size
    ]
    assert both.report.counts["duplicates"] == max(beyond - max(begin, 1), 0)


def test_the_snapshot_of_an_array_that_begins_within_another_is_old(tmp_path: Path) -> None:
    npz(tmp_path, new(IN_ORDER[:40]), "btcusdt_20240808.npz")
    snapshot: list[Row] = [(CLEARED, 5_000_000, NAN, 0.0), (SNAPSHOT | BUYS, 5_000_000, 50.0, 1.0)]
    npz(tmp_path, new([*snapshot, *(row for row in IN_ORDER if row[1] > 5_000_000)]), "btcusdt_20240808_b.npz")
    found = read(tmp_path)
    assert 50 not in {event.price for event in book_of(found.book)}
    assert found.report.counts["old_snapshots"] == 1


def test_arrays_that_tell_the_same_time_otherwise_are_refused_by_both_names(tmp_path: Path) -> None:
    npz(tmp_path, new(IN_ORDER), "btcusdt_20240808.npz")
    changed = [(kind, at_us, price, size + (at_us == 20_000_000)) for kind, at_us, price, size in IN_ORDER[5:]]
    npz(tmp_path, new(changed), "btcusdt_20240808_b.npz")
    with pytest.raises(
        DatasetError, match=r"btcusdt_20240808\.npz.* and btcusdt_20240808_b\.npz.* cover the same time"
    ):
        read(tmp_path)


def test_a_clear_of_a_side_and_rows_out_of_order_around_it_are_refused_with_what_to_do(tmp_path: Path) -> None:
    rows: list[Row] = [
        (SNAPSHOT | BUYS, 0, 100.0, 1), (DEPTH | BUYS, 10, 99.0, 1), (CLEARED | BUYS, 20, 99.0, 0),
        (DEPTH | BUYS, 30, 98.0, 1),
    ]  # fmt: skip
    assert not npz_read(tmp_path / "sound", rows).report.counts
    for number, at_us in ((3, 15), (2, 5)):
        late = list(rows)
        late[number] = (rows[number][0], at_us, *rows[number][2:])
        with pytest.raises(
            DatasetError, match=rf"row {number + 1} is 0\.0000\d+ s before a row above it.*sort the array"
        ):
            npz_read(tmp_path / f"{number}", late)


def npz_read(folder: Path, rows: list[Row]) -> Read:
    npz(folder, new(rows), "btcusdt_20240808.npz")
    return read(folder)
