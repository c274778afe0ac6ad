"""`processor control`: its wait for the answer, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from processor.cli.control import NotCarriedOut, steer
from processor.replay.commands.registry import from_words
from processor.replay.inbox import Inbox
from shared import (
    STATUS_FILE,
    ControlAnswer,
    IpcStats,
    Status,
    WriteFailed,
    atomic_write,
    command,
    encode,
    send_command,
)
from tests.core.markets import market, write
from tests.replay.fake_clock import FakeClock
from tests.replay.steered import Steered

if TYPE_CHECKING:
    from processor.replay.commands.base import Action


def publish(ipc: Path, answer: ControlAnswer, heartbeat_ms: int, **fields: Any) -> None:
    status = Status(
        contract="1.0",
        session="s",
        generation=1,
        state="playing",
        dataset="d",
        instrument="X",
        instruments=("X",),
        interval="1m",
        start_ms=0,
        end_ms=None,
        event_time_ms=1_723_161_660_000,
        speed=10.0,
        published_at_ms=heartbeat_ms,
        heartbeat_ms=heartbeat_ms,
        files={},
        control=answer,
        checks={},
        ipc=IpcStats(),
        report={},
        error=None,
    )
    ipc.mkdir(exist_ok=True)
    atomic_write(ipc / STATUS_FILE, encode(msgspec.structs.replace(status, **fields)))


class Replay:
    """Somebody who replays: at every sleep of the one who waits, it looks into its inbox and publishes the answer."""

    def __init__(self, folder: Path, *, refuse: str | None = None, deaf: bool = False) -> None:
        self.clock = FakeClock()
        self.ipc, self.directory = folder / "ipc", folder / "control"
        self.inbox = Inbox(self.directory, self.clock)
        self.done: list[Action] = []
        self.refuse = refuse
        self.publish()
        if not deaf:
            self.clock.on_sleep = self.look

    def look(self) -> None:
        if found := self.inbox.poll("s"):
            self.done.append(found.action)
            self.inbox.reply(found, self.refuse)
        self.publish()

    def publish(self, **fields: Any) -> None:
        publish(self.ipc, self.inbox.answer, self.clock.epoch_ms(), **fields)

    def steer(self, action: str, *words: str, timeout_s: float = 10) -> str:
        return steer(self.directory, self.ipc, from_words(action, list(words)), self.clock, timeout_s)


def test_a_command_that_is_carried_out_says_how_things_stand(tmp_path: Path) -> None:
    replay = Replay(tmp_path)

    assert replay.steer("step", "bar", "-1") == "playing at 2024-08-09T00:01:00.000Z: X 1m, speed 10"
    assert len(replay.done) == 1


def test_a_command_that_is_refused_ends_with_the_reason(tmp_path: Path) -> None:
    replay = Replay(tmp_path, refuse="the range begins at 00:02")
    with pytest.raises(NotCarriedOut, match="refused: the range begins at 00:02"):
        replay.steer("seek", "0%")


def test_without_an_answer_it_gives_up_when_told_to(tmp_path: Path) -> None:
    replay = Replay(tmp_path, deaf=True)
    with pytest.raises(NotCarriedOut, match="no answer within 3 s"):
        replay.steer("play", timeout_s=3)
    assert 3 <= sum(replay.clock.sleeps) < 3.1


def test_a_status_that_cannot_be_read_for_a_moment_is_waited_out(tmp_path: Path) -> None:
    replay = Replay(tmp_path)

    def half_a_status_first() -> None:
        replay.clock.on_sleep = replay.look
        (replay.ipc / STATUS_FILE).write_bytes(b'{"contract": "1.')

    replay.clock.on_sleep = half_a_status_first
    assert replay.steer("pause").startswith("playing")


def test_whoever_is_overtaken_is_told_so(tmp_path: Path) -> None:
    replay = Replay(tmp_path)

    def somebody_else_is_faster() -> None:
        send_command(replay.directory, command("pause"))
        replay.look()

    replay.clock.on_sleep = somebody_else_is_faster
    with pytest.raises(NotCarriedOut, match="overtaken"):
        replay.steer("play")


def test_nothing_is_written_where_nobody_listens(tmp_path: Path) -> None:
    replay = Replay(tmp_path)
    publish(replay.ipc, ControlAnswer(), replay.clock.epoch_ms())
    with pytest.raises(NotCarriedOut, match="was started without --control"):
        replay.steer("play")
    replay.clock.on_sleep = lambda: None
    publish(replay.ipc, ControlAnswer(listening=True), replay.clock.epoch_ms() - 6000)
    with pytest.raises(NotCarriedOut, match=r"the last heartbeat is 6\.0 s old"):
        replay.steer("play")
    (replay.ipc / STATUS_FILE).write_bytes(b"{")
    with pytest.raises(NotCarriedOut, match="is not what the contract says"):
        replay.steer("play")
    (replay.ipc / STATUS_FILE).unlink()
    with pytest.raises(NotCarriedOut, match=r"nobody replays into it: status\.json cannot be read"):
        replay.steer("play")

    assert not replay.directory.exists()


def test_a_directory_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    replay = Replay(tmp_path)
    replay.directory.write_bytes(b"")
    with pytest.raises(WriteFailed):
        replay.steer("play")


def test_the_command_exits_with_0_or_with_1_and_a_sentence(tmp_path: Path) -> None:
    ipc, directory = tmp_path / "ipc", tmp_path / "control"
    stop = threading.Event()
    clock = FakeClock()
    inbox = Inbox(directory, clock)

    def replay() -> None:
        while not stop.wait(0.01):
            if found := inbox.poll("s"):
                inbox.reply(found, None if found.id else "never")
            publish(ipc, inbox.answer, time.time_ns() // 1_000_000)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "processor", "control", str(directory), *words],
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | {"PROCESSOR_IPC": str(ipc)},
        )

    publish(ipc, inbox.answer, time.time_ns() // 1_000_000)
    thread = threading.Thread(target=replay)
    thread.start()
    try:
        carried_out = run("step", "bar", "-1", "--timeout", "30")
        wrong = run("seek", "-10minutes")
    finally:
        stop.set()
        thread.join()

    assert (carried_out.returncode, carried_out.stderr) == (0, "")
    assert carried_out.stdout.startswith("playing at 2024-08-09T00:01:00.000Z")
    assert wrong.returncode == 1
    assert "expected a distance like +10m" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_the_answer_is_found_where_the_replay_says_that_it_publishes(tmp_path: Path) -> None:
    folder = write(tmp_path / "walk", *market(2_000, 1.0))
    (tmp_path / "elsewhere").mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROCESSOR_")}

    def steered(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "processor", "control", str(control), "seek", "+1m", *options],
            check=False,
            capture_output=True,
            text=True,
            env=environment | {"PYTHONPATH": str(Path.cwd())},
            cwd=tmp_path / "elsewhere",
        )

    for ipc in (tmp_path / "one", tmp_path / os.fsdecode(b"an\xffother")):
        control = tmp_path / f"control of {ipc.name[:2]}"
        with Steered(folder, tmp_path, ipc=ipc, control=control):
            found = steered()
            assert (found.returncode, found.stderr) == (0, "")
            assert found.stdout.startswith("paused at 2024-08-09T00:01:")
            assert steered("--ipc", str(tmp_path / "nobody")).returncode == 1
        gone = steered()
        assert gone.returncode == 1
        assert "data/ipc" in gone.stderr


def test_a_control_directory_that_cannot_be_written_is_still_listened_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "walk", *market(2_000, 1.0))

    def refused(path: Path, *_: object, **__: object) -> None:
        raise WriteFailed(path, OSError(30, "Read-only file system"))

    monkeypatch.setattr("processor.replay.replay_file.atomic_write", refused)
    with Steered(folder, tmp_path) as steered:
        assert steered.do("seek", by="+1m").control.ok is True
