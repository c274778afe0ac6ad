"""NASDAQ ITCH 5.0: files generated message by message as specified, and a test file of the exchange's layout."""

from __future__ import annotations

import bz2
import gzip
import struct
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, UNKNOWN
from processor.core.report import Report
from processor.errors import DatasetError, TooManyMalformed, UnknownFormat
from processor.formats import itch, open_dataset
from processor.formats.disk import files
from tests.formats.itch_reference import Day
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import write, zipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.formats.reading import Read

NAME: Final = "08082024.NASDAQ_ITCH50"
MIDNIGHT_NS: Final = int(datetime(2024, 8, 8, tzinfo=ZoneInfo("America/New_York")).timestamp()) * 10**9
OPEN_NS: Final = 34_200 * 10**9


def message(kind: str, at_ns: int, *body: bytes, locate: int = 7) -> bytes:
    """A message so many ns after the opening, without its length."""
    time = (OPEN_NS + at_ns).to_bytes(6, "big")
    return kind.encode() + struct.pack(">HH", locate, 0) + time + b"".join(body)


def framed(*messages: bytes, bare: bool = False) -> bytes:
    return b"".join((0 if bare else len(each)).to_bytes(2, "big") + each for each in messages)


def number(value: int, bytes_: int) -> bytes:
    return value.to_bytes(bytes_, "big")


def price(dollars: float) -> bytes:
    return number(round(dollars * 10_000), 4)


def symbol(stock: str) -> bytes:
    return stock.encode().ljust(8)


def event(code: str, at_ns: int = -OPEN_NS) -> bytes:
    return message("S", at_ns, code.encode(), locate=0)


def directory(stock: str | bytes = "AAPL", locate: int = 7) -> bytes:
    name = symbol(stock) if isinstance(stock, str) else stock
    return message("R", 1 - OPEN_NS, name, b"QN", number(100, 4), b"NCZ PNN1N", number(0, 4), b"N", locate=locate)


def add(
    at_ns: int, order: int, side: str, size: int, dollars: float, *, stock: str = "AAPL", locate: int = 7, by: str = ""
) -> bytes:
    body = number(order, 8), side.encode(), number(size, 4), symbol(stock), price(dollars), by.encode()
    return message("F" if by else "A", at_ns, *body, locate=locate)


def execute(at_ns: int, order: int, size: int, match: int = 1, *, locate: int = 7) -> bytes:
    return message("E", at_ns, number(order, 8), number(size, 4), number(match, 8), locate=locate)


def execute_at(at_ns: int, order: int, size: int, dollars: float, *, printable: str = "Y", match: int = 2) -> bytes:
    body = number(order, 8), number(size, 4), number(match, 8), printable.encode(), price(dollars)
    return message("C", at_ns, *body)


def cancel(at_ns: int, order: int, size: int) -> bytes:
    return message("X", at_ns, number(order, 8), number(size, 4))


def delete(at_ns: int, order: int) -> bytes:
    return message("D", at_ns, number(order, 8))


def replace(at_ns: int, order: int, by: int, size: int, dollars: float) -> bytes:
    return message("U", at_ns, number(order, 8), number(by, 8), number(size, 4), price(dollars))


def trade(at_ns: int, side: str, size: int, dollars: float, *, match: int = 3, stock: str = "AAPL") -> bytes:
    body = bytes(8), side.encode(), number(size, 4), symbol(stock), price(dollars), number(match, 8)
    return message("P", at_ns, *body)


def cross(at_ns: int, size: int, dollars: float, *, match: int = 4) -> bytes:
    return message("Q", at_ns, number(size, 8), symbol("AAPL"), price(dollars), number(match, 8), b"O")


def broken(at_ns: int, match: int) -> bytes:
    return message("B", at_ns, number(match, 8))


OTHERS: Final = (
    message("H", 0, symbol("AAPL"), b"T     "),
    message("Y", 0, symbol("AAPL"), b"0"),
    message("L", 0, b"MPID", symbol("AAPL"), b"YNA"),
    message("V", 0, bytes(24), locate=0),
    message("W", 0, b"1", locate=0),
    message("K", 0, symbol("AAPL"), bytes(9)),
    message("J", 0, symbol("AAPL"), bytes(16)),
    message("h", 0, symbol("AAPL"), b"QH"),
    message("I", 0, bytes(16), b"B", symbol("AAPL"), bytes(14)),
    message("N", 0, symbol("AAPL"), b"A"),
    message("O", 0, symbol("AAPL"), bytes(29)),
)
"""One of each kind that has to do with neither orders nor trades."""


