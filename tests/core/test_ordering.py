from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, BookEvents, Columns, Trades, concatenated
from processor.core.merge import ordering
from processor.core.merge.ordering import in_time_order
from processor.core.merge.parts import Batch, Part
from processor.core.report import Report
from processor.errors import DatasetError, Disordered
from processor.formats.opening import sorting
from processor.formats.opening.sorting import sorted_part
from tests.core.parts import part, part_of
from tests.core.streams import Trade, Update, columns_of_book

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECOND_NS = 1_000_000_000


def run(parts: list[Part], report: Report | None = None) -> tuple[Trades | None, BookEvents | None]:
    trades: list[Trades] = []
    book: list[BookEvents] = []
    until_ns = None
    for chunk in in_time_order(parts, report or Report()):
        for columns in (*chunk.trades, *chunk.book):
            assert len(columns)
            assert until_ns is None or columns.time_ns[0] > until_ns
            assert columns.time_ns[-1] <= chunk.until_ns
        until_ns = chunk.until_ns
        trades += chunk.trades
        book += chunk.book
    return concatenated(trades) if trades else None, concatenated(book) if book else None


def in_rows(columns: Columns | None) -> list[tuple[int, int]]:
    return [] if columns is None else list(zip(columns.time_ns.tolist(), columns.price_ticks.tolist(), strict=True))


@given(
    st.lists(st.integers(0, 300), max_size=60),
    st.lists(st.integers(0, 300), max_size=60),
    st.integers(1, 20),
    st.integers(1, 20),
    st.booleans(),
)
def test_rows_in_any_order_come_out_in_time_order_and_stable(
    trade_times: list[int],
    book_times: list[int],
    size: int,
    other_size: int,
    together: bool,  # noqa: FBT001 - Hypothesis draws it
) -> None:
    trades = [Trade(time * SECOND_NS, i + 1, 1, 1) for i, time in enumerate(trade_times)]
    book = [Update(time * SECOND_NS, 0, i, 1) for i, time in enumerate(book_times)]
    parts = [part(trades, book, size)] if together else [part(trades, [], size), part([], book, other_size)]

    trades_out, book_out = run(parts)

    wanted_trades = sorted(trades, key=lambda trade: trade.time_ns)
    wanted_book = sorted(book, key=lambda update: update.time_ns)
    assert in_rows(trades_out) == [(trade.time_ns, trade.price_ticks) for trade in wanted_trades]
    assert in_rows(book_out) == [(update.time_ns, update.price_ticks) for update in wanted_book]


@given(
    st.lists(st.lists(st.integers(0, 20_000), max_size=30), min_size=1, max_size=5),
    st.integers(1, 12),
    st.sampled_from([3, 20, 10_000]),
    st.booleans(),
)
def test_parts_over_any_times_come_out_by_time_and_then_by_part_whatever_is_held_back(
    tmp_path_factory: pytest.TempPathFactory,
    times: list[list[int]],
    size: int,
    held_rows: int,
    knows_begin: bool,  # noqa: FBT001 - Hypothesis draws it
) -> None:
    parts, rows = [], []
    for number, each in enumerate(times):
        # Each trade is another one, so that none is told twice.
        trades = [Trade(at * SECOND_NS, 1000 + 10 * i + number, 1 + number, BUY) for i, at in enumerate(each)]
        first_ns = min((trade.time_ns for trade in trades[:size]), default=0) if knows_begin else None
        parts.append(part(trades, [], size, name=f"{number}.csv", first_ns=first_ns))
        rows += trades
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "HELD_ROWS", held_rows)
        patch.setattr(sorting, "RUN_ROWS", held_rows)
        patch.setattr(sorting, "BLOCK_ROWS", 4)
        try:
            found, _ = run(parts)
        except Disordered:
            found, _ = run([sorted_part(each, tmp_path_factory.mktemp("sort")) for each in parts])
    got = [] if found is None else list(zip(found.time_ns.tolist(), found.size_lots.tolist(), strict=True))
    assert [time for time, _ in got] == sorted(trade.time_ns for trade in rows)
    assert sorted(got) == sorted((trade.time_ns, trade.size_lots) for trade in rows)
    if not knows_begin:
        assert got == sorted(got)


def test_a_long_sorted_part_is_released_as_it_is_read_and_bounded_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ordering, "HELD_ROWS", 100)
    read = 0

    def batches() -> Iterator[Batch]:
        nonlocal read
        for at in range(200):
            read += 10
            yield Batch(None, columns_of_book([Update((at * 10 + i) * SECOND_NS, 0, 1, 1) for i in range(10)]), at)

    released = 0
    for chunk in in_time_order([part_of(batches)], Report()):
        released += sum(map(len, chunk.book))
        assert read - released <= 200
    assert released == 2000


