"""Recordings of one stream that overlap, in one folder: as one alone."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from processor.core.events import CLEAR
from processor.errors import DatasetError
from processor.formats import binance_sequence, open_dataset
from processor.formats.disk import files
from processor.formats.lines import headers
from processor.formats.recordings import trade_ids
from tests.formats.reading import book_of, read, trades_of
from tests.formats.recorders import VENUES, recording
from tests.formats.samples import DAY_US, binance_depth, binance_line, binance_snapshot, binance_trade, lines, write
from tests.formats.websocket_samples import bybit_book
from tests.reference import Book, Reference, aggregate

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.formats.reading import Read
    from tests.formats.recorders import Venue


def kinds(found: Read) -> dict[str, int]:
    return {kind: count for kind, count in found.report.counts.items() if count}


def sides_of(found: Read) -> tuple[dict[str, str], dict[str, str]]:
    book = Book()
    for event in book_of(found.book):
        book.apply(event)
    bids, asks = ({str(price): str(size) for price, size in side.sizes.items()} for side in (book.bid, book.ask))
    return bids, asks


def binance_step(step: int) -> str:
    """Update `step` + 1: the market moves up by a tick every five."""
    bid = 1000 + step // 5
    levels = ([[str(bid), str(step % 9 + 1)]], [[str(bid), "0"], [str(bid + 1), "5"]])
    return binance_depth(100 * step, step + 1, step + 1, *levels, previous_id=step)


def binance_whole(step: int) -> str:
    """A REST snapshot that holds update `step` + 1."""
    bid = 1000 + step // 5
    bids = [[str(1000 + k), "1"] for k in range(step // 5)] + [[str(bid), str(step % 9 + 1)]]
    return binance_snapshot(100 * step - 50, step + 1, bids, [[str(bid + 1), "5"]])


def binance_recording(folder: Path, first: int, last: int, name: str) -> None:
    rows = [binance_step(first), binance_whole(first), *(binance_step(step) for step in range(first + 1, last))]
    trades = [binance_trade(100 * step + 1, step, "1000", "1", maker=True) for step in range(first, last)]
    write(folder / name, lines(*(row for pair in zip(rows, [*trades, ""], strict=False) for row in pair if row)))


@pytest.mark.parametrize(("first", "last"), [(1, 200), (20, 150), (60, 300), (198, 300)])
def test_a_second_recorder_of_binance_tells_nothing_twice_and_its_snapshot_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int, last: int
) -> None:
    monkeypatch.setattr(binance_sequence, "_DIFFS_KEPT", 8)
    monkeypatch.setattr(trade_ids, "_IDS_KEPT", 8)
    binance_recording(tmp_path / "one", 0, max(200, last), "a.gz")
    binance_recording(tmp_path / "two", 0, 200, "a.gz")
    binance_recording(tmp_path / "two", first, last, "b.gz")
    alone, both = read(tmp_path / "one"), read(tmp_path / "two")
    assert book_of(both.book) == book_of(alone.book)
    assert trades_of(both.trades) == trades_of(alone.trades)
    told_twice = min(200, last) - first
    assert kinds(both) == {"duplicates": 2 * told_twice, "old_snapshots": 1}


def test_a_snapshot_that_the_book_has_passed_is_left_out(tmp_path: Path) -> None:
    rows = [binance_snapshot(0, 1, [["9", "1"]]), *(binance_step(step) for step in range(1, 30))]
    found = read(write(tmp_path / "a.txt", lines(*rows, binance_whole(12))))
    assert found.book is not None
    assert (found.book.side == CLEAR).sum() == 1
    (incident,) = found.report.incidents
    assert (incident.kind, incident.line) == ("old_snapshots", 31)
    assert incident.detail == "the book is ahead of this snapshot, which is of update 13"


def test_a_snapshot_mends_what_was_missing_before_it_though_the_book_has_passed_it(tmp_path: Path) -> None:
    seen = [step for step in range(1, 30) if step not in {10, 11}]
    rows = [binance_snapshot(0, 1, [["9", "1"]]), *map(binance_step, seen), binance_whole(20), binance_step(30)]
    found = read(write(tmp_path / "a.txt", lines(*rows)))
    assert kinds(found) == {"gaps": 1}
    assert "9" not in sides_of(found)[0]
    assert sides_of(found)[0]["1006"] == "4"


def test_a_snapshot_that_mends_a_part_of_a_gap_is_taken_and_the_rest_is_still_one(tmp_path: Path) -> None:
    seen = [step for step in range(1, 30) if not 10 <= step < 20]
    rows = [binance_snapshot(0, 1, [["9", "1"]]), *map(binance_step, seen), binance_whole(15)]
    found = read(write(tmp_path / "a.txt", lines(*rows, binance_whole(24))))
    assert "9" not in sides_of(found)[0]
    assert kinds(found) == {"gaps": 1}


def test_a_snapshot_whose_updates_are_no_longer_kept_mends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binance_sequence, "_DIFFS_KEPT", 4)
    seen = [step for step in range(1, 30) if step not in {10, 11}]
    rows = [binance_snapshot(0, 1, [["9", "1"]]), *map(binance_step, seen), binance_whole(15)]
    found = read(write(tmp_path / "a.txt", lines(*rows)))
    assert kinds(found) == {"gaps": 1, "old_snapshots": 1}
    assert sides_of(found)[0]["9"] == "1"


def test_of_two_snapshots_before_any_update_the_newer_one_is_taken(tmp_path: Path) -> None:
    rows = [binance_snapshot(0, 5, [["7", "1"]]), binance_snapshot(9, 3, [["8", "1"]])]
    found = read(write(tmp_path / "a.txt", lines(*rows, binance_depth(100, 6, 6, [["6", "1"]]))))
    assert sides_of(found)[0] == {"7": "1", "6": "1"}
    assert kinds(found) == {"old_snapshots": 1}


def test_an_update_that_overlaps_the_one_before_leaves_no_gap(tmp_path: Path) -> None:
    rows = [binance_snapshot(0, 5), binance_depth(100, 6, 9, [["1", "1"]]), binance_depth(200, 8, 11, [["1", "2"]])]
    found = read(write(tmp_path / "a.txt", lines(*rows)))
    assert kinds(found) == {}
    assert sides_of(found)[0] == {"1": "2"}


def test_updates_that_one_recorder_of_binance_missed_are_those_of_the_other(tmp_path: Path) -> None:
    def rows(*missed: int) -> list[str]:
        return [
            binance_snapshot(0, 1, [["9", "1"]]),
            *(binance_step(step) for step in range(1, 30) if step not in missed),
        ]

    alone = read(write(tmp_path / "one/a.txt", lines(*rows())))
    write(tmp_path / "two/a.txt", lines(*rows(4, 10, 11, 12, 20, 29)))
    write(tmp_path / "two/b.txt", lines(*rows(2, 3, 11)))
    write(tmp_path / "two/c.txt", lines(*rows()))
    found = read(tmp_path / "two")
    assert book_of(found.book) == book_of(alone.book)
    assert found.report.counts["gaps"] == 3


def test_trades_that_one_recorder_missed_are_those_of_the_other(tmp_path: Path) -> None:
    def trades(*ids: int) -> list[str]:
        return [binance_trade(100 * trade_id, trade_id, "1", "1", maker=True) for trade_id in ids]

    write(tmp_path / "a.txt", lines(*trades(1, 2, 3, 7, 8, 9)))
    write(tmp_path / "b.txt", lines(*trades(2, 3, 4, 5, 6, 7, 8, 9, 10)))
    found = read(tmp_path)
    assert found.trades is not None
    assert [(time_ns - DAY_US * 1000) // 10**8 for time_ns in found.trades.time_ns.tolist()] == list(range(1, 11))
    assert kinds(found) == {"duplicates": 5, "gaps": 1}


def test_trades_without_ids_are_known_by_their_content_and_those_alike_by_their_number(tmp_path: Path) -> None:
    def trade(at_ms: int, price: str) -> str:
        return binance_trade(at_ms, 1, price, "1", maker=True).replace('"t":1,', "")

    same = [trade(300, "2")] * 3
    write(tmp_path / "a.txt", lines(trade(100, "1"), *same, trade(400, "3")))
    write(tmp_path / "b.txt", lines(*same[:2], trade(400, "3"), trade(500, "3")))
    found = read(tmp_path)
    assert found.trades is not None
    assert found.trades.price_ticks.tolist() == [1, 2, 2, 2, 3, 3]
    write(tmp_path / "b.txt", lines(trade(400, "3"), trade(500, "3")))
    assert len(trades_of(read(tmp_path).trades)) == 7  # the second begins when the first ends


def test_a_snapshot_that_names_its_symbol_is_used_among_several(tmp_path: Path) -> None:
    rows = [
        binance_line(0, {"lastUpdateId": 5, "symbol": "XYZUSDT", "bids": [["7", "1"]], "asks": []}),
        binance_line(0, {"lastUpdateId": 5, "symbol": "ABCUSDT", "bids": [["1", "1"]], "asks": []}),
        binance_snapshot(1, 5, [["9", "1"]]),
        binance_depth(100, 6, 6, [["2", "1"]]),
        binance_depth(100, 6, 6, [["8", "1"]], symbol="XYZUSDT"),
    ]
    path = write(tmp_path / "a.txt", lines(*rows))
    assert sides_of(read(path, "ABCUSDT"))[0] == {"1": "1", "2": "1"}
    found = read(path, "XYZUSDT")
    assert sides_of(found)[0] == {"7": "1", "8": "1"}
    assert [(incident.kind, incident.line) for incident in found.report.incidents] == [("unused", 3)]


def late_symbol(folder: Path, monkeypatch: pytest.MonkeyPatch, *, missing: bool) -> Path:
    """A file in which another symbol begins further on than symbols are looked for."""
    monkeypatch.setattr(files, "_PLAIN_READ_BYTES", 1000)
    monkeypatch.setattr(headers, "_SEARCHED_BYTES", 1)
    steps = [step for step in range(1, 700) if not (missing and step == 9)]
    rows = [binance_snapshot(0, 1), *map(binance_step, steps)]
    rows += [binance_depth(70_001, 7, 7, [["1", "1"]], symbol="XYZUSDT"), binance_snapshot(70_002, 800, [["1", "1"]])]
    return write(folder / "a.txt", lines(*rows, *map(binance_step, range(700, 900))))


def test_from_another_symbol_on_no_snapshot_without_a_symbol_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = late_symbol(tmp_path, monkeypatch, missing=False)
    assert open_dataset(path).instruments == ("ABCUSDT",)
    found = read(path)
    assert found.book is not None
    assert (found.book.side == CLEAR).sum() == 1
    assert sorted((incident.kind, incident.line) for incident in found.report.incidents) == [
        ("assumptions", 701), ("unused", 702),
    ]  # fmt: skip


def test_a_snapshot_that_may_be_of_another_symbol_and_is_not_confirmed_refuses_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = late_symbol(tmp_path, monkeypatch, missing=True)
    with pytest.raises(DatasetError, match=r"a\.txt: line 700 is of XYZUSDT, and snapshots name no symbol"):
        read(path)


def told_by(*recordings: str) -> tuple[Reference, Read]:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in zip("abc", recordings, strict=False):
            write(Path(folder) / f"{name}_20240808.txt", content)
        found = read(Path(folder))
    return aggregate(trades_of(found.trades), book_of(found.book), interval_ns=10**9, obi_levels=0), found


@pytest.mark.parametrize("make", VENUES, ids=lambda make: make.__name__)
@settings(max_examples=6)
@given(bounds=st.lists(st.integers(0, 79), min_size=4, max_size=4).map(sorted), lag_ms=st.integers(0, 2000))
def test_two_recorders_of_a_venue_tell_what_one_does(make: Callable[[], Venue], bounds: list[int], lag_ms: int) -> None:
    venue = make()
    start, begin, end, last = bounds
    assume(begin + 1 < end)  # equal rows where one file ends and the other begins are real
    alone, _ = told_by(recording(venue, start, last + 1))
    one, two = (start, end + 1), (begin, last + 1)
    both, found = told_by(recording(venue, *one), recording(venue, *two, lag_ms=lag_ms))
    assert both == alone
    assert found.report.counts["gaps"] == 0
    assert found.report.counts["checksum_failures"] == 0
    within, _ = told_by(recording(venue, start, last + 1), recording(venue, begin, end + 1, lag_ms=lag_ms))
    assert within == alone


@pytest.mark.parametrize("make", VENUES, ids=lambda make: make.__name__)
@settings(max_examples=6)
@given(bounds=st.lists(st.integers(1, 78), min_size=3, max_size=3).map(sorted), lag_ms=st.integers(0, 2000))
def test_what_one_recorder_missed_is_that_of_the_other(
    make: Callable[[], Venue], bounds: list[int], lag_ms: int
) -> None:
    venue = make()
    begin, gone, back = bounds
    alone, _ = told_by(recording(venue, 0, 80))
    away = range(max(gone, begin + 1), back)
    both, _ = told_by(recording(venue, 0, 80, missed=away), recording(venue, begin, 80, lag_ms=lag_ms))
    assert both == alone


@pytest.mark.parametrize("make", VENUES, ids=lambda make: make.__name__)
@settings(max_examples=6)
@given(cut=st.integers(1, 150), overlap=st.integers(0, 150))
def test_a_recording_that_is_cut_or_repeated_is_one(make: Callable[[], Venue], cut: int, overlap: int) -> None:
    content = recording(make(), 0, 80)
    rows = content.split("\n")[:-1]
    cut = min(cut, len(rows) - 1)
    again = max(cut - overlap, 0)
    alone, _ = told_by(content)
    assert told_by(lines(*rows[:cut]), lines(*rows[again:]))[0] == alone
    assert told_by(content, content)[0] == alone


def bybit(folder: Path, *rows: str, name: str = "a.txt") -> Path:
    write(folder / name, lines(*(f"{DAY_US + 1000 * at} {row}" for at, row in enumerate(rows))))
    return folder


def delta(at_ms: int, number: int, price: str) -> str:
    return bybit_book(at_ms, "delta", number, [(price, "1")], [])


def whole(at_ms: int, number: int, price: str, depth: int = 50) -> str:
    return bybit_book(at_ms, "snapshot", number, [(price, "1")], [], depth=depth)


def test_within_a_file_a_snapshot_of_a_time_before_the_books_is_left_out(tmp_path: Path) -> None:
    rows = (whole(0, 7, "1"), delta(10, 8, "2"), delta(20, 9, "3"), whole(10, 8, "9"), delta(30, 10, "4"))
    found = read(bybit(tmp_path, *rows))
    assert sides_of(found)[0] == dict.fromkeys("1234", "1")
    assert kinds(found) == {"old_snapshots": 1}


def test_a_snapshot_after_a_reconnect_or_a_restart_of_the_exchange_replaces_the_book(tmp_path: Path) -> None:
    found = read(bybit(tmp_path / "a", whole(0, 7, "1"), delta(10, 8, "2"), whole(900, 50, "9"), delta(910, 51, "8")))
    assert sides_of(found)[0] == {"9": "1", "8": "1"}
    found = read(bybit(tmp_path / "b", whole(0, 7, "1"), delta(10, 8, "2"), whole(900, 1, "9"), delta(910, 2, "8")))
    assert sides_of(found)[0] == {"9": "1", "8": "1"}
    assert kinds(found) == {}


def test_of_two_snapshots_of_one_time_the_venues_number_says_which_is_older(tmp_path: Path) -> None:
    rows = (whole(0, 7, "1"), delta(10, 8, "2"), whole(10, 7, "9"), delta(30, 9, "4"))
    found = read(bybit(tmp_path, *rows))
    assert sides_of(found)[0] == dict.fromkeys("124", "1")
    assert kinds(found) == {"old_snapshots": 1}


def test_a_broken_book_is_mended_by_another_recordings_snapshot_which_takes_over(tmp_path: Path) -> None:
    first = (whole(0, 7, "1"), delta(10, 8, "2"), delta(100, 20, "3"), delta(200, 21, "4"), delta(300, 22, "5"))
    bybit(tmp_path, *first)
    second = (whole(150, 20, "8"), delta(200, 21, "4"), delta(300, 22, "5"), delta(400, 23, "6"))
    write(tmp_path / "b.txt", lines(*(f"{DAY_US + 1500 + 1000 * at} {row}" for at, row in enumerate(second))))
    found = read(tmp_path)
    assert sides_of(found)[0] == dict.fromkeys("8456", "1")
    assert kinds(found) == {"gaps": 1}


def test_a_recording_of_fewer_levels_beside_one_of_more_is_reported(tmp_path: Path) -> None:
    bybit(tmp_path, whole(0, 7, "1"), delta(10, 8, "2"))
    bybit(tmp_path, whole(0, 70, "3", depth=500), name="b.txt")
    found = read(tmp_path)
    assert sides_of(found)[0] == {"3": "1"}
    (incident,) = found.report.incidents
    assert (incident.kind, incident.file) == ("unused", "a.txt")
    assert incident.detail == "its books (50) are left out: the books of 500 are read"
