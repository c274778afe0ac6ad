"""Other datasets and instruments while a replay runs: what was asked of one, what fails, and where a loop begins."""

from __future__ import annotations

import dataclasses
import os
import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from processor.errors import DatasetError
from processor.formats import open_dataset
from processor.replay.context import StopSignal
from processor.replay.run import replay
from processor.settings import Offset, Settings, iso
from processor.units import NS_PER_DAY, NS_PER_SECOND
from shared import STATUS_FILE, DirectoryReader, Status, command, decode, send_command
from shared.validate import faults
from tests.core.markets import FIRST_NS, market, write
from tests.replay.fake_clock import FakeClock
from tests.replay.steered import Steered
from tests.replay.test_replay import play
from tests.replay.test_steering import HOUR_NS, at_ns

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from processor.core.events import BookEvents, Trades
    from processor.formats import Dataset

HEADER = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"


def later(days: int, seed: int = 1) -> tuple[Trades, BookEvents]:
    """The same market so many days later."""
    trades, book = market(2_000, 3.0, seed)
    return (
        dataclasses.replace(trades, time_ns=trades.time_ns + days * NS_PER_DAY),
        dataclasses.replace(book, time_ns=book.time_ns + days * NS_PER_DAY),
    )


def first_ns(days: int) -> int:
    trades, book = later(days)
    return int(min(trades.time_ns[0], book.time_ns[0]))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("markets") / "walk", *later(0))


@pytest.fixture(scope="module")
def next_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("markets") / "next", *later(1))


def rotten(folder: Path, good: int) -> Path:
    """Trades of which the first `good` rows parse, and none after them."""
    folder.mkdir()
    rows = [f"x,X,{FIRST_NS // 1000 + at * 1_000_000},{FIRST_NS // 1000},1,buy,1.5,1\n" for at in range(good)]
    bad = f"x,X,{FIRST_NS // 1000},{FIRST_NS // 1000},1,buy,1.6e,1\n"
    (folder / "trades.csv").write_text(HEADER + "".join(rows) + bad * 500)
    return folder


