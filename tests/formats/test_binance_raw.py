from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL
from processor.formats import binance_sequence
from tests.formats import samples
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import (
    DAY_US,
    binance_depth,
    binance_line,
    binance_raw,
    binance_snapshot,
    binance_trade,
    lines,
    write,
)
from tests.reference import Book

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

    from tests.formats.reading import Read

MS_NS = 10**6
DAY_NS = DAY_US * 1000


def recorded(folder: Path, *rows: str, name: str = "abcusdt_20240808.gz") -> Path:
    return write(folder / name, lines(*rows))


def kinds(found: Read) -> dict[str, int]:
    return {kind: count for kind, count in found.report.counts.items() if count}


def books(found: Read) -> dict[int, tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]]:
    """The book at each time, by ms of the day."""
    book = Book()
    after = {}
    for event in book_of(found.book):
        book.apply(event)
        after[(event.time_ns - DAY_NS) // MS_NS] = (dict(book.bid.sizes), dict(book.ask.sizes))
    return after


def test_the_makers_side_decides_the_aggressor_and_the_trade_time_counts(tmp_path: Path) -> None:
    trades = read(binance_raw(tmp_path)).trades
    assert trades is not None
    assert trades.aggressor.tolist() == [SELL, BUY]
    assert trades.time_ns.tolist() == [DAY_NS + 1150 * MS_NS, DAY_NS + 1350 * MS_NS]
    assert (trades.price_ticks.tolist(), trades.price_decimals) == ([15, 20], 1)
    assert (trades.size_lots.tolist(), trades.size_decimals) == ([2500, 125], 3)


def test_a_snapshot_takes_the_event_time_of_the_first_diff_that_follows_it(tmp_path: Path) -> None:
    found = read(binance_raw(tmp_path))
    book = found.book
    assert book is not None
    assert book.time_ns.tolist() == [DAY_NS + 1100 * MS_NS] * 5 + [DAY_NS + 1300 * MS_NS]
    assert book.side.tolist() == [CLEAR, BID, ASK, ASK, BID, ASK]
    assert book.price_ticks.tolist() == [0, 150, 175, 200, 125, 175]
    assert book.size_lots.tolist() == [0, 8000, 3000, 1000, 4000, 0]
    assert kinds(found) == {"before_snapshot": 1}


def test_the_local_clock_is_the_time_before_the_message(tmp_path: Path) -> None:
    found = read(binance_raw(tmp_path), clock="local")
    assert found.trades is not None
    assert found.book is not None
    assert found.trades.time_ns[0] == DAY_NS + 1150 * MS_NS
    assert found.book.time_ns[[0, -1]].tolist() == [DAY_NS + 1000 * MS_NS, DAY_NS + 1200 * MS_NS]


def test_local_times_in_nanoseconds_and_event_times_in_microseconds_are_known_by_their_digits(tmp_path: Path) -> None:
    plain = binance_raw(tmp_path / "plain")
    rows = [binance_trade(1150, 77, "1.5", "2.5", maker=True), binance_trade(1350, 78, "2", "0.125", maker=False)]
    finer = []
    for row in rows:
        local, _, message = row.partition(" ")
        for field in ("E", "T"):
            time = message.partition(f'"{field}":')[2].partition(",")[0]
            message = message.replace(f'"{field}":{time}', f'"{field}":{time}000')
        finer.append(f"{local}000 {message}")
    recorded(tmp_path / "finer", *finer)
    for clock in ("exchange", "local"):
        assert trades_of(read(tmp_path / "finer", clock=clock).trades) == trades_of(read(plain, clock=clock).trades)


def test_a_later_file_continues_without_a_snapshot(tmp_path: Path) -> None:
    recorded(tmp_path, binance_snapshot(0, 5, [["1", "1"]]), binance_depth(100, 6, 6, [["2", "1"]]), name="a.gz")
    recorded(tmp_path, binance_depth(200, 7, 9, [["3", "1"]]), name="b.gz")
    found = read(tmp_path)
    assert {ms: len(bids) for ms, (bids, _) in books(found).items()} == {100: 2, 200: 3}
    assert kinds(found) == {}


def test_updates_without_any_snapshot_give_no_book_but_the_trades_remain(tmp_path: Path) -> None:
    rows = [binance_depth(100 * number, number, number, [["1", "1"]]) for number in range(1, 6)]
    found = read(recorded(tmp_path, *rows, binance_trade(700, 1, "1", "1", maker=True)))
    assert found.book is None
    assert found.trades is not None
    assert kinds(found) == {"before_snapshot": 5}


def test_only_so_many_updates_wait_for_a_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binance_sequence, "_DIFFS_KEPT", 3)
    rows = [binance_depth(100 * number, number, number, [[str(number), "1"]]) for number in range(1, 6)]
    found = read(recorded(tmp_path, *rows, binance_snapshot(600, 1)))
    assert list(books(found)) == [300, 400, 500]
    assert kinds(found) == {"before_snapshot": 2, "gaps": 1}


