"""Orders whose rows, or whose times, are not in order: what happens to one depends on what happened before."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.events import ASK, BID, CLEAR
from processor.errors import DatasetError
from processor.formats.disk import files
from processor.formats.recordings import sequencing
from tests.formats import test_itch
from tests.formats.mapped_files import START_MS, START_NS, mapped, refusal
from tests.formats.reading import book_of, read
from tests.formats.samples import binance_depth, binance_snapshot, lines, write
from tests.formats.test_dbn import CLEARED, events_of, mbo, order, record
from tests.formats.test_dbn import START_NS as DAY_NS
from tests.formats.test_dbn_files import csv, stream
from tests.formats.test_mapping_tables import ORDERS
from tests.formats.websocket_samples import okx_book

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.formats.reading import Read

Book = dict[tuple[int, str], int]
HOUR_NS: Final = 3_600 * 10**9


@dataclass(frozen=True)
class Change:
    """What happens to an order: it comes (A), is changed (M) or goes (C), at a time of its own and one of receipt."""

    received_ns: int
    happened_ns: int
    action: str
    side: str
    number: int
    price: int
    size: int


def books_said(changes: Sequence[Change]) -> dict[int, Book]:
    """The book after each time at which it changes, by a dictionary of the orders there are."""
    resting: dict[int, tuple[str, int, int]] = {}
    found: dict[int, Book] = {}
    now_ns = 0
    for change in sorted(changes, key=lambda each: each.received_ns):
        now_ns = max(now_ns, change.happened_ns)
        before = resting.pop(change.number, None)
        if change.action == "R":
            resting = {}
        elif change.action != "C":
            resting[change.number] = change.side, change.price, change.size
        elif before is not None and before[2] > change.size:
            resting[change.number] = *before[:2], before[2] - change.size
        book: Book = {}
        for side, price, size in resting.values():
            at = (BID if side == "B" else ASK, str(price))
            book[at] = book.get(at, 0) + size
        found[now_ns] = book
    return found


def books_played(found: Read) -> dict[int, Book]:
    """The book after each time at which something of it is played."""
    book: Book = {}
    books: dict[int, Book] = {}
    for event in book_of(found.book):
        if event.side == CLEAR:
            book = {}
        else:
            book.pop((event.side, f"{event.price:f}"), None)
            if event.size:
                book[event.side, f"{event.price:f}"] = int(event.size)
        books[event.time_ns] = dict(book)
    return books


def as_dbn(folder: Path, changes: Sequence[Change]) -> Path:
    return mbo(folder, *map(_record, changes))


def as_csv(folder: Path, changes: Sequence[Change]) -> Path:
    return csv(folder, *map(_record, changes))


def _record(change: Change) -> bytes:
    if change.action == "R":
        made = order(0, "R", "N", 0, float("nan"), 0)
    else:
        made = order(0, change.action, change.side, change.number, change.price, change.size)
    row = bytearray(made)
    row[8:16] = change.happened_ns.to_bytes(8, "little")
    row[40:48] = change.received_ns.to_bytes(8, "little")
    return bytes(row)


WORDS: Final = {"A": "created", "M": "changed", "C": "deleted"}


def as_log(folder: Path, changes: Sequence[Change]) -> Path:
    rows = [
        f"{each.happened_ns},{each.received_ns},{each.number},{WORDS[each.action]},"
        f"{'bid' if each.side == 'B' else 'ask'},{each.price},{each.size}"
        for each in changes
    ]
    mapping = ORDERS.replace('time_unit = "ms"', 'time_unit = "ns"\nlocal_time = "r"')
    return mapped(folder, mapping, "t,r,id,action,side,p,q", *rows)


FORMS: Final[dict[str, Callable[[Path, Sequence[Change]], Path]]] = {"dbn": as_dbn, "csv": as_csv, "log": as_log}


def a_day(seed: int, rows: int = 40) -> list[Change]:
    """Orders that come, change and go, one received after the other at some latency that varies."""
    chance = np.random.default_rng(seed)
    changes = [Change(DAY_NS, DAY_NS, "R", "N", 0, 0, 0)]
    resting: dict[int, tuple[str, int, int]] = {}
    for number in range(1, rows):
        received_ns = DAY_NS + 1000 * number
        happened_ns = received_ns - int(chance.integers(1, 6000))
        if resting and chance.random() < 0.6:
            which = int(chance.choice([*resting]))
            side, price, size = resting[which]
            if chance.random() < 0.5:
                del resting[which]
                changes.append(Change(received_ns, happened_ns, "C", side, which, price, size))
                continue
        else:
            which, side = number, "BA"[int(chance.integers(2))]
        resting[which] = side, int(chance.integers(5, 9)), int(chance.integers(1, 9))
        action = "M" if which != number else "A"
        changes.append(Change(received_ns, max(happened_ns, DAY_NS), action, *_flat(which, resting[which])))
    return changes


def _flat(number: int, order_: tuple[str, int, int]) -> tuple[str, int, int, int]:
    return order_[0], number, order_[1], order_[2]


def two_of_one_price(clear_ns: int, first_ns: int, second_ns: int) -> list[Change]:
    """The issue in its smallest form: two orders at a price, of which the later one happened first."""
    return [
        Change(DAY_NS, DAY_NS + clear_ns, "R", "N", 0, 0, 0),
        Change(DAY_NS + 100, DAY_NS + first_ns, "A", "B", 2, 100, 7),
        Change(DAY_NS + 200, DAY_NS + second_ns, "A", "B", 1, 100, 5),
    ]


def told(found: Read, kind: str) -> list[tuple[int | None, str]]:
    return [(each.line, each.detail) for each in found.report.incidents if each.kind == kind]


@pytest.mark.parametrize("form", ["dbn", "csv"])
def test_an_order_that_happened_before_one_received_before_it_adds_to_it_and_is_told(tmp_path: Path, form: str) -> None:
    found = read(FORMS[form](tmp_path, two_of_one_price(0, 20, 10)))
    assert events_of(found) == [(0, CLEAR, 0, 0), (20, BID, 100, 7), (20, BID, 100, 12)]
    line = 3 if form == "dbn" else 4
    assert told(found, "held_back") == [
        (line, "0.000000010 s earlier than a change before it, so it takes effect at the time of that change")
    ]
    assert found.report.counts == {"held_back": 1}


@pytest.mark.parametrize("form", ["dbn", "csv"])
def test_rows_that_changed_places_are_played_as_they_were_received_and_told(tmp_path: Path, form: str) -> None:
    clear, first, second = two_of_one_price(0, 10, 20)
    found = read(FORMS[form](tmp_path, [clear, second, first]))
    assert events_of(found) == [(0, CLEAR, 0, 0), (10, BID, 100, 7), (20, BID, 100, 12)]
    assert found.report.counts == {"out_of_order": 1}


def test_without_times_of_receipt_orders_are_played_in_the_order_of_their_own(tmp_path: Path) -> None:
    rows = [f"{DAY_NS},R,N,,0,0,0,X", f"{DAY_NS + 20},A,B,100.0,7,2,128,X", f"{DAY_NS + 10},A,B,100.0,5,1,128,X"]
    found = read(write(tmp_path / "mbo.csv", lines("ts_event,action,side,price,size,order_id,flags,symbol", *rows)))
    assert events_of(found) == [(0, CLEAR, 0, 0), (10, BID, 100, 5), (20, BID, 100, 12)]
    assert told(found, "out_of_order") == [(4, "0.000000 s before the row above")]


def test_trades_among_orders_keep_their_own_time(tmp_path: Path) -> None:
    rows = [CLEARED, order(20, "A", "B", 2, 100, 7), order(30, "T", "A", 0, 100, 1), order(40, "T", "A", 0, 100, 1)]
    late = bytearray(rows[3])
    late[8:16] = (DAY_NS + 10).to_bytes(8, "little")
    found = read(mbo(tmp_path, *rows[:3], bytes(late)))
    assert found.trades is not None
    assert (found.trades.time_ns - DAY_NS).tolist() == [10, 30]
    assert told(found, "out_of_order") == [(4, "0.000000 s before the row above")]


def test_records_too_far_out_of_the_order_of_receipt_are_refused_with_both_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencing, "ROWS_HELD", 3)
    monkeypatch.setattr(files, "_PLAIN_READ_BYTES", 56)
    rows = [CLEARED, *(order(10 * at, "A", "B", at, 100, at) for at in range(1, 9))]
    assert not read(mbo(tmp_path / "sound", *rows)).report.counts
    near = [*rows[:3], rows[5], *rows[3:5], *rows[6:]]
    assert events_of(read(mbo(tmp_path / "near", *near))) == events_of(read(tmp_path / "sound"))
    with pytest.raises(DatasetError, match=r"a\.mbo\.dbn: row 9 was received .* before row \d of a.*sort the records"):
        read(mbo(tmp_path / "far", *rows[:2], *rows[3:], rows[2]))


def test_records_dealt_out_to_two_files_of_a_second_are_played_as_one_file(tmp_path: Path) -> None:
    rows = [CLEARED, *(order(10 * at, "AM"[at > 4], "B", 1 + at % 4, 100 + at % 3, at) for at in range(1, 20))]
    alone = read(mbo(tmp_path / "one", *rows))
    mbo(tmp_path / "two", *rows[::2], name="a.dbn")
    mbo(tmp_path / "two", *rows[1::2], name="b.dbn")
    found = read(tmp_path / "two")
    assert book_of(found.book) == book_of(alone.book)
    assert found.report.counts == {"out_of_order": 1}


def test_a_time_that_is_hours_off_is_refused_and_the_clock_of_receipt_plays(tmp_path: Path) -> None:
    changes = two_of_one_price(0, 2 * HOUR_NS, 10)
    path = as_dbn(tmp_path, changes)
    with pytest.raises(DatasetError, match=r"a\.mbo\.dbn: row 3 happened 7200 s before row 2.*--clock local"):
        read(path)
    assert events_of(read(path, clock="local"))[1:] == [(100, BID, 100, 7), (200, BID, 100, 12)]


def test_the_top_of_a_book_whose_rows_changed_places_is_the_one_received_last(tmp_path: Path) -> None:
    first, second, third = (order(at, "A", "B", 0, price, 1, flags=64) for at, price in ((1, 10), (2, 11), (3, 12)))
    found = read(mbo(tmp_path, first, third, second))
    assert list(books_played(found).values())[-1] == {(BID, "12"): 1}
    assert found.report.counts == {"out_of_order": 1}


def test_what_was_dropped_before_the_book_began_holds_nothing_back(tmp_path: Path) -> None:
    early = record("mbo", -500, "A", "B", 100, 1, order=9, event_ns=DAY_NS + 50)
    found = read(mbo(tmp_path, early, CLEARED, order(10, "A", "B", 1, 100, 5)))
    assert events_of(found) == [(0, CLEAR, 0, 0), (10, BID, 100, 5)]
    assert found.report.counts == {"before_snapshot": 1}


def test_what_happens_to_an_order_that_is_not_known_holds_nothing_back(tmp_path: Path) -> None:
    unknown = record("mbo", 5, "C", "B", 100, 1, order=9, event_ns=DAY_NS + 50)
    found = read(mbo(tmp_path / "dbn", CLEARED, unknown, order(10, "A", "B", 1, 100, 5)))
    assert events_of(found) == [(0, CLEAR, 0, 0), (10, BID, 100, 5)]
    assert found.report.counts == {"gaps": 1}
    found = read(test_itch.day(tmp_path / "itch", test_itch.delete(50, 9), test_itch.add(10, 1, "B", 5, 100)))
    open_ns = test_itch.MIDNIGHT_NS + test_itch.OPEN_NS
    assert [(event.time_ns - open_ns, int(event.size)) for event in book_of(found.book)] == [(10, 0), (10, 5)]
    assert found.report.counts == {"gaps": 1}


def test_a_record_that_adds_an_order_that_rests_is_told(tmp_path: Path) -> None:
    found = read(mbo(tmp_path, CLEARED, order(1, "A", "B", 1, 100, 5), order(2, "A", "B", 1, 100, 7)))
    assert events_of(found)[-1] == (2, BID, 100, 7)
    assert told(found, "gaps") == [(3, "an order is added that is already resting: the new one replaces it")]


def test_messages_of_itch_are_applied_as_they_stand_whatever_their_times(tmp_path: Path) -> None:
    rows = [test_itch.add(20, 2, "B", 7, 100), test_itch.add(10, 1, "B", 5, 100), test_itch.add(30, 3, "B", 1, 100)]
    found = read(test_itch.day(tmp_path, *rows))
    open_ns = test_itch.MIDNIGHT_NS + test_itch.OPEN_NS
    book = book_of(found.book)
    assert [(event.time_ns - open_ns, int(event.size)) for event in book] == [(20, 0), (20, 7), (20, 12), (30, 13)]
    assert [(each.kind, each.line) for each in found.report.incidents] == [("held_back", 4)]


def test_a_log_of_orders_is_played_in_the_order_of_its_time_where_it_has_one(tmp_path: Path) -> None:
    rows = [f"{START_MS + 20},2,created,bid,100,7", f"{START_MS + 10},1,created,bid,100,5"]
    found = read(mapped(tmp_path, ORDERS, "t,id,action,side,p,q", *rows))
    book = [(event.time_ns - START_NS, int(event.size)) for event in book_of(found.book)]
    assert book == [(10 * 10**6, 0), (10 * 10**6, 5), (20 * 10**6, 12)]
    assert found.report.counts["out_of_order"] == 1


def test_finer_numbers_among_rows_of_a_log_that_changed_places_are_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_PLAIN_READ_BYTES", 30)
    rows = [
        f"{START_MS + 20},2,created,bid,100,7", f"{START_MS + 30},1,changed,bid,100,0.5",
        f"{START_MS + 10},1,created,bid,100.25,5", f"{START_MS + 40},2,deleted,bid,,",
    ]  # fmt: skip
    found = read(mapped(tmp_path, ORDERS, "t,id,action,side,p,q", *rows))
    last: dict[str, str] = {}
    for event in book_of(found.book)[1:]:
        last[f"{event.price.normalize():f}"] = f"{event.size.normalize():f}"
    assert last == {"100.25": "0", "100": "0.5"}


def test_a_log_far_out_of_order_is_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencing, "ROWS_HELD", 2)
    monkeypatch.setattr(files, "_PLAIN_READ_BYTES", 30)
    rows = [f"{START_MS + at},{at},created,bid,100,7" for at in (1, 2, 3, 4, 5, 6, 0)]
    assert "sort the rows by local_time" in refusal(mapped(tmp_path, ORDERS, "t,id,action,side,p,q", *rows))


@given(
    seed=st.integers(0, 999), form=st.sampled_from(sorted(FORMS)), window=st.sampled_from([3, 8, 1000]),
    read_bytes=st.sampled_from([60, 500, 1 << 20]), reach=st.sampled_from([0, 2, 6, 40]),
    further=st.lists(st.floats(0, 1), min_size=40, max_size=40),
)  # fmt: skip
def test_rows_in_any_order_come_to_the_books_of_their_order_of_receipt_or_are_refused(
    seed: int, form: str, window: int, read_bytes: int, reach: int, further: list[float]
) -> None:
    changes = [change for change in a_day(seed) if form != "log" or change.action != "R"]
    places = [at + reach * each for at, each in enumerate(further)]
    dealt = [changes[at] for at in sorted(range(len(changes)), key=places.__getitem__)]
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sequencing, "ROWS_HELD", window)
        patch.setattr(files, "_PLAIN_READ_BYTES", read_bytes)
        path = FORMS[form](Path(place) / "data", dealt)
        try:
            found = read(path)
        except DatasetError as error:
            assert "is far above it" in str(error)  # noqa: PT017 - or it plays
            assert window < reach
            return
    assert books_played(found) == books_said(changes)
    if dealt != changes:
        assert found.report.counts["out_of_order"]
    assert not found.report.counts["gaps"]


@given(seed=st.integers(0, 99))
def test_files_that_are_in_order_are_played_without_a_word(seed: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        found = read(mbo(Path(place), *(row for _, row in stream(seed))))
    assert not {"held_back", "out_of_order", "gaps"} & set(found.report.counts)


def test_updates_of_binance_follow_their_ids_where_their_times_run_backwards(tmp_path: Path) -> None:
    rows = [
        binance_snapshot(0, 10, [("1", "1")]), binance_depth(200, 11, 11, [("1", "2")]),
        binance_depth(150, 12, 12, [("1", "3")]), binance_depth(300, 13, 13, [], [("2", "1")]),
    ]  # fmt: skip
    found = read(write(tmp_path / "abcusdt_20240808.gz", lines(*rows)))
    sizes = [(event.time_ns // 10**6 % 1000, int(event.size)) for event in book_of(found.book) if event.side == BID]
    assert sizes == [(200, 1), (200, 2), (200, 3)]
    assert told(found, "held_back") == [
        (3, "0.050000000 s earlier than a change before it, so it takes effect at the time of that change")
    ]


def test_updates_of_binance_that_changed_places_are_played_by_their_times(tmp_path: Path) -> None:
    rows = [
        binance_snapshot(0, 10, [("1", "1")]), binance_depth(100, 11, 11, [("1", "5")]),
        binance_depth(200, 13, 13, [("1", "3")]), binance_depth(150, 12, 12, [("1", "2")]),
    ]  # fmt: skip
    found = read(write(tmp_path / "abcusdt_20240808.gz", lines(*rows)))
    assert [int(event.size) for event in book_of(found.book) if event.side == BID] == [1, 5, 2, 3]
    assert found.report.counts["gaps"]
    assert not found.report.counts["held_back"]


def test_updates_of_okx_follow_their_numbers_where_their_times_run_backwards(tmp_path: Path) -> None:
    rows = [
        okx_book(0, "snapshot", [("1", "1")], [("2", "1")], seqId=1, prevSeqId=-1),
        okx_book(200, "update", [("1", "2")], [], seqId=2, prevSeqId=1),
        okx_book(150, "update", [("1", "3")], [], seqId=3, prevSeqId=2),
    ]
    found = read(write(tmp_path / "okx.txt", lines(*rows)))
    sizes = [(event.time_ns // 10**6 % 1000, int(event.size)) for event in book_of(found.book) if event.side == BID]
    assert sizes == [(0, 1), (200, 2), (200, 3)]
    assert [line for line, _ in told(found, "held_back")] == [3]


@pytest.mark.parametrize("read_bytes", [90, 1 << 20])
@pytest.mark.parametrize("stray", [1_000, -1_000])
def test_a_row_that_strays_into_a_snapshot_of_tardis_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stray: int, read_bytes: int
) -> None:
    monkeypatch.setattr(files, "_PLAIN_READ_BYTES", read_bytes)
    at_us = DAY_NS // 1000

    def row(us: int, price: str, *, snapshot: bool = True) -> str:
        return f"x,XY,{at_us + us},{at_us + us},{str(snapshot).lower()},bid,{price},1"

    header = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount"
    rows = [row(-2_000, "1"), row(0, "10"), row(stray, "12", snapshot=False), row(0, "11"), row(0, "9")]
    found = read(write(tmp_path / "x_book.csv", lines(header, *rows)))
    last = list(books_played(found).values())[-1]
    assert {price for _, price in last} == ({"9", "10", "11", "12"} if stray > 0 else {"9", "10", "11"})
    assert found.report.counts["out_of_order"] == 1
