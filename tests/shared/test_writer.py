from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from shared import (
    DEPTH_FILE,
    OHLC_FILE,
    STATUS_FILE,
    DirectoryWriter,
    OhlcRow,
    WriteFailed,
    WriterLocked,
    atomic_write,
    encode,
)


def test_a_written_file_can_be_read_by_everyone(tmp_path: Path) -> None:
    atomic_write(tmp_path / "x.json", b"[]")

    assert (tmp_path / "x.json").stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_a_refused_write_leaves_the_last_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    atomic_write(tmp_path / "x.json", b"[1]")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteFailed, match="No space left on device"):
        atomic_write(tmp_path / "x.json", b"[2]")

    assert (tmp_path / "x.json").read_bytes() == b"[1]"
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_a_directory_that_is_read_only_is_a_refused_write_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(WriteFailed, match="Read-only file system"):
        atomic_write(tmp_path / "x.json", b"1")


def test_a_file_is_synced_before_it_is_renamed_and_its_directory_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, os.replace

    def watched_fsync(descriptor: int) -> None:
        calls.append("sync directory" if os.path.isdir(f"/dev/fd/{descriptor}") else "sync file")  # noqa: PTH112
        fsync(descriptor)

    def watched_replace(old: Path, new: Path) -> None:
        calls.append("rename")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    atomic_write(tmp_path / "x.json", b"[]")

    assert calls == ["sync file", "rename", "sync directory"]


def test_a_second_writer_is_refused_and_told_who_holds_the_directory(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path), pytest.raises(WriterLocked, match=f"pid {os.getpid()}"):
        DirectoryWriter(tmp_path)


