from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, concatenated
from processor.core.merge import ordering
from processor.core.merge.ordering import in_time_order
from processor.core.merge.parts import batch
from processor.core.report import Report
from processor.errors import DatasetError
from tests.core.parts import part, part_of
from tests.core.streams import Trade, Update, columns_of_book, columns_of_trades

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processor.core.merge.parts import Batch, Part

MS = 1_000_000


def told(parts: list[Part]) -> tuple[list[Trade], Report]:
    """The trades that come out of parts, in order, and what is said of them."""
    report = Report()
    found = [columns for chunk in in_time_order(parts, report) for columns in chunk.trades]
    if not found:
        return [], report
    trades = concatenated(found)
    columns = (trades.time_ns, trades.price_ticks, trades.size_lots, trades.aggressor)
    return [Trade._make(row) for row in zip(*(column.tolist() for column in columns), strict=True)], report


def named(name: str, trades: list[Trade], **more: Any) -> Part:
    return part(trades, name=name, first_ns=trades[0].time_ns if trades else None, **more)


@st.composite
def tapes(draw: st.DrawFn) -> list[Trade]:
    """Trades of which many share a time, and some are equal."""
    steps = draw(st.lists(st.sampled_from([0, 0, 1, 5]), min_size=8, max_size=40))
    rows, time_ns = [], 10**18
    for step in steps:
        time_ns += step * MS
        price, size = draw(st.integers(100, 103)), draw(st.integers(1, 2))
        rows.append(Trade(time_ns, price, size, draw(st.sampled_from([BUY, SELL]))))
    return rows


@given(tapes(), st.booleans())
def test_the_same_file_twice_is_taken_once(tape: list[Trade], reverse: bool) -> None:  # noqa: FBT001 - drawn
    assume(len({trade.time_ns for trade in tape}) >= 3)
    parts = [named("a.csv", tape), named("a (1).csv", tape)]
    found, report = told(parts[::-1] if reverse else parts)
    assert found == tape
    assert report.counts["duplicates"] == len(tape)


@given(tapes(), st.data())
def test_parts_of_a_file_that_overlap_are_taken_once_or_refused_by_name(tape: list[Trade], data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(tape)))
    end = data.draw(st.integers(begin, len(tape)))
    common = {trade.time_ns for trade in tape[begin:end]}
    parts = [named("1.csv", tape[:end]), named("2.csv", tape[begin:])]
    found, report = told(parts)
    if len(common) >= 2:
        assert Counter(found) == Counter(tape)
        assert [trade.time_ns for trade in found] == [trade.time_ns for trade in tape]
    else:
        # One moment in both is a seam, at which equal rows are real.
        assert Counter(found) == Counter(tape) + Counter(tape[begin:end]) - Counter(dict.fromkeys(tape[begin:end], 0))
        assert report.counts["duplicates"] == 0


@given(tapes(), st.integers(1, 30))
def test_files_that_continue_each_other_keep_equal_rows_at_the_seam(tape: list[Trade], at: int) -> None:
    at = min(at, len(tape))
    found, report = told([named("1.csv", tape[:at]), named("2.csv", tape[at:])])
    assert found == tape
    assert report.counts["duplicates"] == report.counts["overlapping"] == 0


@given(tapes())
def test_buys_and_sells_apart_are_taken_together(tape: list[Trade]) -> None:
    buys, sells = ([trade for trade in tape if trade.aggressor == side] for side in (BUY, SELL))
    found, report = told([named("buys.csv", buys), named("sells.csv", sells)])
    assert Counter(found) == Counter(tape)
    assert report.counts["duplicates"] == 0


@given(tapes(), st.data())
def test_with_ids_each_trade_is_taken_once_whatever_each_file_lacks(tape: list[Trade], data: st.DataObject) -> None:
    ids = list(range(1, len(tape) + 1))
    parts, any_file = [], set()
    for number in range(3):
        kept = data.draw(st.lists(st.sampled_from(ids), unique=True, min_size=1).map(sorted))
        any_file |= set(kept)
        rows = [tape[each - 1] for each in kept]
        parts.append(named(f"{number}.csv", rows, ids=kept))
    spans = [(each.first_ns or 0, max(tape[i - 1].time_ns for i in any_file)) for each in parts]
    assume(all(low < high for low, high in spans))
    found, _ = told(parts)
    assert not Counter(tape[each - 1] for each in any_file) - Counter(found)


