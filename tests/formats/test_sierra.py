"""Sierra Chart's files, generated record by record as the vendor documents them."""

from __future__ import annotations

import gzip
import struct
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, UNKNOWN
from processor.core.report import Report
from processor.errors import DatasetError, ScaleOverflow, TooManyMalformed, UnknownFormat
from processor.formats import open_dataset, sierra
from processor.formats.disk import files
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import write, zipped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.formats.reading import Read

DAY_NS: Final = int(datetime(2025, 1, 2, tzinfo=UTC).timestamp()) * 10**9
DAY_US: Final = (datetime(2025, 1, 2, tzinfo=UTC) - datetime(1899, 12, 30, tzinfo=UTC)).days * 86_400 * 10**6
"""As the files count."""
FIRST, LAST = -1.99900095e37, -1.99900197e37
END: Final = 1


def scid(*records: bytes, version: int = 1, size: int = 40, header: int = 56) -> bytes:
    start = b"SCID" + struct.pack("<IIHHI", header, size, version, 0, 0)
    return start.ljust(header, b"\0") + b"".join(records)


def depth(*records: bytes, version: int = 1, size: int = 24, header: int = 64) -> bytes:
    return (b"SCDD" + struct.pack("<III", header, size, version)).ljust(header, b"\0") + b"".join(records)


def trade(
    at_us: int,
    price: float,
    *,
    bought: int = 0,
    sold: int = 0,
    size: int | None = None,
    kind: float = 0.0,
    ask: float = 0.0,
    bid: float = 0.0,
    trades: int = 1,
) -> bytes:
    total = bought + sold if size is None else size
    return struct.pack("<qffffIIII", DAY_US + at_us, kind, ask, bid, price, trades, total, sold, bought)


def change(at_us: int, command: int, price: float = 0, size: int = 0, *, flags: int = 0, orders: int = 1) -> bytes:
    return struct.pack("<qBBHfII", DAY_US + at_us, command, flags, orders, price, size, 0)


def levels(at_us: int, *rows: tuple[int, float, int], command: int = 2) -> list[bytes]:
    return [change(at_us, command + side, price, size) for side, price, size in rows]


def events_of(found: Read) -> list[tuple[int, int, Decimal, int]]:
    return [
        ((event.time_ns - DAY_NS) // 1000, event.side, event.price, int(event.size)) for event in book_of(found.book)
    ]


def tape_of(found: Read) -> list[tuple[int, str, int, int]]:
    return [
        ((each.time_ns - DAY_NS) // 1000, f"{each.price.normalize():f}", int(each.size), each.aggressor)
        for each in trades_of(found.trades)
    ]


def found_of(found: Read) -> list[tuple[str, int | None, str]]:
    """The incidents but for the one that every such dataset has."""
    incidents = [(each.kind, each.line, each.detail) for each in found.report.incidents]
    return [each for each in incidents if not each[2].startswith("the prices of")]


def test_volume_at_the_ask_is_bought_volume_at_the_bid_sold_and_both_or_none_unknown(tmp_path: Path) -> None:
    records = (
        trade(0, 4799.25, bought=3, ask=4799.25, bid=4799),
        trade(1, 4799, sold=2, ask=4799.25, bid=4799),
        trade(2, 4799.5, bought=1, sold=4),
        trade(3, 4799.75, size=6),
        trade(4, 4800, bought=1, kind=FIRST),
        trade(5, 4800, bought=2),
        trade(6, 4800, bought=3, kind=LAST),
        trade(7, 4801, bought=9, trades=4),
    )
    found = read(write(tmp_path / "ESH25-CME.scid", scid(*records)))
    assert tape_of(found) == [
        (0, "4799.25", 3, BUY),
        (1, "4799", 2, SELL),
        (2, "4799.5", 5, UNKNOWN),
        (3, "4799.75", 6, UNKNOWN),
        (4, "4800", 1, BUY),
        (5, "4800", 2, BUY),
        (6, "4800", 3, BUY),
        (7, "4801", 9, BUY),
    ]
    assert found.book is None
    assert found.report.counts == {"unknown_sides": 2, "assumptions": 1}
    assert found.report.files["ESH25-CME.scid"].rows == 8


def test_a_dataset_says_that_its_prices_are_those_of_the_files(tmp_path: Path) -> None:
    report = read(write(tmp_path / "NQH25.scid", scid(trade(0, 2_105_025.0, bought=3)))).report
    (incident,) = report.incidents
    assert incident.kind == "assumptions"
    assert incident.detail.startswith("the prices of NQH25 are those in the files; Sierra Chart multiplies")


def test_prices_are_the_shortest_digits_that_give_the_same_float(tmp_path: Path) -> None:
    prices = ["0.1", "1.08345", "100.1", "97345.7", "-37.63", "0.00001234", "1e-9", "16777216", "123456.78"]
    path = write(tmp_path / "X.scid", scid(*(trade(at, float(price), bought=1) for at, price in enumerate(prices))))
    assert [each[1] for each in tape_of(read(path))] == [f"{Decimal(price):f}" for price in prices]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@example(np.float32(0.3) - np.float32(0.1))
def test_digits_are_those_that_numpy_writes_or_there_is_no_price(price: float) -> None:
    value = np.array([price], np.float32)
    ticks, needed = np.empty(1, np.int64), np.empty(1, np.int64)
    sierra._spell(value, sierra._POWERS, ticks, needed)
    written = Decimal(np.format_float_positional(value[0], unique=True))
    exponent = written.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    if ticks[0] == sierra._NO_PRICE:
        assert exponent < -12 or abs(written) >= 2**61
    elif abs(price) < 2**24:
        assert Decimal(int(ticks[0])).scaleb(-int(needed[0])) == written
        assert needed[0] == -min(exponent, 0)
    else:
        assert int(ticks[0]) == int(price)


def test_a_finer_price_later_on_makes_the_scale_finer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "X.scid", scid(trade(0, 5, bought=1), trade(1, 4799.1, bought=1), trade(2, 0.125, sold=1)))
    monkeypatch.setattr(files, "_PLAIN_READ_BYTES", 40)
    assert [each[1] for each in tape_of(read(path))] == ["5", "4799.1", "0.125"]


def test_a_price_without_room_on_the_scale_of_another_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "X.scid", scid(trade(0, 1e15, bought=1), trade(1, 1e-6, bought=1)))
    with pytest.raises(ScaleOverflow, match=r"X\.scid: its largest price does not fit into 64 bits with 6 decimals"):
        read(path)