def test_a_killed_writer_leaves_the_directory_free(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, pathlib\n"
        "from shared import DirectoryWriter\n"
        "writer = DirectoryWriter(pathlib.Path(sys.argv[1]))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9

    DirectoryWriter(tmp_path).close()


def test_only_changed_bytes_are_written(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        assert writer.write(OHLC_FILE, b"[]", generation=1)
        assert not writer.write(OHLC_FILE, b"[]", generation=2)
        assert writer.write(OHLC_FILE, b"[ ]", generation=3)

        assert writer.files[OHLC_FILE].generation == 3
        assert writer.files[OHLC_FILE].crc32 == zlib.crc32(b"[ ]")
        writer.commit(b"{}")
        assert not writer.write(OHLC_FILE, b"[ ]", generation=4)
        writer.commit(b"{}")
        assert writer.stats()[OHLC_FILE].writes == 1


class Calls:
    """What is asked of the operating system, in order, by the names of the files; `refuse` makes one call fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        self.refuse: str | None = None
        fsync, replace = os.fsync, os.replace

        def watched_fsync(descriptor: int) -> None:
            name = Path(f"/dev/fd/{descriptor}").resolve().name
            self._note(f"sync {name.removeprefix('.').removesuffix('.tmp')}")
            fsync(descriptor)

        def watched_replace(old: Path, new: Path) -> None:
            self._note(f"rename {new.name}")
            replace(old, new)

        monkeypatch.setattr(os, "fsync", watched_fsync)
        monkeypatch.setattr(os, "replace", watched_replace)

    def _note(self, call: str) -> None:
        if call == self.refuse:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.made.append(call)


def test_a_publication_syncs_each_changed_file_once_and_the_directory_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls(monkeypatch)
    with DirectoryWriter(tmp_path) as writer:
        for number in range(11):
            writer.write(f"{number}.json", b"[]", generation=1)
        writer.commit(b"{}")
        assert sum(call.startswith("sync ") for call in calls.made) == 11 + 1 + 1

        calls.made.clear()
        writer.write("3.json", b"[ ]", generation=2)
        writer.write("7.json", b"[]", generation=2)
        writer.commit(b"{ }")
    assert calls.made == [
        *("sync 3.json", "sync status.json"),
        *("rename 3.json", "rename status.json"),
        f"sync {tmp_path.name}",
    ]


def test_nothing_is_visible_before_all_files_of_a_publication_are_on_disk(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        writer.write(OHLC_FILE, b"[1]", generation=1)
        writer.write(DEPTH_FILE, b"[1]", generation=1)
        assert not (tmp_path / OHLC_FILE).exists()
        writer.commit(b"{}")

    assert {path.name for path in tmp_path.glob("*.json")} == {OHLC_FILE, DEPTH_FILE, STATUS_FILE}


def _publish_again(writer: DirectoryWriter) -> None:
    for name in (OHLC_FILE, DEPTH_FILE):
        writer.write(name, b"[2]", generation=2)
    writer.commit(b"{ }")


@pytest.mark.parametrize("refused", [f"sync {DEPTH_FILE}", f"sync {STATUS_FILE}"])
def test_a_file_that_cannot_be_written_withdraws_the_whole_publication(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    calls = Calls(monkeypatch)
    with DirectoryWriter(tmp_path) as writer:
        for name in (OHLC_FILE, DEPTH_FILE):
            writer.write(name, b"[1]", generation=1)
        writer.commit(b"{}")
        entries = dict(writer.files)

        calls.refuse = refused
        with pytest.raises(WriteFailed):
            _publish_again(writer)
        assert writer.files == entries
        assert {path.read_bytes() for path in tmp_path.glob("*.json")} == {b"[1]", b"{}"}
        assert list(tmp_path.glob(".*.tmp")) == []

        calls.refuse = None
        assert writer.write(OHLC_FILE, b"[2]", generation=2)


@pytest.mark.parametrize("refused", [f"rename {DEPTH_FILE}", f"rename {STATUS_FILE}", "sync directory"])
def test_what_may_have_been_renamed_in_a_failed_publication_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    calls = Calls(monkeypatch)
    with DirectoryWriter(tmp_path) as writer:
        for name in (OHLC_FILE, DEPTH_FILE):
            writer.write(name, b"[1]", generation=1)
        writer.commit(b"{}")

        calls.refuse = refused.replace("directory", tmp_path.name)
        for name in (OHLC_FILE, DEPTH_FILE):
            writer.write(name, b"[2]", generation=2)
        with pytest.raises(WriteFailed):
            writer.commit(b"{ }")

        calls.refuse = None
        # The bytes of the last commit count as changed too: others may lie there by now.
        assert writer.write(OHLC_FILE, b"[1]", generation=2)
        writer.write(DEPTH_FILE, b"[1]", generation=2)
        writer.commit(b"{}")

    assert {path.read_bytes() for path in tmp_path.glob("*.json")} == {b"[1]", b"{}"}


def test_a_file_that_is_dropped_is_listed_no_more_and_gone_with_the_next_publication(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        for name in (OHLC_FILE, DEPTH_FILE):
            writer.write(name, b"[]", generation=1)
        writer.commit(b"{}")

        assert writer.drop(DEPTH_FILE)
        assert not writer.drop(DEPTH_FILE)
        assert set(writer.files) == {OHLC_FILE}
        assert (tmp_path / DEPTH_FILE).exists(), "the status that names it still stands"
        writer.commit(b"{ }")
        assert not (tmp_path / DEPTH_FILE).exists()
        assert DEPTH_FILE not in writer.stats()

        assert writer.write(DEPTH_FILE, b"[]", generation=3)
        writer.commit(b"{}")
        assert (tmp_path / DEPTH_FILE).read_bytes() == b"[]"


def test_a_file_that_is_dropped_and_written_again_before_the_publication_stays(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        writer.write(OHLC_FILE, b"[1]", generation=1)
        writer.commit(b"{}")
        writer.drop(OHLC_FILE)
        assert writer.write(OHLC_FILE, b"[1]", generation=2)
        writer.commit(b"{}")

    assert (tmp_path / OHLC_FILE).exists()


def test_a_new_session_lists_no_file_of_the_one_before(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        writer.write(OHLC_FILE, b"[]", generation=1)
        writer.commit(b"{}")
        writer.write(DEPTH_FILE, b"[]", generation=2)
        writer.forget()

        assert writer.files == {}
        assert list(tmp_path.glob(".*.tmp")) == []
        assert writer.write(OHLC_FILE, b"[]", generation=2)


def test_a_refused_write_is_counted_and_not_taken_for_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with DirectoryWriter(tmp_path) as writer:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(WriteFailed):
                writer.write(OHLC_FILE, b"[]", generation=1)
        assert writer.failed_writes == 1
        assert OHLC_FILE not in writer.files

        assert writer.write(OHLC_FILE, b"[]", generation=1)


def test_rates_and_latencies_are_those_of_the_clock(tmp_path: Path) -> None:
    now_ns = 0

    def clock() -> int:
        nonlocal now_ns
        now_ns += 2_000_000
        return now_ns

    with DirectoryWriter(tmp_path, monotonic_ns=clock) as writer:
        for generation in range(20):
            writer.commit(f"{generation}".encode())
        stats = writer.stats()[STATUS_FILE]

    # Two ms until the temporary file is synced, two more until the directory is.
    assert (stats.p50_ms, stats.p99_ms, stats.max_ms, stats.last_ms) == (4.0, 4.0, 4.0, 4.0)
    assert stats.rate_hz == 2.0
    now_ns += 11_000_000_000
    assert writer.stats()[STATUS_FILE].rate_hz == 0.0


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_never_published(number: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        encode([OhlcRow(0, 1.0, 1.0, 1.0, 1.0, number)])


def test_numbers_are_written_as_the_shortest_decimal_that_reads_back() -> None:
    row = OhlcRow(1, 61837.63, 0.1, 1e-7, 100.0, 437.91552)

    assert json.loads(encode([row])) == [[1, 61837.63, 0.1, 1e-7, 100.0, 437.91552]]
    assert b"61837.63," in encode([row])