def day(folder: Path, *messages: bytes, name: str = NAME, bare: bool = False) -> Path:
    """A whole day of AAPL (locate 7) and of what else `messages` hold."""
    end = event("C", 20 * 3600 * 10**9 - OPEN_NS)
    return write(folder / name, framed(event("O"), directory(), *messages, end, bare=bare))


def events_of(found: Read) -> list[tuple[int, int, int, int]]:
    book = found.book
    assert book is not None
    columns = (book.time_ns - MIDNIGHT_NS - OPEN_NS, book.side, book.price_ticks, book.size_lots)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def tape_of(found: Read) -> list[tuple[int, int, int, int]]:
    trades = found.trades
    assert trades is not None
    columns = (trades.time_ns - MIDNIGHT_NS - OPEN_NS, trades.price_ticks, trades.size_lots, trades.aggressor)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_orders_become_levels_and_executions_trades_at_the_orders_prices(tmp_path: Path) -> None:
    found = read(
        day(
            tmp_path,
            *OTHERS,
            add(1, 11, "B", 300, 100.01),
            add(2, 12, "B", 200, 100.01, by="NSDQ"),
            add(3, 13, "S", 500, 100.05),
            execute(4, 11, 100),
            execute_at(5, 13, 200, 100.03),
            cancel(6, 12, 50),
            replace(7, 11, 14, 250, 99.5),
            delete(8, 13),
            execute(9, 14, 250, match=9),
        )
    )
    assert events_of(found) == [
        (1, CLEAR, 0, 0),
        (1, BID, 1_000_100, 300),
        (2, BID, 1_000_100, 500),
        (3, ASK, 1_000_500, 500),
        (4, BID, 1_000_100, 400),
        (5, ASK, 1_000_500, 300),
        (6, BID, 1_000_100, 350),
        (7, BID, 1_000_100, 150),
        (7, BID, 995_000, 250),
        (8, ASK, 1_000_500, 0),
        (9, BID, 995_000, 0),
    ]
    assert tape_of(found) == [
        (4, 1_000_100, 100, SELL),
        (5, 1_000_300, 200, BUY),
        (9, 995_000, 250, SELL),
    ]
    assert found.trades is not None
    assert (found.trades.price_decimals, found.trades.size_decimals) == (4, 0)
    assert not found.report.incidents


def test_an_execution_that_is_not_printable_changes_the_book_and_is_no_trade(tmp_path: Path) -> None:
    rows = add(1, 11, "B", 300, 100), execute_at(2, 11, 100, 99, printable="N"), execute_at(2, 11, 50, 99)
    found = read(day(tmp_path, *rows))
    assert tape_of(found) == [(2, 990_000, 50, SELL)]
    assert events_of(found)[-1] == (2, BID, 1_000_000, 150)


def test_trades_of_hidden_orders_and_crosses_have_no_aggressor_and_leave_the_book_alone(tmp_path: Path) -> None:
    rows = [add(1, 11, "B", 300, 100), trade(2, "B", 70, 100.02), trade(3, "S", 80, 100.02, match=8)]
    found = read(day(tmp_path, *rows, cross(4, 2**40, 100.5), cross(5, 0, 0), cross(6, 0, 100)))
    assert tape_of(found) == [
        (2, 1_000_200, 70, UNKNOWN), (3, 1_000_200, 80, UNKNOWN), (4, 1_005_000, 2**40, UNKNOWN),
    ]  # fmt: skip
    assert len(events_of(found)) == 2
    assert found.report.counts == {"unknown_sides": 3}


def test_a_trade_that_the_exchange_breaks_stays_on_the_tape_and_is_reported(tmp_path: Path) -> None:
    found = read(day(tmp_path, trade(2, "B", 70, 100.02, match=77), broken(9, 77)))
    assert len(tape_of(found)) == 1
    (incident,) = [each for each in found.report.incidents if each.kind != "unknown_sides"]
    assert (incident.kind, incident.line) == ("assumptions", 4)
    assert incident.detail == "the trade of match number 77 was broken later; it stays, as on the tape"


