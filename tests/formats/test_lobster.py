from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, UNKNOWN
from processor.errors import DatasetError
from tests.formats.reading import read
from tests.formats.samples import LOBSTER_BOOK, LOBSTER_MESSAGES, LOBSTER_NAME, lines, lobster, write, zipped

if TYPE_CHECKING:
    from pathlib import Path

MIDNIGHT_NS = 1_340_251_200 * 10**9
"""2012-06-21 in New York, summer time: 04:00 UTC."""


def pair(folder: Path, messages: str, book: str, day: str = "2012-06-21") -> Path:
    for kind, text in (("message", messages), ("orderbook", book)):
        write(folder / LOBSTER_NAME.format(kind).replace("2012-06-21", day), text)
    return folder


def test_executions_are_trades_whose_aggressor_is_opposite_to_the_resting_order(tmp_path: Path) -> None:
    trades = read(lobster(tmp_path)).trades
    assert trades is not None
    assert trades.aggressor.tolist() == [BUY, BUY, SELL, UNKNOWN]
    assert trades.price_ticks.tolist() == [2238200, 2239600, 2238100, 2239000]
    assert (trades.price_decimals, trades.size_decimals) == (4, 0)
    assert trades.size_lots.tolist() == [1, 20, 10, 500]


def test_times_count_from_midnight_in_new_york_to_the_nanosecond(tmp_path: Path) -> None:
    trades = read(lobster(tmp_path)).trades
    assert trades is not None
    seconds_ns = [34_200_017_459_617, 34_200_189_607_670, 34_201 * 10**9, 34_202_000_000_001]
    assert trades.time_ns.tolist() == [MIDNIGHT_NS + at for at in seconds_ns]


def test_midnight_follows_the_summer_time_of_the_day(tmp_path: Path) -> None:
    trades = read(pair(tmp_path, LOBSTER_MESSAGES, LOBSTER_BOOK, "2012-12-21")).trades
    assert trades is not None
    assert trades.time_ns[2] == (1_356_066_000 + 34_201) * 10**9


def test_every_row_is_the_whole_book_at_its_time_without_the_empty_levels(tmp_path: Path) -> None:
    book = read(lobster(tmp_path)).book
    assert book is not None
    assert (book.price_decimals, book.size_decimals) == (4, 0)
    full = [CLEAR, BID, BID, ASK, ASK]
    assert book.side.tolist() == [*full, *full, *full, CLEAR, BID, BID, ASK, CLEAR, BID, ASK, CLEAR, BID, ASK]
    assert book.price_ticks[:5].tolist() == [0, 2231800, 2230700, 2239500, 2239900]
    assert book.size_lots[:5].tolist() == [0, 100, 200, 100, 100]
    assert book.time_ns[-1] == MIDNIGHT_NS + 34_203_500_000_000


def test_a_message_file_alone_gives_its_trades_and_the_report_says_so(tmp_path: Path) -> None:
    write(tmp_path / LOBSTER_NAME.format("message"), LOBSTER_MESSAGES)
    found = read(tmp_path)
    assert found.book is None
    assert found.trades is not None
    assert ("incomplete", "no orderbook file beside it: trades only") in [
        (incident.kind, incident.detail) for incident in found.report.incidents
    ]


def test_an_orderbook_file_alone_is_refused_because_it_has_no_times(tmp_path: Path) -> None:
    path = write(tmp_path / LOBSTER_NAME.format("orderbook"), LOBSTER_BOOK)
    with pytest.raises(DatasetError, match=r"orderbook_2\.csv has no message file beside it, so it has no times"):
        read(path)


@pytest.mark.parametrize("broken", ["message", "orderbook"])
def test_a_malformed_row_takes_its_own_line_of_the_book_and_no_other(tmp_path: Path, broken: str) -> None:
    files = {
        "message": [f"{34200 + number},1,{number},5,1000,1" for number in range(150)],
        "orderbook": [f"{2000 + number},1,{1000 - number},1,9999999999,0,-9999999999,0" for number in range(150)],
    }
    files[broken][70] = files[broken][70].replace(",1", ",1 1", 1)
    found = read(pair(tmp_path, lines(*files["message"]), lines(*files["orderbook"])))
    assert found.book is not None
    bids = found.book.price_ticks[found.book.side == BID].tolist()
    assert bids == [1000 - number for number in range(150) if number != 70]
    (incident,) = found.report.incidents
    assert (incident.kind, incident.line) == ("malformed", 71)
    assert broken in incident.file


