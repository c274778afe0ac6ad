from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from processor import formats, prefetch
from processor.core.merge import ordering
from processor.publish import publisher as publishing
from processor.replay.context import StopSignal
from processor.replay.run import replay
from processor.settings import Offset, Settings, own_measures
from shared import (
    DATA_FILES,
    DEPTH_FILE,
    METRICS_FILE,
    OHLC_FILE,
    ON_REQUEST,
    REPORT,
    REPORT_FILE,
    STATUS_FILE,
    DataReport,
    DirectoryReader,
    Incident,
    Picture,
    Status,
    decode,
)
from shared.validate import faults
from shared.views import BY_NAME
from shared.views.measures import MEASURES_FILE
from tests.core.markets import FIRST_NS, market, write
from tests.replay.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from processor.store.cache import Cache

HOUR_NS = 3_600_000_000_000
ALERTS = ("obi_10 > 0.2 for 3 s", "delta < 0 and spread > 0", "(not sweep) for 2 m", "divergence or size > 9")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("markets") / "walk", *market())


def status_of(directory: Path) -> Status:
    status: Status = decode(STATUS_FILE, (directory / STATUS_FILE).read_bytes())
    return status


def contents(directory: Path) -> dict[str, bytes]:
    names = (*DATA_FILES, *(BY_NAME[name].file for name in ON_REQUEST))
    return {name: (directory / name).read_bytes() for name in names if (directory / name).exists()}


def play(
    dataset: Path,
    out: Path,
    clock: FakeClock | None = None,
    cache: Cache | None = None,
    views: frozenset[str] = frozenset(),
    **settings: Any,
) -> Status:
    wanted = Settings(**{"at_end": "exit"} | settings)
    assert replay(dataset, out, wanted, clock or FakeClock(), StopSignal(), cache=cache, views=views)
    assert faults(out) == []
    return status_of(out)


def watched(clock: FakeClock, directory: Path, see: Callable[[Picture], None]) -> FakeClock:
    reader = DirectoryReader(directory)

    def look() -> None:
        picture = reader.poll()
        if picture:
            see(picture)

    clock.on_sleep = look
    return clock