def test_stocks_are_told_apart_by_their_locate_codes_and_listed_from_the_directory(tmp_path: Path) -> None:
    path = day(
        tmp_path,
        directory("BRK.B", 8),
        directory("AACB+", 300),
        add(1, 11, "B", 300, 100),
        add(1, 12, "B", 5, 400, stock="BRK.B", locate=8),
        execute(2, 12, 2, locate=8),
        add(1, 13, "S", 6, 0.0001, stock="AACB+", locate=300),
    )
    assert open_dataset(path).instruments == ("AACB+", "AAPL", "BRK.B")
    assert events_of(read(path, "BRK.B")) == [(1, CLEAR, 0, 0), (1, BID, 4_000_000, 5), (2, BID, 4_000_000, 3)]
    assert tape_of(read(path, "brk.b")) == [(2, 4_000_000, 2, SELL)]
    assert events_of(read(path, "AACB+"))[1:] == [(1, ASK, 1, 6)]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("12302019.NASDAQ_ITCH50", "2019-12-30T05"),
        ("20190730.PSX_ITCH_50", "2019-07-30T04"),
        ("S081321-v50.txt", "2021-08-13T04"),
        ("S030220-v50-bx.txt", "2020-03-02T05"),
        ("ex20101224.TEST_ITCH_50", "2010-12-24T05"),
        ("aapl_2024-03-10.itch", "2024-03-10T05"),
        ("11-03-2024.itch", "2024-11-03T04"),
    ],
)
def test_times_count_from_midnight_in_new_york_of_the_day_in_the_files_name(
    tmp_path: Path, name: str, wanted: str
) -> None:
    found = read(day(tmp_path, add(1, 11, "B", 300, 100), name=name)).book
    assert found is not None
    midnight_ns = int(datetime.fromisoformat(f"{wanted}:00+00:00").timestamp()) * 10**9
    assert found.time_ns.tolist() == [midnight_ns + OPEN_NS + 1] * 2


@pytest.mark.parametrize(
    ("name", "days"),
    [("day.itch", "no"), ("20191330.itch", "no"), ("30122019.itch", "no"), ("20191230_20191231.itch", "2"),
     ("123019.itch", "no"), ("1912302019.itch", "no")],
)  # fmt: skip
def test_a_file_whose_name_does_not_say_its_day_is_refused_with_names_that_do(
    tmp_path: Path, name: str, days: str
) -> None:
    with pytest.raises(DatasetError) as refusal:
        open_dataset(day(tmp_path, add(1, 11, "B", 300, 100), name=name))
    assert str(refusal.value) == (
        f"{name} holds ITCH 5.0 messages, whose times count from midnight, but there are {days} days in its name; the "
        "name must contain their day, such as 12302019.NASDAQ_ITCH50.gz, 20191230.BX_ITCH_50.gz or S123019-v50.txt.gz"
    )


SOME: Final = (add(1, 11, "B", 300, 100), execute(2, 11, 100), replace(3, 11, 12, 5, 101), *OTHERS, delete(4, 12))