def test_commands_set_levels_remove_them_and_clear_the_book(tmp_path: Path) -> None:
    records = (
        change(0, 1),
        change(0, 2, 4799, 12),
        change(0, 3, 4799.25, 7, flags=END),
        change(10, 4, 4799, 15),
        change(11, 5, 4799.25, 3),
        change(12, 2, 4798.75, 1),
        change(13, 6, 4799, 8),
        change(14, 7, 4799.25),
        change(15, 0, 99, 99),
        change(16, 3, 4799.5, 0),
    )
    found = read(write(tmp_path / "ESH25.2025-01-02.depth", depth(*records)))
    wanted = [
        (0, CLEAR, "0", 0), (0, BID, "4799", 12), (0, ASK, "4799.25", 7), (10, BID, "4799", 15),
        (11, ASK, "4799.25", 3), (12, BID, "4798.75", 1), (13, BID, "4799", 0), (14, ASK, "4799.25", 0),
        (16, ASK, "4799.5", 0),
    ]  # fmt: skip
    assert events_of(found) == [(at, side, Decimal(price), size) for at, side, price, size in wanted]
    assert found.trades is None
    assert found_of(found) == []


def test_the_levels_of_a_snapshot_are_of_the_time_of_its_clear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = (
        change(0, 1), change(1, 2, 10, 1), change(2, 3, 11, 1, flags=END), change(3, 2, 9, 1),
        change(4, 1), change(5, 2, 10, 2), change(6, 4, 10, 3), change(7, 2, 9, 2),
        change(8, 1, flags=END), change(9, 2, 10, 1),
    )  # fmt: skip
    monkeypatch.setattr(files, "_PLAIN_READ_BYTES", 24)
    found = read(write(tmp_path / "ESH25.2025-01-02.depth", depth(*records)))
    assert [event[0] for event in events_of(found)] == [0, 0, 0, 3, 4, 4, 6, 7, 8, 9]
    assert found_of(found) == []


def test_a_level_from_before_a_clear_that_strays_into_its_snapshot_is_cleared_by_it(tmp_path: Path) -> None:
    rows = [change(0, 1), change(0, 2, 90, 1, flags=1), change(20, 1), change(20, 2, 100, 1), change(10, 2, 99, 4)]
    found = read(write(tmp_path / "X.depth", depth(*rows, change(25, 2, 98, 3, flags=1))))
    assert [(at, int(price)) for at, _, price, _ in events_of(found)] == [
        (0, 0), (0, 90), (10, 99), (20, 0), (20, 100), (20, 98),
    ]  # fmt: skip
    assert found_of(found) == [("out_of_order", 5, "0.000010 s before the row above")]


