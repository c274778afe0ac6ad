from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Final

import pytest
from structlog.testing import capture_logs

from processor.replay.replay_file import REPLAY_FILE, ipc_of
from shared import (
    DATA_FILES,
    MAX_READ_BYTES,
    OHLC_FILE,
    OVERVIEW_FILE,
    REPORT_FILE,
    STATUS_FILE,
    DirectoryReader,
    DirectoryWriter,
    WriteFailed,
    ask_for,
    asked_ns,
    encode,
    read_regular,
    send_command,
)
from shared.contract import LOCK_FILE
from shared.control_file import command
from shared.validate import faults
from tests.cli.running import run_here
from tests.shared.odd_files import ODD, nobody_waits
from tests.shared.publishing import a_report, publish
from tests.shared.test_reader import Counting
from visualizer.server.feed import Feed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES: Final = (STATUS_FILE, OHLC_FILE, REPORT_FILE)


@pytest.fixture(autouse=True)
def _guarded() -> Iterator[None]:
    with nobody_waits():
        yield


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    with DirectoryWriter(tmp_path) as writer:
        writer.write(REPORT_FILE, encode(a_report(1)), 1)
        publish(writer, 1)
    return tmp_path


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_file_leaves_readers_their_picture_and_a_new_reader_a_reason(
    directory: Path, name: str, kind: str
) -> None:
    reader = DirectoryReader(directory)
    first = reader.poll()
    payload = (directory / name).read_bytes()
    (directory / name).unlink()
    ODD[kind](directory / name)
    fresh = DirectoryReader(directory)
    for _ in range(2):
        assert reader.poll() is first
        fresh.poll()
        assert fresh.problem is not None
        assert fresh.problem.startswith(name)

    (directory / name).rmdir() if kind == "directory" else (directory / name).unlink()
    (directory / name).write_bytes(payload)
    found = fresh.poll()
    assert found is not None
    assert first is not None
    assert found.held == first.held
    assert (reader.poll(), reader.problem) == (found, None)


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", [STATUS_FILE, OHLC_FILE, OVERVIEW_FILE])
def test_the_validator_and_health_name_what_is_no_file(directory: Path, name: str, kind: str) -> None:
    (directory / name).unlink(missing_ok=True)
    ODD[kind](directory / name)

    links = kind in {"link to nothing", "link to itself"}
    found = [fault for fault in faults(directory) if fault.startswith(name)]
    assert found or (links and name == OVERVIEW_FILE)
    if name == STATUS_FILE:
        ended = run_here("health", directory)
        assert ended.returncode == 1
        assert f"{STATUS_FILE} cannot be read" in ended.stderr
        assert "cannot be read" in run_here("control", directory, "play", "--ipc", directory).stderr


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize(
    "name", [STATUS_FILE, OHLC_FILE, f".{STATUS_FILE}.tmp", f".{OHLC_FILE}.tmp", f".{OHLC_FILE}.old"]
)
def test_a_writer_puts_its_files_in_the_place_of_what_is_none(tmp_path: Path, name: str, kind: str) -> None:
    ODD[kind](tmp_path / name)
    with DirectoryWriter(tmp_path) as writer, capture_logs():
        if kind == "directory" and not name.endswith(".old"):
            with pytest.raises(WriteFailed, match="directory"):
                publish(writer, 1)
            (tmp_path / name).rmdir()
        publish(writer, 2)
        publish(writer, 3)

    assert faults(tmp_path) == []


@pytest.mark.parametrize("kind", [kind for kind in ODD if kind != "huge"])
def test_a_lock_that_is_no_file_is_refused_by_its_name(tmp_path: Path, kind: str) -> None:
    ODD[kind](tmp_path / LOCK_FILE)

    with pytest.raises(WriteFailed, match=LOCK_FILE):
        DirectoryWriter(tmp_path)


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    ipc = tmp_path / "ipc"
    ipc.mkdir()
    for name in (STATUS_FILE, f".{STATUS_FILE}.tmp", OHLC_FILE, f".{OHLC_FILE}.tmp", f".{OHLC_FILE}.old"):
        (ipc / name).symlink_to(victim)
    with DirectoryWriter(ipc) as writer:
        publish(writer, 1)
        publish(writer, 2)

    assert victim.read_text() == "mine"
    assert not (ipc / STATUS_FILE).is_symlink()


@pytest.mark.parametrize("kind", ODD)
def test_a_control_directory_with_what_is_no_file_is_steered_or_refused(tmp_path: Path, kind: str) -> None:
    (tmp_path / "views").mkdir()
    ODD[kind](tmp_path / "control.json")
    ODD[kind](tmp_path / REPLAY_FILE)
    ODD[kind](tmp_path / "views" / "tape")

    assert ipc_of(tmp_path) is None
    ask_for(tmp_path, "tape")
    assert asked_ns(tmp_path, "tape") is not None
    if kind == "directory":
        with pytest.raises(WriteFailed):
            send_command(tmp_path, command("play"))
    else:
        send_command(tmp_path, command("play"))


@pytest.mark.parametrize("name", [*DATA_FILES, STATUS_FILE])
def test_no_more_is_read_of_a_file_that_grows_than_may_be(
    directory: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As /dev/zero does, or a file that somebody fills faster than it is read."""
    asked = 0

    def endless(_descriptor: int, size: int) -> bytes:
        nonlocal asked
        asked += size
        return b"0" * size

    reader = DirectoryReader(directory)
    monkeypatch.setattr(os, "read", endless)
    reader.poll()
    with pytest.raises(OSError, match=f"more than {MAX_READ_BYTES} bytes"):
        read_regular(directory / name, MAX_READ_BYTES)

    assert reader.problem == f"{STATUS_FILE} cannot be read: it holds more than {MAX_READ_BYTES} bytes"
    assert asked == 2 * (MAX_READ_BYTES + 1)


def test_a_link_to_a_file_is_read_as_that_file(directory: Path) -> None:
    for name in (STATUS_FILE, OHLC_FILE):
        (directory / name).rename(directory / f"moved {name}")
        (directory / name).symlink_to(f"moved {name}")

    assert DirectoryReader(directory).poll() is not None


def test_while_a_file_system_does_not_answer_other_threads_get_the_last_picture(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed(directory, Counting(), lambda: 0.0)
    first, _ = feed.poll()
    hangs, answers = threading.Event(), threading.Event()

    def slow(self: DirectoryReader) -> object:
        hangs.set()
        answers.wait()
        return self.picture

    with monkeypatch.context() as patch:
        patch.setattr("visualizer.server.feed._PATIENCE_S", 0.01)
        patch.setattr(DirectoryReader, "poll", slow)
        feed._patience_s = 0.01
        waiting = threading.Thread(target=feed.poll)
        waiting.start()
        assert hangs.wait(60)
        for _ in range(3):
            picture, problem = feed.poll()
            assert picture is first
            assert problem == "the published files cannot be read in time: their file system does not answer"
        answers.set()
        waiting.join()
    assert feed.poll() == (first, None)