@pytest.mark.parametrize("until", [FIRST_NS + HOUR_NS, Offset(HOUR_NS)])
def test_start_and_until_hold_for_the_dataset_that_they_were_given_for(
    dataset: Path, next_day: Path, tmp_path: Path, until: Any
) -> None:
    asked: dict[str, Any] = {"start": FIRST_NS + HOUR_NS // 2, "until": until, "label": "Mine", "instrument": "walk"}
    with Steered(dataset, tmp_path, **asked) as steered:
        there = steered.until(lambda status: status.state == "paused")
        assert there.dataset == "Mine"
        other = steered.do("dataset", dataset=str(next_day))
        assert other.control.ok is True
        assert (other.dataset, at_ns(other)) == ("next", first_ns(1))
        assert steered.do("seek", by="+2h").control.ok is True
        back = steered.do("dataset", dataset=str(dataset))
        assert (back.dataset, at_ns(back), back.end_ms) == ("Mine", at_ns(there), there.end_ms)


def test_a_replay_that_was_killed_in_another_dataset_goes_on_there_without_what_was_asked_for_of_the_first(
    dataset: Path, next_day: Path, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {"until": FIRST_NS + HOUR_NS, "label": "Mine"}
    with Steered(dataset, tmp_path, **asked) as steered:
        steered.do("dataset", dataset=str(next_day))
        before = steered.do("seek", by="+1h")
    with Steered(dataset, tmp_path, **asked) as steered:
        after = steered.until(lambda status: status.session != before.session and status.state == "paused")
        assert (after.dataset, at_ns(after), after.end_ms) == ("next", at_ns(before), before.end_ms)


def test_an_instrument_that_begins_after_until_is_refused_and_the_replay_goes_on_as_before(
    dataset: Path, tmp_path: Path
) -> None:
    both = tmp_path / "both"
    write(both, *later(0), instrument="A")
    write(both, *later(1), instrument="B")
    with Steered(both, tmp_path, until=FIRST_NS + HOUR_NS) as steered:
        before = steered.do("seek", by="+10m")
        answer = steered.do("instrument", instrument="B")
        assert answer.control.ok is False
        assert f"a time after the first event, {iso(first_ns(1))}" in (answer.control.error or "")
        after = steered.until(lambda status: status.state == "paused" and status.files)
        assert (after.instrument, at_ns(after)) == ("A", at_ns(before))
        assert faults(steered.ipc) == []
        assert steered.do("seek", by="+1m").control.ok is True


def test_a_dataset_that_cannot_be_read_to_its_first_event_is_refused_and_the_replay_goes_on_as_before(
    dataset: Path, tmp_path: Path
) -> None:
    with Steered(dataset, tmp_path) as steered:
        steered.do("interval", interval="5m")
        steered.do("range", start=iso(FIRST_NS + HOUR_NS), end=iso(FIRST_NS + 2 * HOUR_NS))
        before = steered.do("seek", by="+10m")
        answer = steered.do("dataset", dataset=str(rotten(tmp_path / "rotten", 0)))
        assert answer.control.ok is False
        assert "trades.csv" in (answer.control.error or "")
        after = steered.until(lambda status: status.state == "paused" and status.files)
        wanted = (before.dataset, before.interval, before.loop_ms, at_ns(before))
        assert (after.dataset, after.interval, after.loop_ms, at_ns(after)) == wanted
    assert steered.went_well


def seen_to_fail(steered: Steered) -> Status:
    """The status of a reader that has seen every picture until the replay failed."""
    reader = DirectoryReader(steered.ipc)
    for _ in range(60_000):
        picture = reader.poll()
        if picture is not None and picture.status.state == "failed":
            return picture.status
        time.sleep(0.001)
    raise AssertionError(reader.problem)


def test_readers_see_that_a_dataset_switched_to_fails_while_it_is_read_and_why(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processor.formats.disk.files._PLAIN_READ_BYTES", 2000)
    monkeypatch.setattr("processor.core.merge.ordering.HELD_ROWS", 50)
    play(dataset, tmp_path / "ipc", speed=None, interval="7s")
    with Steered(dataset, tmp_path, paused=False, speed=100.0) as steered:
        steered.do("dataset", dataset=str(rotten(tmp_path / "rotten", 2_000)))
        status = seen_to_fail(steered)
        assert "trades.csv" in (status.error or "")
        assert status.control.ok is True
        assert faults(steered.ipc) == []
    assert not steered.went_well


def test_a_seek_into_what_cannot_be_read_is_refused_and_what_can_be_read_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processor.formats.disk.files._PLAIN_READ_BYTES", 2000)
    monkeypatch.setattr("processor.core.merge.ordering.HELD_ROWS", 50)
    with Steered(rotten(tmp_path / "rotten", 2_000), tmp_path) as steered:
        before = steered.do("seek", by="+10s")
        answer = steered.do("seek", by="+1h")
        assert answer.control.ok is False
        assert "trades.csv" in (answer.control.error or "")
        assert (answer.state, at_ns(answer)) == ("paused", at_ns(before))
        assert steered.do("seek", by="+10s").control.ok is True
        assert steered.do("interval", interval="7s").control.ok is True
        steered.do("speed", speed="max")
        steered.do("play")
        assert "trades.csv" in (seen_to_fail(steered).error or "")
        assert faults(steered.ipc) == []


@pytest.mark.parametrize(
    "path", ["a" * 4096, "/" + "x/" * 1500, ".", "/dev/zero", "/proc/self/mem", "loop", "fifo", "\n"]
)
def test_whatever_path_is_asked_for_the_replay_goes_on(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "fifo")
    with Steered(dataset, tmp_path) as steered:
        before = steered.do("seek", by="+10m")
        answer = steered.do("dataset", dataset=str(tmp_path / path) if path in {"loop", "fifo"} else path)
        assert answer.control.ok is False
        assert (answer.session, answer.state, at_ns(answer)) == (before.session, "paused", at_ns(before))


def test_readers_see_the_last_picture_and_why_where_neither_dataset_can_be_replayed(
    tmp_path: Path, dataset: Path
) -> None:
    play(dataset, tmp_path / "ipc", speed=None, interval="7s")
    gone = write(tmp_path / "gone", *later(0))
    with Steered(gone, tmp_path) as steered:
        before = steered.do("seek", by="+10m")
        files = steered.files()
        shutil.rmtree(gone)
        gone.mkdir()
        steered.do("dataset", dataset=str(rotten(tmp_path / "rotten", 0)))
        status = seen_to_fail(steered)
        assert (status.session, status.dataset, status.files) == (before.session, "gone", before.files)
        assert status.control.ok is False
        assert steered.files() == files
        assert faults(steered.ipc) == []


@pytest.mark.parametrize("at_end", ["loop", "exit"])
@pytest.mark.parametrize("action", ["seek", "step"])
def test_a_paused_replay_that_is_brought_to_the_end_stays_there(
    dataset: Path, tmp_path: Path, at_end: str, action: str
) -> None:
    bars = {time_ns // 60_000_000_000 for events in later(0) for time_ns in events.time_ns.tolist()}
    arguments: dict[str, Any] = {"fraction": 1} if action == "seek" else {"unit": "bar", "count": len(bars)}
    with Steered(dataset, tmp_path, at_end=at_end) as steered:
        there = steered.do(action, **arguments)
        assert there.control.ok is True
        after = steered.until(lambda status: status.heartbeat_ms > there.heartbeat_ms + 3000)
        assert (after.session, at_ns(after), after.event_time_ms) == (there.session, at_ns(there), there.end_ms)
        steered.do("speed", speed=1)
        assert steered.do("play").state == "playing"


def looped(dataset: Path, folder: Path, **asked: Any) -> int:
    """The event clock, ms, of the first look at a replay that has played to its end and begun again."""
    clock = FakeClock()
    seen: list[tuple[str, int]] = []
    steered = Steered(dataset, folder, clock=clock, at_end="loop", **asked)

    def look() -> None:
        status = decode(STATUS_FILE, (steered.ipc / STATUS_FILE).read_bytes())
        if status.state == "playing":
            seen.append((status.session, status.event_time_ms or 0))
        time.sleep(0.0005)

    clock.on_sleep = look
    with steered:
        if len(steered.until(lambda status: status.files).instruments) > 1:
            steered.do("seek", by="+2h")
            assert steered.do("instrument", instrument="B").control.ok is True
        steered.do("speed", speed=1000)
        session = steered.do("play").session
        steered.until(lambda _: any(found != session for found, _ in seen))
    return next(event_ms for found, event_ms in seen if found != session)


def test_a_loop_begins_with_the_start_after_a_resume(dataset: Path, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"start": FIRST_NS + HOUR_NS, "speed": 5.0}
    with Steered(dataset, tmp_path, at_end="loop", **asked) as steered:
        steered.do("seek", time=iso(FIRST_NS + 2 * HOUR_NS))
    begun_ms = looped(dataset, tmp_path, **asked)
    assert begun_ms - (FIRST_NS + HOUR_NS) // 1_000_000 < 600_000


def test_a_loop_begins_with_the_start_after_another_instrument_was_chosen(tmp_path: Path) -> None:
    both = tmp_path / "both"
    write(both, *later(0), instrument="A")
    write(both, *later(0, seed=2), instrument="B")
    begun_ms = looped(both, tmp_path)
    assert begun_ms - FIRST_NS // 1_000_000 < 600_000


class Unfathomable:
    """Stands in for what opens a dataset: such folders are looked at until nobody waits, or nothing is found."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looks, self.found, self.left = threading.Event(), threading.Event(), threading.Event()
        monkeypatch.setattr("processor.replay.recognition.open_dataset", self.open)

    def open(self, path: Path, check: Callable[[], None]) -> Dataset:
        if path.name != "unfathomable":
            return open_dataset(path, check)
        self.looks.set()
        try:
            while not self.found.is_set():
                check()
                time.sleep(0.001)
            raise DatasetError(str(path))
        finally:
            self.left.set()


def test_while_it_is_found_out_what_a_folder_is_the_replay_lives_and_the_next_command_ends_it(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfathomable = Unfathomable(monkeypatch)
    with Steered(dataset, tmp_path, clock=FakeClock(look_ns=NS_PER_SECOND // 10)) as steered:
        before = steered.until(lambda status: status.state == "paused")
        send_command(steered.control, command("dataset", dataset=str(tmp_path / "unfathomable")))
        assert unfathomable.looks.wait(60)
        later = steered.status()
        assert later is not None
        steered.until(lambda status: status.generation > later.generation + 1)
        after = steered.do("speed", speed=7)
        assert (after.control.ok, after.dataset, after.speed) == (True, before.dataset, 7.0)
        assert unfathomable.left.wait(60)


def without_status(steered: Steered) -> dict[str, bytes]:
    return {name: content for name, content in steered.files().items() if name != STATUS_FILE}


def test_while_it_is_found_out_what_a_folder_is_the_replay_plays_on_as_if_nothing_had_been_asked_for(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfathomable = Unfathomable(monkeypatch)
    with Steered(dataset, tmp_path, paused=False, speed=60.0, interval="7s") as steered:
        before = steered.until(lambda status: status.state == "playing")
        sent = command("dataset", dataset=str(tmp_path / "unfathomable"))
        send_command(steered.control, sent)
        assert unfathomable.looks.wait(60)
        meanwhile = steered.until(
            lambda status: status.state == "playing" and at_ns(status) > at_ns(before) + 60 * NS_PER_SECOND
        )
        assert meanwhile.control.last_id != sent.id
        unfathomable.found.set()
        refused = steered.until(lambda status: status.control.last_id == sent.id)
        assert refused.control.ok is False
        assert at_ns(refused) >= at_ns(meanwhile)
        resting = steered.do("pause")
        assert (resting.dataset, resting.session) == (before.dataset, before.session)
        assert at_ns(resting) >= at_ns(refused)

        # And it shows what is shown of that moment, however it was reached.
        files = without_status(steered)
        start = steered.do("seek", fraction=0)
        assert without_status(steered) != files
        again = steered.do("seek", by_ns=at_ns(resting) - at_ns(start))
        assert (again.control.error, at_ns(again)) == (None, at_ns(resting))
        assert without_status(steered) == files


def test_a_replay_that_is_paused_stays_where_it_is_while_it_is_found_out_what_a_folder_is(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfathomable = Unfathomable(monkeypatch)
    with Steered(dataset, tmp_path, clock=FakeClock(look_ns=NS_PER_SECOND // 10)) as steered:
        before = steered.do("seek", by="+1m")
        sent = command("dataset", dataset=str(tmp_path / "unfathomable"))
        send_command(steered.control, sent)
        assert unfathomable.looks.wait(60)
        later = steered.until(lambda status: status.generation > before.generation + 2)
        assert (later.state, at_ns(later)) == ("paused", at_ns(before))
        unfathomable.found.set()
        refused = steered.until(lambda status: status.control.last_id == sent.id)
        assert (refused.control.ok, refused.state, at_ns(refused)) == (False, "paused", at_ns(before))


def test_a_stop_is_obeyed_while_it_is_found_out_what_a_folder_is(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfathomable = Unfathomable(monkeypatch)
    with Steered(dataset, tmp_path) as steered:
        send_command(steered.control, command("dataset", dataset=str(tmp_path / "unfathomable")))
        assert unfathomable.looks.wait(60)
    assert steered.went_well is True

    stop = StopSignal()
    unfathomable.looks.clear()
    starting = threading.Thread(
        target=replay,
        args=(tmp_path / "unfathomable", tmp_path / "ipc", Settings(), FakeClock(), stop),
        kwargs={"resume": False},
    )
    starting.start()
    assert unfathomable.looks.wait(60)
    stop.requested = True
    starting.join(60)
    assert not starting.is_alive()
