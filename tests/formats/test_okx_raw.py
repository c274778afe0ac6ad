from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL
from processor.formats import okx_raw as okx_module
from processor.formats import open_dataset
from tests.formats.reading import read
from tests.formats.samples import DAY_US, lines, write
from tests.formats.websocket_samples import PlainBook, okx_book, okx_checksum, okx_raw, okx_trade, received

if TYPE_CHECKING:
    from pathlib import Path

    from tests.formats.reading import Read

MS_NS = 10**6
DAY_NS = DAY_US * 1000


def recorded(folder: Path, *rows: str, name: str = "okx.txt") -> Path:
    return write(folder / name, lines(*rows))


def kinds(found: Read) -> dict[str, int]:
    return {kind: count for kind, count in found.report.counts.items() if count}


def sides(found: Read) -> list[int]:
    assert found.book is not None
    listed: list[int] = found.book.side.tolist()
    return listed


SNAPSHOT = okx_book(0, "snapshot", [("1", "1")], [("2", "1")])


def test_every_checksum_of_the_recorded_messages_is_that_of_the_book_here(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: Counter[str] = Counter()
    made = okx_module.FORMAT.checksum
    for instrument in ("BTC-USD-220527", "BTC-USDT", "UNI-USD-SWAP"):

        def counted(book: Any, instrument: str = instrument) -> int:
            verified[instrument] += 1
            return made(book)

        monkeypatch.setattr(okx_module.FORMAT, "checksum", counted, raising=False)
        assert kinds(read(shared_data / "okx-raw", instrument)) == {}
    assert verified == {"BTC-USD-220527": 99, "BTC-USDT": 98, "UNI-USD-SWAP": 93}
    assert verified.total() == 290


def test_the_recorded_instruments_are_all_listed(shared_data: Path) -> None:
    dataset = open_dataset(shared_data / "okx-raw")
    assert dataset.format == "okx-raw"
    assert dataset.instruments == ("BTC-USD-220527", "BTC-USDT", "UNI-USD-SWAP")


def test_trades_have_the_takers_side_and_exact_numbers(tmp_path: Path) -> None:
    found = read(okx_raw(tmp_path))
    trades = found.trades
    assert trades is not None
    assert trades.aggressor.tolist() == [BUY, SELL, BUY, SELL]
    assert (trades.price_ticks.tolist(), trades.price_decimals) == ([175] * 4, 2)
    assert (trades.size_lots.tolist(), trades.size_decimals) == ([125] * 4, 3)
    assert trades.time_ns.tolist() == [DAY_NS + at * MS_NS for at in (10, 110, 210, 310)]
    assert kinds(found) == {}


def test_a_snapshot_clears_the_book_and_an_update_without_levels_is_no_event(tmp_path: Path) -> None:
    book = read(okx_raw(tmp_path)).book
    assert book is not None
    assert book.side.tolist() == [CLEAR, BID, BID, ASK, ASK, BID, ASK, BID, ASK]
    assert book.price_ticks.tolist() == [0, 150, 125, 175, 200, 150, 175, 160, 200]
    assert book.size_lots.tolist() == [0, 8000, 4000, 3000, 1000, 0, 2500, 1, 0]
    assert book.time_ns.tolist() == [DAY_NS] * 5 + [DAY_NS + 100 * MS_NS] * 2 + [DAY_NS + 300 * MS_NS] * 2


def test_the_local_clock_is_the_recorders(tmp_path: Path) -> None:
    trades = read(okx_raw(tmp_path), clock="local").trades
    assert trades is not None
    assert trades.time_ns[0] == DAY_NS + 10 * MS_NS + MS_NS // 2


@pytest.mark.parametrize(
    ("prefix", "local_ns"),
    [
        ("1723075200.25: ", 1723075200_250_000_000),
        ("1723075200: ", 1723075200_000_000_000),
        ("1723075200 ", 1723075200_000_000_000),
        ("1723075200.2500001 ", 1723075200_250_000_100),
        ("1723075200250 ", 1723075200_250_000_000),
        ("1723075200250001 ", 1723075200_250_001_000),
        ("1723075200250000001 ", 1723075200_250_000_001),
        ("", DAY_NS),
    ],
)
def test_a_local_time_is_known_by_its_digits_and_may_be_absent(tmp_path: Path, prefix: str, local_ns: int) -> None:
    message = okx_trade(0, 1, "buy", "1", "1").partition(": ")[2]
    trades = read(recorded(tmp_path, prefix + message), clock="local").trades
    assert trades is not None
    assert trades.time_ns.tolist() == [local_ns]


def test_a_checksum_that_is_not_that_of_the_book_here_is_counted_and_located(tmp_path: Path) -> None:
    found = read(
        recorded(
            tmp_path,
            SNAPSHOT,
            okx_book(100, "update", [("1.5", "1")], [], checksum=12345),
            okx_book(200, "update", [("1.5", "0")], [], checksum=0),
        )
    )
    (incident,) = found.report.incidents
    book = PlainBook()
    book.update([("1", "1"), ("1.5", "1")], [("2", "1")])
    assert (incident.kind, incident.line, incident.time_ns) == ("checksum_failures", 2, DAY_NS + 100 * MS_NS)
    assert incident.detail == f"the checksum is 12345, the book here has {okx_checksum(book)}"
    assert sides(found) == [CLEAR, BID, ASK, BID, BID]


def test_a_checksum_is_of_25_levels_in_the_order_of_their_prices_as_they_were_written(tmp_path: Path) -> None:
    bids = [(f"{price}.50", "1.00") for price in range(60, 101)]
    asks = [(str(price), "0.10") for price in range(130, 101, -1)]
    book = PlainBook()
    book.update(bids, asks)
    rows = [okx_book(0, "snapshot", bids, asks, checksum=okx_checksum(book))]
    book.update([("100.50", "0"), ("99.50", "2.0")], [])
    rows.append(okx_book(1, "update", [("100.50", "0.00"), ("99.50", "2.0")], [], checksum=okx_checksum(book)))
    book.update([], [(str(price), "0") for price in range(105, 131)])
    asks = [(str(price), "0") for price in range(105, 131)]
    rows.append(okx_book(2, "update", [], asks, checksum=okx_checksum(book)))
    assert kinds(read(recorded(tmp_path, *rows))) == {}


def test_ids_that_do_not_continue_are_a_gap_and_an_update_that_comes_again_is_skipped(tmp_path: Path) -> None:
    snapshot = okx_book(0, "snapshot", [("1", "1")], [], prevSeqId=-1, seqId=10)
    first = okx_book(100, "update", [("2", "1")], [], prevSeqId=10, seqId=15)
    rows = [
        snapshot,
        first,
        first,
        okx_book(200, "update", [], [], prevSeqId=15, seqId=15),
        okx_book(300, "update", [("3", "1")], [], prevSeqId=17, seqId=20),
        okx_book(400, "update", [("4", "1")], [], prevSeqId=20, seqId=3),
        okx_book(500, "update", [("5", "1")], [], prevSeqId=3, seqId=5),
    ]
    found = read(recorded(tmp_path, *rows))
    assert [(incident.kind, incident.line, incident.detail) for incident in found.report.incidents] == [
        ("duplicates", 3, "update 15 is repeated after 15"),
        ("gaps", 5, "updates are missing between 15 and 17"),
    ]
    assert sides(found) == [CLEAR] + [BID] * 5


def test_updates_before_the_first_snapshot_are_dropped_and_later_files_continue(tmp_path: Path) -> None:
    recorded(tmp_path, okx_book(300, "update", [("4", "1")], []), name="a.txt")
    recorded(tmp_path, okx_book(0, "update", [("9", "1")], []), SNAPSHOT, name="b.txt")
    found = read(tmp_path)
    assert kinds(found) == {"before_snapshot": 1}
    assert sides(found) == [CLEAR, BID, ASK, BID]


def test_of_several_book_channels_the_deepest_is_read(tmp_path: Path) -> None:
    found = read(
        recorded(
            tmp_path,
            okx_book(0, "snapshot", [("9", "1")], [], channel="bbo-tbt"),
            SNAPSHOT,
            okx_book(10, "snapshot", [("8", "1")], [], channel="books5"),
        )
    )
    assert sides(found) == [CLEAR, BID, ASK]


def test_five_levels_come_whole_each_time_and_say_so_nowhere(tmp_path: Path) -> None:
    rows = [
        okx_book(at, "", [("9", "1")], [("10", "1")], channel="books5").replace('"action":"",', "") for at in (0, 5)
    ]
    assert sides(read(recorded(tmp_path, *rows))) == [CLEAR, BID, ASK] * 2


def test_levels_without_quotes_are_read_digit_by_digit_and_their_checksums_verified(tmp_path: Path) -> None:
    book = PlainBook()
    book.update([("100.10", "1.0")], [("100.30", "2.50")])
    row = okx_book(0, "snapshot", [("100.10", "1.0")], [("100.30", "2.50")], checksum=okx_checksum(book))
    bare = row.replace('"100.10","1.0"', "100.10,1.0").replace('"100.30","2.50"', "100.30,2.50")
    assert bare != row
    found = read(recorded(tmp_path, bare, okx_trade(10, 1, "buy", "1", "1")))
    assert found.book is not None
    assert found.book.price_ticks.tolist() == [0, 1001, 1003]
    assert kinds(found) == {}


def test_a_trade_that_comes_again_is_skipped(tmp_path: Path) -> None:
    again = okx_trade(0, 5, "buy", "1", "1")
    found = read(recorded(tmp_path, again, okx_trade(10, 9, "buy", "1", "1"), again))
    assert found.trades is not None
    assert len(found.trades) == 2
    assert kinds(found) == {"duplicates": 1}


def test_a_last_trade_from_days_before_the_recording_costs_no_book(tmp_path: Path) -> None:
    old = okx_trade(-9 * 86_400_000, 1, "buy", "1", "1").partition(": ")[2]
    rows = [old, SNAPSHOT, *(okx_trade(at, at, "buy", "1", "1") for at in range(2, 120))]
    found = read(recorded(tmp_path, *rows))
    assert sides(found) == [CLEAR, BID, ASK]
    assert kinds(found) == {"malformed": 1}


def test_other_instruments_and_channels_and_answers_are_passed_over(tmp_path: Path) -> None:
    other = {"arg": {"channel": "tickers", "instId": "ABC-USDT"}, "data": [{"last": 1}]}
    rows = [
        received(0, {"event": "subscribe", "arg": {"channel": "trades", "instId": "ABC-USDT"}}),
        received(0, other),
        okx_trade(2, 1, "buy", "7.25", "1", instrument="XYZ-USDT"),
        okx_trade(3, 1, "buy", "1", "1"),
    ]
    found = read(recorded(tmp_path, *rows), "ABC-USDT")
    assert found.trades is not None
    assert found.trades.price_ticks.tolist() == [1]
    assert kinds(found) == {}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("not a line", "the line is not a JSON message, with or without a local time in s, ms, us or ns before it"),
        ("17230752 {}", "the line is not a JSON message, with or without a local time in s, ms, us or ns before it"),
        ("9999999999999999999 {}", "time 9999999999999999999 does not fit into 64 bits of ns"),
        ("{", "Input data was truncated"),
        ('{"arg":7}', "Expected `object`, got `int` - at `$.arg`"),
        (okx_book(0, "partial", [], []), "action 'partial' is neither snapshot nor update"),
        (okx_book(0, "update", [("1", "x")], []), "book: a price or size is not a number"),
        (okx_book(0, "update", [("1", "-2")], []), "book: a price or size is negative"),
        (okx_book(0, "update", [("1e", "2")], []), "book: a price or size is not a number"),
        (
            okx_book(0, "update", [("1", "2")], []).replace('["1","2","0","1"]', '["1"]'),
            "book: a price or size is not a number",
        ),
        (okx_book(0, "update", [], []).replace('"ts"', '"st"'), "Object missing required field `ts` - at `$[0]`"),
        (okx_trade(0, 999, "buy", "1 0", "1"), "trade: a price or size is not a number"),
        (okx_trade(0, 999, "long", "1", "1"), "side 'long' is neither buy nor sell"),
        (okx_trade(0, 999, "buy", "1", "1", ts="17230752"), "time 17230752 is not in s, ms, us or ns"),
        (okx_trade(0, 999, "buy", "1", "1", ts="1970-01-01"), "time 1970-01-01 is not in s"),
        ('{"x":' + "[" * 100_000, "maximum recursion depth exceeded"),
    ],
)
def test_a_malformed_line_is_skipped_and_described(tmp_path: Path, broken: str, reason: str) -> None:
    rows = [SNAPSHOT, *(okx_trade(10 * at, at, "buy", "1", "1") for at in range(120))]
    rows.insert(60, broken)
    found = read(recorded(tmp_path, *rows))
    (incident,) = found.report.incidents
    assert (incident.kind, incident.line) == ("malformed", 61)
    assert incident.detail.startswith(reason)
    assert found.trades is not None
    assert len(found.trades) == 120