def test_spot_updates_that_do_not_continue_each_other_are_a_gap_and_the_book_carries_on(tmp_path: Path) -> None:
    found = read(
        recorded(
            tmp_path,
            binance_snapshot(0, 5),
            binance_depth(100, 4, 6, [["1", "1"]]),
            binance_depth(200, 9, 9, [["2", "1"]]),
        )
    )
    assert {ms: len(bids) for ms, (bids, _) in books(found).items()} == {100: 1, 200: 2}
    (incident,) = found.report.incidents
    assert (incident.kind, incident.line, incident.time_ns) == ("gaps", 3, DAY_NS + 200 * MS_NS)
    assert incident.detail == "updates are missing between 6 and 9"


def test_a_snapshot_older_than_the_first_update_is_a_gap(tmp_path: Path) -> None:
    found = read(recorded(tmp_path, binance_snapshot(0, 5), binance_depth(100, 7, 8, [["1", "1"]])))
    assert kinds(found) == {"gaps": 1}
    assert list(books(found)) == [100]


def test_futures_updates_continue_by_the_previous_id(tmp_path: Path) -> None:
    found = read(
        recorded(
            tmp_path,
            binance_depth(100, 90, 99, [["9", "1"]], previous_id=89),
            binance_depth(200, 100, 110, [["1", "1"]], previous_id=99),
            binance_snapshot(250, 100, [["5", "1"]]),
            binance_depth(300, 130, 140, [["2", "1"]], previous_id=110),
            binance_depth(400, 160, 170, [["3", "1"]], previous_id=150),
        )
    )
    assert {ms: len(bids) for ms, (bids, _) in books(found).items()} == {200: 2, 300: 3, 400: 4}
    assert kinds(found) == {"before_snapshot": 1, "gaps": 1}
    assert found.report.incidents[-1].line == 5


def test_the_futures_update_that_ends_at_the_snapshot_is_applied(tmp_path: Path) -> None:
    rows = [binance_snapshot(0, 100), binance_depth(100, 90, 100, [["9", "1"]], previous_id=89)]
    assert list(books(read(recorded(tmp_path, *rows)))) == [100]


def test_an_update_that_comes_again_is_skipped_and_counted(tmp_path: Path) -> None:
    again = binance_depth(100, 6, 6, [["1", "1"]])
    rows = [binance_snapshot(0, 5), again, binance_depth(200, 7, 7, [["1", "2"]]), again]
    found = read(recorded(tmp_path, *rows))
    assert found.book is not None
    assert found.book.size_lots.tolist() == [0, 1, 2]
    assert kinds(found) == {"duplicates": 1, "out_of_order": 1}


