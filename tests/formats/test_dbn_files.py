"""Databento's snapshots of orders, samples of the best prices, and files that overlap."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.aggregate.table import aggregate as aggregated
from processor.aggregate.table import table
from processor.core.events import ASK, BID, CLEAR
from processor.errors import DatasetError
from processor.formats import open_dataset
from processor.formats.disk import files
from processor.settings import Settings
from processor.sources.files import FileSource
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import lines, write
from tests.formats.test_dbn import (
    CLEARED,
    END_NS,
    LAST,
    NAN,
    RECORDS,
    SNAPSHOT,
    START_NS,
    events_of,
    levels_of,
    mbo,
    order,
    preamble,
    record,
    trade,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.formats.reading import Read

SENT: Final = SNAPSHOT | 8
DAYS_AGO: Final = START_NS - 5 * 86_400 * 10**9
RECEIVED_NS: Final = 1000
"""How much later than its time of day a record is received."""


def placed(at_ns: int, side: str, number: int, price: float, size: int, *, flags: int = SENT) -> bytes:
    """An order of a snapshot, made days ago."""
    return order(at_ns, "A", side, number, price, size, flags=flags, event_ns=DAYS_AGO)


def best(found: Read) -> tuple[list[Any], list[Any]]:
    bids, asks = ([(float(price), int(size)) for price, size in side] for side in levels_of(found))
    return bids, asks


FIRST: Final = (placed(0, "B", 1, 10, 5), placed(0, "B", 2, 10, 3), placed(0, "A", 3, 11, 4))
LATER: Final = (order(5000, "A", "B", 4, 10, 1), order(6000, "C", "A", 3, 11, 1))


def test_a_run_of_flagged_orders_begins_the_book_without_a_clear_before_it(tmp_path: Path) -> None:
    found = read(mbo(tmp_path, *FIRST, *LATER))
    assert events_of(found) == [
        (RECEIVED_NS, CLEAR, 0, 0),
        (RECEIVED_NS, BID, 10, 5),
        (RECEIVED_NS, BID, 10, 8),
        (RECEIVED_NS, ASK, 11, 4),
        (5000, BID, 10, 9),
        (6000, ASK, 11, 3),
    ]
    assert not found.report.incidents


def test_after_a_clear_a_run_begins_nothing(tmp_path: Path) -> None:
    cleared = order(0, "R", "N", 0, NAN, 0, flags=SENT, event_ns=DAYS_AGO)
    with_clear = read(mbo(tmp_path / "with", cleared, *FIRST, *LATER))
    without = read(mbo(tmp_path / "without", *FIRST, *LATER))
    assert events_of(with_clear) == events_of(without)


def test_another_time_or_a_record_after_the_last_of_a_run_begins_another_snapshot(tmp_path: Path) -> None:
    ended = placed(0, "A", 3, 11, 4, flags=SENT | LAST)
    again = (placed(0, "B", 7, 9, 1), placed(0, "A", 8, 12, 2))
    found = read(mbo(tmp_path / "last", *FIRST[:2], ended, *again))
    assert best(found) == ([(9, 1)], [(12, 2)])
    later = (placed(50, "B", 7, 9, 1), placed(50, "A", 8, 12, 2))
    found = read(mbo(tmp_path / "time", *FIRST, *later))
    assert best(found) == ([(9, 1)], [(12, 2)])
    assert [at for at, side, *_ in events_of(found) if side == CLEAR] == [RECEIVED_NS, RECEIVED_NS + 50]


def test_where_every_record_of_a_run_is_the_last_it_is_one_all_the_same(tmp_path: Path) -> None:
    rows = [placed(0, "B", number, 10, 1, flags=SENT | LAST) for number in range(4)]
    assert best(read(mbo(tmp_path / "a", *rows))) == ([(10, 4)], [])
    cleared = order(0, "R", "N", 0, NAN, 0, flags=SENT)
    assert best(read(mbo(tmp_path / "b", cleared, *rows))) == ([(10, 4)], [])


@pytest.mark.parametrize("read_bytes", [1, 55, 56, 57, 150])
def test_how_much_is_read_at_once_changes_no_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_bytes: int
) -> None:
    path = mbo(tmp_path, *FIRST, *LATER, placed(7000, "B", 9, 8, 1), placed(7000, "B", 1, 8, 2), *LATER)
    whole = events_of(read(path))
    monkeypatch.setattr(files, "_PLAIN_READ_BYTES", read_bytes)
    assert events_of(read(path)) == whole


def test_the_snapshot_of_the_next_days_file_replaces_the_orders_of_the_day_before(tmp_path: Path) -> None:
    mbo(tmp_path, *FIRST, *LATER, name="a.dbn")
    mbo(
        tmp_path,
        placed(9000, "B", 1, 10, 2),
        placed(9000, "B", 9, 9, 7),
        order(11000, "C", "B", 1, 10, 2),
        name="b.dbn",
    )
    found = read(tmp_path)
    assert best(found) == ([(9, 7)], [])
    assert not found.report.incidents


def test_what_was_received_after_a_snapshot_changes_it_though_it_happened_before(tmp_path: Path) -> None:
    found = read(mbo(tmp_path, *FIRST, order(RECEIVED_NS - 1, "C", "A", 3, 11, 4)))
    assert best(found) == ([(10, 8)], [])
    assert events_of(found)[-1] == (RECEIVED_NS, ASK, 11, 0)


def test_a_snapshot_that_is_cut_in_two_files_is_one(tmp_path: Path) -> None:
    mbo(tmp_path, *FIRST[:2], name="a.dbn")
    mbo(tmp_path, FIRST[2], *LATER, name="b.dbn")
    assert best(read(tmp_path)) == ([(10, 9)], [(11, 3)])


def csv(folder: Path, *rows: bytes, name: str = "a.csv") -> Path:
    """The records as Databento writes them as CSV."""
    written = []
    for content in rows:
        row = np.frombuffer(content, RECORDS["mbo"])[0]
        price = "" if row["price"] == 2**63 - 1 else f"{int(row['price']) / 10**9:.9f}"
        what = f"{chr(row['action'])},{chr(row['side'])},{price},{row['size']}"
        written.append(f"{row['ts_recv']},{row['ts_event']},160,2,7,{what},0,{row['order_id']},{row['flags']},0,0,AAPL")
    header = "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,price,size,channel_id,order_id,flags"
    return write(folder / name, lines(f"{header},ts_in_delta,sequence,symbol", *written))


def test_the_same_holds_in_csv(tmp_path: Path) -> None:
    csv(tmp_path / "csv", *FIRST, *LATER, name="b.csv")
    csv(tmp_path / "csv", placed(9000, "B", 1, 10, 2), order(9500, "A", "A", 5, 12, 2), name="a.csv")
    mbo(tmp_path / "dbn", *FIRST, *LATER, placed(9000, "B", 1, 10, 2), order(9500, "A", "A", 5, 12, 2))
    assert book_of(read(tmp_path / "csv").book) == book_of(read(tmp_path / "dbn").book)


@pytest.mark.parametrize("days", [("25",), ("24", "25")])
def test_recorded_days_begin_with_the_snapshot_of_each(
    shared_data: Path, tmp_path: Path, days: tuple[str, ...]
) -> None:
    for day in days:
        shutil.copy(shared_data / f"more/esh4-glbx-mdp3-202312{day}.mbo.dbn.zst", tmp_path)
    settings = Settings(interval="1m")
    rows = table(aggregated(FileSource(open_dataset(tmp_path), None, "exchange"), settings), settings).to_dicts()
    midnight = next(row for row in rows if row["timestamp_ms"] == 1_703_462_400_000)
    assert (midnight["best_bid"], midnight["best_ask"]) == (4799.00, 4799.50)
    assert midnight["obi_close"] == -0.010615711252653927
    assert (rows[-1]["best_bid"], rows[-1]["best_ask"]) == (4810.00, 4810.25)
    assert rows[-1]["obi_close"] == 0.028419182948490232


def stream(seed: int, moments: int = 40) -> list[tuple[int, bytes]]:
    """Records and their times of day: a snapshot, orders that come and go, trades of which some are alike."""
    chance = np.random.default_rng(seed)
    rows = [(0, row) for row in FIRST]
    resting = {1: ("B", 10, 5), 2: ("B", 10, 3), 3: ("A", 11, 4)}
    at_ns = 0
    for number in range(10, 10 + moments):
        at_ns += int(chance.integers(1, 3)) * 10**9
        side, price = (
            ("B", 10 - int(chance.integers(3))) if chance.random() < 0.5 else ("A", 11 + int(chance.integers(3)))
        )
        resting[number] = (side, price, int(chance.integers(1, 9)))
        rows.append((at_ns, order(at_ns, "A", side, number, price, resting[number][2])))
        if chance.random() < 0.5:
            gone = int(chance.choice([*resting]))
            side, price, size = resting.pop(gone)
            taken = [(at_ns, order(at_ns, "T", "A", 0, price, 1))] * int(chance.integers(0, 3))
            rows += [*taken, (at_ns, order(at_ns, "C", side, gone, price, size))]
    return rows


@given(seed=st.integers(0, 99), first=st.integers(0, 45), second=st.integers(0, 45), form=st.sampled_from([mbo, csv]))
def test_two_files_that_overlap_or_repeat_each_other_are_as_one(seed: int, first: int, second: int, form: Any) -> None:
    rows = stream(seed)
    times = sorted({at_ns for at_ns, _ in rows})
    begin_ns, end_ns = sorted(times[min(at, len(times) - 1)] for at in (first, second))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        form(folder / "one", *(row for _, row in rows), name="a.one")
        form(folder / "two", *(row for at_ns, row in rows if at_ns <= end_ns), name="b.one")
        form(folder / "two", *(row for at_ns, row in rows if at_ns >= begin_ns), name="a.two")
        alone, both = read(folder / "one"), read(folder / "two")
    if begin_ns < end_ns:
        assert trades_of(both.trades) == trades_of(alone.trades)
        assert both.report.counts["gaps"] == 0
        # A snapshot at the very begin of the second is one of the first file, too.
        assert best(both) == best(alone)
        if begin_ns:
            assert book_of(both.book) == book_of(alone.book)
        repeated = sum(begin_ns <= at_ns <= end_ns for at_ns, _ in rows[len(FIRST) :])
        # One that is the whole of the other, or its beginning, is not read at all.
        assert both.report.counts["unused"] or both.report.counts["duplicates"] == repeated


def test_the_same_file_plain_and_packed_is_one(tmp_path: Path) -> None:
    rows = [row for _, row in stream(1)]
    alone = read(mbo(tmp_path / "one", *rows))
    mbo(tmp_path / "two", *rows)
    write(tmp_path / "two/a.mbo.dbn.zst", zstd.compress(preamble("mbo", {"AAPL": 7}) + b"".join(rows)))
    both = read(tmp_path / "two")
    assert trades_of(both.trades) == trades_of(alone.trades)
    assert best(both) == best(alone)


def test_the_snapshot_of_a_file_that_begins_within_another_is_older_than_the_book(tmp_path: Path) -> None:
    mbo(tmp_path, *FIRST, *LATER, order(9000, "A", "A", 5, 12, 1), name="a.dbn")
    rows = (placed(5500, "B", 4, 10, 1), placed(5500, "A", 3, 11, 4), LATER[1], order(9000, "A", "A", 5, 12, 1))
    mbo(tmp_path, *rows, order(9900, "C", "B", 1, 10, 5), name="b.dbn")
    found = read(tmp_path)
    assert best(found) == ([(10, 4)], [(11, 3), (12, 1)])
    assert [(incident.kind, incident.line) for incident in found.report.incidents] == [
        ("duplicates", 3), ("duplicates", 4), ("old_snapshots", 1),
    ]  # fmt: skip


def test_where_the_first_file_has_no_snapshot_that_of_the_second_begins_the_book(tmp_path: Path) -> None:
    rows = [order(number * 1000, "A", "B", number, 10, 1) for number in range(1, 6)]
    traded = order(4500, "T", "A", 0, 10, 1)
    mbo(tmp_path, *rows[:4], traded, rows[4], name="a.dbn")
    mbo(tmp_path, placed(3500, "B", 1, 10, 1), rows[3], traded, *rows[4:], name="b.dbn")
    found = read(tmp_path)
    assert best(found) == ([(10, 3)], [])
    assert len(trades_of(found.trades)) == 1
    assert found.report.counts["before_snapshot"] == 5


@pytest.mark.parametrize("changed", ["left out of the first", "left out of the second", "other"])
def test_files_that_tell_the_same_time_otherwise_are_refused_by_both_names(tmp_path: Path, changed: str) -> None:
    rows = [row for _, row in stream(2)]
    odd = order(12 * 10**9, "A", "B", 500, 9, 1)
    at = next(number for number, (at_ns, _) in enumerate(stream(2)) if at_ns > 12 * 10**9)
    first, second = [*rows[:at], odd, *rows[at:]], list(rows)
    if changed == "left out of the first":
        first, second = second, first
    elif changed == "other":
        second.insert(at, order(12 * 10**9, "A", "B", 501, 9, 1))
    mbo(tmp_path, *first[:-5], name="a.dbn")
    mbo(tmp_path, *second[3:], name="b.dbn")
    with pytest.raises(DatasetError, match=r"a\.dbn and b\.dbn cover the same time, but differ"):
        read(tmp_path)


def test_equal_records_of_one_file_and_of_two_that_continue_each_other_are_real(tmp_path: Path) -> None:
    twice = [order(5, "T", "A", 0, 10, 1)] * 2
    mbo(tmp_path, CLEARED, order(1, "A", "B", 1, 10, 9), *twice, name="a.dbn")
    mbo(tmp_path, *twice, order(9, "A", "B", 2, 10, 9), name="b.dbn")
    assert len(trades_of(read(tmp_path).trades)) == 4


def test_times_of_two_files_that_run_backwards_a_little_at_the_seam_are_no_overlap(tmp_path: Path) -> None:
    mbo(tmp_path, CLEARED, order(10**8, "A", "B", 1, 10, 9), name="a.dbn")
    mbo(tmp_path, order(10**8 - 5, "A", "B", 2, 10, 1), order(2 * 10**8, "A", "B", 3, 10, 1), name="b.dbn")
    found = read(tmp_path)
    assert best(found) == ([(10, 11)], [])
    assert found.report.counts == {"out_of_order": 1}


def top(at_s: int, bid: float, ask: float, size: int, action: str = "A") -> bytes:
    return record("mbp-1", at_s * 10**9, action, "B", ask, size, levels=[(bid, ask, size, size)])


def test_files_of_levels_that_overlap_are_one(tmp_path: Path) -> None:
    rows = [top(number, 10 + number, 20 + number, number, "AT"[number % 2]) for number in range(1, 30)]
    write(tmp_path / "one/a.dbn", preamble("mbp-1", {"A": 7}) + b"".join(rows))
    write(tmp_path / "two/a.dbn", preamble("mbp-1", {"A": 7}) + b"".join(rows[:20]))
    write(tmp_path / "two/b.dbn", preamble("mbp-1", {"A": 7}) + b"".join(rows[10:]))
    alone, both = read(tmp_path / "one"), read(tmp_path / "two")
    assert trades_of(both.trades) == trades_of(alone.trades)
    assert book_of(both.book) == book_of(alone.book)
    assert both.report.counts["duplicates"] == 5 + 3 * 10


def sampled(schema: str, at_s: int, bid: float, ask: float, **more: Any) -> bytes:
    """A sample, whose last trade was a second before."""
    made = np.frombuffer(
        record(schema, at_s * 10**9, "\0", "N", ask, 3, levels=[(bid, ask, 4, 5)], **more), RECORDS[schema]
    )
    made = made.copy()
    made["ts_recv"] -= RECEIVED_NS
    return made.tobytes()


@pytest.mark.parametrize("schema", ["bbo-1s", "bbo-1m", "cbbo-1s", "cbbo-1m"])
@pytest.mark.parametrize("clock", ["exchange", "local"])
def test_a_sample_of_the_best_prices_is_a_book_at_the_end_of_its_interval_and_no_trade(
    tmp_path: Path, schema: str, clock: str
) -> None:
    rows = [sampled(schema, 60, 10, 11, event_ns=START_NS + 9), sampled(schema, 120, NAN, 12, event_ns=-1)]
    found = read(write(tmp_path / "a.dbn", preamble(schema, {"A": 7}) + b"".join(rows)), clock=clock)
    assert events_of(found) == [
        (60 * 10**9, CLEAR, 0, 0), (60 * 10**9, BID, 10, 4), (60 * 10**9, ASK, 11, 5),
        (120 * 10**9, CLEAR, 0, 0), (120 * 10**9, ASK, 12, 5),
    ]  # fmt: skip
    assert found.trades is None
    assert not found.report.counts["malformed"]


def test_samples_beside_the_trades_count_none_twice(tmp_path: Path) -> None:
    write(tmp_path / "a.dbn", preamble("bbo-1m", {"A": 7}) + sampled("bbo-1m", 60, 10, 11, event_ns=START_NS + 9))
    write(tmp_path / "b.dbn", preamble("trades", {"A": 7}) + trade(9, "B", 11, 3))
    found = read(tmp_path)
    assert len(trades_of(found.trades)) == 1
    assert len(book_of(found.book)) == 3


def test_the_book_of_samples_is_left_out_where_a_finer_schema_tells_it(tmp_path: Path) -> None:
    write(tmp_path / "a.dbn", preamble("bbo-1m", {"A": 7}) + sampled("bbo-1m", 60, 1, 2))
    write(tmp_path / "b.dbn", preamble("mbp-1", {"A": 7}) + top(60, 10, 11, 3))
    found = read(tmp_path)
    assert best(found) == ([(10, 3)], [(11, 3)])
    (incident,) = found.report.incidents
    assert (incident.kind, incident.file) == ("unused", "a.dbn")
    assert incident.detail == "its book is left out for the time that mbp-1 covers"


def test_a_recorded_minute_of_samples_is_a_book_a_minute(shared_data: Path) -> None:
    (path,) = (shared_data / "more").glob("futures_bbo-1m*")
    assert open_dataset(path).instruments == ("ESM4", "NQM4")
    found = read(path, "ESM4")
    assert found.trades is None
    assert found.book is not None
    times = found.book.time_ns[found.book.side == CLEAR]
    assert (np.diff(times) == 60 * 10**9).all()
    assert len(times) == 10
    assert best(found) == ([(5200.25, 31)], [(5200.5, 22)])


def test_samples_as_csv_are_the_same_books(tmp_path: Path) -> None:
    rows = [sampled("bbo-1m", 60, 10, 11), sampled("bbo-1m", 120, 10.5, 12)]
    binary = write(tmp_path / "a.dbn", preamble("bbo-1m", {"A": 7}) + b"".join(rows))
    header = "ts_recv,ts_event,rtype,publisher_id,instrument_id,side,price,size,flags,sequence,bid_px_00,ask_px_00"
    first = f"{START_NS + 60 * 10**9},,196,2,7,N,,,130,5,10.000000000,11.000000000,4,5,1,1,A"
    second = f"{START_NS + 120 * 10**9},{START_NS},196,2,7,B,12.000000000,3,130,5,10.500000000,12.000000000,4,5,1,1,A"
    path = write(tmp_path / "a.csv", lines(f"{header},bid_sz_00,ask_sz_00,bid_ct_00,ask_ct_00,symbol", first, second))
    found = read(path)
    assert book_of(found.book) == book_of(read(binary).book)
    assert found.trades is None


def test_books_of_several_venues_in_several_files_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.dbn", preamble("mbp-1", {"A": 7}) + top(1, 10, 11, 3))
    other = record("mbp-1", 2 * 10**9, "A", "B", 10, 1, publisher=3, levels=[(10, 11, 1, 1)])
    write(tmp_path / "b.dbn", preamble("mbp-1", {"A": 7}) + other)
    with pytest.raises(DatasetError, match=r"b\.dbn: record 1 is of publisher 3, those of a\.dbn of 2"):
        read(tmp_path)


def spans(*ends: int) -> Sequence[int]:
    return [START_NS + end for end in ends]


def test_a_part_begins_at_its_first_record_of_the_instrument(tmp_path: Path) -> None:
    rows = trade(3, "B", 1, 1, instrument=8) + trade(5, "B", 1, 1) + trade(9, "B", 1, 1)
    path = write(tmp_path / "a.dbn", preamble("trades", {"A": 7, "B": 8}, end_ns=END_NS) + rows)
    dataset = open_dataset(path)
    assert [dataset.open(name, "exchange", read(path, "A").report).parts[0].first_ns for name in "AB"] == spans(5, 3)
