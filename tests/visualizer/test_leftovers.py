"""What killed processes leave behind is cleared away by whoever starts next."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from shared import CONTROL_FILE, atomic_write, command, discard_leftovers, send_command
from shared import disk as disk_module
from tests.system_calls import Killed
from visualizer.metrics import folder as folders

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]

_WORKER: Final = """
import os, sys
os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
from visualizer.metrics.telemetry import Telemetry
telemetry = Telemetry()
for _ in range(int(sys.argv[2])):
    telemetry.polled(0.002)
telemetry.failed("status.json", "partial")
print(os.getpid())
"""
_READER: Final = """
import os, sys
os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
from visualizer.metrics.telemetry import Telemetry
sys.stdout.write(Telemetry().exposition(None, 0).decode())
"""


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    folders._waiting.clear()
    folders.claimed.cache_clear()


def run(code: str, *arguments: object) -> str:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout


def test_dead_workers_leave_one_file_of_each_kind_and_none_of_their_counts_is_lost(tmp_path: Path) -> None:
    folder = folders.claimed(str(tmp_path))
    pids = [int(run(_WORKER, folder, polls)) for polls in (3, 4)]
    before = run(_READER, folder)
    for pid in pids:
        folders.sum_up(folder, pid)

    assert sorted(path.name for path in folder.glob("*_gone.db")) == ["counter_gone.db", "histogram_gone.db"]
    assert not [path for pid in pids for path in folder.glob(f"*_{pid}.db")]
    after = run(_READER, folder)
    for figure in ("poll_seconds_count 7.0", 'kind="partial"} 2.0', 'poll_seconds_bucket{le="0.002"} 7.0'):
        assert figure in before
        assert figure in after


def test_figures_of_a_dead_worker_are_added_up_later_where_somebody_reads_them_now(tmp_path: Path) -> None:
    folder = folders.claimed(str(tmp_path))
    first, second = (folder / f"counter_{pid}.db" for pid in (1, 2))
    for path in (first, second):
        path.write_bytes(b"")
    with folders.reading(folder):
        folders.sum_up(folder, 1)
        assert first.exists()
    folders.sum_up(folder, 2)
    assert not first.exists()
    assert not second.exists()


def test_a_file_that_a_killed_worker_has_left_half_written_is_left_out(tmp_path: Path) -> None:
    folder = folders.claimed(str(tmp_path))
    pid = int(run(_WORKER, folder, 3))
    (folder / "counter_77.db").write_bytes(b"\xff" * 100)
    folders.sum_up(folder, 77)
    folders.sum_up(folder, pid)

    assert "visualizer_poll_seconds_count 3.0" in run(_READER, folder)


def test_the_folders_of_killed_servers_are_removed_and_those_of_living_ones_are_not(tmp_path: Path) -> None:
    killed = (
        "import os, sys; from visualizer.metrics.folder import claimed; claimed(sys.argv[1]); os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", killed, str(tmp_path)], check=False, cwd=ROOT)
    assert ended.returncode == -9
    (left,) = tmp_path.iterdir()
    (tmp_path / "visualizer-metrics-link").symlink_to("/etc")
    living = folders.claimed(str(tmp_path))
    assert not left.exists()

    folders.claimed.cache_clear()
    second = folders.claimed(str(tmp_path))
    assert living.exists()
    assert second != living
    assert folders.claimed(str(tmp_path)) == second, "a server that reads its settings again has it already"


def test_temporary_files_of_killed_writers_of_commands_are_removed_and_those_of_living_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", kill)
        with pytest.raises(Killed):
            send_command(tmp_path, command("play"))
    (left,) = tmp_path.glob(f".{CONTROL_FILE}.*.tmp")

    living, cleaned = threading.Event(), threading.Event()
    fill = disk_module._fill

    def slowly(descriptor: int, payload: bytes) -> None:
        living.set()
        assert cleaned.wait(60)
        fill(descriptor, payload)

    monkeypatch.setattr(disk_module, "_fill", slowly)
    writer = threading.Thread(target=send_command, args=(tmp_path, command("pause")))
    writer.start()
    assert living.wait(60)
    discard_leftovers(tmp_path / CONTROL_FILE)
    assert not left.exists()
    cleaned.set()
    writer.join()
    assert [path.name for path in tmp_path.iterdir()] == [CONTROL_FILE]


def test_a_command_whose_temporary_file_was_taken_for_a_leftover_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock
    swept = iter([True, True, False])

    def swept_first(descriptor: int, operation: int) -> None:
        if next(swept):
            for path in tmp_path.glob(".*.tmp"):
                path.unlink()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", swept_first)
    atomic_write(tmp_path / CONTROL_FILE, b"{}", lone_writer=False)

    assert [path.name for path in tmp_path.iterdir()] == [CONTROL_FILE]