@given(tapes(), st.data())
def test_a_copy_that_lacks_rows_is_never_added_up_in_silence(tape: list[Trade], data: st.DataObject) -> None:
    times = sorted({trade.time_ns for trade in tape})
    assume(len(times) >= 5)
    lacking = data.draw(st.sampled_from(times[1:-1]))
    copy = [trade for trade in tape if trade.time_ns != lacking]
    try:
        found, report = told([named("a.csv", tape), named("b.csv", copy)])
    except DatasetError as refusal:
        assert "a.csv and b.csv tell of the same time, but not the same" in str(refusal)  # noqa: PT017 - either will do
    else:
        assert report.counts["overlapping"] or Counter(found) == Counter(tape)


def test_files_of_two_markets_never_share_a_candle() -> None:
    bitcoin = [Trade(10**18 + at * MS, 60_000 + at, 1, BUY) for at in range(9)]
    ether = [Trade(10**18 + at * MS, 3000 + at, 1, BUY) for at in range(9)]
    with pytest.raises(DatasetError, match=r"XBTUSD\.csv and ETHUSD\.csv .* by a factor of 20.*\{stem\}"):
        told([named("XBTUSD.csv", bitcoin), named("ETHUSD.csv", ether)])


@pytest.mark.parametrize("held_rows", [1, 3, 20])
def test_copies_are_taken_once_however_little_is_compared_at_once(
    monkeypatch: pytest.MonkeyPatch, held_rows: int
) -> None:
    monkeypatch.setattr(ordering, "HELD_ROWS", held_rows)
    monkeypatch.setattr(ordering, "HELD_NS", 2 * MS)
    tape = [Trade(10**18 + at // 3 * MS, 100 + at % 2, 1, BUY) for at in range(200)]
    found, report = told([named("a.csv", tape, size=2), named("b.csv", tape[50:120], size=3)])
    assert found == tape
    assert report.counts["duplicates"] == 70


def test_a_month_and_its_days_are_taken_once() -> None:
    month = [Trade(10**18 + at * MS, 100 + at % 7, 1, BUY if at % 3 else SELL) for at in range(3000)]
    days = [named(f"day{first}.csv", month[first : first + 1000]) for first in (0, 1000, 2000)]
    found, report = told([named("month.csv", month), *days])
    assert found == month
    assert report.counts["duplicates"] == len(month)


def book_told(parts: list[Part]) -> tuple[list[Update], Report]:
    report = Report()
    found = concatenated([columns for chunk in in_time_order(parts, report) for columns in chunk.book])
    columns = (found.time_ns, found.side, found.price_ticks, found.size_lots)
    return [Update._make(row) for row in zip(*(column.tolist() for column in columns), strict=True)], report


def snapshots(side: int, times: list[int]) -> list[Update]:
    levels = ((CLEAR, 0, 0), (side, 100 + side, 1), (side, 100 + 3 * side, 2))
    return [Update(at, *level) for at in times for level in levels]


def test_bids_and_asks_apart_are_one_book() -> None:
    times = [10**18 + at * MS for at in range(5)]
    found, report = book_told(
        [part([], snapshots(BID, times), name="bids.csv"), part([], snapshots(ASK, times), name="asks.csv")]
    )
    assert [update.side for update in found] == [CLEAR, BID, BID, ASK, ASK] * 5
    assert report.counts["duplicates"] == 0


def test_a_book_that_two_files_tell_is_taken_once() -> None:
    times = [10**18 + at * MS for at in range(5)]
    rows = snapshots(BID, times)
    found, report = book_told([part([], rows, name="a.csv"), part([], rows, name="b.csv")])
    assert found == rows
    assert report.counts["duplicates"] == len(rows)


def test_snapshots_of_two_files_that_differ_are_refused_by_name() -> None:
    times = [10**18 + at * MS for at in range(6)]
    with pytest.raises(DatasetError, match=r"a\.csv and b\.csv both hold snapshots of the book"):
        book_told(
            [part([], snapshots(BID, times[::2]), name="a.csv"), part([], snapshots(ASK, times[1::2]), name="b.csv")]
        )


def numbered(count: int, size: int = 1) -> list[Trade]:
    return [Trade(10**18 + at // 2 * MS, 100 + at % 3, size + at, BUY) for at in range(count)]


def test_trades_of_one_id_that_are_not_the_same_are_refused_by_name() -> None:
    tape = numbered(9)
    other = [*tape[:5], tape[5]._replace(size_lots=1000), *tape[6:]]
    ids = list(range(9))
    with pytest.raises(DatasetError, match=r"a\.csv and b\.csv have a trade of the same id.*\(lines 6 and 6"):
        told([named("a.csv", tape, ids=ids), named("b.csv", other, ids=ids)])


@pytest.mark.parametrize("other", [{"size_lots": 1000}, {"price_ticks": 7}, {"time_ns": 10**18 + 100_000 * MS}])
def test_trades_of_one_id_that_are_not_the_same_are_refused_within_a_file(other: dict[str, int]) -> None:
    tape = numbered(9)
    spoilt = [*tape, tape[5]._replace(**other)]
    with pytest.raises(DatasetError, match=r"^a\.csv has twice a trade of the same id.*\(lines 6 and 10"):
        told([named("a.csv", spoilt, ids=[*range(9), 5])])


def test_trades_of_one_id_whose_times_are_far_apart_are_refused() -> None:
    tape = numbered(9)
    other = [*tape[:8], tape[8]._replace(time_ns=tape[8].time_ns + 100_000 * MS)]
    with pytest.raises(DatasetError, match=r"a\.csv and b\.csv have a trade of the same id"):
        told(
            [
                named("a.csv", [*tape, Trade(10**18 + 200_000 * MS, 1, 1, BUY)], ids=range(10)),
                named("b.csv", other, ids=range(9)),
            ]
        )


def test_a_trade_whose_id_comes_again_in_its_own_file_is_taken_once_with_a_word() -> None:
    tape = numbered(9)
    twice = named("a.csv", tape + tape, ids=[*range(9), *range(9)])
    found, report = told([twice])
    assert found == tape
    assert report.counts["duplicates"] == 9
    assert [incident.line for incident in report.incidents] == list(range(10, 19))


def test_equal_trades_of_different_ids_are_as_many() -> None:
    tape = [Trade(10**18, 100, 1, BUY)] * 5
    found, report = told([named("a.csv", tape, ids=[5, 4, 3, 2, 1])])
    assert found == tape
    assert not report.counts


def test_by_their_ids_files_that_share_a_moment_tell_its_trades_once() -> None:
    tape = numbered(10)
    parts = [named("a.csv", tape[:6], ids=list(range(6))), named("b.csv", tape[4:], ids=list(range(4, 10)))]
    found, report = told(parts)
    assert found == tape
    assert report.counts["duplicates"] == 2


@pytest.mark.parametrize("factor", [10, 1000])
def test_files_of_the_same_trades_in_other_units_are_refused_by_name(factor: int) -> None:
    tape = numbered(20)
    contracts = [trade._replace(size_lots=trade.size_lots * factor) for trade in tape]
    with pytest.raises(DatasetError, match=r"a\.csv and b\.csv tell the same trades .* but with other sizes"):
        told([named("a.csv", tape), named("b.csv", contracts)])


def book_named(name: str, rows: list[Update], **more: Any) -> Part:
    return part([], rows, name=name, first_ns=rows[0].time_ns, **more)


SNAPSHOT = [Update(10**18, CLEAR, 0, 0), *(Update(10**18, BID, 100 - at, 1 + at) for at in range(6))]
LATER = [Update(10**18, BID, 99, 50), Update(10**18 + MS, BID, 100, 0)]


@pytest.mark.parametrize("at", [2, 4, 6])
def test_a_snapshot_that_goes_on_in_the_next_file_is_one(at: int) -> None:
    rest = [SNAPSHOT[0], *SNAPSHOT[at:], *LATER]
    parts = [book_named("1.csv", SNAPSHOT[:at], has_snapshots=True), book_named("2.csv", rest, has_snapshots=True)]
    found, _ = book_told(parts)
    assert found == SNAPSHOT + LATER


@pytest.mark.parametrize("at", [1, 2, 7])
def test_a_file_that_ends_within_the_first_snapshot_of_another_is_left_out(at: int) -> None:
    whole = SNAPSHOT + LATER
    found, report = book_told([book_named("1.csv", whole), book_named("2.csv", SNAPSHOT[:at])])
    assert found == whole
    assert report.counts["duplicates"] == at


def test_whole_books_of_one_moment_in_two_files_replace_each_other() -> None:
    first = [Update(10**18, CLEAR, 0, 0), Update(10**18, BID, 100, 1)]
    second = [Update(10**18, CLEAR, 0, 0), Update(10**18, BID, 99, 1), Update(10**18 + MS, CLEAR, 0, 0)]
    found, report = book_told([book_named("1.csv", first), book_named("2.csv", second)])
    assert found == first + second
    assert not report.counts


@pytest.mark.parametrize("begin", range(40, 50))
def test_copies_of_few_trades_beside_a_busy_book_are_taken_once_however_little_is_compared_at_once(
    monkeypatch: pytest.MonkeyPatch, begin: int
) -> None:
    monkeypatch.setattr(ordering, "HELD_ROWS", 3)
    monkeypatch.setattr(ordering, "HELD_NS", 2 * MS)
    book = [Update(10**18 + at * MS, BID, 100 + at, 1) for at in range(100)]
    tape = [Trade(10**18 + at * MS, 100, 1, BUY) for at in range(100) if at % 10 == 5 for _ in range(2)]

    def since(first: int, beyond: int) -> Part:
        def batches() -> Iterator[Batch]:
            for at in range(first, beyond):
                now = [trade for trade in tape if trade.time_ns == 10**18 + at * MS]
                yield batch(columns_of_trades(now) if now else None, columns_of_book(book[at : at + 1]), at)

        return part_of(batches, name=f"{first}.csv", first_ns=10**18 + first * MS)

    found, report = told([since(0, 80), since(begin, 100)])
    assert found == tape
    assert report.counts["duplicates"] == 80 - begin + sum(begin <= at < 80 for at in range(5, 100, 10)) * 2


@pytest.mark.parametrize("at", [0, -1])
def test_copies_that_contradict_each_other_where_both_begin_or_end_are_refused(at: int) -> None:
    tape = [Trade(10**18 + number // 2 * MS, 100 + number, 1, BUY) for number in range(20)]
    copy = [*tape]
    copy[at] = tape[at]._replace(price_ticks=99)
    with pytest.raises(DatasetError, match=r"a\.csv and b\.csv tell of the same time, but not the same"):
        told([named("a.csv", tape), named("b.csv", copy)])


@pytest.mark.parametrize("held_rows", [4, 1000])
def test_a_copy_that_once_was_another_is_refused_however_little_is_compared_at_once(
    monkeypatch: pytest.MonkeyPatch, held_rows: int
) -> None:
    monkeypatch.setattr(ordering, "HELD_ROWS", held_rows)
    monkeypatch.setattr(ordering, "HELD_NS", 2 * MS)
    tape = [Trade(10**18 + at * MS, 100 + at, 1, BUY) for at in range(100)]
    copy = [trade._replace(price_ticks=trade.price_ticks + 1, size_lots=2) for trade in tape[:9]] + tape[9:]
    with pytest.raises(DatasetError, match=r"a\.csv and b\.csv tell of the same time, but not the same"):
        told([named("a.csv", tape, size=2), named("b.csv", copy, size=2)])


@pytest.mark.parametrize("at", [2, 4, 6])
def test_a_snapshot_of_which_a_file_of_snapshots_alone_tells_a_part_is_one(at: int) -> None:
    rest = [SNAPSHOT[0], *SNAPSHOT[at:], *LATER]
    parts = [
        book_named("1.csv", SNAPSHOT[:at], has_snapshots=True),
        book_named("2.csv", rest, has_snapshots=True, rank=1),
    ]
    found, _ = book_told(parts)
    assert found == SNAPSHOT + LATER