@pytest.mark.parametrize(("longer", "shorter"), [("message", "orderbook"), ("orderbook", "message")])
def test_rows_beyond_the_end_of_the_other_file_are_left_out_and_reported(
    tmp_path: Path, longer: str, shorter: str
) -> None:
    lobster(tmp_path)
    path = tmp_path / LOBSTER_NAME.format(shorter)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    found = read(tmp_path)
    assert found.book is not None
    assert (found.book.side == CLEAR).sum() == 2
    incident = found.report.incidents[-1]
    assert incident.kind == "incomplete"
    assert longer in incident.file
    assert incident.detail.startswith("this file has 4 rows more")


def test_several_days_are_one_stream_in_their_order(tmp_path: Path) -> None:
    for day in ("2012-06-22", "2012-06-21"):
        pair(tmp_path, LOBSTER_MESSAGES, LOBSTER_BOOK, day)
    trades = read(tmp_path).trades
    assert trades is not None
    assert len(trades) == 8
    assert (trades.time_ns[1:] >= trades.time_ns[:-1]).all()


def test_a_zip_and_the_files_unpacked_beside_it_are_read_once(tmp_path: Path) -> None:
    lobster(tmp_path)
    zipped(tmp_path / "vendor.zip", {path.name: path.read_text() for path in tmp_path.iterdir()})
    trades = read(tmp_path).trades
    assert trades is not None
    assert len(trades) == 4


def test_of_the_same_hours_the_pair_with_the_most_levels_is_read_and_the_other_is_said_to_be_left_out(
    tmp_path: Path,
) -> None:
    alone = read(lobster(tmp_path / "one"))
    lobster(tmp_path / "two")
    deeper = LOBSTER_NAME.replace("_2.csv", "_3.csv")
    book = "".join(f"{row},9999999999,0,-9999999999,0\n" for row in LOBSTER_BOOK.splitlines())
    write(tmp_path / "two" / deeper.format("message"), LOBSTER_MESSAGES)
    write(tmp_path / "two" / deeper.format("orderbook"), book)
    both = read(tmp_path / "two")
    assert both.trades is not None
    assert alone.trades is not None
    assert len(both.trades) == len(alone.trades)
    left_out = {each.file for each in both.report.incidents if each.kind == "unused"}
    assert left_out == {LOBSTER_NAME.format("message"), LOBSTER_NAME.format("orderbook")}


def test_two_pairs_of_the_same_hours_that_differ_are_refused_by_name(tmp_path: Path) -> None:
    lobster(tmp_path / "a")
    pair(tmp_path / "b", LOBSTER_MESSAGES.replace(",2238200,", ",2238100,"), LOBSTER_BOOK)
    with pytest.raises(DatasetError, match=r"a/.* and b/.* cover the same hours, but differ"):
        read(tmp_path)


def test_a_file_with_fewer_levels_than_its_name_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="its name says 2 levels, its rows hold 1"):
        read(pair(tmp_path, LOBSTER_MESSAGES, lines(*["2239500,100,2231800,100"] * 6)))


@pytest.mark.parametrize("kind", ["message", "orderbook"])
def test_a_file_of_the_pair_may_be_packed(tmp_path: Path, kind: str) -> None:
    lobster(tmp_path / "plain")
    lobster(tmp_path / "packed")
    path = tmp_path / "packed" / LOBSTER_NAME.format(kind)
    write(path.with_name(f"{path.name}.gz"), path.read_bytes())
    path.unlink()
    plain, packed = read(tmp_path / "plain"), read(tmp_path / "packed")
    assert plain.book is not None
    assert packed.book is not None
    assert packed.book.price_ticks.tolist() == plain.book.price_ticks.tolist()
    assert packed.report.counts == plain.report.counts
