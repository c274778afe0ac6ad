from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, UNKNOWN
from processor.formats.lines.specs import NOT_A_TIME
from processor.formats.lines.text import PHRASES
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import DATABENTO_HEADER, databento, databento_row, lines, write

if TYPE_CHECKING:
    from pathlib import Path

SECOND_NS = 1_723_127_400 * 10**9
"""2024-08-08 14:30:00 UTC."""

LEVELS = ("233.67,233.74,139,200", "233.5,233.75,10,1")


def test_trade_rows_are_trades_by_the_side_of_the_aggressor(tmp_path: Path) -> None:
    trades = read(databento(tmp_path)).trades
    assert trades is not None
    assert trades.aggressor.tolist() == [BUY, SELL, UNKNOWN]
    assert trades.price_ticks.tolist() == [23374, 23367, 23370]
    assert trades.size_lots.tolist() == [50, 7, 1]
    assert trades.time_ns.tolist() == [SECOND_NS + 21, SECOND_NS + 21, SECOND_NS + 30]


def test_every_row_is_the_whole_book_at_its_time_without_undefined_levels(tmp_path: Path) -> None:
    book = read(databento(tmp_path)).book
    assert book is not None
    full = [CLEAR, BID, BID, ASK, ASK]
    assert book.side.tolist() == [*full, *full, *full, *full, CLEAR, BID, BID, CLEAR]
    assert book.price_ticks[:5].tolist() == [0, 23367, 23350, 23374, 23375]
    assert book.size_lots[:5].tolist() == [0, 139, 10, 200, 1]
    assert book.time_ns[[0, -1]].tolist() == [SECOND_NS + 5, SECOND_NS + 51]


def test_the_local_clock_is_the_time_of_receipt(tmp_path: Path) -> None:
    trades = read(databento(tmp_path), clock="local").trades
    assert trades is not None
    assert trades.time_ns[0] == SECOND_NS + 1021


def test_columns_are_found_by_name_whatever_their_order(tmp_path: Path) -> None:
    original = read(databento(tmp_path / "original"))
    rows = [row.split(",") for row in (tmp_path / "original/aapl_20240808.csv").read_text().splitlines()]
    turned = write(tmp_path / "turned/aapl_20240808.csv", lines(*(",".join(reversed(row)) for row in rows)))
    found = read(turned)
    assert trades_of(found.trades) == trades_of(original.trades)
    assert book_of(found.book) == book_of(original.book)


def test_fixed_point_prices_and_times_in_nanoseconds_are_the_same_data(tmp_path: Path) -> None:
    original = read(databento(tmp_path / "original"))
    header, *rows = (row.split(",") for row in (tmp_path / "original/aapl_20240808.csv").read_text().splitlines())
    for row in rows:
        for column, name in enumerate(header):
            if name == "price" or "_px_" in name:
                row[column] = str(round(float(row[column]) * 10**9)) if row[column] else str(2**63 - 1)
            elif name in {"ts_event", "ts_recv"}:
                row[column] = str(SECOND_NS + int(row[column][-10:-1]))
    found = read(write(tmp_path / "fixed/a_20240808.csv", lines(*(",".join(row) for row in [header, *rows]))))
    assert trades_of(found.trades) == trades_of(original.trades)
    assert book_of(found.book) == book_of(original.book)


def test_a_file_of_one_level_is_read_by_the_same_reader(tmp_path: Path) -> None:
    header = DATABENTO_HEADER.replace(",bid_px_01,ask_px_01,bid_sz_01,ask_sz_01,bid_ct_01,ask_ct_01", "")
    row = databento_row(5, "A", "B", "233.67", "2", LEVELS[:1])
    book = read(write(tmp_path / "mbp1.csv", lines(header, row))).book
    assert book is not None
    assert book.side.tolist() == [CLEAR, BID, ASK]