@pytest.mark.parametrize("bare", [False, True], ids=["lengths", "zeros"])
@pytest.mark.parametrize("read_bytes", [1, 2, 13, 41, 400])
def test_how_much_is_read_at_once_changes_no_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_bytes: int, *, bare: bool
) -> None:
    path = day(tmp_path, *SOME, bare=bare)
    whole = read(path)
    monkeypatch.setattr(files, "_PLAIN_READ_BYTES", read_bytes)
    pieces = read(path)
    assert book_of(pieces.book) == book_of(whole.book)
    assert trades_of(pieces.trades) == trades_of(whole.trades)
    assert pieces.report.files == whole.report.files
    assert not pieces.report.incidents
    assert pieces.consumed_bytes == pieces.size_bytes


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gz", "bz2"])
def test_packed_files_members_of_archives_and_lengths_of_zero_tell_the_same(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    plain = day(tmp_path / "plain", *SOME)
    wanted = events_of(read(plain))
    assert events_of(read(write(tmp_path / f"packed/{NAME}", pack(plain.read_bytes())))) == wanted
    assert events_of(read(zipped(tmp_path / "a.zip", {f"itch/{NAME}": plain.read_bytes()}))) == wanted
    assert events_of(read(day(tmp_path / "bare", *SOME, bare=True))) == wanted


def test_the_mark_of_a_sessions_end_is_no_message(tmp_path: Path) -> None:
    path = day(tmp_path, *SOME)
    wanted = events_of(read(path))
    path.write_bytes(path.read_bytes() + bytes(2))
    found = read(path)
    assert events_of(found) == wanted
    assert not found.report.incidents


def test_days_follow_each_other_and_each_begins_with_an_empty_book(tmp_path: Path) -> None:
    day(tmp_path, add(1, 11, "B", 300, 100), name="20240808.itch")
    day(tmp_path, add(1, 12, "S", 200, 101), name="20240807.itch")
    day(tmp_path, trade(1, "B", 1, 100), name="20240809.itch")
    found = read(tmp_path)
    assert [row[1:] for row in events_of(found)] == [
        (CLEAR, 0, 0), (ASK, 1_010_000, 200), (CLEAR, 0, 0), (BID, 1_000_000, 300), (CLEAR, 0, 0),
    ]  # fmt: skip
    parts = itch.FORMAT.parts(open_dataset(tmp_path).files, "AAPL", "exchange", Report())
    assert [part.name for part in parts] == ["20240807.itch", "20240808.itch", "20240809.itch"]
    assert [part.first_ns for part in parts] == [MIDNIGHT_NS + days * 86_400 * 10**9 for days in (-1, 0, 1)]
    assert not any(part.has_snapshots for part in parts)


def test_two_files_of_one_day_are_refused_by_their_names(tmp_path: Path) -> None:
    day(tmp_path, *SOME[:-2], SOME[-1], name="20240808.BX_ITCH_50")
    day(tmp_path, *SOME)
    with pytest.raises(DatasetError, match=r"08082024\.NASDAQ_ITCH50 and 20240808\.BX_ITCH_50 are of the same day"):
        read(tmp_path)


def test_a_part_of_a_day_cut_from_its_begin_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / NAME, framed(*SOME))
    with pytest.raises(
        DatasetError, match=r"does not start with the stock directory \(R\) of a day: give the day from"
    ):
        open_dataset(path)


def test_trades_have_their_messages_numbers_and_ids_that_no_other_day_gives(tmp_path: Path) -> None:
    ids = []
    for name in ("20240808.itch", "20240809.itch"):
        files = open_dataset(day(tmp_path / name, *SOME, trade(5, "B", 1, 100, match=2**40), name=name)).files
        (part,) = itch.FORMAT.parts(files, "AAPL", "exchange", Report())
        (found,) = [each for each in part.read(Report()) if each.trades]
        assert found.lines is not None
        assert found.ids is not None
        assert found.lines.tolist() == [4, 4 + len(SOME) - 1]
        ids += found.ids.tolist()
    assert len(set(ids)) == 4
    assert [each & (2**48 - 1) for each in ids] == [1, 2**40] * 2


def test_executions_and_changes_of_orders_that_are_not_there_are_gaps(tmp_path: Path) -> None:
    found = read(
        day(
            tmp_path,
            execute(1, 99, 10),
            execute_at(2, 99, 10, 100),
            cancel(3, 99, 1),
            delete(4, 99),
            replace(5, 99, 100, 7, 101),
            add(6, 11, "B", 5, 100),
            execute(7, 11, 6),
            add(8, 12, "S", 5, 101),
            add(9, 12, "S", 4, 102),
        )
    )
    assert [(each.kind, each.line, each.detail) for each in found.report.incidents if each.kind == "gaps"] == [
        ("gaps", 3, "an order that was never added is executed: a trade without a price, left out"),
        ("gaps", 4, "an order that was never added"),
        ("gaps", 5, "an order that was never added"),
        ("gaps", 6, "an order that was never added"),
        ("gaps", 7, "an order that was never added"),
        ("gaps", 9, "more of an order is taken than is resting"),
        ("gaps", 11, "an order is added that is already resting: the new one replaces it"),
    ]
    assert tape_of(found) == [(2, 1_000_000, 10, UNKNOWN), (7, 1_000_000, 6, SELL)]
    assert events_of(found) == [
        (1, CLEAR, 0, 0),
        (6, BID, 1_000_000, 5),
        (7, BID, 1_000_000, 0),
        (8, ASK, 1_010_000, 5),
        (9, ASK, 1_010_000, 0),
        (9, ASK, 1_020_000, 4),
    ]


