"""Every system call of a writer fails in its turn, or is the last one of its process."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs

from shared import (
    DEPTH_FILE,
    OHLC_FILE,
    STATUS_FILE,
    DirectoryReader,
    DirectoryWriter,
    WriteFailed,
    WriterLocked,
)
from shared.contract import LOCK_FILE
from shared.validate import faults
from shared.views.tape import TAPE_FILE
from tests.shared.publishing import publish, step, told_by
from tests.system_calls import Killed, SystemCalls

GENERATIONS: Final = 4
FAILURES: Final = (errno.ENOSPC, errno.EIO, errno.EACCES)[: 3 if os.environ.get("TORTURE") else 1]
KILLS: Final = int(os.environ.get("TORTURE_KILLS", "8"))
ROOT: Final = Path(__file__).resolve().parents[2]


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def length_of(directory: Path) -> int:
    """How many calls it takes to begin and to publish."""
    calls = SystemCalls()
    with calls.watched(), DirectoryWriter(directory) as writer:
        for generation in range(1, GENERATIONS + 1):
            step(writer, generation)
    return len(calls.made)


@pytest.fixture(scope="module")
def length(tmp_path_factory: pytest.TempPathFactory) -> int:
    return length_of(tmp_path_factory.mktemp("clean"))


def killed_at(directory: Path, at: int) -> int:
    """Write until the process ends with the call of that number; return the generation that is complete for sure."""
    calls = SystemCalls()
    calls.fail(at, Killed())
    complete = 0
    with suppress(Killed), calls.watched():
        writer = DirectoryWriter(directory)
        for generation in range(1, GENERATIONS + 1):
            step(writer, generation)
            complete = generation
    calls.close_all()
    return complete


def test_a_fresh_reader_finds_a_whole_picture_after_a_kill_at_any_call(
    tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    for at in range(length):
        directory = tmp_path_factory.mktemp("killed")
        complete = killed_at(directory, at)
        picture = DirectoryReader(directory).poll()
        assert (picture is not None) or complete == 0
        seen = 0
        if picture is not None:
            seen = told_by(picture)
            assert seen in {complete, complete + 1}
            assert faults(directory) == []

        # The next writer is killed in its first calls too, wherever it may be clearing up.
        for again in range(0, 120, 3 if os.environ.get("TORTURE") else 17):
            killed_at_start(directory, again)
            later = DirectoryReader(directory).poll()
            assert later is None if seen == 0 else later is not None and told_by(later) == seen
        with DirectoryWriter(directory) as writer:
            assert names(directory) <= {STATUS_FILE, OHLC_FILE, "metrics_data.json", DEPTH_FILE, TAPE_FILE, LOCK_FILE}
            step(writer, GENERATIONS + 1)
        assert faults(directory) == []


def killed_at_start(directory: Path, at: int) -> None:
    calls = SystemCalls()
    calls.fail(at, Killed())
    with suppress(Killed), calls.watched():
        DirectoryWriter(directory)
    calls.close_all()


@pytest.mark.parametrize("number", FAILURES, ids=errno.errorcode.get)
def test_whatever_call_fails_readers_see_whole_pictures_and_the_next_publication_succeeds(
    tmp_path_factory: pytest.TempPathFactory, length: int, number: int
) -> None:
    for at in range(length):
        directory = tmp_path_factory.mktemp("failing")
        calls = SystemCalls()
        calls.fail(at, OSError(number, os.strerror(number)))
        reader = DirectoryReader(directory)
        with capture_logs(), calls.watched():
            try:
                writer = DirectoryWriter(directory)
            except (WriteFailed, WriterLocked):
                continue
        with writer, capture_logs():
            for generation in range(1, GENERATIONS + 1):
                for _ in range(2):
                    with calls.watched():
                        try:
                            step(writer, generation)
                        except WriteFailed:
                            failed = True
                        else:
                            failed = False
                    for picture in (DirectoryReader(directory).poll(), reader.poll()):
                        assert picture is not None or (generation == 1 and failed)
                        assert picture is None or told_by(picture) in {generation - failed, generation}
                    if not failed:
                        break
                assert not failed, "one call failed, and no other"
            # Once more: what could not be removed then is now.
            step(writer, GENERATIONS + 1)
            step(writer, GENERATIONS + 2)
        assert faults(directory) == []
        assert not [name for name in names(directory) if name.endswith((".tmp", ".old"))]


def test_a_short_write_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, payload: write(descriptor, bytes(payload)[:7]))
    with DirectoryWriter(tmp_path) as writer:
        publish(writer, 1)

    assert faults(tmp_path) == []


_PUBLISHING: Final = """
import pathlib, sys
from shared import DirectoryWriter
from tests.shared.publishing import step
with DirectoryWriter(pathlib.Path(sys.argv[1])) as writer:
    generation = int(sys.argv[2])
    print("ready", flush=True)
    while True:
        generation += 1
        step(writer, generation)
"""


def test_a_fresh_reader_finds_a_whole_picture_after_each_of_many_kills(tmp_path: Path) -> None:
    generation = 0
    for kill in range(KILLS):
        command = [sys.executable, "-c", _PUBLISHING, str(tmp_path), str(generation)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout is not None
            process.stdout.readline()
            reader = DirectoryReader(tmp_path)
            while (picture := reader.poll()) is None or picture.status.generation < generation + 3 + kill % 5:
                assert process.poll() is None
            process.send_signal(signal.SIGKILL)
        picture = DirectoryReader(tmp_path).poll()
        assert picture is not None
        generation = told_by(picture)
        assert faults(tmp_path) == []
