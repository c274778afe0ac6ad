from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING

import pytest

from shared import (
    OHLC_FILE,
    STATUS_FILE,
    DirectoryWriter,
    OhlcRow,
    WriteFailed,
    WriterLocked,
    atomic_write,
    encode,
)

if TYPE_CHECKING:
    from pathlib import Path


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
        assert writer.stats()[OHLC_FILE].writes == 2


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

    assert (stats.p50_ms, stats.p99_ms, stats.max_ms, stats.last_ms) == (2.0, 2.0, 2.0, 2.0)
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