def many(count: int = 150) -> list[bytes]:
    return [add(at, at, "B", 10, 100) for at in range(1, count)]


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (add(50 * 3600 * 10**9, 50, "B", 10, 100), "a time beyond the end of its day"),
        (add(50, 50, "B", 10, 100, stock="MSFT"), "the stock is not that of its locate code"),
        (trade(50, "B", 10, 100, stock="AAPLE"), "the stock is not that of its locate code"),
        (add(50, 50, "T", 10, 100), "a side that is neither B nor S"),
        (add(50, 50, "B", 0, 100), "an order of 0 shares"),
        (replace(50, 49, 500, 0, 100), "an order of 0 shares"),
        (execute_at(50, 49, 1, 100, printable="?"), "neither printable (Y) nor not (N)"),
        (cross(50, 2**63, 100), "more shares than 64 bits hold"),
    ],
)
def test_a_malformed_message_is_skipped_and_located(tmp_path: Path, damaged: bytes, reason: str) -> None:
    rows = many()
    rows[49] = damaged
    found = read(day(tmp_path, *rows))
    (incident,) = found.report.incidents
    assert (incident.kind, incident.file, incident.line, incident.detail) == ("malformed", NAME, 52, reason)
    assert len(events_of(found)) == 149
    assert found.report.files[NAME].rows == 149


def test_a_stock_whose_symbol_is_damaged_is_no_instrument_and_is_reported(tmp_path: Path) -> None:
    path = day(tmp_path, directory(b"\0\0PL    ", 8), directory(b"A\x1b[1m   ", 9), directory("MSFT", 10), *many(250))
    assert open_dataset(path).instruments == ("AAPL", "MSFT")
    incidents = read(path).report.incidents
    assert [(each.kind, each.line, each.detail) for each in incidents] == [
        ("malformed", 3, "a stock whose symbol is not text"),
        ("malformed", 4, "a stock whose symbol is not text"),
    ]


def test_a_day_of_which_over_one_percent_is_malformed_is_refused(tmp_path: Path) -> None:
    rows = many()
    rows[49] = rows[50] = add(51, 51, "T", 10, 100)
    with pytest.raises(TooManyMalformed, match=r"over 1 % of its rows do not parse \(2 of 149 so far\)"):
        read(day(tmp_path, *rows))


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (framed(b"Z" + bytes(18)), r"its message 5 is of type 'Z', which ITCH 5\.0 does not have"),
        (framed(b"\xff" + bytes(18)), r"its message 5 is of type '\\xff', which"),
        (framed(delete(3, 11) + b"?"), r"its message 5 of type D has a stated length of 20 bytes, not 19"),
        (framed(delete(3, 11)[:-1]), r"its message 5 of type D has a stated length of 18 bytes, not 19"),
    ],
)
def test_a_message_of_another_type_or_length_ends_the_reading_where_it_stands(
    tmp_path: Path, damaged: bytes, reason: str
) -> None:
    sound = framed(event("O"), directory(), add(1, 11, "B", 300, 100), execute(2, 11, 100))
    path = write(tmp_path / NAME, sound + damaged + framed(delete(4, 11)))
    with pytest.raises(DatasetError, match=r"08082024\.NASDAQ_ITCH50: damaged: " + reason):
        read(path)


def test_a_file_that_ends_early_is_read_to_there_and_reported(tmp_path: Path) -> None:
    whole = framed(event("O"), directory(), *many(3000))
    found = read(write(tmp_path / f"a/{NAME}", whole))
    assert [(each.kind, each.line, each.detail) for each in found.report.incidents] == [
        ("incomplete", 3001, "the file ends before the exchange's message for the end of the day")
    ]
    found = read(write(tmp_path / f"b/{NAME}", whole[:-5]))
    assert [(each.kind, each.line) for each in found.report.incidents] == [("incomplete", 3001)]
    assert len(events_of(found)) == 2999
    found = read(write(tmp_path / f"c/{NAME}", gzip.compress(whole)[:-2000]))
    assert [each.kind for each in found.report.incidents] == ["incomplete"]
    assert 100 < len(events_of(found)) < 2999


