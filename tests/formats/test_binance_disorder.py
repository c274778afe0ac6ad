"""Binance's diffs out of the order of their ids, and doubled: the book is that of a dictionary with all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.errors import DatasetError
from tests.formats.reading import book_of, read
from tests.formats.samples import DAY_US, binance_depth, binance_snapshot, lines, write
from tests.reference import Book

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.formats.reading import Read

STEP_MS = 100


def depth(number: int, at_ms: int | None = None) -> str:
    """Update `number`, which sets one of three bids."""
    at_ms = STEP_MS * number if at_ms is None else at_ms
    return binance_depth(at_ms, number, number, [[str(1 + number % 3), str(number)]])


def bids_of(numbers: Iterable[int]) -> dict[int, int]:
    """The snapshot's bid, and what these updates come to, one after the other."""
    return {9: 1} | {1 + number % 3: number for number in numbers}


def bids_after(found: Read) -> dict[int, dict[int, int]]:
    """The bids after each time, by ms of the day."""
    book, after = Book(), {}
    for event in book_of(found.book):
        book.apply(event)
        bids = {int(price): int(size) for price, size in book.bid.sizes.items()}
        after[event.time_ns // 10**6 - DAY_US // 1000] = bids
    return after


def told(folder: Path, rows: list[str]) -> Read:
    return read(write(folder / "abcusdt_20240808.txt", lines(*rows)))


@given(
    numbers=st.permutations(range(1, 9)),
    doubled=st.lists(st.integers(0, 7), max_size=3),
    snapshot_at=st.integers(0, 8),
    last_id=st.integers(0, 8),
)
def test_whatever_the_order_of_the_updates_the_book_ends_as_by_their_ids(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], doubled: list[int], snapshot_at: int, last_id: int
) -> None:
    numbers = numbers[:]
    for at in doubled:
        numbers.insert(at, numbers[at])
    rows = [depth(number) for number in numbers]
    rows.insert(snapshot_at, binance_snapshot(STEP_MS * 9, last_id, [["9", "1"]]))
    found = told(tmp_path_factory.mktemp("data"), rows)
    after = bids_after(found)
    heard = sorted(number for number in numbers if number > last_id)
    if not after:
        assert not heard
        return
    for at_ms, bids in after.items():
        assert bids == bids_of(number for number in heard if STEP_MS * number <= at_ms), at_ms
    assert after[max(after)] == bids_of(heard)
    assert found.report.counts["duplicates"] or last_id or not doubled


def test_an_update_doubled_before_the_first_snapshot_counts_once(tmp_path: Path) -> None:
    found = told(tmp_path, [depth(1), depth(2), depth(2), binance_snapshot(250, 1, [["9", "1"]]), depth(3)])
    assert found.report.counts["duplicates"] == 1
    assert [event.price for event in book_of(found.book)] == [0, 9, 3, 1]


def test_an_update_older_than_the_one_after_the_snapshot_stays_in_the_book_and_is_told(tmp_path: Path) -> None:
    found = told(tmp_path, [binance_snapshot(50, 0, [["9", "1"]]), depth(2), depth(1), depth(3)])
    assert bids_after(found)[200] == bids_of([1, 2])
    assert found.report.counts["held_back"] == 1


def test_an_update_dated_a_day_ahead_is_refused_where_all_others_would_wait_for_it(tmp_path: Path) -> None:
    rows = [binance_snapshot(50, 0, [["9", "1"]]), depth(1, at_ms=86_400_000), *map(depth, range(2, 9))]
    with pytest.raises(DatasetError, match=r"row 3 happened \d+ s before row 2 of .*: one of the two times is damaged"):
        told(tmp_path, rows)