def test_each_instrument_of_a_file_is_read_alone_whether_named_by_symbol_or_id(tmp_path: Path) -> None:
    rows = [databento_row(at, "T", "B", "1", str(at), LEVELS, symbol) for at, symbol in ((1, "A"), (2, "B"), (3, "A"))]
    trades = read(write(tmp_path / "a.csv", lines(DATABENTO_HEADER, *rows)), "A").trades
    assert trades is not None
    assert trades.size_lots.tolist() == [1, 3]
    unnamed = (row.rpartition(",")[0] for row in [DATABENTO_HEADER, *rows])
    trades = read(write(tmp_path / "b.csv", lines(*unnamed)), "38").trades
    assert trades is not None
    assert trades.size_lots.tolist() == [1, 2, 3]


def test_a_trade_without_a_price_is_a_malformed_row(tmp_path: Path) -> None:
    rows = [databento_row(at, "T", "B", "233.7", "1", LEVELS) for at in range(120)]
    rows[10] = databento_row(10, "T", "B", "", "1", LEVELS)
    found = read(write(tmp_path / "a.csv", lines(DATABENTO_HEADER, *rows)))
    assert found.trades is not None
    assert found.book is not None
    assert len(found.trades) == (found.book.side == CLEAR).sum() == 119
    (incident,) = found.report.incidents
    assert (incident.line, incident.detail) == (12, "a trade without a price or a size")


def test_the_broken_row_of_the_real_file_is_skipped_whole_and_located(shared_data: Path) -> None:
    found = read(shared_data / "databento/aapl_xnas_20241021_mbp-10.csv")
    assert found.book is not None
    assert (found.book.side == CLEAR).sum() == 4999
    (incident,) = [incident for incident in found.report.incidents if incident.kind == "malformed"]
    assert (incident.file, incident.line) == ("aapl_xnas_20241021_mbp-10.csv", 22)
    assert incident.detail == "bid_px_02 '2 33.53' is not a number"


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        (1, "2024-08-08 14:30", f"ts_event '2024-08-08 14:30' {PHRASES[NOT_A_TIME]}"),
        (5, "X", "action 'X' is not one of A, C, M, R, T, F, N"),
        (15, "-1", "bid_sz_00 '-1' is negative"),
    ],
)
def test_a_malformed_row_is_skipped_and_described(tmp_path: Path, column: int, text: str, reason: str) -> None:
    rows = [databento_row(at, "A", "B", "233.7", "1", LEVELS).split(",") for at in range(120)]
    rows[10][column] = text
    found = read(write(tmp_path / "a.csv", lines(DATABENTO_HEADER, *map(",".join, rows))))
    assert [(incident.line, incident.detail) for incident in found.report.incidents] == [(12, reason)]


MBO_HEADER = "ts_event,action,side,price,size,order_id,flags,symbol"


def test_a_number_that_no_record_has_room_for_is_malformed(tmp_path: Path) -> None:
    rows = [f"{SECOND_NS + at},A,B,1.5,1,{at},128,X" for at in range(300)]
    rows[7] = rows[7].replace(",1.5,1,", f",1.5,{2**32},")
    path = write(tmp_path / "mbo.csv", lines(MBO_HEADER, f"{SECOND_NS},R,N,,0,0,0,X", *rows))
    found = read(path)
    assert [(each.kind, each.line) for each in found.report.incidents] == [("malformed", 10)]
    assert found.book is not None
    assert found.book.size_lots[-1] == 299


def test_orders_that_were_never_added_are_gaps_and_located(tmp_path: Path) -> None:
    rows = [f"{SECOND_NS},R,N,,0,0,0,X", f"{SECOND_NS + 1},C,B,1.5,1,9,128,X"]
    found = read(write(tmp_path / "mbo.csv", lines(MBO_HEADER, *rows)))
    assert [(each.kind, each.line) for each in found.report.incidents] == [("gaps", 3)]


def test_where_there_are_orders_the_levels_beside_them_are_left_out(tmp_path: Path) -> None:
    databento(tmp_path)
    rows = [f"{SECOND_NS},R,N,,0,0,0,AAPL", f"{SECOND_NS + 1},A,B,1.5,1,9,128,AAPL"]
    write(tmp_path / "mbo.csv", lines(MBO_HEADER, *rows))
    found = read(tmp_path)
    assert found.trades is None
    assert [(each.kind, each.file) for each in found.report.incidents] == [("unused", "aapl_20240808.csv")]
    assert found.consumed_bytes == found.size_bytes