def test_a_record_without_a_command_ends_a_snapshot_too(tmp_path: Path) -> None:
    write(
        tmp_path / "ABC.2024-08-08.depth",
        depth(
            change(0, 1), change(0, 2, 99, 5), change(0, 0, flags=END), change(700, 2, 98, 7), change(900, 3, 101, 1)
        ),
    )
    times = {price: at for at, _, price, _ in events_of(read(tmp_path)) if price}
    assert times == {Decimal(99): 0, Decimal(98): 700, Decimal(101): 900}


def test_trades_and_books_of_one_symbol_are_one_dataset(tmp_path: Path) -> None:
    write(tmp_path / "ESH25-CME.scid", scid(trade(5, 10, bought=1)))
    book = [change(0, 1), *levels(0, (0, 10, 1), (1, 11, 1)), change(9, 4, 10, 2)]
    write(tmp_path / "MarketDepthData/ESH25.2025-01-02.depth", depth(*book))
    write(tmp_path / "MarketDepthData/ESH25.2025-01-03.depth.gz", depth(change(86_400 * 10**6, 1)))
    assert open_dataset(tmp_path).instruments == ("ESH25",)
    found = read(tmp_path)
    assert [each[0] for each in tape_of(found)] == [5]
    assert [each[0] for each in events_of(found)] == [0, 0, 0, 9, 86_400 * 10**6]
    parts = sierra.FORMAT.parts(open_dataset(tmp_path).files, "ESH25", "exchange", Report())
    assert [(part.trades, part.book, part.has_snapshots) for part in parts] == [
        (True, False, False), (False, True, True), (False, True, True),
    ]  # fmt: skip
    assert [part.first_ns for part in parts] == [DAY_NS + 5000, DAY_NS, DAY_NS + 86_400 * 10**9]


@pytest.mark.parametrize(
    ("name", "instrument"),
    [
        ("ESH25-CME.scid", "ESH25"),
        ("ESH25_FUT_CME.scid", "ESH25"),
        ("ESH25.scid", "ESH25"),
        ("6EM5-CME.SCID", "6EM5"),
        ("BRK-B.scid", "BRK-B"),
        ("BTCUSDT_PERP_BINANCE.scid", "BTCUSDT_PERP_BINANCE"),
        ("ESH25 (1).scid", "ESH25"),
        ("ESH25.scid.gz", "ESH25"),
        ("copy of it", "copy of it"),
    ],
)
def test_the_symbol_is_that_of_the_files_name(tmp_path: Path, name: str, instrument: str) -> None:
    assert open_dataset(write(tmp_path / name, scid(trade(0, 1, bought=1)))).instruments == (instrument,)


def test_lines_are_the_numbers_of_records(tmp_path: Path) -> None:
    path = write(tmp_path / "X.scid", scid(trade(0, 1, bought=1), trade(0, 9, kind=9), trade(2, 1, bought=1)))
    (part,) = sierra.FORMAT.parts(open_dataset(path).files, "X", "exchange", Report())
    (found,) = [each for each in part.read(Report()) if each.trades]
    assert found.lines is not None
    assert found.lines.tolist() == [1, 3]


def bar(at_us: int) -> bytes:
    return trade(at_us, 100, bought=5, sold=5, kind=99.0, ask=101, bid=98, trades=10)


def test_bars_are_refused_with_what_would_do(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat, match=r"X\.scid: Sierra Chart bars: finished candles without their trades;"):
        open_dataset(write(tmp_path / "X.scid", scid(*map(bar, range(3000)))))


