"""What somebody else removes or changes while a writer lives."""

from __future__ import annotations

import fcntl
import os
import shutil
from typing import TYPE_CHECKING, Final

import pytest
from structlog.testing import capture_logs

from shared import (
    DATA_FILES,
    DEPTH_FILE,
    OHLC_FILE,
    DirectoryReader,
    DirectoryWriter,
    LockLost,
    WriterLocked,
    encode,
)
from shared.contract import LOCK_FILE
from shared.validate import faults
from tests.shared.publishing import a_status, publish, step, told_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


SPOILT: Final[dict[str, Callable[[Path], object]]] = {
    "removed": lambda path: path.unlink(),
    "emptied": lambda path: path.write_bytes(b""),
    "changed": lambda path: path.write_bytes(path.read_bytes().replace(b"1", b"2")),
    "without permissions": lambda path: path.chmod(0),
    "a pipe": _pipe,
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


def beat(writer: DirectoryWriter, generation: int) -> None:
    """A heartbeat of a replay at rest: nothing but a new status."""
    writer.commit(encode(a_status(writer, generation)))


@pytest.mark.parametrize("name", DATA_FILES)
@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_file_is_written_again_with_the_next_heartbeat(tmp_path: Path, name: str, how: str) -> None:
    with DirectoryWriter(tmp_path) as writer:
        publish(writer, 1)
        entries = dict(writer.files)
        before = (tmp_path / name).read_bytes()
        SPOILT[how](tmp_path / name)
        beat(writer, 2)

        assert (tmp_path / name).read_bytes() == before
        assert writer.files == entries
        assert faults(tmp_path) == []
        for other in DATA_FILES:
            assert writer.stats()[other].writes == (2 if other == name else 1)


def test_what_is_as_it_was_is_not_written_again(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        publish(writer, 1)
        for generation in range(2, 9):
            beat(writer, generation)
        assert {writer.stats()[name].writes for name in DATA_FILES} == {1}


def test_a_file_that_is_no_longer_named_is_not_written_again(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        step(writer, 1)
        step(writer, 2)
        beat(writer, 3)
        assert not (tmp_path / "tape_data.json").exists()

        (tmp_path / DEPTH_FILE).unlink()
        writer.forget()
        beat(writer, 4)
        assert not (tmp_path / DEPTH_FILE).exists()


@pytest.mark.parametrize("is_made_again", [True, False])
def test_a_removed_directory_is_filled_again_with_the_next_heartbeat(tmp_path: Path, *, is_made_again: bool) -> None:
    directory = tmp_path / "ipc"
    with DirectoryWriter(directory) as writer:
        publish(writer, 1)
        shutil.rmtree(directory)
        if is_made_again:
            directory.mkdir()
        beat(writer, 2)

        assert faults(directory) == []
        picture = DirectoryReader(directory).poll()
        assert picture is not None
        assert picture.status.generation == 2
        with pytest.raises(WriterLocked):
            DirectoryWriter(directory)


def test_a_removed_lock_is_taken_again_with_the_next_heartbeat(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        publish(writer, 1)
        (tmp_path / LOCK_FILE).unlink()
        beat(writer, 2)
        with pytest.raises(WriterLocked, match=f"pid {os.getpid()}"):
            DirectoryWriter(tmp_path)
    DirectoryWriter(tmp_path).close()


@pytest.mark.parametrize("is_prepared", [True, False])
def test_a_writer_whose_lock_was_removed_stops_for_the_one_that_came_after_it(
    tmp_path: Path, *, is_prepared: bool
) -> None:
    first = DirectoryWriter(tmp_path)
    publish(first, 1)
    if is_prepared:
        first.write(OHLC_FILE, b"[]", 2)
    (tmp_path / LOCK_FILE).unlink()
    with DirectoryWriter(tmp_path) as second:
        publish(second, 7)
        second.write(OHLC_FILE, b"[[0,1,1,1,1,1]]", 8)
        with pytest.raises(LockLost, match=rf"has another writer by now \(pid {os.getpid()}\)"):
            beat(first, 2)
        first.close()
        publish(second, 8)

        picture = DirectoryReader(tmp_path).poll()
        assert picture is not None
        assert picture.status.generation == 8
        assert faults(tmp_path) == []


def test_a_lock_that_is_removed_while_it_is_taken_is_taken_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock
    removals = iter([True, True, False])

    def removed_first(descriptor: int, operation: int) -> None:
        if next(removals):
            (tmp_path / LOCK_FILE).unlink()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    with DirectoryWriter(tmp_path) as writer:
        monkeypatch.undo()
        publish(writer, 1)
        with pytest.raises(WriterLocked):
            DirectoryWriter(tmp_path)


def test_what_a_killed_writer_had_half_done_is_undone_by_the_next(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        publish(writer, 1)
    old = (tmp_path / OHLC_FILE).read_bytes()
    (tmp_path / OHLC_FILE).rename(tmp_path / f".{OHLC_FILE}.old")
    (tmp_path / OHLC_FILE).write_bytes(b"[]")
    (tmp_path / f".{DEPTH_FILE}.tmp").write_bytes(b"{")
    (tmp_path / f".{DEPTH_FILE}.old").write_bytes(b"{}")
    picture = DirectoryReader(tmp_path).poll()
    assert picture is not None
    assert picture.status.generation == 1

    DirectoryWriter(tmp_path).close()
    assert (tmp_path / OHLC_FILE).read_bytes() == old
    assert faults(tmp_path) == []
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(".")} == {LOCK_FILE}


def test_where_files_can_have_no_second_name_all_else_is_as_usual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with DirectoryWriter(tmp_path) as writer:
        for generation in range(1, 5):
            step(writer, generation)
            picture = DirectoryReader(tmp_path).poll()
            assert picture is not None
            assert told_by(picture) == generation