def test_replays_of_any_speed_batch_size_and_pace_end_in_the_same_bytes(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(dataset, tmp_path / "max", speed=None, views=ON_REQUEST, alerts=ALERTS)
    expected = contents(tmp_path / "max")
    assert json.loads(expected[OHLC_FILE])

    play(dataset, tmp_path / "fast", speed=10_000.0, views=ON_REQUEST, alerts=ALERTS)
    play(dataset, tmp_path / "slow", speed=331.7, start=Offset(HOUR_NS), views=ON_REQUEST, alerts=ALERTS)
    play(dataset, tmp_path / "busy", FakeClock(look_ns=20_000_000), speed=10_000.0, views=ON_REQUEST, alerts=ALERTS)
    monkeypatch.setattr(ordering, "HELD_ROWS", 500)
    play(dataset, tmp_path / "held", speed=None, views=ON_REQUEST, alerts=ALERTS)

    for name in ("fast", "slow", "busy", "held"):
        assert contents(tmp_path / name) == expected, name


def test_two_replays_to_the_same_moment_give_the_same_bytes(dataset: Path, tmp_path: Path) -> None:
    until = FIRST_NS + HOUR_NS + 123_456_789
    first = play(dataset, tmp_path / "a", speed=None, until=until, interval="5s", views=ON_REQUEST, alerts=ALERTS)
    second = play(dataset, tmp_path / "b", speed=997.0, until=until, interval="5s", views=ON_REQUEST, alerts=ALERTS)

    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert first.event_time_ms == second.event_time_ms == until // 1_000_000


def test_measures_of_own_parameters_are_named_in_the_status_and_leave_all_else_as_it_is(
    dataset: Path, tmp_path: Path
) -> None:
    own = own_measures("3,50", "0.5,1000000")
    until = Offset(HOUR_NS // 4)
    usual = play(dataset, tmp_path / "usual", speed=None, until=until, views=ON_REQUEST)
    status = play(dataset, tmp_path / "own", speed=None, until=until, views=ON_REQUEST, own=own)
    found, expected = ({**contents(tmp_path / name)} for name in ("own", "usual"))
    rows, before = (json.loads(each.pop(MEASURES_FILE)) for each in (found, expected))

    assert found == expected
    assert (usual.own_measures, status.own_measures) == ((), own.names)
    assert [row[:-1] for row in rows] == before
    *imbalances, buy, sell, buy_all, sell_all = rows[-1][-1]
    assert all(-1 <= each <= 1 for each in imbalances)
    assert None not in {buy, sell}
    assert buy_all is sell_all is None


def test_nothing_after_the_event_clock_is_ever_published(dataset: Path, tmp_path: Path) -> None:
    trades, _ = market()
    seen = 0

    def check(picture: Picture) -> None:
        nonlocal seen
        at_ms = picture.status.event_time_ms
        if at_ms is None or not picture.ohlc:
            return
        seen += 1
        assert picture.ohlc[-1].timestamp_ms <= at_ms
        assert picture.metrics[-1].timestamp_ms <= at_ms
        # Bars may lag by their own throttle, so they are whole up to some moment not after the clock.
        done = int((trades.time_ns <= (at_ms + 1) * 1_000_000 - 1).sum())
        volume = sum(int(size) for size in trades.size_lots[:done])
        assert round(sum(row.volume for row in picture.ohlc) * 1000) <= volume

    play(dataset, tmp_path, watched(FakeClock(), tmp_path, check), speed=500.0)
    assert seen > 50


def test_the_history_before_the_start_is_there_when_playing_begins(dataset: Path, tmp_path: Path) -> None:
    playing: list[Picture] = []

    def see(picture: Picture) -> None:
        if picture.status.state == "playing":
            playing.append(picture)

    play(dataset, tmp_path, watched(FakeClock(), tmp_path, see), speed=1000.0, start=Offset(2 * HOUR_NS))

    first = playing[0]
    assert len(first.ohlc) >= 115
    assert first.status.event_time_ms is not None
    assert first.status.start_ms is not None
    assert abs(first.status.event_time_ms - first.status.start_ms - 2 * HOUR_NS // 1_000_000) < 300


def test_the_event_clock_runs_at_the_speed_asked_for(dataset: Path, tmp_path: Path) -> None:
    clock = FakeClock()
    moments: list[tuple[int, int]] = []

    def see(picture: Picture) -> None:
        if picture.status.state == "playing" and picture.status.event_time_ms:
            moments.append((picture.status.published_at_ms, picture.status.event_time_ms))

    play(dataset, tmp_path, watched(clock, tmp_path, see), speed=60.0, until=Offset(HOUR_NS // 2))

    (wall, event), (last_wall, last_event) = moments[0], moments[-1]
    assert last_wall - wall > 25_000
    assert (last_event - event) / (last_wall - wall) == pytest.approx(60, rel=0.01)


def test_files_are_published_within_their_rates_and_only_when_they_change(dataset: Path, tmp_path: Path) -> None:
    clock = FakeClock()
    begun_ns = clock.now_ns
    status = play(dataset, tmp_path, clock, speed=100.0, until=Offset(HOUR_NS))
    seconds = (clock.now_ns - begun_ns) / 1e9
    files = status.ipc.files

    assert seconds > 30
    assert files[DEPTH_FILE].writes / seconds <= 10
    assert files[STATUS_FILE].writes / seconds <= 10
    # 4 Hz, and once more for each of the 60 bars that close.
    assert files[OHLC_FILE].writes <= 4 * seconds + 62
    assert files[METRICS_FILE].writes >= 60


def test_the_report_is_published_once_a_second_as_far_as_the_event_clock_has_come(tmp_path: Path) -> None:
    trades, book = market(hours=1.0)
    # Half an hour without an event, in the middle.
    half_ns = HOUR_NS // 2
    trades = dataclasses.replace(trades, time_ns=trades.time_ns + (trades.time_ns > FIRST_NS + half_ns) * half_ns)
    book = dataclasses.replace(book, time_ns=book.time_ns + (book.time_ns > FIRST_NS + half_ns) * half_ns)
    seen: list[tuple[int, DataReport]] = []

    def see(picture: Picture) -> None:
        at_ms = picture.status.event_time_ms
        report = picture[REPORT]
        assert report is not None or not picture.ohlc
        if report is None or at_ms is None:
            return
        seen.append((at_ms, report))
        for finding in report.findings:
            assert all((found.until_ms or found.time_ms or 0) <= at_ms for found in finding.incidents)

    clock = FakeClock()
    begun_ns = clock.now_ns
    folder = write(tmp_path / "silent", trades, book)
    (folder / "notes.txt").write_text("hello")
    status = play(folder, tmp_path / "ipc", watched(clock, tmp_path / "ipc", see), speed=100.0)
    seconds = (clock.now_ns - begun_ns) / 1e9

    def silences(report: DataReport) -> list[Incident]:
        return [found for finding in report.findings if finding.kind == "silences" for found in finding.incidents]

    assert 10 < status.ipc.files[REPORT_FILE].writes <= seconds + 3
    (silence,) = silences(seen[-1][1])
    assert silence.time_ms is not None
    assert silence.until_ms is not None
    assert silence.until_ms - silence.time_ms >= HOUR_NS // 2 // 1_000_000
    assert all(silences(report) == [] for at_ms, report in seen if at_ms < silence.time_ms + 60_000)
    assert any(0 < (found.until_ms or 0) < silence.until_ms for _, report in seen for found in silences(report))
    last = seen[-1][1]
    assert (last.complete, last.trades, last.book_events) == (True, len(trades), len(book))
    assert last.ignored_files == ("notes.txt",)
    assert sum(file.rows for file in last.files) == status.report["rows"]


def test_every_bar_close_is_published_however_fast_they_come(dataset: Path, tmp_path: Path) -> None:
    closes: list[int] = []

    def see(picture: Picture) -> None:
        if picture.ohlc:
            closes.append(picture.ohlc[-1].timestamp_ms)

    # A minute of the market in 150 ms: less than the bars' own period, more than that of a publication.
    play(dataset, tmp_path, watched(FakeClock(), tmp_path, see), speed=400.0)

    assert len(set(closes)) >= 175


def test_at_the_end_it_holds_until_it_is_stopped(dataset: Path, tmp_path: Path) -> None:
    clock, stop = FakeClock(), StopSignal()
    heartbeats: list[int] = []

    def see(picture: Picture) -> None:
        if picture.status.state == "finished":
            heartbeats.append(picture.status.heartbeat_ms)
            stop.requested = len(heartbeats) == 20

    watched(clock, tmp_path, see)
    assert replay(dataset, tmp_path, Settings(speed=None, at_end="hold"), clock, stop)

    assert status_of(tmp_path).state == "finished"
    assert status_of(tmp_path).progress == 1.0
    assert max(later - earlier for earlier, later in pairwise(heartbeats)) <= 1000


def test_a_loop_begins_again_as_a_new_session(dataset: Path, tmp_path: Path) -> None:
    clock, stop = FakeClock(), StopSignal()
    sessions: list[str] = []

    def see(picture: Picture) -> None:
        if picture.status.session not in sessions:
            sessions.append(picture.status.session)
        stop.requested = len(sessions) == 3

    watched(clock, tmp_path, see)
    assert replay(dataset, tmp_path, Settings(speed=5000.0, at_end="loop"), clock, stop)

    assert len(sessions) == 3


def test_a_stop_publishes_once_more_and_ends(dataset: Path, tmp_path: Path) -> None:
    clock, stop = FakeClock(), StopSignal()

    def end() -> None:
        stop.requested = clock.now_ns > 20_000_000_000

    clock.on_sleep = end
    assert replay(dataset, tmp_path, Settings(speed=60.0), clock, stop)

    status = status_of(tmp_path)
    assert status.state == "playing"
    assert {entry.generation for entry in status.files.values()} <= set(range(status.generation + 1))
    play(dataset, tmp_path / "same", speed=None, until=(status.event_time_ms or 0) * 1_000_000)
    assert faults(tmp_path) == []


def test_generations_go_on_after_a_restart_in_a_new_session(dataset: Path, tmp_path: Path) -> None:
    first = play(dataset, tmp_path, speed=None)
    second = play(dataset, tmp_path, speed=None)

    assert second.generation > first.generation
    assert second.session != first.session


@pytest.mark.parametrize("broken", ["missing", "empty", "unknown"])
def test_a_dataset_that_cannot_be_replayed_leaves_the_last_picture_and_says_why(
    dataset: Path, tmp_path: Path, broken: str
) -> None:
    out = tmp_path / "ipc"
    before = play(dataset, out, speed=None)
    expected = contents(out)
    folder = tmp_path / "broken"
    if broken != "missing":
        folder.mkdir()
    if broken == "unknown":
        (folder / "notes.txt").write_text("hello")

    assert not replay(folder, out, Settings(), FakeClock(), StopSignal())

    status = status_of(out)
    assert contents(out) == expected
    assert status.state == "failed"
    assert status.error is not None
    assert str(folder) in status.error
    assert status.files == before.files
    assert status.generation > before.generation
    assert faults(out) == []


def test_a_file_that_turns_out_rotten_fails_the_replay_with_the_lines(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "ipc"
    play(dataset, out, speed=None)
    expected = contents(out)
    folder = tmp_path / "rotten"
    folder.mkdir()
    good = "x,X,1700000000000000,1700000000000000,1,buy,1.5,1\n"
    bad = "x,X,1700000000000000,1700000000000000,1,buy,1.6e,1\n"
    header = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
    (folder / "trades.csv").write_text(header + good * 50 + bad * 5)

    assert not replay(folder, out, Settings(), FakeClock(), StopSignal())

    status = status_of(out)
    assert status.state == "failed"
    assert status.error is not None
    assert "line 52" in status.error
    assert contents(out) == expected
    assert faults(out) == []


def test_an_unknown_instrument_fails_with_those_there_are(dataset: Path, tmp_path: Path) -> None:
    assert not replay(dataset, tmp_path, Settings(instrument="WALL"), FakeClock(), StopSignal())

    assert "WALK" in (status_of(tmp_path).error or "")


def test_trades_alone_and_a_book_alone_are_played(tmp_path: Path) -> None:
    trades, book = market()
    play(write(tmp_path / "t", trades, None), tmp_path / "trades", speed=None)
    play(write(tmp_path / "b", None, book), tmp_path / "book", speed=None)

    whole = play(write(tmp_path / "w", trades, book), tmp_path / "whole", speed=None, views=ON_REQUEST)
    assert contents(tmp_path / "trades")[OHLC_FILE] == contents(tmp_path / "whole")[OHLC_FILE]
    assert contents(tmp_path / "book")[DEPTH_FILE] == contents(tmp_path / "whole")[DEPTH_FILE]
    assert json.loads(contents(tmp_path / "book")[OHLC_FILE]) == []
    assert all(whole.checks.values())


def test_the_replay_shows_that_it_lives_while_it_waits_for_a_slow_dataset(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    clock = FakeClock()
    gate = threading.Event()
    states: list[str] = []
    in_time_order = ordering.in_time_order

    def slow(*args: Any) -> Any:
        gate.wait(60)
        yield from in_time_order(*args)

    original = publishing.Publisher.announce

    def announce(self: Any, *args: Any) -> None:
        original(self, *args)
        clock.now_ns += 2_000_000_000
        states.append(status_of(tmp_path).state)
        if len(states) == 3:
            gate.set()

    monkeypatch.setattr(prefetch, "_PATIENCE_S", 0.01)
    monkeypatch.setattr(formats, "in_time_order", slow)
    monkeypatch.setattr(publishing.Publisher, "announce", announce)
    status = play(dataset, tmp_path, clock, speed=None)

    assert states[:3] == ["loading"] * 3
    assert status.state == "finished"


def test_a_full_disk_is_survived_counted_and_over_when_it_is_over(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    clock = FakeClock()
    fsync = os.fsync

    def full(descriptor: int) -> None:
        if 10_000_000_000 < clock.now_ns < 20_000_000_000:
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    status = play(dataset, tmp_path, clock, speed=500.0)

    assert status.ipc.failed_writes > 50
    monkeypatch.undo()
    play(dataset, tmp_path / "undisturbed", speed=None)
    assert contents(tmp_path) == contents(tmp_path / "undisturbed")


def test_the_demo_can_be_drawn_from_its_files_alone(dataset: Path, tmp_path: Path) -> None:
    """A program written for the three files alone, without Python types."""
    play(dataset, tmp_path, speed=None)
    ohlc, metrics, depth = (
        json.loads((tmp_path / name).read_bytes()) for name in (OHLC_FILE, METRICS_FILE, DEPTH_FILE)
    )

    assert all(len(row) == 6 for row in ohlc)
    assert all(len(row) == 9 for row in metrics)
    assert depth["bids"][0][0] > depth["bids"][1][0]
    assert len(depth["bids"]) <= 50