def test_bars_before_the_trades_are_left_out_and_reported(tmp_path: Path) -> None:
    records = [*map(bar, range(3000)), *(trade(at, 1, bought=1) for at in range(3000, 3010))]
    found = read(write(tmp_path / "X.scid", scid(*records)))
    assert len(tape_of(found)) == 10
    assert found.report.counts["incomplete"] == 3000
    assert found_of(found)[0] == ("incomplete", 1, "a bar of several trades without the trades themselves, left out")
    assert found.report.files["X.scid"].rows == 3010


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (trade(49, float("nan"), bought=1), "a price that is not a number with at most 12 decimals"),
        (trade(49, float("inf"), bought=1), "a price that is not a number with at most 12 decimals"),
        (trade(49, 3e37, bought=1), "a price that is not a number with at most 12 decimals"),
        (trade(49, 1.5e-20, bought=1), "a price that is not a number with at most 12 decimals"),
        (trade(49, 1, bought=3, size=2), "more volume is bought and sold than is traded"),
        (trade(-DAY_US, 1, bought=1), "a time before 1990 or out of range"),
        (trade(2**63 - 1 - DAY_US, 1, bought=1), "a time before 1990 or out of range"),
    ],
)
def test_a_malformed_record_is_skipped_and_located(tmp_path: Path, damaged: bytes, reason: str) -> None:
    records = [trade(at, 1, bought=1) for at in range(150)]
    records[49] = damaged
    found = read(write(tmp_path / "X.scid", scid(*records)))
    assert found_of(found) == [("malformed", 50, reason)]
    assert len(tape_of(found)) == 149
    assert found.report.files["X.scid"].rows == 150


def test_an_unknown_command_is_malformed_and_too_many_are_refused(tmp_path: Path) -> None:
    records = [change(0, 1), *levels(1, *((0, 10, at) for at in range(150)))]
    records[7] = change(1, 8, 10, 1)
    found = read(write(tmp_path / "a/X.2025-01-02.depth", depth(*records)))
    assert found_of(found) == [("malformed", 8, "a command other than 0 to 7")]
    assert len(events_of(found)) == 150
    records[8] = records[7]
    with pytest.raises(TooManyMalformed):
        read(write(tmp_path / "b/X.2025-01-02.depth", depth(*records)))


@pytest.mark.parametrize("read_bytes", [1, 7, 39, 41, 400])
def test_how_much_is_read_at_once_changes_no_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_bytes: int
) -> None:
    write(tmp_path / "X.scid", scid(*(trade(at, 10 + at / 8, bought=at) for at in range(1, 40)), header=60))
    write(tmp_path / "X.2025-01-02.depth", depth(change(0, 1), *levels(1, *((0, at / 4, at) for at in range(1, 40)))))
    whole = read(tmp_path)
    monkeypatch.setattr(files, "_PLAIN_READ_BYTES", read_bytes)
    pieces = read(tmp_path)
    assert trades_of(pieces.trades) == trades_of(whole.trades)
    assert book_of(pieces.book) == book_of(whole.book)
    assert pieces.report.files == whole.report.files
    assert pieces.consumed_bytes == pieces.size_bytes


def test_members_of_archives_and_packed_files_are_read(tmp_path: Path) -> None:
    content = scid(trade(0, 1, bought=1))
    assert tape_of(read(zipped(tmp_path / "a.zip", {"data/X.scid": content}))) == [(0, "1", 1, BUY)]
    packed = write(tmp_path / "b/X.scid", gzip.compress(scid(*(trade(at, 1, bought=at + 1) for at in range(9000)))))
    packed.write_bytes(packed.read_bytes()[:-1000])
    found = read(packed)
    assert [each[0] for each in found_of(found)] == ["incomplete"]
    assert 1000 < len(tape_of(found)) < 9000


def test_a_file_that_ends_within_a_record_is_read_to_there(tmp_path: Path) -> None:
    found = read(write(tmp_path / "X.scid", scid(trade(0, 1, bought=1), trade(1, 1, bought=1)[:-3])))
    assert found_of(found) == [("incomplete", 2, "the file is cut off here: the rest is lost")]
    assert len(tape_of(found)) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            scid(trade(0, 1, bought=1), version=2),
            r"is version 2 with 40 bytes per record after a header of 56 bytes; version 1 of",
        ),
        (scid(trade(0, 1, bought=1), size=48), r"is version 1 with 48 bytes per record"),
        (scid(trade(0, 1, bought=1), header=2**20), r"after a header of 1048576"),
        (depth(change(0, 1), size=20), r"Sierra Chart's \.depth with 24 bytes is supported"),
        (
            scid(struct.pack("<dffffIIII", 45_659.5, 0, 0, 0, 1, 1, 1, 1, 0)),
            "Sierra Chart before version 2151 wrote",
        ),
    ],
)
def test_other_versions_are_refused_by_name(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(DatasetError, match=r"X\.scid: .*" + reason):
        open_dataset(write(tmp_path / "X.scid", content))


@pytest.mark.parametrize("content", [scid(), depth(), scid(trade(0, 1)[:30])])
def test_a_file_without_a_record_is_said_to_have_none(tmp_path: Path, content: Any) -> None:
    with pytest.raises(UnknownFormat, match="without a record"):
        open_dataset(write(tmp_path / "X.scid", content))