def test_a_second_snapshot_is_followed_by_the_updates_already_seen_that_it_lacks(tmp_path: Path) -> None:
    found = read(
        recorded(
            tmp_path,
            binance_snapshot(0, 5, [["1", "1"]]),
            binance_depth(100, 6, 6, [["2", "1"]]),
            binance_depth(500, 50, 50, [["3", "1"]]),
            binance_depth(600, 51, 51, [["4", "1"]]),
            binance_snapshot(650, 50, [["8", "1"], ["3", "1"]]),
            binance_depth(700, 52, 52, [["5", "1"]]),
        )
    )
    assert {ms: sorted(map(int, bids)) for ms, (bids, _) in books(found).items()} == {
        100: [1, 2],
        500: [1, 2, 3],
        600: [3, 4, 8],
        700: [3, 4, 5, 8],
    }
    assert kinds(found) == {"gaps": 1}


def test_a_second_snapshot_ahead_of_the_updates_waits_for_the_first_that_follows_it(tmp_path: Path) -> None:
    found = read(
        recorded(
            tmp_path,
            binance_snapshot(0, 5),
            binance_depth(100, 6, 6, [["1", "1"]]),
            binance_snapshot(150, 7, [["9", "1"]]),
            binance_depth(200, 7, 7, [["2", "1"]]),
            binance_depth(300, 8, 8, [["3", "1"]]),
        )
    )
    assert {ms: sorted(map(int, bids)) for ms, (bids, _) in books(found).items()} == {
        100: [1],
        200: [1, 2],
        300: [3, 9],
    }
    assert kinds(found) == {}


def test_a_snapshot_that_no_update_follows_is_left_out_and_reported(tmp_path: Path) -> None:
    found = read(recorded(tmp_path, binance_trade(0, 1, "1", "1", maker=True), binance_snapshot(9, 5, [["1", "1"]])))
    assert found.book is None
    (incident,) = found.report.incidents
    assert (incident.kind, incident.line) == ("incomplete", 2)


def test_trade_ids_that_skip_are_gaps_and_one_that_comes_again_is_skipped(tmp_path: Path) -> None:
    ids = [1, 2, 2, 5, 6, 2]
    rows = [binance_trade(100 * trade_id, trade_id, "1", "1", maker=True) for trade_id in ids]
    found = read(recorded(tmp_path, *rows))
    assert found.trades is not None
    assert len(found.trades) == 4
    assert [(incident.kind, incident.line) for incident in found.report.incidents] == [
        ("duplicates", 3),
        ("gaps", 4),
        ("duplicates", 6),
    ]


def test_futures_trades_that_met_no_order_book_are_no_trades(tmp_path: Path) -> None:
    rows = [
        binance_trade(0, 1, "1", "1", maker=True, X="MARKET"),
        binance_trade(100, 2, "9", "1", maker=True, X="INSURANCE_FUND"),
    ]
    trades = read(recorded(tmp_path, *rows)).trades
    assert trades is not None
    assert trades.price_ticks.tolist() == [1]


def test_other_messages_and_other_symbols_are_passed_over(tmp_path: Path) -> None:
    ticker = {"u": 9, "s": "ABCUSDT", "b": "1", "B": "1", "a": "2", "A": "1"}
    kline = {"e": "kline", "E": 1, "s": "ABCUSDT", "k": {"t": 1, "o": "1"}}
    found = read(
        recorded(
            tmp_path,
            binance_line(0, ticker),
            binance_line(1, kline),
            binance_line(2, {"result": None, "id": 1}),
            binance_snapshot(3, 1),
            binance_depth(100, 2, 2, [["1", "1"]]),
            binance_depth(101, 900, 901, [["7", "1"]], symbol="XYZUSDT"),
            binance_trade(200, 5, "1", "1", maker=False),
        ),
        "ABCUSDT",
    )
    assert found.report.counts["malformed"] == 0
    assert found.report.counts["gaps"] == 0
    assert found.trades is not None
    assert len(found.trades) == 1