def test_messages_whose_times_go_back_are_counted(tmp_path: Path) -> None:
    found = read(day(tmp_path, add(5, 11, "B", 300, 100), delete(4, 11)))
    assert found.report.counts == {"held_back": 1}
    assert [event[0] for event in events_of(found)] == [5, 5, 5]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        bytes(3),
        bytes(500),
        framed(event("O"), directory()),
        framed(*[b"T" + bytes(4)] * 9),
        b"12,34\n" * 99,
    ],
)
def test_other_content_is_not_taken_for_such_messages(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnknownFormat):
        open_dataset(write(tmp_path / NAME, content))


def test_an_older_version_is_called_by_its_name(tmp_path: Path) -> None:
    content = framed(b"T" + number(28_800, 4), b"S" + number(5, 4) + b"O", b"T" + number(28_801, 4))
    with pytest.raises(UnknownFormat, match=rf"{NAME}: NASDAQ ITCH of version 4\.1 or before; version 5\.0 is read"):
        open_dataset(write(tmp_path / NAME, content))


@pytest.mark.parametrize("stock", ["ALC", "BOB", "CHAR"])
def test_the_exchanges_layout_reads_as_a_slow_program_reads_it(shared_data: Path, stock: str) -> None:
    path = shared_data / "more/ex20101224.TEST_ITCH_50.gz"
    assert open_dataset(path).instruments == ("ALC", "BOB", "CHAR")
    found = read(path, stock)
    told = Day(gzip.decompress(path.read_bytes()), stock, datetime(2010, 12, 24, tzinfo=ZoneInfo("America/New_York")))
    same(found, told)
    assert found.report.files[path.name].rows == told.rows
    assert {"ALC": 1911, "BOB": 1794, "CHAR": 1475}[stock] == len(told.trades)


def same(found: Read, told: Day) -> None:
    """Every trade, and the book after every time."""
    trades = found.trades
    assert trades is not None
    assert told.trades == list(
        zip(
            *(getattr(trades, name).tolist() for name in ("time_ns", "price_ticks", "size_lots", "aggressor")),
            strict=True,
        )
    )
    book = found.book
    assert book is not None
    levels: dict[tuple[int, int], int] = {}
    at = 0
    for time, wanted in told.books():
        while at < len(book) and book.time_ns[at] <= time:
            if book.side[at] == CLEAR:
                levels.clear()
            levels[int(book.side[at]), int(book.price_ticks[at])] = int(book.size_lots[at])
            at += 1
        assert {level: size for level, size in levels.items() if size} == wanted
    assert at == len(book)
    assert found.report.counts["gaps"] == told.gaps


def test_a_generated_day_of_two_stocks_reads_as_a_slow_program_reads_it(tmp_path: Path) -> None:
    chance = np.random.default_rng(11)
    stocks = {7: "AAPL", 8: "MSFT"}
    resting: dict[int, tuple[int, int]] = {}
    rows: list[bytes] = [directory("MSFT", 8)]
    for at in range(1, 6000):
        choice = chance.random()
        if choice < 0.45 or not resting:
            locate, order, size = int(chance.integers(7, 9)), int(chance.integers(1, 2**64, dtype=np.uint64)), 50
            resting[order] = (locate, size)
            side = "BS"[int(chance.integers(2))]
            cents = int(chance.integers(1, 40)) + (40 if side == "S" else 0)
            rows.append(add(at, order, side, size, cents / 100, stock=stocks[locate], locate=locate))
            continue
        order = list(resting)[int(chance.integers(len(resting)))]
        locate, size = resting.pop(order)
        taken = int(chance.integers(1, size + 1))
        if choice < 0.6:
            made = execute(at, order, taken, match=at)
        elif choice < 0.65:
            made = execute_at(at, order, taken, 0.5, printable="YN"[at % 2], match=at)
        elif choice < 0.7:
            made = cancel(at, order, taken)
        elif choice < 0.85:
            made, taken = delete(at, order), size
        else:
            made = replace(at, order, order ^ 1, 30, int(chance.integers(1, 80)) / 100)
            order, size, taken = order ^ 1, 30, 0
        rows.append(made[:1] + number(locate, 2) + made[3:])
        if taken < size:
            resting[order] = (locate, size - taken)
    path = day(tmp_path, *rows)
    for stock in stocks.values():
        told = Day(path.read_bytes(), stock, datetime(2024, 8, 8, tzinfo=ZoneInfo("America/New_York")))
        assert len(told.trades) > 400
        same(read(path, stock), told)
