"""A replay whose files cannot be written at its end, or among things that are no files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from processor.replay.context import StopSignal
from processor.replay.replay_file import REPLAY_FILE
from processor.replay.run import replay
from processor.settings import Settings
from shared import (
    CONTROL_FILE,
    DATA_FILES,
    MAX_INTEGER,
    REPORT_FILE,
    STATUS_FILE,
    DirectoryReader,
    DirectoryWriter,
    LockLost,
    WriteFailed,
)
from shared.contract import LOCK_FILE
from shared.validate import faults
from tests.cli.running import run_here
from tests.core.markets import market, write
from tests.replay.fake_clock import FakeClock
from tests.shared.odd_files import ODD, nobody_waits

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("markets") / "walk", *market(rows=200))


class FullAtTheEnd:
    """A disk that is full when the end of the replay is published, so many times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        self.refused = 0
        commit = DirectoryWriter.commit

        def refusing(writer: DirectoryWriter, payload: bytes) -> None:
            if b'"state":"finished"' in payload and self.refused < times:
                self.refused += 1
                raise WriteFailed(writer.directory / STATUS_FILE, OSError(28, "No space left on device"))
            commit(writer, payload)

        monkeypatch.setattr(DirectoryWriter, "commit", refusing)


def play(dataset: Path, out: Path, stop: StopSignal | None = None, clock: FakeClock | None = None) -> bool:
    with capture_logs():
        return replay(dataset, out, Settings(at_end="exit", speed=None), clock or FakeClock(), stop or StopSignal())


def test_the_last_publication_is_repeated_until_it_is_written(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = FullAtTheEnd(monkeypatch, times=20)

    assert play(dataset, tmp_path)
    assert full.refused == 20
    picture = DirectoryReader(tmp_path).poll()
    assert picture is not None
    assert picture.status.state == "finished"
    assert faults(tmp_path) == []


def test_a_last_publication_that_cannot_be_written_in_five_seconds_ends_the_replay_with_the_reason(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FullAtTheEnd(monkeypatch, times=10**9)
    clock = FakeClock()
    with pytest.raises(WriteFailed, match=r"status\.json: No space left on device"):
        play(dataset, tmp_path, clock=clock)
    assert 5 <= sum(clock.sleeps[-200:]) < 10

    picture = DirectoryReader(tmp_path).poll()
    assert picture is not None
    assert picture.status.state == "playing"


def test_a_stop_that_comes_while_the_last_publication_is_repeated_ends_it(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = FullAtTheEnd(monkeypatch, times=10**9)
    stop, clock = StopSignal(), FakeClock()

    def end() -> None:
        stop.requested = full.refused > 3

    clock.on_sleep = end
    with pytest.raises(WriteFailed):
        play(dataset, tmp_path, stop, clock)
    assert full.refused < 8


def test_the_exit_code_tells_that_the_end_was_not_published(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FullAtTheEnd(monkeypatch, times=10**9)
    monkeypatch.setattr("processor.replay.session.STALE_AFTER_MS", 50)
    ended = run_here("replay", dataset, "--out", tmp_path, "--speed", "max", "--at-end", "exit")

    assert ended.returncode == 1
    assert "No space left on device" in ended.stderr


def test_a_replay_whose_lock_was_taken_by_another_stops_with_the_reason(dataset: Path, tmp_path: Path) -> None:
    others: list[DirectoryWriter] = []

    def take_over() -> None:
        if not others:
            (tmp_path / LOCK_FILE).unlink()
            others.append(DirectoryWriter(tmp_path))

    clock = FakeClock()
    clock.on_sleep = take_over
    with pytest.raises(LockLost, match="has another writer by now"), capture_logs():
        replay(dataset, tmp_path, Settings(at_end="exit", speed=20_000.0), clock, StopSignal())
    others[0].close()


def test_a_generation_that_leaves_no_room_is_not_counted_on(dataset: Path, tmp_path: Path) -> None:
    assert play(dataset, tmp_path)
    path = tmp_path / STATUS_FILE
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"generation": MAX_INTEGER}))
    assert play(dataset, tmp_path)
    assert faults(tmp_path) == []


@pytest.mark.parametrize("kind", [kind for kind in ODD if kind != "directory"])
def test_a_replay_goes_on_among_what_is_no_file_and_puts_its_own_in_the_place(
    dataset: Path, tmp_path: Path, kind: str
) -> None:
    ipc, control = tmp_path / "ipc", tmp_path / "control"
    ipc.mkdir()
    control.mkdir()
    for name in (STATUS_FILE, REPORT_FILE, *DATA_FILES):
        for made in (name, f".{name}.tmp", f".{name}.old"):
            ODD[kind](ipc / made)
    for name in (CONTROL_FILE, REPLAY_FILE):
        ODD[kind](control / name)
    with nobody_waits(), capture_logs():
        assert replay(dataset, ipc, Settings(at_end="exit", speed=None), FakeClock(), StopSignal(), control=control)
        assert faults(ipc) == []