def test_the_symbol_is_found_behind_a_snapshot_longer_than_a_files_head(tmp_path: Path) -> None:
    levels = [[f"{number}.00000000", "1.00000000"] for number in range(1, 5000)]
    found = read(recorded(tmp_path, binance_snapshot(0, 1, levels), binance_depth(100, 2, 2, [["1", "2"]])))
    assert found.book is not None
    assert len(found.book) == 5001


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("not a line", "the line does not start with a local time in us or ns and a JSON object"),
        ("1723075200 {}", "the line does not start with a local time in us or ns and a JSON object"),
        ("9999999999999999999 {}", "time 9999999999999999999 does not fit into 64 bits of ns"),
        (f"{DAY_US} {{", "Input data was truncated"),
        (
            f'{DAY_US} {{"x":' + "[" * 100_000,
            "maximum recursion depth exceeded while deserializing an object",
        ),
        (f'{DAY_US} {{"e":7}}', "Expected `str`, got `int` - at `$.e`"),
        (binance_depth(0, 1, 2).replace('"U":1,', ""), "depthUpdate without 'U'"),
        (
            binance_depth(0, 1, 2).replace('"E":', '"E":12'),
            "time 121723075200000 is not in s, ms, us or ns",
        ),
        (binance_depth(0, 1, 2, [["1", "x"]]), "depthUpdate: a price or size is not a number"),
        (binance_depth(0, 1, 2, [["1", "-2"]]), "depthUpdate: a price or size is negative"),
        (binance_snapshot(0, 1, [["1", "1e"]]), "snapshot: a price or size is not a number"),
        (binance_trade(0, 1, "1 0", "1", maker=True), "trade: a price or size is not a number"),
        (binance_trade(0, 1, "1", "1", maker=True).replace('"m":true,', ""), "trade without 'm'"),
    ],
)
def test_a_malformed_line_is_skipped_and_described(tmp_path: Path, broken: str, reason: str) -> None:
    rows = [binance_trade(10 * at, at, "1", "1", maker=True) for at in range(120)]
    rows.insert(60, broken)
    found = read(recorded(tmp_path, *rows))
    assert [(incident.kind, incident.line, incident.detail) for incident in found.report.incidents] == [
        ("malformed", 61, reason)
    ]
    assert found.trades is not None
    assert len(found.trades) == 120


def test_a_recorders_clock_far_behind_the_exchange_is_no_fault(tmp_path: Path) -> None:
    found = read(binance_raw(tmp_path), clock="local")
    assert found.report.counts["out_of_order"] == 0
    assert found.report.counts["malformed"] == 0


def test_futures_settled_in_coin_have_sizes_in_contracts(tmp_path: Path) -> None:
    time_ms = samples.DAY_US // 1000 + 100
    times = {"E": time_ms, "T": time_ms, "s": "BTCUSD_PERP"}
    depth = {"e": "depthUpdate"} | times | {"ps": "BTCUSD", "U": 5, "u": 6, "pu": 4}
    trade = {"e": "trade"} | times | {"t": 9, "p": "61000.1", "q": "7", "X": "MARKET"}
    snapshot: dict[str, object] = {
        "lastUpdateId": 5,
        "pair": "BTCUSD",
        "symbol": "BTCUSD_PERP",
        "bids": [["61000.0", "120"]],
        "asks": [],
    }
    rows = [snapshot, depth | {"b": [["61000.1", "10"]], "a": [["61000.2", "3"]]}, trade | {"m": True}]
    write(tmp_path / "coin.txt", lines(*(samples.binance_line(100_000, row) for row in rows)))
    found = read(tmp_path)
    assert [(str(each.price), str(each.size)) for each in trades_of(found.trades)] == [("61000.1", "7")]
    assert [(str(each.price), str(each.size)) for each in book_of(found.book)[1:]] == [
        ("61000.0", "120"), ("61000.1", "10"), ("61000.2", "3"),
    ]  # fmt: skip
