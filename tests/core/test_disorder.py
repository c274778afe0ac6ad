"""Files that are far out of order give what the same rows in order give, by every way to play them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from processor.aggregate.table import aggregate_all
from processor.cli.conversion import convert
from processor.cli.inspection import inspect
from processor.core.merge import ordering
from processor.formats import open_dataset
from processor.formats.opening import sorting
from processor.replay.context import StopSignal
from processor.replay.run import replay
from processor.settings import Settings
from processor.store import writer as writing
from processor.store.cache import Cache
from shared import DATA_FILES, STATUS_FILE, Status, decode
from tests.formats.samples import TARDIS_BOOK, TARDIS_TRADES, lines, tardis_trade, tardis_update, write
from tests.formats.websocket_samples import bitstamp_book, bitstamp_trade
from tests.replay.fake_clock import FakeClock
from tests.replay.steered import Steered

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

STEP_MS = 500
GB = 10**9


@pytest.fixture(autouse=True)
def small_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "HELD_ROWS", 50)
    monkeypatch.setattr(sorting, "RUN_ROWS", 90)
    monkeypatch.setattr(sorting, "BLOCK_ROWS", 16)
    monkeypatch.setattr(writing, "_FIRST_EVENTS", 40)
    monkeypatch.setattr("processor.formats.disk.files._PLAIN_READ_BYTES", 2000)


def market(folder: Path, *, in_order: bool, begin: int = 0) -> Path:
    """Trades and a book; out of order, the last 150 of each file's rows come after the first `begin`."""
    trades = [
        tardis_trade(at * STEP_MS * 1000, "buy" if at % 3 else "sell", f"{100 + at % 11}", "1") for at in range(400)
    ]
    updates = [tardis_update(at * STEP_MS * 1000, "bid", f"{90 + at % 7}", f"{at % 5}") for at in range(1, 400)]
    book = [tardis_update(0, "bid", "90", "1", snapshot=True), *updates]
    if not in_order:
        trades, book = (rows[:begin] + rows[250:] + rows[begin:250] for rows in (trades, book))
    write(folder / "trades.csv", lines(TARDIS_TRADES, *trades))
    write(folder / "book.csv", lines(TARDIS_BOOK, *book))
    return folder


def rows(path: Path, cache: Cache | None) -> pl.DataFrame:
    (found,) = aggregate_all(open_dataset(path), [open_dataset(path).resolved(None)], Settings(interval="10s"), cache)
    return found.rows


def published(path: Path, out: Path, cache: Cache | None, **settings: Any) -> dict[str, bytes]:
    wanted: dict[str, Any] = {"interval": "10s", "speed": None, "at_end": "exit"}
    assert replay(path, out, Settings(**wanted | settings), FakeClock(), StopSignal(), cache=cache)
    return {name: (out / name).read_bytes() for name in DATA_FILES}


@pytest.mark.parametrize("cached", [False, True])
def test_a_table_of_files_far_out_of_order_is_that_of_the_same_rows_in_order(tmp_path: Path, cached: bool) -> None:  # noqa: FBT001 - pytest
    cache = Cache(tmp_path / "cache", GB) if cached else None
    expected = rows(market(tmp_path / "good", in_order=True), None)
    found = rows(market(tmp_path / "bad", in_order=False), cache)
    assert found.equals(expected)
    if cache is not None:
        # The next time the sorted store is found at once.
        assert rows(tmp_path / "bad", cache).equals(expected)


@pytest.mark.parametrize("cached", [False, True])
def test_a_replay_of_files_far_out_of_order_ends_as_that_of_the_same_rows_in_order_and_says_so(
    tmp_path: Path,
    cached: bool,  # noqa: FBT001 - pytest
) -> None:
    cache = Cache(tmp_path / "cache", GB) if cached else None
    expected = published(market(tmp_path / "good", in_order=True), tmp_path / "a", None)
    assert published(market(tmp_path / "bad", in_order=False), tmp_path / "b", cache) == expected
    status: Status = decode(STATUS_FILE, (tmp_path / "b" / STATUS_FILE).read_bytes())
    assert "far out of order, so they are sorted before they are replayed" in str(status.notice)
    assert status.report["late"] == 0


def test_a_conversion_and_an_inspection_sort_what_is_far_out_of_order(tmp_path: Path) -> None:
    expected = rows(market(tmp_path / "good", in_order=True), None)
    bad = market(tmp_path / "bad", in_order=False)
    found = inspect(bad, None, "exchange")
    assert (found.trades, found.book_events) == (400, 401)
    name = open_dataset(bad).resolved(None)
    made = convert(open_dataset(bad), name, "exchange", tmp_path / "out")
    assert rows(made.folder, None).equals(expected)


@pytest.mark.parametrize("each", [1, 3])
def test_a_file_of_trades_and_a_book_that_is_far_out_of_order_is_sorted_too(tmp_path: Path, each: int) -> None:
    told = [
        line
        for at in range(400)
        for line in (
            bitstamp_book(at * STEP_MS * 1000, [(f"{90 + at % 7}", "1")], [("110", "1")], channel="order_book"),
            *(bitstamp_trade(at * STEP_MS * 1000, each * at + n, at % 2, f"{100 + at % 11}", "1") for n in range(each)),
        )
    ]
    half = len(told) // 2
    write(tmp_path / "good/bitstamp.txt", lines(*told))
    write(tmp_path / "bad/bitstamp.txt", lines(*told[half:], *told[:half]))
    assert rows(tmp_path / "bad", None).equals(rows(tmp_path / "good", None))


def test_a_command_that_finds_rows_far_out_of_order_is_answered_and_changes_nothing(tmp_path: Path) -> None:
    path = market(tmp_path / "bad", in_order=False, begin=220)
    with Steered(path, tmp_path) as steered:
        before = steered.until(lambda status: status.state == "paused")
        answer = steered.do("seek", time_ms=(before.start_ms or 0) + 390 * STEP_MS)
        assert answer.control.ok is False
        assert "send it again" in (answer.control.error or "")
        after = steered.until(lambda status: status.notice is not None and status.state == "paused")
        assert after.event_time_ms == after.start_ms
