"""OKX's archive is generated here, as those who read it describe it: there is no real file among ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from processor.core.events import ASK, BID, CLEAR
from processor.formats import open_dataset
from tests.formats import archive_samples
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import DAY_US, lines, write
from tests.formats.websocket_samples import archived_book, okx_archive, okx_book

if TYPE_CHECKING:
    from pathlib import Path

DAY_NS = DAY_US * 1000
SNAPSHOT = archived_book(0, "snapshot", [("1", "1")], [("2", "1")])


def test_an_archive_is_read_exactly(tmp_path: Path) -> None:
    found = read(okx_archive(tmp_path))
    assert found.trades is None
    assert found.book is not None
    assert found.book.side.tolist() == [CLEAR, BID, BID, ASK, ASK, BID, ASK, BID, ASK]
    assert found.book.price_ticks.tolist() == [0, 150, 125, 175, 200, 150, 175, 160, 200]
    assert found.book.size_lots.tolist() == [0, 8000, 4000, 3000, 1000, 0, 2500, 1, 0]
    assert (found.book.time_ns - DAY_NS).tolist() == [0] * 5 + [10**7] * 2 + [3 * 10**7] * 2
    assert not found.report.incidents
    assert found.report.files["ABC-USDT-L2orderbook-400lv-2024-08-08.data"].rows == 4


def test_it_tells_what_the_recording_of_the_same_messages_does(tmp_path: Path) -> None:
    archived = read(okx_archive(tmp_path / "archive"))
    steps = [
        ("snapshot", [("1.5", "8"), ("1.25", "4.00")], [("1.75", "3"), ("2", "1")]),
        ("update", [("1.5", "0")], [("1.75", "2.5")]),
        ("update", [], []),
        ("update", [("1.6", "0.001")], [("2", "0")]),
    ]
    rows = [okx_book(10 * number, *step) for number, step in enumerate(steps)]
    recorded = read(write(tmp_path / "raw/okx.txt", lines(*rows)))
    assert book_of(archived.book) == book_of(recorded.book)


def test_each_days_file_begins_with_a_snapshot_and_updates_before_one_are_dropped(tmp_path: Path) -> None:
    write(tmp_path / "a.data", lines(archived_book(0, "update", [("9", "1")], []), SNAPSHOT))
    write(tmp_path / "b.data", lines(archived_book(50, "snapshot", [("3", "1")], [])))
    found = read(tmp_path)
    assert found.book is not None
    assert found.book.side.tolist() == [CLEAR, BID, ASK, CLEAR, BID]
    assert found.report.counts == {"before_snapshot": 1}


def test_several_instruments_and_either_order_of_the_first_keys_are_known(tmp_path: Path) -> None:
    other = archived_book(0, "snapshot", [("7", "1")], [], instrument="XYZ-USDT-SWAP")
    turned = other.replace(
        '{"instId":"XYZ-USDT-SWAP","action":"snapshot",', '{"action":"snapshot","instId":"XYZ-USDT-SWAP",'
    )
    path = write(tmp_path / "a.data", lines(SNAPSHOT, turned))
    assert open_dataset(path).instruments == ("ABC-USDT", "XYZ-USDT-SWAP")
    book = read(path, "XYZ-USDT-SWAP").book
    assert book is not None
    assert book.price_ticks.tolist() == [0, 7]


def test_numbers_without_quotes_are_the_same(tmp_path: Path) -> None:
    plain = read(okx_archive(tmp_path / "plain"))
    text = (tmp_path / "plain/ABC-USDT-L2orderbook-400lv-2024-08-08.data").read_text()
    for number in ("1.5", "8", "1.25", "4.00", "1.75", "3", "2", "1", "0", "2.5", "1.6", "0.001"):
        text = text.replace(f'"{number}"', number)
    bare = read(write(tmp_path / "bare/a.data", text))
    assert '["' not in text
    assert book_of(bare.book) == book_of(plain.book)
    assert not bare.report.incidents


def test_the_trades_archive_beside_it_makes_one_dataset(tmp_path: Path) -> None:
    okx_archive(tmp_path)
    trade = f"ABC-USDT,7,buy,1.75,2,{DAY_US // 1000 + 5}"
    write(tmp_path / "ABC-USDT-trades-2024-08-08.csv", lines(archive_samples.OKX, trade))
    found = read(tmp_path)
    assert open_dataset(tmp_path).instruments == ("ABC-USDT",)
    assert len(trades_of(found.trades)) == 1
    assert len(book_of(found.book)) == 9


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (SNAPSHOT.replace("snapshot", "whole"), "action 'whole' is neither snapshot nor update"),
        (SNAPSHOT.replace('[["1","1","1"]]', '[["1"]]'), "book: a price or size is not a number"),
        (SNAPSHOT.replace('[["1","1","1"]]', '[["x","1"]]'), "book: a price or size is not a number"),
        (SNAPSHOT.replace('"asks"', '"as"'), "Object missing required field `asks`"),
    ],
)
def test_a_malformed_line_is_skipped_and_described(tmp_path: Path, broken: str, reason: str) -> None:
    rows = [SNAPSHOT, *(archived_book(number, "update", [("1", str(number))], []) for number in range(1, 120))]
    rows[60] = broken
    found = read(write(tmp_path / "a.data", lines(*rows)))
    assert [(incident.kind, incident.line) for incident in found.report.incidents] == [("malformed", 61)]
    assert found.report.incidents[0].detail.startswith(reason)
