"""Two recordings of one instrument that tell one thing differently are refused; what one missed is no difference."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processor.errors import DatasetError
from processor.formats.recordings import trade_ids
from tests.formats.reading import read, trades_of
from tests.formats.recorders import VENUES, KrakenV1, OkxArchive, recording
from tests.formats.samples import DAY_US, binance_trade, lines, write
from tests.formats.test_two_recordings import kinds, told_by
from tests.formats.websocket_samples import okx_book, okx_trade

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.formats.recorders import Venue

WITH_TRADES: Final = [make for make in VENUES if make is not OkxArchive]
SIZE_KEYS: Final = ("q", "v", "sz", "qty", "size", "new_quantity", "amount_str")


def scaled(text: str, factor: int) -> str:
    """A message in which every size is multiplied, whatever the venue, by what stands where sizes do."""
    head, _, message = text.partition(" ")
    if not head.isdigit():
        head, message = "", text

    def times(size: str) -> str:
        return f"{factor * float(size):.9f}"

    def of(value: object, key: str = "") -> object:
        if isinstance(value, dict):
            return {name: of(each, name) for name, each in value.items()}
        if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
            at = 2 if value[0] in {"buy", "sell"} else 1
            return [times(each) if number == at else each for number, each in enumerate(value)]
        if isinstance(value, list):
            return [of(each, key) for each in value]
        return times(str(value)) if key in SIZE_KEYS and not isinstance(value, bool) else value

    return f"{head} {json.dumps(of(json.loads(message)))}".strip()


def is_trade(text: str) -> bool:
    """Whether it is a message of trades, by words that stand in those of every venue."""
    return bool(re.search(r'"trade"|publicTrade|"trades"|"match"|live_trades|market_trades', text))


def some(count: int, *, every: int, venue: Venue, trades: bool) -> tuple[str, str]:
    """A recording, and the same with other sizes in every nth message of trades, or of the book."""
    rows = recording(venue, 0, count).split("\n")[:-1]
    mine = [at for at, row in enumerate(rows) if is_trade(row) == trades][5::every]
    assert mine
    return lines(*rows), lines(*(scaled(row, 3) if at in mine else row for at, row in enumerate(rows)))


@pytest.mark.parametrize("make", WITH_TRADES, ids=lambda make: make.__name__)
@pytest.mark.parametrize("every", [1, 1000])
def test_trades_of_other_sizes_in_a_second_recording_are_refused_with_both_lines(
    make: Callable[[], Venue], every: int
) -> None:
    one, other = some(80, every=every, venue=make(), trades=True)
    with pytest.raises(
        DatasetError, match=r"a_20240808.txt and b_20240808.txt differ in .* \(lines \d+ and \d+\)"
    ) as caught:
        told_by(one, other)
    first, second = map(int, re.findall(r"lines (\d+) and (\d+)", str(caught.value))[0])
    assert is_trade(one.split("\n")[first - 1])
    assert scaled(one.split("\n")[first - 1], 3) == other.split("\n")[second - 1]


@pytest.mark.parametrize("make", VENUES, ids=lambda make: make.__name__)
def test_a_message_of_the_book_of_other_sizes_is_refused_with_both_lines(make: Callable[[], Venue]) -> None:
    one, other = some(80, every=1000, venue=make(), trades=False)
    with pytest.raises(DatasetError, match=r"a_20240808.txt and b_20240808.txt differ in .*(book|update)") as caught:
        told_by(one, other)
    first, second = map(int, re.findall(r"lines (\d+) and (\d+)", str(caught.value))[0])
    assert first == second
    assert one.split("\n")[first - 1] != other.split("\n")[second - 1]


@pytest.mark.parametrize("make", [each for each in WITH_TRADES if each is not KrakenV1], ids=lambda make: make.__name__)
def test_a_trade_that_comes_again_with_another_size_is_refused_within_one_file(make: Callable[[], Venue]) -> None:
    rows = recording(make(), 0, 80).split("\n")[:-1]
    at = [number for number, row in enumerate(rows) if is_trade(row)][7]
    with pytest.raises(DatasetError, match=rf"^a_20240808.txt: lines {at + 1} and {at + 3} differ in trade "):
        told_by(lines(*rows[: at + 2], scaled(rows[at], 3), *rows[at + 2 :]))


@pytest.mark.parametrize("make", WITH_TRADES, ids=lambda make: make.__name__)
def test_sizes_that_are_written_otherwise_are_the_same(make: Callable[[], Venue]) -> None:
    content = recording(make(), 0, 80)
    again = lines(*(scaled(row, 1) for row in content.split("\n")[:-1]))
    alone, _ = told_by(content)
    both, found = told_by(content, again)
    assert both == alone
    assert found.report.counts["duplicates"]


def kraken_v1(deals: list[tuple[int, str, str]], lag_ms: int = 0) -> str:
    """Trades as (time in ms, price, size)."""

    def row(at_ms: int, price: str, size: str) -> str:
        time = f"{DAY_US // 10**6 + at_ms // 1000}.{at_ms % 1000:03d}000"
        return f"{DAY_US + 1000 * (at_ms + lag_ms)} " + json.dumps(
            [13, [[price, size, time, "b", "l", ""]], "trade", "A/USD"]
        )

    return lines(*(row(*deal) for deal in deals))


def both(folder: Path, one: str, other: str) -> Counter[tuple[int, str, str]]:
    write(folder / "a.txt", one)
    write(folder / "b.txt", other)
    return Counter(
        (trade.time_ns // 10**6 - DAY_US // 1000, str(trade.price), str(trade.size))
        for trade in trades_of(read(folder).trades)
    )


@settings(max_examples=60, deadline=None)
@given(
    moments=st.lists(st.integers(0, 30), min_size=30, max_size=60).map(sorted),
    missed=st.tuples(*(st.sets(st.integers(0, 59), max_size=6),) * 2),
    lag_ms=st.integers(-400_000, 400_000),
)
def test_without_ids_what_each_of_two_recorders_missed_is_that_of_the_other(
    tmp_path_factory: pytest.TempPathFactory,
    moments: list[int],
    missed: tuple[set[int], set[int]],
    lag_ms: int,
) -> None:
    deals = [(1000 * at, "1", str(1 + number % 3)) for number, at in enumerate(moments)]
    away = [{deals[at][0] for at in each if at < len(deals)} for each in missed]
    away[1] -= away[0]  # of one moment, one of them at least has all
    away = [each - {deals[0][0], deals[-1][0]} for each in away]
    seen = [[deal for deal in deals if deal[0] not in each] for each in away]
    found = both(tmp_path_factory.mktemp("two"), kraken_v1(seen[0]), kraken_v1(seen[1], lag_ms))
    assert found == Counter(deals)


def test_without_ids_what_a_recorder_missed_is_told(tmp_path: Path) -> None:
    deals = [(100 * at, "1", str(1 + at)) for at in range(20)]
    both(tmp_path, kraken_v1([*deals[:5], *deals[8:]]), kraken_v1([*deals[:14], *deals[15:]]))
    (incident,) = [each for each in read(tmp_path).report.incidents if each.kind == "assumptions"]
    assert incident.file == "b.txt"
    counts = "16 trades are in both, 1 only in a.txt, 3 only in b.txt"
    assert incident.detail.startswith(f"in the time that both cover, {counts}")


def test_without_ids_recordings_that_agree_in_nothing_and_take_turns_are_refused(tmp_path: Path) -> None:
    deals = [(100 * at, "1", str(1 + at)) for at in range(20)]
    with pytest.raises(
        DatasetError, match=r"a\.txt and b\.txt .* 0 trades are in both, 19 only in a\.txt, 19 only in b\.txt"
    ):
        both(tmp_path, kraken_v1(deals), kraken_v1([(at + 1, price, size) for at, price, size in deals]))


def test_without_ids_a_recorder_that_was_away_while_another_was_there_is_no_contradiction(tmp_path: Path) -> None:
    deals = [(100 * at, "1", str(1 + at)) for at in range(20)]
    assert both(tmp_path, kraken_v1(deals[:6] + deals[12:]), kraken_v1(deals[6:12])) == Counter(deals)


def test_a_contradiction_is_refused_before_the_end_of_a_long_recording(tmp_path: Path) -> None:
    deals = [(1000 * at, "1", "1") for at in range(2000)]
    write(tmp_path / "a.txt", kraken_v1(deals))
    wrong = kraken_v1([(at, price, "2" if at == 5000 else size) for at, price, size in deals])
    spoilt = wrong.replace("\n", "\nx\n", 900)  # refused for these at the end of the file, at the latest
    write(tmp_path / "b.txt", "\n".join(wrong.split("\n")[:100] + spoilt.split("\n")[100:]))
    with pytest.raises(DatasetError, match=r"lines 6 and 6"):
        read(tmp_path)


def test_a_recorder_whose_clock_is_minutes_ahead_tells_nothing_twice(tmp_path: Path) -> None:
    trades = [binance_trade(1000 * at, at + 1, "1", "1", maker=True) for at in range(900)]
    ahead = [
        f"{int(row.partition(' ')[0]) + 300 * 10 ** (len(row.partition(' ')[0]) - 10)} {row.partition(' ')[2]}"
        for row in trades
    ]
    write(tmp_path / "a.txt", lines(*trades))
    write(tmp_path / "b.txt", lines(*ahead))
    found = read(tmp_path)
    assert len(trades_of(found.trades)) == 900
    assert kinds(found) == {"duplicates": 900}


def test_updates_that_a_venue_joined_otherwise_for_another_receiver_are_no_contradiction(tmp_path: Path) -> None:
    def rows(*updates: tuple[int, int, list[tuple[str, str]]]) -> list[str]:
        first = okx_book(0, "snapshot", [("1", "1")], [("9", "1")], prevSeqId=-1, seqId=10)
        return [
            first,
            *(okx_book(number, "update", bids, [], prevSeqId=before, seqId=number) for before, number, bids in updates),
        ]

    trade = okx_trade(1, 1, "buy", "9", "1")
    write(
        tmp_path / "a.txt", lines(*rows((10, 20, [("2", "1")]), (20, 30, [("3", "1")]), (30, 40, [("4", "1")])), trade)
    )
    write(tmp_path / "b.txt", lines(*rows((10, 30, [("2", "1"), ("3", "1")]), (30, 40, [("4", "1")])), trade))
    found = read(tmp_path)
    assert found.report.counts["gaps"] == 0
    assert found.report.counts["duplicates"] == 4


def many_trades(first: int, beyond: int) -> list[str]:
    return [binance_trade(10 * at, at + 1, "1", "1", maker=True) for at in range(first, beyond)]


@pytest.mark.parametrize("repeated", [1, 200])
def test_a_recording_that_is_put_behind_itself_beyond_the_ids_that_are_kept_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repeated: int
) -> None:
    monkeypatch.setattr(trade_ids, "_IDS_KEPT", 50)
    rows = many_trades(0, 200)
    path = write(tmp_path / "a.txt", lines(*rows, *rows[:repeated]))
    with pytest.raises(DatasetError, match=r"^a\.txt: line 201 goes back to a time that lines far above it cover"):
        read(path)


def test_recordings_put_behind_one_another_in_the_wrong_order_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trade_ids, "_IDS_KEPT", 50)
    path = write(tmp_path / "a.txt", lines(*many_trades(200, 400), *many_trades(0, 200), *many_trades(400, 500)))
    assert sorted(trade.time_ns for trade in trades_of(read(path).trades)) == [
        (DAY_US + 10_000 * at) * 1000 for at in range(500)
    ]


def test_one_wrong_time_among_many_trades_is_no_going_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trade_ids, "_IDS_KEPT", 50)
    rows = many_trades(0, 200)
    rows[20] = binance_trade(10**6, 21, "1", "1", maker=True)
    assert len(trades_of(read(write(tmp_path / "a.txt", lines(*rows))).trades)) == 200