def test_a_part_is_not_opened_before_its_time_has_come() -> None:
    opened: list[str] = []

    def day(number: int) -> Part:
        rows = [Update((number * 1000 + at) * SECOND_NS, 0, 1, 1) for at in range(900)]

        def batches() -> Iterator[Batch]:
            opened.append(f"{number}")
            for at in range(0, 900, 100):
                yield Batch(None, columns_of_book(rows[at : at + 100]), at)

        return part_of(batches, name=f"{number}.csv", first_ns=number * 1000 * SECOND_NS)

    seen = [len(opened) for _ in in_time_order([day(number) for number in (2, 0, 1)], Report())]
    assert opened == ["0", "1", "2"]
    assert seen[0] < 3


def test_rows_further_out_of_order_than_is_held_back_are_told_and_come_out_right_once_sorted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ordering, "HELD_ROWS", 1)
    monkeypatch.setattr(sorting, "RUN_ROWS", 2)
    rows = [Update(time * SECOND_NS, 0, i, 1) for i, time in enumerate([0, 100, 200, 300, 10, 400, 10])]
    with pytest.raises(Disordered, match=r"a\.csv: its rows are too far out of order"):
        run([part([], rows, 1)])

    _, book = run([sorted_part(part([], rows, 1), tmp_path)])

    assert in_rows(book) == [
        (time * SECOND_NS, i) for time, i in zip((0, 10, 10, 100, 200, 300, 400), (0, 4, 6, 1, 2, 3, 5), strict=True)
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_runs_ahead_waits_for_the_other() -> None:
    trades = [Trade(time * SECOND_NS, 1 + time, 1, 1) for time in range(0, 1000, 100)]
    book = [Update(time * SECOND_NS, 0, time, 1) for time in range(1000)]

    trades_out, book_out = run([part(trades, [], 10), part([], book, 7)])

    assert trades_out is not None
    assert book_out is not None
    assert (len(trades_out), len(book_out)) == (10, 1000)


def test_a_silence_is_a_minute_without_trades_and_updates() -> None:
    report = Report()
    trades = [Trade(time * SECOND_NS, 1, 1, 1) for time in (0, 50, 300)]
    book = [Update(time * SECOND_NS, 0, 1, 1) for time in (0, 100, 301)]

    run([part(trades, [], 1), part([], book, 1)], report)

    (silence,) = report.incidents
    assert (silence.kind, silence.time_ns, silence.until_ns) == ("silences", 100 * SECOND_NS, 300 * SECOND_NS)
    assert "200 s" in silence.detail


def test_the_report_tells_how_many_events_have_been_read_and_when_they_are_all() -> None:
    report = Report()
    trades = [Trade(time * SECOND_NS, 1, 1, 1) for time in range(30)]
    chunks = in_time_order([part(trades, [Update(0, 0, 1, 1)], 10)], report)

    next(chunks)
    assert (report.trades, report.book_events, report.complete) == (30, 1, False)
    assert list(chunks) == []
    assert report.complete


def test_no_parts_give_no_chunks() -> None:
    assert list(in_time_order([], Report())) == []


def test_a_trade_of_no_size_or_at_no_price_is_left_out_and_located() -> None:
    report = Report()
    trades, _ = run(
        [part([Trade(1, 100, 2, BUY), Trade(2, 999, 0, BUY), Trade(3, 0, 5, SELL), Trade(4, 101, 1, SELL)])], report
    )
    assert in_rows(trades) == [(1, 100), (4, 101)]
    assert [(each.kind, each.line, each.detail) for each in report.incidents] == [
        ("not_trades", 2, "a size of 0"),
        ("not_trades", 3, "a price of 0"),
    ]


def test_a_price_of_0_is_one_where_prices_fall_below_it_however_much_later() -> None:
    report = Report()
    rows = [
        Trade(1, 3, 1, BUY),
        Trade(2, 0, 1, SELL),
        *(Trade(at, 1, 1, BUY) for at in range(3, 90)),
        Trade(99, -37, 1, SELL),
    ]
    trades, _ = run([part(rows, size=2)], report)
    assert trades is not None
    assert len(trades) == len(rows)
    (told,) = report.incidents
    assert told.detail == "a price of -3.7: below 0 and 0 are taken as prices here"


UPDATES = [Update(at * SECOND_NS, BID, 100, at) for at in range(1, 9)]
SNAPSHOT = [Update(5 * SECOND_NS, CLEAR, 0, 0), Update(5 * SECOND_NS, BID, 99, 2), Update(5 * SECOND_NS, ASK, 101, 1)]


def test_updates_before_the_first_snapshot_are_dropped_wherever_its_file_lies() -> None:
    report = Report()
    updates = part([], UPDATES, name="updates.csv", first_ns=SECOND_NS, has_snapshots=True, rank=1)
    snapshots = part([], SNAPSHOT, name="snapshots.csv", first_ns=5 * SECOND_NS, has_snapshots=True)
    _, book = run([updates, snapshots], report)
    assert in_rows(book)[:3] == [(5 * SECOND_NS, 0), (5 * SECOND_NS, 99), (5 * SECOND_NS, 101)]
    assert in_rows(book)[3:] == [(at * SECOND_NS, 100) for at in (5, 6, 7, 8)]
    assert report.counts["before_snapshot"] == 4


def test_a_later_snapshot_is_placed_among_the_updates_of_another_file_by_its_time() -> None:
    later = [replace_time(update, 7) for update in SNAPSHOT]
    updates = part([], UPDATES, name="u.csv", has_snapshots=True, rank=1)
    _, book = run([part([], SNAPSHOT + later, name="s.csv", has_snapshots=True), updates])
    assert book is not None
    assert np.flatnonzero(book.side == CLEAR).tolist() == [0, 5]
    assert book.time_ns[5] == 7 * SECOND_NS


def replace_time(update: Update, seconds: int) -> Update:
    return update._replace(time_ns=seconds * SECOND_NS)


def test_trades_are_taken_from_the_better_source_for_as_long_as_it_tells_them() -> None:
    report = Report()
    recorded = [Trade(at * SECOND_NS, 100, 1, BUY) for at in range(10)]
    archived = [Trade(at * SECOND_NS, 100, 1, BUY) for at in range(3, 7)]
    trades, _ = run(
        [
            part(recorded, name="recording.gz", trades_rank=1),
            part(archived, name="archive.csv", first_ns=3 * SECOND_NS, trades_rank=0),
        ],
        report,
    )
    assert in_rows(trades) == [(at * SECOND_NS, 100) for at in range(10)]
    assert (report.counts["unused"], report.incidents[0].file) == (4, "recording.gz")


def test_ids_that_are_missing_are_found_over_parts_and_rows_that_are_no_trades() -> None:
    report = Report()
    rows = [Trade(at, 100, 0 if at == 3 else 1, BUY) for at in range(1, 6)]
    first = part(rows, ids=[1, 2, 3, 4, 7], increasing_ids=True, consecutive_ids=True, first_ns=1, name="1.csv")
    second = part(
        [Trade(10, 100, 1, BUY)], ids=[8], increasing_ids=True, consecutive_ids=True, first_ns=10, name="2.csv"
    )
    run([first, second], report)
    gaps = [(each.file, each.line) for each in report.incidents if each.kind == "gaps"]
    assert gaps in ([("1.csv", 5)], [("1.csv, 2.csv", 5)])


@given(
    ids=st.permutations(range(1, 9)),
    missing=st.sets(st.integers(1, 8), max_size=3),
    again=st.none() | st.integers(0, 7),
)
def test_a_trade_whose_id_comes_again_at_another_time_is_refused_and_all_others_are_played(
    ids: list[int], missing: set[int], again: int | None
) -> None:
    told = [number for number in ids if number not in missing]
    if again is not None:
        told.append(told[again % len(told)])
    hour_ns = 3600 * SECOND_NS
    parts = [
        part([Trade(at * hour_ns, 100, 1, BUY)], ids=[id_], increasing_ids=True, first_ns=at * hour_ns, name=f"{at}")
        for at, id_ in enumerate(told)
    ]
    # Of ids before the first one nothing is known: files may begin anywhere.
    if again is not None and told[-1] >= told[0]:
        with pytest.raises(DatasetError, match=rf"{len(told) - 1}: trade {told[-1]} .* was there before"):
            run(parts)
    else:
        assert len(in_rows(run(parts)[0])) == len(told)


def test_a_refusal_of_parts_that_contradict_each_other_names_both() -> None:
    one = [Trade(at * SECOND_NS, 100 + at, 1, BUY) for at in range(20)]
    other = [trade for trade in one if trade.price_ticks % 5]
    with pytest.raises(DatasetError, match=r"a\.csv and b\.csv tell of the same time, but not the same: of 19 and 16"):
        run([part(one, name="a.csv"), part([*other, Trade(20 * SECOND_NS, 1, 1, BUY)], name="b.csv")])
